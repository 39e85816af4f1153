"""Rules about a condition that must hold for a while, inside the rule's active windows, before it is a finding.

A subclass says what a reading means for the condition (`sense`); everything about time is here: counting from the later of the
condition's start and the active window's start, late and disordered readings, raising again after a resolution.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

import msgspec

from alarmcore.calendar import Span, current, upcoming
from alarmcore.model.alarm import Facts
from alarmcore.model.reading import Reading
from alarmcore.outcome import Outcome
from alarmcore.rules.base import End, Event, Find, Memory, Observed, Resolved, Rule, Setting, Woke, cause_of
from alarmcore.rules.signs import is_hers

SPANS_MAX = 64
"""Windows looked ahead for a due moment: a week of nine a day. A limit longer than all of them can never be reached."""


BATCH_S = 60.0
"""In which all has come that a gateway had kept."""


class LastingRule(Rule, frozen=True, kw_only=True):
    """Fires when a condition has lasted as long as its limit."""

    why: ClassVar[str] = ""
    ended: ClassVar[str] = ""
    of_device: ClassVar[bool] = False
    """Whether the condition is one device's, which nobody can end once it is handed over."""

    def limit(self, memory: Memory, setting: Setting) -> float | None:
        """How long, in seconds, what holds must last; None if it may for ever."""
        del memory, setting
        return 0.0

    def patience(self) -> float:
        """Seconds for which what came late, and is due, waits for what may come with it."""
        return 0.0

    def ending(self, after: Memory) -> str:
        """Why what was found is over."""
        del after
        return self.ended

    def sense(self, memory: Memory, event: Observed, setting: Setting) -> Memory:
        """What is now known of the condition; return `memory` itself when the reading says nothing new."""
        raise NotImplementedError

    def facts(self, memory: Memory, setting: Setting, now: datetime) -> Facts | None:
        """What a finding rests on, in numbers, where a rule has such."""
        del memory, setting, now
        return None

    def step(self, memory: Memory, event: Event, setting: Setting, now: datetime) -> Outcome[Memory]:
        """Follow the condition and find it once it has lasted."""
        match event:
            case Observed():
                after = self.sense(memory, event, setting)
                if after is memory:
                    return Outcome(memory)
                return self._moved(memory, after, event.reading, setting, now)
            case Woke():
                return self._settle(memory if memory.found else self.standing(memory, setting, now), None, setting, now)
            case Resolved():
                return self._resolved(memory, setting, now)

    def _moved(self, before: Memory, after: Memory, reading: Reading | None, setting: Setting, now: datetime) -> Outcome[Memory]:
        if after.holds == before.holds and after.since_at == before.since_at:
            # Without the timer it had, the same stretch is to be timed anew: its limit is another.
            retimed = before.due_at is not None and after.due_at is None
            return self._settle(after, reading, setting, now) if retimed else Outcome(after)
        if only_later(before, after, now):
            return Outcome(after)
        fresh = msgspec.structs.replace(after, found=False, again_at=None, again=0)
        settled = self._settle(fresh, reading, setting, now)
        # One that is found anew at once has not ended: another door, another battery, the other limit.
        ended = (End(self.ending(after)),) if before.found and not settled.state.found else ()
        return Outcome(settled.state, ended + settled.decisions)

    def _settle(self, memory: Memory, reading: Reading | None, setting: Setting, now: datetime) -> Outcome[Memory]:
        """Find the condition if its time has come, else say when that will be."""
        if not memory.holds or memory.found or memory.since_at is None:
            return Outcome(memory if memory.due_at is None else msgspec.structs.replace(memory, due_at=None))
        due_at = self.due(memory, setting)
        if reading is not None and reading.late_s and due_at is not None and due_at <= now:
            due_at = now + timedelta(seconds=self.patience())
        if due_at is None or due_at > now:
            return Outcome(memory if memory.due_at == due_at else msgspec.structs.replace(memory, due_at=due_at))
        late_s = reading.late_s if reading else self._waited_s(memory.since_at, due_at, now)
        why = f"{self.why} again" if memory.again else self.why
        find = Find(why, memory.cause, memory.device, memory.since_at, late_s, memory.again, self.facts(memory, setting, now))
        return Outcome(msgspec.structs.replace(memory, found=True, due_at=None), (find,))

    def _waited_s(self, since_at: datetime, due_at: datetime, now: datetime) -> int:
        """How late came what has been waiting for more to come; 0 for a timer that is asked in time."""
        patience = timedelta(seconds=self.patience())
        return int((now - patience - since_at).total_seconds()) if patience and now - due_at >= patience else 0

    def _resolved(self, memory: Memory, setting: Setting, now: datetime) -> Outcome[Memory]:
        if not (memory.holds and memory.found):
            return Outcome(memory)
        again_at = now + timedelta(seconds=self.again_s)
        waiting = msgspec.structs.replace(memory, found=False, again_at=again_at, again=memory.again + 1)
        return self._settle(self.standing(waiting, setting, now), None, setting, now)

    def standing(self, memory: Memory, setting: Setting, now: datetime) -> Memory:
        """Memory, which has found nothing (yet, or any more), of what may still be said to hold.

        What a device said last that was handed over or taken away will never be taken back, and is not raised again.
        """
        if not self.of_device or not memory.again or is_hers(memory.device, setting, now):
            return memory
        return unknown(memory)

    def due(self, memory: Memory, setting: Setting) -> datetime | None:
        """When the condition will have lasted: the first such moment inside an active window, or None if there is none."""
        since_at, not_before = memory.since_at, memory.again_at
        limit_s = self.limit(memory, setting)
        if since_at is None or limit_s is None:
            return None
        limit = timedelta(seconds=limit_s)
        if not self.active:
            due_at = since_at + limit
            return due_at if not_before is None or due_at > not_before else not_before
        from_at = since_at if not_before is None else max(since_at, not_before)
        span = current(self.active, setting.tz, from_at) or upcoming(self.active, setting.tz, from_at)
        for _ in range(SPANS_MAX):
            if span is None:
                return None
            inside_at = due_in(span, since_at, limit, not_before)
            if inside_at is not None:
                return inside_at
            span = upcoming(self.active, setting.tz, span.start_at)
        return None


