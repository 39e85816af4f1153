"""Rule `sensor_fault`: a sensor of the home is silent, stuck or chattering; and too many alarms of one device are one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar, Final

from msgspec.structs import replace

from alarmcore.calendar import upcoming
from alarmcore.model.alarm import Facts
from alarmcore.outcome import Outcome
from alarmcore.rules.base import End, Event, Find, Memory, Observed, Resolved, Rule, Setting, Woke
from alarmcore.sensors import NEVER, Fault, Health, Limits, awaited, found, heard, judged, owned, passed

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
    """Fires once for each device that is faulty, naming it: its own alarm, one after the other; over when that one behaves again.

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
        """Follow every sensor; all of them are looked at once in each hour in which somebody moves.

        `found`: an alarm is open, about a fault of `device`, which `holds` still or not.
        """
        before = memory.health or NOTHING
        match event:
            case Observed():
                limits = Limits(self.stuck_s, self.dead_s, self.chatter_per_hour)
                health = heard(before, event.reading, limits)
                if health.lived != before.lived:
                    health = judged(awaited(owned(health, owners(setting, now)), kinds(setting, now), now), limits, now)
                if health is before:
                    return Outcome(memory)
                if health.faults == before.faults:
                    return Outcome(replace(memory, health=health))
                return self._said(memory, health, setting, now)
            case Woke():
                return self._asked(memory, passed(before, now), setting, now)
            case Resolved():
                return self._resolved(memory, setting, now)

    def counted(
        self, memory: Memory, device: str, setting: Setting, now: datetime
    ) -> tuple[Memory, datetime | None, tuple[Find, ...]]:
        """One more alarm by a device's readings: until when it waits, if there were too many, and what is found then."""
        health, until = found(memory.health or NOTHING, device, FINDS_MAX, now)
        outcome = self._said(memory, health, setting, now)
        return outcome.state, until, outcome.decisions

    def _said(self, memory: Memory, health: Health, setting: Setting, now: datetime) -> Outcome[Memory]:
        """Say what is new of the faults, and when what was found is over."""
        known = {(one.name, one.since_at) for one in memory.health.faults} if memory.health else set()
        over = self._over(memory, health)
        after = replace(over.state, health=health)
        if not health.faults:
            return Outcome(self._timed(replace(after, again_at=None)), over.decisions)
        new = [one for one in health.faults if (one.name, one.since_at) not in known]
        if new and not self.is_active(setting, now):
            span = upcoming(self.active, setting.tz, now)
            after = replace(after, again_at=after.again_at or (span.start_at if span else None))
            return Outcome(self._timed(after), over.decisions)
        decisions = list(over.decisions)
        for fault in new:
            after, finds = self._found(after, fault, now)
            decisions += finds
        return Outcome(self._timed(after), tuple(decisions))

    def _over(self, memory: Memory, health: Health) -> Outcome[Memory]:
        """Whether the device that the open alarm is about works again; without an open one, whether all do."""
        had = memory.health.faults if memory.health else ()
        if memory.found and memory.device:
            if not memory.holds or any(one.device == memory.device for one in health.faults):
                return Outcome(memory)
        elif not had or health.faults:
            return Outcome(memory)
        return Outcome(replace(memory, holds=False), (End(self.ended),))

    def _found(self, memory: Memory, fault: Fault, now: datetime) -> tuple[Memory, tuple[Find, ...]]:
        """Find a new fault; while an alarm about another device is open, only as its repeat: it has its own alarm after that.

        A second fault of the same device is none to be told of, but that its alarms are held back.
        """
        if memory.found and memory.device and memory.device != fault.device:
            return memory, (replace(self._find(fault, now), facts=None),)
        same = _told(memory, fault.device)
        after = replace(_telling(memory, fault.device), found=True, holds=True, device=fault.device)
        return after, () if same and fault.why != "alarms_folded" else (self._find(fault, now),)

    def _next(self, memory: Memory, now: datetime) -> tuple[Memory, tuple[Find, ...]]:
        """Find the first fault of which nobody was told, where no alarm is open."""
        waiting = [one for one in memory.health.faults if not one.told] if memory.health else []
        return (memory, ()) if memory.found or not waiting else self._found(memory, waiting[0], now)

    def _resolved(self, memory: Memory, setting: Setting, now: datetime) -> Outcome[Memory]:
        """What somebody has seen to is found again later; a fault that has waited behind it has its own alarm now."""
        if not memory.found:
            return Outcome(memory)
        # Of an alarm from before each fault had its own, all was told.
        after = memory if memory.device else _telling(memory, None)
        again_at = now + timedelta(seconds=self.again_s)
        again_at = again_at if memory.again_at is None else min(memory.again_at, again_at)
        faults = after.health.faults if after.health else ()
        after = replace(after, found=False, holds=None, device="", again_at=again_at if faults else None)
        if not self.is_active(setting, now):
            return Outcome(self._timed(after))
        after, finds = self._next(after, now)
        return Outcome(self._timed(after), finds)

    def _asked(self, memory: Memory, health: Health, setting: Setting, now: datetime) -> Outcome[Memory]:
        """What has passed is over; what persists after its alarm was resolved is found again, in the rule's windows."""
        said = self._said(memory, health, setting, now)
        after = said.state
        if after.again_at is None or after.again_at > now:
            return said
        if not self.is_active(setting, now):
            span = upcoming(self.active, setting.tz, now)
            return Outcome(self._timed(replace(after, again_at=span.start_at if span else None)), said.decisions)
        after, finds = self._next(_forgotten(replace(after, again_at=None)), now)
        return Outcome(self._timed(after), (*said.decisions, *finds))

    def _timed(self, memory: Memory) -> Memory:
        """Memory that asks to be woken when a fault passes by itself, or may be found again."""
        faults = memory.health.faults if memory.health else ()
        dues = [at for at in (memory.again_at, *(one.until for one in faults)) if at is not None]
        due_at = min(dues, default=None)
        return memory if due_at == memory.due_at else replace(memory, due_at=due_at)

    def _find(self, fault: Fault, now: datetime) -> Find:
        # Of one that was never heard nobody knows since when.
        for_s = 0 if fault.name.endswith(f"/{NEVER}") else max(int((now - fault.since_at).total_seconds()), 0)
        facts = Facts(for_s=for_s, device=fault.device, fault=fault.why, count=fault.count or None)
        why = f"{fault.why} again" if fault.again else fault.why
        return Find(why, int(fault.since_at.timestamp() * 1000), fault.device, fault.since_at, 0, fault.again, facts)


