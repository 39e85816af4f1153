"""Promise 4: taking is a person's act, and what a person was told is done is on the disk."""

from __future__ import annotations

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


class Answers:
    """Who asked for what, and what is stored of it."""

    def __init__(self) -> None:
        self.asked: set[tuple[str, str, str]] = set()
        self.stored: set[tuple[str, str, str]] = set()
        self.alarms: dict[str, Alarm] = {}
        self.holder: dict[str, str] = {}

    def see(self, record: Record) -> Iterator[str]:
        """Keep both."""
        match record:
            case Asked():
                self.asked.add((record.alarm, record.by, record.answer))
            case Committed():
                yield from self.commit(record)
            case Acted(result="done"):
                yield from self.done(record)

    def commit(self, record: Committed) -> Iterator[str]:
        """An act on the disk must be somebody's."""
        self.alarms.update((alarm.id, alarm) for alarm in record.batch.alarms)
        for event in record.batch.events:
            yield from self.held(event)
            answer = ACTS.get(event.event)
            if answer is None or event.alarm is None or event.to is None:
                continue
            act = (event.alarm, event.to, answer)
            arrived = answer == "take" and (event.alarm, event.to, "arrive") in self.asked
            if act not in self.asked and not arrived:
                yield f"taking is a person's act: {event.event} of alarm {event.alarm} by {event.to}, who did not do so"
            self.stored.add(act)

    def held(self, event: AlarmEvent) -> Iterator[str]:
        """Only one at a time has an alarm in their hands."""
        if event.alarm is None:
            return
        if event.event == "alarm.taken" and event.to is not None:
            holder = self.holder.setdefault(event.alarm, event.to)
            if holder != event.to:
                yield f"nobody thinks that another has it: alarm {event.alarm} of {holder} is taken by {event.to} too"
        elif event.event in LET_GO:
            self.holder.pop(event.alarm, None)

    def done(self, record: Acted) -> Iterator[str]:
        """Somebody was told that their act is kept."""
        kept = (record.alarm, record.by, record.answer) in self.stored
        if record.answer == "resolve":  # by a second person it is no second event
            kept = self.alarms[record.alarm].state == "resolved"
        if not kept:
            yield f"an answer that was done is kept: {record.answer} by {record.by} of alarm {record.alarm} is not stored"
