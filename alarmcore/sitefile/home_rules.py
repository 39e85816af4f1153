"""Readers and checks of what only rules about the home have: names of doors and devices, times of doses, changes of values."""

from __future__ import annotations

import re
from datetime import time
from typing import Final

from alarmcore.rules.base import Rule
from alarmcore.rules.measurement import Measurement
from alarmcore.rules.missed_medication import EARLY, MissedMedication
from alarmcore.sitefile.ledger import Entry, sort_of

NAMES_MAX: Final = 32
"""Doors or devices that one rule names: more than any home has."""

TIMES_MAX: Final = 8
"""Doses a day of which each is waited for: dispensers have at most so many, and what is remembered suffices for as many."""

WITHIN_LONG_S: Final = 86400.0
"""A dose that is not missed within a day is none that anybody waits for."""

_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def read_names(entry: Entry, name: str) -> tuple[str, ...] | None:
    """A list of names as devices give them; None when it is left out."""
    if entry.fields.get(name) is None:
        return None
    found: list[str] = []
    for index, value in enumerate(entry.listed(name)):
        if isinstance(value, str) and value.strip() and len(value) <= 64 and value.isprintable():
            found.append(value)
        else:
            entry.error(name, f"is {sort_of(value)}; give a name of 1 to 64 characters, in quotes if it is a number", index)
    _check_length(entry, name, NAMES_MAX)
    return tuple(dict.fromkeys(found))


def read_times(entry: Entry, name: str) -> tuple[time, ...] | None:
    """A list of times of day, in their order; None when it is left out."""
    if entry.fields.get(name) is None:
        return None
    found: list[time] = []
    for index, value in enumerate(entry.listed(name)):
        if isinstance(value, str) and _CLOCK.fullmatch(value):
            found.append(time(int(value[:2]), int(value[3:])))
        else:
            entry.error(name, 'is no time of day; give hours and minutes in quotes, such as "08:00"', index)
    _check_length(entry, name, TIMES_MAX)
    return tuple(sorted(set(found)))


def _check_length(entry: Entry, name: str, most: int) -> None:
    given = entry.fields[name]
    if given == []:
        entry.error(name, "is an empty list; name one, or leave the field out")
    elif isinstance(given, list) and len(given) > most:
        entry.error(name, f"has {len(given)} entries and may have {most}; take some out, or write two rules")


def check_home_rule(entry: Entry, rule: Rule) -> None:
    """What must hold between the fields of one rule about the home."""
    if isinstance(rule, Measurement):
        _check_measurement(entry, rule)
    if isinstance(rule, MissedMedication):
        _check_doses(entry, rule)
    chatter = getattr(rule, "chatter_per_hour", None)
    if chatter is not None and chatter < 1:
        entry.error("chatter_per_hour", f"is {chatter:g} and must be at least 1; give how often in an hour is still no fault")


def _check_measurement(entry: Entry, rule: Measurement) -> None:
    limits = [name for name in ("above", "below") if entry.fields.get(name) is not None]
    changes = [name for name in ("rises_by", "falls_by") if entry.fields.get(name) is not None]
    if not limits and not changes:
        entry.error("", "neither above nor below is given, so that it never fires; give one of them, or rises_by or falls_by")
    if limits and changes:
        entry.error(changes[0], f"stands beside {limits[0]}; write two rules")
    for name in changes:
        by = getattr(rule, name)
        if by is not None and by <= 0:
            entry.error(name, f"is {by:g} and must be above 0; give by how much the value changes")
    if changes and entry.fields.get("within_s") is None:
        entry.error("within_s", f"is missing; say in which time the value {changes[0].replace('_by', '')} by so much")
    if not changes and entry.fields.get("within_s") is not None:
        entry.error("within_s", "stands without rises_by or falls_by; give one of them, or take it out")
    for name in ("clear", "lasting_s"):
        if changes and entry.fields.get(name) is not None:
            entry.error(name, f"belongs to above and below, and not to {changes[0]}; take it out")


def _check_doses(entry: Entry, rule: MissedMedication) -> None:
    if entry.fields.get("times") is None:
        if entry.fields.get("within_s") is not None:
            entry.error("within_s", "stands without times; give the times of the doses, or take it out")
        return
    if rule.within_s > WITHIN_LONG_S:
        entry.error("within_s", f"is {rule.within_s:g} and may be at most {WITHIN_LONG_S:g}; give seconds")
        return
    minutes = sorted({one.hour * 60 + one.minute for one in rule.times})
    after = [*minutes[1:], *(minute + 1440 for minute in minutes[:1])]
    gaps = [60.0 * (later - earlier) for earlier, later in zip(minutes, after, strict=True)]
    if gaps and min(gaps) < rule.within_s + EARLY.total_seconds():
        text = f"one dose is waited for {rule.within_s:g} s while the next may be taken already, an hour before its time"
        entry.warn("within_s", f"{text}, so that one answer counts for both; shorten it")
