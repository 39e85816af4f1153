"""Rule `inactivity`: no sign of the person moving about the home for longer than the limit."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import msgspec

from alarmcore.model.reading import Bed, Door, Floor, Position
from alarmcore.rules.base import Memory, Observed, Setting, Usual
from alarmcore.rules.lasting import LastingRule, began
from alarmcore.rules.switches import is_on, turned
from alarmcore.rules.zone import UNDECIDED
from geofence.belief import Fix
from geofence.belief import step as believe


class Inactivity(LastingRule, frozen=True, kw_only=True):
    """Fires when there was no motion, door, bed or floor change and no press for `limit_s`; not while away from home.

    Away is somebody whose position says so, and everybody during a stay: then it counts from the stay's end. Until the
    person's own usual is learned, `usual` means its upper bound.
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
        switch = switch_of(event)
        if switch is not None:
            sources = turned(memory.sources, *switch, event.reading.at)
            if sources is memory.sources:
                return memory
            changed = is_on(memory.sources, switch[0]) is not switch[1]
            memory = msgspec.structs.replace(memory, sources=sources)
            if not changed:
                return memory
        away = memory.belief is not None and memory.belief.side == "outside"
        if away and event.reading.kind == "button":
            return memory  # a bracelet is pressed out of doors as well
        if memory.since_at is not None and event.reading.at <= memory.since_at:
            return memory
        if away and memory.belief is not None:
            memory = msgspec.structs.replace(memory, belief=UNDECIDED)
        return began(memory, event.reading, True, event.reading.at)

    def due(self, memory: Memory, setting: Setting) -> datetime | None:
        """As for all that lasts, but not during a stay away from home."""
        due_at = super().due(memory, setting)
        for _ in setting.stays:
            stay = setting.stay(due_at) if due_at is not None else None
            if stay is None:
                break
            due_at = super().due(msgspec.structs.replace(memory, since_at=stay.until), setting)
        return due_at

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


def switch_of(event: Observed) -> tuple[str, bool] | None:
    """Which switch the reading is of and whether it is on, or None for what is activity by itself."""
    reading = event.reading
    match reading.body:
        case Bed(occupied=on) | Floor(on_floor=on):
            return f"{reading.device}/{reading.kind}", on
        case Door(open=on, door=door):
            return f"{reading.device}/{reading.kind}/{door or ''}", on
    return None
