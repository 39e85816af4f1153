"""Promise 3: no link's turn comes too early, and the alarm centre is told within a time that follows from the chain."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

import msgspec

from alarmcore.model.alarm import Alarm
from dispatch.binding import EFFECT_CODEC
from dispatch.telling import Tell
from tests.simulation.history import ClockSet, Closing, Committed, Healed, Record
from tests.simulation.town import HANDOVER_S, Expected

CENTRE: Final = "unit:centre"

SLACK_S: Final = 100.0
"""A try that was under way (12 s), the longest wait before channels are tried anew (60 s), the console's turn (5 s), delivery."""

HURRIES: Final = ("alarm.declined", "alarm.reopened", "alarm.escalated", "alarm.raised", "chain.skipped")
"""What lets the next link's turn come before the wait is over."""


def bound_s(one: Expected) -> float:
    """How long it may take at most until the centre is told (again), once everything works."""
    return one.centre_bound_s() + max(one.waits[-1], HANDOVER_S) + SLACK_S


class Turn(msgspec.Struct):
    """A link's turn: since when, and when the first of its recipients was reached."""

    link: int
    began_at: datetime
    told_at: datetime | None = None


class Chains:
    """Follows every alarm's chain by what is committed."""

    def __init__(self, towns: dict[str, dict[str, Expected]]) -> None:
        self.towns = towns
        self.alarms: dict[str, Alarm] = {}
        self.open_since: dict[str, float] = {}
        self.centre_told: dict[str, float] = {}
        self.turns: dict[str, Turn] = {}
        self.tellings: set[str] = set()
        self.healed_t: float | None = None
        self.ahead_s = 0.0

    def see(self, record: Record) -> Iterator[str]:
        """Follow."""
        match record:
            case Committed():
                for event in record.batch.events:
                    if event.event == "alarm.told" and event.alarm is not None:
                        self.told(event.alarm, event.to, event.link, event.at, record.t)
                yield from self.turn(record)
                self.follow(record)
            case ClockSet():
                if record.ahead_s < self.ahead_s:
                    # A link that was told by a clock since set back may have its turn ended early: known, and on the safe side.
                    self.turns.clear()
                self.ahead_s = record.ahead_s
            case Healed():
                self.healed_t = record.t
            case Closing():
                yield from self.closing(record.t)

    def expected(self, alarm: Alarm) -> Expected:
        """What is set up for whom the alarm is about."""
        return self.towns[alarm.slot.tenant][alarm.slot.resident]

    def follow(self, record: Committed) -> None:
        """Since when each alarm has been nobody's."""
        for alarm in record.batch.alarms:
            before = self.alarms.get(alarm.id)
            self.alarms[alarm.id] = alarm
            if alarm.state != "open":
                self.open_since.pop(alarm.id, None)
            elif before is None or before.state != "open":
                self.open_since[alarm.id] = record.t

    def told(self, alarm: str, to: str | None, link: int | None, at: datetime, t: float) -> None:
        """Somebody was reached."""
        if to == CENTRE:
            self.centre_told[alarm] = t
        turn = self.turns.get(alarm)
        if turn is not None and turn.link == link and turn.told_at is None:
            turn.told_at = at

    def turn(self, record: Committed) -> Iterator[str]:
        """Whether somebody is told before their turn."""
        hurried = {event.alarm for event in record.batch.events if event.event in HURRIES}
        for _, data in record.batch.effects:
            tell: Tell = EFFECT_CODEC[1](data)
            if tell.telling in self.tellings:
                continue  # another try of the same
            self.tellings.add(tell.telling)
            turn = self.turns.get(tell.alarm.id)
            if turn is not None and tell.alarm.id not in hurried:
                yield from self.early(turn, tell, record.now)
            self.turns[tell.alarm.id] = Turn(tell.link, record.now)

    def early(self, turn: Turn, tell: Tell, now: datetime) -> Iterator[str]:
        """The turn before must have had its time: its wait from being told, or the time in which hand-over must work."""
        wait = timedelta(seconds=self.expected(tell.alarm).waits[turn.link])
        handover_at = turn.began_at + timedelta(seconds=HANDOVER_S)
        if turn.told_at is not None and turn.told_at <= handover_at and now < turn.told_at + wait:
            yield f"no turn comes early: link {tell.link} of alarm {tell.alarm.id} while link {turn.link} had time to answer"

    def closing(self, t: float) -> Iterator[str]:
        """All has been well, and nobody answered: who was not told?"""
        healed_t = self.healed_t or 0.0
        for name, since in self.open_since.items():
            alarm = self.alarms[name]
            from_t = max(since, healed_t)
            if t - from_t > bound_s(self.expected(alarm)) and self.centre_told.get(name, -1.0) < from_t:
                yield f"the centre is told: not of alarm {name}, {t - from_t:.0f} s after it could have been"
