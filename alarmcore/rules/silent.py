"""Rule `silent`: nothing at all has been received from one of the person's devices for longer than the limit."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from msgspec.structs import replace

from alarmcore.model.reading import BODIES
from alarmcore.outcome import Outcome
from alarmcore.rules.base import BLANK, End, Event, Find, Memory, Observed, Resolved, Setting, Woke
from alarmcore.rules.lasting import LastingRule

FOUND = "!"
"""Ends the name of a device that has been found silent; no id holds it."""


class Silent(LastingRule, frozen=True, kw_only=True):
    """Fires when one of the person's devices has not been heard for `limit_s`. It counts receipt, not measurement.

    A device that was never heard is unknown, and an unknown state never starts a condition. Each device that falls silent
    is a finding; over is when all of those are heard again. `sources` holds when each device was last heard.
    """

    kind: ClassVar[str] = "silent"
    hears: ClassVar[frozenset[str]] = frozenset(BODIES)
    why: ClassVar[str] = "silent_too_long"
    ended: ClassVar[str] = "heard_again"

    limit_s: float
    priority: str = "technical"

    def limit(self, memory: Memory, setting: Setting) -> float:
        """The fixed limit."""
        del memory, setting
        return self.limit_s

    def step(self, memory: Memory, event: Event, setting: Setting, now: datetime) -> Outcome[Memory]:
        """Follow every device. A reading mostly only notes the time: the timer, when it comes, asks who was heard since."""
        match event:
            case Observed():
                return self._heard(memory, event, setting, now)
            case Woke():
                return self._asked(memory, setting, now)
            case Resolved():
                if not memory.found:
                    return Outcome(memory)
                again_at = now + timedelta(seconds=self.again_s)
                return self._asked(replace(memory, found=False, again_at=again_at, again=memory.again + 1), setting, now)

    def _heard(self, memory: Memory, event: Observed, setting: Setting, now: datetime) -> Outcome[Memory]:
        device, at = event.reading.device, event.reading.received_at
        sources = memory.sources
        for place, (name, _) in enumerate(sources):
            if name == device:
                after = replace(memory, sources=(*sources[:place], (device, at), *sources[place + 1 :]))
                return Outcome(after) if memory.due_at is not None else self._asked(after, setting, now)
        others = tuple(source for source in sources if source[0] != device + FOUND)
        after = replace(memory, sources=(*others, (device, at)))
        if len(others) == len(sources) or any(name.endswith(FOUND) for name, _ in others):
            return self._asked(after, setting, now)
        settled = self._asked(replace(after, found=False, again_at=None, again=0), setting, now)
        return Outcome(settled.state, (End(self.ended), *settled.decisions) if memory.found else settled.decisions)

    def _asked(self, memory: Memory, setting: Setting, now: datetime) -> Outcome[Memory]:
        """Find the devices that have been silent for too long by now, the longest first, and say when to be asked again."""
        sources, found, dues = [], [], []
        for at, name in sorted((at, name) for name, at in memory.sources):
            device, known = name.removesuffix(FOUND), name.endswith(FOUND)
            if not any(one == device and span.holds(now) for one, span in setting.devices):
                continue  # no longer this person's
            if known and memory.again_at is None:
                sources.append((name, at))
                continue
            due_at = self.due(replace(BLANK, since_at=at, again_at=memory.again_at if known else None), setting)
            is_due = due_at is not None and due_at <= now
            sources.append((device + FOUND if is_due else name, at))
            if is_due:
                why, again = (f"{self.why} again", memory.again) if known else (self.why, 0)
                found.append((known, Find(why, int(at.timestamp() * 1000), device, at, 0, again)))
            elif due_at is not None:
                dues.append(due_at)
        silent = any(name.endswith(FOUND) for name, _ in sources)
        again_at = None if not silent or any(known for known, _ in found) else memory.again_at
        is_found = silent and (memory.found or bool(found))
        after = replace(
            memory,
            sources=tuple(sources),
            due_at=min(dues, default=None),
            found=is_found,
            again_at=again_at,
        )
        return Outcome(after, tuple(find for _, find in found))
