"""Generated residents: their truth is true, a plain home tells it, and what is chosen is what comes about."""

from __future__ import annotations

import itertools
import statistics
from collections import Counter
from datetime import UTC, timedelta

import msgspec
import pytest

from alarmcore.model.reading import BODIES
from loadtests.evaluate.homes.home import RETURNED, UP, Home
from loadtests.evaluate.homes.residents import FIRST_DAY, Habits, Incident, contrast, generate
from loadtests.evaluate.homes.residents.habits import drawn
from loadtests.evaluate.homes.residents.movement import Opening, shut
from loadtests.evaluate.homes.residents.parameters import DOINGS, PARAMETERS, ROOMS, SORTS
from tests.loadtests.lived import DAYS, MINUTE, PLAIN, between, free, home, hours, inside, luck, noon, of, ups

# -- who is made -----------------------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_residents_and_another_one_others() -> None:
    once, again, another = (list(generate(seed, 3, 10)) for seed in (1, 1, 2))
    assert once == again
    assert all(one.readings != other.readings for one, other in zip(once, another, strict=True))


def test_a_resident_is_the_same_however_many_are_made() -> None:
    assert list(generate(3, 5, 10))[4] == list(itertools.islice(generate(3, 1_000_000, 10), 5))[4]


def test_residents_differ() -> None:
    made = list(generate(4, 20, 10))
    assert len({one.leaves for one in made}) == len({one.name for one in made}) == 20


def test_every_sort_occurs_in_two_hundred_and_as_often_as_the_table_says() -> None:
    many = [drawn(luck(n), 90, 69).sorts() for n in range(4000)]
    few = Counter(sort for sorts in many[:200] for sort in sorts)
    assert few.keys() == {*SORTS, "plain"}
    every = Counter(sort for sorts in many for sort in sorts)
    for sort, share in SORTS.items():
        assert every[sort] / len(many) == pytest.approx(share, abs=4 * (share / len(many)) ** 0.5)
    assert 0.2 < every["plain"] / len(many) < 0.4
    assert statistics.mean(len(sorts) for sorts in many if sorts != ("plain",)) < 3


def test_most_are_up_for_minutes_and_some_for_half_an_hour() -> None:
    medians = sorted(drawn(luck(n), 90).up_min for n in range(1000))
    assert 2 <= medians[0] <= medians[-1] <= 60
    assert sum(3 <= one <= 10 for one in medians) > 650
    assert 70 < sum(one >= 20 for one in medians) < 170


def test_a_name_says_the_number_and_the_sorts() -> None:
    assert home().name == "resident-0017-plain"
    assert home(Habits(cat=True, incidents=(Incident("ill", 5, 4),))).name == "resident-0017-cat-ill"
    assert [one.name for one in generate(1, 3, 5)][1].startswith("resident-0001-")


def test_what_does_not_fit_into_few_days_does_not_happen() -> None:
    assert not any(drawn(luck(n), 5).incidents for n in range(300))
    for n in range(300):
        assert all(one.day >= 3 and one.day + one.days <= 27 for one in drawn(luck(n), 30).incidents)


def test_every_parameter_says_where_it_is_from() -> None:
    assert all(one.source and one.meaning for one in PARAMETERS)
    assert len({one.name for one in PARAMETERS}) == len(PARAMETERS)
    assert {doing.room for doing in DOINGS.values()} <= set(ROOMS)


# -- every home ------------------------------------------------------------------------------------------------------------

EVERYTHING = Habits(
    turns=20.0,
    turner=True,
    mats=2,
    partner=True,
    nap=0.5,
    sleepless=0.1,
    ajar=0.2,
    visits=1.0,
    cat=True,
    drift_h=1.0,
    worse=2.0,
    twice=0.1,
    incidents=(
        Incident("ill", 4, 3),
        Incident("away", 10, 5),
        Incident("new", 5, 0, "motion-hall"),
        Incident("dead", 20, 0, "motion-kitchen"),
        Incident("stuck", 12, 4, "door-front"),
        Incident("chatter", 20, 2, "bed-1"),
        Incident("moved", 9, 0, "motion-bathroom", "living"),
        Incident("clock", 16, 7, "bed-2"),
        Incident("gap", 24, 3),
    ),
)


