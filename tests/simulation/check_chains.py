"""Promise 3: links are told in order, none too early, none left out; the centre within a time that follows from the chain."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

import msgspec

from alarmcore.adapters.clock import SLOWER
from alarmcore.model.alarm import Alarm, AlarmEvent
from alarmcore.model.site import Site
from dispatch.binding import EFFECT_CODEC
from dispatch.telling import Tell
from tests.simulation.duty import on_duty
from tests.simulation.history import Closing, Committed, Healed, Loaded, Record
from tests.simulation.town import HANDOVER_S, Expected

CENTRE: Final = "unit:centre"

SLOW: Final = 1 / (1 - SLOWER)
"""How much longer everything takes while the clock makes up for having been set back."""

SLACK_S: Final = 100.0
"""A try that was under way (12 s), the longest wait before channels are tried anew (60 s), the console's turn (5 s), delivery."""

HURRIES: Final = ("alarm.declined", "alarm.reopened", "alarm.escalated", "alarm.raised", "chain.skipped")
"""What lets the next link's turn come before the wait is over."""


def bound_s(one: Expected) -> float:
    """How long it may take at most until the centre is told (again), once everything works."""
    return (one.centre_bound_s() + max(one.waits[-1], HANDOVER_S) + SLACK_S) * SLOW


class Turn(msgspec.Struct):
    """A link's turn: since when, when the first of its recipients was reached, and whether a way to one of them has failed."""

    link: int
    began_at: datetime
    told_at: datetime | None = None
    failed: bool = False


class Chains:
    """Follows every alarm's chain by what is committed."""

    sees = (Loaded, Committed, Healed, Closing)

    def __init__(self, towns: dict[str, dict[str, Expected]]) -> None:
        self.towns = towns
        self.alarms: dict[str, Alarm] = {}
        self.open_since: dict[str, float] = {}
        self.centre_told: dict[str, float] = {}
        self.turns: dict[str, Turn] = {}
        self.tellings: set[str] = set()
        self.sites: dict[str, Site] = {}
        self.link: dict[str, int] = {}
        self.begun: set[tuple[str, str]] = set()
        self.skipped: set[tuple[str, int]] = set()
        self.healed_t: float | None = None

    def see(self, record: Record) -> Iterator[str]:
        """Follow."""
        match record:
            case Committed():
                self.follow(record)
                for event in record.batch.events:
                    yield from self.happened(event, record.t)
                yield from self.turn(record)
            case Loaded():
                self.sites = record.sites
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

    def happened(self, event: AlarmEvent, t: float) -> Iterator[str]:
        """Somebody was reached, or was not, or is left out because they are not on duty."""
        alarm = event.alarm or ""
        turn = self.turns.get(alarm)
        if event.event == "alarm.told":
            if event.to == CENTRE:
                self.centre_told[alarm] = t
            if turn is not None and turn.link == event.link and turn.told_at is None:
                turn.told_at = event.at
        elif event.event == "alarm.telling_failed":
            if turn is not None and turn.link == event.link:
                turn.failed = True
        elif event.event == "chain.skipped" and event.link is not None:
            self.skipped.add((alarm, event.link))
            there = [ref for ref in self.recipients(alarm, event.link) if self.on_duty(alarm, ref, event.at)]
            if there:
                yield f"nobody on duty is left out: link {event.link} of alarm {alarm} is skipped, though {', '.join(there)} is"

    def recipients(self, alarm: str, link: int) -> tuple[str, ...]:
        """Whom a link tells."""
        return self.expected(self.alarms[alarm]).links[link]

    def on_duty(self, alarm: str, ref: str, at: datetime) -> bool | None:
        """Whether somebody is on duty; None when the clock is being changed, and "now" has two meanings."""
        return on_duty(self.sites[self.alarms[alarm].slot.tenant], ref, at)

    def turn(self, record: Committed) -> Iterator[str]:
        """Whether somebody is told before their turn."""
        hurried = {event.alarm for event in record.batch.events if event.event in HURRIES}
        for name in record.batch.settled:
            # One that was begun and done with in the same turn is stored as such only: alarm:kind:recipient:telling:try.
            alarm, _, rest = name.partition(":")
            self.begun.add((alarm, rest.rsplit(":", 2)[0]))
        for _, data in record.batch.effects:
            tell: Tell = EFFECT_CODEC[1](data)
            if tell.telling in self.tellings:
                continue  # another try of the same
            self.tellings.add(tell.telling)
            yield from self.in_order(tell, record.now)
            turn = self.turns.get(tell.alarm.id)
            if turn is not None and tell.alarm.id not in hurried:
                yield from self.early(turn, tell, record.now)
            self.turns[tell.alarm.id] = Turn(tell.link, record.now)

    def in_order(self, tell: Tell, now: datetime) -> Iterator[str]:
        """Whose turn it is: the next link's that was not skipped, or the same one's again; never of somebody off duty."""
        alarm = tell.alarm.id
        before = self.link.get(alarm, -1)
        self.link[alarm] = tell.link
        self.begun.add((alarm, tell.ref))
        if tell.link < before or tell.ref not in self.recipients(alarm, tell.link):
            yield f"links are told in order: {tell.ref} of alarm {alarm} by link {tell.link} after link {before}"
        for link in range(before + 1, tell.link):
            # Somebody whose earlier telling is still under way is told by that.
            unasked = [ref for ref in self.recipients(alarm, link) if (alarm, ref) not in self.begun]
            if unasked and (alarm, link) not in self.skipped:
                yield f"links are told in order: link {tell.link} of alarm {alarm} before link {link}, which was not skipped"
        if self.on_duty(alarm, tell.ref, now) is False:
            yield f"nobody off duty is told: {tell.ref} of alarm {alarm}"

    def early(self, turn: Turn, tell: Tell, now: datetime) -> Iterator[str]:
        """The turn before must have had its time: its wait from being told, or the time in which hand-over must work."""
        wait = timedelta(seconds=self.expected(tell.alarm).waits[turn.link])
        handover_at = turn.began_at + timedelta(seconds=HANDOVER_S)
        if turn.told_at is not None and turn.told_at <= handover_at and now < turn.told_at + wait:
            yield f"no turn comes early: link {tell.link} of alarm {tell.alarm.id} while link {turn.link} had time to answer"
        if turn.told_at is None and not turn.failed and now < handover_at:
            yield f"no turn comes early: link {tell.link} of alarm {tell.alarm.id} while link {turn.link} was being told"

    def closing(self, t: float) -> Iterator[str]:
        """All has been well, and nobody answered: who was not told?"""
        healed_t = self.healed_t or 0.0
        for name, since in self.open_since.items():
            alarm = self.alarms[name]
            from_t = max(since, healed_t)
            expected = self.expected(alarm)
            if t - from_t <= bound_s(expected):
                continue
            told_t = self.centre_told.get(name, -1.0)
            if told_t < from_t:
                yield f"the centre is told: not of alarm {name}, {t - from_t:.0f} s after it could have been"
            elif t - told_t > (max(expected.waits[-1], HANDOVER_S) + SLACK_S) * SLOW:
                yield f"the last link repeats: of alarm {name} the centre has heard nothing for {t - told_t:.0f} s"
