"""What has been learned of a person, as a planner of home care understands it: what is usual, and what has drifted."""

from __future__ import annotations

from typing import Final

from alarmcore.usual.curve import KNOWN, Curve, Point
from alarmcore.usual.drift import Notice
from dispatch.wording.moments import Language, duration_text
from dispatch.wording.words import Pair, pick

_CURVE: Final[dict[str, Pair]] = {
    "up": (
        "När {who} går upp {when}: oftast tillbaka i sängen inom {most}; {limit}.",
        "When {who} gets up {when}: mostly back in bed within {most}; {limit}.",
    ),
    "still": (
        "När det blir stilla kring {who} {when}: oftast rörelse igen inom {most}; {limit}.",
        "When {who} falls still {when}: mostly moving again within {most}; {limit}.",
    ),
    "lying": (
        "När {who} ligger i sängen och blir stilla {when}: oftast uppe igen inom {most}; {limit}.",
        "When {who} lies in bed and falls still {when}: mostly up again within {most}; {limit}.",
    ),
    "out": (
        "När {who} går ut {when}: oftast hemma igen inom {most}; {limit}.",
        "When {who} goes out {when}: mostly home again within {most}; {limit}.",
    ),
}
"""By what a curve is of."""

_UNKNOWN: Final[dict[str, Pair]] = {
    "up": (
        "Hur länge {who} brukar vara uppe är ännu inte känt; tills vidare {limit}.",
        "How long {who} is usually up is not known yet; until then {limit}.",
    ),
    "still": (
        "Hur länge det brukar vara stilla kring {who} är ännu inte känt; tills vidare {limit}.",
        "How long {who} is usually still is not known yet; until then {limit}.",
    ),
    "lying": (
        "Hur länge {who} brukar ligga stilla är ännu inte känt; tills vidare {limit}.",
        "How long {who} usually lies still is not known yet; until then {limit}.",
    ),
    "out": (
        "Hur länge {who} brukar vara ute är ännu inte känt; tills vidare {limit}.",
        "How long {who} is usually out is not known yet; until then {limit}.",
    ),
}

_BETWEEN: Final[Pair] = ("mellan kl. {hour:02} och {next:02}", "between {hour:02}:00 and {next:02}:00")
_LIMIT: Final[Pair] = ("larm efter {limit}", "an alarm after {limit}")
_NO_LIMIT: Final[Pair] = ("då inget larm", "no alarm then")
_RESTS: Final[dict[str, Pair]] = {
    "up": ("Bygger på {days} nätter.", "Rests on {days} nights."),
    "days": ("Bygger på {days} dygn.", "Rests on {days} days."),
}
_ONE: Final[dict[str, Pair]] = {
    "up": ("Bygger på en natt.", "Rests on one night."),
    "days": ("Bygger på ett dygn.", "Rests on one day."),
}

_DRIFT: Final[dict[str, Pair]] = {
    "up": (
        "uppe {ratio} gånger så länge per natt som för {months} sedan ({recent} mot {earlier}), {times} uppgångar mot {before}",
        "up {ratio} times as long a night as {months} ago ({recent} against {earlier}), {times} rises against {before}",
    ),
    "still": (
        "stilla {ratio} gånger så länge per dag som för {months} sedan ({recent} mot {earlier} mellan kl. 8 och 20)",
        "still {ratio} times as long a day as {months} ago ({recent} against {earlier} between 8:00 and 20:00)",
    ),
}

_MONTHS: Final[dict[Language, tuple[str, str]]] = {"sv": ("en månad", "två månader"), "en": ("a month", "two months")}


def curve_text(curve: Curve, of: str, who: str, language: Language) -> str:
    """What is usual at the hour of which most is known, when it becomes an alarm, and what that rests on."""
    point = curve.busiest()
    limit = limit_text(point, language)
    if curve.seen < KNOWN:
        return pick(_UNKNOWN[of], language).format(who=who, limit=limit)
    when = pick(_BETWEEN, language).format(hour=point.hour, next=(point.hour + 1) % 24)
    said = pick(_CURVE[of], language).format(who=who, when=when, most=minutes_text(point.most_s, language), limit=limit)
    return f"{said} {rests_text(curve.days, of, language)}"


def limit_text(point: Point, language: Language) -> str:
    """After how long it is an alarm, if it is one at all."""
    if point.limit_s is None:
        return pick(_NO_LIMIT, language)
    return pick(_LIMIT, language).format(limit=minutes_text(point.limit_s, language))


def rests_text(days: int, of: str, language: Language) -> str:
    """Of how many nights or days something is known."""
    days = max(days, 1)
    return pick((_ONE if days == 1 else _RESTS)["up" if of == "up" else "days"], language).format(days=days)


def drift_text(notice: Notice, language: Language) -> str:
    """One clause without a full stop: how much more than some time ago, with both numbers."""
    return pick(_DRIFT[notice.way], language).format(
        ratio=number_text(notice.ratio, language),
        months=_MONTHS[language][notice.months - 1],
        recent=minutes_text(notice.recent_s, language),
        earlier=minutes_text(notice.earlier_s, language),
        times=number_text(notice.recent_times, language),
        before=number_text(notice.earlier_times, language),
    )


def minutes_text(seconds: float, language: Language) -> str:
    """Whole minutes, upwards: what is over within that time is not over after it."""
    return duration_text(-(-int(seconds) // 60) * 60, language)


def number_text(value: float, language: Language) -> str:
    """One decimal, as the language writes it."""
    text = f"{value:.1f}"
    return text.replace(".", ",") if language == "sv" else text
