"""Somebody who is plainly up for the day: how long they may be silent, and what such a morning teaches."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
import pytest
from msgspec.structs import replace

from alarmcore.usual.bed import (
    DOOR_S,
    LEAVES,
    MORNING_STEP_S,
    MORNING_UNTIL_H,
    OUT_S,
    Past,
    followed_s,
    released,
    returned,
    set_off,
    still_s,
)
from alarmcore.usual.bounds import FOUND_FACTOR, FOUND_WEIGHT, Usual
from alarmcore.usual.endings import DAY, MORNING_FORGET, MORNING_S, NIGHT, NO_MORNINGS, STILL_UP
from alarmcore.usual.habit import Habit, rare
from alarmcore.usual.spread import LOG, Part, Sums, within
from alarmcore.usual.strays import Stray

LEFT: Final = datetime(2026, 1, 14, 5, 0, tzinfo=UTC)
HOUR: Final = 6.0
USUAL: Final = Usual(300.0, 14_400.0)


def after(seconds: float) -> datetime:
    return LEFT + timedelta(seconds=seconds)


def known(times: int = 30, pause_s: float = 1800.0) -> Sums:
    """Mornings whose longest pause was about so long."""
    values = [LOG.of(pause_s * (0.8 + 0.4 * (number % 2))) for number in range(times)]
    return Sums(float(times), sum(values), sum(value * value for value in values))


MORNINGS: Final = known()
UP: Final = Past(day_at=after(300), sign_at=after(300), still_s=120.0, mornings=MORNINGS)


def signs(past: Past, *said: tuple[float, str], limit_s: float | None = None) -> Past:
    """Sensors set off so many seconds after the bed was left."""
    for seconds, name in said:
        past = set_off(past, name, after(seconds), LEFT, HOUR, limit_s)
    return past


def taught(known: Sums, seconds: float, weight: float = 1.0) -> Sums:
    """What is known of such pauses after one more."""
    n, x, xx = (MORNING_FORGET * amount for amount in known)
    value = LOG.of(seconds)
    return Sums(n + weight, x + weight * value, xx + weight * value * value)


def assert_like(one: Sums, other: Sums) -> None:
    assert list(one) == pytest.approx(list(other))


# How long somebody may be silent.


def test_the_limit_counts_from_the_newest_sign() -> None:
    share = rare(Habit(), (NIGHT, DAY), 100.0, LEAVES, LEFT)
    pause_s = within(1.0 - share, LOG, (Part(1.0, STILL_UP.given(MORNINGS)),))
    assert followed_s(UP, LEFT, USUAL) == round(300.0 + pause_s)
    assert followed_s(replace(UP, sign_at=after(2000)), LEFT, USUAL) == round(2000.0 + pause_s)


def test_who_is_asked_for_fewer_alarms_waits_longer() -> None:
    often, seldom = (followed_s(UP, LEFT, Usual(300.0, 14_400.0, days)) or 0.0 for days in (10.0, 1000.0))
    assert often < seldom


def test_nobody_is_found_sooner_than_the_municipality_wants_or_than_signs_are_told_apart() -> None:
    brisk = replace(UP, mornings=known(100_000, 10.0))
    assert followed_s(brisk, LEFT, Usual(3000.0, 14_400.0)) == 3300.0
    assert followed_s(brisk, LEFT, Usual(1.0, 14_400.0, 10.0)) == 300.0 + MORNING_STEP_S


def test_there_is_none_of_somebody_unknown_and_none_beyond_the_morning() -> None:
    assert followed_s(replace(UP, mornings=NO_MORNINGS), LEFT, USUAL) is None
    pause_s = (followed_s(UP, LEFT, USUAL) or 0.0) - 300.0
    assert followed_s(replace(UP, sign_at=after(MORNING_S - pause_s)), LEFT, USUAL) == MORNING_S
    assert followed_s(replace(UP, sign_at=after(MORNING_S - pause_s + 1)), LEFT, USUAL) is None


def test_there_is_none_after_a_door_and_none_of_a_morning_that_is_not_followed() -> None:
    assert followed_s(replace(UP, door=True), LEFT, USUAL) is None
    assert followed_s(replace(UP, sign_at=None), LEFT, USUAL) is None


def test_what_is_usual_of_mornings_is_that_of_nine_in_ten() -> None:
    assert still_s(Past()) == pytest.approx(within(0.9, LOG, (Part(1.0, STILL_UP),)))
    assert still_s(UP) == pytest.approx(within(0.9, LOG, (Part(1.0, STILL_UP.given(MORNINGS)),)))


# What is heard.


def rises(hour: float) -> Past:
    """Of somebody who gets up for the day about that hour."""
    habit = Habit()
    for _ in range(12):
        habit = habit.observed(DAY, hour, LOG.of(600.0), LEFT)
    return Past(habit=habit)


@pytest.mark.parametrize(("name", "door"), [("front/door", True), ("kitchen", False)])
def test_from_the_sign_on_that_makes_it_plain_the_morning_is_followed(name: str, door: bool) -> None:
    past = set_off(rises(9.0), name, after(900), LEFT, 9.0)
    assert (past.day_at, past.sign_at, past.door) == (after(900), after(900), door)


def test_who_had_been_found_is_not_followed_and_neither_is_who_gets_up_from_a_nap() -> None:
    found = set_off(rises(9.0), "kitchen", after(9000), LEFT, 9.0, 3600.0)
    assert (found.day_at, found.sign_at) == (after(9000), None)
    for hour, sign_at in ((MORNING_UNTIL_H - 0.1, after(900)), (MORNING_UNTIL_H, None)):
        past = set_off(rises(MORNING_UNTIL_H), "kitchen", after(900), LEFT, hour)
        assert (past.day_at, past.sign_at) == (after(900), sign_at)


def test_signs_close_together_are_not_written_down() -> None:
    heard = replace(UP, other_at=LEFT)
    assert signs(heard, (300 + MORNING_STEP_S - 1, "kitchen")) is heard
    assert signs(heard, (300 + MORNING_STEP_S, "kitchen")).sign_at == after(300 + MORNING_STEP_S)
    assert signs(heard, (200, "kitchen"), (200, "front/door")) is heard, "those came late"


def test_the_longest_pause_is_kept_and_the_last_one_counts_to_the_end_of_the_morning() -> None:
    past = signs(UP, (1500, "kitchen"), (2400, "living"))
    assert (past.rested_s, past.sign_at, past.still_s) == (1200.0, after(2400), 120.0)
    ended = signs(past, (MORNING_S + 900, "hall"))
    assert ended.sign_at is None
    assert_like(ended.mornings, taught(MORNINGS, MORNING_S - 2400))
    assert signs(ended, (MORNING_S + 1000, "kitchen")).mornings == ended.mornings
    busy = signs(past, *((2400.0 + 400 * step, "hall") for step in range(1, 31)))
    assert busy.sign_at is None
    assert_like(busy.mornings, taught(MORNINGS, 1200.0))


def test_a_sensor_that_something_else_sets_off_says_nothing_of_the_morning() -> None:
    cat = replace(UP, strays=(Stray("living", 8.0, after(-600)),), other_at=LEFT)
    assert signs(cat, (2000, "living")) is cat
    assert signs(cat, (2000, "kitchen")).sign_at == after(2000)


def test_silence_after_a_door_is_no_pause() -> None:
    past = signs(UP, (700, "fridge/door"), (1600, "kitchen"))
    assert (past.rested_s, past.sign_at, past.door) == (400.0, after(1600), False)
    assert signs(UP, (350, "front/door")).door, "written down at once"


def test_a_sign_right_after_a_door_is_of_who_went_by_it() -> None:
    past = signs(UP, (700, "front/door"))
    assert signs(past, (700 + DOOR_S - 1, "hall")).door
    later = signs(past, (700 + DOOR_S, "hall"))
    assert (later.door, later.sign_at) == (False, after(700 + DOOR_S))


def test_who_has_been_out_is_not_followed_and_teaches_nothing() -> None:
    past = signs(UP, (700, "front/door"))
    assert signs(past, (700 + OUT_S - 1, "hall")).sign_at is not None
    home = signs(past, (700 + OUT_S, "front/door"))
    assert (home.sign_at, home.mornings) == (None, UP.mornings)


# What it teaches.


def test_mornings_fade() -> None:
    past = replace(UP, mornings=NO_MORNINGS)
    for _ in range(400):
        past = replace(signs(past, (MORNING_S, "hall")), sign_at=after(300), rested_s=0.0)
    assert past.mornings.n == pytest.approx(1.0 / (1.0 - MORNING_FORGET), rel=0.01)
    assert math.exp(past.mornings.x / past.mornings.n) == pytest.approx(MORNING_S - 300)


def test_an_incident_in_the_morning_hardly_teaches() -> None:
    ended = signs(UP, (9000, "hall"), limit_s=4300.0)
    assert ended.sign_at is None
    assert_like(ended.mornings, taught(MORNINGS, FOUND_FACTOR * 4000.0, FOUND_WEIGHT))


def test_a_pause_that_was_just_too_long_teaches_what_it_was() -> None:
    assert_like(signs(UP, (4700, "hall"), limit_s=4300.0).mornings, taught(MORNINGS, 4400.0, FOUND_WEIGHT))


def test_a_morning_without_a_pause_teaches_the_shortest_that_is_told() -> None:
    door = replace(UP, door=True, sign_at=after(MORNING_S - 60))
    assert_like(signs(door, (MORNING_S, "hall")).mornings, taught(MORNINGS, MORNING_STEP_S))


def test_who_lies_down_after_the_morning_has_taught_it() -> None:
    for seconds in (MORNING_S + 7200, 11_000):
        assert_like(returned(UP, LEFT, after(seconds), HOUR, None).mornings, taught(MORNINGS, MORNING_S - 300))


def test_who_lies_down_again_soon_was_not_up_for_a_morning() -> None:
    assert returned(signs(UP, (1500, "hall")), LEFT, after(3000), HOUR, None).mornings == UP.mornings


def test_each_leave_begins_anew() -> None:
    past = signs(UP, (700, "front/door"))
    for begun in (released(past, after(9000)), returned(past, LEFT, after(3000), HOUR, None)):
        assert (begun.rested_s, begun.door, begun.sign_at, begun.day_at) == (0.0, False, None, None)
        assert begun.mornings == MORNINGS


def test_what_was_stored_before_mornings_were_followed_is_still_read() -> None:
    stored = msgspec.to_builtins(UP)
    old = msgspec.convert(stored[:12], Past, strict=False)
    assert (old.rested_s, old.door, old.mornings) == (0.0, False, NO_MORNINGS)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(UP), type=Past) == UP
