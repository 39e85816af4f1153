"""Rule `sensor_fault`: what exactly is said of a fault, when it is said again, in which hours, and of whose sensors."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alarmcore.model.alarm import Facts
from alarmcore.model.reading import Door, Signal, Status
from alarmcore.rules.base import BLANK, Find, Resolved
from alarmcore.rules.sensor_fault import FINDS_MAX, SensorFault
from tests.sensed import DEVICES, START, Home
from tests.stories import town

STRICT = town("[{id: sensors, kind: sensor_fault, chatter_per_hour: 5, again_s: 7200}]", DEVICES)
HOURS = town(
    '[{id: sensors, kind: sensor_fault, chatter_per_hour: 5, again_s: 7200, active: [{from: "08:00", to: "16:00"}]}]', DEVICES
)
"""In Stockholm in winter these are the hours from 7 to 15, UTC."""


def chatter(home: Home, hour: float, times: int) -> None:
    for time in range(times):
        home.says(hour + time / 100, "door-1", "door", Door(True))
        home.says(hour + time / 100 + 0.005, "door-1", "door", Door(False))


def finds(home: Home) -> list[tuple[float, str, int]]:
    return [(hour, one.why, one.again) for hour, one in home.said if isinstance(one, Find)]


def test_a_fault_is_told_with_its_device_its_sort_and_for_how_long() -> None:
    home = Home(STRICT)
    home.says(0, "door-1", "door", Door(False))
    chatter(home, 0.1, 20)
    at = START + timedelta(hours=0.15)
    facts = Facts(for_s=0, device="door-1", fault="sensor_chatters", count=6)
    assert home.said == [(0.15, Find("sensor_chatters", int(at.timestamp() * 1000), "door-1", at, 0, 0, facts))]


def test_a_silent_sensor_is_silent_since_it_was_last_heard_and_a_stuck_one_stuck_since_it_last_changed() -> None:
    silent, stuck = Home(), Home()
    for home in (silent, stuck):
        home.lives(range(40))
    silent.says(40 * 24 - 0.5, "door-1", "heartbeat", Signal())
    for day in range(40, 60):
        silent.lives([day], door=False)
        stuck.lives([day], door=False)
        stuck.says(day * 24 + 23, "door-1", "door", Door(False))
    for home, why, since_h in ((silent, "sensor_silent", 40 * 24 - 0.5), (stuck, "sensor_stuck", 39 * 24 + 13.31)):
        ((hour, find),) = home.said
        assert find.why == why
        assert find.happened_at == START + timedelta(hours=since_h)
        assert find.facts.for_s == pytest.approx((hour - since_h) * 3600, abs=1)


def test_a_door_that_is_used_twice_a_month_is_not_stuck_after_two_days() -> None:
    home = Home()
    for day in range(60):
        home.lives([day], door=False)
        if day % 15 == 0:
            home.says(day * 24 + 12, "door-1", "door", Door(day % 30 == 0))
        home.says(day * 24 + 23, "door-1", "heartbeat", Signal())
    assert home.said == []


def test_without_an_alarm_there_is_nothing_to_resolve() -> None:
    home = Home(STRICT)
    home.tell(Resolved(), START)
    assert home.memory == BLANK
    chatter(home, 0.1, 20)
    home.tell(Resolved(), START + timedelta(hours=0.5))
    resolved = home.memory
    home.tell(Resolved(), START + timedelta(hours=0.7))
    assert home.memory == resolved


def test_what_tells_nothing_of_a_sensor_changes_nothing() -> None:
    home = Home(STRICT)
    home.says(0, "door-1", "door", Door(False))
    before = home.memory
    home.says(0.1, "bed-2", "heartbeat", Signal())
    assert home.memory is before


def test_when_all_is_well_again_nothing_is_left_of_the_fault() -> None:
    home = Home(STRICT)
    home.says(0, "door-1", "door", Door(False))
    chatter(home, 0.1, 20)
    home.tell(Resolved(), START + timedelta(hours=0.5))
    home.wake(2.5)
    assert finds(home)[1:] == [(2.5, "sensor_chatters again", 1)]
    home.tell(Resolved(), START + timedelta(hours=23))
    home.wake(25)
    assert home.ends() == 1
    assert (home.memory.found, home.memory.again, home.memory.again_at, home.memory.due_at) == (False, 0, None, None)
    chatter(home, 30.1, 20)
    assert finds(home)[2:] == [(30.15, "sensor_chatters", 0)]


def test_what_is_found_again_may_be_resolved_again() -> None:
    home = Home(STRICT)
    home.says(0, "door-1", "door", Door(False))
    chatter(home, 0.1, 20)
    for hour in (0.5, 3.0):
        home.tell(Resolved(), START + timedelta(hours=hour))
        home.wake(hour + 2)
    assert finds(home)[1:] == [(2.5, "sensor_chatters again", 1), (5.0, "sensor_chatters again", 2)]


def test_a_fault_that_persists_waits_for_the_rules_next_hours_before_it_is_found_again() -> None:
    home = Home(HOURS)
    home.says(13.0, "door-1", "door", Door(False))
    chatter(home, 13.1, 20)
    home.tell(Resolved(), START + timedelta(hours=14))
    chatter(home, 15.1, 20)
    home.wake(16)
    assert home.memory.due_at == START + timedelta(hours=31)
    home.wake(31)
    assert [(round(hour, 2), why, again) for hour, why, again in finds(home)] == [
        (13.15, "sensor_chatters", 0),
        (31.0, "sensor_chatters again", 1),
    ]


def test_a_fault_waits_for_the_rules_next_hours_and_one_that_is_over_by_then_is_never_spoken_of() -> None:
    home = Home(HOURS)
    rule = home.rule
    assert isinstance(rule, SensorFault)
    for _ in range(FINDS_MAX + 1):
        home.memory, _, _ = rule.counted(home.memory, "door-1", home.setting, START + timedelta(hours=20))
    assert home.memory.again_at == START + timedelta(hours=31), "the next morning"
    assert home.memory.due_at == START + timedelta(hours=22), "an hour after the one in which it was too much"
    home.wake(22)
    assert finds(home) == []
    assert home.memory.again_at is None
    assert not home.memory.due_at


def test_too_many_alarms_of_one_device_wait_for_the_rules_hours_like_any_fault() -> None:
    home = Home(HOURS)
    rule = home.rule
    assert isinstance(rule, SensorFault)
    for hour, told in ((20.0, 0), (10.0, 1)):
        memory, now, said = BLANK, START + timedelta(hours=hour), 0
        for _ in range(FINDS_MAX + 1):
            memory, until, decisions = rule.counted(memory, "door-1", home.setting, now)
            said += len(decisions)
        assert until == now + timedelta(hours=1)
        assert said == told


def test_a_device_that_was_given_back_is_looked_at_no_more() -> None:
    """Until the ninth it was hers, and then it lies in a drawer: nothing of it is missed."""
    devices = DEVICES.replace("id: door-1, kind: sensor", 'id: door-1, kind: sensor, until: "2026-02-08"')
    home = Home(town("[{id: sensors, kind: sensor_fault}]", devices))
    home.lives(range(35))
    assert home.memory.health is not None
    assert "door-1/door/" in [one.name for one in home.memory.health.sensors]
    home.lives(range(35, 70), door=False)
    assert home.said == []
    assert "door-1/door/" not in [one.name for one in home.memory.health.sensors]


def test_a_status_is_a_devices_word_about_itself_and_no_sensor() -> None:
    home = Home()
    home.says(0, "door-1", "door", Door(False))
    home.says(1, "door-1", "status", Status(battery_pct=50.0))
    home.says(2, "bed-1", "status", Status(battery_pct=50.0))
    assert home.memory.health is not None
    (sensor,) = home.memory.health.sensors
    assert (sensor.name, sensor.heard_at) == ("door-1/door/", START + timedelta(hours=1))


def test_a_sensor_that_is_set_off_every_minute_all_day_and_night_is_one_that_chatters() -> None:
    home = Home()
    for minute in range(25 * 60):
        home.moves(minute / 60)
    ((hour, find),) = home.said
    assert (find.why, find.device, hour) == ("sensor_chatters", "motion-1", 20.0)
    assert find.happened_at == START
    assert find.facts == Facts(for_s=20 * 3600, device="motion-1", fault="sensor_chatters")


def test_somebody_who_sleeps_or_sits_in_between_sets_off_no_sensor_all_the_time() -> None:
    home = Home()
    for minute in range(60 * 60):
        if minute // 60 % 24 >= 5 or minute % 60 < 19:
            home.moves(minute / 60)
    assert home.said == []
