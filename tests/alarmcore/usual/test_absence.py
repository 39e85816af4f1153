"""Somebody went out: when they are plainly at home again, what that teaches, and how long they may be away."""

from __future__ import annotations

from typing import Final

import msgspec
import pytest
from msgspec.structs import replace

from alarmcore.usual.absence import HOME_MIN_S, HOME_S, PASSAGE_S, Absence, passed
from alarmcore.usual.bounds import FOUND_FACTOR, FOUND_WEIGHT, Usual
from alarmcore.usual.habit import Habit
from alarmcore.usual.mat import Mat
from alarmcore.usual.quiet import (
    ABSENCE,
    ABSENCES,
    AWAY,
    PAUSE,
    PAUSE_S,
    REST_MAX_S,
    TRIP_S,
    WHOLE,
    Possible,
    Quiet,
    limit_s,
    possible,
    timed,
)
from alarmcore.usual.rest import Rest
from alarmcore.usual.spread import ROOT, Part
from tests.diary import Stillness

at = Stillness.at
HOUR_S: Final = 3600.0
GONE: Final = Absence(at(0), 9.0)
DOUBTED: Final = Mat(chatters_at=at(0), lain_at=at(0))
BOUNDS: Final = Usual(60.0, 3600.0)


def test_the_numbers_are_those_that_were_measured_and_chosen() -> None:
    assert (HOME_S, HOME_MIN_S, PASSAGE_S) == (900.0, 120.0, 300.0)
    assert (PAUSE_S, TRIP_S, REST_MAX_S) == (600.0, 345_600.0, 57_600.0)


# What ends an absence.


def test_one_sensor_that_is_set_off_brings_nobody_home() -> None:
    assert not GONE.ends("kitchen", at(7200))
    stirred = GONE.stirred("kitchen", at(7200))
    assert stirred == Absence(at(0), 9.0, "kitchen", at(7200))
    assert not stirred.ends("kitchen", at(7200 + HOME_MIN_S - 1))
    assert stirred.stirred("kitchen", at(7260)) is stirred, "it counts from the first time"


def test_one_that_goes_on_for_two_minutes_does() -> None:
    assert GONE.stirred("kitchen", at(7200)).ends("kitchen", at(7200 + HOME_MIN_S))


@pytest.mark.parametrize(("later_s", "home"), [(1.0, True), (HOME_S, True), (HOME_S + 1, False)])
def test_two_sensors_within_a_quarter_of_an_hour_do(later_s: float, home: bool) -> None:
    stirred = GONE.stirred("kitchen", at(7200))
    assert stirred.ends("hall", at(7200 + later_s)) is home


def test_a_ghost_that_comes_again_later_is_a_ghost_again() -> None:
    stirred = GONE.stirred("kitchen", at(7200))
    assert not stirred.ends("kitchen", at(7201 + HOME_S))
    assert stirred.stirred("kitchen", at(7201 + HOME_S)).stir_at == at(7201 + HOME_S)
    assert stirred.stirred("kitchen", at(7200 + HOME_S)).stir_at == at(7200)


def test_a_button_says_that_somebody_is_there() -> None:
    assert GONE.ends("", at(1))


def test_the_first_limit_by_which_an_absence_was_found_is_kept() -> None:
    found = GONE.stirred("kitchen", at(7200), 3600.0)
    assert found.found_s == 3600.0
    assert found.stirred("kitchen", at(20_000)).found_s == 3600.0
    assert found.stirred("kitchen", at(20_000), 9000.0).found_s == 3600.0
    assert found.stirred("kitchen", at(7201), 9000.0).found_s == 3600.0
    stirred = GONE.stirred("kitchen", at(7200))
    assert stirred.found_s is None
    assert stirred.stirred("kitchen", at(7201), 9000.0) == replace(stirred, found_s=9000.0)


def test_a_door_is_passed_once_until_it_is_closed() -> None:
    assert passed(None, "front", at(5), 9.5) == (Absence(at(5), 9.5), False)
    closed, ended = passed(GONE, "front", at(PASSAGE_S - 1), 9.1)
    assert closed is GONE
    assert not ended


def test_a_door_that_is_opened_later_may_be_somebody_who_comes_home() -> None:
    assert passed(GONE, "front", at(PASSAGE_S), 9.1) == (Absence(at(PASSAGE_S), 9.1, "front", at(PASSAGE_S)), True)