def _told(memory: Memory, device: str) -> bool:
    """Whether somebody was told of a fault of this device that is there still."""
    return memory.health is not None and any(one.told and one.device == device for one in memory.health.faults)


def _telling(memory: Memory, device: str | None) -> Memory:
    """Memory once the faults of a device (None: of all) are told."""
    if memory.health is None:
        return memory
    faults = tuple(replace(one, told=True) if device in {None, one.device} else one for one in memory.health.faults)
    return replace(memory, health=replace(memory.health, faults=faults))


def _forgotten(memory: Memory) -> Memory:
    """Memory in which what was told is to be told again, but for what the open alarm is about."""
    if memory.health is None:
        return memory
    about = memory.device if memory.found else None
    faults = tuple(
        replace(one, told=False, again=one.again + 1) if one.told and one.device != about else one for one in memory.health.faults
    )
    return replace(memory, health=replace(memory.health, faults=faults))


def kinds(setting: Setting, now: datetime) -> dict[str, str]:
    """The kinds of the devices that are the person's now, by id, where they are known."""
    known = zip(setting.devices, setting.kinds, strict=True) if setting.kinds else ()
    return {device: kind for (device, span), kind in known if span.holds(now)}


def owners(setting: Setting, now: datetime) -> frozenset[str]:
    """The devices that are the person's now."""
    return frozenset(device for device, span in setting.devices if span.holds(now))
