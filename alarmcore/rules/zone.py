"""What `zone_exit` and `zone_enter` share: a belief about one set of zones, kept by `geofence`."""

from __future__ import annotations

from datetime import datetime

import msgspec

from alarmcore.model.reading import Position
from alarmcore.rules.base import Memory, Observed, Setting
from alarmcore.rules.lasting import LastingRule, began
from geofence.belief import Belief, Fix
from geofence.belief import step as believe

UNDECIDED = Belief()


class ZoneRule(LastingRule, frozen=True, kw_only=True):
    """Follows the belief about the union of `zones`; the condition holds while the belief is on `side`."""

    zones: tuple[str, ...]

    def side(self) -> str:
        """The side of the border that is the condition."""
        raise NotImplementedError

    def sense(self, memory: Memory, event: Observed, setting: Setting) -> Memory:
        """Let one more fix count. The distance to a union of areas is the least of the distances."""
        body = event.reading.body
        if not isinstance(body, Position) or not event.positioned:
            return memory
        at, before, zones = event.reading.at, memory.belief or UNDECIDED, setting.zones
        if setting.stays:
            zones = zones_at(setting, at)
            if before.last_at is not None and zones != zones_at(setting, before.last_at):
                if at <= before.last_at:
                    return memory
                before = UNDECIDED  # what was believed of other zones says nothing of these
        distance_m = min([event.distances_m[i] for i in zones])
        belief = believe(before, Fix(at, distance_m, body.accuracy_m))
        if belief is before:
            return memory
        after = msgspec.structs.replace(memory, belief=belief)
        if belief.since_at is None or belief.side == before.side:
            return after
        return began(after, event.reading, belief.side == self.side(), belief.since_at)


def zones_at(setting: Setting, at: datetime) -> tuple[int, ...]:
    """The zones that count at `at`: during a stay away from home its own, where it has any."""
    stay = setting.stay(at)
    return stay.zones if stay is not None and stay.zones else setting.zones
