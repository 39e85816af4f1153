"""What one person's past says by hour, with the past fading."""

from __future__ import annotations

import math
import random
import struct
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
import pytest

import alarmcore.usual.habit as habit_module
from alarmcore.usual.habit import HALF_LIFE_S, Habit, bells, rare
from alarmcore.usual.spread import Spread
from tests.diary import luck

NOW = datetime(2026, 1, 14, 2, 0, tzinfo=UTC)
PRIOR = Spread(mean=5.7, worth=4.0, shape=3.0, variance=0.8)


def test_what_was_observed_counts_half_after_four_weeks() -> None:
    habit = Habit().observed(0, 2.5, 6.0, NOW)
    later = habit.all_day(0, NOW + timedelta(seconds=HALF_LIFE_S))
    assert later.n == pytest.approx(0.5)
    assert later.x == pytest.approx(3.0)


def test_a_clock_that_is_set_back_makes_nothing_worth_more() -> None:
    habit = Habit().observed(0, 2.5, 6.0, NOW)
    assert habit.all_day(0, NOW - timedelta(days=40)).n == 1.0
    again = habit.observed(0, 2.5, 6.0, NOW - timedelta(hours=1))
    assert again.at == NOW


def test_ways_are_kept_apart() -> None:
    habit = Habit().observed(0, 2.5, 6.0, NOW).observed(1, 2.5, 9.0, NOW).unseen(2.5, NOW)
    assert (habit.all_day(0, NOW).x, habit.all_day(1, NOW).x, habit.all_day(2, NOW).n) == (6.0, 9.0, 0.0)
    assert habit.unseen_about(2.5, NOW) == pytest.approx(1.0, abs=0.01)


def test_the_same_hour_says_most_and_the_clock_is_round() -> None:
    habit = Habit().observed(0, 23.5, 6.0, NOW)
    about = [habit.about(0, hour, NOW).n for hour in (23.5, 0.5, 1.5, 12.5)]
    assert about[0] == pytest.approx(1.0, abs=0.02)
    assert about == sorted(about, reverse=True)
    assert about[3] < 1e-6
    assert bells(0.5)[23] == pytest.approx(bells(0.5)[1])


def test_hours_with_habits_of_their_own_are_believed_to_have_them() -> None:
    habit = Habit()
    for day in range(30):
        habit = habit.observed(0, 1.2, math.log(240), NOW + timedelta(days=day))
        habit = habit.observed(0, 5.3, math.log(1800), NOW + timedelta(days=day))
    end = NOW + timedelta(days=30)
    assert habit.spread(0, PRIOR, 1.2, end).mean < math.log(400)
    assert habit.spread(0, PRIOR, 5.3, end).mean > math.log(1200)


def test_rare_is_the_rarer_the_more_there_are_in_a_day() -> None:
    few, many = Habit(), Habit()
    for day in range(60):
        few = few.observed(0, 3.0, 5.0, NOW + timedelta(days=day))
        for _ in range(5):
            many = many.observed(0, 3.0, 5.0, NOW + timedelta(days=day))
    end = NOW + timedelta(days=60)
    assert rare(few, (0,), 100, 1.0, end) == pytest.approx(0.01, rel=0.1)
    assert rare(many, (0,), 100, 1.0, end) == pytest.approx(0.002, rel=0.15)
    assert rare(few, (0,), 1000, 1.0, end) < rare(few, (0,), 10, 1.0, end)


def test_somebody_unknown_has_the_days_of_anybody() -> None:
    assert rare(Habit(), (0,), 100, 1.5, NOW) == pytest.approx(1 / (100 * 1.5 * 3 / 4), rel=0.05)


def test_it_is_stored_and_read_again() -> None:
    habit = Habit().observed(0, 2.5, 6.0, NOW).unseen(7.0, NOW)
    stored = msgspec.msgpack.encode(habit)
    assert msgspec.msgpack.decode(stored, type=Habit) == habit
    assert len(stored) < 1100


class Remembered:
    """The same, remembered one by one: what each says is worked out anew at each question."""

    def __init__(self) -> None:
        self.all: list[tuple[int | None, float, float, datetime, float]] = []
        self.habit = Habit()

    def live(self, rng: random.Random, times: int) -> datetime:
        """Something of each way at hours and days of chance."""
        at = NOW
        for _ in range(times):
            at += timedelta(hours=rng.uniform(0, 40))
            way, hour, value = rng.choice((0, 1, 2, 3, None)), rng.uniform(0, 24), rng.gauss(6.0, 1.0)
            weight = rng.choice((1.0, 0.3))
            self.all.append((way, hour, value, at, weight))
            if way is None:
                self.habit = self.habit.unseen(hour, at, weight)
            else:
                self.habit = self.habit.observed(way, hour, value, at, weight)
        return at

    def sums(self, way: int | None, now: datetime, hour: float | None = None) -> tuple[float, float, float]:
        """How many, their sum and the sum of their squares: of the whole day, or about an hour of multiples of ten minutes."""
        n = x = xx = 0.0
        for one, began, value, at, weight in self.all:
            if one == way:
                apart = 0.0 if hour is None else abs(hour - (int(began) + 0.5))
                near = math.exp(-((min(apart, 24.0 - apart) / 0.7) ** 2) / 2.0)
                worth = weight * near * 0.5 ** ((now - at) / timedelta(days=28))
                n, x, xx = n + worth, x + worth * value, xx + worth * value * value
        return n, x, xx


