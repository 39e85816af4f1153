"""What a finding about zones rests on, as a relative understands it: `190 m utanför hemzonen i 3 min, fyra positioner …`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from alarmcore.model.alarm import Facts
from alarmcore.model.site import Resident
from dispatch.wording.moments import Language, duration_text
from dispatch.wording.words import Pair, pick

NAMED_MAX: Final = 3
"""Zones that are named; of more than these only how many more there are, or nobody reads on."""

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
    return {zone.id: str(name) for zone in zones if (name := getattr(zone, "name", None))}


def facts_text(facts: Facts, language: Language, names: Mapping[str, str]) -> str:
    """One clause without a full stop, with numbers rounded as people say them."""
    sv = language == "sv"
    zones = _zones(facts.zones, language, names)
    if facts.side == "outside":
        word = "utanför" if sv else "outside"
        head = f"{_far(facts.distance_m, language)} {word} {zones}" if facts.distance_m is not None else f"{word} {zones}"
    else:
        head = f"inne i {zones}" if sv else f"inside {zones}"
    parts = [head + _long(facts.for_s, language)]
    if facts.side == "inside" and facts.distance_m is not None:
        far = _far(facts.distance_m, language)
        parts.append(f"{far} från gränsen" if sv else f"{far} from its border")
    if facts.fixes > 1:
        parts.append(_agreeing(facts.fixes, language))
    return ", ".join(parts)


def _far(metres: int, language: Language) -> str:
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
    sv = language == "sv"
    if seconds < 60:
        return " i mindre än en minut" if sv else " for less than a minute"
    # Whole minutes: the devices report no more often.
    return f"{' i' if sv else ' for'} {duration_text(seconds // 60 * 60, language)}"


def _agreeing(fixes: int, language: Language) -> str:
    known = _COUNTS[language]
    count = known[fixes - 2] if fixes - 2 < len(known) else str(fixes)
    return f"{count} positioner stämmer överens" if language == "sv" else f"{count} fixes agree"


def _zones(zones: tuple[str, ...], language: Language, names: Mapping[str, str]) -> str:
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