@pytest.mark.parametrize("one", [home(), home(EVERYTHING), *generate(6, 8, 21)], ids=lambda one: one.name)
def test_readings_are_whole_in_order_and_of_known_devices(one: Home) -> None:
    times = [reading.at for reading in one.readings]
    assert times == sorted(times)
    assert all(at.tzinfo is UTC for at in times)
    assert {(reading.device, reading.kind) for reading in one.readings} <= set(one.devices)
    for kind, fields in {(reading.kind, tuple(reading.fields.items())) for reading in one.readings}:
        msgspec.convert(dict(fields), BODIES[kind])
    for truth in (one.sleeps, one.away):
        assert all(stretch.from_at < stretch.until_at for stretch in truth)
        assert all(before.until_at <= after.from_at for before, after in itertools.pairwise(truth))
    assert all(leave.back_at is None or leave.left_at < leave.back_at for leave in one.leaves)
    assert all(before.back_at and before.back_at < after.left_at for before, after in itertools.pairwise(one.leaves))


def test_everything_begins_at_noon_and_ends_at_noon() -> None:
    for days, lasting in ((10, 240), (80, 80 * 24 + 1)):
        one = home(PLAIN, days)
        begins, ends = noon(0, one), noon(days, one).astimezone(UTC)
        assert begins <= one.readings[0].at < begins + timedelta(hours=4)
        assert ends - timedelta(hours=4) < one.readings[-1].at < ends
        assert ends - begins.astimezone(UTC) == timedelta(hours=lasting)  # the clocks were put back on day 69


def test_habits_follow_the_clock_on_the_wall() -> None:
    one = home(Habits(night_spread_h=0.1, weekend_h=0.0), 80)
    rising = [leave.left_at for leave in one.leaves if leave.outcome == UP]
    before, after = ([at for at in rising if from_day <= (at.date() - FIRST_DAY).days < from_day + 8] for from_day in (60, 71))
    assert len(before) == len(after) == 8
    for week, hour in ((before, 5.2), (after, 6.2)):
        assert statistics.median(at.hour + at.minute / 60 for at in week) == pytest.approx(hour, abs=0.2)
        assert statistics.median(hours(at, one) for at in week) == pytest.approx(7.2, abs=0.2)


# -- the plain home --------------------------------------------------------------------------------------------------------


def test_a_plain_mat_says_what_is_true_within_seconds() -> None:
    one = home()
    assert len(one.leaves) > DAYS
    emptied = dict(free(one))
    for leave in one.leaves:
        if leave.back_at is not None:
            from_at = min(emptied, key=lambda at: abs(at - leave.left_at))
            assert timedelta(0) <= from_at - leave.left_at <= timedelta(seconds=5)
            assert timedelta(0) <= emptied.pop(from_at) - leave.back_at <= timedelta(seconds=5)
    assert len(emptied) > DAYS / 2
    assert max(until_at - from_at for from_at, until_at in emptied.items()) < MINUTE


def test_a_plain_home_gives_a_hundred_to_four_hundred_readings_a_day() -> None:
    assert 100 < len(home().readings) / DAYS < 400


@pytest.mark.parametrize("visits", [0.0, 4.0])
def test_nobody_moves_in_a_home_while_nobody_is_there(visits: float) -> None:
    one = home(msgspec.structs.replace(PLAIN, outings=1.5, visits=visits))
    assert len(one.away) > DAYS / 2
    assert all(before.until_at < after.from_at for before, after in itertools.pairwise(one.away))
    for stretch in one.away:
        assert MINUTE * 20 <= stretch.until_at - stretch.from_at <= MINUTE * 360
        assert not between(stretch.from_at + MINUTE, stretch.until_at - MINUTE, list(one.readings))
        for end in set(stretch) - {noon(0, one), noon(DAYS, one)}:
            doors = between(end - MINUTE / 10, end + MINUTE, of("door-front", one))
            assert [reading.fields["open"] for reading in doors[:2]] == [True, False]


def test_nobody_comes_while_the_resident_lies_in_bed() -> None:
    one = home(msgspec.structs.replace(PLAIN, nap=1.0, visits=4.0))
    assert not [reading for reading in of("door-front", one) if reading.fields["open"] and inside(reading.at, one.sleeps)]


def test_motion_sensors_are_silent_for_a_while_after_a_report_and_miss_some_movements() -> None:
    one = home(Habits(cooldown_s=90, outings=1.5))
    for room in ROOMS:
        times = [reading.at for reading in of(f"motion-{room}", one)]
        assert min(after - before for before, after in itertools.pairwise(times)) >= timedelta(seconds=90)
    hall = of("motion-hall", one)
    seen = [bool(between(stretch.from_at - MINUTE * 2, stretch.until_at + MINUTE * 2, hall)) for stretch in one.away]
    either = [bool(between(end - MINUTE / 2, end + MINUTE / 2, hall)) for stretch in one.away for end in stretch]
    assert sum(seen) > 0.9 * len(seen)
    assert 0.65 < sum(either) / len(either) < 0.95


def test_who_sits_still_is_seen_less_often() -> None:
    lively, still = (len(of("motion-living", home(Habits(still=still)))) for still in (0.5, 3.0))
    assert still < lively / 2


