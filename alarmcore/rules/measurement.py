"""Rule `measurement`: a measured quantity has crossed a limit."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from alarmcore.model.reading import Measurement as Measured
from alarmcore.rules.base import Memory, Observed, Setting
from alarmcore.rules.lasting import LastingRule, began, switched

ABOVE, BELOW = "above", "below"


class Measurement(LastingRule, frozen=True, kw_only=True):
    """Fires when `quantity` rises above `above` or falls below `below`; over when it is back past `clear` (or the limit)."""

    kind: ClassVar[str] = "measurement"
    hears: ClassVar[frozenset[str]] = frozenset({"measurement"})
    why: ClassVar[str] = "measured_outside"
    ended: ClassVar[str] = "measured_inside"

    quantity: str
    above: float | None = None
    below: float | None = None
    clear: float | None = None

    def sense(self, memory: Memory, event: Observed, setting: Setting) -> Memory:
        """Beyond a limit is the condition. `sources` holds which limit that is, so that crossing the other is a new finding."""
        del setting
        reading, body = event.reading, event.reading.body
        if not isinstance(body, Measured) or body.quantity != self.quantity:
            return memory
        side = self._beyond(body.value)
        if side is None:
            # Between the limit and `clear` it stays what it was.
            return switched(memory, reading, False) if self._cleared(memory, body.value) else memory
        crossed = memory.heard_at is None or reading.at >= memory.heard_at
        if memory.holds and crossed and side != _side(memory):
            memory = began(memory, reading, True, reading.at)
        after = switched(memory, reading, True)
        return msgspec.structs.replace(after, sources=((side, reading.at),)) if crossed and side != _side(after) else after

    def _beyond(self, value: float) -> str | None:
        if self.above is not None and value > self.above:
            return ABOVE
        return BELOW if self.below is not None and value < self.below else None

    def _cleared(self, memory: Memory, value: float) -> bool:
        """Whether a value inside the limits is far enough inside to end the condition."""
        if not memory.holds or self.clear is None:
            return True
        return value <= self.clear if _side(memory) == ABOVE else value >= self.clear


def _side(memory: Memory) -> str | None:
    return memory.sources[0][0] if memory.sources else None