# A life with a door.


def gone(quiet: Quiet | None = None) -> Stillness:
    """Out at nine; the door is closed a minute later."""
    life = Stillness(quiet)
    life.sign(-300, "kitchen")
    life.sign(0, "front", out=True)
    life.sign(60, "front", out=True)
    assert life.quiet.away == GONE
    assert life.quiet.out
    return life


def test_who_comes_in_by_the_door_is_at_home_with_the_first_sign_of_a_room() -> None:
    life = gone()
    life.sign(7200, "front", out=True)
    assert life.known(AWAY) == pytest.approx((1.0, 7200.0), rel=1e-4)
    assert life.quiet.away == Absence(at(7200), 11.0, "front", at(7200)), "perhaps they go once more"
    life.sign(7205, "front", out=True)
    life.sign(7260, "hall")
    assert not life.quiet.out
    assert life.quiet.away is None
    assert life.known(AWAY)[0] == pytest.approx(1.0, rel=1e-3), "a minute is no absence"
    assert life.known(PAUSE)[0] == 0.0


def test_a_sign_of_a_room_long_after_the_door_is_a_ghost() -> None:
    life = gone()
    life.sign(7200, "front", out=True)
    life.sign(7201 + HOME_S, "hall")
    assert life.quiet.away is not None
    assert (life.quiet.out, life.quiet.away.at) == (True, at(7200))


def test_a_ghost_brings_nobody_home_and_its_silences_teach_nothing() -> None:
    life = gone()
    for hour in (1, 3, 5):
        life.sign(hour * HOUR_S, "kitchen")
        life.sign(hour * HOUR_S + 30, "kitchen")
    assert life.quiet.out
    assert life.quiet.habit == Habit()
    life.sign(6 * HOUR_S, "hall")
    life.sign(6 * HOUR_S + 60, "kitchen")
    assert not life.quiet.out
    assert life.known(AWAY) == pytest.approx((1.0, 6 * HOUR_S + 60), rel=1e-4)


def test_an_absence_is_learned_by_the_hour_of_leaving() -> None:
    life = gone(Quiet(limit_of=3))
    assert life.quiet.limit_of == 3
    life.sign(5 * HOUR_S, "")
    assert life.quiet.habit.about(AWAY, 9.5, at(0)).n == pytest.approx(1.0, rel=1e-2)
    assert life.quiet.habit.about(AWAY, 14.5, at(0)).n == pytest.approx(0.0, abs=1e-3)
    assert life.quiet.limit_of == -1


@pytest.mark.parametrize("occupied", [True, False])
def test_a_bed_that_is_believed_brings_somebody_home_and_one_that_chatters_does_not(occupied: bool) -> None:
    life, ghost = gone(), gone(Quiet(mat=DOUBTED))
    for one in (life, ghost):
        one.mat(7200, occupied=occupied)
    assert (life.quiet.out, ghost.quiet.out) == (False, True)
    assert life.known(AWAY)[0] == 1.0
    assert ghost.quiet.lies is occupied
    assert ghost.quiet.away is not None
    assert ghost.quiet.away.stir == "bed-1/bed"


@pytest.mark.parametrize(
    ("seconds", "times"), [(PAUSE_S - 1, 0.0), (PAUSE_S, 1.0), (TRIP_S, 1.0), (TRIP_S + 1, 0.0), (7 * 86_400.0, 0.0)]
)
def test_a_moment_and_a_week_away_are_nobody_s_habit(seconds: float, times: float) -> None:
    life = gone()
    life.sign(seconds, "")
    assert life.known(AWAY)[0] == times
    assert not life.quiet.out


def test_a_weekend_away_is_one_absence_of_sixteen_hours() -> None:
    life = gone()
    life.sign(2 * 86_400.0, "")
    assert life.known(AWAY) == pytest.approx((1.0, REST_MAX_S), rel=1e-4)


def test_an_absence_that_was_found_teaches_a_third_and_not_much_more_than_its_limit() -> None:
    life = gone()
    life.sign(9 * HOUR_S, "", found_s=HOUR_S)
    assert life.known(AWAY) == pytest.approx((FOUND_WEIGHT, FOUND_FACTOR * HOUR_S), rel=1e-4)


