"""What the rules about safety zones share: following the belief about where the person is."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar, Final

from msgspec.structs import replace

from alarmcore.calendar import Window, current, upcoming
from alarmcore.model.alarm import Facts
from alarmcore.model.reading import Body, Position, Reading, Status
from alarmcore.rules.base import Memory, Observed, Setting
from alarmcore.rules.lasting import SPANS_MAX, LastingRule, began
from alarmcore.rules.switches import Switches, is_on, turned
from geofence.belief import STALE_S, Belief, Fix
from geofence.belief import step as believe

UNDECIDED = Belief()

FORGET: Final = timedelta(seconds=STALE_S)
"""A device that nobody wears takes back what spoke against its being at home only so much later: a person who left it there may
have been seen elsewhere meanwhile, but two wild fixes of one night do not make an exit."""

Hours = tuple[tuple[int, tuple[Window, ...]], ...]
"""Places of the person's zones that have hours, and these."""


class ZoneRule(LastingRule, frozen=True, kw_only=True):
    """Follows the belief about the union of `zones`; the condition holds while the belief is on `side`.

    `sources` holds, as switches, the devices that say nothing of the person because they are charging or not worn. `hours` does
    not stand in a rule of the site file: it is told those of the person's zones.
    """

    hears: ClassVar[frozenset[str]] = frozenset({"position", "status"})

    zones: tuple[str, ...]
    hours: Hours = ()

    def side(self) -> str:
        """The side of the border that is the condition."""
        raise NotImplementedError

    def sense(self, memory: Memory, event: Observed, setting: Setting) -> Memory:
        """Let one more fix count. The distance to a union of areas is the least of the distances."""
        reading, body = event.reading, event.reading.body
        if not isinstance(body, Position):
            sources = told_of(memory.sources, reading, body)
            return memory if sources is memory.sources else replace(memory, sources=sources)
        if not event.positioned or (reading.late_s and not theirs(reading, setting)):
            return memory
        at, before, zones = reading.at, memory.belief or UNDECIDED, setting.zones
        if setting.stays or self.hours:
            zones = self.counting(setting, at)
            known = zones if before.last_at is None else self.counting(setting, before.last_at)
            if zones != known or not zones:
                if before.last_at is not None and at <= before.last_at:
                    return memory
                if not zones:
                    return replace(memory, belief=Belief(last_at=at))
                before = carried(before, known, zones)
        distance_m = min([event.distances_m[i] for i in zones])
        if memory.sources and self._says_nothing(memory, reading, distance_m):
            return self._forgotten(memory, at)
        belief = believe(before, Fix(at, distance_m, body.accuracy_m))
        if belief is before:
            return memory
        after = replace(memory, belief=belief)
        if belief.since_at is None or belief.side == before.side:
            return after
        return began(after, reading, belief.side == self.side(), belief.since_at)

    def counting(self, setting: Setting, at: datetime) -> tuple[int, ...]:
        """The zones that count at `at`: during a stay away from home its own, where it has any; each only in its hours."""
        stay = setting.stay(at)
        zones = stay.zones if stay is not None and stay.zones else setting.zones
        closed = [place for place, windows in self.hours if current(windows, setting.tz, at) is None]
        return tuple(place for place in zones if place not in closed) if closed else zones

    def facts(self, memory: Memory, setting: Setting) -> Facts | None:
        """How far from the border, for how long, by how many positions that agree."""
        belief = memory.belief
        if belief is None or belief.side == "unknown" or belief.since_at is None or belief.last_at is None:
            return None
        confirmed = (belief.distance_m > 0.0) == (belief.side == "outside")
        return Facts(
            side=belief.side,
            zones=self.named(setting, belief.last_at),
            distance_m=round(abs(belief.distance_m)) if confirmed else None,
            for_s=int((belief.last_at - belief.since_at).total_seconds()),
            fixes=belief.agreed,
            accuracy_m=round(belief.error_m),
        )

    def named(self, setting: Setting, at: datetime) -> tuple[str, ...]:
        """The ids of the zones that count at `at`."""
        stay = setting.stay(at)
        known = zip(setting.zones, self.zones, strict=False)
        names = dict(zip(stay.zones, stay.names, strict=False)) if stay is not None and stay.zones else dict(known)
        return tuple(names[place] for place in self.counting(setting, at) if place in names)

    def due(self, memory: Memory, setting: Setting) -> datetime | None:
        """As for all that lasts; not while it is unknown where the person is with the zones of today, nor while none counts."""
        if memory.belief is None or memory.belief.side != self.side():
            return None
        return self.opened(super().due(memory, setting), setting)

    def opened(self, due_at: datetime | None, setting: Setting) -> datetime | None:
        """The first moment from `due_at` on at which a zone counts and the rule watches."""
        for _ in range(SPANS_MAX):
            if due_at is None or not self.hours:
                return due_at
            if not self.counting(setting, due_at):
                spans = [upcoming(windows, setting.tz, due_at) for _, windows in self.hours]
                due_at = min([span.start_at for span in spans if span is not None], default=None)
            elif not self.is_active(setting, due_at):
                span = upcoming(self.active, setting.tz, due_at)
                due_at = None if span is None else span.start_at
            else:
                return due_at
        return None

    def _says_nothing(self, memory: Memory, reading: Reading, distance_m: float) -> bool:
        """Whether a fix comes from a device that is not with the person and lies where nothing is wrong.

        What speaks for the condition always counts: a bracelet that travels is with somebody, perhaps with them.
        """
        where = distance_m < 0.0 if self.side() == "outside" else distance_m > 0.0
        return where and is_idle(memory.sources, reading.device, reading.at)

    def _forgotten(self, memory: Memory, at: datetime) -> Memory:
        """Memory without evidence for the condition that has been waiting for long, once such a device contradicts it."""
        belief = memory.belief
        if belief is None or belief.last_at is None or at < belief.last_at + FORGET:
            return memory
        waiting = belief.evidence > 0.0 if self.side() == "outside" else belief.evidence < 0.0
        return replace(memory, belief=replace(belief, evidence=0.0, run=0, run_at=None)) if waiting else memory


