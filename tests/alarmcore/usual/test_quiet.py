"""What is believed of silence: a pause, sleep or nobody there; what each teaches, and how long it may last."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from msgspec.structs import replace

from alarmcore.usual.absence import Absence
from alarmcore.usual.bounds import FOUND_FACTOR, FOUND_WEIGHT, KNOWN_MIN, Usual
from alarmcore.usual.drift import Drift, counted, day_of
from alarmcore.usual.habit import Habit
from alarmcore.usual.quiet import (
    ABSENCE,
    ABSENCES,
    AWAY,
    KNOWN_DAYS,
    NEW_MAX_S,
    PAUSE,
    PAUSE_S,
    PAUSES,
    POPULATION,
    REST,
    REST_MAX_S,
    RESTS,
    SLEEP,
    SLEEP_MIN_S,
    WHOLE,
    WHOLES,
    Possible,
    Quiet,
    Sign,
    left,
    limit_s,
    possible,
    seen,
    signed,
    timed,
    usual_s,
)
from alarmcore.usual.rest import Silence
from alarmcore.usual.spread import ROOT, Part, Spread, within

SINCE: Final = datetime(2026, 1, 14, 9, 0, tzinfo=UTC)
HOUR: Final = 10.0
WIDE: Final = Usual(1.0, 864_000.0)


def after(seconds: float) -> datetime:
    return SINCE + timedelta(seconds=seconds)


def lasted(quiet: Quiet, seconds: float, hour: float = HOUR, found_s: float | None = None) -> Quiet:
    return signed(quiet, Silence(SINCE, hour, found_s), after(seconds))


def learned(quiet: Quiet, seconds: float) -> dict[int, tuple[float, float]]:
    """Of each way that was taught how many, and how long they are on the wall."""
    sums = {way: quiet.habit.all_day(way, after(seconds)) for way in (PAUSE, REST, AWAY, WHOLE)}
    return {way: (n, ROOT.seconds(x / n)) for way, (n, x, _) in sums.items() if n}


def known(way: int, times: float, hour: float = 10.5, seconds: float = 3600.0) -> Habit:
    return Habit().observed(way, hour, ROOT.of(seconds), SINCE, times)


def test_the_numbers_are_those_that_were_measured_and_chosen() -> None:
    assert (PAUSE_S, REST_MAX_S, NEW_MAX_S) == (600.0, 57_600.0, 43_200.0)
    assert (PAUSES, RESTS, ABSENCES, KNOWN_MIN) == (16.0, 1.5, 1.0, 5.0)
    assert (PAUSE, REST, AWAY, WHOLE) == (0, 1, 2, 3), "as they are stored"


@pytest.mark.parametrize(
    ("people", "half_s", "most_s"),
    [(POPULATION, 1521, 5773), (SLEEP, 27_000, 42_250), (WHOLES, 27_000, 39_106), (ABSENCE, 6859, 25_882)],
)
def test_of_somebody_unknown_half_and_nine_in_ten_are_over_as_it_is_with_people(
    people: Spread, half_s: float, most_s: float
) -> None:
    assert within(0.5, ROOT, (Part(1.0, people),)) == pytest.approx(half_s, rel=1e-3)
    assert within(0.9, ROOT, (Part(1.0, people),)) == pytest.approx(most_s, rel=1e-3)


def test_how_firmly_that_is_believed_is_told_in_observations() -> None:
    assert [(people.worth, people.shape) for people in (POPULATION, SLEEP, WHOLES, ABSENCE)] == [(4, 3), (4, 3), (0.5, 3), (2, 3)]


# What a silence teaches.


def test_what_is_shorter_than_a_pause_teaches_nothing() -> None:
    quiet = Quiet(limit_of=3)
    assert lasted(quiet, PAUSE_S - 1) is quiet
    assert learned(lasted(quiet, PAUSE_S), PAUSE_S) == {PAUSE: pytest.approx((1.0, PAUSE_S), rel=1e-5)}


def test_nobody_sleeps_or_is_away_so_long_that_it_is_a_habit() -> None:
    for quiet in (Quiet(), Quiet(lies=True)):
        assert lasted(quiet, REST_MAX_S + 1).habit == Habit()
        assert lasted(quiet, 7 * 86_400.0).habit == Habit()
        assert lasted(quiet, REST_MAX_S).habit != Habit()


@pytest.mark.parametrize(
    ("quiet", "seconds", "way"),
    [
        (Quiet(), 3600.0, PAUSE),
        (Quiet(), SLEEP_MIN_S - 1, PAUSE),
        (Quiet(), SLEEP_MIN_S, REST),
        (Quiet(lies=True), 900.0, REST),
    ],
)
def test_a_silence_was_what_it_began_as(quiet: Quiet, seconds: float, way: int) -> None:
    assert learned(lasted(quiet, seconds), seconds) == {way: pytest.approx((1.0, seconds), rel=1e-5)}


def test_silence_of_somebody_who_went_out_teaches_nothing_until_they_are_back() -> None:
    for seconds in (900.0, 20_000.0):
        for quiet in (Quiet(out=True), Quiet(lies=True, out=True)):
            assert lasted(quiet, seconds) is quiet


def test_one_that_was_found_teaches_a_little_and_no_more_than_a_little_above_its_limit() -> None:
    long, short = lasted(Quiet(), 9000.0, found_s=2000.0), lasted(Quiet(), 2100.0, found_s=2000.0)
    assert learned(long, 9000.0) == {PAUSE: pytest.approx((FOUND_WEIGHT, FOUND_FACTOR * 2000.0), rel=1e-5)}
    assert learned(short, 2100.0) == {PAUSE: pytest.approx((FOUND_WEIGHT, 2100.0), rel=1e-5)}


def test_what_was_learned_changes_the_limit() -> None:
    quiet = timed(Quiet(), SINCE, HOUR, WIDE)
    assert lasted(quiet, 7000.0).limit_of == -1
    assert lasted(quiet, 7000.0).habit.at == after(7000.0)
    again = timed(lasted(quiet, 7000.0), after(7000.0), HOUR, WIDE)
    assert again.limit_of == quiet.limit_of
    assert again.limit_s == limit_s(again, 10.25, after(7000.0), WIDE) != quiet.limit_s


def test_silences_of_the_day_are_counted_for_their_day() -> None:
    today = day_of(SINCE, HOUR)
    assert lasted(Quiet(), 3600.0).drift == Drift(day=today, times=1, seconds=3600)
    assert lasted(Quiet(lies=True), 3600.0).drift == Drift(day=today, times=1, seconds=3600)
    assert lasted(Quiet(), 9000.0, found_s=2000.0).drift == Drift(day=today, times=1, seconds=2700)
    assert lasted(Quiet(out=True), 3600.0).drift == Drift()
    assert lasted(Quiet(), 3600.0, hour=7.9).drift.times == 0
    assert lasted(Quiet(), 3600.0, hour=20.0).drift.times == 0
    assert lasted(lasted(Quiet(), 3600.0), 700.0).drift == Drift(day=today, times=2, seconds=4300)


# What it may be.


def test_how_the_newest_sign_left_somebody_is_remembered() -> None:
    quiet = Quiet(limit_of=3)
    assert left(quiet, Sign(SINCE, HOUR, "pir")) == quiet
    assert left(quiet, Sign(SINCE, HOUR, "pir", lies=True)) == replace(quiet, lies=True)
    assert left(quiet, Sign(SINCE, HOUR, "door", out=True)) == replace(quiet, out=True, away=Absence(SINCE, HOUR))
    assert left(Quiet(lies=True), Sign(SINCE, HOUR, "pir")) == Quiet()


def test_of_somebody_unknown_it_is_as_it_is_with_people() -> None:
    assert possible(Quiet(), HOUR, SINCE) == Possible((Part(1.0, POPULATION),), (PAUSE,), PAUSES)
    assert possible(Quiet(lies=True), HOUR, SINCE) == Possible((Part(1.0, SLEEP),), (REST,), RESTS)
    assert possible(Quiet(out=True), HOUR, SINCE) == Possible((Part(1.0, ABSENCE),), (AWAY,), ABSENCES)
    assert possible(Quiet(lies=True, out=True), HOUR, SINCE) == Possible((Part(1.0, ABSENCE),), (AWAY,), ABSENCES)


@pytest.mark.parametrize(
    ("quiet", "way", "people"), [(Quiet(), PAUSE, POPULATION), (Quiet(lies=True), REST, SLEEP), (Quiet(out=True), AWAY, ABSENCE)]
)
def test_what_is_known_of_somebody_counts_for_that_way(quiet: Quiet, way: int, people: Spread) -> None:
    habit = known(way, 5.0, seconds=5000.0)
    may = possible(replace(quiet, habit=habit), 10.5, SINCE)
    assert may.ways == (way,)
    assert may.parts == (Part(1.0, habit.spread(way, people, 10.5, SINCE)),)
    assert may.parts[0].spread != people


def with_rests(rests: float, pauses: float) -> Quiet:
    habit = known(REST, rests, seconds=20_000.0)
    return Quiet(habit.observed(PAUSE, 10.5, ROOT.of(1200.0), SINCE, pauses) if pauses else habit)


def test_a_silence_may_be_rest_where_enough_were() -> None:
    may = possible(with_rests(2.0, 8.0), 10.5, SINCE)
    assert (may.ways, may.a_day, may.asleep) == ((PAUSE, REST), PAUSES + RESTS, False)
    assert [part.likely for part in may.parts] == pytest.approx([9 / 11, 2 / 11], rel=1e-5)
    habit = with_rests(2.0, 8.0).habit
    assert [part.spread for part in may.parts] == [
        habit.spread(PAUSE, POPULATION, 10.5, SINCE),
        habit.spread(REST, SLEEP, 10.5, SINCE),
    ]
    assert possible(with_rests(3.0, 21.0), 10.5, SINCE).ways == (PAUSE, REST)
    assert possible(with_rests(3.0, 21.1), 10.5, SINCE) == Possible(
        (Part(1.0, with_rests(3.0, 21.1).habit.spread(PAUSE, POPULATION, 10.5, SINCE)),), (PAUSE,), PAUSES
    )


def test_less_than_half_a_night_is_none_and_other_hours_say_nothing() -> None:
    assert possible(with_rests(0.5, 0.0), 10.5, SINCE).ways == (PAUSE, REST)
    assert possible(with_rests(0.48, 0.0), 10.5, SINCE).ways == (PAUSE,)
    assert possible(with_rests(5.0, 0.0), 16.5, SINCE).ways == (PAUSE,), "at another hour"


def test_at_night_anybody_may_be_asleep_who_is_not_known_to_be_up() -> None:
    nights = [hour for hour in range(24) if possible(Quiet(), hour + 0.5, SINCE).ways == (PAUSE, REST)]
    assert nights == [0, 1, 2, 3, 4, 21, 22, 23]
    assert possible(Quiet(), 21.0, SINCE) == possible(Quiet(), 23.99, SINCE)
    may = possible(Quiet(), 22.5, SINCE)
    assert [part.likely for part in may.parts] == pytest.approx([0.7, 0.3])
    slept = possible(Quiet(known(REST, 0.4, 22.5, 20_000.0)), 22.5, SINCE)
    assert slept.parts[1].likely == pytest.approx(0.7 / 1.4, rel=1e-2)
    assert possible(Quiet(known(PAUSE, 3.0, 22.5)), 22.5, SINCE).ways == (PAUSE,)


# How long it may last.


def test_of_somebody_unknown_the_limit_is_the_quantile_of_people() -> None:
    share = 1.0 - float(f"{1 / (100 * 12.0):.2g}")
    assert limit_s(Quiet(), HOUR, SINCE, WIDE) == pytest.approx(within(share, ROOT, (Part(1.0, POPULATION),)), abs=0.5)
    assert usual_s(Quiet(), HOUR, SINCE) == pytest.approx(within(0.9, ROOT, (Part(1.0, POPULATION),)))


def test_how_rare_it_may_be_is_asked_of_silences_of_that_way() -> None:
    habit = known(PAUSE, 40.0)
    share = 1.0 - float(f"{(1 + 3) / (10 * (0.0 + 3 * ABSENCES)):.2g}")
    one = limit_s(Quiet(habit, out=True), HOUR, SINCE, replace(WIDE, once_in_days=10.0))
    assert one == pytest.approx(within(share, ROOT, (Part(1.0, ABSENCE),)), abs=0.5)


def test_the_limit_of_a_pause_lies_within_the_bounds() -> None:
    assert limit_s(Quiet(), HOUR, SINCE, Usual(60.0, 3600.0)) == 3600.0
    assert limit_s(Quiet(), HOUR, SINCE, Usual(90_000.0, 99_000.0)) == 90_000.0


def test_sleep_and_known_absence_may_last_longer_than_any_limit_of_the_day() -> None:
    bounds = Usual(60.0, 3600.0)
    assert limit_s(Quiet(lies=True), HOUR, SINCE, bounds) > 8 * 3600.0
    assert limit_s(with_rests(3.0, 3.0), 10.5, SINCE, bounds) > 4 * 3600.0
    assert limit_s(Quiet(out=True), HOUR, SINCE, bounds) == 3600.0
    assert limit_s(Quiet(known(AWAY, 0.49), out=True), HOUR, SINCE, bounds) == 3600.0
    assert limit_s(Quiet(known(AWAY, 0.5), out=True), HOUR, SINCE, bounds) > 3600.0
    assert limit_s(Quiet(known(PAUSE, 9.0), out=True), HOUR, SINCE, bounds) == 3600.0


def test_nobody_is_left_asleep_for_longer_than_sixteen_hours_unless_the_municipality_says_so() -> None:
    sleeper = Quiet(known(REST, 9.0, seconds=60_000.0), lies=True)
    assert limit_s(sleeper, 10.5, SINCE, Usual(60.0, 3600.0)) == REST_MAX_S
    assert limit_s(sleeper, 10.5, SINCE, Usual(60.0, 70_000.0)) > REST_MAX_S


@pytest.mark.parametrize("way", [REST, WHOLE])
def test_until_some_nights_are_known_nobody_is_left_asleep_for_longer_than_half_a_day(way: int) -> None:
    """Of somebody whose nights were endless."""
    bounds = Usual(60.0, 3600.0)
    new = Quiet(known(way, KNOWN_MIN - 0.01, seconds=55_000.0), lies=True)
    assert limit_s(new, 10.5, SINCE, bounds) == NEW_MAX_S
    assert limit_s(Quiet(known(way, KNOWN_MIN, seconds=55_000.0), lies=True), 10.5, SINCE, bounds) > NEW_MAX_S
    assert limit_s(replace(new, lies=False, out=True), 10.5, SINCE, replace(bounds, max_s=50_000.0)) == 50_000.0


def test_how_much_is_known_of_what_a_silence_may_be_is_said_of_all_ways_and_hours() -> None:
    habit = known(PAUSE, 3.0, 4.5).observed(REST, 22.5, 20.0, SINCE, 2.0).observed(AWAY, 9.5, 20.0, SINCE, 7.0)
    drift = Drift()
    for day in range(20_000, 20_000 + KNOWN_DAYS):
        assert seen(Quiet(habit, drift=drift), 10.5, SINCE) == 0.0, "nobody's first days are usual"
        drift = counted(drift, day, 900.0, 1)
    quiet = Quiet(habit, drift=drift)
    assert [seen(one, 10.5, SINCE) for one in (quiet, replace(quiet, lies=True), replace(quiet, out=True))] == [3, 2, 7]
    assert seen(quiet, 22.5, SINCE) == 5.0


def test_a_limit_is_worked_out_once_for_half_an_hour() -> None:
    quiet = timed(Quiet(), SINCE, 10.1, WIDE)
    assert quiet.limit_s == limit_s(Quiet(), 10.25, SINCE, WIDE)
    assert timed(quiet, after(900), 10.4, WIDE) is quiet
    later = timed(quiet, after(1800), 10.5, WIDE)
    assert later.limit_of != quiet.limit_of
    assert timed(timed(Quiet(), SINCE, 0.0, WIDE), SINCE, 23.9, WIDE).limit_of != timed(Quiet(), SINCE, 0.0, WIDE).limit_of


def test_it_is_worked_out_for_the_middle_of_the_half_hour() -> None:
    quiet = Quiet(with_rests(2.0, 8.0).habit)
    for hour, middle in ((9.0, 9.25), (9.4, 9.25), (9.5, 9.75), (11.9, 11.75)):
        assert timed(quiet, SINCE, hour, WIDE).limit_s == limit_s(quiet, middle, SINCE, WIDE)


def test_another_state_or_other_bounds_have_another_limit() -> None:
    quiet = timed(Quiet(), SINCE, HOUR, WIDE)
    others = [
        timed(replace(quiet, lies=lies, out=out), SINCE, HOUR, WIDE) for lies, out in ((True, False), (False, True), (True, True))
    ]
    assert len({one.limit_of for one in (quiet, *others)}) == 4
    assert others[0].limit_s == limit_s(Quiet(lies=True), 10.25, SINCE, WIDE)
    assert others[1].limit_s == limit_s(Quiet(out=True), 10.25, SINCE, WIDE)
    assert timed(quiet, SINCE, HOUR, replace(WIDE, max_s=1800.0)).limit_s == 1800.0
    assert timed(quiet, SINCE, HOUR, replace(WIDE, min_s=90_000.0)).limit_s == 90_000.0
    assert timed(quiet, SINCE, HOUR, replace(WIDE, once_in_days=10.0)).limit_s < quiet.limit_s
