"""What is believed of a bed that was left: by whom it was left, until when, and what it teaches."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from msgspec.structs import replace

from alarmcore.usual import endings
from alarmcore.usual.bed import (
    HEARD_S,
    HEARD_STEP_S,
    POPULATION,
    RETURN_S,
    SEEN_MAX,
    TURNING_S,
    Past,
    released,
    returned,
    set_off,
)
from alarmcore.usual.bounds import FOUND_FACTOR, FOUND_WEIGHT
from alarmcore.usual.drift import Drift, counted, night_of
from alarmcore.usual.drops import Drops
from alarmcore.usual.endings import DAY, NIGHT, STILL, Place
from alarmcore.usual.habit import Habit
from alarmcore.usual.mat import CHATTERS_S, FLIPS_MAX
from alarmcore.usual.spread import LOG
from alarmcore.usual.strays import RISING, RISING_S, STRAYS_MAX, Stray

LEFT: Final = datetime(2026, 1, 14, 1, 0, tzinfo=UTC)
HOUR: Final = 2.0


def after(seconds: float) -> datetime:
    return LEFT + timedelta(seconds=seconds)


def signs(past: Past, *said: tuple[float, str], hour: float = HOUR) -> Past:
    """Sensors set off so many seconds after the bed was left."""
    for seconds, name in said:
        past = set_off(past, name, after(seconds), LEFT, hour)
    return past


def doubted(other_s: float | None = -60.0) -> Past:
    """Of a mat that chattered just now, in a home whose other sensors were heard so many seconds after."""
    return Past(chatters_at=LEFT, other_at=None if other_s is None else after(other_s))


# The mat.


def test_a_mat_chatters_that_lets_go_more_than_so_often_within_the_hour() -> None:
    past = Past()
    for _ in range(int(FLIPS_MAX)):
        past = released(past, LEFT)
    assert not past.chatters(LEFT)
    past = released(past, LEFT)
    assert past.chatters(LEFT)
    assert past.chatters(after(CHATTERS_S - 1))
    assert not past.chatters(after(CHATTERS_S))
    assert released(past, after(7200)).chatters_at == LEFT, "quiet again since"


def test_releases_fade_within_the_hour() -> None:
    once = released(Past(), LEFT)
    assert (once.flips, once.flips_at) == (1.0, LEFT)
    assert released(once, after(2520)).flips == pytest.approx(1.5)
    assert released(once, after(5040)).flips == pytest.approx(1.25)
    assert released(once, after(-5040)).flips == 2.0, "clocks that are set back bring nothing back"


def test_a_release_begins_a_leave_of_which_nothing_is_known_yet() -> None:
    before = signs(Past(), (60, "hall"), (400, "kitchen"))
    past = released(replace(before, day_at=LEFT), after(500))
    assert (past.seen, past.sign_at, past.still_s, past.day_at) == ((), None, 0.0, None)


def test_of_a_mat_that_is_not_doubted_every_word_is_believed() -> None:
    assert Past().is_confirmed(LEFT)
    assert Past(other_at=LEFT).is_confirmed(LEFT)


def test_a_mat_that_is_doubted_is_believed_where_nothing_else_could_confirm_it() -> None:
    assert doubted(None).is_confirmed(LEFT)
    assert doubted(-HEARD_S).is_confirmed(LEFT)
    assert not doubted(-HEARD_S + 1).is_confirmed(LEFT)


def test_a_doubted_leave_is_confirmed_by_two_sensors_or_by_one_of_most_nights() -> None:
    past = doubted()
    assert not replace(past, seen=("hall",)).is_confirmed(LEFT)
    assert replace(past, seen=("hall", "bathroom")).is_confirmed(LEFT)
    known = replace(past, places=(Place("", 6.0, 0.0), Place("bathroom", 5.0, 0.0)))
    assert replace(known, seen=("bathroom",)).is_confirmed(LEFT)
    assert not replace(known, seen=("hall",)).is_confirmed(LEFT)


# Other sensors.


def test_that_others_are_heard_is_written_down_a_few_times_a_day() -> None:
    once = set_off(Past(), "hall", LEFT, None, HOUR)
    assert once.other_at == LEFT
    assert set_off(once, "hall", after(HEARD_STEP_S - 1), None, HOUR).other_at == LEFT
    assert set_off(once, "hall", after(HEARD_STEP_S), None, HOUR).other_at == after(HEARD_STEP_S)


def test_each_sensor_is_remembered_once_and_only_so_many() -> None:
    past = signs(Past(), (60, "hall"), (70, "bathroom"), (80, "hall"))
    assert past.seen == ("hall", "bathroom")
    many = signs(Past(), *((60.0 + number, f"room-{number}") for number in range(SEEN_MAX + 2)))
    assert many.seen == tuple(f"room-{number}" for number in range(SEEN_MAX))


def test_the_longest_pause_between_signs_is_kept() -> None:
    past = signs(Past(), (60, "hall"), (400, "bathroom"), (420, "hall"))
    assert past.sign_at == after(420)
    assert past.still_s == 340.0
    assert past.paused_s(LEFT, after(500)) == 340.0
    assert past.paused_s(LEFT, after(800)) == 380.0
    assert Past().paused_s(LEFT, after(90)) == 90.0


def test_a_sign_that_comes_late_takes_nothing_back() -> None:
    past = signs(Past(), (240, "hall"), (60, "bathroom"))
    assert past.sign_at == after(240)
    assert past.still_s == 240.0
    assert past.seen == ("hall", "bathroom")


def test_once_it_is_plainly_day_signs_say_nothing_more_of_how_the_leave_ends() -> None:
    past = replace(signs(Past(), (60, "hall")), day_at=after(60))
    later = signs(past, (900, "kitchen"))
    assert (later.seen, later.still_s, later.day_at) == (past.seen, past.still_s, past.day_at)


def test_how_soon_it_is_day_depends_on_the_hour_the_sensors_and_how_long_it_lasts() -> None:
    for seconds in (30.0, 300.0, 1800.0, 5400.0):
        past = signs(Past(), (seconds, "hall"), hour=5.5)
        longer = POPULATION.beyond(LOG.of(seconds))
        chance = endings.up_for_the_day(0.15, (), ("hall",), longer)
        assert (past.day_at == after(seconds)) is (chance >= endings.PLAIN), seconds
    assert signs(Past(), (5400, "hall"), hour=5.5).day_at == after(5400)
    assert signs(Past(), (300, "hall"), hour=5.5).day_at is None
    assert signs(Past(), (5400, "hall"), hour=2.0).day_at is None


def test_that_somebody_is_known_to_be_quick_makes_a_long_leave_a_morning_sooner() -> None:
    def day_at(usually_s: float) -> datetime | None:
        habit = Habit()
        for _ in range(20):
            habit = habit.observed(NIGHT, 6.5, LOG.of(usually_s), LEFT)
        for _ in range(12):
            habit = habit.observed(DAY, 6.5, LOG.of(600.0), LEFT)
        return signs(Past(habit=habit), (1200, "hall"), (1260, "hall"), (1320, "bathroom"), hour=6.5).day_at

    assert day_at(120.0) is not None
    assert day_at(2400.0) is None


def test_a_doubted_leave_is_no_morning_until_it_is_confirmed() -> None:
    past = replace(doubted(), places=(Place("", 1.0, 9.0), Place("kitchen", 0.0, 9.0)))
    one = signs(past, (3600, "kitchen"), hour=7.5)
    assert one.day_at is None
    assert one.seen == ("kitchen",)
    assert signs(one, (3700, "living"), hour=7.5).day_at == after(3700)


# Strays.


def in_bed(past: Past, *said: tuple[float, str]) -> Past:
    """Sensors set off while somebody lies in bed."""
    for seconds, name in said:
        past = set_off(past, name, after(seconds), None, HOUR)
    return past


def is_stray(past: Past, name: str = "hall") -> bool:
    """Whether a sensor says nothing of the bed being left now."""
    return signs(past, (60, name)).seen == ()


def test_what_is_set_off_while_somebody_lies_in_bed_says_nothing_of_them() -> None:
    past = in_bed(Past(), (-900, "kitchen"), (-600, "kitchen"))
    assert [(stray.name, stray.at) for stray in past.strays] == [("kitchen", after(-600))]
    assert past.strays[0].times == pytest.approx(1.0 + 0.5 ** (300 / 2520))
    assert is_stray(past, "kitchen")
    assert signs(past, (60, "kitchen")).sign_at is None
    assert not is_stray(past, "hall")


def test_one_sensor_is_that_of_the_bedroom_and_two_are_somebody_else() -> None:
    one = in_bed(Past(), (-900, "bedroom"), (-600, "bedroom"), (-900, "hall"))
    assert not one.has_company(LEFT)
    assert in_bed(one, (-600, "hall")).has_company(LEFT)
    assert in_bed(one, (-600, "hall"), (-500, "kitchen"), (-400, "kitchen")).has_company(LEFT)
    assert not Past().has_company(LEFT)


def test_once_is_chance_and_long_ago_is_forgotten() -> None:
    assert not is_stray(in_bed(Past(), (-900, "hall")))
    assert not is_stray(in_bed(Past(), (-900, "kitchen"), (-900, "hall")))
    assert not is_stray(in_bed(Past(), (-7200, "hall"), (-7100, "hall")))


def test_what_is_set_off_while_somebody_rises_is_theirs_unless_it_goes_on_and_on() -> None:
    assert not is_stray(in_bed(Past(), (-60, "hall"), (-50, "hall"), (-20, "hall")))
    assert is_stray(in_bed(Past(), *((-170.0 + 30 * number, "hall") for number in range(5))))
    assert is_stray(in_bed(Past(), (-200, "hall"), (-190, "hall")))
    assert not is_stray(in_bed(Past(), (-200, "hall"), (-170, "hall")))


def test_just_so_many_are_too_many() -> None:
    at = after(-2520)
    assert is_stray(Past(strays=(Stray("hall", 3.0, at),)))
    assert is_stray(Past(strays=(Stray("hall", 3.0, after(-RISING_S)),)))
    assert not is_stray(Past(strays=(Stray("hall", 3.0, after(-RISING_S + 1)),)))
    assert is_stray(Past(strays=(Stray("hall", RISING, LEFT),)))
    assert not is_stray(Past(strays=(Stray("hall", 2.99, at),)))
    assert is_stray(Past(strays=(Stray("cellar", 1.0, at), Stray("hall", 3.0, at))))


def test_so_many_strays_are_kept_and_those_counted_longest_ago_are_forgotten_first() -> None:
    past = in_bed(Past(), *((-900.0 + number, f"room-{number}") for number in range(STRAYS_MAX + 2)), (-880, "room-3"))
    assert [stray.name for stray in past.strays] == [*(f"room-{number}" for number in (2, 4, 5, 6, 7, 8, 9)), "room-3"]
    assert len(past.strays) == STRAYS_MAX
    assert [round(stray.times) for stray in past.strays] == [1, 1, 1, 1, 1, 1, 1, 2]


# What a leave teaches.


def taught(past: Past, seconds: float, found_s: float | None = None, hour: float = HOUR) -> Past:
    return returned(past, LEFT, after(seconds), hour, found_s)


def learned(past: Past, way: int, seconds: float) -> Sequence[float]:
    """How many, and of what length on the wall."""
    n, x, _ = past.habit.all_day(way, after(seconds))
    return (n, math.exp(x / n)) if n else (0.0, 0.0)


def test_a_turn_of_the_sleeper_teaches_nothing() -> None:
    past = signs(Past(), (20, "hall"))
    assert taught(past, TURNING_S - 1) == Past(other_at=after(20))
    assert taught(past, TURNING_S).habit != Habit()


def test_a_leave_that_nothing_confirmed_teaches_nothing_either() -> None:
    past = replace(doubted(), seen=("hall",), sign_at=after(30), still_s=30.0)
    assert replace(taught(past, 600), drops=Drops()) == doubted()


def test_a_leave_teaches_how_long_it_lasted_and_its_longest_pause() -> None:
    past = taught(signs(Past(), (60, "hall"), (400, "bathroom")), 600)
    assert learned(past, NIGHT, 600) == pytest.approx((1.0, 600.0), rel=1e-5)
    assert learned(past, STILL, 600) == pytest.approx((1.0, 340.0), rel=1e-5)
    assert learned(past, DAY, 600) == (0.0, 0.0)
    assert past.places == (Place("", 1.0, 0.0), Place("hall", 1.0, 0.0), Place("bathroom", 1.0, 0.0))
    assert (past.seen, past.sign_at, past.still_s, past.day_at) == ((), None, 0.0, None)


def test_the_pause_until_somebody_was_back_counts() -> None:
    assert learned(taught(signs(Past(), (60, "hall")), 600), STILL, 600) == pytest.approx((1.0, 540.0), rel=1e-5)


def test_no_pause_is_shorter_than_a_turn() -> None:
    past = taught(signs(Past(), (30, "hall"), (50, "hall"), (70, "hall")), 90)
    assert learned(past, STILL, 90) == pytest.approx((1.0, TURNING_S), rel=1e-5)
    assert learned(past, NIGHT, 90) == pytest.approx((1.0, 90.0), rel=1e-5)


def test_without_a_sensor_nothing_is_learned_of_sensors() -> None:
    past = taught(Past(), 600)
    assert past.places == ()
    assert learned(past, NIGHT, 600) == pytest.approx((1.0, 600.0), rel=1e-5)


def test_who_was_plainly_up_for_the_day_teaches_when_that_was() -> None:
    up = replace(signs(Past(), (100, "hall"), (500, "kitchen")), day_at=after(500))
    past = taught(up, 5 * 3600.0)
    assert past.day_at is None
    assert learned(past, DAY, 5 * 3600.0) == pytest.approx((1.0, 500.0), rel=1e-5)
    assert learned(past, STILL, 5 * 3600.0) == pytest.approx((1.0, 400.0), rel=1e-5)
    assert learned(past, NIGHT, 5 * 3600.0) == (0.0, 0.0)
    assert past.places == (Place("", 0.0, 1.0), Place("hall", 0.0, 1.0), Place("kitchen", 0.0, 1.0))


def test_who_came_back_after_hours_had_got_up_unseen() -> None:
    just, more = taught(Past(), RETURN_S), taught(signs(Past(), (60, "hall")), RETURN_S + 1)
    assert learned(just, NIGHT, RETURN_S) == pytest.approx((1.0, RETURN_S), rel=1e-5)
    assert more.habit.unseen_about(2.5, after(RETURN_S)) == pytest.approx(1.0, rel=1e-4)
    assert more.habit.at == after(RETURN_S + 1)
    assert learned(more, NIGHT, RETURN_S) == learned(more, DAY, RETURN_S) == (0.0, 0.0)
    assert more.places == (Place("", 0.0, 1.0), Place("hall", 0.0, 1.0))
    assert taught(signs(Past(), (60, "hall")), RETURN_S).places == (Place("", 1.0, 0.0), Place("hall", 1.0, 0.0))


def test_a_leave_that_was_found_teaches_a_little_and_no_more_than_a_little_above_its_limit() -> None:
    past = taught(signs(Past(), (60, "hall")), 7000, 1000.0)
    for way in (NIGHT, STILL):
        assert learned(past, way, 7000) == pytest.approx((FOUND_WEIGHT, FOUND_FACTOR * 1000.0), rel=1e-5)
    assert past.places == ()
    short = taught(signs(Past(), (60, "hall")), 1100, 1000.0)
    assert learned(short, NIGHT, 1100) == pytest.approx((FOUND_WEIGHT, 1100.0), rel=1e-5)
    assert learned(short, STILL, 1100) == pytest.approx((FOUND_WEIGHT, 1040.0), rel=1e-5)


def test_a_doubted_release_of_hours_was_a_morning() -> None:
    past = taught(doubted(), RETURN_S + 1, hour=7.5)
    assert past.habit.unseen_about(7.5, after(RETURN_S)) == pytest.approx(1.0, rel=1e-4)
    assert past.habit.at == after(RETURN_S + 1)
    assert past.drift == Drift()
    assert taught(doubted(), RETURN_S, hour=7.5) == doubted()


# What nights come to.


def night(seconds: float, hour: float = HOUR, found_s: float | None = None, past: Past | None = None) -> Drift:
    return returned(past or Past(), LEFT, after(seconds), hour, found_s).drift


def test_a_leave_of_the_night_counts_for_that_night() -> None:
    assert night(600) == Drift(day=night_of(LEFT, HOUR), times=1, seconds=600)
    assert night(600, found_s=200.0).seconds == 270
    assert night(210, found_s=200.0).seconds == 210
    assert night(RETURN_S).seconds == RETURN_S


@pytest.mark.parametrize("hour", [7.0, 12.5, 20.9])
def test_one_of_the_day_does_not(hour: float) -> None:
    assert night(600, hour) == Drift(day=night_of(LEFT, hour))


def test_nor_does_one_for_the_day() -> None:
    assert night(RETURN_S + 1) == Drift(day=night_of(LEFT, HOUR))
    assert night(600, past=replace(Past(), day_at=after(300))) == Drift(day=night_of(LEFT, HOUR))


def test_the_night_in_which_somebody_lies_down_again_has_begun() -> None:
    past = Past(drift=counted(Drift(), night_of(LEFT, HOUR), 300.0, 1))
    drift = night(20 * 3600.0, past=past)
    assert drift.day == night_of(LEFT, HOUR) + 1
    assert (drift.times, drift.seconds) == (0, 0)
    assert drift.sums
