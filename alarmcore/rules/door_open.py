"""Rule `door_open`: a door has stood open for longer than the limit."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from alarmcore.model.reading import Door
from alarmcore.rules.base import Memory, Observed, Setting
from alarmcore.rules.lasting import LastingRule, began
from alarmcore.rules.switches import on_since, turned


class DoorOpen(LastingRule, frozen=True, kw_only=True):
    """Fires when any of the person's doors has stood open for `limit_s`; closing another door does not end that."""

    kind: ClassVar[str] = "door_open"
    hears: ClassVar[frozenset[str]] = frozenset({"door"})
    why: ClassVar[str] = "door_open_too_long"
    ended: ClassVar[str] = "door_closed"

    limit_s: float

    def limit(self) -> float:
        """The fixed limit."""
        return self.limit_s

    def sense(self, memory: Memory, event: Observed, setting: Setting) -> Memory:
        """The door that has stood open longest is the condition. `sources` holds the doors as switches, on while open."""
        del setting
        reading, body = event.reading, event.reading.body
        if not isinstance(body, Door):
            return memory
        doors = turned(memory.sources, f"{reading.device}/{body.door or ''}", body.open, reading.at)
        if doors is memory.sources:
            return memory
        after = msgspec.structs.replace(memory, sources=doors)
        since_at = on_since(doors)
        if since_at is None:
            return began(after, reading, False, reading.at) if memory.holds is not False else after
        return after if memory.holds and since_at == memory.since_at else began(after, reading, True, since_at)
