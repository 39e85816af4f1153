"""Windows of wall-clock time on ordinary days, across clock changes, and against a reference that looks at every minute."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import accumulate
from math import inf
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from alarmcore.calendar import ENDLESS, Span, Window, covers_week, current, longest_s, upcoming

STOCKHOLM = ZoneInfo("Europe/Stockholm")
MONDAY, SUNDAY = 0, 6


def window(start: str, end: str, *days: int) -> Window:
    return Window(time.fromisoformat(start), time.fromisoformat(end), frozenset(days or range(7)))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text + "+00:00")


def span(start: str, end: str) -> Span:
    return Span(at(start), at(end))


NIGHT = (window("22:00", "06:00"),)


def test_a_night_is_one_span_across_midnight() -> None:
    assert current(NIGHT, STOCKHOLM, at("2026-01-14T23:30")) == span("2026-01-14T21:00", "2026-01-15T05:00")


def test_the_start_is_inside_and_the_end_is_not() -> None:
    assert current(NIGHT, STOCKHOLM, at("2026-01-14T21:00")) is not None
    assert current(NIGHT, STOCKHOLM, at("2026-01-14T20:59:59.999999")) is None
    assert current(NIGHT, STOCKHOLM, at("2026-01-15T05:00")) is None


def test_upcoming_is_strictly_after_now() -> None:
    assert upcoming(NIGHT, STOCKHOLM, at("2026-01-14T21:00")) == span("2026-01-15T21:00", "2026-01-16T05:00")
    assert upcoming(NIGHT, STOCKHOLM, at("2026-01-14T20:59:59")) == span("2026-01-14T21:00", "2026-01-15T05:00")


def test_windows_that_touch_are_one_span() -> None:
    both = (*NIGHT, window("06:00", "08:00"))
    assert current(both, STOCKHOLM, at("2026-01-15T06:30")) == span("2026-01-14T21:00", "2026-01-15T07:00")


def test_windows_that_overlap_are_one_span() -> None:
    both = (*NIGHT, window("04:00", "08:00"), window("05:00", "05:30"))
    assert current(both, STOCKHOLM, at("2026-01-15T05:10")) == span("2026-01-14T21:00", "2026-01-15T07:00")


def test_days_are_those_on_which_a_window_starts() -> None:
    weekend = (window("16:00", "07:00", 4),)
    assert current(weekend, STOCKHOLM, at("2026-01-17T03:00")) == span("2026-01-16T15:00", "2026-01-17T06:00")
    assert upcoming(weekend, STOCKHOLM, at("2026-01-17T03:00")) == span("2026-01-23T15:00", "2026-01-24T06:00")


def test_a_full_day_ends_at_the_same_time_next_day() -> None:
    duty = (window("08:00", "08:00", MONDAY),)
    assert current(duty, STOCKHOLM, at("2026-01-13T06:59")) == span("2026-01-12T07:00", "2026-01-13T07:00")
    assert current(duty, STOCKHOLM, at("2026-01-13T07:00")) is None


def test_a_night_is_an_hour_shorter_in_spring_and_longer_in_autumn() -> None:
    assert current(NIGHT, STOCKHOLM, at("2026-03-29T00:00")) == span("2026-03-28T21:00", "2026-03-29T04:00")
    assert current(NIGHT, STOCKHOLM, at("2026-10-25T00:00")) == span("2026-10-24T20:00", "2026-10-25T05:00")


def test_a_start_that_does_not_exist_is_the_instant_of_the_jump() -> None:
    early = (window("02:30", "04:00"),)
    assert upcoming(early, STOCKHOLM, at("2026-03-29T00:00")) == span("2026-03-29T01:00", "2026-03-29T02:00")


def test_an_end_that_does_not_exist_is_the_instant_of_the_jump() -> None:
    early = (window("01:00", "02:30"),)
    assert current(early, STOCKHOLM, at("2026-03-29T00:30")) == span("2026-03-29T00:00", "2026-03-29T01:00")


def test_a_window_wholly_in_the_missing_hour_does_not_occur_that_day() -> None:
    missing = (window("02:00", "03:00"),)
    assert upcoming(missing, STOCKHOLM, at("2026-03-28T12:00")) == span("2026-03-30T00:00", "2026-03-30T01:00")


def test_a_weekly_window_swallowed_by_the_jump_comes_the_week_after() -> None:
    missing = (window("02:00", "03:00", SUNDAY),)
    assert upcoming(missing, STOCKHOLM, at("2026-03-22T02:00")) == span("2026-04-05T00:00", "2026-04-05T01:00")


def test_an_ambiguous_start_is_its_first_occurrence_and_an_ambiguous_end_its_last() -> None:
    twice = (window("02:15", "02:45"),)
    expected = span("2026-10-25T00:15", "2026-10-25T01:45")
    assert upcoming(twice, STOCKHOLM, at("2026-10-25T00:00")) == expected
    assert current(twice, STOCKHOLM, at("2026-10-25T01:00")) == expected


def test_a_weekly_gap_swallowed_by_the_jump_makes_one_span_of_two_weeks() -> None:
    nearly = (
        window("03:00", "00:00", SUNDAY),
        *(window("00:00", "00:00", d) for d in range(6)),
        window("00:00", "02:00", SUNDAY),
    )
    expected = span("2026-03-22T02:00", "2026-04-05T00:00")
    for day in range(14):
        assert current(nearly, STOCKHOLM, at("2026-03-22T02:00") + timedelta(days=day)) == expected


def test_windows_that_cover_the_week_are_one_endless_span() -> None:
    for windows in ((window("00:00", "00:00"),), (window("07:00", "19:00"), window("19:00", "07:00"))):
        assert covers_week(windows)
        assert current(windows, STOCKHOLM, at("2026-03-29T01:00")) == ENDLESS
        assert upcoming(windows, STOCKHOLM, at("2026-03-29T01:00")) is None


def test_a_minute_without_duty_does_not_cover_the_week() -> None:
    windows = (window("00:00", "23:59", SUNDAY), *(window("00:00", "00:00", d) for d in range(6)))
    assert not covers_week(windows)
    assert longest_s(windows) == 7 * 86400 - 60


def test_a_window_without_days_never_starts() -> None:
    never = (Window(time(8), time(9), frozenset()),)
    assert current(never, STOCKHOLM, at("2026-01-14T07:30")) is None
    assert upcoming(never, STOCKHOLM, at("2026-01-14T07:30")) is None
    assert longest_s(never) == 0.0


@pytest.mark.parametrize(
    ("windows", "expected"),
    [
        (NIGHT, 8 * 3600),
        ((*NIGHT, window("06:00", "08:00", MONDAY)), 10 * 3600),
        ((window("20:00", "04:00", SUNDAY), window("03:00", "05:00", MONDAY)), 9 * 3600),
        ((window("12:00", "12:00"),), inf),
    ],
)
def test_the_longest_span_counts_across_midnight_and_the_end_of_the_week(windows: tuple[Window, ...], expected: float) -> None:
    assert longest_s(windows) == expected


# The reference: minutes of some weeks, each with what the wall clock shows. A window's occurrence begins at the first minute
# that shows its start or later, and ends at the last minute that shows its end or earlier.

DAYS = 24
ZONES = ("Europe/Stockholm", "UTC", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Apia")
CHANGES = (date(2011, 12, 30), date(2026, 2, 15), date(2026, 3, 22), date(2026, 3, 29), date(2026, 4, 5), date(2026, 10, 25))


@lru_cache
def minutes_shown(zone: ZoneInfo, first: datetime) -> tuple[list[datetime], list[datetime], list[datetime]]:
    """What the clock shows at each minute, the latest it has shown until then, and the soonest it will show from then on."""
    shown = [(first + timedelta(minutes=n)).astimezone(zone).replace(tzinfo=None) for n in range(DAYS * 1440)]
    return shown, list(accumulate(shown, max)), list(accumulate(reversed(shown), min))[::-1]


def covered(windows: tuple[Window, ...], zone: ZoneInfo, first: datetime) -> list[bool]:
    """Which of the minutes from `first` on are inside `windows`."""
    shown, latest, soonest = minutes_shown(zone, first)
    inside = [False] * len(shown)
    # Also days that the clock jumps over as a whole: their windows begin with the jump.
    days = [shown[0].date() + timedelta(days=n) for n in range((shown[-1].date() - shown[0].date()).days + 1)]
    for one in windows:
        for day in days:
            if day.weekday() in one.days:
                last_day = day if one.until > one.from_ else day + timedelta(days=1)
                start = bisect_left(latest, datetime.combine(day, one.from_))
                until = datetime.combine(last_day, one.until)
                end = bisect_right(soonest, until) - 1
                if end >= 0 and shown[end] < until:
                    end += 1  # the clock jumps over the end
                for minute in range(start, end):
                    inside[minute] = True
    return inside


def run(inside: list[bool], minute: int) -> tuple[int, int]:
    """The longest stretch of covered minutes around one of them."""
    start = end = minute
    while start > 0 and inside[start - 1]:
        start -= 1
    while end < len(inside) and inside[end]:
        end += 1
    return start, end


walls = st.builds(time, st.integers(0, 23), st.sampled_from([0, 0, 15, 30, 59])) | st.builds(
    time, st.integers(0, 4), st.sampled_from([0, 30])
)
windows_of_a_rule = st.lists(
    st.builds(Window, walls, walls, st.frozensets(st.integers(0, 6), min_size=1) | st.just(frozenset(range(7)))),
    min_size=1,
    max_size=4,
).map(tuple)


@settings(max_examples=60, deadline=None)
@given(
    windows_of_a_rule,
    st.sampled_from(ZONES),
    st.sampled_from(CHANGES),
    st.lists(st.integers(0, 4 * 1440 - 1), min_size=8, max_size=8),
)
# On a day that the clock jumps over, a window that ends the next day begins with the jump.
@example((Window(time(1), time(0, 15), frozenset(range(5))),), "Pacific/Apia", date(2011, 12, 30), [1050, 2100, *6 * [0]])
def test_current_and_upcoming_agree_with_a_look_at_every_minute(
    windows: tuple[Window, ...], name: str, change: date, minutes: list[int]
) -> None:
    zone = ZoneInfo(name)
    first = datetime.combine(change, time(), UTC) - timedelta(days=DAYS // 2)
    inside = covered(windows, zone, first)
    edge = 2 * 1440  # occurrences that begin before the first minute are not in the reference
    for minute in (DAYS // 2 * 1440 - 2 * 1440 + n for n in minutes):
        now = first + timedelta(minutes=minute)
        found = current(windows, zone, now)
        assert (found is not None) == inside[minute]
        if found is not None and not covers_week(windows):
            start, end = run(inside, minute)
            assert start <= edge or found.start_at == first + timedelta(minutes=start)
            assert end >= len(inside) - edge or found.end_at == first + timedelta(minutes=end)
        following = upcoming(windows, zone, now)
        later = next((n for n in range(minute + 1, len(inside)) if inside[n] and not inside[n - 1]), None)
        if later is not None and not covers_week(windows):
            assert following is not None
            assert following.start_at == first + timedelta(minutes=later)
            end = run(inside, later)[1]
            assert end >= len(inside) - edge or following.end_at == first + timedelta(minutes=end)
