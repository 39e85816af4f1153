"""Generated residents with what is out of the common: company, illness, absence, and sensors that are wrong as is said."""

from __future__ import annotations

import itertools
import statistics
from collections import Counter
from datetime import date, datetime, timedelta
from functools import cache

import msgspec
import pytest

from loadtests.evaluate.homes.home import RETURNED, UP, Home
from loadtests.evaluate.homes.residents import Habits, Incident, resident
from loadtests.evaluate.homes.residents.habits import drawn
from loadtests.evaluate.homes.residents.parameters import ROOMS
from tests.loadtests.lived import DAYS, MINUTE, PLAIN, between, free, home, hours, inside, luck, noon, of, others, ups

# -- what is out of the common ---------------------------------------------------------------------------------------------


def test_who_turns_leaves_the_mat_hundreds_of_times_some_of_them_for_long() -> None:
    one = home(Habits(turner=True, turns=30.0))
    releases = [(until_at - from_at) / MINUTE for from_at, until_at in free(one) if inside(from_at, one.sleeps)]
    assert len(releases) / DAYS > 100
    assert statistics.median(releases) < 1 / 6
    assert sum(5 < each < 61 for each in releases) > 10
    said = of("bed-1", one)
    assert all(before.fields != after.fields for before, after in itertools.pairwise(said))
    for leave in one.leaves[:-1]:
        assert leave.back_at is not None
        assert not between(leave.left_at, leave.back_at, [reading for reading in said if reading.fields["occupied"]])
    assert ups(one) == ups(home(Habits()))


def test_on_two_mats_one_sleeper_lies_now_here_now_there() -> None:
    one = home(Habits(mats=2))
    nights = len([leave for leave in one.leaves if leave.outcome == UP])
    for mat in ("bed-1", "bed-2"):
        long = [until_at - from_at for from_at, until_at in free(one, (mat,)) if inside(from_at, one.sleeps)]
        assert sum(each > MINUTE * 15 for each in long) > nights / 2
    both = [until_at - from_at for from_at, until_at in free(one, ("bed-1", "bed-2"))]
    assert sum(each > MINUTE * 1.5 for each in both) == sum(
        leave.back_at is not None and leave.back_at - leave.left_at > MINUTE * 1.5 for leave in one.leaves
    )


def test_of_two_in_one_bed_the_mat_says_nothing_while_one_is_up() -> None:
    one = home(Habits(partner=True))
    seen = [from_at for from_at, _ in free(one)]
    told = [any(abs(from_at - leave.left_at) < MINUTE for from_at in seen) for leave in one.leaves if leave.outcome == RETURNED]
    assert sum(told) < len(told) / 5
    assert home(Habits(partner=True)).leaves == home(Habits()).leaves


def test_of_two_with_a_mat_each_the_first_is_the_residents() -> None:
    one = home(Habits(partner=True, mats=2))
    seen = [from_at for from_at, _ in free(one)]
    assert all(any(abs(from_at - leave.left_at) < MINUTE for from_at in seen) for leave in one.leaves[:-1])
    assert len([1 for _ in free(one, ("bed-1", "bed-2"))]) < len(seen)


def test_a_home_of_two_is_empty_only_while_both_are_out() -> None:
    one, alone = (home(Habits(outings=1.5, partner=partner)) for partner in (True, False))
    assert 0 < len(one.away) < len(alone.away)
    assert not any(between(stretch.from_at + MINUTE, stretch.until_at - MINUTE, list(one.readings)) for stretch in one.away)


def test_a_cat_moves_in_every_room_while_the_sleeper_lies_still() -> None:
    one = home(Habits(cat=True))
    moved = Counter(reading.device for reading in one.readings if reading.kind == "motion" and inside(reading.at, one.sleeps))
    assert len(moved) == len(ROOMS)
    assert min(moved.values()) > DAYS
    assert one.leaves == home(Habits()).leaves


def test_visitors_come_by_the_front_door_and_make_two_rooms_move_at_once() -> None:
    visited, alone = (home(Habits(visits=visits), 60) for visits in (2.0, 0.0))
    assert visited.leaves == alone.leaves
    assert openings(visited) > openings(alone) + 60 * 2 * 0.6
    assert together(visited) > 2 * together(alone)


def openings(one: Home) -> int:
    return sum(reading.fields["open"] for reading in of("door-front", one))


def together(one: Home) -> int:
    """How often two rooms other than the hall move within eight seconds."""
    moved = [reading for reading in one.readings if reading.kind == "motion" and reading.device != "motion-hall"]
    pairs = itertools.pairwise(moved)
    return sum(after.device != before.device and (after.at - before.at).total_seconds() < 8 for before, after in pairs)


