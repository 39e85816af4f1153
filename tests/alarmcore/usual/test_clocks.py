"""A clock that is wrong is told from readings that are late: it makes each of them late by the same."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from alarmcore.usual.clocks import CLOCKS_MAX, HOUR_S, LATE_MIN_S, SAME_S, TIMES, Clock, is_wrong, told

TZ = ZoneInfo("Europe/Stockholm")
WINTER = datetime(2026, 1, 14, 2, tzinfo=UTC)
CHANGED = datetime(2026, 10, 26, 2, tzinfo=UTC)
"""The clocks were put back the night before."""


def after(*late_s: int, device: str = "mat") -> tuple[Clock, ...]:
    clocks: tuple[Clock, ...] = ()
    for one in late_s:
        clocks = told(clocks, device, one)
    return clocks


def test_three_readings_that_are_late_alike_are_a_clock() -> None:
    assert TIMES == 3
    assert [is_wrong(after(*[3600] * n), "mat", WINTER, TZ) for n in (1, 2, 3, 9)] == [False, False, True, True]
    assert not is_wrong(after(3600, 3600, 3600), "other", WINTER, TZ)


def test_what_was_kept_and_is_sent_together_is_late_by_less_and_less() -> None:
    assert not is_wrong(after(7200, 6900, 6600, 4000, 1200), "mat", WINTER, TZ)
    assert is_wrong(after(3600, 3600 + SAME_S, 3600), "mat", WINTER, TZ)
    assert not is_wrong(after(3600, 3601 + SAME_S, 3600), "mat", WINTER, TZ)


def test_one_reading_in_time_and_the_clock_is_right_again() -> None:
    assert after(3600, 3600, 3600, 0) == ()
    assert after(3600, 3600, 3600, LATE_MIN_S - 1) == ()
    assert len(after(3600, LATE_MIN_S)) == 1


def test_others_in_time_say_nothing_of_it() -> None:
    clocks = told(after(3600, 3600, 3600), "other", 0)
    assert is_wrong(clocks, "mat", WINTER, TZ)


@pytest.mark.parametrize(
    ("late_s", "at", "wrong"),
    [
        (HOUR_S, CHANGED, True),
        (HOUR_S + SAME_S, CHANGED, True),
        (HOUR_S + SAME_S + 1, CHANGED, False),
        (2 * HOUR_S, CHANGED, False),
        (HOUR_S, WINTER, False),
    ],
)
def test_in_the_week_after_clocks_were_changed_one_hour_once_is_enough(late_s: int, at: datetime, wrong: bool) -> None:
    assert is_wrong(after(late_s), "mat", at, TZ) is wrong


def test_any_number_of_devices_takes_bounded_room() -> None:
    clocks: tuple[Clock, ...] = ()
    for number in range(100):
        clocks = told(clocks, f"d{number}", 3600)
    assert len(clocks) == CLOCKS_MAX
    assert clocks[-1].device == "d99"
