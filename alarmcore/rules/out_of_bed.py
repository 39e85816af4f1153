"""Rule `out_of_bed`: nobody in the bed for longer than the limit, or for longer than is usual for this person at this hour."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar, Final

from msgspec.structs import replace

from alarmcore.calendar import current, instant, upcoming
from alarmcore.model.alarm import Facts
from alarmcore.model.reading import Bed, Reading
from alarmcore.outcome import Outcome
from alarmcore.rules.base import Memory, Observed, Setting
from alarmcore.rules.lasting import BATCH_S, LastingRule, began, switched
from alarmcore.rules.signs import clocked, hour_of, is_hers, sign_of
from alarmcore.rules.switches import Switches, turned
from alarmcore.usual import bed, endings, evening
from alarmcore.usual.bed import Past
from alarmcore.usual.bounds import KNOWN_MIN, Usual, said
from alarmcore.usual.drift import night_of
from alarmcore.usual.evening import Evening
from alarmcore.usual.leave import Leave

NOTHING: Final = Past()

LATER_S: Final = 6 * 3600.0
"""How much later than at their hour somebody may be missed in bed, when the rule begins to watch then: the same night."""

HEARD: Final = "@"
"""Ends the name of the switch that says when a mat last spoke; no id holds it."""


class OutOfBed(LastingRule, frozen=True, kw_only=True):
    """Fires when the bed has been empty for `limit_s`.

    With `usual`, when it has been left for longer than this person is usually away from it at this hour, and nothing says that
    they are up for the day; or when they are, and nothing more is heard of them for longer than in their mornings. Then all the
    person's mats are one bed, and what the home's other sensors say is heard.
    """

    kind: ClassVar[str] = "out_of_bed"
    hears: ClassVar[frozenset[str]] = frozenset({"bed"})
    others: ClassVar[frozenset[str]] = frozenset({"bed", "motion", "door"})
    why: ClassVar[str] = "out_of_bed_too_long"
    ended: ClassVar[str] = "back_in_bed"
    of_device: ClassVar[bool] = True

    limit_s: float | None = None
    usual: Usual | None = None

    def hearing(self) -> frozenset[str]:
        """The bed; the home's other sensors where the usual is learned."""
        return self.hears if self.usual is None else self.others

    def limit(self, memory: Memory, setting: Setting) -> float | None:
        """The fixed limit, or the learned one for the hour at which the bed was left."""
        if self.usual is None or memory.since_at is None:
            return self.limit_s or 0.0
        past = memory.past or NOTHING
        if past.day_at is not None:
            return bed.followed_s(past, memory.since_at, self.usual)
        return bed.limit_s(past, memory.since_at, hour_of(memory.since_at, setting), self.usual)

    def due(self, memory: Memory, setting: Setting) -> datetime | None:
        """As for all that lasts; but who has been up since long before the hours begin has got up for the day.

        Nor is who is plainly up followed any longer than their morning lasts.
        """
        if memory.past is not None and memory.past.evening.awaited:
            return self._late_at(memory, memory.past.evening, setting)
        due_at = super().due(memory, setting)
        if self.usual is None or due_at is None or memory.since_at is None or memory.again_at is not None:
            return due_at
        is_up = memory.past is not None and memory.past.day_at is not None
        latest_s = endings.MORNING_S if is_up else max(self.usual.max_s, bed.RETURN_S)
        return due_at if due_at <= memory.since_at + timedelta(seconds=latest_s) else None

    def _late_at(self, memory: Memory, known: Evening, setting: Setting) -> datetime | None:
        """When somebody who has not gone to bed this night is missed there: once, while the rule watches."""
        local = evening.late_at(known, known.awaited, self.usual.once_in_days) if self.usual is not None else None
        if local is None or known.door_at is not None or not known.is_known():
            return None
        at = evening.missed_at(known, instant(setting.tz, local))
        if not evening.is_evening(hour_of(at, setting)):
            return None
        if self.active and current(self.active, setting.tz, at) is None:
            span = upcoming(self.active, setting.tz, at)
            if span is None or (span.start_at - at).total_seconds() > LATER_S:
                return None
            at = span.start_at
        resolved = memory.again_at is not None and at < memory.again_at
        return None if resolved or setting.stay(at) is not None else at

    def _moved(self, before: Memory, after: Memory, reading: Reading | None, setting: Setting, now: datetime) -> Outcome[Memory]:
        """As for all that lasts; a sign may also give a time to what had none: that of a mat that is doubted confirms it."""
        leave = before.past.leave if before.past is not None else None
        if leave is not None and after.holds and after.since_at == leave.at:
            # The same leave as before: what a person has resolved is not raised again sooner for a cat on the bed.
            same = replace(after, found=False, again=leave.again, again_at=leave.again_at)
            return self._settle(same, reading, setting, now)
        moved = super()._moved(before, after, reading, setting, now)
        if before.due_at is None and moved.state is after:
            return self._settle(after, reading, setting, now)
        return moved

    def ending(self, after: Memory) -> str:
        """Back in bed, or up and about."""
        return self.ended if after.holds is False else "up_for_the_day"

    def patience(self) -> float:
        """A gateway that was without coverage for a night says in one go what was, and that it is over."""
        return 0.0 if self.usual is None else BATCH_S

    def facts(self, memory: Memory, setting: Setting, now: datetime) -> Facts | None:
        """How long the bed has been empty, and what is usual."""
        if self.usual is None or memory.since_at is None:
            return None
        past, left_at = memory.past or NOTHING, memory.since_at
        if past.evening.awaited:
            for_s, known = int((now - left_at).total_seconds()), past.evening.n >= KNOWN_MIN
            usual_s = evening.usual_s(past.evening) if known else None
            return Facts(for_s=for_s, lasting="late", usual_s=usual_s, bound=None if known else "new")
        if past.day_at is not None and past.sign_at is not None:
            for_s = int((now - past.sign_at).total_seconds())
            usual_s, bound = said(bed.still_s(past), past.mornings.n, for_s, self.usual)
            return Facts(for_s=for_s, lasting="still", usual_s=usual_s, bound=bound)
        for_s = int((now - left_at).total_seconds())
        within_s = bed.usual_s(past, hour_of(left_at, setting), left_at)
        usual_s, bound = said(within_s, bed.known(past, left_at), for_s, self.usual)
        return Facts(for_s=for_s, lasting="up", usual_s=usual_s, bound=bound, company=past.has_company(left_at) or None)

    def sense(self, memory: Memory, event: Observed, setting: Setting) -> Memory:
        """An empty bed is the condition."""
        body = event.reading.body
        if self.usual is None:
            return switched(memory, event.reading, not body.occupied) if isinstance(body, Bed) else memory
        memory, event = clocked(memory, event, setting)
        memory = _settled(memory, event.reading.at, setting)
        if isinstance(body, Bed):
            return self._bed(memory, event.reading, setting, occupied=body.occupied)
        return self._elsewhere(memory, event, setting)

    def _bed(self, memory: Memory, reading: Reading, setting: Setting, *, occupied: bool) -> Memory:
        """A mat spoke: somebody lies in the bed as long as any says so that is not stuck."""
        at, past = reading.at, memory.past or NOTHING
        mats = told(memory.sources, reading.device, at, occupied=occupied)
        if mats is memory.sources:
            return memory
        heard_at = at if memory.heard_at is None else max(at, memory.heard_at)
        memory = replace(memory, sources=mats, heard_at=heard_at)
        lies = is_occupied([mat for mat in mats if is_hers(mat[0].partition("=")[0], setting, heard_at)], heard_at)
        left_at = None if memory.holds is False or memory.since_at is None else memory.since_at
        if (memory.holds is False) if lies else (left_at is not None):
            return memory
        since_at = at
        if not lies and past.evening.rest_at is not None:
            past = replace(past, evening=evening.risen(past.evening, at, hour_of(past.evening.rest_at, setting)))
        if left_at is not None:
            leave = Leave(left_at, at, self._found_s(memory, setting), memory.again, memory.again_at)
            late = bool(past.evening.awaited) and (memory.found or memory.again > 0)
            rest = evening.lain(past.evening, at, (at - left_at).total_seconds() < bed.TURNING_S, late)
            past = replace(bed.laid(past, leave, hour_of(left_at, setting)), evening=rest)
        elif not lies and past.leave is not None:
            since_at, past = past.leave.at, bed.resumed(past, at)
        elif not lies:
            past = bed.released(past, at)
        else:
            past = replace(past, evening=evening.lain(past.evening, at, turned=False, found=False))
        return replace(began(replace(memory, past=past), reading, not lies, since_at), heard_at=heard_at)

    def _found_s(self, memory: Memory, setting: Setting) -> float | None:
        """The limit beyond which somebody was found; None if nobody was."""
        return self.limit(memory, setting) if memory.found or memory.again else None

    def _elsewhere(self, memory: Memory, event: Observed, setting: Setting) -> Memory:
        """Another sensor was set off: in the night, or in the morning?"""
        sign = sign_of(event.reading)
        at, past = event.reading.at, memory.past or NOTHING
        if sign is None or memory.heard_at is None or at < memory.heard_at or memory.since_at is None:
            return memory
        left_at = None if memory.holds is False else memory.since_at
        found_s = self._found_s(memory, setting) if left_at is not None else None
        after = bed.set_off(past, sign, at, left_at, hour_of(memory.since_at, setting), found_s)
        if left_at is None:
            return memory if after is past else replace(memory, past=after)
        after = self._awaited(memory, after, sign, at, setting)
        if after is past:
            return memory
        followed = after.sign_at is not None and not (memory.found or memory.again)
        awaited = after.day_at is None or followed or after.evening.awaited
        return replace(memory, past=after, holds=True if awaited else None, due_at=None)

    def _awaited(self, memory: Memory, past: Past, sign: str, at: datetime, setting: Setting) -> Past:
        """What is known of somebody who was about in the evening, long after they left the bed, and has not lain down since."""
        hour, known = hour_of(at, setting), past.evening
        if self.usual is None or memory.since_at is None or not evening.is_evening(hour) or past.chatters(at):
            return past
        night = night_of(at, hour)
        if (at - memory.since_at).total_seconds() <= max(self.usual.max_s, endings.MORNING_S) or night <= known.night:
            return past
        local = evening.late_at(known, night, self.usual.once_in_days)
        late_at = None if local is None else instant(setting.tz, local)
        if late_at is None or (known.awaited != night and at >= late_at):
            return past
        found = memory.found or memory.again > 0
        after = evening.about(known, night, at, late_at, door=sign.endswith(bed.DOOR), found=found)
        return past if after is known else replace(past, evening=after)


