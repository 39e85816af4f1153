"""Rule `sensor_fault`: what is silent, stuck or chatters is named once, by the witness of the others."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alarmcore.model.alarm import Facts
from alarmcore.model.reading import Bed, Body, Door, Floor, Measurement, Motion, Signal
from alarmcore.rules.base import Find, Resolved
from tests.sensed import DEVICES, SITE, START, Home
from tests.stories import told, town

STRICT = town("[{id: sensors, kind: sensor_fault, chatter_per_hour: 5, again_s: 7200}]", DEVICES)
NIGHTLY = town('[{id: sensors, kind: sensor_fault, chatter_per_hour: 5, active: [{from: "08:00", to: "16:00"}]}]', DEVICES)


def test_a_home_where_all_is_well_is_never_spoken_of() -> None:
    home = Home()
    home.lives(range(60))
    assert home.said == []


def test_a_sensor_that_falls_silent_is_found_while_others_go_on_and_over_when_it_is_heard() -> None:
    home = Home()
    home.lives(range(40))
    home.lives(range(40, 60), door=False)
    assert home.faults() == [("door-1", "sensor_silent")]
    found_h, find = home.said[0]
    assert 39 * 24 + 48 < found_h < 39 * 24 + 24 * 14
    assert find.facts == Facts(for_s=find.facts.for_s, device="door-1", fault="sensor_silent")
    assert find.happened_at == START + timedelta(hours=39 * 24 + 13.31)
    home.says(60 * 24, "door-1", "heartbeat", Signal())
    assert home.ends() == 1


def test_a_sensor_that_rests_for_a_week_is_given_more_than_one_that_speaks_all_day() -> None:
    found: dict[int, float] = {}
    for rests in (1, 7):
        home = Home()
        for day in range(70):
            if day % rests == 0:
                home.says(day * 24 + 6, "door-1", "door", Door(day // rests % 2 == 0))
            home.lives([day], bed=False, door=False)
        home.lives(range(70, 110), bed=False, door=False)
        assert home.faults() == [("door-1", "sensor_silent")]
        found[rests] = home.said[0][0]
    assert found[1] < found[7] - 24 * 10


def test_who_is_away_has_no_faulty_sensors() -> None:
    home = Home()
    home.lives(range(40))
    home.moves(60 * 24)
    home.lives(range(61, 70))
    assert home.said == []


def test_a_week_that_a_gateway_kept_and_sends_device_by_device_is_no_silence() -> None:
    home = Home()
    home.lives(range(40))
    for day in range(40, 47):
        for hour in range(7, 22):
            for number in (1, 2):
                home.says(day * 24 + hour, f"motion-{number}", "motion", Motion(), received=47 * 24 + day / 1000)
    home.lives(range(47, 50))
    assert home.said == []


def test_a_bed_that_says_occupied_while_somebody_is_up_is_stuck_until_it_is_free() -> None:
    home = Home()
    home.lives(range(3))
    home.lives(range(3, 7), bed=False)
    assert home.faults() == [("bed-1", "sensor_stuck")]
    found_h, find = home.said[0]
    assert 36 <= found_h - (2 * 24 + 22) <= 48
    assert find.happened_at == START + timedelta(hours=2 * 24 + 22)
    home.says(7 * 24, "bed-1", "bed", Bed(True))
    assert home.ends() == 0, "saying so again is no sign that it works"
    home.says(7 * 24 + 1, "bed-1", "bed", Bed(False))
    assert home.ends() == 1


def test_somebody_who_lies_for_days_and_is_looked_after_has_no_stuck_bed() -> None:
    home = Home()
    home.says(0, "bed-1", "bed", Bed(True))
    for day in range(14):
        for hour in (8, 12, 17, 21):
            for minute in range(0, 40, 5):
                home.moves(day * 24 + hour + minute / 60, f"motion-{minute % 2 + 1}")
    assert home.said == []


def test_a_door_that_changes_daily_and_then_only_tells_of_itself_is_stuck() -> None:
    home = Home()
    home.lives(range(40))
    for day in range(40, 60):
        home.lives([day], door=False)
        home.says(day * 24 + 23, "door-1", "door", Door(False))
    assert home.faults() == [("door-1", "sensor_stuck")]


def test_nobody_on_the_floor_is_taken_for_a_fault() -> None:
    home = Home(SITE)
    home.says(0, "floor-1", "floor", Floor(True))
    for day in range(60):
        home.lives([day])
        home.says(day * 24 + 23, "floor-1", "floor", Floor(True))
    assert home.said == []


@pytest.mark.parametrize(("kind", "bodies", "most"), [("bed", (Bed(True), Bed(False)), 60), ("motion", (Motion(),), 1200)])
def test_more_in_an_hour_than_a_person_can_cause_is_chattering(kind: str, bodies: tuple[Body, ...], most: int) -> None:
    """The first word of a sensor is no change."""
    for times, faults in ((most, []), (most + 1, [(f"{kind}-1", "sensor_chatters")])):
        home = Home()
        home.says(0, f"{kind}-1", kind, bodies[-1])
        for time in range(times * len(bodies)):
            home.says((time + 1) / (most * len(bodies) + 10), f"{kind}-1", kind, bodies[time % len(bodies)])
        assert home.faults() == faults


def chatter(home: Home, hour: float, times: int) -> None:
    for time in range(times):
        home.says(hour + time / 100, "door-1", "door", Door(True))
        home.says(hour + time / 100 + 0.005, "door-1", "door", Door(False))


def test_chattering_is_over_after_a_day_in_which_no_hour_had_half_as_much() -> None:
    home = Home(STRICT)
    home.says(0, "door-1", "door", Door(False))
    chatter(home, 0.1, 20)
    assert home.faults() == [("door-1", "sensor_chatters")]
    assert home.said[0][1].facts.count == 6
    chatter(home, 20.1, 4)
    chatter(home, 21.1, 2)
    home.moves(44.9)
    assert home.ends() == 0
    home.wake(45)
    assert home.ends() == 1
    assert home.memory.due_at is None


def test_chattering_of_an_hour_long_past_raises_nothing_now() -> None:
    home = Home(STRICT)
    for time in range(30):
        home.says(time / 100, "door-1", "door", Door(time % 2 == 1), received=10)
    assert home.said == []


def test_one_sensor_alone_in_an_empty_home_is_no_witness_and_of_two_one_is() -> None:
    """The sun on a kitchen's sensor, while everybody is away."""
    home = Home()
    home.lives(range(40))
    for hour in range(40 * 24, 60 * 24):
        home.moves(hour + 0.3)
        home.moves(hour + 0.6)
    assert home.said == []
    small = Home()
    for day in range(60):
        small.says(day * 24 + 7, "bed-1", "bed", Bed(False))
        small.says(day * 24 + 22, "bed-1", "bed", Bed(True))
        for hour in range(7, 22):
            small.moves(day * 24 + hour + 0.5)
    for hour in range(60 * 24, 64 * 24):
        small.moves(hour + 0.5)
    assert small.faults() == [("bed-1", "sensor_stuck")]