def test_the_fridge_is_opened_some_times_a_day_for_seconds() -> None:
    said = of("door-fridge", home())
    assert 2 < sum(reading.fields["open"] for reading in said) / DAYS < 12
    lengths = [(after.at - before.at).total_seconds() for before, after in zip(said[::2], said[1::2], strict=True)]
    assert statistics.median(lengths) == pytest.approx(6, abs=2)


def test_doors_open_and_close_in_turn_however_many_use_them() -> None:
    busy = home(Habits(partner=True, visits=5.0, ajar=0.5, outings=1.6))
    for door in ("door-front", "door-fridge"):
        said = of(door, busy)
        assert said[0].fields["open"]
        assert all(before.fields != after.fields for before, after in itertools.pairwise(said))
        assert all(before.at < after.at for before, after in itertools.pairwise(said))


def test_a_door_that_is_used_while_it_stands_ajar_is_shut_behind() -> None:
    used = [Opening("front", 100, 900), Opening("front", 400, 410), Opening("front", 401, 500), Opening("fridge", 5, 9)]
    assert shut(used, "front") == [(100, True), (399, False), (400, True), (401, False)]


def test_at_weekends_rising_is_later() -> None:
    one = home(Habits(weekend_h=0.8, night_spread_h=0.1), 60)
    rising = [leave.left_at.astimezone(one.tz) for leave in one.leaves if leave.outcome == UP]
    weekend, week = ([hours(at, one) for at in rising if (at.weekday() >= 5) is which] for which in (True, False))
    assert statistics.median(weekend) - statistics.median(week) == pytest.approx(0.8, abs=0.15)


def test_who_sleeps_is_in_bed_and_moves_little() -> None:
    one = home()
    asleep_h = sum((stretch.until_at - stretch.from_at) / timedelta(hours=1) for stretch in one.sleeps)
    assert 6.5 < asleep_h / DAYS < 9
    moved = [reading for reading in one.readings if reading.kind == "motion" and inside(reading.at, one.sleeps)]
    assert 0 < len(moved) / asleep_h < 0.5
    assert {reading.device for reading in moved} == {"motion-bedroom"}


def test_leaves_are_as_many_and_as_long_as_chosen_and_longer_towards_the_morning() -> None:
    one = home(Habits(leaves=1.5, up_min=6.0, up_early=0.5, up_dawn=2.0, up_spread=0.4), 200)
    assert len(ups(one)) / 200 == pytest.approx(1.4, abs=0.25)
    by_hour: dict[int, list[float]] = {0: [], 1: [], 2: []}
    for leave in one.leaves:
        if leave.outcome == RETURNED and leave.back_at is not None:
            hour = (hours(leave.left_at, one) - 20) % 24
            by_hour[0 if hour < 5 else 1 if hour < 8 else 2].append((leave.back_at - leave.left_at) / MINUTE)
    assert [statistics.median(lengths) for lengths in by_hour.values()] == [
        pytest.approx(3, rel=0.25),
        pytest.approx(6, rel=0.25),
        pytest.approx(12, rel=0.25),
    ]


def test_there_is_one_rising_in_the_morning_and_one_from_a_nap() -> None:
    one = home(msgspec.structs.replace(PLAIN, outings=0.0), 60)
    rising = [hours(leave.left_at, one) for leave in one.leaves if leave.outcome == UP]
    assert sum(one < 11 for one in rising) == 60
    assert sum(one > 12.5 for one in rising) == pytest.approx(60 * 0.3, abs=11)


def test_the_front_door_closes_soon_and_ajar_ones_late() -> None:
    longest = [longest_open(home(msgspec.structs.replace(PLAIN, outings=1.5, ajar=ajar))) for ajar in (0.0, 0.3)]
    assert longest[0] < timedelta(seconds=60)
    assert longest[1] > MINUTE * 20


def longest_open(one: Home) -> timedelta:
    doors = of("door-front", one)
    assert [reading.fields["open"] for reading in doors] == [True, False] * (len(doors) // 2)
    return max(after.at - before.at for before, after in zip(doors[::2], doors[1::2], strict=True))


# -- five minutes and forty ------------------------------------------------------------------------------------------------


def test_the_two_of_a_contrast_differ_in_how_long_they_are_up_and_in_nothing_else() -> None:
    short, long = contrast(1)
    assert (short.name, long.name) == ("contrast-5-min", "contrast-40-min")
    assert statistics.median(ups(short)) == pytest.approx(5, rel=0.25)
    assert statistics.median(ups(long)) == pytest.approx(40, rel=0.25)
    rising = [[leave.left_at for leave in one.leaves if leave.outcome == UP] for one in (short, long)]
    assert rising[0] == rising[1]
    assert len(rising[0]) == 60
