"""How long a bed may be left: what is usual, where it may be morning, and where the mat is doubted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from msgspec.structs import replace

from alarmcore.usual import endings
from alarmcore.usual.bed import MOVING, POPULATION, RETURN_S, Past, limit_s, usual_s
from alarmcore.usual.bounds import Usual
from alarmcore.usual.drops import NIGHT_S, Drops, dropped, far_s
from alarmcore.usual.endings import DAY, NIGHT, STILL, Place
from alarmcore.usual.habit import Habit
from alarmcore.usual.spread import LOG, Part, within

LEFT: Final = datetime(2026, 1, 14, 1, 0, tzinfo=UTC)
HOUR: Final = 2.0
WIDE: Final = Usual(1.0, 864_000.0)


def after(seconds: float) -> datetime:
    return LEFT + timedelta(seconds=seconds)


def doubted() -> Past:
    """Of a mat that chattered just now, in a home whose other sensors were heard a minute ago."""
    return Past(chatters_at=LEFT, other_at=after(-60.0))


def test_of_somebody_unknown_the_limit_is_the_quantile_of_people() -> None:
    share = 1.0 - 0.0089
    assert limit_s(Past(), LEFT, HOUR, WIDE) == pytest.approx(within(share, LOG, (Part(1.0, POPULATION),)), abs=0.5)
    assert usual_s(Past(), HOUR, LEFT) == pytest.approx(within(0.9, LOG, (Part(1.0, POPULATION),)))


def test_the_limit_lies_within_the_bounds() -> None:
    assert limit_s(Past(), LEFT, HOUR, Usual(300.0, 900.0)) == 900.0
    assert limit_s(Past(), LEFT, HOUR, Usual(9000.0, 9900.0)) == 9000.0
    assert limit_s(Past(), LEFT, HOUR, Usual(300.0, 7200.0, 1e9)) == 7200.0


def long_ones(hour: float, mornings: int = 0) -> Habit:
    """Of somebody who is up for 40 minutes, or for two hours; and whose leaves about the same hour are mornings as well."""
    habit = Habit()
    for number in range(12):
        habit = habit.observed(NIGHT, hour, LOG.of(2400.0 * (1.0 + 2.0 * (number % 2))), LEFT)
    for _ in range(mornings):
        habit = habit.observed(DAY, hour, LOG.of(600.0), LEFT)
    return habit


def test_in_the_deep_night_nobody_is_up_for_longer_than_a_leave_of_the_night_can_last() -> None:
    assert limit_s(Past(habit=long_ones(2.5)), LEFT, 2.5, WIDE) == RETURN_S
    assert limit_s(Past(habit=long_ones(2.5)), LEFT, 2.5, Usual(300.0, 7200.0)) == 7200.0
    assert limit_s(Past(habit=long_ones(2.5)), LEFT, 2.5, Usual(12_000.0, 14_400.0)) == 12_000.0, "as the municipality says"
    assert (limit_s(Past(habit=long_ones(5.5, mornings=8)), LEFT, 5.5, WIDE) or 0.0) > RETURN_S, "it may be the morning"


def unseen(times: int, hour: float) -> Habit:
    habit = Habit()
    for _ in range(times):
        habit = habit.unseen(hour, LEFT)
    return habit


def test_where_people_may_be_up_the_longest_limit_holds_and_where_they_mostly_are_none() -> None:
    usual = Usual(60.0, 3600.0)
    assert limit_s(Past(), LEFT, 7.5, usual) == 3600.0
    confirmed = replace(doubted(), seen=("bathroom", "kitchen"))
    assert limit_s(confirmed, LEFT, 7.5, usual) is None, "a doubted mat is not believed then"
    assert limit_s(Past(habit=unseen(1, 7.5)), LEFT, 7.5, usual) is None
    assert limit_s(Past(habit=unseen(1, 10.5)), LEFT, 7.5, Usual(60.0, 10_800.0)) is None
    assert limit_s(Past(habit=unseen(2, 20.5)), LEFT, 19.0, usual) == 3600.0, "by eight in the evening fewer are"
    assert limit_s(Past(habit=unseen(3, 10.5)), LEFT, 7.5, usual) == 3600.0
    assert limit_s(Past(habit=unseen(3, 10.5)), LEFT, 8.5, usual) is None, "by then people are up"
    assert limit_s(Past(habit=unseen(3, 0.5)), LEFT, 19.5, Usual(60.0, 14_400.0)) == 14_400.0, "at midnight few are"


def test_around_midnight_the_clock_is_round() -> None:
    later = unseen(1, 21.5)
    for _ in range(6):
        later = later.unseen(0.5, LEFT)
    assert limit_s(Past(habit=later), LEFT, 21.5, Usual(60.0, 10_800.0)) is None, "by then they are up"


@pytest.mark.parametrize("hour", [22.5, 0.5, 2.5, 4.9])
@pytest.mark.parametrize("times", [1, 4, 40])
def test_at_an_hour_at_which_nobody_gets_up_there_is_a_limit_whatever_was_learned(hour: float, times: int) -> None:
    for past in (Past(habit=unseen(times, hour)), replace(doubted(), habit=unseen(times, hour), seen=("hall", "kitchen"))):
        for max_s in (3600.0, 9000.0, 21_600.0):
            assert 60.0 <= (limit_s(past, LEFT, hour, Usual(60.0, max_s)) or 1e9) <= min(max_s, RETURN_S)
    assert limit_s(replace(doubted(), habit=unseen(times, 1.5)), LEFT, 1.5, Usual(60.0, 3600.0)) == RETURN_S


def mornings(night_s: float, still_s: float) -> Past:
    """As many leaves of six o'clock for the day as for the night."""
    habit = Habit()
    for _ in range(5):
        habit = habit.observed(NIGHT, 6.5, LOG.of(night_s), LEFT).observed(DAY, 6.5, LOG.of(900.0), LEFT)
        habit = habit.observed(STILL, 6.5, LOG.of(still_s), LEFT)
    return Past(habit=habit, places=(Place("", 5.0, 5.0), Place("kitchen", 1.0, 5.0), Place("bathroom", 5.0, 1.0)))


