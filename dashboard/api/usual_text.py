"""What the pages about what is usual say around the numbers, in Swedish and English."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from alarmcore.calendar import Window
from alarmcore.usual.curve import KNOWN, Point
from dashboard.api.usual_plot import NIGHT_HOURS, plot
from dashboard.usual import Drifted, Shown, since
from dispatch.wording.learned import curve_text, drift_text, minutes_text, number_text, rests_text
from dispatch.wording.moments import Language

SAID: Final[dict[Language, dict[str, Any]]] = {
    "sv": {
        "title": "Det vanliga",
        "heading": "Det vanliga",
        "what": "Vad som är vanligt för en person lärs av det egna förflutna, timme för timme; det äldre väger lättare, "
        "hälften efter fyra veckor. Larmgränsen följer det, inom kommunens gränser. Oftast betyder nio gånger av tio.",
        "nothing": "Ingen av personens regler lär sig vad som är vanligt.",
        "drift": "Förändrat sedan tidigare",
        "drift_means": "En förändring över veckor är något att tala om vid nästa planering. Den larmar inte, och ingen annan "
        "får veta den. En rörelsevakt som ser mindre än förr kan ge samma bild.",
        "since": "Tydligt sedan",
        "no_drift": "Ingen förändring som är tydligare än slumpen.",
        "list_heading": "Det vanliga hos våra boende",
        "list_back": "Alla boende",
        "desk_back": "Larmen",
        "everybody": "Boende vars vanor lärs",
        "nobody": "Ingen regel lär sig vad som är vanligt: ge en regel usual i stället för limit_s.",
        "more": "Fler boende",
        "picture": "Diagram",
        "legend": "Hel linje med rutor: larm. Streckad: nio av tio. Prickad: hälften. Långa streck: kommunens gränser.",
        "table": "Samma siffror som tabell",
        "caption": "Timme för timme. Antalet gånger är vägt: det äldre räknas lättare, och timmarna intill till en del.",
        "heads": ("När det börjar", "Hälften inom", "Nio av tio inom", "Larm efter", "Bygger på", "Dessutom"),
        "other": "English",
        "logged": "Att du har sett detta loggas.",
        "none": "inget larm",
        "no_times": "andra människor",
        "no_hour": "andra timmar",
        "times": "{seen} gånger",
        "unknown": "inget ännu",
        "rule": "Regel {rule}, vakar {hours}. Kommunens gränser: {least} till {most}; fel omkring {once}.",
        "doubt": "Sensorn i sängen släpper så ofta att dess besked är osäkert; därför en längre gräns.",
        "rest": "Sömn och tid utanför hemmet har egna gränser, högst 16 timmar.",
        "always": "dygnet runt",
        "of": {
            "up": "Uppe ur sängen",
            "still": "Stilla hemma, inte i sängen",
            "lying": "Stilla i sängen",
            "out": "Efter ytterdörren",
        },
        "state": {
            "up": "uppe för dagen: inget larm",
            "perhaps_up": "kanske uppe för dagen: längsta gränsen",
            "perhaps_resting": "kanske sover",
        },
    },
    "en": {
        "title": "What is usual",
        "heading": "What is usual",
        "what": "What is usual for a person is learned from their own past, hour by hour; what is older counts less, half "
        "after four weeks. The limit of the alarm follows it, within the municipality's bounds. Mostly means nine times in ten.",
        "nothing": "None of this person's rules learns what is usual.",
        "drift": "Changed since earlier",
        "drift_means": "A change over weeks is something to talk of at the next planning. It raises no alarm, and nobody else "
        "is told. A motion sensor that sees less than before can look the same.",
        "since": "Plain since",
        "no_drift": "No change that is plainer than chance.",
        "list_heading": "What is usual for our residents",
        "list_back": "All residents",
        "desk_back": "The alarms",
        "everybody": "Residents whose habits are learned",
        "nobody": "No rule learns what is usual: give a rule usual in place of limit_s.",
        "more": "More residents",
        "picture": "Chart",
        "legend": "Whole line with squares: alarm. Dashed: nine in ten. Dotted: half. Long dashes: the municipality's bounds.",
        "table": "The same numbers as a table",
        "caption": "Hour by hour. How many times is weighted: what is older counts less, and neighbouring hours in part.",
        "heads": ("When it begins", "Half within", "Nine in ten within", "Alarm after", "Rests on", "Besides"),
        "other": "Svenska",
        "logged": "That you have seen this is logged.",
        "none": "no alarm",
        "no_times": "other people",
        "no_hour": "other hours",
        "times": "{seen} times",
        "unknown": "nothing yet",
        "rule": "Rule {rule}, watches {hours}. The municipality's bounds: {least} to {most}; wrong about {once}.",
        "doubt": "The bed's sensor lets go so often that what it says is uncertain; hence a longer limit.",
        "rest": "Sleep, and time away from home, have limits of their own: 16 hours at most.",
        "always": "day and night",
        "of": {
            "up": "Out of bed",
            "still": "Still at home, not in bed",
            "lying": "Still in bed",
            "out": "After a door that leads out",
        },
        "state": {
            "up": "up for the day: no alarm",
            "perhaps_up": "perhaps up for the day: the longest limit",
            "perhaps_resting": "perhaps asleep",
        },
    },
}

MESSAGES: Final[dict[str, dict[Language, tuple[str, str, str]]]] = {
    "signed_out": {
        "sv": ("Logga in först", "Den här sidan är för kommunens operatörer och administratörer.", "Till inloggningen"),
        "en": ("Sign in first", "This page is for the municipality's operators and administrators.", "To the sign-in"),
    },
    "unknown": {
        "sv": ("Här finns ingen sådan boende", "Adressen hör inte till någon i din kommun.", "Till larmen"),
        "en": ("No such resident here", "This address is nobody's in your municipality.", "To the alarms"),
    },
    "unavailable": {
        "sv": ("Kan inte läsas just nu", "Försök igen om en stund; larmen går sin väg.", "Till larmen"),
        "en": ("This cannot be read now", "Try again in a while; alarms go their way.", "To the alarms"),
    },
    "several": {
        "sv": ("Vilken kommun?", "Här finns flera; lägg till ?tenant= och kommunens id.", "Till larmen"),
        "en": ("Which municipality?", "There are several here; add ?tenant= and its id.", "To the alarms"),
    },
}
"""Pages that say one thing: heading, text, and what the link says."""


def curve_block(one: Shown, who: str, language: Language) -> dict[str, Any]:
    """One curve with everything the template shows of it."""
    said = SAID[language]
    heading, sentence = said["of"][one.of], curve_text(one.curve, one.of, who, language)
    name = f"curve-{one.rule.id}-{one.of}"  # the operator's page leads here by it
    points = one.curve.points[:NIGHT_HOURS] if one.of == "up" else one.curve.points
    usual = one.usual
    beyond = any(point.limit_s is not None and point.limit_s > usual.max_s for point in points)
    return {
        "name": name,
        "heading": heading,
        "sentence": sentence,
        "rule": said["rule"].format(
            rule=one.rule.id,
            hours=_hours(one.rule.active, language),
            least=minutes_text(usual.min_s, language),
            most=minutes_text(usual.max_s, language),
            once=_once(usual.once_in_days, language),
        )
        + (f" {said['doubt' if one.of == 'up' else 'rest']}" if beyond else ""),
        "plot": plot(points, (usual.min_s, usual.max_s), f"{heading}. {sentence}", language, name),
        "rows": [_row(point, language, known=one.curve.seen >= KNOWN) for point in points],
    }


def drift_texts(drifts: Sequence[Drifted], language: Language) -> list[tuple[str, str]]:
    """Each notice as a sentence's beginning, and since when it has been plain."""
    texts = ((drift_text(one.notice, language), since(one.notice).isoformat()) for one in drifts)
    return [(text[:1].upper() + text[1:], day) for text, day in texts]


