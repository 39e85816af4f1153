"""Promise 2: no timer fires early, and none is lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from alarmcore.model.alarm import Alarm
from tests.simulation.history import Closing, Committed, Healed, Looked, Record, Sent
from tests.simulation.town import Expected

OVERDUE_S: Final = 5.0
"""How late a timer may be in a world that is well: the look at the clock (1 s), a turn, a retry."""

RECEIPT_S: Final = 0.1
"""By how much the time of receipt may be before the moment a device wrote down: both are rounded to milliseconds."""


class Timers:
    """Follows stored moments, follow-ups, and beds that stay empty."""

    def __init__(self, towns: dict[str, dict[str, Expected]]) -> None:
        self.towns = towns
        self.wakes: dict[tuple[str, str], datetime] = {}
        self.held_at: dict[str, datetime] = {}
        self.alarms: dict[str, Alarm] = {}
        self.healed = False
        self.empty_t: dict[tuple[str, str], float] = {}
        self.found_t: dict[tuple[str, str], list[float]] = {}

    def see(self, record: Record) -> Iterator[str]:
        """Follow."""
        match record:
            case Committed():
                yield from self.commit(record)
            case Healed():
                self.healed = True
            case Looked():
                late = record.now - timedelta(seconds=OVERDUE_S)
                yield from (f"no timer is lost: {key} was due at {at:%T}" for key, at in self.wakes.items() if at < late)
            case Sent(kind="bed") if self.healed and not json.loads(record.payload)["occupied"]:
                self.empty_t[(record.tenant, record.device.replace("bed", "r"))] = record.t
            case Closing():
                yield from self.beds()

    def commit(self, record: Committed) -> Iterator[str]:
        """Moments as they are stored, and what came of those that fell due."""
        for state in record.batch.states:
            if state.wake_at is None:
                self.wakes.pop((state.machine, state.key), None)
            else:
                self.wakes[(state.machine, state.key)] = state.wake_at
        self.alarms.update((alarm.id, alarm) for alarm in record.batch.alarms)
        for event in record.batch.events:
            alarm = self.alarms.get(event.alarm or "")
            if alarm is None:
                continue
            expected = self.towns[event.tenant][event.resident or ""]
            if event.event in {"alarm.taken", "alarm.arrived"}:
                self.held_at[alarm.id] = event.at
            elif event.event == "alarm.reopened" and event.why == "follow_up_lapsed":
                if event.at < self.held_at[alarm.id] + timedelta(seconds=expected.follow_up_s):
                    yield f"no timer is early: alarm {alarm.id} was followed up before its time"
            elif event.rule == "night" and event.event in {"alarm.raised", "alarm.repeated"}:
                self.found_t.setdefault((event.tenant, event.resident or ""), []).append(record.t)
                limit = timedelta(seconds=expected.bed_limit_s - RECEIPT_S)
                if event.event == "alarm.raised" and event.at < alarm.happened_at + limit:
                    yield f"no timer is early: alarm {alarm.id} of a bed that had not been empty for so long"

    def beds(self) -> Iterator[str]:
        """Every bed that was left for good was found empty, and when it should."""
        for who, t in self.empty_t.items():
            due_t = t + self.towns[who[0]][who[1]].bed_limit_s
            if not any(due_t - RECEIPT_S <= found <= due_t + OVERDUE_S for found in self.found_t.get(who, [])):
                yield f"no timer is lost: the empty bed of {who[0]}/{who[1]} was not found at {due_t:.0f} s"
