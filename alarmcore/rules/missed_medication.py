"""Rule `missed_medication`: a dose was not taken, by what the dispenser says or, at set times, by its saying nothing."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import ClassVar, Final

from msgspec.structs import replace

from alarmcore.calendar import instant
from alarmcore.model.alarm import Facts
from alarmcore.model.reading import Medication, Reading
from alarmcore.outcome import Outcome
from alarmcore.rules.base import End, Event, Find, Memory, MomentRule, Observed, Resolved, Setting, Woke
from alarmcore.rules.signs import is_hers

EARLY: Final = timedelta(hours=1)
"""How long before its time a dose may be taken: dispensers let it out when somebody comes by, and who is up early is up early."""

WITHIN_S: Final = 3600.0
"""How long after its time a dose is waited for, unless the rule says otherwise."""

ANSWERS_MAX: Final = 16
"""Answers of dispensers that are remembered: two a dose, of eight doses a day, and only those of the last day count."""

DAYS_AROUND: Final = (-2, -1, 0, 1, 2)
"""Days on which doses are looked for: a day waited for after one, another for zones whose date differs from that in UTC."""

BY: Final = "by="
"""Begins the name under which a dispenser is remembered that has spoken before the newest one; no answer's does."""

OTHERS_MAX: Final = 4
"""Dispensers remembered beside the newest: nobody has as many at a time."""


class MissedMedication(MomentRule, frozen=True, kw_only=True):
    """Fires at every dose that was not taken.

    With `times` also when no dispenser has said anything of a dose from an hour before its time until `within_s` after it,
    from the first time on that one of the person's was heard; a dose taken late ends what was found of it.
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
        """Find what a reading says, and at set times that none has come. `since_at` is the first dose that is missed still."""
        outcome = super().step(memory, event, setting, now)
        if not self.times:
            return outcome if memory.due_at is None else Outcome(replace(memory, due_at=None), outcome.decisions)
        match event:
            case Observed(reading=Reading(body=Medication() as body) as reading):
                return self._answered(memory, reading, body, setting, now, outcome.decisions)
            case Woke():
                return self._asked(memory, setting, now)
            case Resolved() if memory.found:
                return Outcome(replace(memory, found=False, since_at=None))
        return outcome

    def _answered(
        self, memory: Memory, reading: Reading, body: Medication, setting: Setting, now: datetime, finds: tuple[Find, ...]
    ) -> Outcome[Memory]:
        """Memory after an answer, and the end of what it makes up for."""
        after = replace(_spoken(memory, reading), device=reading.device)
        if memory.due_at is None:
            after = replace(after, due_at=self._next(setting, now))
        if finds:
            dose = self._dose_at(setting, reading.at)
            facts = None if dose is None else Facts(dose=_clock(dose, setting))
            return Outcome(_missed(after, dose or reading.at), tuple(replace(one, facts=facts) for one in finds))
        if body.taken and memory.found and memory.since_at is not None and self._is_of(setting, reading.at, memory.since_at):
            return Outcome(replace(after, found=False, since_at=None), (End(self.ended),))
        return Outcome(memory if after == memory else after)

    def _asked(self, memory: Memory, setting: Setting, now: datetime) -> Outcome[Memory]:
        """Find the newest dose that has been waited for long enough, if nothing was said of it; say when the next one will be."""
        if memory.due_at is None:
            return Outcome(memory)
        next_at = self._next(setting, now)
        if memory.due_at > now:
            # Asked before its time, perhaps because the doses are others now.
            return Outcome(memory if memory.due_at == next_at else replace(memory, due_at=next_at))
        waited = [dose for dose in self._doses(setting, now) if memory.due_at <= self._until(dose) <= now]
        oldest = now - timedelta(days=1, seconds=self.within_s)
        sources = tuple(one for one in memory.sources if one[1] >= oldest or one[0].startswith(BY))
        after = replace(memory, sources=sources, due_at=next_at)
        dose = max(waited, default=None)
        if dose is None or any(dose - EARLY <= at <= self._until(dose) for _, at in _answers(memory)):
            return Outcome(after)
        device = self._dispenser(memory, setting, self._until(dose))
        if device is None:
            return Outcome(after)  # what is no longer the person's says nothing of their doses
        facts = Facts(for_s=int(self.within_s), dose=_clock(dose, setting))
        find = Find(self.unanswered, int(dose.timestamp() * 1000), device, dose, facts=facts)
        return Outcome(_missed(after, dose), (find,))

    def _dispenser(self, memory: Memory, setting: Setting, at: datetime) -> str | None:
        """The person's dispenser at that moment, of those that have ever been heard; the one that spoke last, if it is theirs."""
        names = (memory.device, *(name.removeprefix(BY) for name, _ in reversed(memory.sources) if name.startswith(BY)))
        return next((name for name in names if is_hers(name, setting, at)), None)

    def _until(self, dose: datetime) -> datetime:
        return dose + timedelta(seconds=self.within_s)

    def _next(self, setting: Setting, now: datetime) -> datetime | None:
        """When the next dose will have been waited for long enough."""
        return min((until for dose in self._doses(setting, now) if (until := self._until(dose)) > now), default=None)

    def _dose_at(self, setting: Setting, at: datetime) -> datetime | None:
        """The dose that an answer of that moment is about."""
        return max((dose for dose in self._doses(setting, at) if self._is_of(setting, at, dose)), default=None)

    def _is_of(self, setting: Setting, at: datetime, dose: datetime) -> bool:
        """Whether a dose taken at that moment is this one: however late, until the next one may be taken.

        Of doses that follow closely the nearer one is meant.
        """
        doses = self._doses(setting, at)
        before = max((other for other in doses if other < dose), default=dose - 2 * EARLY)
        later = min((other for other in doses if other > dose), default=at + 2 * EARLY)
        return dose - min(EARLY, (dose - before) / 2) <= at < later - min(EARLY, (later - dose) / 2)

    def _doses(self, setting: Setting, now: datetime) -> list[datetime]:
        """The times of doses around `now`, in the rule's windows. A time that the clock jumps over is the jump's."""
        days = [now.astimezone(setting.tz).date() + timedelta(days=shift) for shift in DAYS_AROUND]
        doses = [instant(setting.tz, datetime.combine(day, one)) for day in days for one in self.times]
        return [dose for dose in doses if self.is_active(setting, dose)]


