"""Rule `door_open`: a door has stood open for longer than the limit."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from alarmcore.model.reading import Door
from alarmcore.rules.base import Memory, Observed, Setting
from alarmcore.rules.lasting import LastingRule, began


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
        """The door that has stood open longest is the condition. `sources` holds the open doors and since when."""
        del setting
        reading, body = event.reading, event.reading.body
        if not isinstance(body, Door):
            return memory
        name = f"{reading.device}/{body.door or ''}"
        doors = dict(memory.sources)
        if body.open == (name in doors) or (name in doors and reading.at < doors[name]):
            return memory
        if body.open:
            doors[name] = reading.at
        else:
            del doors[name]
        after = msgspec.structs.replace(memory, sources=tuple(doors.items()))
        since_at = min(doors.values(), default=None)
        if since_at == memory.since_at and memory.holds:
            return after
        return began(after, reading, bool(doors), since_at or reading.at)
