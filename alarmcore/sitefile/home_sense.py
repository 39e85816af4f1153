"""Checks of a resident's rules about the home against the sensors that hang there: what is asked for and cannot work."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from difflib import get_close_matches
from typing import Final
from zoneinfo import ZoneInfo

from alarmcore.calendar import current
from alarmcore.model.site import Resident
from alarmcore.rules.base import Rule
from alarmcore.rules.inactivity import OUT
from alarmcore.rules.missed_medication import MissedMedication
from alarmcore.sitefile.ledger import Entry
from alarmcore.usual.bounds import Usual

MOVES: Final = frozenset({"motion", "door", "bed", "floor"})
"""Kinds of reading that tell whether somebody moves about the home."""

SHORT_S: Final = 300.0
"""Nobody means so short a limit for the longest that somebody may be up, or still: five minutes are a visit to the bathroom."""

DAYS: Final = 7
MONDAY: Final = date(2026, 1, 5)
UTC: Final = ZoneInfo("UTC")
"""A week in a place without summer time, on which windows and times of day are compared."""

ALIKE: Final = 0.75
"""How alike a name and a device's id must be for one to be the other misspelt: `front-dor` and `front-door`, not `front`."""


def check_home_sense(entry: Entry, resident: Resident, gives: Mapping[str, frozenset[str]]) -> None:
    """Warn of rules that find nothing, or what nobody means, with the devices that this person has.

    `gives` says which kinds of reading a kind of device can give; with another kind of device nothing is known.
    """
    known = all(device.kind in gives for device in resident.devices)
    given = {device.id: gives.get(device.kind, frozenset()) for device in resident.devices}
    heard = frozenset[str]().union(*given.values())
    places = {str(one.get("id")): index for index, one in enumerate(entry.listed("rules")) if isinstance(one, dict)}
    for rule in resident.rules:
        texts = [*_level(rule), *_minutes(rule), *_unheeded(rule), *_unwatched(rule)]
        if known:
            texts += [*_deaf(rule, heard), *_doors(rule, given, heard)]
        for text in texts:
            entry.warn("rules", f"{rule.id}: {text}", places.get(rule.id))


def _deaf(rule: Rule, heard: frozenset[str]) -> list[str]:
    """Rules that hear a device's word of itself, or a press, and are of no use without a sensor at home."""
    if rule.kind == "sensor_fault" and not heard & (MOVES | {"measurement", "medication"}):
        return ["no device of this person is a sensor of the home, so that none is ever found faulty; add one, or use silent"]
    if rule.kind == "inactivity" and "button" in heard and not heard & MOVES:
        text = "no device of this person gives motion, door, bed or floor, so that whoever presses and then does not is inactive"
        return [f"{text}; add a sensor of the home"]
    return []


def _level(rule: Rule) -> list[str]:
    """A limit that is to be learned, and cannot be other than it is."""
    usual: Usual | None = getattr(rule, "usual", None)
    if usual is None or usual.min_s != usual.max_s:
        return []
    return [f"min_s and max_s of usual are both {usual.min_s:g}, so that nothing is learned; give limit_s in place of usual"]


def _minutes(rule: Rule) -> list[str]:
    """Bounds that look like minutes: nobody is back in bed, or has moved again, always within so few seconds."""
    usual: Usual | None = getattr(rule, "usual", None)
    if usual is None or usual.max_s >= SHORT_S:
        return []
    text = f"max_s of usual is {usual.max_s:g}, so that nothing may ever last for {SHORT_S:g} s"
    return [f"{text}; give seconds, if minutes are meant, {usual.max_s * 60:g}"]


def _unheeded(rule: Rule) -> list[str]:
    """Fields that only mean something to what is learned."""
    if getattr(rule, "usual", None) is not None or not getattr(rule, "outside_doors", ()):
        return []
    return ["outside_doors says nothing beside limit_s, which holds after any door; take it out, or give usual"]


def _unwatched(rule: Rule) -> list[str]:
    """Doses at hours at which the rule does not watch on any day."""
    if not isinstance(rule, MissedMedication) or not rule.active:
        return []
    never = [one for one in rule.times if not any(_holds(rule, one, day) for day in range(DAYS))]
    named = ", ".join(f"{one:%H:%M}" for one in never)
    return [f"a dose at {named} lies outside active on all days, so that it is never waited for; widen active"] if never else []


def _holds(rule: Rule, at: time, day: int) -> bool:
    """Whether the rule watches at this time of the day, in a week without a change of the clock."""
    return current(rule.active, UTC, datetime.combine(MONDAY + timedelta(days=day), at, UTC)) is not None


def _doors(rule: Rule, given: Mapping[str, frozenset[str]], heard: frozenset[str]) -> list[str]:
    """Doors that no device can be the door of. Names come with readings, so that most cannot be told from here."""
    found = []
    openable = [device for device, kinds in given.items() if "door" in kinds]
    for field in ("doors", "outside_doors"):
        for name in getattr(rule, field, ()):
            near = get_close_matches(name.lower(), openable, n=1, cutoff=ALIKE)
            if name in openable:
                continue
            if name in given:
                found.append(f"{name} in {field} is a device that gives no door; name a door, or the device that tells of it")
            elif not openable and field == "outside_doors":
                found.append(f"no device of this person gives door, so that {name} in {field} is never heard; add the device")
            elif near and name.lower() not in OUT:
                found.append(f"{name} in {field} is no device of this person (did you mean {near[0]}?); correct the name")
    return found