def _settled(memory: Memory, at: datetime, setting: Setting) -> Memory:
    """Memory of somebody who has lain in bed for long enough to have come back."""
    past = memory.past
    if past is None or past.leave is None:
        return memory
    after = bed.settled(past, past.leave, at, hour_of(past.leave.at, setting))
    return memory if after is past else replace(memory, past=after)


def told(mats: Switches, device: str, at: datetime, *, occupied: bool) -> Switches:
    """The mats after one spoke, and when each last did; the same object when it had said something newer."""
    heard_at = next((said_at for name, said_at in mats if name == f"{device}{HEARD}=0"), None)
    if heard_at is not None and at < heard_at:
        return mats
    # Of two words of one instant the one that came later counts: a clock that is ahead makes one of many.
    return turned(turned(mats, device + HEARD, False, at), device, occupied, at)


def is_occupied(mats: Sequence[tuple[str, datetime]], at: datetime) -> bool:
    """Whether somebody lies in the bed: any mat says so, but for one that has said so for a day beside others that have not."""
    said = [(name, since_at) for name, since_at in mats if HEARD not in name]
    on = [since_at for name, since_at in said if name[-1] == "1"]
    if len(said) > len(on):
        on = [since_at for since_at in on if (at - since_at).total_seconds() < bed.STUCK_S]
    return bool(on)
