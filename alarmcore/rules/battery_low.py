"""Rule `battery_low`: a device's battery is running out."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from alarmcore.model.reading import Position, Status
from alarmcore.rules.base import Memory, Observed, Setting
from alarmcore.rules.lasting import LastingRule, began
from alarmcore.rules.switches import is_on, on_since, turned


class BatteryLow(LastingRule, frozen=True, kw_only=True):
    """Fires when the battery of any of the person's devices falls below `below_pct`; over again at `clear_pct`.

    Each device that falls below is a finding; over is when none is low any more. `sources` holds the devices as switches,
    on while they are low.
    """

    kind: ClassVar[str] = "battery_low"
    hears: ClassVar[frozenset[str]] = frozenset({"status", "position"})
    why: ClassVar[str] = "battery_below"
    ended: ClassVar[str] = "battery_recovered"

    below_pct: float = 20.0
    clear_pct: float = 30.0
    priority: str = "technical"

    def sense(self, memory: Memory, event: Observed, setting: Setting) -> Memory:
        """A device below the limit is the condition; one between the limits stays what it was."""
        del setting
        reading, body = event.reading, event.reading.body
        level = body.battery_pct if isinstance(body, (Status, Position)) else None
        if level is None:
            return memory
        was_low = is_on(memory.sources, reading.device) or False
        low = level < (self.clear_pct if was_low else self.below_pct)
        sources = turned(memory.sources, reading.device, low, reading.at)
        if sources is memory.sources:
            return memory
        after = msgspec.structs.replace(memory, sources=sources)
        if low:
            return began(after, reading, True, reading.at)
        return began(after, reading, False, reading.at) if memory.holds and on_since(sources) is None else after