@pytest.mark.parametrize("seed", [1, 2])
def test_what_is_kept_packed_says_the_same_as_if_each_were_remembered(seed: int) -> None:
    life = Remembered()
    end = life.live(luck(seed), 120)
    for now in (end, end + timedelta(days=12)):
        for way in (0, 1, 2, 3):
            assert life.habit.all_day(way, now) == pytest.approx(life.sums(way, now), rel=1e-4)
            for hour in (0.0, 2.5, 7.0 + 1 / 6, 12.5, 23.5):
                assert life.habit.about(way, hour, now) == pytest.approx(life.sums(way, now, hour), rel=1e-4, abs=1e-9)
        for hour in (0.0, 7.5, 23.5):
            assert life.habit.unseen_about(hour, now) == pytest.approx(life.sums(None, now, hour)[0], rel=1e-4, abs=1e-9)


def test_the_clock_is_told_to_ten_minutes_and_midnight_is_no_border() -> None:
    assert bells(2.0 + 1 / 6) == pytest.approx([math.exp(-((min(d, 24 - d) / 0.7) ** 2) / 2) for d in away(2.0 + 1 / 6)])
    assert bells(2.04) == bells(2.0)
    assert bells(2.13) == bells(2.0 + 1 / 6) != bells(2.0)
    assert bells(23.99) == bells(0.0)


def away(hour: float) -> list[float]:
    """How far each hour's middle is."""
    return [abs(hour - (place + 0.5)) for place in range(24)]


def test_the_bell_is_worked_out_as_it_is_said() -> None:
    """Asked by itself, since the table of all of them was made when the module was read."""
    assert habit_module._bell(0.0) == 1.0
    for apart in (0.7, -0.7, 23.3, -23.3):
        assert habit_module._bell(apart) == pytest.approx(math.exp(-0.5))
    assert habit_module._bell(1.4) == pytest.approx(math.exp(-2.0))
    assert habit_module._bell(12.0) == pytest.approx(math.exp(-((12 / 0.7) ** 2) / 2))


def personal(observed: dict[float, list[float]]) -> Habit:
    habit = Habit()
    for hour, values in observed.items():
        for value in values:
            habit = habit.observed(1, hour, value, NOW)
    return habit


FAR: Final = 12.5
"""An hour about which nothing was observed, so that only the whole day speaks."""


def test_what_the_whole_day_says_of_an_hour_is_analysis_of_variance() -> None:
    """Worked out from single observations."""
    by_hour = {1.5: [5.0, 5.4, 5.2, 5.1], 4.5: [6.0, 6.6, 6.3], 22.5: [5.5, 5.9]}
    known = personal(by_hour).spread(1, PRIOR, FAR, NOW)
    every = [value for values in by_hour.values() for value in values]
    mean = (4.0 * 5.7 + sum(every)) / (4.0 + 9.0)
    inside = sum((value - sum(values) / len(values)) ** 2 for values in by_hour.values() for value in values)
    shape = 3.0 + (9 - 3) / 2
    variance = (3.0 * 0.8 + inside / 2) / shape
    apart = sum(len(values) * (sum(values) / len(values) - mean) ** 2 for values in by_hour.values())
    between = (apart - 2 * variance) / (9 - (16 + 9 + 4) / 9)
    assert known.mean == pytest.approx(mean, rel=1e-5)
    assert known.variance == pytest.approx(variance, rel=1e-4)
    assert known.shape == pytest.approx(shape, rel=1e-5)
    assert 0.0 < variance / between < 6.0, "else this shows nothing of how firmly hours are alike"
    assert known.worth == pytest.approx(variance / between, rel=1e-3)


def test_hours_that_are_alike_speak_for_one_another_like_a_week_of_nights() -> None:
    alike = personal({hour + 0.5: [5.6, 5.8, 5.6, 5.8] for hour in range(8)})
    assert alike.spread(1, PRIOR, FAR, NOW).worth == pytest.approx(6.0)
    assert alike.spread(1, PRIOR, FAR, NOW).shape == pytest.approx(10.0)
    assert alike.spread(1, PRIOR, FAR, NOW + timedelta(days=28)).shape == pytest.approx(3.0 + 8 * 0.5)


