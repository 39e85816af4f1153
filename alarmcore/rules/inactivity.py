"""Rule `inactivity`: no sign of the person moving about the home for longer than the limit."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from alarmcore.model.reading import Bed, Door, Floor, Position
from alarmcore.rules.base import Memory, Observed, Setting, Usual
from alarmcore.rules.lasting import LastingRule, began
from alarmcore.rules.zone import UNDECIDED
from geofence.belief import Fix
from geofence.belief import step as believe

SOURCES_MAX = 32
"""Sensors whose last state is remembered, so that only a change counts as activity: more than any home has."""


class Inactivity(LastingRule, frozen=True, kw_only=True):
    """Fires when there was no motion, door, bed or floor change and no press for `limit_s`; not while away from home.

    Until the person's own usual is learned, `usual` means its upper bound.
    """

    kind: ClassVar[str] = "inactivity"
    hears: ClassVar[frozenset[str]] = frozenset({"motion", "door", "bed", "floor", "button", "position"})
    why: ClassVar[str] = "inactive_too_long"
    ended: ClassVar[str] = "active_again"

    limit_s: float | None = None
    usual: Usual | None = None

    def limit(self) -> float:
        """The fixed limit, or the upper bound of the usual."""
        return self.limit_s if self.limit_s is not None else self.usual.max_s if self.usual else 0.0

    def sense(self, memory: Memory, event: Observed, setting: Setting) -> Memory:
        """Being inactive holds from the newest sign of activity on, and does not hold while the person is away."""
        if isinstance(event.reading.body, Position):
            return self._placed(memory, event, setting)
        if not is_change(memory, event):
            return memory
        memory = remembered(memory, event)
        away = memory.belief is not None and memory.belief.side == "outside"
        if away and event.reading.kind == "button":
            return memory  # a bracelet is pressed out of doors as well
        if memory.since_at is not None and event.reading.at <= memory.since_at:
            return memory
        if away and memory.belief is not None:
            memory = msgspec.structs.replace(memory, belief=UNDECIDED)
        return began(memory, event.reading, True, event.reading.at)

    def _placed(self, memory: Memory, event: Observed, setting: Setting) -> Memory:
        body = event.reading.body
        if setting.home is None or not event.positioned or not isinstance(body, Position):
            return memory
        before = memory.belief or UNDECIDED
        belief = believe(before, Fix(event.reading.at, event.distances_m[setting.home], body.accuracy_m))
        if belief is before:
            return memory
        after = msgspec.structs.replace(memory, belief=belief)
        if belief.side == before.side:
            return after
        if belief.side == "outside" and memory.holds:
            return began(after, event.reading, False, event.reading.at)
        if belief.side == "inside" and memory.holds is False:
            return began(after, event.reading, True, event.reading.at)
        return after


def is_change(memory: Memory, event: Observed) -> bool:
    """Whether the reading says that somebody did something: motion and presses always, switches when they change."""
    state = switch_of(event)
    return state is None or state not in {name for name, _ in memory.sources}


def remembered(memory: Memory, event: Observed) -> Memory:
    """Memory with the switch's new state in place of its old one."""
    state = switch_of(event)
    if state is None:
        return memory
    switch = state.rsplit("=", 1)[0]
    kept = [s for s in memory.sources if s[0].rsplit("=", 1)[0] != switch][-SOURCES_MAX + 1 :]
    return msgspec.structs.replace(memory, sources=(*kept, (state, event.reading.at)))


def switch_of(event: Observed) -> str | None:
    """Which switch the reading is of and its state (`bed-1/bed=1`), or None for what is activity by itself."""
    reading = event.reading
    match reading.body:
        case Bed(occupied=on) | Floor(on_floor=on):
            return f"{reading.device}/{reading.kind}={int(on)}"
        case Door(open=on, door=door):
            return f"{reading.device}/{reading.kind}/{door or ''}={int(on)}"
    return None