def test_the_sleepless_are_up_for_an_hour_or_two_and_busy_in_the_kitchen() -> None:
    one, sound = (home(Habits(sleepless=sleepless), 100) for sleepless in (0.2, 0.0))
    long = [
        leave
        for leave in one.leaves
        if leave.outcome == RETURNED and leave.back_at and leave.back_at - leave.left_at >= MINUTE * 60
    ]
    assert len(long) - sum(each >= 60 for each in ups(sound)) == pytest.approx(20, abs=12)
    for leave in long:
        assert leave.back_at is not None
        assert leave.back_at - leave.left_at <= MINUTE * 120
        assert between(leave.left_at, leave.back_at, of("motion-kitchen", one))


def test_drift_makes_rising_later_by_what_was_chosen() -> None:
    one = home(Habits(drift_h=1.0, night_spread_h=0.1, weekend_h=0.0), 90)
    rising = [hours(leave.left_at, one) for leave in one.leaves if leave.outcome == UP]
    assert statistics.mean(rising[-10:]) - statistics.mean(rising[:10]) == pytest.approx(80 / 90, abs=0.2)


def test_worsening_makes_leaves_longer_and_more_of_them() -> None:
    worse = ups(home(Habits(worse=3.0), 90))
    same = ups(home(Habits(), 90))
    assert len(worse) > 1.3 * len(same)
    assert statistics.median(worse[-30:]) > 1.5 * statistics.median(same[-30:])


def test_the_ill_lie_in_bed_by_day_and_do_not_go_out() -> None:
    one = home(Habits(outings=1.5, incidents=(Incident("ill", 10, 10),)))
    well = home(Habits(outings=1.5))
    begins, ends = noon(10, one), noon(20, one)
    rested = [stretch for stretch in one.sleeps if begins <= stretch.from_at < ends and 12 <= hours(stretch.from_at, one) < 19]
    assert len(rested) >= 10
    assert not any(begins < stretch.from_at < ends for stretch in one.away)
    assert any(begins < stretch.from_at < ends for stretch in well.away)
    assert up_at_night(one)[:5] == up_at_night(well)[:5]


def test_in_illness_leaves_are_twice_as_many_and_longer_and_rising_is_later() -> None:
    incidents = (Incident("ill", 0, 90),)
    ill, well = home(Habits(leaves=1.0, incidents=incidents), 90), home(Habits(leaves=1.0), 90)
    assert len(up_at_night(ill)) > 1.6 * len(up_at_night(well))
    long, short = (statistics.median(length for _, length in up_at_night(one)) for one in (ill, well))
    assert long == pytest.approx(1.8 * short, rel=0.25)
    late, early = (
        statistics.median(hours(leave.left_at, one) for leave in one.leaves if leave.outcome == UP) for one in (ill, well)
    )
    assert late - early == pytest.approx(0.75, abs=0.3)


def up_at_night(one: Home) -> list[tuple[datetime, float]]:
    return [
        (leave.left_at, (leave.back_at - leave.left_at) / MINUTE)
        for leave in one.leaves
        if leave.outcome == RETURNED and leave.back_at is not None and hours(leave.left_at, one) < 6
    ]


def test_over_a_week_away_nothing_is_heard_and_the_bed_is_empty() -> None:
    one = home(Habits(cat=True, incidents=(Incident("away", 8, 7),)))
    week = max(one.away, key=lambda stretch: stretch.until_at - stretch.from_at)
    assert week.from_at.astimezone(one.tz).hour in {11, 12}
    assert timedelta(days=7) < week.until_at - week.from_at < timedelta(days=7.5)
    assert not between(week.from_at + MINUTE, week.until_at - MINUTE, list(one.readings))
    assert not [leave for leave in one.leaves if week.from_at <= leave.left_at < week.until_at]
    assert of("bed-1", one)[-1].at > week.until_at


# -- what befalls sensors --------------------------------------------------------------------------------------------------


@cache
def befallen(kind: str, device: str = "", days: int = 0, room: str = "") -> Home:
    return home(msgspec.structs.replace(PLAIN, incidents=(Incident(kind, 10, days, device, room),)))


@pytest.mark.parametrize(
    ("kind", "device"),
    [
        ("new", "motion-hall"),
        ("dead", "bed-1"),
        ("stuck", "bed-1"),
        ("chatter", "door-front"),
        ("moved", "motion-kitchen"),
        ("clock", "bed-1"),
    ],
)
def test_what_befalls_a_sensor_changes_neither_the_truth_nor_other_sensors(kind: str, device: str) -> None:
    one = befallen(kind, device, 4, "hall")
    assert (one.leaves, one.sleeps, one.away) == (home().leaves, home().sleeps, home().away)
    assert others(device, one) == others(device, home())
    assert of(device, one) != of(device, home())


