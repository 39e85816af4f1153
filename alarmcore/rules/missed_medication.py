"""Rule `missed_medication`: a dose was not taken, by what the dispenser says or, at set times, by its saying nothing."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import ClassVar, Final

from msgspec.structs import replace

from alarmcore.calendar import instant
from alarmcore.model.alarm import Facts
from alarmcore.model.reading import Medication, Reading
from alarmcore.outcome import Outcome
from alarmcore.rules.base import End, Event, Find, Memory, MomentRule, Observed, Setting, Woke

EARLY: Final = timedelta(hours=1)
"""How long before its time a dose may be taken: dispensers let it out when somebody comes by, and who is up early is up early."""

WITHIN_S: Final = 3600.0
"""How long after its time a dose is waited for, unless the rule says otherwise."""

ANSWERS_MAX: Final = 16
"""Answers of dispensers that are remembered: two a dose, of eight doses a day, and only those of the last day count."""

DAYS_AROUND: Final = (-2, -1, 0, 1, 2)
"""Days on which doses are looked for: a day waited for after one, another for zones whose date differs from that in UTC."""


class MissedMedication(MomentRule, frozen=True, kw_only=True):
    """Fires at every dose that was not taken.

    With `times` also when no dispenser has said anything of a dose from an hour before its time until `within_s` after it,
    from the first time on that one was heard; a dose taken late ends what was found.
    """

    kind: ClassVar[str] = "missed_medication"
    hears: ClassVar[frozenset[str]] = frozenset({"medication"})
    why: ClassVar[str] = "dose_missed"
    unanswered: ClassVar[str] = "dose_unanswered"
    ended: ClassVar[str] = "dose_taken"

    times: tuple[time, ...] = ()
    within_s: float = WITHIN_S

    def fires(self, reading: Reading) -> bool:
        """Only `taken: false` is a finding."""
        return isinstance(reading.body, Medication) and not reading.body.taken

    def step(self, memory: Memory, event: Event, setting: Setting, now: datetime) -> Outcome[Memory]:
        """Find what a reading says, and at set times that none has come."""
        outcome = super().step(memory, event, setting, now)
        if not self.times:
            return outcome if memory.due_at is None else Outcome(replace(memory, due_at=None), outcome.decisions)
        if isinstance(event, Observed) and isinstance(event.reading.body, Medication):
            return self._answered(memory, event.reading, event.reading.body, setting, now, outcome.decisions)
        return self._asked(memory, setting, now) if isinstance(event, Woke) else outcome

    def _answered(
        self, memory: Memory, reading: Reading, body: Medication, setting: Setting, now: datetime, finds: tuple[Find, ...]
    ) -> Outcome[Memory]:
        """Memory after an answer, and the end of what it makes up for."""
        answer = (f"taken={int(body.taken)}", reading.at)
        after = replace(memory, device=reading.device)
        if answer not in memory.sources:
            after = replace(after, sources=tuple(sorted((*memory.sources, answer), key=_when)[-ANSWERS_MAX:]))
        if memory.due_at is None:
            after = replace(after, due_at=self._next(setting, now))
        if finds:
            return Outcome(replace(after, found=True, since_at=reading.at), finds)
        if body.taken and memory.found and memory.since_at is not None and reading.at >= memory.since_at - EARLY:
            return Outcome(replace(after, found=False, since_at=None), (End(self.ended),))
        return Outcome(memory if after == memory else after)

    def _asked(self, memory: Memory, setting: Setting, now: datetime) -> Outcome[Memory]:
        """Find the newest dose that has been waited for long enough, if nothing was said of it; say when the next one will be."""
        if memory.due_at is None or memory.due_at > now:
            return Outcome(memory)
        waited = [dose for dose in self._doses(setting, now) if memory.due_at <= self._until(dose) <= now]
        sources = tuple(one for one in memory.sources if one[1] >= now - timedelta(days=1, seconds=self.within_s))
        after = replace(memory, sources=sources, due_at=self._next(setting, now))
        dose = max(waited, default=None)
        if dose is None or any(dose - EARLY <= at <= self._until(dose) for _, at in memory.sources):
            return Outcome(after)
        facts = Facts(for_s=int(self.within_s), dose=f"{dose.astimezone(setting.tz):%H:%M}")
        find = Find(self.unanswered, int(dose.timestamp() * 1000), memory.device, dose, facts=facts)
        return Outcome(replace(after, found=True, since_at=dose), (find,))

    def _until(self, dose: datetime) -> datetime:
        return dose + timedelta(seconds=self.within_s)

    def _next(self, setting: Setting, now: datetime) -> datetime | None:
        """When the next dose will have been waited for long enough."""
        return min((until for dose in self._doses(setting, now) if (until := self._until(dose)) > now), default=None)

    def _doses(self, setting: Setting, now: datetime) -> list[datetime]:
        """The times of doses around `now`, in the rule's windows. A time that the clock jumps over is the jump's."""
        days = [now.astimezone(setting.tz).date() + timedelta(days=shift) for shift in DAYS_AROUND]
        doses = [instant(setting.tz, datetime.combine(day, one)) for day in days for one in self.times]
        return [dose for dose in doses if self.is_active(setting, dose)]


def _when(answer: tuple[str, datetime]) -> datetime:
    return answer[1]
