"""Rule `on_floor`: somebody has been lying on the floor for longer than the limit."""

from __future__ import annotations

from typing import ClassVar

from alarmcore.model.reading import Floor
from alarmcore.rules.base import Memory, Observed, Setting
from alarmcore.rules.lasting import LastingRule, switched


class OnFloor(LastingRule, frozen=True, kw_only=True):
    """Fires when somebody has lain on the floor for `limit_s`."""

    kind: ClassVar[str] = "on_floor"
    hears: ClassVar[frozenset[str]] = frozenset({"floor"})
    why: ClassVar[str] = "on_floor_too_long"
    ended: ClassVar[str] = "off_the_floor"

    limit_s: float
    priority: str = "critical"

    def limit(self, memory: Memory, setting: Setting) -> float:
        """The fixed limit."""
        del memory, setting
        return self.limit_s

    def sense(self, memory: Memory, event: Observed, setting: Setting) -> Memory:
        """Somebody on the floor is the condition."""
        del setting
        body = event.reading.body
        return switched(memory, event.reading, body.on_floor) if isinstance(body, Floor) else memory
