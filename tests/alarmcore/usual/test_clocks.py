"""A clock that is an hour behind is told from late readings: it makes each of them late by the same, whenever they come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from alarmcore.usual.clocks import APART_S, CLOCKS_MAX, HOUR_S, SAME_S, SLACK_S, TIMES, Clock, is_wrong, told

TZ = ZoneInfo("Europe/Stockholm")
WINTER = datetime(2026, 1, 14, 2, tzinfo=UTC)
CHANGED = datetime(2026, 10, 26, 2, tzinfo=UTC)
"""The clocks were put back the night before."""


def after(*late_s: int, device: str = "mat", every_s: int = APART_S) -> tuple[Clock, ...]:
    clocks: tuple[Clock, ...] = ()
    for number, one in enumerate(late_s):
        clocks = told(clocks, device, one, WINTER + timedelta(seconds=every_s * number))
    return clocks


def test_three_readings_that_are_an_hour_late_are_a_clock() -> None:
    assert TIMES == 3
    assert [is_wrong(after(*[3600] * n), "mat", WINTER, TZ) for n in (1, 2, 3, 9)] == [False, False, True, True]
    assert not is_wrong(after(3600, 3600, 3600), "other", WINTER, TZ)


def test_what_a_gateway_kept_and_sends_every_quarter_of_an_hour_is_late_and_no_clock() -> None:
    assert after(840, 840, 840, 840) == ()
    assert not is_wrong(after(7200, 7200, 7200, 7200), "mat", WINTER, TZ)


def test_what_is_sent_together_counts_once() -> None:
    assert not is_wrong(after(*[HOUR_S] * 9, every_s=0), "mat", WINTER, TZ)
    assert after(*[HOUR_S] * 3, every_s=APART_S - 1)[0].times == 2
    assert after(*[HOUR_S] * 3, every_s=APART_S)[0].times == 3


@pytest.mark.parametrize(
    ("late_s", "wrong"),
    [
        ((HOUR_S - SLACK_S,) * 3, True),
        ((HOUR_S - SLACK_S - 1,) * 3, False),
        ((HOUR_S + SLACK_S,) * 3, True),
        ((HOUR_S + SLACK_S + 1,) * 3, False),
        ((HOUR_S, HOUR_S + SAME_S, HOUR_S), True),
        ((HOUR_S, HOUR_S + SAME_S + 1, HOUR_S), False),
    ],
)
def test_it_is_late_by_an_hour_and_always_alike(late_s: tuple[int, ...], wrong: bool) -> None:
    assert is_wrong(after(*late_s), "mat", WINTER, TZ) is wrong


@pytest.mark.parametrize("late_s", [0, 840, 5000])
def test_one_reading_that_is_not_and_the_clock_is_right_again(late_s: int) -> None:
    assert after(HOUR_S, HOUR_S, HOUR_S, late_s) == ()


def test_others_in_time_say_nothing_of_it() -> None:
    clocks = told(after(3600, 3600, 3600), "other", 0, WINTER)
    assert is_wrong(clocks, "mat", WINTER, TZ)


@pytest.mark.parametrize(("times", "at", "wrong"), [(2, CHANGED, True), (1, CHANGED, False), (2, WINTER, False)])
def test_in_the_week_after_a_change_of_clocks_twice_is_enough(times: int, at: datetime, wrong: bool) -> None:
    assert is_wrong(after(*[HOUR_S] * times), "mat", at, TZ) is wrong


def test_any_number_of_devices_takes_bounded_room() -> None:
    clocks: tuple[Clock, ...] = ()
    for number in range(100):
        clocks = told(clocks, f"d{number}", 3600, WINTER)
    assert len(clocks) == CLOCKS_MAX
    assert clocks[-1].device == "d99"
