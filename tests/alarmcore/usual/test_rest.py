"""A whole rest with its interruptions: when it goes on, when it is over, what it teaches, and how long it may go on."""

from __future__ import annotations

from typing import Final

import pytest
from msgspec.structs import replace

from alarmcore.usual.bounds import FOUND_FACTOR, FOUND_WEIGHT, Usual
from alarmcore.usual.habit import Habit
from alarmcore.usual.mat import Mat
from alarmcore.usual.quiet import (
    AGAIN_S,
    BRIEF_S,
    PAUSE,
    PAUSE_S,
    REST,
    REST_MAX_S,
    RESTS,
    SLEEP,
    SLEEP_MIN_S,
    WHOLE,
    WHOLES,
    Possible,
    Quiet,
    limit_s,
    possible,
    timed,
)
from alarmcore.usual.rest import UP_S, Rest, Silence, rested, risen
from alarmcore.usual.spread import ROOT, Part, within
from tests.diary import Stillness

at = Stillness.at
HOUR_S: Final = 3600.0
WIDE: Final = Usual(1.0, 864_000.0)
BOUNDS: Final = Usual(60.0, 3600.0)
MATTED: Final = Mat(lain_at=at(0.0))
"""A mat that is believed."""


def test_the_numbers_are_those_that_were_measured_and_chosen() -> None:
    assert (UP_S, AGAIN_S, BRIEF_S, SLEEP_MIN_S) == (3600.0, 5400.0, 1800.0, 10_800.0)


# What a rest is.


def test_a_rest_begins_with_the_first_silence_of_it_and_lasts_as_long() -> None:
    rest = rested(None, Silence(at(0), 22.5), at(7200))
    assert rest == Rest(at(0), 22.5, at(7200), 7200.0, 1.0, up=False)


def test_a_rest_that_goes_on_lasts_with_what_interrupted_it() -> None:
    first = rested(None, Silence(at(0), 22.5), at(7200))
    rest = rested(risen(first, at(7260)), Silence(at(7800), 0.6), at(10_000))
    assert rest == Rest(at(0), 22.5, at(10_000), 10_000.0, 1.0, up=False)


def test_who_is_noticed_by_another_sensor_is_up_since_the_first_time() -> None:
    up = risen(rested(None, Silence(at(0), 22.5), at(7200)), at(7300))
    assert up == Rest(at(0), 22.5, at(7300), 7300.0, 1.0, up=True)
    assert risen(up, at(9000)) is up


def test_a_rest_is_over_once_somebody_has_been_up_for_longer_than_an_hour() -> None:
    rest = rested(None, Silence(at(0), 22.5), at(7200))
    assert not rest.is_over(at(7200 + 9 * HOUR_S)), "nothing but the bed has spoken"
    up = risen(rest, at(7200))
    assert not up.is_over(at(7200 + UP_S))
    assert up.is_over(at(7201 + UP_S))


def test_what_was_found_of_a_rest_teaches_little_and_not_much_more_than_its_limit_also_if_the_rest_goes_on() -> None:
    found = rested(None, Silence(at(0), 22.5, 10_000.0), at(40_000))
    assert (found.lasted_s, found.weight) == pytest.approx((FOUND_FACTOR * 10_000.0, FOUND_WEIGHT))
    longer = rested(risen(found, at(40_100)), Silence(at(40_300), 9.0), at(44_000))
    assert (longer.lasted_s, longer.weight) == pytest.approx((FOUND_FACTOR * 10_000.0 + 4000.0, FOUND_WEIGHT))
    assert longer.over_at == at(44_000)
    later = rested(rested(None, Silence(at(0), 22.5), at(7200)), Silence(at(7200), 0.5, 3000.0), at(20_000))
    assert (later.lasted_s, later.weight) == pytest.approx((7200.0 + FOUND_FACTOR * 3000.0, FOUND_WEIGHT))


# When it is learned.


def slept(*, visit_s: float = 300.0) -> Stillness:
    """Four hours in bed from 9:00 (people differ), a visit to the bathroom, and two hours more; up at the end."""
    life = Stillness()
    life.mat(0, occupied=True)
    life.mat(4 * HOUR_S, occupied=False)
    life.sign(4 * HOUR_S + 60, "bathroom")
    back_s = 4 * HOUR_S + visit_s
    life.mat(back_s, occupied=True)
    life.mat(back_s + 2 * HOUR_S, occupied=False)
    life.sign(back_s + 2 * HOUR_S + 30, "kitchen")
    return life


