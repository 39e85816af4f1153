"""Rule `battery_low`: a device's battery is running out."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import msgspec

from alarmcore.model.reading import Position, Status
from alarmcore.rules.base import Memory, Observed, Setting
from alarmcore.rules.lasting import LastingRule, began, unknown
from alarmcore.rules.signs import is_hers
from alarmcore.rules.switches import Switches, is_on, on_since, turned


class BatteryLow(LastingRule, frozen=True, kw_only=True):
    """Fires when the battery of any of the person's devices falls below `below_pct`; over again at `clear_pct`.

    Each device that falls below is a finding; over is when none is low any more. `sources` holds the devices as switches,
    on while they are low.
    """

    kind: ClassVar[str] = "battery_low"
    hears: ClassVar[frozenset[str]] = frozenset({"status", "position"})
    why: ClassVar[str] = "battery_below"
    ended: ClassVar[str] = "battery_recovered"
    of_device: ClassVar[bool] = True

    below_pct: float = 20.0
    clear_pct: float = 30.0
    priority: str = "technical"

    def sense(self, memory: Memory, event: Observed, setting: Setting) -> Memory:
        """A device below the limit is the condition; one between the limits stays what it was."""
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
        # What another one's battery had found is not ended by this one's, also when that has become somebody else's.
        left = hers(sources, setting, reading.at) if is_hers(memory.device, setting, reading.at) else sources
        return began(after, reading, False, reading.at) if memory.holds and on_since(left) is None else after

    def standing(self, memory: Memory, setting: Setting, now: datetime) -> Memory:
        """Memory of the batteries that are the person's still: another one may be low behind one that was taken away."""
        if not memory.holds:
            return memory
        sources = hers(memory.sources, setting, now)
        if sources == memory.sources:
            return memory
        low = min(((at, name[:-2]) for name, at in sources if name[-1] == "1"), default=None)
        if low is None:
            return unknown(msgspec.structs.replace(memory, sources=sources))
        device = memory.device if is_hers(memory.device, setting, now) else low[1]
        return msgspec.structs.replace(memory, sources=sources, device=device)


def hers(batteries: Switches, setting: Setting, at: datetime) -> Switches:
    """The batteries of the devices that are the person's at that moment."""
    return tuple(one for one in batteries if is_hers(one[0][:-2], setting, at))
