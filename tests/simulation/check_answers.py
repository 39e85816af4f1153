"""Promise 4: what becomes of an alarm is a person's act, and what a person was told is done is on the disk."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator
from typing import Final

from alarmcore.model.alarm import Alarm, AlarmEvent
from tests.simulation.history import Acted, Asked, Committed, Record

EVENTS: Final = {
    "take": "alarm.taken",
    "decline": "alarm.declined",
    "arrive": "alarm.arrived",
    "note": "alarm.noted",
    "escalate": "alarm.escalated",
    "resolve": "alarm.resolved",
}
LET_GO: Final = ("alarm.reopened", "alarm.escalated", "alarm.resolved")
ACTS: Final = {event: answer for answer, event in EVENTS.items()}
LEADS: Final = {
    "open": {"alarm.raised", "alarm.reopened", "alarm.escalated"},
    "taken": {"alarm.taken"},
    "arrived": {"alarm.arrived"},
    "resolved": {"alarm.resolved"},
}
"""What must stand in an alarm's timeline when it comes to be so."""

Act = tuple[str, str, str]


class Answers:
    """Who asked for what, and what is stored of it since."""

    sees = (Asked, Committed, Acted)

    def __init__(self) -> None:
        self.asked: set[Act] = set()
        self.waiting: defaultdict[Act, deque[float]] = defaultdict(deque)
        self.stored_t: dict[Act, float] = {}
        self.alarms: dict[str, Alarm] = {}
        self.holder: dict[str, str] = {}
        self.let_go_t: dict[tuple[str, str], float] = {}

    def see(self, record: Record) -> Iterator[str]:
        """Keep both."""
        match record:
            case Asked():
                self.asked.add((record.alarm, record.by, record.answer))
                self.waiting[(record.alarm, record.by, record.answer)].append(record.t)
            case Committed():
                yield from self.commit(record)
            case Acted():
                asked = self.waiting[(record.alarm, record.by, record.answer)]
                asked_t = asked.popleft() if asked else 0.0
                if record.result == "done":
                    yield from self.done(record, asked_t)

    def commit(self, record: Committed) -> Iterator[str]:
        """An act on the disk must be somebody's."""
        for event in record.batch.events:
            yield from self.held(event, record.t)
            answer = ACTS.get(event.event)
            if answer is None or event.alarm is None or event.to is None:
                continue
            act = (event.alarm, event.to, answer)
            arrived = answer == "take" and (event.alarm, event.to, "arrive") in self.asked
            if act not in self.asked and not arrived:
                yield f"taking is a person's act: {event.event} of alarm {event.alarm} by {event.to}, who did not do so"
            self.stored_t[act] = record.t
        yield from self.states(record)

    def states(self, record: Committed) -> Iterator[str]:
        """Nothing becomes of an alarm by itself: what it is now, and whose, stands in its timeline."""
        for alarm in record.batch.alarms:
            before = self.alarms.get(alarm.id)
            self.alarms[alarm.id] = alarm
            if before is not None and before.state == "resolved" and alarm.state != "resolved":
                yield f"what is over is over: alarm {alarm.id} was resolved and is {alarm.state}"
            if before is None or before.state != alarm.state:
                said = {event.event for event in record.batch.events if event.alarm == alarm.id}
                if not said & LEADS[alarm.state]:
                    yield f"taking is a person's act: alarm {alarm.id} is {alarm.state}, and nobody did that"
            if alarm.state != "resolved" and alarm.taken_by != self.holder.get(alarm.id):
                yield f"nobody thinks that another has it: alarm {alarm.id} is {alarm.taken_by}'s, by its timeline it is not"

    def held(self, event: AlarmEvent, t: float) -> Iterator[str]:
        """Only one at a time has an alarm in their hands."""
        if event.alarm is None:
            return
        if event.event == "alarm.taken" and event.to is not None:
            holder = self.holder.setdefault(event.alarm, event.to)
            if holder != event.to:
                yield f"nobody thinks that another has it: alarm {event.alarm} of {holder} is taken by {event.to} too"
        elif event.event in LET_GO and event.alarm in self.holder:
            self.let_go_t[(event.alarm, self.holder.pop(event.alarm))] = t

    def done(self, record: Acted, asked_t: float) -> Iterator[str]:
        """Somebody was told that their act is kept: it was stored since they asked, or had nothing left to change."""
        kept = self.stored_t.get((record.alarm, record.by, record.answer), -1.0) >= asked_t
        if record.answer == "resolve":  # by a second person it is no second event
            alarm = self.alarms.get(record.alarm)
            kept = alarm is not None and alarm.state == "resolved"
        elif record.answer == "take":  # by whoever has it already neither
            let_go_t = self.let_go_t.get((record.alarm, record.by), -1.0)
            kept = kept or self.holder.get(record.alarm) == record.by or let_go_t >= asked_t
        if not kept:
            yield f"an answer that was done is kept: {record.answer} by {record.by} of alarm {record.alarm} is not stored"