def stay_up(life: Stillness, seconds: float) -> None:
    """A sign every five minutes for so long."""
    from_s = life.seconds or 0.0
    for minute in range(5, int(seconds) // 60 + 1, 5):
        life.sign(from_s + 60.0 * minute, "kitchen" if minute % 2 else "living")


def test_a_night_with_a_visit_to_the_bathroom_is_one_rest_by_the_hour_it_began() -> None:
    life = slept()
    stay_up(life, 3600)
    assert life.known(WHOLE) == (0.0, 0.0), "they may lie down again"
    stay_up(life, 300)
    assert life.known(WHOLE) == pytest.approx((1.0, 6 * HOUR_S + 330), rel=1e-4)
    assert life.quiet.rest is None
    assert life.quiet.habit.about(WHOLE, 9.5, at(0)).n == pytest.approx(1.0, rel=1e-2)
    assert life.known(REST)[0] == pytest.approx(2.0, rel=1e-2)
    stay_up(life, 7200)
    assert life.known(WHOLE)[0] == pytest.approx(1.0, rel=1e-2), "once"


def test_who_is_up_for_longer_than_an_hour_has_rested_twice() -> None:
    life = slept(visit_s=UP_S + 60 + 60)
    stay_up(life, 3900)
    assert life.known(WHOLE)[0] == pytest.approx(2.0, rel=1e-2)
    once = slept(visit_s=UP_S + 60)
    stay_up(once, 3900)
    assert once.known(WHOLE)[0] == pytest.approx(1.0, rel=1e-2)


def test_a_mat_that_drops_out_does_not_end_a_rest_however_long_that_lasts() -> None:
    life = Stillness()
    life.mat(0, occupied=True)
    life.mat(2 * HOUR_S, occupied=False)
    life.mat(4 * HOUR_S, occupied=True)
    life.mat(6 * HOUR_S, occupied=False)
    life.sign(6 * HOUR_S + 30, "kitchen")
    stay_up(life, 3900)
    assert life.known(WHOLE) == pytest.approx((1.0, 6 * HOUR_S + 30), rel=1e-4)
    assert life.known(REST)[0] == pytest.approx(3.0, rel=1e-2)


def dropping_out(quiet: Quiet) -> Stillness:
    """Two hours in bed, a visit to the bathroom, and a mat that lets go every few minutes for nearly two hours."""
    life = Stillness(quiet)
    life.mat(0, occupied=True)
    life.mat(2 * HOUR_S, occupied=False)
    life.sign(2 * HOUR_S + 60, "bathroom")
    for turn in range(12):
        life.mat(2 * HOUR_S + 300 + turn * 530, occupied=True)
        life.mat(2 * HOUR_S + 300 + turn * 530 + 515, occupied=False)
    return life


def test_a_mat_that_drops_out_every_few_minutes_after_a_visit_to_the_bathroom_does_not_either() -> None:
    life = dropping_out(Quiet())
    assert not life.quiet.mat.is_doubted(at(life.seconds or 0))
    life.mat(4 * HOUR_S, occupied=True)
    life.mat(6 * HOUR_S, occupied=False)
    life.sign(6 * HOUR_S + 30, "kitchen")
    stay_up(life, 3900)
    assert life.known(WHOLE) == pytest.approx((1.0, 6 * HOUR_S + 30), rel=1e-4)


@pytest.mark.parametrize("doubted", [True, False])
def test_one_that_is_doubted_says_nothing_of_that(doubted: bool) -> None:
    life = dropping_out(Quiet(mat=Mat(chatters_at=at(0)) if doubted else Mat()))
    assert (life.known(WHOLE)[0] > 0.5) is doubted


def test_who_went_out_rests_no_longer_whatever_a_mat_says() -> None:
    life = Stillness(Quiet(rest=Rest(at(-HOUR_S), 8.0, at(0), HOUR_S, 1.0, up=True)))
    life.sign(UP_S - 60, "front", lies=True, out=True)
    life.sign(UP_S + 60, "front", lies=True, out=True)
    assert life.quiet.rest is None
    assert life.known(WHOLE) == pytest.approx((1.0, HOUR_S), rel=1e-4)


def test_a_moment_on_the_edge_of_the_bed_is_no_rest() -> None:
    life = Stillness()
    life.mat(0, occupied=True)
    life.mat(PAUSE_S - 1, occupied=False)
    life.sign(PAUSE_S, "kitchen")
    assert life.quiet.rest is None
    stay_up(life, 2 * UP_S)
    life.mat(3 * HOUR_S, occupied=True)
    life.mat(3 * HOUR_S + PAUSE_S, occupied=False)
    assert life.quiet.rest is not None
    assert life.quiet.rest.at == at(3 * HOUR_S)


def test_a_moment_on_the_edge_of_the_bed_hours_after_a_rest_begins_none() -> None:
    life = slept()
    stay_up(life, 3 * UP_S)
    now_s = life.seconds or 0.0
    life.mat(now_s + 60, occupied=True)
    life.mat(now_s + 120, occupied=False)
    assert life.quiet.rest is None
    assert life.known(WHOLE)[0] == pytest.approx(1.0, rel=1e-2)


@pytest.mark.parametrize(("lasted_s", "times"), [(REST_MAX_S, 1.0), (REST_MAX_S + 1.0, 0.0)])
def test_a_rest_of_more_than_sixteen_hours_is_nobody_s_habit(lasted_s: float, times: float) -> None:
    life = Stillness(Quiet(rest=Rest(at(-lasted_s), 17.0, at(0), lasted_s, 1.0, up=True)))
    life.sign(UP_S + 1)
    life.sign(UP_S + 2)
    assert life.quiet.rest is None
    assert life.known(WHOLE)[0] == pytest.approx(times)


def test_a_rest_weighs_what_it_was_worth() -> None:
    life = Stillness(Quiet(rest=Rest(at(-9000), 6.5, at(0), PAUSE_S, FOUND_WEIGHT, up=True), limit_of=3))
    life.sign(UP_S + 1)
    life.sign(UP_S + 2)
    assert life.known(WHOLE) == pytest.approx((FOUND_WEIGHT, PAUSE_S), rel=1e-5)
    assert life.quiet.limit_of == -1


def test_home_care_that_comes_to_the_bed_is_a_rest_that_goes_on() -> None:
    """Somebody moves about the room, and the mat says all the time that she lies there."""
    life = Stillness()
    life.mat(0, occupied=True)
    for visit in range(1, 12):
        for minute in (0, 10, 25):
            life.sign(visit * 4 * HOUR_S + minute * 60, "room", lies=True)
    assert life.quiet.rest is not None
    assert life.quiet.rest.at == at(0)
    assert life.known(WHOLE)[0] == 0.0
    assert life.known(REST)[0] > 10.0


# Of somebody who is not in a bed.


@pytest.mark.parametrize(("lasted_s", "rests"), [(SLEEP_MIN_S - 1, False), (SLEEP_MIN_S, True)])
def test_a_silence_of_hours_was_rest(lasted_s: float, rests: bool) -> None:
    life = Stillness()
    life.sign(0)
    life.sign(lasted_s)
    assert (life.quiet.rest is not None) is rests
    assert life.known(REST if rests else PAUSE)[0] == 1.0


@pytest.mark.parametrize(
    ("up_s", "lasted_s", "rests"),
    [
        (BRIEF_S, AGAIN_S, True),
        (BRIEF_S, AGAIN_S - 1, False),
        (BRIEF_S + 1, AGAIN_S, False),
        (BRIEF_S + 1, SLEEP_MIN_S, True),
    ],
)
def test_who_rested_until_a_few_minutes_ago_rests_again_sooner(up_s: float, lasted_s: float, rests: bool) -> None:
    life = Stillness()
    life.sign(0)
    life.sign(6 * HOUR_S)
    life.sign(6 * HOUR_S + up_s / 2, "bathroom")
    life.sign(6 * HOUR_S + up_s, "bathroom")
    before = life.known(REST)[0]
    life.sign(6 * HOUR_S + up_s + lasted_s, "kitchen")
    assert (life.known(REST)[0] - before > 0.5) is rests
    assert (life.quiet.rest is not None) is rests


def test_where_a_mat_is_believed_a_silence_of_hours_elsewhere_is_a_doze_and_no_whole_rest() -> None:
    life = Stillness(Quiet(mat=MATTED))
    life.sign(0)
    life.sign(SLEEP_MIN_S)
    assert life.known(REST)[0] == 1.0
    assert life.quiet.habit.unseen_about(9.5, at(0)) == pytest.approx(1.0, rel=1e-2)
    assert life.quiet.rest is None


def test_without_one_it_is_a_rest_also_when_it_was_found() -> None:
    life = Stillness()
    life.sign(0)
    life.sign(4 * HOUR_S, found_s=HOUR_S)
    assert life.known(REST)[0] == pytest.approx(FOUND_WEIGHT)
    assert life.quiet.habit.unseen_about(9.5, at(0)) == 0.0, "nights without a mat are no dozing beside one that comes later"
    assert life.quiet.rest == Rest(at(0), 9.0, at(4 * HOUR_S), FOUND_FACTOR * HOUR_S, FOUND_WEIGHT, up=True)


def test_in_bed_nobody_dozes_unseen() -> None:
    life = slept()
    assert life.quiet.habit.unseen_about(9.5, at(0)) == 0.0


# How long it may go on.


def wholes(times: float, hour: float = 9.5) -> Habit:
    return Habit().observed(WHOLE, hour, ROOT.of(7 * HOUR_S), at(0), times)


def test_of_a_rest_that_goes_on_it_is_known_for_how_long_it_has() -> None:
    habit = wholes(9.0)
    quiet = Quiet(habit, lies=True, rest=Rest(at(-HOUR_S), 9.5, at(0), HOUR_S, 1.0))
    may = possible(quiet, 10.5, at(600))
    part = Part(1.0, habit.spread(WHOLE, WHOLES, 9.5, at(600)), -4200.0)
    assert may == Possible((part,), (WHOLE,), RESTS, 4200.0, asleep=False)
    new = possible(replace(quiet, rest=None), 10.5, at(600))
    assert new.parts == (Part(1.0, habit.spread(WHOLE, WHOLES, 10.5, at(600))),)
    assert limit_s(quiet, 10.5, at(600), WIDE) == pytest.approx(within(1 - 0.01, ROOT, may.parts), rel=0.2)
    assert limit_s(quiet, 10.5, at(600), WIDE) < limit_s(replace(quiet, rest=None), 10.5, at(600), WIDE)


@pytest.mark.parametrize(("up_s", "goes_on"), [(UP_S, True), (UP_S + 1, False)])
def test_who_is_not_in_bed_rests_still_if_they_did_within_the_hour(up_s: float, goes_on: bool) -> None:
    habit = wholes(9.0).observed(REST, 9.5, ROOT.of(5 * HOUR_S), at(0), 9.0)
    quiet = Quiet(habit, rest=Rest(at(-2 * HOUR_S), 7.5, at(0), 2 * HOUR_S, 1.0, up=True))
    may = possible(quiet, 9.5, at(up_s))
    assert may.ways == (PAUSE, WHOLE)
    assert may.already_s == (2 * HOUR_S + up_s if goes_on else 0.0)


@pytest.mark.parametrize(("already_s", "way"), [(REST_MAX_S - 1, WHOLE), (REST_MAX_S, REST)])
def test_of_somebody_who_never_gets_up_silences_are_taken_one_by_one(already_s: float, way: int) -> None:
    habit = wholes(9.0).observed(REST, 9.5, ROOT.of(5 * HOUR_S), at(0), 9.0)
    quiet = Quiet(habit, lies=True, rest=Rest(at(-already_s), 17.5, at(0), already_s, 1.0))
    may = possible(quiet, 9.5, at(0))
    assert may.ways == (way,)
    if way == REST:
        assert may.parts == (Part(1.0, habit.spread(REST, SLEEP, 9.5, at(0))),)
        assert limit_s(quiet, 9.5, at(0), BOUNDS) > 6 * HOUR_S


@pytest.mark.parametrize(("times", "way"), [(0.5, WHOLE), (0.49, REST)])
def test_whole_rests_count_once_one_is_known(times: float, way: int) -> None:
    assert possible(Quiet(wholes(times), lies=True), 9.5, at(0)).ways == (way,)


@pytest.mark.parametrize("already_s", [0.0, 5 * HOUR_S, 15 * HOUR_S, 15.9 * HOUR_S])
def test_nobody_rests_for_longer_than_sixteen_hours_in_all(already_s: float) -> None:
    habit = Habit().observed(WHOLE, 9.5, ROOT.of(15.5 * HOUR_S), at(0), 9.0)
    quiet = Quiet(habit, lies=True, rest=Rest(at(-already_s), 9.5, at(0), already_s, 1.0))
    assert limit_s(quiet, 9.5, at(0), BOUNDS) == max(REST_MAX_S - already_s, BOUNDS.max_s)


def test_another_rest_has_another_limit_within_the_same_half_hour() -> None:
    quiet = timed(Quiet(wholes(9.0), lies=True, rest=Rest(at(-HOUR_S), 9.5, at(0), 0.0, 1.0)), at(0), 9.0, WIDE)
    assert timed(quiet, at(60), 9.1, WIDE) is quiet
    other = timed(replace(quiet, rest=Rest(at(-4 * HOUR_S), 9.5, at(0), 0.0, 1.0)), at(0), 9.0, WIDE)
    assert other.limit_s < quiet.limit_s
    assert timed(replace(quiet, rest=None), at(0), 9.0, WIDE).limit_s > quiet.limit_s