def test_a_new_sensor_is_silent_before_and_a_dead_one_from_then_on() -> None:
    day = noon(10, home())
    assert of("bed-1", befallen("new", "bed-1")) == [each for each in of("bed-1", home()) if each.at >= day]
    assert of("bed-1", befallen("dead", "bed-1")) == [each for each in of("bed-1", home()) if each.at < day]


def test_a_stuck_sensor_stays_at_occupied_for_days() -> None:
    one = befallen("stuck", "bed-1", 4)
    stuck = between(noon(10, one), noon(14, one), of("bed-1", one))
    assert [reading.fields for reading in stuck] == [{"occupied": True}]
    assert between(noon(14, one), noon(30, one), of("bed-1", one)) == between(noon(14, one), noon(30, one), of("bed-1", home()))


@pytest.mark.parametrize("device", ["bed-1", "door-front", "motion-hall"])
def test_a_sensor_that_chatters_sends_thousands_a_day_and_what_is_true_among_them(device: str) -> None:
    one = befallen("chatter", device, 3)
    begins, ends = noon(10, one), noon(13, one)
    chatter = between(begins, ends, of(device, one))
    assert 1000 < len(chatter) / 3 < 5000
    assert between(noon(0, one), begins, of(device, one)) == between(noon(0, one), begins, of(device, home()))
    true = between(begins, ends, of(device, home()))
    assert [each for each in chatter if each in true] == true
    if device != "motion-hall":
        assert all(before.fields != after.fields for before, after in itertools.pairwise(of(device, one)))
        assert chatter[-1].fields == [each for each in of(device, home()) if each.at < ends][-1].fields


def test_a_sensor_that_was_moved_sees_another_room_and_calls_itself_by_the_old_one() -> None:
    one = befallen("moved", "motion-kitchen", 0, "bedroom")
    day = noon(10, one)
    after = [reading for reading in of("motion-kitchen", one) if reading.at >= day]
    assert after
    assert {reading.fields["room"] for reading in after} == {"kitchen"}
    bedroom = [reading.at for reading in of("motion-bedroom", one)]
    near = [at for each in after if (at := min(bedroom, key=lambda at: abs(at - each.at))) and abs(at - each.at) < MINUTE * 5]
    assert len(near) > 0.9 * len(after)
    assert between(noon(0, one), day, of("motion-kitchen", one)) == between(noon(0, one), day, of("motion-kitchen", home()))


def test_a_clock_that_was_not_put_back_is_an_hour_ahead_for_a_week() -> None:
    habits = msgspec.structs.replace(PLAIN, incidents=(Incident("clock", 69, 7, "bed-1"),))
    one, right = home(habits, 80), home(PLAIN, 80)
    begins, ends = noon(69, one), noon(76, one)
    meant = between(begins, ends, of("bed-1", right))
    assert len(meant) > 14
    assert between(begins + timedelta(hours=1), ends + timedelta(hours=1), of("bed-1", one)) == [
        each._replace(at=each.at + timedelta(hours=1)) for each in meant
    ]


def test_a_clock_that_was_not_put_forward_is_an_hour_behind() -> None:
    habits = msgspec.structs.replace(PLAIN, incidents=(Incident("clock", 7, 7, "bed-1"),))
    one, right = (resident(5, 1, 20, each, first_day=date(2027, 3, 21)) for each in (habits, PLAIN))
    moved = [(before.at - after.at) for before, after in zip(of("bed-1", right), of("bed-1", one), strict=True)]
    assert set(moved) == {timedelta(0), timedelta(hours=1)}


def test_clocks_go_wrong_when_they_are_changed() -> None:
    wrong = [one for n in range(600) for one in drawn(luck(n), 90, 69).incidents if one.kind == "clock"]
    assert len(wrong) > 10
    assert {one.day for one in wrong} == {69}


def test_through_a_dead_gateway_nothing_comes() -> None:
    one = befallen("gap", "", 6)
    begins, ends = noon(10, one), noon(16, one)
    assert list(one.readings) == [each for each in home().readings if not begins <= each.at < ends]
    assert one.leaves == home().leaves


def test_a_bed_says_occupied_twice_and_never_free() -> None:
    said = [reading.fields["occupied"] for reading in of("bed-1", home(msgspec.structs.replace(PLAIN, twice=0.3)))]
    assert sum(before and after for before, after in itertools.pairwise(said)) > 5
    assert not any(not before and not after for before, after in itertools.pairwise(said))
