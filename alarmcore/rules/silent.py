"""Rule `silent`: nothing at all has been received from one of the person's devices for longer than the limit."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import msgspec

from alarmcore.model.reading import BODIES
from alarmcore.outcome import Outcome
from alarmcore.rules.base import End, Event, Memory, Observed, Resolved, Setting, Woke
from alarmcore.rules.lasting import LastingRule


class Silent(LastingRule, frozen=True, kw_only=True):
    """Fires when one of the person's devices has not been heard for `limit_s`. It counts receipt, not measurement.

    A device that was never heard is unknown, and an unknown state never starts a condition. `sources` holds when each
    device was last heard; the condition is that of the device that has been quiet longest.
    """

    kind: ClassVar[str] = "silent"
    hears: ClassVar[frozenset[str]] = frozenset(BODIES)
    why: ClassVar[str] = "silent_too_long"
    ended: ClassVar[str] = "heard_again"

    limit_s: float
    priority: str = "technical"

    def limit(self) -> float:
        """The fixed limit."""
        return self.limit_s

    def step(self, memory: Memory, event: Event, setting: Setting, now: datetime) -> Outcome[Memory]:
        """Follow the quietest device. A reading only notes the time: the timer, when it comes, asks who was heard since."""
        match event:
            case Observed():
                return self._heard(memory, event, setting, now)
            case Woke():
                return self._settle(self._quietest(memory, setting, now), None, setting, now)
            case Resolved():
                return self._resolved(memory, setting, now)

    def _heard(self, memory: Memory, event: Observed, setting: Setting, now: datetime) -> Outcome[Memory]:
        reading = event.reading
        sources = heard(memory.sources, reading.device, reading.received_at)
        after = msgspec.structs.replace(memory, sources=sources)
        if memory.holds and reading.device != memory.device:
            return Outcome(after)
        if not memory.found and memory.again_at is None and memory.holds:
            return Outcome(after)
        ended = () if not (memory.found or memory.again_at) else self._ended(memory)
        after = msgspec.structs.replace(after, found=False, again_at=None, again=0)
        settled = self._settle(self._quietest(after, setting, now), None, setting, now)
        return Outcome(settled.state, ended + settled.decisions)

    def _ended(self, memory: Memory) -> tuple[object, ...]:
        return (End(self.ended),) if memory.found else ()

    def _quietest(self, memory: Memory, setting: Setting, now: datetime) -> Memory:
        """Memory about the device that has been quiet longest, of those that are still the person's."""
        if memory.found or memory.again_at is not None:
            return memory
        gone = {device for device, until in setting.devices if until is not None and until <= now}
        known = {device for device, _ in setting.devices} - gone
        left = [(at, device) for device, at in memory.sources if device in known]
        if not left:
            return msgspec.structs.replace(memory, holds=None, since_at=None, due_at=None)
        since_at, device = min(left)
        return msgspec.structs.replace(
            memory, holds=True, since_at=since_at, device=device, cause=int(since_at.timestamp() * 1000)
        )


def heard(sources: tuple[tuple[str, datetime], ...], device: str, at: datetime) -> tuple[tuple[str, datetime], ...]:
    """`sources` with `device` last heard at `at`."""
    for place, (name, _) in enumerate(sources):
        if name == device:
            return (*sources[:place], (device, at), *sources[place + 1 :])
    return (*sources, (device, at))
