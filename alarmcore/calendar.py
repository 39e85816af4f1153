"""Recurring windows of local wall-clock time, right across clock changes: which span holds now, and which comes next.

What a wall-clock time means on a day when the clock changes:

- A start is the first instant at which the clock shows that time or a later one. A time that the clock jumps over is therefore
  the instant of the jump, and a time shown twice is its first occurrence.
- An end is the last instant at which the clock shows that time or an earlier one: again the instant of a jump, and of a time
  shown twice the last occurrence. So a clock change never cuts a window short of what the wall clock promised.
- A window that lies wholly in the hour that a jump leaves out does not occur on that day.

Occurrences that overlap or touch are one span. Windows that cover the whole week are one endless span (`ENDLESS`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from math import inf
from typing import Final
from zoneinfo import ZoneInfo

import msgspec


class Window(msgspec.Struct, frozen=True):
    """A recurring span of local wall-clock time; `days` are those on which it starts (0 = Monday).

    `until` not later than `from_` means that it ends the next day; equal means a full day.
    """

    from_: time
    until: time
    days: frozenset[int] = frozenset(range(7))


class Span(msgspec.Struct, frozen=True):
    """One occurrence of a window, or of several that overlap or touch: `start_at` is in it, `end_at` is not. Aware UTC."""

    start_at: datetime
    end_at: datetime


ENDLESS: Final = Span(datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC))
"""The span of windows that cover the whole week. Its ends are far enough to mean never, and near enough to calculate with."""

REACH_DAYS_MAX: Final = 23
"""How far around a week its occurrences are looked at. Within one week the windows begin, and leave a gap. A jump of the clock
can swallow that week's only occurrence or only gap, so that two weeks pass; the rest is for windows that end a day later."""

WEEKS_MAX: Final = 8192
"""Weeks kept ready, of all windows together: the different windows of a large municipality, for two weeks (1 kB each)."""

TIMES_MAX: Final = 2048
"""Wall-clock times kept ready for a week each (about 4 kB): people's windows differ, the times they are made of hardly do."""

_DAY_S: Final = 86400
_WEEK_S: Final = 7 * _DAY_S


def current(windows: tuple[Window, ...], tz: ZoneInfo, now: datetime) -> Span | None:
    """The span that holds `now`, or None between spans. `windows` must not be empty (empty means always: ask before).

    Windows that cover the whole week give `ENDLESS`; every other span is found with its true start and end.
    """
    spans, starts = _around(windows, tz, now.toordinal() // 7)
    index = bisect_right(starts, now) - 1
    if index >= 0 and now < spans[index].end_at:
        return spans[index]
    return None


def upcoming(windows: tuple[Window, ...], tz: ZoneInfo, now: datetime) -> Span | None:
    """The first span that starts after `now`; None when no window ever starts, or when the one span is endless."""
    spans, starts = _around(windows, tz, now.toordinal() // 7)
    index = bisect_right(starts, now)
    return spans[index] if index < len(spans) else None


@lru_cache(maxsize=1024)
def longest_s(windows: tuple[Window, ...]) -> float:
    """Seconds of the longest span in a week without a clock change; infinite when the windows cover the whole week."""
    edges = sorted(_edges(window, day) for window in windows for day in window.days)
    if not edges:
        return 0.0
    # Laid out twice, so that a span across the end of the week is whole; three times a week would only repeat it.
    merged = [list(edges[0])]
    for start, end in edges[1:] + [(start + _WEEK_S, end + _WEEK_S) for start, end in edges]:
        if start <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], end)
        else:
            merged.append([start, end])
    longest = max(end - start for start, end in merged)
    return inf if longest >= _WEEK_S else float(longest)


def covers_week(windows: tuple[Window, ...]) -> bool:
    """Whether there is no moment outside `windows`. No windows at all cover nothing: ask before."""
    return longest_s(windows) == inf


