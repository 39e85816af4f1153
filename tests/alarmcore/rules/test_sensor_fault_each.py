"""Rule `sensor_fault`: each faulty device has its own alarm, one after the other; and one that was never heard is missed too."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from alarmcore.model.alarm import Facts
from alarmcore.model.reading import Bed, Door, Motion, Signal
from alarmcore.rules.base import Find, Resolved
from alarmcore.rules.sensor_fault import FINDS_MAX, SensorFault
from alarmcore.sensor import WEEK_S
from tests.sensed import DEVICES, START, Home
from tests.stories import told, town

STRICT = town("[{id: sensors, kind: sensor_fault, chatter_per_hour: 5, again_s: 7200}]", DEVICES)
DAYS = 24.0


def chatter(home: Home, hour: float, device: str = "door-1") -> None:
    home.says(hour, device, "door", Door(False))
    for time in range(10):
        home.says(hour + time / 100, device, "door", Door(True))
        home.says(hour + time / 100 + 0.005, device, "door", Door(False))


def finds(home: Home) -> list[tuple[float, str, str, bool, int]]:
    """When which device was found for what, whether with its numbers, and how often before."""
    return [
        (round(hour, 2), one.device, one.why, one.facts is not None, one.again) for hour, one in home.said if type(one) is Find
    ]


def test_a_second_faulty_device_is_noted_at_once_and_has_its_own_alarm_when_the_first_is_resolved() -> None:
    home = Home(STRICT)
    chatter(home, 0.1)
    chatter(home, 0.3, "door-2")
    assert finds(home) == [
        (0.15, "door-1", "sensor_chatters", True, 0),
        (0.35, "door-2", "sensor_chatters", False, 0),
    ], "what is said of the first stays said of the first"
    home.tell(Resolved(), START + timedelta(hours=1))
    assert finds(home)[2:] == [(1.0, "door-2", "sensor_chatters", True, 0)]
    home.tell(Resolved(), START + timedelta(hours=1.5))
    assert len(finds(home)) == 3


def test_each_that_persists_is_found_again_by_itself() -> None:
    home = Home(STRICT)
    chatter(home, 0.1)
    chatter(home, 0.3, "door-2")
    home.tell(Resolved(), START + timedelta(hours=1))
    home.tell(Resolved(), START + timedelta(hours=1.5))
    home.wake(3)
    assert finds(home)[3:] == [(3.0, "door-1", "sensor_chatters again", True, 1)], "two hours after the first was resolved"
    home.tell(Resolved(), START + timedelta(hours=4))
    assert finds(home)[4:] == [(4.0, "door-2", "sensor_chatters again", True, 1)]


def test_what_the_open_alarm_is_about_is_not_told_of_again_when_the_others_time_has_come() -> None:
    home = Home(STRICT)
    chatter(home, 0.1)
    chatter(home, 0.3, "door-2")
    home.tell(Resolved(), START + timedelta(hours=1))
    home.wake(3)
    home.tell(Resolved(), START + timedelta(hours=4))
    assert finds(home)[3:] == [(4.0, "door-1", "sensor_chatters again", True, 1)], "it waited for the alarm about the other one"
    home.tell(Resolved(), START + timedelta(hours=4.5))
    assert len(finds(home)) == 4, "the other one was seen to half an hour ago"


def test_of_an_alarm_from_before_each_device_had_its_own_all_was_told() -> None:
    home = Home(STRICT)
    chatter(home, 0.1)
    chatter(home, 0.3, "door-2")
    home.memory = replace(home.memory, device="", holds=None)
    home.tell(Resolved(), START + timedelta(hours=1))
    assert len(finds(home)) == 2
    home.wake(3)
    assert finds(home)[2:] == [(3.0, "door-1", "sensor_chatters again", True, 1)]


def test_over_is_when_the_device_that_the_alarm_is_about_behaves_whatever_others_do() -> None:
    home = Home(STRICT)
    chatter(home, 0.1)
    chatter(home, 2.1, "door-2")
    home.wake(25)
    assert home.ends() == 1
    home.wake(27)
    assert home.ends() == 1, "it is over but once"


def test_another_device_that_behaves_again_ends_nothing() -> None:
    home = Home(STRICT)
    chatter(home, 0.1)
    chatter(home, 0.3, "door-2")
    chatter(home, 20.1)
    home.wake(25)
    assert home.ends() == 0
    home.wake(45)
    assert home.ends() == 1


def test_a_door_that_chatters_and_whose_alarms_are_held_back_is_one_finding() -> None:
    home = Home(STRICT)
    rule = home.rule
    assert isinstance(rule, SensorFault)
    held: list[Find] = []
    for _ in range(FINDS_MAX + 1):
        home.memory, _, said = rule.counted(home.memory, "door-1", home.setting, START)
        held += said
    assert [one.why for one in held] == ["alarms_folded"]
    chatter(home, 0.1)
    assert finds(home) == []


def test_that_alarms_are_held_back_is_said_of_a_device_of_which_an_alarm_is_open() -> None:
    home = Home(STRICT)
    rule = home.rule
    assert isinstance(rule, SensorFault)
    chatter(home, 0.1)
    said: tuple[Find, ...] = ()
    for _ in range(FINDS_MAX + 1):
        home.memory, _, said = rule.counted(home.memory, "door-1", home.setting, START + timedelta(hours=0.5))
    assert [(one.why, one.facts is not None) for one in said] == [("alarms_folded", True)]


def test_in_an_alarm_device_and_reason_are_of_one_sensor_and_the_other_is_told_of_next() -> None:
    found = told(
        town("[{id: sensors, kind: sensor_fault, chatter_per_hour: 1}]"),
        """
        >> 11:58 door-1 door open=false
        >> 11:58 bed-1 bed occupied=false
        >> 12:00 door-1 door open=true
        >> 12:00:10 door-1 door open=false
        >> 12:01 door-1 door open=true
        << 12:01 alarm.raised sensors cause=sensor_fault why=sensor_chatters
        << 12:01 alarm.told sensors unit:centre
        >> 12:02 bed-1 bed occupied=true
        >> 12:02:10 bed-1 bed occupied=false
        >> 12:03 bed-1 bed occupied=true
        << 12:03 alarm.repeated sensors why=sensor_chatters
        >> 12:30 unit:centre resolve outcome=technical
        << 12:30 alarm.resolved sensors unit:centre
        << 12:30 alarm.raised sensors cause=sensor_fault why=sensor_chatters
        << 12:30 alarm.told sensors unit:centre
        >> 12:31 unit:centre resolve outcome=technical
        << 12:31 alarm.resolved sensors unit:centre
        >> 12:32 tick
        """,
    )
    assert len({line["alarm"] for line in found if line["event"] == "alarm.raised"}) == 2


HUNG = "devices: [" + ", ".join(
    f"{{id: {kind}-1, kind: {kind}}}"
    for kind in ("motion", "bed", "door", "floor", "gps", "pendant", "medication", "measurement", "radar")
)
AWAITED = town("[{id: sensors, kind: sensor_fault}]", HUNG + ", {id: motion-2, kind: motion}]")


def lived(home: Home, days: range) -> None:
    for day in days:
        for hour in range(7, 22):
            home.moves(day * DAYS + hour + 0.2)
            home.moves(day * DAYS + hour + 0.7, "motion-2")


def test_a_sensor_of_the_home_that_has_never_been_heard_is_told_of_once_others_have_lived_for_long_enough() -> None:
    home = Home(AWAITED)
    lived(home, range(20))
    assert home.faults() == [("bed-1", "sensor_silent"), ("radar-1", "sensor_silent")]
    hour, find = home.said[0]
    assert 48 <= hour <= 72
    assert find.facts == Facts(device="bed-1", fault="sensor_silent"), "for how long nobody knows"
    lived(home, range(20, 40))
    assert ("door-1", "sensor_silent") in home.faults(), "after as long as a door may rest of which nothing is known"
    assert {device for device, _ in home.faults()} == {"bed-1", "radar-1", "door-1"}, "nothing that is worn or asked for"


def test_who_is_away_misses_no_sensor_that_has_never_been_heard() -> None:
    home = Home(AWAITED)
    for number, device in enumerate(("motion-1", "motion-2", "radar-1")):
        home.moves(1 + number / 10, device)
    for day in range(1, 30):
        home.moves(day * DAYS)
    assert home.said == []


@pytest.mark.parametrize("word", ["heartbeat", "motion"])
def test_any_word_of_it_ends_that(word: str) -> None:
    home = Home(AWAITED)
    lived(home, range(4))
    home.says(4 * DAYS, "radar-1", word, Signal() if word == "heartbeat" else Motion())
    assert home.ends() == 0, "the alarm is about the other one"
    home.tell(Resolved(), START + timedelta(hours=4 * DAYS + 1))
    assert finds(home)[2:] == [], "of the radar nothing is left to be said"
    home.says(4 * DAYS + 2, "bed-1", word, Signal() if word == "heartbeat" else Motion())
    assert home.ends() == 1
    names = [one.name for one in home.memory.health.sensors] if home.memory.health else []
    assert "bed-1/never" not in names
    assert not any(name.endswith("/never") for name in names if name.startswith("radar"))


def test_one_that_tells_of_itself_only_is_silent_later_as_any_other() -> None:
    home = Home(AWAITED)
    for day in range(60):
        lived(home, range(day, day + 1))
        for device in ("bed-1", "radar-1", "door-1"):
            if device != "bed-1" or day < 30:
                home.says(day * DAYS + 23, device, "heartbeat", Signal())
    assert home.faults() == [("bed-1", "sensor_silent")]
    assert home.said[0][1].facts.for_s > 0


def test_what_is_not_hers_yet_is_not_missed() -> None:
    devices = HUNG.replace("id: bed-1, kind: bed", 'id: bed-1, kind: bed, from: "2027-01-01"').replace(
        ", {id: radar-1, kind: radar}", ""
    )
    home = Home(town("[{id: sensors, kind: sensor_fault}]", devices + ", {id: motion-2, kind: motion}]"))
    lived(home, range(15))
    assert home.said == []


def test_of_a_home_with_two_sensors_that_speak_one_is_witness_whatever_else_should_hang_there() -> None:
    home = Home(AWAITED)
    for day in range(4):
        for hour in range(7, 22):
            home.moves(day * DAYS + hour + 0.2)
    assert home.memory.health is not None
    assert home.memory.health.lived == 59, "each hour but the first, in which it was new"
    assert ("bed-1", "sensor_silent") in home.faults()


@pytest.mark.parametrize(("dies", "most_days"), [(5, 5), (14, 3), (30, 3), (60, 3)])
def test_a_sensor_in_a_room_that_is_lived_in_is_missed_within_days_when_it_dies_in_its_first_weeks(
    dies: int, most_days: int
) -> None:
    home = Home()
    for day in range(dies + 20):
        for hour in range(8, 20):
            if day < dies:
                home.moves(day * DAYS + hour, "door-2")
        home.lives([day])
    assert home.faults() == [("door-2", "sensor_silent")]
    assert 2 * DAYS <= home.said[0][0] - (dies - 1) * DAYS - 19 <= most_days * DAYS


@pytest.mark.parametrize(("dies", "most_days"), [(5, 10), (14, 3), (30, 3)])
def test_a_mat_is_missed_sooner_the_more_nights_somebody_lay_on_it(dies: int, most_days: int) -> None:
    home = Home()
    for day in range(dies + 20):
        home.lives([day], bed=day < dies)
        if day < dies:
            home.says(day * DAYS + 23, "bed-1", "bed", Bed(False))
    assert home.faults() == [("bed-1", "sensor_silent")]
    assert 2 * DAYS <= home.said[0][0] - (dies - 1) * DAYS - 23 <= most_days * DAYS


@pytest.mark.parametrize("stayed", [1, 3, 6])
@pytest.mark.parametrize("kind", ["door", "motion"])
def test_what_is_in_a_guest_room_may_rest_for_a_week_after_a_visit(stayed: int, kind: str) -> None:
    home = Home()
    for day in range(60):
        home.lives([day], door=False)
        if day % (stayed + 7) < stayed:
            for hour in (8, 12, 20):
                home.says(day * DAYS + hour, "door-2", kind, Door(hour == 12) if kind == "door" else Motion())
    assert home.said == []
    assert WEEK_S == 7 * 86400.0
