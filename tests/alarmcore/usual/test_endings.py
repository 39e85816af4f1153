"""Up in the night, or up for the day: the hour, and what the sensors say."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest

from alarmcore.usual.endings import (
    EVIDENCE_MAX,
    FORGET,
    PLACES_MAX,
    PLAIN,
    Place,
    Places,
    chances,
    is_visited,
    taught,
    up_for_the_day,
)
from alarmcore.usual.habit import Habit

NOW = datetime(2026, 1, 14, 2, 0, tzinfo=UTC)


def test_of_somebody_unknown_no_hour_makes_a_morning_likelier_than_not() -> None:
    for hour in range(24):
        assert chances(Habit(), hour + 0.5, NOW).unseen < 0.5


def test_chances_add_up() -> None:
    habit = Habit().observed(0, 6.2, 5.0, NOW).observed(1, 6.2, 6.0, NOW).unseen(6.2, NOW)
    for hour in (0.5, 6.2, 13.0):
        assert sum(chances(habit, hour, NOW)) == pytest.approx(1.0)


def test_mornings_that_nobody_saw_make_an_hour_one_of_mornings() -> None:
    habit = Habit()
    for _ in range(3):
        habit = habit.unseen(7.2, NOW)
    assert chances(habit, 7.2, NOW).unseen > 0.6
    assert chances(habit, 2.2, NOW).unseen < 0.1


def test_three_rooms_in_the_morning_are_plain_and_at_night_are_not() -> None:
    seen = ("bathroom", "kitchen", "living")
    assert up_for_the_day(0.4, (), seen) > PLAIN
    assert up_for_the_day(0.02, (), seen) < 0.5


def test_a_room_that_is_visited_at_night_says_nothing_and_one_of_mornings_much() -> None:
    places: Places = ()
    for _ in range(20):
        places = taught(places, ("bathroom",), day=False)
        places = taught(places, ("bathroom", "kitchen"), day=True)
    assert up_for_the_day(0.3, places, ("bathroom",)) == pytest.approx(0.3, abs=0.05)
    assert up_for_the_day(0.3, places, ("kitchen",)) > PLAIN


def test_however_many_rooms_at_two_in_the_night_it_is_no_morning() -> None:
    places: Places = ()
    rooms = tuple(f"room-{number}" for number in range(10))
    for _ in range(20):
        places = taught(places, (), day=False)
        places = taught(places, rooms, day=True)
    assert up_for_the_day(0.02, places, rooms) < PLAIN


def test_sensors_beyond_what_is_kept_push_out_those_that_were_not_set_off_for_longest() -> None:
    places: Places = ()
    for number in range(PLACES_MAX + 10):
        places = taught(places, (f"room-{number}",), day=True)
    assert len(places) == PLACES_MAX
    assert places[0].name == ""
    assert places[-1].name == f"room-{PLACES_MAX + 9}"


def test_chances_are_shares_of_what_was_counted_and_of_two_more_of_anybody() -> None:
    habit = Habit().observed(0, 6.5, 5.0, NOW).observed(0, 6.5, 5.0, NOW).observed(1, 6.5, 6.0, NOW).unseen(6.5, NOW)
    night, day, unseen = chances(habit, 6.5, NOW)
    assert night == pytest.approx((2 * 0.6 + 2) / 6, rel=1e-5)
    assert day == pytest.approx(1 / 6, rel=1e-5)
    assert unseen == pytest.approx((2 * 0.4 + 1) / 6, rel=1e-5)


@pytest.mark.parametrize(
    ("hour", "chance"), [(0.0, 0.02), (3.9, 0.02), (4.0, 0.05), (5.5, 0.15), (6.0, 0.4), (20.5, 0.2), (22.0, 0.02)]
)
def test_the_chance_of_an_hour_is_the_population_s_until_somebody_is_known(hour: float, chance: float) -> None:
    assert chances(Habit(), hour, NOW) == pytest.approx((1.0 - chance, 0.0, chance))
    assert chances(Habit(), hour + 24.0, NOW).unseen == pytest.approx(chance)


def odds(chance: float) -> float:
    return math.log(chance / (1.0 - chance))


def test_each_sensor_speaks_by_how_much_oftener_mornings_set_it_off_than_nights() -> None:
    places = (Place("", 8.0, 6.0), Place("hall", 6.0, 5.0), Place("kitchen", 1.0, 5.0))
    hall = math.log(((5.0 + 1.2) / 8.0) / ((6.0 + 0.4) / 10.0))
    kitchen = math.log(((5.0 + 1.2) / 8.0) / ((1.0 + 0.4) / 10.0))
    unknown = math.log((1.2 / 8.0) / (0.4 / 10.0))
    assert odds(up_for_the_day(0.2, places, ("hall", "kitchen"))) == pytest.approx(odds(0.2) + hall + kitchen)
    assert odds(up_for_the_day(0.2, places, ("new",))) == pytest.approx(odds(0.2) + unknown)
    assert odds(up_for_the_day(0.2, (), ("new",))) == pytest.approx(odds(0.2) + math.log(3.0))
    assert up_for_the_day(0.2, places, ()) == pytest.approx(0.2)


def test_how_long_it_has_lasted_speaks_like_a_sensor() -> None:
    assert odds(up_for_the_day(0.2, (), (), 0.1)) == pytest.approx(odds(0.2) + math.log(10.0))
    assert odds(up_for_the_day(0.2, (), ("new",), 0.5)) == pytest.approx(odds(0.2) + math.log(3.0) + math.log(2.0))
    assert odds(up_for_the_day(0.2, (), (), 0.0)) == pytest.approx(odds(0.2) + EVIDENCE_MAX)


def test_however_much_speaks_for_it_or_against_it_only_so_much_is_believed() -> None:
    mornings = (Place("", 20.0, 20.0), *(Place(f"room-{number}", 0.0, 20.0) for number in range(3)))
    nights = (Place("", 20.0, 20.0), *(Place(f"room-{number}", 20.0, 0.0) for number in range(3)))
    rooms = tuple(f"room-{number}" for number in range(3))
    assert odds(up_for_the_day(0.2, mornings, rooms)) == pytest.approx(odds(0.2) + EVIDENCE_MAX)
    assert odds(up_for_the_day(0.2, nights, rooms)) == pytest.approx(odds(0.2) - EVIDENCE_MAX)


def test_a_sensor_of_most_nightly_leaves_vouches_for_the_next_once_there_were_some() -> None:
    def visited(nights: float, there: float) -> bool:
        return is_visited((Place("", nights, 0.0), Place("cellar", 0.0, 9.0), Place("bathroom", there, 0.0)), "bathroom")

    assert visited(4.0, 2.0)
    assert visited(10.0, 5.0)
    assert not visited(3.9, 3.9)
    assert not visited(10.0, 4.9)
    assert not is_visited((Place("", 10.0, 0.0), Place("bathroom", 9.0, 0.0)), "cellar")
    assert not is_visited((), "bathroom")
    assert not is_visited((Place("bathroom", 9.0, 0.0),), "bathroom"), "nothing says of how many"


def test_each_leave_fades_what_was_known_of_the_sensors() -> None:
    places = taught(taught((), ("hall", "bathroom"), day=False), ("kitchen", "hall"), day=True)
    assert places == (
        Place("", FORGET, 1.0),
        Place("bathroom", FORGET, 0.0),
        Place("kitchen", 0.0, 1.0),
        Place("hall", FORGET, 1.0),
    )
    assert taught(places, (), day=False)[:2] == (
        Place("", FORGET * FORGET + 1.0, FORGET),
        Place("bathroom", FORGET * FORGET, 0.0),
    )
