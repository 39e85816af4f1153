"""Rule `zone_exit`: the person is believed to be outside all of the rule's zones, or was when they were last seen."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from math import isinf
from typing import ClassVar, Final, Literal

from msgspec.structs import replace

from alarmcore.calendar import Window
from alarmcore.model.alarm import Facts
from alarmcore.outcome import Decision, Outcome
from alarmcore.rules.base import End, Event, Find, Memory, Observed, Resolved, Setting
from alarmcore.rules.lasting import LastingRule
from alarmcore.rules.switches import is_on
from alarmcore.rules.voices import counted, disputed, heard_of, is_doubtful, of_memory
from alarmcore.rules.witness import BATCH_S, Witness, is_safe, lies_inside
from alarmcore.rules.zone import ZoneRule, elapsed_s
from geofence.belief import Belief

LOST: Final = "lost"
"""Among the sources, a switch: on when it has been found that no fix comes, off when one has come since; where nothing is `found`
it is as good as off. No device's switch is named so, since those hold a slash."""

TOGETHER: Final = timedelta(seconds=BATCH_S)

SILENCES_MAX: Final = 1024
"""Pairs of windows and `lost_s` that are kept: far more than municipalities have templates."""


class Silence(LastingRule, frozen=True, kw_only=True):
    """That no fix comes, as something that lasts."""

    limit_s: float

    def limit(self, memory: Memory, setting: Setting) -> float:
        """The fixed limit."""
        del memory, setting
        return self.limit_s


class ZoneExit(ZoneRule, frozen=True, kw_only=True):
    """Fires when belief becomes outside all zones, or is so when the rule's window begins.

    With `lost_s` also when no fix has said for so long where the person is (by measurement), and the newest did not leave them
    inside. Silence alone never makes somebody doubtful who was at home: devices sleep there, and `silent` is about devices.
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
        """Follow the fixes, and how long ago the last one was measured that says where the person is."""
        outcome = super().step(memory, event, setting, now)
        if self.lost_s is None:
            return outcome
        after, decisions = outcome.state, outcome.decisions
        if isinstance(event, Resolved):
            after = self._forgiven(memory, after, now)
        elif isinstance(event, Observed):
            after = self._heard(memory, after, setting, now)
        after, ends = self._back(after)
        if isinstance(event, Observed):
            # Those that come with it may say more.
            return Outcome(self._timed(after, setting, now, now + TOGETHER), (*decisions, *ends))
        after, finds = self._missed(after, setting, now)
        return Outcome(self._timed(after, setting, now, now), (*decisions, *ends, *finds))

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

    def _heard(self, before: Memory, after: Memory, setting: Setting, now: datetime) -> Memory:
        """Memory after a reading: whoever was lost is not, once a device that did not leave them inside says where they are."""
        if is_on(after.sources, LOST) is None or after.devices is before.devices:
            return after
        known, newest = self._silent_since(before, setting, now), self._silent_since(after, setting, now)
        again = newest is None or known is None or newest > known
        return marked(unforgiven(after), False, now) if again else after

    def _missed(self, memory: Memory, setting: Setting, now: datetime) -> tuple[Memory, tuple[Decision, ...]]:
        """Find that no fix has come for too long."""
        due_at, since_at = self._lost_at(memory, setting, now), self._silent_since(memory, setting, now)
        if due_at is None or since_at is None or due_at > now:
            return memory, ()
        again = 0 if is_out(memory) else memory.again
        why = f"{self.lost} again" if again else self.lost
        cause, facts = int(since_at.timestamp() * 1000), self.last_known(memory, setting, now)
        find = Find(why, cause, memory.device, since_at, 0, again, facts)
        return marked(replace(memory, found=True), True, now), (find,)

    def last_known(self, memory: Memory, setting: Setting, now: datetime) -> Facts | None:
        """Where the newest fix left the person, how old it is, and how many others say so."""
        belief = memory.belief
        if belief is None or belief.last_at is None:
            return None
        if isinf(belief.distance_m) or isinf(belief.error_m):
            return Facts(zones=self.named(setting, now), age_s=elapsed_s(belief.last_at, now), lost=True)
        side: Literal["inside", "outside"] = "outside" if belief.distance_m > 0.0 else "inside"
        return Facts(
            side=side,
            zones=self.named(setting, now),
            distance_m=round(abs(belief.distance_m)),
            fixes=belief.agreed if belief.side == side else 0,
            accuracy_m=round(belief.error_m),
            age_s=elapsed_s(belief.last_at, now),
            lost=True,
            disputed=disputed(memory, setting, now),
        )

    def _silent_since(self, memory: Memory, setting: Setting, now: datetime) -> datetime | None:
        """When a fix last said where the person is, of the devices that did not leave them inside; None if all did."""
        speaking = counted(of_memory(memory), memory.sources, self.side(), setting, now)
        newest = max(map(heard_of, speaking), default=now)
        return max([told_at(one) for one in speaking if one.stands or is_doubtful(one, newest, self.side())], default=None)

    def _lost_at(self, memory: Memory, setting: Setting, now: datetime) -> datetime | None:
        """When it is to be found that no fix comes; None when it has been, or when the newest fix left the person inside."""
        if self.lost_s is None or (memory.found and is_on(memory.sources, LOST)):
            return None
        since_at = self._silent_since(memory, setting, now)
        if since_at is None:
            return None
        since = Memory(since_at=since_at, again_at=memory.again_at)
        return self.opened(silence(self.active, self.lost_s).due(since, setting), setting)

    def _timed(self, memory: Memory, setting: Setting, now: datetime, soonest_at: datetime) -> Memory:
        """Memory with the earlier of both timers. A fix that only pushes one ahead leaves it, to ask again when it comes.

        One that has come is not there any more: `LastingRule` takes it away, or says anew when it asks for itself.
        """
        due_at = self._lost_at(memory, setting, now)
        if due_at is None:
            return memory
        due_at = max(due_at, soonest_at)
        return memory if memory.due_at is not None and memory.due_at <= due_at else replace(memory, due_at=due_at)


@lru_cache(maxsize=SILENCES_MAX)
def silence(active: tuple[Window, ...], limit_s: float) -> Silence:
    """A silence that counts in these windows."""
    return Silence(id=LOST, active=active, limit_s=limit_s)


def says_inside(belief: Belief | None) -> bool:
    """Whether what is believed, or the newest fix alone, is that the person is inside."""
    return belief is not None and (is_safe(belief) or lies_inside(belief))


def is_out(memory: Memory) -> bool:
    """Whether the person is believed outside, which is raised again by itself."""
    return bool(memory.holds) and memory.belief is not None and memory.belief.side == "outside"


def told_at(witness: Witness) -> datetime:
    """When a device last said where the person is."""
    return witness.belief.told_at or heard_of(witness)


def unforgiven(memory: Memory) -> Memory:
    """Memory in which no resolved silence waits to be raised again: it is over, and the next one is another."""
    return memory if is_out(memory) or not memory.again else replace(memory, again_at=None, again=0)


def marked(memory: Memory, on: bool | None, at: datetime | None) -> Memory:
    """Memory with the position found lost, heard of since, or (None) neither."""
    others = tuple(source for source in memory.sources if not source[0].startswith(f"{LOST}="))
    return replace(memory, sources=others if on is None or at is None else (*others, (f"{LOST}={int(on)}", at)))
