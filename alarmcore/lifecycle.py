"""What has become of this alarm? A pure machine with one state for each slot: its latest alarm, or none yet."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime, timedelta
from typing import Any, Final

from msgspec.structs import replace

from alarmcore.model.alarm import (
    Alarm,
    AnswerAlarm,
    CloseTrack,
    ContinueChain,
    DeclineLink,
    EndCondition,
    Facts,
    ForgiveRule,
    NoteOuting,
    OpenTrack,
    Overlooked,
    RaiseAlarm,
    Refuse,
    RescueChain,
    StartChain,
    StopChain,
    described,
)
from alarmcore.outcome import Outcome

SOUGHT: Final = frozenset(
    {
        "button",
        "fall",
        "on_floor",
        "zone_exit",
        "zone_enter",
        "door_open",
        "out_of_bed",
        "inactivity",
        "measurement",
        "internal",
    }
)
"""Causes of alarms about somebody who may have to be searched for or reached at once: only then is it anybody's business where
the person is. A flat battery, a silent device or a faulty sensor is looked after by whoever mends devices; who has not taken
their medicine is called or visited."""


def sought(cause: str, priority: str) -> bool:
    """Whether an alarm knows where the person is: not a technical one, for that goes to others than those who would search."""
    return cause in SOUGHT and priority != "technical"


class FollowUp:
    """The moment has come at which a taken alarm must have been resolved."""


Event = RaiseAlarm | EndCondition | AnswerAlarm | NoteOuting | FollowUp | Overlooked
Result = Outcome[Alarm | None]


def step(alarm: Alarm | None, event: Event, now: datetime) -> Result:
    """Let one fact change the slot's alarm."""
    match event:
        case RaiseAlarm():
            return _raised(event, now) if alarm is None or alarm.state == "resolved" else _repeated(alarm, event, now)
        case EndCondition():
            return _ended(alarm, event, now)
        case AnswerAlarm():
            return _answered(alarm, event, now)
        case NoteOuting():
            return _noted(alarm, event, now)
        case FollowUp():
            return _lapsed(alarm, now)
        case Overlooked():
            return _overlooked(alarm, event.alarm)


def alarm_id(event: RaiseAlarm) -> str:
    """16 characters from tenant, resident, rule, first reading, and how often the same stretch was raised before.

    The reading's time is among them, since a device may use an id again after a week.
    """
    slot = event.slot
    name = "\0".join(
        (slot.tenant, slot.resident, slot.rule, slot.device, str(event.reading), event.happened_at.isoformat(), str(event.again))
    )
    return base64.b32encode(hashlib.blake2b(name.encode(), digest_size=10).digest()).decode().lower()


def _dated(facts: Facts | None, now: datetime) -> Facts | None:
    """What was found, with when: ages are counted from then, and are read later."""
    return facts if facts is None or facts.age_s is None else replace(facts, at=now)


def _raised(event: RaiseAlarm, now: datetime) -> Result:
    alarm = Alarm(
        id=alarm_id(event),
        slot=event.slot,
        cause=event.cause,
        priority=event.priority,
        chain=event.chain,
        why=event.why,
        raised_at=now,
        happened_at=event.happened_at,
        device=event.device,
        late_s=event.late_s,
        fix=event.fix if sought(event.cause, event.priority) else None,
        follow_up_s=event.follow_up_s,
        facts=_dated(event.facts, now),
    )
    told = described(
        alarm, "alarm.raised", now, why=alarm.why, late_s=alarm.late_s or None, device=alarm.device or None, facts=alarm.facts
    )
    track = (OpenTrack(alarm.slot, alarm.id),) if alarm.slot.resident and sought(alarm.cause, alarm.priority) else ()
    return Outcome(alarm, (told, StartChain(alarm.slot, alarm), *track))


def _repeated(alarm: Alarm, event: RaiseAlarm, now: datetime) -> Result:
    facts = _dated(event.facts, now)
    after = replace(
        alarm,
        repeats=alarm.repeats + 1,
        last_repeat_at=now,
        fix=event.fix if event.fix and sought(alarm.cause, alarm.priority) else alarm.fix,
        facts=facts or alarm.facts,
        ended_at=None,
    )
    told = described(
        alarm, "alarm.repeated", now, why=event.why, late_s=event.late_s or None, device=event.device or None, facts=facts
    )
    return Outcome(after, (told,))


def _ended(alarm: Alarm | None, event: EndCondition, now: datetime) -> Result:
    if alarm is None or alarm.state == "resolved" or alarm.ended_at is not None:
        return Outcome(alarm)
    if event.device is not None and event.device != alarm.device:
        return Outcome(alarm)
    return Outcome(replace(alarm, ended_at=now), (described(alarm, "alarm.condition_ended", now, why=event.why),))


def _noted(alarm: Alarm | None, event: NoteOuting, now: datetime) -> Result:
    """A line on the timeline, which changes nothing of the alarm."""
    if alarm is None or alarm.state == "resolved":
        return Outcome(alarm)
    return Outcome(alarm, (described(alarm, event.event, now, to=event.to, via=event.via, text=event.text, until=event.until),))


