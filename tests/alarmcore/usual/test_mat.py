"""A bed's mat: when it is believed, what its letting go means, and where somebody is who does not lie in it."""

from __future__ import annotations

from typing import Final

import msgspec
import pytest
from msgspec.structs import replace

from alarmcore.usual.bounds import Usual
from alarmcore.usual.habit import Habit
from alarmcore.usual.mat import CHATTERS_S, FLIPS_MAX, FLIPS_S, LAIN_S, LAIN_STEP_S, Mat, faded, told
from alarmcore.usual.quiet import PAUSE, PAUSES, REST, RESTS, SLEEP, Quiet, limit_s, possible
from alarmcore.usual.spread import ROOT, Part
from tests.diary import Stillness

at = Stillness.at
HOUR_S: Final = 3600.0
BOUNDS: Final = Usual(60.0, 200_000.0)
MATTED: Final = Mat(lain_at=at(0.0))


def released(times: int, every_s: float, mat: Mat | None = None, from_s: float = 0.0) -> Mat:
    mat = mat or Mat()
    for turn in range(times):
        mat = told(mat, at(from_s + turn * every_s), occupied=False)
    return mat


def test_the_numbers_are_those_that_were_measured_and_chosen() -> None:
    assert (FLIPS_MAX, FLIPS_S, CHATTERS_S) == (12.0, 3600.0, 259_200.0)
    assert (LAIN_S, LAIN_STEP_S) == (259_200.0, 21_600.0)


# Whether it is believed.


def test_a_mat_that_lets_go_more_often_than_anybody_gets_up_is_doubted_for_three_days() -> None:
    twelve = released(int(FLIPS_MAX), 0.0)
    assert twelve.flips == FLIPS_MAX
    assert not twelve.is_doubted(at(0))
    mat = released(1, 0.0, twelve)
    assert mat.chatters_at == at(0)
    assert mat.is_doubted(at(0))
    assert mat.is_doubted(at(CHATTERS_S - 1))
    assert not mat.is_doubted(at(CHATTERS_S))


def test_it_is_doubted_from_the_last_time_that_it_was_too_much() -> None:
    mat = released(20, 60.0)
    assert mat.chatters_at == at(19 * 60.0)
    assert released(1, 0.0, mat, 86_400.0).chatters_at == at(19 * 60.0)


def test_somebody_who_gets_up_six_times_an_hour_all_night_is_believed() -> None:
    assert released(60, 600.0).chatters_at is None
    assert released(60, 200.0).chatters_at is not None


def test_what_let_go_fades_to_three_eighths_within_an_hour() -> None:
    assert faded(8.0, None, at(0), FLIPS_S) == 0.0
    assert faded(8.0, at(0), at(0.7 * FLIPS_S), FLIPS_S) == pytest.approx(4.0)
    assert faded(8.0, at(0), at(1.4 * FLIPS_S), FLIPS_S) == pytest.approx(2.0)
    assert released(2, 0.7 * FLIPS_S).flips == pytest.approx(1.5)


def test_a_clock_that_is_set_back_makes_no_mat_chatter() -> None:
    assert faded(8.0, at(0), at(-9000), FLIPS_S) == 8.0
    assert told(told(Mat(), at(0), occupied=False), at(-9000), occupied=False) == Mat(flips=2.0, at=at(-9000))


def test_a_mat_tells_where_somebody_lies_if_it_has_said_so_within_three_days() -> None:
    assert not Mat().tells(at(0))
    assert MATTED.tells(at(LAIN_S - 1))
    assert not MATTED.tells(at(LAIN_S))
    assert not replace(MATTED, chatters_at=at(0)).tells(at(1))
    assert not released(3, 600.0).tells(at(1200)), "it has only ever let go"


def test_when_somebody_lay_is_written_down_a_few_times_a_day() -> None:
    assert told(Mat(), at(0), occupied=True) == MATTED
    assert told(MATTED, at(LAIN_STEP_S - 1), occupied=True) is MATTED
    assert told(MATTED, at(LAIN_STEP_S), occupied=True) == Mat(lain_at=at(LAIN_STEP_S))
    chattering = released(13, 1.0, MATTED)
    assert told(chattering, at(LAIN_STEP_S), occupied=True) == replace(chattering, lain_at=at(LAIN_STEP_S))


def test_what_is_known_of_a_mat_is_stored_and_read_again() -> None:
    mat = released(13, 1.0, MATTED)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(mat), type=Mat) == mat
    assert msgspec.json.decode(msgspec.json.encode(Mat()), type=Mat) == Mat()


# What it means for somebody's silence.


