"""Rule `zone_exit`: the person is believed to be outside all of the rule's zones, or was when they were last seen."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import ClassVar, Final

from msgspec.structs import replace

from alarmcore.calendar import Window
from alarmcore.model.reading import Position
from alarmcore.outcome import Decision, Outcome
from alarmcore.rules.base import End, Event, Find, Memory, Observed, Resolved, Setting
from alarmcore.rules.lasting import LastingRule
from alarmcore.rules.switches import is_on
from alarmcore.rules.zone import ZoneRule, theirs
from geofence.belief import DOUBT, Belief

LOST: Final = "lost"
"""Among the sources, a switch: on when it has been found that no fix comes, off when one has come since; where nothing is `found`
it is as good as off. No device's switch is named so, since those hold a slash."""

SILENCES_MAX: Final = 1024
"""Pairs of windows and `lost_s` that are kept: far more than municipalities have templates."""


class Silence(LastingRule, frozen=True, kw_only=True):
    """That no fix comes, as something that lasts."""

    limit_s: float

    def limit(self) -> float:
        """The fixed limit."""
        return self.limit_s


class ZoneExit(ZoneRule, frozen=True, kw_only=True):
    """Fires when belief becomes outside all zones, or is so when the rule's window begins.

    With `lost_s` also when no fix has come for so long (by receipt) and the newest did not leave the person inside. Silence
    alone never makes somebody doubtful who was at home: devices sleep there, and `silent` is the rule about devices.
    """

    kind: ClassVar[str] = "zone_exit"
    why: ClassVar[str] = "outside_all_zones"
    lost: ClassVar[str] = "position_lost"
    ended: ClassVar[str] = "inside_a_zone"

    lost_s: float | None = None

    def side(self) -> str:
        """Being outside is the condition."""
        return "outside"

    def step(self, memory: Memory, event: Event, setting: Setting, now: datetime) -> Outcome[Memory]:
        """Follow the belief, and how long ago the last fix came."""
        outcome = super().step(memory, event, setting, now)
        if self.lost_s is None:
            return outcome
        after, decisions = outcome.state, outcome.decisions
        if isinstance(event, Resolved):
            after = self._forgiven(memory, after, now)
        elif isinstance(event, Observed):
            after = heard(memory, after, event, setting)
        after, ends = self._back(after)
        after, finds = self._missed(after, setting, now)
        return Outcome(self._timed(after, setting), (*decisions, *ends, *finds))

    def _forgiven(self, before: Memory, after: Memory, now: datetime) -> Memory:
        """Somebody who was found lost and nothing else waits to be found again, as a condition that holds does."""
        if after is not before or not before.found:
            return after
        return replace(after, found=False, again_at=now + timedelta(seconds=self.again_s), again=after.again + 1)

    def _back(self, memory: Memory) -> tuple[Memory, tuple[Decision, ...]]:
        """Somebody who was lost, and not believed outside, is not lost any more once a fix has come that says inside."""
        if is_on(memory.sources, LOST) is not False or is_out(memory) or not says_inside(memory.belief):
            return memory, ()
        found = memory.found
        return marked(unforgiven(replace(memory, found=False)), None, None), (End(self.ended),) if found else ()

    def _missed(self, memory: Memory, setting: Setting, now: datetime) -> tuple[Memory, tuple[Decision, ...]]:
        """Find that no fix has come for too long."""
        due_at, heard_at = self._lost_at(memory, setting), memory.heard_at
        if due_at is None or heard_at is None or due_at > now:
            return memory, ()
        again = 0 if is_out(memory) else memory.again
        why = f"{self.lost} again" if again else self.lost
        find = Find(why, int(heard_at.timestamp() * 1000), memory.device, heard_at, 0, again, self.facts(memory, setting))
        return marked(replace(memory, found=True), True, now), (find,)

    def _lost_at(self, memory: Memory, setting: Setting) -> datetime | None:
        """When it is to be found that no fix comes; None when it has been, or when the newest fix left the person inside."""
        if self.lost_s is None or memory.heard_at is None or is_safe(memory.belief):
            return None
        if memory.found and is_on(memory.sources, LOST):
            return None
        since = Memory(since_at=memory.heard_at, again_at=memory.again_at)
        return self.opened(silence(self.active, self.lost_s).due(since, setting), setting)

    def _timed(self, memory: Memory, setting: Setting) -> Memory:
        """Memory with the earlier of both timers. A fix that only pushes one ahead leaves it, to ask again when it comes.

        One that has come is not there any more: `LastingRule` takes it away, or says anew when it asks for itself.
        """
        due_at = self._lost_at(memory, setting)
        if due_at is None or (memory.due_at is not None and memory.due_at <= due_at):
            return memory
        return replace(memory, due_at=due_at)


@lru_cache(maxsize=SILENCES_MAX)
def silence(active: tuple[Window, ...], limit_s: float) -> Silence:
    """A silence that counts in these windows."""
    return Silence(id=LOST, active=active, limit_s=limit_s)


def is_safe(belief: Belief | None) -> bool:
    """Whether the newest fix left the person inside, or likely so where nothing was known before. Nobody seen is not missed."""
    if belief is None:
        return True
    if belief.side == "inside":
        return abs(belief.evidence) < DOUBT
    return belief.side == "unknown" and (belief.evidence <= -DOUBT or lies_inside(belief))


def lies_inside(belief: Belief) -> bool:
    """Whether the newest fix lies inside by as much as it is taken to be off."""
    return belief.distance_m <= -belief.error_m < 0.0


def says_inside(belief: Belief | None) -> bool:
    """Whether what is believed, or the newest fix alone, is that the person is inside."""
    return belief is not None and (is_safe(belief) or lies_inside(belief))


def is_out(memory: Memory) -> bool:
    """Whether the person is believed outside, which is raised again by itself."""
    return bool(memory.holds) and memory.belief is not None and memory.belief.side == "outside"


def heard(before: Memory, after: Memory, event: Observed, setting: Setting) -> Memory:
    """Memory after a reading: a fix has come if it is newer than what was known, also one that says nothing of the person."""
    reading = event.reading
    if not isinstance(reading.body, Position) or not event.positioned or (reading.late_s and not theirs(reading, setting)):
        return after
    last_at = None if before.belief is None else before.belief.last_at
    if last_at is not None and reading.at <= last_at:
        return after
    after = replace(after, heard_at=reading.received_at)
    return after if is_on(after.sources, LOST) is None else marked(unforgiven(after), False, reading.received_at)


def unforgiven(memory: Memory) -> Memory:
    """Memory in which no resolved silence waits to be raised again: it is over, and the next one is another."""
    return memory if is_out(memory) or not memory.again else replace(memory, again_at=None, again=0)


def marked(memory: Memory, on: bool | None, at: datetime | None) -> Memory:
    """Memory with the position found lost, heard of since, or (None) neither."""
    others = tuple(source for source in memory.sources if not source[0].startswith(f"{LOST}="))
    return replace(memory, sources=others if on is None or at is None else (*others, (f"{LOST}={int(on)}", at)))