def known_text(of: str, days: int | None, language: Language) -> str:
    """On how much it rests what is known of somebody."""
    return SAID[language]["unknown"] if days is None else rests_text(days, of, language)


def _once(days: float, language: Language) -> str:
    if days == 1.0:
        return "en gång om dagen" if language == "sv" else "once a day"
    return f"en gång på {days:g} dagar" if language == "sv" else f"once in {days:g} days"


def _hours(active: Sequence[Window], language: Language) -> str:
    if not active:
        return str(SAID[language]["always"])
    return ", ".join(f"{window.from_:%H:%M}\N{EN DASH}{window.until:%H:%M}" for window in active)


def _row(point: Point, language: Language, *, known: bool) -> tuple[str, ...]:
    """A row of the table; an hour of which nothing is known follows the person's other hours, if these are known."""
    said = SAID[language]
    elsewhere = said["no_hour"] if known else said["no_times"]
    return (
        f"{point.hour:02}\N{EN DASH}{(point.hour + 1) % 24:02}",
        minutes_text(point.half_s, language),
        minutes_text(point.most_s, language),
        said["none"] if point.limit_s is None else minutes_text(point.limit_s, language),
        elsewhere if point.seen < KNOWN / 2 else said["times"].format(seen=number_text(point.seen, language)),
        said["state"].get(point.state, ""),
    )
