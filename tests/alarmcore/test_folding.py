"""Too many alarms by one device's readings are held together for an hour at most, and never what a person asks for help by."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alarmcore import watch
from alarmcore.admission import registry_of
from alarmcore.bindings import WatchMachine
from alarmcore.model.alarm import ForgiveRule, RaiseAlarm
from alarmcore.model.site import Site
from alarmcore.rules.sensor_fault import FINDS_MAX
from tests.observed import observed
from tests.stories import PLACES, told, town

NOON = datetime(2026, 1, 14, 12, tzinfo=UTC)
RULES = """
    - {id: press, kind: button, chain: quiet}
    - {id: fell, kind: fall, chain: quiet}
    - {id: lies, kind: on_floor, limit_s: 10, chain: quiet}
    - {id: dose, kind: missed_medication, chain: quiet}
    - {id: cold, kind: measurement, quantity: room, below: 15, chain: quiet}
    - {id: heart, kind: measurement, quantity: pulse, above: 150, priority: critical, chain: quiet}
    - {id: draught, kind: door_open, limit_s: 60, chain: quiet}
"""
FOLDING = town(RULES + "    - {id: sensors, kind: sensor_fault}")
PLAIN = town(RULES)


class Life:
    """A watch that is told of readings, minute by minute, and what it raises."""

    def __init__(self, site: Site = FOLDING) -> None:
        self.site = site
        self.state = watch.fresh(watch.plan_for(site, site.residents[0]))
        self.raised: list[tuple[float, str]] = []
        self.whole: list[RaiseAlarm] = []

    def says(self, minute: float, kind: str, **fields: Any) -> None:
        at = NOON + timedelta(minutes=minute)
        event = observed(self.site, kind, {"device": "bed-1", **fields, "at": at.isoformat()}, at)
        assert event is not None
        self.until(minute)
        self.tell(event, at)

    def until(self, minute: float) -> None:
        """Let timers that are due before then be asked."""
        now = NOON + timedelta(minutes=minute)
        for _ in range(1000):
            wake_at = self.state.wake_at
            if wake_at is None or wake_at >= now:
                return
            self.tell(watch.WOKE, wake_at)
        raise AssertionError("timers without end")

    def tell(self, event: watch.Event, now: datetime) -> None:
        outcome = watch.step(self.state, event, now)
        self.state = outcome.state
        for one in outcome.decisions:
            if isinstance(one, RaiseAlarm):
                self.raised.append(((now - NOON).total_seconds() / 60, one.slot.rule))
                self.whole.append(one)

    def flutter(self, minute: float, times: int) -> None:
        """A value that crosses its limit so often, and ends beyond it."""
        for time in range(times):
            self.says(minute + time * 2 - 1, "measurement", quantity="room", value=20)
            self.says(minute + time * 2, "measurement", quantity="room", value=10)

    def of(self, rule: str) -> list[float]:
        return [minute for minute, one in self.raised if one == rule]


def test_beyond_a_few_in_an_hour_one_technical_alarm_stands_for_the_rest_until_the_hour_is_over() -> None:
    life = Life()
    life.flutter(1, 10)
    assert len(life.of("cold")) == FINDS_MAX
    assert life.of("sensors") == [1 + FINDS_MAX * 2]
    folded = life.whole[-1]
    assert (folded.why, folded.device, folded.priority) == ("alarms_folded", "bed-1", "technical")
    assert folded.facts is not None
    assert (folded.facts.device, folded.facts.count) == ("bed-1", FINDS_MAX + 1)
    life.until(70)
    assert life.of("cold")[FINDS_MAX:] == [60.0], "what still holds is raised when the hour is over"


def test_what_is_over_by_then_is_not_raised() -> None:
    life = Life()
    life.flutter(1, 10)
    life.says(30, "measurement", quantity="room", value=20)
    life.until(200)
    assert len(life.of("cold")) == FINDS_MAX


def test_where_no_rule_looks_at_sensors_nothing_is_held_back() -> None:
    life = Life(PLAIN)
    life.flutter(1, 10)
    assert len(life.of("cold")) == 10


def test_each_hour_in_which_something_is_held_back_has_its_alarm() -> None:
    life = Life()
    life.flutter(1, 8)
    life.flutter(61, 8)
    assert len(life.of("sensors")) == 2


def test_where_somebody_is_is_never_held_back() -> None:
    rules = "[{id: wander, kind: zone_exit, zones: [home], chain: quiet}, {id: sensors, kind: sensor_fault}]"
    life = Life(town(rules))
    for minute in range(180):
        lat, lon = PLACES["@away" if minute // 15 % 2 else "@home"]
        life.says(minute, "position", device="gps-1", lat=lat, lon=lon, accuracy_m=10)
    assert len(life.of("wander")) > FINDS_MAX
    assert life.of("sensors") == []


def test_another_device_is_not_held_back() -> None:
    life = Life()
    life.flutter(1, 10)
    life.says(30, "door", device="door-1", open=True)
    life.until(32)
    assert life.of("draught") == [31.0]


@pytest.mark.parametrize(
    ("rule", "kind", "fields"),
    [
        ("press", "button", {}),
        ("fell", "fall", {}),
        ("dose", "medication", {"taken": False}),
        ("lies", "floor", {"on_floor": True}),
        ("heart", "measurement", {"quantity": "pulse", "value": 180}),
    ],
)
def test_what_a_person_may_need_help_by_is_never_held_back(rule: str, kind: str, fields: dict[str, Any]) -> None:
    """Of the same device that floods, and however often."""
    life = Life()
    life.flutter(1, 10)
    for time in range(10):
        life.says(25 + time, kind, **fields)
        life.until(25.5 + time)
        life.says(25.6 + time, "floor", on_floor=False)
        life.says(25.6 + time, "measurement", quantity="pulse", value=80)
    assert len(life.of(rule)) == 10


def test_a_finding_that_goes_on_beyond_the_other_limit_ends_only_once() -> None:
    told(
        town(
            "[{id: sugar, kind: measurement, quantity: glucose, above: 15, below: 4, chain: quiet},"
            " {id: sensors, kind: sensor_fault}]"
        ),
        """
        >> 12:00 bed-1 measurement quantity=glucose value=16
        << 12:00 alarm.raised sugar
        << 12:00 alarm.told sugar unit:centre
        >> 12:01 bed-1 measurement quantity=glucose value=3
        << 12:01 alarm.repeated sugar
        >> 12:02 bed-1 measurement quantity=glucose value=16
        << 12:02 alarm.repeated sugar
        >> 12:03 bed-1 measurement quantity=glucose value=3
        << 12:03 alarm.repeated sugar
        >> 12:04 bed-1 measurement quantity=glucose value=16
        << 12:04 alarm.raised sensors why=alarms_folded
        << 12:04 alarm.repeated sugar
        << 12:04 alarm.told sensors unit:centre
        >> 12:05 bed-1 measurement quantity=glucose value=8
        << 12:05 alarm.condition_ended sugar
        >> 12:06 tick
        """,
    )


def test_what_is_known_of_sensors_and_held_back_survives_a_restart() -> None:
    life = Life()
    life.flutter(1, 10)
    life.says(30, "motion", device="motion-1")
    machine = WatchMachine(registry_of([FOLDING]).plans.get)
    person = ("grastorp", "r1")
    life.state = machine.decode(person, machine.encode(life.state))
    life.until(70)
    assert life.of("cold")[FINDS_MAX:] == [60.0]
    assert life.state.memories[-1].health is not None
    assert [one.name for one in life.state.memories[-1].health.sensors] == ["bed-1/measurement", "motion-1/motion"]


values = st.lists(st.tuples(st.integers(0, 20), st.sampled_from([10.0, 20.0]), st.booleans()), min_size=1, max_size=40)


@settings(max_examples=60, deadline=None)
@given(values)
def test_nothing_that_holds_goes_unraised_for_longer_than_an_hour(steps: list[tuple[int, float, bool]]) -> None:
    """Whatever is resolved meanwhile: a stretch that lasts an hour is raised in it."""
    life, minute, since, last = Life(), 0, None, 20.0
    slot = life.state.plan.watched[4].slot
    for step, value, resolves in [*steps, (61, 10.0, False), (61, 10.0, False)]:
        minute += step
        life.says(minute, "measurement", quantity="room", value=value)
        if resolves:
            life.tell(ForgiveRule(slot), NOON + timedelta(minutes=minute))
        if value < 15 and last > 15:
            since = minute
        last = value
        if value < 15 and since is not None and minute - since >= 60:
            assert any(at >= since for at in life.of("cold"))


@settings(max_examples=60, deadline=None)
@given(values)
def test_of_any_series_a_device_raises_at_most_a_few_in_an_hour_of_the_clock(steps: list[tuple[int, float, bool]]) -> None:
    life, minute = Life(), 0
    for step, value, _ in steps:
        minute += step
        life.says(minute, "measurement", quantity="room", value=value)
    hours = [int(at // 60) for at in life.of("cold")]
    assert max((hours.count(hour) for hour in hours), default=0) <= FINDS_MAX


def test_what_would_wait_beyond_the_hours_of_its_rule_does_not_wait() -> None:
    rules = """
    - {id: cold, kind: measurement, quantity: room, below: 15, chain: quiet, active: [{from: "08:00", to: "13:59"}]}
    - {id: sensors, kind: sensor_fault}
    """
    life = Life(town(rules))  # noon in UTC is one o'clock in Stockholm: the hour that holds back ends after the window
    life.flutter(1, 10)
    assert len(life.of("cold")) == 10


def test_a_mat_that_chatters_is_held_back_and_what_still_stands_is_raised() -> None:
    life = Life(town("[{id: up, kind: out_of_bed, limit_s: 30, chain: quiet}, {id: sensors, kind: sensor_fault}]"))
    for minute in range(1, 30):
        life.says(minute, "bed", device="bed-1", occupied=minute % 2 == 0)
    life.until(200)
    assert len(life.of("up")) == FINDS_MAX + 1
    assert life.of("up")[-1] == 60.0
    assert life.of("sensors") == [2 * FINDS_MAX + 1.5]
