"""Rule `battery_low`: a device's battery is running out."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from alarmcore.model.reading import Position, Status
from alarmcore.rules.base import Memory, Observed, Setting
from alarmcore.rules.lasting import LastingRule, began


class BatteryLow(LastingRule, frozen=True, kw_only=True):
    """Fires when the battery of any of the person's devices falls below `below_pct`; over again at `clear_pct`.

    `sources` holds the devices that are low and since when.
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
        low = dict(memory.sources)
        if level < self.below_pct and reading.device not in low:
            low[reading.device] = reading.at
        elif level >= self.clear_pct and reading.at >= low.get(reading.device, reading.at) and reading.device in low:
            del low[reading.device]
        else:
            return memory
        after = msgspec.structs.replace(memory, sources=tuple(low.items()))
        if memory.holds and low:
            return after
        return began(after, reading, bool(low), reading.at)
