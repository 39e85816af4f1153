"""Rule `sensor_fault`: a sensor of the home is silent, stuck or chattering; and too many alarms of one device are one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar, Final

from msgspec.structs import replace

from alarmcore.calendar import upcoming
from alarmcore.model.alarm import Facts
from alarmcore.outcome import Outcome
from alarmcore.rules.base import End, Event, Find, Memory, Observed, Resolved, Rule, Setting, Woke
from alarmcore.sensors import Fault, Health, Limits, found, heard, judged, owned, passed

STUCK_S: Final = 36 * 3600.0
"""Nobody lies longer who moves about the home meanwhile: a night, the day after, and half of the next night."""

DEAD_S: Final = 2 * 86400.0
"""A device without news for a day may have lost its gateway; two days are time enough to send somebody with a battery."""

AGAIN_S: Final = 86400.0
"""A sensor is rarely mended within the hour in which somebody has taken note; told daily, nobody forgets it."""

FINDS_MAX: Final = 4
"""Alarms and repeats in an hour by one device's readings: beyond, people stop reading them. Each may be a real one once."""

NOTHING: Final = Health()


class SensorFault(Rule, frozen=True, kw_only=True):
    """Fires once for each sensor that is faulty, naming it; over when all behave again.

    It decides nothing about the person: readings of a faulty sensor are seen by all other rules as before.
    """

    kind: ClassVar[str] = "sensor_fault"
    hears: ClassVar[frozenset[str]] = frozenset(
        {"motion", "bed", "door", "floor", "measurement", "medication", "status", "heartbeat"}
    )
    why: ClassVar[str] = "sensor_silent"
    """One of them; the others are the words of `alarmcore.sensors`."""
    ended: ClassVar[str] = "sensor_behaves"

    priority: str = "technical"
    again_s: float = AGAIN_S
    stuck_s: float = STUCK_S
    dead_s: float = DEAD_S
    chatter_per_hour: float | None = None

    def step(self, memory: Memory, event: Event, setting: Setting, now: datetime) -> Outcome[Memory]:
        """Follow every sensor; all of them are looked at once in each hour in which somebody moves."""
        before = memory.health or NOTHING
        match event:
            case Observed():
                limits = Limits(self.stuck_s, self.dead_s, self.chatter_per_hour)
                health = heard(before, event.reading, limits)
                if health.lived != before.lived:
                    health = judged(owned(health, owners(setting, now)), limits, now)
                if health is before:
                    return Outcome(memory)
                if not health.faults and not before.faults:
                    return Outcome(replace(memory, health=health))
                return self._said(memory, health, setting, now)
            case Woke():
                return self._asked(memory, passed(before, now), setting, now)
            case Resolved():
                if not memory.found:
                    return Outcome(memory)
                again_at = now + timedelta(seconds=self.again_s)
                return Outcome(self._timed(replace(memory, found=False, again_at=again_at, again=memory.again + 1)))

    def counted(
        self, memory: Memory, device: str, setting: Setting, now: datetime
    ) -> tuple[Memory, datetime | None, tuple[Find, ...]]:
        """One more alarm by a device's readings: until when it waits, if there were too many, and what is found then."""
        health, until = found(memory.health or NOTHING, device, FINDS_MAX, now)
        outcome = self._said(memory, health, setting, now)
        return outcome.state, until, outcome.decisions

    def _said(self, memory: Memory, health: Health, setting: Setting, now: datetime) -> Outcome[Memory]:
        """Say what is new of the faults, and when all are over."""
        known = {(one.name, one.since_at) for one in memory.health.faults} if memory.health else set()
        new = tuple(one for one in health.faults if (one.name, one.since_at) not in known)
        after = replace(memory, health=health)
        if not health.faults:
            over = (End(self.ended),) if known else ()
            return Outcome(replace(after, found=False, again_at=None, again=0, due_at=None), over)
        if not new:
            return Outcome(self._timed(after))
        if not self.is_active(setting, now):
            span = upcoming(self.active, setting.tz, now)
            return Outcome(self._timed(replace(after, again_at=after.again_at or (span.start_at if span else None))))
        return Outcome(self._timed(replace(after, found=True)), tuple(self._find(one, 0, now) for one in new))

    def _asked(self, memory: Memory, health: Health, setting: Setting, now: datetime) -> Outcome[Memory]:
        """What has passed is over; what persists after its alarm was resolved is found again, in the rule's windows."""
        said = self._said(memory, health, setting, now)
        after = said.state
        if after.again_at is None or after.again_at > now:
            return said
        if not self.is_active(setting, now):
            span = upcoming(self.active, setting.tz, now)
            return Outcome(self._timed(replace(after, again_at=span.start_at if span else None)), said.decisions)
        finds = tuple(self._find(one, memory.again, now) for one in health.faults)
        return Outcome(self._timed(replace(after, found=True, again_at=None)), (*said.decisions, *finds))

    def _timed(self, memory: Memory) -> Memory:
        """Memory that asks to be woken when a fault passes by itself, or may be found again."""
        faults = memory.health.faults if memory.health else ()
        dues = [at for at in (memory.again_at, *(one.until for one in faults)) if at is not None]
        due_at = min(dues, default=None)
        return memory if due_at == memory.due_at else replace(memory, due_at=due_at)

    def _find(self, fault: Fault, again: int, now: datetime) -> Find:
        for_s = max(int((now - fault.since_at).total_seconds()), 0)
        facts = Facts(for_s=for_s, device=fault.device, fault=fault.why, count=fault.count or None)
        why = f"{fault.why} again" if again else fault.why
        return Find(why, int(fault.since_at.timestamp() * 1000), fault.device, fault.since_at, 0, again, facts)


def owners(setting: Setting, now: datetime) -> frozenset[str]:
    """The devices that are the person's now."""
    return frozenset(device for device, span in setting.devices if span.holds(now))
