"""Promise 2: one open alarm in a slot, its timeline whole, and always a stored moment at which something happens next."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from alarmcore.model.alarm import Alarm, Slot
from tests.simulation.history import Committed, Record, Refused

KEEPERS: Final = {"open": "chain", "taken": "lifecycle", "arrived": "lifecycle"}
"""Whose stored moment keeps an alarm going: nobody's is its chain's, somebody's its follow-up's."""


class Alarms:
    """Follows what is on the disk, commit by commit."""

    sees = (Refused, Committed)

    def __init__(self) -> None:
        self.alarms: dict[str, Alarm] = {}
        self.open: dict[Slot, str] = {}
        self.keys: dict[str, str] = {}
        self.wakes: dict[tuple[str, str], datetime | None] = {}
        self.raised: set[str] = set()

    def see(self, record: Record) -> Iterator[str]:
        """One more commit."""
        if isinstance(record, Refused):
            yield f"one open alarm in a slot: {record.why}"
        if isinstance(record, Committed):
            yield from self.timeline(record)
            yield from self.slots(record)
            yield from self.next_steps(record)

    def timeline(self, record: Committed) -> Iterator[str]:
        """Every alarm begins with its raising, once."""
        for event in record.batch.events:
            if event.rule == "internal":
                yield f"no step fails: {event.event} of alarm {event.alarm} stands in for one"
            if event.alarm is None:
                continue
            if event.event == "alarm.raised":
                if event.alarm in self.raised:
                    yield f"nothing is raised twice: alarm {event.alarm} is raised again"
                self.raised.add(event.alarm)
            elif event.alarm not in self.raised:
                yield f"a timeline is whole: {event.event} of alarm {event.alarm}, which was never raised"

    def slots(self, record: Committed) -> Iterator[str]:
        """At most one open alarm in each."""
        for alarm in record.batch.alarms:
            if alarm.id not in self.raised:
                yield f"a timeline is whole: alarm {alarm.id} is stored and was never raised"
            self.alarms[alarm.id] = alarm
            holder = self.open.get(alarm.slot)
            if alarm.state != "resolved":
                if holder not in {None, alarm.id}:
                    yield f"one open alarm in a slot: {alarm.id} beside {holder}"
                self.open[alarm.slot] = self.keys["/".join(alarm.slot)] = alarm.id
            elif holder == alarm.id:
                del self.open[alarm.slot], self.keys["/".join(alarm.slot)]

    def next_steps(self, record: Committed) -> Iterator[str]:
        """Of every alarm that this commit touched, the stored moments."""
        touched = {"/".join(alarm.slot) for alarm in record.batch.alarms}
        for state in record.batch.states:
            self.wakes[(state.machine, state.key)] = state.wake_at
            touched.add(state.key)
        for key in sorted(touched & self.keys.keys()):
            alarm = self.alarms[self.keys[key]]
            if self.wakes.get((KEEPERS[alarm.state], key)) is None:
                yield f"an open alarm has a next step: no moment is stored that alarm {alarm.id}, {alarm.state}, waits for"
