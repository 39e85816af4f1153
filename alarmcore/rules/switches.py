"""Several things of one person that are each on or off (doors, beds, low batteries), as a rule's memory holds them."""

from __future__ import annotations

from datetime import datetime
from typing import Final

Switches = tuple[tuple[str, datetime], ...]
"""`name=1` and since when it has been on, `name=0` and when it was last known to be off."""

SWITCHES_MAX: Final = 32
"""Switches remembered for one rule of one person: more than any home has. Their names come from outside."""


def turned(switches: Switches, name: str, on: bool, at: datetime) -> Switches:
    """The switches after one was said to be on or off at `at`; the same object when that is nothing new, or too old."""
    state = f"{name}={int(on)}"
    for place, (known, known_at) in enumerate(switches):
        if known[:-2] == name:
            if at < known_at or (known == state and (on or at == known_at)):
                return switches
            return (*switches[:place], (state, at), *switches[place + 1 :])
    return (*switches[-SWITCHES_MAX + 1 :], (state, at))


def is_on(switches: Switches, name: str) -> bool | None:
    """Whether this one is on; None if nothing is known of it."""
    for known, _ in switches:
        if known[:-2] == name:
            return known[-1] == "1"
    return None


def on_since(switches: Switches) -> datetime | None:
    """Since when the one that has been on longest has been on; None if none is."""
    return min((at for known, at in switches if known[-1] == "1"), default=None)