def test_a_chattering_sensor_is_no_witness_against_others() -> None:
    home = Home(STRICT)
    home.lives(range(3), door=False)
    for hour in range(3 * 24 * 10, (3 * 24 + 60) * 10):
        home.moves(hour / 10)
        if hour % 10 == 5:
            home.moves(hour / 10 + 0.01, "motion-2")
    assert set(home.faults()) == {("motion-1", "sensor_chatters")}, "a bed that says occupied all the while has one witness only"


def test_each_faulty_sensor_is_found_once_and_over_is_when_all_behave() -> None:
    home = Home(STRICT)
    home.says(0, "door-1", "door", Door(False))
    home.says(0, "motion-1", "motion", Motion())
    chatter(home, 0.1, 20)
    for time in range(10):
        home.moves(0.5 + time / 100)
    assert home.faults() == [("door-1", "sensor_chatters"), ("motion-1", "sensor_chatters")]
    chatter(home, 1.1, 4)
    home.moves(25.5, "motion-2")
    assert home.ends() == 0
    home.wake(26)
    assert home.ends() == 1


def test_a_fault_that_persists_after_its_alarm_was_resolved_is_found_again() -> None:
    home = Home(STRICT)
    home.says(0, "door-1", "door", Door(False))
    chatter(home, 0.1, 20)
    home.tell(Resolved(), START + timedelta(hours=0.5))
    chatter(home, 1.1, 20)
    chatter(home, 2.1, 20)
    home.wake(2.5)
    assert [(hour, one.why, one.again) for hour, one in home.said if isinstance(one, Find)][1:] == [
        (2.5, "sensor_chatters again", 1)
    ]


