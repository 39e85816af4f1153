"""What a finding about the home rests on, as a night nurse reads it: `puls 131 /min, över gränsen 120 sedan 40 min`."""

from __future__ import annotations

import re
from datetime import timedelta, tzinfo
from typing import Final

from alarmcore.model.alarm import Facts
from alarmcore.rules.sensor_fault import FINDS_MAX
from dispatch.wording.moments import Language, clock_beside, clock_text, duration_text
from dispatch.wording.words import Pair, pick

QUANTITIES: Final[dict[str, Pair]] = {
    "body_temperature": ("kroppstemperatur", "body temperature"),
    "temperature": ("temperatur", "temperature"),
    "room_temperature": ("rumstemperatur", "room temperature"),
    "weight": ("vikt", "weight"),
    "pulse": ("puls", "pulse"),
    "heart_rate": ("puls", "pulse"),
    "glucose": ("blodsocker", "blood glucose"),
    "blood_glucose": ("blodsocker", "blood glucose"),
    "spo2": ("syremättnad", "oxygen saturation"),
    "oxygen_saturation": ("syremättnad", "oxygen saturation"),
    "systolic": ("övre blodtryck", "systolic blood pressure"),
    "diastolic": ("undre blodtryck", "diastolic blood pressure"),
    "respiratory_rate": ("andningsfrekvens", "respiratory rate"),
    "humidity": ("luftfuktighet", "humidity"),
    "co2": ("koldioxid", "carbon dioxide"),
}
"""What quantities are called; another one is called by its own name."""

UNITS: Final = {"Cel": "°C", "C": "°C", "degC": "°C", "[degF]": "°F", "mm[Hg]": "mmHg", "/min": "/min"}
"""Units of UCUM, and what devices send in their place, as people write them."""

DOORS: Final[dict[str, Pair]] = {
    "front": ("ytterdörren", "the front door"),
    "back": ("bakdörren", "the back door"),
    "balcony": ("balkongdörren", "the balcony door"),
    "terrace": ("altandörren", "the terrace door"),
    "garden": ("trädgårdsdörren", "the garden door"),
    "fridge": ("kylskåpsdörren", "the fridge door"),
    "freezer": ("frysdörren", "the freezer door"),
}
"""What doors are called by the names that devices give them."""

HUGE: Final = 1e7
"""From here on a number is a fault of the device's, and its digits would fill a page."""

_SAFE: Final = re.compile(r"[\wåäöÅÄÖ-]{1,32}")
"""A name or a unit that may be shown: nothing else of a device's making goes into a message, where it might be a link."""

_UNIT: Final = re.compile(r"[A-Za-zåäöÅÄÖµ°%]{1,12}(/[A-Za-zµ]{1,6})?")

_FAULTS: Final[dict[str, Pair]] = {
    "sensor_silent": (
        "{device} har inte hörts på {long} fast andra sensorer märker rörelse; kontrollera batteri och kontakt",
        "{device} has not been heard for {long} though other sensors notice movement; check battery and contact",
    ),
    "sensor_stuck": (
        "{device} har sagt samma sak i {long} fast andra sensorer märker rörelse; kontrollera den",
        "{device} has said the same for {long} though other sensors notice movement; check it",
    ),
    "sensor_chatters": (
        "{device} har slagit om {count} gånger på en timme; kontrollera hur den sitter",
        "{device} has been set off {count} times in one hour; check how it is mounted",
    ),
    "steady": (
        "{device} har slagit om hela tiden i {long}; kontrollera den",
        "{device} has been set off all the time for {long}; check it",
    ),
    "alarms_folded": (
        "{device} har larmat minst {count} gånger på en timme; fler än {most} väntar till heltimmen, aldrig tryck eller fall",
        "{device} raised at least {count} alarms in one hour; beyond {most} they wait for the full hour, never a press or fall",
    ),
    "unheard": (
        "{device} har aldrig hörts fast andra sensorer märker rörelse; kontrollera att den är på plats och igång",
        "{device} has never been heard though other sensors notice movement; check that it hangs there and is on",
    ),
}