@pytest.mark.parametrize(("night_s", "still_s"), [(300.0, 700.0), (2400.0, 70.0), (100.0, 100.0)])
@pytest.mark.parametrize(("seen", "signed_s"), [((), 0.0), (("bathroom",), 200.0), (("kitchen",), 1500.0)])
def test_where_it_may_be_morning_the_limit_is_that_of_both_ways(
    night_s: float, still_s: float, seen: tuple[str, ...], signed_s: float
) -> None:
    past = replace(mornings(night_s, still_s), seen=seen, sign_at=after(signed_s) if seen else None)
    chances = endings.chances(past.habit, 6.5, LEFT)
    day = endings.up_for_the_day(chances.day / (chances.night + chances.day), past.places, seen)
    back = Part(1.0 - day, past.habit.spread(NIGHT, POPULATION, 6.5, LEFT))
    up = Part(day, past.habit.spread(STILL, MOVING, 6.5, LEFT), signed_s)
    share = float(f"{4.0 / (100.0 * 14.5):.2g}")
    assert limit_s(past, LEFT, 6.5, WIDE) == round(within(1.0 - share, LOG, (back, up)))


def test_doubt_of_a_release_at_night_has_an_end_and_of_what_may_be_a_morning_it_has_none() -> None:
    usual = Usual(60.0, 3600.0)
    assert limit_s(doubted(), LEFT, 23.0, usual) == limit_s(doubted(), LEFT, 2.0, usual) == RETURN_S
    assert limit_s(doubted(), LEFT, 23.0, Usual(60.0, 14_400.0)) == 14_400.0
    assert limit_s(doubted(), LEFT, 2.0, Usual(60.0, 14_400.0)) is None, "by then people are up"
    assert limit_s(doubted(), LEFT, 3.0, usual) is None
    assert limit_s(doubted(), LEFT, 19.5, usual) is None, "not yet in bed"


def test_doubt_knows_when_this_person_gets_up() -> None:
    usual = Usual(60.0, 3600.0)
    assert limit_s(replace(doubted(), habit=unseen(1, 5.5)), LEFT, 5.5, usual) is None
    assert limit_s(replace(doubted(), habit=unseen(1, 5.5)), LEFT, 2.5, usual) is None, "by then she is up"
    late = Habit()
    for _ in range(10):
        late = late.observed(NIGHT, 6.5, LOG.of(300.0), LEFT)
    assert limit_s(replace(doubted(), habit=late), LEFT, 3.5, usual) == RETURN_S


def test_doubt_is_over_once_a_mat_is_known_to_let_go_for_seconds_but_never_before_the_limit_of_the_night() -> None:
    known = Drops(since_at=after(-NIGHT_S))
    for _ in range(16):
        known = dropped(known, 5.0, LEFT)
    usual = Usual(60.0, 3600.0)
    past = replace(doubted(), drops=known)
    believed_s = limit_s(Past(), LEFT, HOUR, usual)
    assert (far_s(known, LEFT) or 1e9) < (believed_s or 0.0)
    assert limit_s(past, LEFT, HOUR, usual) == believed_s
    longer = replace(doubted(), drops=dropped(known, 1500.0, LEFT))
    assert limit_s(longer, LEFT, HOUR, usual) == round(far_s(longer.drops, LEFT) or 0.0)
    assert limit_s(replace(doubted(), drops=dropped(known, 9000.0, LEFT)), LEFT, HOUR, usual) == RETURN_S
    assert limit_s(replace(past, drops=replace(known, since_at=LEFT)), LEFT, HOUR, usual) == RETURN_S, "the first night"