def test_of_hours_that_differ_wildly_little_is_said_of_another() -> None:
    wild = personal({1.5: [2.0] * 4, 4.5: [9.0] * 4})
    assert wild.spread(1, PRIOR, FAR, NOW).worth < 0.2
    two = personal({1.5: [4.0], 4.5: [8.0]}).spread(1, PRIOR, FAR, NOW)
    assert two.worth == pytest.approx(0.8 / (1.8**2 + 2.2**2 - 0.8), rel=1e-4)


def test_one_observation_is_worth_no_more_than_what_is_known_of_people() -> None:
    known = personal({1.5: [5.7]}).spread(1, PRIOR, FAR, NOW)
    assert known.worth == pytest.approx(5.0)
    assert known.shape == 3.0
    assert known.mean == pytest.approx(5.7)
    assert known.variance == pytest.approx(0.8, rel=1e-5)


def test_of_a_way_of_which_nothing_was_seen_people_are_believed() -> None:
    assert personal({1.5: [5.7]}).spread(0, PRIOR, FAR, NOW) == PRIOR


def test_an_hour_is_judged_by_itself_after_the_day() -> None:
    habit = personal({1.5: [5.0, 5.4], 4.5: [6.0, 6.6]})
    whole = habit.spread(1, PRIOR, FAR, NOW)
    assert habit.spread(1, PRIOR, 4.5, NOW) == pytest.approx(whole.given(habit.about(1, 4.5, NOW)), rel=1e-6)


def test_days_fade_like_what_was_observed_on_them() -> None:
    habit = Habit().observed(0, 2.5, 6.0, NOW)
    assert Habit().days(NOW) == habit.days(NOW) == habit.days(NOW - timedelta(days=9)) == 1.0
    assert habit.days(NOW + timedelta(days=28)) == pytest.approx(14.0 / math.log(2.0))
    later = habit.observed(0, 2.5, 6.0, NOW + timedelta(days=28))
    assert later.since_at == NOW
    assert later.at == NOW + timedelta(days=28)
    assert later.days(NOW + timedelta(days=2000)) == pytest.approx(28.0 / math.log(2.0))


def test_beyond_some_shares_nothing_is_asked_for() -> None:
    assert rare(Habit(), (0,), 1e9, 1.5, NOW) == 0.0002
    assert rare(Habit(), (0,), 0.1, 1.5, NOW) == 0.2


def test_shares_are_rounded_so_that_persons_have_them_in_common() -> None:
    assert rare(Habit(), (0,), 100.0, 1.5, NOW) == 0.0089
    habit = personal({1.5: [5.7] * 4}).observed(0, 3.0, 5.0, NOW)
    assert rare(habit, (0, 1), 10.0, 1.5, NOW) == float(f"{4 / (10 * (5 + 4.5)):.2g}")
    assert rare(habit, (2,), 10.0, 1.5, NOW) == float(f"{4 / (10 * 4.5):.2g}")


# The fourth way, of which most persons have none.


def test_rows_of_the_fourth_way_are_kept_only_where_there_are_any() -> None:
    habit = Habit().observed(0, 2.5, 6.0, NOW).observed(1, 3.5, 7.0, NOW).observed(2, 4.5, 8.0, NOW).unseen(5.5, NOW)
    assert len(habit.rows) == 960
    four = habit.observed(3, 22.5, 30.0, NOW)
    assert len(four.rows) == 1248
    assert [four.all_day(way, NOW)[:2] for way in range(4)] == [(1.0, 6.0), (1.0, 7.0), (1.0, 8.0), (1.0, 30.0)]
    assert [habit.all_day(way, NOW) for way in range(3)] == [four.all_day(way, NOW) for way in range(3)]
    assert habit.all_day(3, NOW) == (0.0, 0.0, 0.0)
    assert habit.unseen_about(5.5, NOW) == four.unseen_about(5.5, NOW) == pytest.approx(1.0)
    assert four.about(3, 22.5, NOW).xx == pytest.approx(900.0)
    assert len(four.observed(0, 2.5, 6.0, NOW).rows) == 1248
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(four), type=Habit) == four


def test_what_was_stored_before_there_was_one_still_says_the_same() -> None:
    old = Habit(struct.pack("<240f", *(1.0,) * 24, *(6.0,) * 24, *(36.0,) * 24, *(0.0,) * 168), NOW, NOW)
    assert old.all_day(0, NOW) == (24.0, 144.0, 864.0)
    assert old.observed(3, 22.5, 30.0, NOW).all_day(3, NOW) == (1.0, 30.0, 900.0)
    assert old.spread(3, PRIOR, 22.5, NOW) == PRIOR


@pytest.mark.parametrize("hour", [0.0, 23.99, 24.0])
def test_each_hour_of_the_last_way_has_its_place(hour: float) -> None:
    sums = Habit().observed(3, hour, 30.0, NOW).about(3, int(hour) % 24 + 0.5, NOW)
    assert sums == pytest.approx((1.0, 30.0, 900.0))