def _spoken(memory: Memory, reading: Reading) -> Memory:
    """Memory with one more answer, and with the dispenser that spoke before where it is another one."""
    answer = (f"taken={int(reading.body.taken)}", reading.at)  # type: ignore[union-attr]
    answers, others = _answers(memory), tuple(one for one in memory.sources if one[0].startswith(BY))
    if memory.device not in {"", reading.device}:
        before = BY + memory.device
        others = (*(one for one in others if one[0] not in {before, BY + reading.device}), (before, reading.at))[-OTHERS_MAX:]
    if answer not in answers:
        answers = tuple(sorted((*answers, answer), key=_when)[-ANSWERS_MAX:])
    return replace(memory, sources=(*others, *answers))


def _missed(memory: Memory, dose: datetime) -> Memory:
    """Memory once a dose was found to be missed; of several that are, the first stays the one to be made up for."""
    since_at = dose if not memory.found or memory.since_at is None else min(memory.since_at, dose)
    return replace(memory, found=True, since_at=since_at)


def _answers(memory: Memory) -> tuple[tuple[str, datetime], ...]:
    return tuple(one for one in memory.sources if not one[0].startswith(BY))


def _clock(dose: datetime, setting: Setting) -> str:
    return f"{dose.astimezone(setting.tz):%H:%M}"


def _when(answer: tuple[str, datetime]) -> datetime:
    return answer[1]