def _answered(alarm: Alarm | None, event: AnswerAlarm, now: datetime) -> Result:
    if alarm is None or alarm.id != event.alarm:
        return Outcome(alarm, (Refuse("alarm_unknown"),))
    if alarm.state == "resolved":
        # The same person resolving twice (a double tap) is answered as if it were the first time.
        same = event.answer == "resolve" and event.outcome == alarm.outcome
        return Outcome(alarm) if same else Outcome(alarm, (Refuse("alarm_closed"),))
    match event.answer:
        case "take":
            return _taken(alarm, event, now)
        case "arrive":
            return _arrived(alarm, event, now)
        case "decline":
            return _declined(alarm, event, now)
        case "resolve":
            return _resolved(alarm, event, now)
        case "escalate":
            return _escalated(alarm, event, now)
        case "note":
            return Outcome(alarm, (_act(alarm, event, "alarm.noted", now),))


def _act(alarm: Alarm, event: AnswerAlarm, name: str, now: datetime, why: str | None = None) -> Any:
    return described(
        alarm, name, now, to=event.by, via=event.via, text=event.text or None, why=why, outcome=event.outcome or None
    )


def _taken(alarm: Alarm, event: AnswerAlarm, now: datetime) -> Result:
    if alarm.taken_by == event.by:
        return Outcome(alarm)
    if alarm.taken_by is not None:
        return Outcome(alarm, (Refuse("taken_by_other", alarm.taken_by),))
    after = _held(alarm, event, "taken", now)
    return Outcome(after, (_act(alarm, event, "alarm.taken", now), StopChain(alarm.slot)))


def _held(alarm: Alarm, event: AnswerAlarm, state: Any, now: datetime) -> Alarm:
    """The alarm in somebody's hands, to be followed up."""
    wake_at = now + timedelta(seconds=alarm.follow_up_s)
    if alarm.taken_by is not None:
        return replace(alarm, state=state, wake_at=wake_at)
    return replace(alarm, state=state, taken_by=event.by, taken_at=now, taken_via=event.via, wake_at=wake_at)


def _arrived(alarm: Alarm, event: AnswerAlarm, now: datetime) -> Result:
    """Somebody is with the person. Arriving at an alarm that nobody took is taking it."""
    after = _held(alarm, event, "arrived", now)
    taken = (_act(alarm, event, "alarm.taken", now),) if alarm.taken_by is None else ()
    return Outcome(after, (*taken, _act(alarm, event, "alarm.arrived", now), StopChain(alarm.slot)))


def _declined(alarm: Alarm, event: AnswerAlarm, now: datetime) -> Result:
    declined = _act(alarm, event, "alarm.declined", now)
    if alarm.taken_by is None:
        return Outcome(alarm, (declined, DeclineLink(alarm.slot, event.by)))
    if alarm.taken_by != event.by:
        return Outcome(alarm, (declined,))
    reopened = described(alarm, "alarm.reopened", now, why="taker_declined")
    return Outcome(_let_go(alarm), (declined, reopened, ContinueChain(alarm.slot, "taker_declined")))


def _let_go(alarm: Alarm) -> Alarm:
    return replace(alarm, state="open", taken_by=None, taken_at=None, taken_via=None, wake_at=None)


def _resolved(alarm: Alarm, event: AnswerAlarm, now: datetime) -> Result:
    outcome = event.outcome or "other"
    after = replace(alarm, state="resolved", outcome=outcome, resolved_at=now, wake_at=None)
    told = described(
        alarm, "alarm.resolved", now, to=event.by, via=event.via, text=event.text or None, why=outcome, outcome=outcome
    )
    track = (CloseTrack(alarm.slot, alarm.id),) if alarm.slot.resident else ()
    return Outcome(after, (told, StopChain(alarm.slot, final=True), ForgiveRule(alarm.slot), *track))


def _escalated(alarm: Alarm, event: AnswerAlarm, now: datetime) -> Result:
    """More help is wanted: the alarm is open again, so that it is nobody's until one of those told now takes it."""
    told = _act(alarm, event, "alarm.escalated", now, why="asked")
    return Outcome(_let_go(alarm), (told, ContinueChain(alarm.slot, "asked")))


def _lapsed(alarm: Alarm | None, now: datetime) -> Result:
    if alarm is None or alarm.wake_at is None or alarm.wake_at > now:
        return Outcome(alarm)
    told = described(alarm, "alarm.reopened", now, why="follow_up_lapsed")
    return Outcome(_let_go(alarm), (told, ContinueChain(alarm.slot, "follow_up_lapsed")))


def _overlooked(alarm: Alarm | None, stored: Alarm) -> Result:
    """What an auditor has found: store the alarm as it is remembered, and as it is stored where it is not remembered.

    A copy is another state, and so it is stored. One in somebody's hands is left there if it will be followed up.
    """
    if alarm is None or (alarm.id != stored.id and alarm.state == "resolved"):
        alarm = stored
    if alarm.state == "resolved" or alarm.wake_at is not None:
        return Outcome(replace(alarm))
    after = _let_go(alarm)
    return Outcome(after, (RescueChain(after.slot, after),))