def due_in(span: Span, since_at: datetime, limit: timedelta, not_before: datetime | None) -> datetime | None:
    """When a condition that began at `since_at` has lasted `limit` within `span`, or None if the span ends before."""
    due_at = max(since_at, span.start_at) + limit
    if not_before is not None and not_before > due_at:
        due_at = not_before
    return due_at if due_at < span.end_at else None


def only_later(before: Memory, after: Memory, now: datetime) -> bool:
    """Whether a condition that was waited for merely began later than thought.

    Then its timer stays where it is and asks again when it comes: readings that only push a timer ahead are the common case
    (every motion, every heartbeat), and moving it each time would cost more than the one needless question.
    """
    waiting = before.holds and after.holds and before.due_at is not None and before.due_at > now
    if not waiting or after.due_at is None or before.found or before.again_at is not None:
        return False
    return before.since_at is not None and after.since_at is not None and after.since_at >= before.since_at


def switched(memory: Memory, reading: Reading, holds: bool) -> Memory:
    """Memory after a reading that plainly says whether the condition holds; an older one than already used says nothing."""
    if memory.heard_at is not None and reading.at < memory.heard_at:
        return memory
    if memory.holds == holds:
        return memory if memory.heard_at == reading.at else msgspec.structs.replace(memory, heard_at=reading.at)
    return began(memory, reading, holds, reading.at)


def unknown(memory: Memory) -> Memory:
    """Memory of a condition of which nothing is known any more. Nobody is told that it has ended."""
    return msgspec.structs.replace(memory, holds=None, found=False, due_at=None, again_at=None, again=0)


def began(memory: Memory, reading: Reading, holds: bool, since_at: datetime) -> Memory:
    """Memory of a new stretch that `reading` began at `since_at`."""
    return msgspec.structs.replace(
        memory,
        holds=holds,
        since_at=since_at,
        heard_at=reading.at,
        cause=cause_of(reading),
        device=reading.device,
    )