def theirs(reading: Reading, setting: Setting) -> bool:
    """Whether the device was the person's when a late fix was made: one that was buffered before says where it was kept."""
    return any(device == reading.device and span.holds(reading.at) for device, span in setting.devices)


def told_of(sources: Switches, reading: Reading, status: Body) -> Switches:
    """What is known of devices after one has told of itself.

    Most say all day that they are worn: that is kept only of those that were not at some time. For the same reason a late one
    that was not is not believed, unless it can be told that nothing newer is known.
    """
    if not isinstance(status, Status):
        return sources
    for name, idle in ((f"{reading.device}/charging", status.charging), (f"{reading.device}/off", negated(status.worn))):
        if idle is None or ((not idle or reading.late_s) and is_on(sources, name) is None):
            continue
        sources = turned(sources, name, idle, reading.at)
    return sources


def negated(said: bool | None) -> bool | None:
    """The contrary of what is known."""
    return None if said is None else not said


def is_idle(sources: Switches, device: str, at: datetime) -> bool:
    """Whether a device was charging or not worn at `at`, as far as is known."""
    idle = (f"{device}/charging=1", f"{device}/off=1")
    return any(known in idle and since_at <= at for known, since_at in sources)


def carried(belief: Belief, old: tuple[int, ...], new: tuple[int, ...]) -> Belief:
    """What a belief about some zones says of others: inside any of fewer is inside any of more, and the other way round."""
    still = old if belief.side == "inside" else new
    if belief.side == "unknown" or not set(still) <= set(new if still is old else old):
        return UNDECIDED
    return Belief(belief.side, belief.since_at, None, belief.agreed)
