"""What is set up for a person has changed: what stands already counts by the rules of today, not by the timers of yesterday."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alarmcore.admission import registry_of
from alarmcore.bindings import WatchMachine
from alarmcore.model.alarm import RaiseAlarm
from alarmcore.model.reading import Reading, Signal
from alarmcore.rules.base import Observed
from alarmcore.watch import WOKE, WatchState
from tests.observed import observed
from tests.stories import town

NOON = datetime(2026, 1, 14, 12, tzinfo=UTC)
PERSON = ("grastorp", "r1")


class Person:
    """Somebody whose watch is stored, and taken up under the rules of another import."""

    def __init__(self, rules: str, resident: str = "") -> None:
        self.raised: list[tuple[float, RaiseAlarm]] = []
        self.set_up(rules, resident)
        self.state: WatchState = self.machine.initial(PERSON)

    def set_up(self, rules: str, resident: str = "") -> None:
        self.site = town(rules, resident)
        self.machine = WatchMachine(registry_of([self.site]).plans.get)

    def imports(self, rules: str, resident: str = "") -> None:
        stored = self.machine.encode(self.state)
        self.set_up(rules, resident)
        self.state = self.machine.decode(PERSON, stored)

    def says(self, minute: float, device: str, kind: str, **fields: Any) -> None:
        at = NOON + timedelta(minutes=minute)
        event = observed(self.site, kind, {"device": device, **fields, "at": at.isoformat()}, at)
        assert event is not None
        self.tell(event, at)

    def lives(self, minute: float) -> None:
        """Any word of any device, which no rule has to hear."""
        at = NOON + timedelta(minutes=minute)
        self.tell(Observed(Reading("grastorp", "motion-1", "heartbeat", at, at, Signal())), at)

    def until(self, minute: float) -> None:
        """Let timers that are due by then be asked."""
        now = NOON + timedelta(minutes=minute)
        for _ in range(1000):
            if self.state.wake_at is None or self.state.wake_at > now:
                return
            self.tell(WOKE, self.state.wake_at)
        raise AssertionError("timers without end")

    def tell(self, event: Any, now: datetime) -> None:
        outcome = self.machine.step(self.state, event, now)
        self.state = outcome.state
        minute = (now - NOON).total_seconds() / 60
        self.raised += [(minute, one) for one in outcome.decisions if isinstance(one, RaiseAlarm)]

    def minutes(self) -> list[float]:
        return [minute for minute, _ in self.raised]


def doses(*times: str) -> str:
    """A rule that waits for doses at these times."""
    named = ", ".join(f'"{one}"' for one in times)
    return f"[{{id: dose, kind: missed_medication, within_s: 1800, times: [{named}]}}]"


STANDING = {
    "door_open": ("limit_s", "door-1", "door", {"open": True}),
    "out_of_bed": ("limit_s", "bed-1", "bed", {"occupied": False}),
    "on_floor": ("limit_s", "floor-1", "floor", {"on_floor": True}),
    "inactivity": ("limit_s", "motion-1", "motion", {}),
    "silent": ("limit_s", "door-1", "heartbeat", {}),
}
"""By kind of rule: what sets its limit, and the reading from which that counts."""


@pytest.mark.parametrize("kind", STANDING)
def test_a_limit_that_is_shorter_now_counts_from_the_next_word_of_any_device(kind: str) -> None:
    field, device, reading, fields = STANDING[kind]
    person = Person(f"[{{id: it, kind: {kind}, {field}: 7200}}]")
    person.says(0, device, reading, **fields)
    person.imports(f"[{{id: it, kind: {kind}, {field}: 600}}]")
    person.lives(5)
    assert person.minutes() == []
    person.until(14)
    assert person.minutes() == [10.0]


@pytest.mark.parametrize("kind", STANDING)
def test_what_is_beyond_a_shorter_limit_already_is_raised_at_once(kind: str) -> None:
    field, device, reading, fields = STANDING[kind]
    person = Person(f"[{{id: it, kind: {kind}, {field}: 7200}}]")
    person.says(0, device, reading, **fields)
    person.imports(f"[{{id: it, kind: {kind}, {field}: 600}}]")
    person.tell(WOKE, NOON + timedelta(minutes=60))
    assert person.minutes() == [60.0]


def test_values_that_have_been_beyond_for_long_enough_by_the_rule_of_today_are_found() -> None:
    rule = "{{id: heat, kind: measurement, quantity: room, above: 30, lasting_s: {}}}"
    person = Person(f"[{rule.format(86400)}]")
    for minute in (0, 20, 40):
        person.says(minute, "motion-1", "measurement", quantity="room", value=35)
    person.imports(f"[{rule.format(3600)}]")
    person.lives(50)
    person.until(200)
    assert person.minutes() == [60.0]


def test_a_limit_that_is_longer_now_counts_too() -> None:
    person = Person("[{id: it, kind: door_open, limit_s: 600}]")
    person.says(0, "door-1", "door", open=True)
    person.imports("[{id: it, kind: door_open, limit_s: 7200}]")
    person.until(300)
    assert person.minutes() == [120.0]


def test_other_hours_count_for_what_stands() -> None:
    person = Person('[{id: it, kind: door_open, limit_s: 600, active: [{from: "22:00", to: "06:00"}]}]')
    person.says(0, "door-1", "door", open=True)
    person.imports("[{id: it, kind: door_open, limit_s: 600}]")
    person.lives(20)
    assert person.minutes() == [20.0]


def test_doses_at_new_times_are_waited_for_before_the_old_dose_is_over() -> None:
    """In Stockholm it is an hour later: at 14:30, UTC, a dose of 15:00 has been waited for."""
    person = Person(doses("20:00"))
    person.says(0, "motion-1", "medication", taken=True)
    person.imports(doses("15:00", "20:00"))
    person.lives(1)
    person.until(12 * 60)
    assert person.minutes() == [150.0, 450.0]
    assert [one.facts.dose for _, one in person.raised if one.facts] == ["15:00", "20:00"]


def test_a_dose_that_was_taken_out_is_waited_for_no_more() -> None:
    person = Person(doses("15:00", "20:00"))
    person.says(0, "motion-1", "medication", taken=True)
    person.imports(doses("20:00"))
    person.lives(1)
    person.until(12 * 60)
    assert person.minutes() == [450.0]


def test_rules_are_asked_anew_once_and_not_after_a_restart_with_the_same_rules() -> None:
    rules = "[{id: it, kind: door_open, limit_s: 600}]"
    person = Person("[{id: it, kind: door_open, limit_s: 900}]")
    person.says(0, "door-1", "door", open=True)
    person.imports(rules)
    assert person.state.changed
    person.lives(1)
    assert not person.state.changed
    person.imports(rules)
    assert not person.state.changed
    before = person.state
    person.lives(2)
    assert person.state is before, "nothing is stored where nothing has changed"


def test_that_rules_are_to_be_asked_survives_a_restart_before_anything_is_heard() -> None:
    person = Person("[{id: it, kind: door_open, limit_s: 7200}]")
    person.says(0, "door-1", "door", open=True)
    person.imports("[{id: it, kind: door_open, limit_s: 600}]")
    person.imports("[{id: it, kind: door_open, limit_s: 600}]")
    person.lives(20)
    assert person.minutes() == [20.0]


def test_a_door_that_is_looked_at_no_more_is_not_found() -> None:
    person = Person("[{id: it, kind: door_open, limit_s: 600}]")
    person.says(0, "door-1", "door", open=True, door="fridge")
    person.imports("[{id: it, kind: door_open, limit_s: 600, doors: [front]}]")
    person.until(300)
    assert person.minutes() == []


def test_what_was_found_stays_found_under_another_limit() -> None:
    person = Person("[{id: it, kind: door_open, limit_s: 600}]")
    person.says(0, "door-1", "door", open=True)
    person.until(30)
    person.imports("[{id: it, kind: door_open, limit_s: 60}]")
    person.lives(31)
    assert person.minutes() == [10.0]


def test_the_mark_of_a_plan_is_that_of_its_rules_devices_and_stays_and_of_nothing_else() -> None:
    def mark(rules: str, resident: str = "") -> int:
        site = town(rules, resident)
        return registry_of([site]).plans[PERSON].mark

    plain = mark("[{id: it, kind: door_open, limit_s: 600}]")
    assert plain == mark("[{id: it, kind: door_open, limit_s: 600}]", "name: Karin Andersson")
    assert plain != mark("[{id: it, kind: door_open, limit_s: 601}]")
    assert plain != mark("[{id: it, kind: door_open, limit_s: 600}]", "devices: [{id: door-1, kind: door}]")
    assert plain != mark("[{id: it, kind: door_open, limit_s: 600}]", "stays: [{from: 2026-07-01, until: 2026-07-14}]")
