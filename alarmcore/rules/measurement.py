"""Rule `measurement`: a measured quantity has crossed a limit."""

from __future__ import annotations

from typing import ClassVar

from alarmcore.model.reading import Measurement as Measured
from alarmcore.rules.base import Memory, Observed, Setting
from alarmcore.rules.lasting import LastingRule, switched


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
        """Beyond a limit is the condition."""
        del setting
        body = event.reading.body
        if not isinstance(body, Measured) or body.quantity != self.quantity:
            return memory
        high = self.above is not None and body.value > self.above
        low = self.below is not None and body.value < self.below
        if high or low:
            return switched(memory, event.reading, True)
        # Between the limit and `clear` it stays what it was.
        return switched(memory, event.reading, False) if self._cleared(body.value) else memory

    def _cleared(self, value: float) -> bool:
        if self.above is not None and value > (self.above if self.clear is None else min(self.above, self.clear)):
            return False
        return not (self.below is not None and value < (self.below if self.clear is None else max(self.below, self.clear)))