def test_also_when_a_ghost_came_between_the_alarm_and_the_return() -> None:
    life = gone()
    life.sign(5 * HOUR_S, "kitchen", found_s=4 * HOUR_S)
    life.sign(9 * HOUR_S, "front", out=True)
    assert life.known(AWAY) == pytest.approx((FOUND_WEIGHT, FOUND_FACTOR * 4 * HOUR_S), rel=1e-4)


def test_who_goes_out_has_risen_from_a_rest() -> None:
    life = Stillness(Quiet(rest=Rest(at(-9000), 6.5, at(-600), 8400.0, 1.0)))
    life.sign(-600, "bed-1/bed", mat=False)
    life.sign(0, "front", out=True)
    life.sign(7200, "front", out=True)
    assert life.known(WHOLE) == pytest.approx((1.0, 9000.0), rel=1e-4)


# How long somebody may be away.


def test_of_an_absence_that_goes_on_it_is_known_for_how_long_it_has() -> None:
    habit = Habit().observed(AWAY, 9.5, ROOT.of(3 * HOUR_S), at(0), 9.0)
    quiet = Quiet(habit, out=True, away=replace(GONE, stir="kitchen", stir_at=at(7200)))
    part = Part(1.0, habit.spread(AWAY, ABSENCE, 9.0, at(7200)), -7200.0)
    assert possible(quiet, 11.0, at(7200)) == Possible((part,), (AWAY,), ABSENCES, 7200.0)
    wide = Usual(1.0, 1.0)
    assert limit_s(quiet, 11.0, at(7200), wide) < limit_s(replace(quiet, away=None), 9.0, at(7200), wide)


@pytest.mark.parametrize(("times", "known"), [(0.5, True), (0.49, False)])
def test_who_is_known_to_go_out_is_never_looked_for_sooner_than_at_the_longest_limit(times: float, known: bool) -> None:
    habit = Habit().observed(AWAY, 9.5, ROOT.of(900.0), at(0), times)
    bounds = Usual(60.0, 9 * HOUR_S, once_in_days=1.0)
    assert (limit_s(Quiet(habit, out=True, away=GONE), 9.5, at(0), bounds) == bounds.max_s) is known


def test_who_is_known_to_be_out_for_long_is_not_looked_for_before() -> None:
    habit = Habit().observed(AWAY, 9.5, ROOT.of(5 * HOUR_S), at(0), 9.0)
    assert 6 * HOUR_S < limit_s(Quiet(habit, out=True, away=GONE), 9.5, at(0), BOUNDS) < REST_MAX_S


@pytest.mark.parametrize("already_s", [0.0, 10 * HOUR_S, 15.5 * HOUR_S, 30 * HOUR_S])
def test_nobody_is_out_for_longer_than_sixteen_hours_in_all(already_s: float) -> None:
    habit = Habit().observed(AWAY, 9.5, ROOT.of(15.9 * HOUR_S), at(0), 9.0)
    quiet = Quiet(habit, out=True, away=Absence(at(-already_s), 9.5))
    assert limit_s(quiet, 9.5, at(0), BOUNDS) == max(REST_MAX_S - already_s, BOUNDS.max_s)


def test_another_absence_has_another_limit_within_the_same_half_hour() -> None:
    habit = Habit().observed(AWAY, 9.5, ROOT.of(5 * HOUR_S), at(0), 9.0)
    quiet = timed(Quiet(habit, out=True, away=Absence(at(-4 * HOUR_S), 5.0)), at(0), 9.0, BOUNDS)
    other = timed(replace(quiet, away=GONE), at(0), 9.0, BOUNDS)
    assert (other.limit_of, other.limit_s) != (quiet.limit_of, quiet.limit_s)
    assert other.limit_s == limit_s(Quiet(habit, out=True, away=GONE), 9.25, at(0), BOUNDS)


def test_what_was_stored_before_absences_were_kept_still_loads_and_goes_on() -> None:
    old = msgspec.convert([[], False, True], Quiet)
    assert possible(old, 9.5, at(0)) == Possible((Part(1.0, ABSENCE),), (AWAY,), ABSENCES)
    life = Stillness(old)
    life.sign(0, "kitchen")
    assert not life.quiet.out
    short = msgspec.convert([at(0), 9.0, "kitchen", at(5)], Absence)
    assert short == Absence(at(0), 9.0, "kitchen", at(5))