def _edges(window: Window, day: int) -> tuple[float, float]:
    """Start and end of one occurrence, in wall-clock seconds since Monday's midnight."""
    start, end = _second(window.from_), _second(window.until)
    return day * _DAY_S + start, day * _DAY_S + end + (_DAY_S if end <= start else 0)


def _second(moment: time) -> float:
    return moment.hour * 3600 + moment.minute * 60 + moment.second + moment.microsecond / 1e6


@lru_cache(maxsize=WEEKS_MAX)
def _around(windows: tuple[Window, ...], tz: ZoneInfo, week: int) -> tuple[tuple[Span, ...], tuple[datetime, ...]]:
    """The spans that matter in a week, in order, and their starts. A week is counted in sevens of proleptic days."""
    if covers_week(windows):
        return (ENDLESS,), (ENDLESS.start_at,)
    spans = tuple(_merged(sorted(_occurrences(windows, tz, week))))
    # A day more on either side, because a moment's date in UTC is not always its date in the zone of `now`.
    opens = datetime.combine(date.fromordinal(max(week * 7 - 1, 1)), time(), UTC)
    low = bisect_right(spans, opens, key=lambda span: span.end_at)
    high = bisect_right(spans, opens + timedelta(days=9), key=lambda span: span.start_at) + 1
    return spans[low:high], tuple(span.start_at for span in spans[low:high])


def _occurrences(windows: tuple[Window, ...], tz: ZoneInfo, week: int) -> Iterator[tuple[datetime, datetime]]:
    """Start and end of every occurrence that begins in reach of a week, without those that a clock change swallows."""
    first = max(week * 7 - REACH_DAYS_MAX, 1)
    weekdays = [(first + n - 1) % 7 for n in range(2 * REACH_DAYS_MAX + 7)]
    for window in windows:
        starts = _instants(tz, window.from_, first, 0)
        ends = _instants(tz, window.until, first, 1)[1 if window.until <= window.from_ else 0 :]
        for weekday, start, end in zip(weekdays, starts, ends, strict=False):
            if weekday in window.days and start < end:
                yield start, end


def _merged(occurrences: list[tuple[datetime, datetime]]) -> Iterator[Span]:
    if not occurrences:
        return
    start, end = occurrences[0]
    for next_start, next_end in occurrences[1:]:
        if next_start > end:
            yield Span(start, end)
            start, end = next_start, next_end
        else:
            end = max(end, next_end)
    yield Span(start, end)


@lru_cache(maxsize=TIMES_MAX)
def _instants(tz: ZoneInfo, wall: time, first: int, fold: int) -> tuple[datetime, ...]:
    """When the wall clock shows `wall` on each day in reach, from ordinal `first` on; of two such instants `fold` chooses."""
    days = (date.fromordinal(first + n) for n in range(2 * REACH_DAYS_MAX + 8))
    return tuple(instant(tz, datetime.combine(day, wall).replace(fold=fold)) for day in days)


def instant(tz: ZoneInfo, local: datetime) -> datetime:
    """The instant at which the wall clock shows `local`; where the clock jumps over it, the instant of the jump."""
    moment = local.replace(tzinfo=tz).astimezone(UTC)
    if moment.astimezone(tz).replace(tzinfo=None) == local:
        return moment
    return _jump(tz, local)


def _jump(tz: ZoneInfo, local: datetime) -> datetime:
    """The instant at which the clock jumps over `local`: the offset changes there, between the two readings of that time."""
    before = local.replace(tzinfo=tz, fold=1).astimezone(UTC)
    after = local.replace(tzinfo=tz, fold=0).astimezone(UTC)
    offset = after.astimezone(tz).utcoffset()
    low, high = int(before.timestamp()), int(after.timestamp()) + 1
    while high - low > 1:  # halves at most a day and a half of seconds: 17 rounds
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, tz).utcoffset() == offset:
            high = middle
        else:
            low = middle
    return datetime.fromtimestamp(high, UTC)
