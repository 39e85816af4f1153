"""What a finding about zones rests on, as a relative understands it: `190 m utanför hemzonen i 3 min, fyra positioner …`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta, tzinfo
from typing import Final

from alarmcore.model.alarm import Facts
from alarmcore.model.site import Resident
from dispatch.wording.home import home_text
from dispatch.wording.moments import Language, clock_beside, clock_text, duration_text
from dispatch.wording.usual import usual_text
from dispatch.wording.words import Pair, pick

NAMED_MAX: Final = 3
"""Zones that are named; of more than these only how many more there are, or nobody reads on."""

AGED_S: Final = 120
"""A newest position that is older than this is said with its age: by then most devices would have sent another one."""

MANY: Final = 50
"""More positions than these are not counted for a reader: somebody has sat there for an hour."""

HOMES: Final = frozenset({"home", "hem"})
"""Ids that say by themselves what the zone is."""

_HOME: Final[Pair] = ("hemzonen", "the home zone")
_AREA: Final[Pair] = ("området {id}", "the area {id}")

_COUNTS: Final[dict[Language, tuple[str, ...]]] = {
    "sv": ("två", "tre", "fyra", "fem", "sex", "sju", "åtta", "nio", "tio", "elva", "tolv"),
    "en": ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
}
"""Two to twelve in words, as running text has them."""


def zone_names(resident: Resident | None) -> dict[str, str]:
    """What people call a person's zones, by id, as far as they have names."""
    zones = resident.zones if resident else ()
    return {zone.id: zone.name for zone in zones if zone.name}


def facts_text(facts: Facts, language: Language, names: Mapping[str, str], tz: tzinfo | None = None) -> str:
    """One clause without a full stop, with numbers rounded as people say them; moments as the clocks in `tz` show them."""
    if facts.lasting is not None:
        return usual_text(facts, language)
    if facts.side is None and not facts.lost:
        return home_text(facts, language, tz)
    if facts.lost:
        said = _lost(facts, facts.age_s or 0, language, names, tz)
    elif facts.age_s is not None and facts.age_s >= AGED_S:
        said = _aged(facts, facts.age_s, language, names, tz)
    else:
        said = _fresh(facts, language, names)
    if not facts.disputed:
        return said
    return f"{said}, en annan enhet säger emot" if language == "sv" else f"{said}, another device says otherwise"


def _fresh(facts: Facts, language: Language, names: Mapping[str, str]) -> str:
    """What is so now: `190 m utanför hemzonen i 3 min, fyra positioner stämmer överens`."""
    sv = language == "sv"
    parts = [_side(facts, language, names) + _long(facts.for_s, language)]
    if facts.side == "inside" and facts.distance_m is not None:
        far = distance_text(facts.distance_m, language)
        parts.append(f"{far} från gränsen" if sv else f"{far} from its border")
    if facts.fixes > 1:
        parts.append(_agreeing(facts.fixes, language))
    return ", ".join(parts)


def _aged(facts: Facts, age_s: int, language: Language, names: Mapping[str, str], tz: tzinfo | None) -> str:
    """What was so last: `senast 190 m utanför hemzonen kl. 05:23; fyra positioner stämmer överens, den första kl. 05:20`."""
    sv = language == "sv"
    said = f"{'senast' if sv else 'last'} {_side(facts, language, names)} {_when(facts, age_s, language, tz)}"
    if facts.fixes <= 1:
        return said
    first = _when(facts, facts.for_s, language, tz)
    said += f"; {_agreeing(facts.fixes, language)}"
    return f"{said}, den första {first}" if sv else f"{said}, the first {first}"


def _lost(facts: Facts, age_s: int, language: Language, names: Mapping[str, str], tz: tzinfo | None) -> str:
    """Where the last position was, and for how long none has come: `senast 230 m utanför hemzonen kl. 05:23, därefter …`."""
    sv = language == "sv"
    when, since = _when(facts, age_s, language, tz), _minutes(age_s, language)
    if facts.side is None:
        return f"senaste positionen {when}, därefter ingen på {since}" if sv else f"last position {when}, then none for {since}"
    where = _side(facts, language, names)
    if not facts.fixes:
        where += " (osäkert)" if sv else " (uncertain)"
    return (
        f"senast {where} {when}, därefter ingen position på {since}"
        if sv
        else f"last {where} {when}, then no position for {since}"
    )


def _when(facts: Facts, ago_s: int, language: Language, tz: tzinfo | None) -> str:
    """A moment before the finding. Never counted from now: it is read when it is read."""
    if facts.at is None or tz is None:
        since = _minutes(ago_s, language)
        return f"{since} före larmet" if language == "sv" else f"{since} before the alarm"
    moment = facts.at - timedelta(seconds=ago_s)
    clock = clock_beside(moment, facts.at, tz, language)
    if clock != clock_text(moment, tz, language):
        return clock if language == "sv" else f"on {clock}"
    return f"kl. {clock}" if language == "sv" else f"at {clock}"


def _side(facts: Facts, language: Language, names: Mapping[str, str]) -> str:
    """`230 m utanför hemzonen`, or `inne i området sjön`."""
    sv = language == "sv"
    zones = zones_text(facts.zones, language, names)
    if facts.side == "inside":
        return f"inne i {zones}" if sv else f"inside {zones}"
    said = f"utanför {zones}" if sv else f"outside {zones}"
    return said if facts.distance_m is None else f"{distance_text(facts.distance_m, language)} {said}"


def _minutes(seconds: int, language: Language) -> str:
    """Whole minutes: the devices report no more often."""
    if seconds < 60:
        return "mindre än en minut" if language == "sv" else "less than a minute"
    return duration_text(seconds // 60 * 60, language)


def distance_text(metres: int, language: Language) -> str:
    """As people say distances: nobody is 187 m away."""
    sv = language == "sv"
    if metres < 10:
        return "under 10 m" if sv else "less than 10 m"
    if metres < 995:
        return f"{round(metres, -1)} m"
    if metres < 9_950:
        km = f"{metres / 1000:.1f}".removesuffix(".0")
        return f"{km.replace('.', ',') if sv else km} km"
    return f"{metres / 1000:.0f} km"


def _long(seconds: int, language: Language) -> str:
    return f"{' i' if language == 'sv' else ' for'} {_minutes(seconds, language)}"


def _agreeing(fixes: int, language: Language) -> str:
    if fixes > MANY:
        return "många positioner stämmer överens" if language == "sv" else "many fixes agree"
    known = _COUNTS[language]
    count = known[fixes - 2] if fixes - 2 < len(known) else str(fixes)
    return f"{count} positioner stämmer överens" if language == "sv" else f"{count} fixes agree"


def zones_text(zones: tuple[str, ...], language: Language, names: Mapping[str, str]) -> str:
    """Zones as running text names them: `hemzonen och området sjön`."""
    sv = language == "sv"
    if not zones:
        return "sina områden" if sv else "the agreed areas"
    said = [_zone(zone, language, names) for zone in zones[:NAMED_MAX]]
    if len(zones) > NAMED_MAX:
        said.append(f"{len(zones) - NAMED_MAX} till" if sv else f"{len(zones) - NAMED_MAX} more")
    *first, last = said
    return f"{', '.join(first)} {'och' if sv else 'and'} {last}" if first else last


def _zone(zone: str, language: Language, names: Mapping[str, str]) -> str:
    if zone in names:
        return names[zone]
    if zone in HOMES:
        return pick(_HOME, language)
    return pick(_AREA, language).replace("{id}", zone.replace("_", " ").replace("-", " "))