def home_text(facts: Facts, language: Language, tz: tzinfo | None = None) -> str:
    """One clause without a full stop; empty where the facts are about something else. Moments as the clocks in `tz` show them."""
    if facts.quantity is not None and facts.value is not None:
        said = _measured(facts, facts.quantity, facts.value, language)
        return said if facts.age_s is None else f"{said}, {_aged(facts, facts.age_s, language, tz)}"
    if facts.door is not None:
        return _door(facts, facts.door, language)
    if facts.dose is not None:
        if not facts.for_s:
            return f"dosen kl. {facts.dose}" if language == "sv" else f"the dose at {facts.dose}"
        waited = duration_text(facts.for_s, language)
        sv = f"inget svar om dosen kl. {facts.dose}, väntat i {waited}"
        return sv if language == "sv" else f"no answer about the dose at {facts.dose}, waited for {waited}"
    if facts.fault in _FAULTS and facts.device is not None:
        long = duration_text(facts.for_s, language)
        fault = facts.fault
        if fault == "sensor_chatters" and facts.count is None:
            fault = "steady"
        elif fault == "sensor_silent" and not facts.for_s:
            fault = "unheard"
        text = pick(_FAULTS[fault], language)
        return text.format(device=_device(facts.device, language), long=long, count=facts.count, most=FINDS_MAX)
    return ""


def _measured(facts: Facts, quantity: str, value: float, language: Language) -> str:
    sv = language == "sv"
    known = QUANTITIES.get(quantity)
    name = pick(known, language) if known else quantity.replace("_", " ")
    unit = _unit(facts.unit)
    now = f"{name} {number(value, language)}{unit}"
    long = _long(facts.for_s, language)
    if facts.before is not None:
        by = number(abs(value - facts.before), language)
        before = number(facts.before, language)
        word = ("upp" if facts.beyond == "rises" else "ned") if sv else ("up" if facts.beyond == "rises" else "down")
        return f"{now}, {word} {by} från {before} på {long}" if sv else f"{now}, {word} {by} from {before} within {long}"
    if facts.limit is None:
        return now
    limit = number(facts.limit, language)
    above = facts.beyond == "above"
    side = ("över" if above else "under") if sv else ("above" if above else "below")
    if (value > facts.limit) is not above or value == facts.limit:
        return f"{now}, har varit {side} gränsen {limit}" if sv else f"{now}, has been {side} the limit {limit}"
    said = f"{now}, {side} gränsen {limit}" if sv else f"{now}, {side} the limit {limit}"
    if facts.for_s < 60 or _is_lone(facts):
        return said
    return f"{said} sedan {long}" if sv else f"{said} for {long}"


def _is_lone(facts: Facts) -> bool:
    """Whether the newest value is the first as well: that it has lasted since then nobody has measured."""
    return facts.age_s is not None and facts.for_s - facts.age_s < 60


def _aged(facts: Facts, age_s: int, language: Language, tz: tzinfo | None) -> str:
    """When the newest value was measured. Never counted from now: it is read when it is read."""
    word = "mätt" if language == "sv" else "measured"
    if not _is_lone(facts):
        word = "senast mätt" if language == "sv" else "last measured"
    if facts.at is None or tz is None:
        long = _long(age_s, language)
        return f"{word} {long} före larmet" if language == "sv" else f"{word} {long} before the alarm"
    moment = facts.at - timedelta(seconds=age_s)
    clock = clock_beside(moment, facts.at, tz, language)
    if clock != clock_text(moment, tz, language):
        return f"{word} {clock}" if language == "sv" else f"{word} on {clock}"
    return f"{word} kl. {clock}" if language == "sv" else f"{word} at {clock}"


def _door(facts: Facts, door: str, language: Language) -> str:
    sv = language == "sv"
    if door in DOORS:
        name = pick(DOORS[door], language)
    elif _SAFE.fullmatch(door):
        name = f"dörren {door}" if sv else f"the door {door}"
    else:
        name = "en dörr" if sv else "a door"
    long = _long(facts.for_s, language)
    return f"{name} har stått öppen i {long}" if sv else f"{name} has been open for {long}"


def _device(device: str, language: Language) -> str:
    return f"sensorn {device}" if language == "sv" else f"the sensor {device}"


def _long(seconds: int, language: Language) -> str:
    if seconds < 60:
        return "mindre än en minut" if language == "sv" else "less than a minute"
    return duration_text(seconds // 60 * 60, language)


def _unit(unit: str) -> str:
    shown = UNITS.get(unit) or (unit if _UNIT.fullmatch(unit) else "")
    return "" if not shown else shown if shown[0] == "/" else f" {shown}"


def number(value: float, language: Language) -> str:
    """A number with at most two decimals, as people write it; one that no device can mean in short."""
    text = f"{value:.2f}".rstrip("0").rstrip(".") if abs(value) < HUGE else f"{value:.2g}"
    if text in {"-0", ""}:
        text = "0"
    return text.replace(".", ",") if language == "sv" else text
