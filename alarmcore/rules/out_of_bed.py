"""Rule `out_of_bed`: nobody in the bed for longer than the limit, or for longer than is usual for this person at this hour."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar, Final

from msgspec.structs import replace

from alarmcore.model.alarm import Facts
from alarmcore.model.reading import Bed, Reading
from alarmcore.outcome import Outcome
from alarmcore.rules.base import Memory, Observed, Setting
from alarmcore.rules.lasting import BATCH_S, LastingRule, began, switched
from alarmcore.rules.signs import hour_of, is_hers, sign_of
from alarmcore.rules.switches import Switches, turned
from alarmcore.usual import bed, endings
from alarmcore.usual.bed import Past
from alarmcore.usual.bounds import Usual

NOTHING: Final = Past()

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
        due_at = super().due(memory, setting)
        if self.usual is None or due_at is None or memory.since_at is None or memory.again_at is not None:
            return due_at
        is_up = memory.past is not None and memory.past.day_at is not None
        latest_s = endings.MORNING_S if is_up else max(self.usual.max_s, bed.RETURN_S)
        return due_at if due_at <= memory.since_at + timedelta(seconds=latest_s) else None

    def _moved(self, before: Memory, after: Memory, reading: Reading | None, setting: Setting, now: datetime) -> Outcome[Memory]:
        """As for all that lasts; a sign may also give a time to what had none: that of a mat that is doubted confirms it."""
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
        past = memory.past or NOTHING
        if past.day_at is not None and past.sign_at is not None:
            return Facts(
                for_s=int((now - past.sign_at).total_seconds()),
                lasting="still",
                usual_s=round(bed.still_s(past)),
            )
        return Facts(
            for_s=int((now - memory.since_at).total_seconds()),
            lasting="up",
            usual_s=round(bed.usual_s(past, hour_of(memory.since_at, setting), memory.since_at)),
            company=past.has_company(memory.since_at) or None,
        )

    def sense(self, memory: Memory, event: Observed, setting: Setting) -> Memory:
        """An empty bed is the condition."""
        body = event.reading.body
        if self.usual is None:
            return switched(memory, event.reading, not body.occupied) if isinstance(body, Bed) else memory
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
        if left_at is not None:
            past = bed.returned(past, left_at, at, hour_of(left_at, setting), self._found_s(memory, setting))
        elif not lies:
            past = bed.released(past, at)
        return replace(began(replace(memory, past=past), reading, not lies, at), heard_at=heard_at)

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
        if after is past:
            return memory
        if left_at is None:
            return replace(memory, past=after)
        followed = after.sign_at is not None and not (memory.found or memory.again)
        return replace(memory, past=after, holds=True if after.day_at is None or followed else None, due_at=None)


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