def test_outside_the_rules_windows_a_fault_waits_for_the_next_one() -> None:
    home = Home(NIGHTLY)
    home.says(0, "door-1", "door", Door(False))
    for hour in range(8):
        chatter(home, hour + 0.1, 20)
    assert [(hour, one.why) for hour, one in home.said] == [(7.0, "sensor_chatters")], "eight o'clock in Stockholm"


def test_a_device_that_is_no_longer_the_persons_is_forgotten() -> None:
    home = Home()
    home.says(0, "strange-1", "motion", Motion())
    home.lives(range(40))
    assert home.said == []
    assert home.memory.health is not None
    assert "strange-1/motion" not in [one.name for one in home.memory.health.sensors]


def test_values_and_words_about_itself_are_signs_of_life_of_known_sensors() -> None:
    home = Home()
    home.lives(range(40))
    home.says(1, "bed-1", "measurement", Measurement("t", 1.0))
    for day in range(40, 60):
        home.lives([day], door=False, bed=False)
        home.says(day * 24 + 23, "door-1", "heartbeat", Signal())
    assert ("door-1", "sensor_silent") not in home.faults()


def test_doors_of_any_number_and_name_are_borne() -> None:
    home = Home()
    for number in range(100):
        home.says(number / 1000, "door-1", "door", Door(True, f"{number}" + "x" * 250))
    assert home.memory.health is not None
    assert len(home.memory.health.sensors) == 32
    assert max(len(one.name) for one in home.memory.health.sensors) <= 130


def test_the_alarm_walks_the_technical_chain() -> None:
    told(
        town("[{id: sensors, kind: sensor_fault, chatter_per_hour: 1}]"),
        """
        >> 11:59 door-1 door open=false
        >> 12:00 door-1 door open=true
        >> 12:00:10 door-1 door open=false
        >> 12:01 door-1 door open=true
        << 12:01 alarm.raised sensors cause=sensor_fault priority=technical why=sensor_chatters
        << 12:01 alarm.told sensors unit:centre
        >> 13:00 tick
        day 2026-01-15
        << 12:01 alarm.told sensors unit:centre
        << 13:00 alarm.condition_ended sensors why=sensor_behaves
        >> 13:01 tick
        """,
    )


spoken = st.lists(
    st.tuples(
        st.floats(0, 0.4),
        st.sampled_from(["motion", "bed", "door", "floor"]),
        st.booleans(),
        st.floats(0, 2),
    ),
    max_size=30,
)


def body_of(kind: str, on: bool) -> Body:
    bodies: dict[str, Body] = {"motion": Motion(), "bed": Bed(on), "door": Door(on), "floor": Floor(on)}
    return bodies[kind]


@settings(max_examples=60, deadline=None)
@given(spoken)
def test_what_is_told_twice_counts_once(readings: list[tuple[float, str, bool, float]]) -> None:
    once, twice, hour = Home(STRICT), Home(STRICT), 0.0
    for step, kind, on, late in readings:
        hour += step
        for home, times in ((once, 1), (twice, 2)):
            for _ in range(times):
                home.says(hour - late, f"{kind}-1", kind, body_of(kind, on), received=hour)
    assert twice.said == once.said
    assert twice.memory == once.memory


@settings(max_examples=60, deadline=None)
@given(spoken)
def test_a_word_from_before_the_newest_of_a_sensor_changes_nothing_of_its_state(
    readings: list[tuple[float, str, bool, float]],
) -> None:
    home, hour = Home(STRICT), 0.0
    newest: dict[str, datetime] = {}
    for step, kind, on, late in readings:
        hour += step
        home.says(hour - late, f"{kind}-1", kind, body_of(kind, on), received=hour)
        assert home.memory.health is not None
        changes = {one.name: one.changed_at for one in home.memory.health.sensors}
        for name, at in newest.items():
            changed_at = changes[name]
            assert changed_at is not None
            assert changed_at >= at
        newest = {name: at for name, at in changes.items() if at is not None}