def test_who_lies_in_bed_lies_there_until_another_sensor_is_set_off() -> None:
    life = Stillness()
    life.mat(0, occupied=True)
    assert life.quiet.lies
    life.mat(3600, occupied=False)
    assert life.quiet.lies
    life.mat(3700, occupied=False)
    assert life.quiet.lies
    life.sign(3800, "kitchen")
    assert not life.quiet.lies
    life.mat(3900, occupied=False)
    assert not life.quiet.lies, "nobody lay there"
    assert life.quiet.mat.flips > 2.0


def test_other_sensors_say_nothing_of_a_mat() -> None:
    life = Stillness(Quiet(mat=MATTED))
    life.sign(0, "kitchen", lies=True)
    life.sign(9 * HOUR_S, "", lies=True)
    assert life.quiet.mat == MATTED


def lived(*, rests: float, pauses: float, dozes: float = 0.0, hour: float = 10.5) -> Habit:
    habit = Habit().observed(PAUSE, hour, ROOT.of(1200.0), at(0), pauses)
    habit = habit.observed(REST, hour, ROOT.of(5 * HOUR_S), at(0), rests) if rests else habit
    return habit.unseen(hour, at(0), dozes) if dozes else habit


def test_where_a_mat_is_believed_who_is_not_in_bed_rests_only_if_known_to_doze_elsewhere() -> None:
    quiet = Quiet(lived(rests=4.0, pauses=6.0), mat=MATTED)
    assert possible(quiet, 10.5, at(0)).ways == (PAUSE,)
    assert possible(replace(quiet, mat=Mat()), 10.5, at(0)).ways == (PAUSE, REST)
    doubted = replace(quiet, mat=replace(MATTED, chatters_at=at(0)))
    assert possible(doubted, 10.5, at(0)).ways == (PAUSE, REST)
    assert possible(quiet, 10.5, at(LAIN_S)).ways == (PAUSE, REST), "nobody has lain there for days"
    assert possible(replace(quiet, lies=True), 10.5, at(0)).ways == (REST,)


def test_who_dozes_in_a_chair_may_do_so_at_that_hour() -> None:
    habit = lived(rests=4.0, pauses=6.0, dozes=2.0)
    may = possible(Quiet(habit, mat=MATTED), 10.5, at(0))
    assert (may.ways, may.a_day) == ((PAUSE, REST), PAUSES + RESTS)
    assert [part.likely for part in may.parts] == pytest.approx([0.75, 0.25], rel=1e-4)
    assert may.parts[1].spread == habit.spread(REST, SLEEP, 10.5, at(0))
    assert possible(Quiet(habit, mat=MATTED), 18.5, at(0)).ways == (PAUSE,)


@pytest.mark.parametrize(("dozes", "ways"), [(0.49, (PAUSE,)), (0.5, (PAUSE, REST))])
def test_half_a_doze_is_not_yet_known(dozes: float, ways: tuple[int, ...]) -> None:
    assert possible(Quiet(lived(rests=0.0, pauses=1.0, dozes=dozes), mat=MATTED), 10.5, at(0)).ways == ways


@pytest.mark.parametrize(
    ("rests", "pauses", "asleep"),
    [(6.0, 6.0, True), (6.0, 6.1, False), (0.5, 0.1, True), (0.49, 0.1, False), (0.0, 9.0, False)],
)
def test_at_an_hour_of_sleep_only_the_longest_limit_holds_of_who_is_not_in_bed(rests: float, pauses: float, asleep: bool) -> None:
    quiet = Quiet(lived(rests=rests, pauses=pauses), mat=MATTED)
    may = possible(quiet, 10.5, at(0))
    assert (may.ways, may.asleep) == ((PAUSE,), asleep)
    assert (limit_s(quiet, 10.5, at(0), BOUNDS) == BOUNDS.max_s) is asleep
    assert not possible(quiet, 15.5, at(0)).asleep


def test_who_is_asleep_in_bed_or_out_is_not_taken_for_asleep_elsewhere() -> None:
    quiet = Quiet(lived(rests=6.0, pauses=2.0), mat=MATTED)
    for one in (replace(quiet, lies=True), replace(quiet, out=True)):
        assert not possible(one, 10.5, at(0)).asleep
    assert limit_s(replace(quiet, lies=True), 10.5, at(0), Usual(60.0, 3600.0)) > 3600.0


def test_people_are_believed_where_somebody_is_not_known() -> None:
    assert possible(Quiet(lies=True, mat=MATTED), 10.5, at(0)).parts == (Part(1.0, SLEEP),)
