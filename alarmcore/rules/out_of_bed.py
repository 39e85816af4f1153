"""Rule `out_of_bed`: nobody in the bed for longer than the limit."""

from __future__ import annotations

from typing import ClassVar

from alarmcore.model.reading import Bed
from alarmcore.rules.base import Memory, Observed, Setting, Usual
from alarmcore.rules.lasting import LastingRule, switched


class OutOfBed(LastingRule, frozen=True, kw_only=True):
    """Fires when the bed has been empty for `limit_s`.

    Until the person's own usual is learned, `usual` means its upper bound: the municipality's own promise of when to look.
    """

    kind: ClassVar[str] = "out_of_bed"
    hears: ClassVar[frozenset[str]] = frozenset({"bed"})
    why: ClassVar[str] = "out_of_bed_too_long"
    ended: ClassVar[str] = "back_in_bed"

    limit_s: float | None = None
    usual: Usual | None = None

    def limit(self) -> float:
        """The fixed limit, or the upper bound of the usual."""
        return self.limit_s if self.limit_s is not None else self.usual.max_s if self.usual else 0.0

    def sense(self, memory: Memory, event: Observed, setting: Setting) -> Memory:
        """An empty bed is the condition."""
        del setting
        body = event.reading.body
        return switched(memory, event.reading, not body.occupied) if isinstance(body, Bed) else memory
