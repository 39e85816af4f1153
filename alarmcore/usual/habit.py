"""One person's habit: how long something lasts by the hour at which it begins, and in which way it ends, with the past fading."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import mul
from struct import Struct
from typing import Final

import msgspec

from alarmcore.usual.spread import Spread, Sums

HOURS: Final = 24

HALF_LIFE_S: Final = 28 * 86_400.0
"""What was observed four weeks ago counts half: a season changes a person's nights, a bad week does not."""

HOURS_ALIKE: Final = 0.7
"""Spread, in hours, of the bell by which neighbouring hours speak for one another."""

BELLS: Final = 6
"""Steps in an hour by which it is told how near the hours of the clock are."""

PERSON_WORTH: Final = 6.0
"""Observations that a person's whole day is worth, at most, when one of its hours is judged: a week of nights decides for itself.
Less where hours differ by more than one hour's nights do."""

SHAPE_MAX: Final = 10.0
"""Half the observations that the spread within a person's other hours is worth when one hour is judged."""

RATE_WORTH: Final = 3.0
"""Days that the population's number of leaves a day is worth."""

SHARE_MIN, SHARE_MAX = 0.0002, 0.2
"""Beyond one in five thousand nothing is known of anybody; and one in five is usual, whatever somebody asks for."""

_UNSEEN: Final = 9
_FIRST: Final = (0, 3, 6, _UNSEEN + 1)
"""The first of each way's rows: how many, their sum, the sum of their squares. What ways there are says whoever keeps a habit."""

_FEW: Final = _UNSEEN + 1
_ROWS: Final = _FIRST[-1] + 3
"""Rows that are kept where the last way has none, and where it has."""
_ROW_BYTES: Final = 4 * HOURS
_PACKED: Final = {rows * _ROW_BYTES: Struct(f"<{HOURS * rows}f") for rows in (_FEW, _ROWS)}
_NOTHING: Final = (0.0,) * (HOURS * _ROWS)


class Habit(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True, gc=False):
    """What has been observed, by hour of the local day, on one scale.

    `rows` holds it packed (960 bytes; 1,248 with the last way), as worth at `at`. `since_at` is when the first was observed.
    """

    rows: bytes = b""
    at: datetime | None = None
    since_at: datetime | None = None

    def observed(self, way: int, hour: float, value: float, now: datetime, weight: float = 1.0) -> Habit:
        """With one more that began at `hour` (0 to 24) of the local day and was over one way, as long as `value`."""
        row = _FIRST[way]
        return self._added(now, hour, ((row, weight), (row + 1, weight * value), (row + 2, weight * value * value)))

    def unseen(self, hour: float, now: datetime, weight: float = 1.0) -> Habit:
        """With one more that began at `hour` and of which it was never seen how it was over."""
        return self._added(now, hour, ((_UNSEEN, weight),))

    def all_day(self, way: int, now: datetime) -> Sums:
        """All durations of the day that were over one way."""
        rows, fade = self._values(), self._fade(now)
        return Sums(*(fade * sum(rows[row * HOURS : (row + 1) * HOURS]) for row in _rows(way)))

    def about(self, way: int, hour: float, now: datetime) -> Sums:
        """The durations that began about `hour`, those of the same hour whole, others by how far away they are."""
        rows, bell, fade = self._values(), bells(hour), self._fade(now)
        return Sums(*(fade * _weighed(rows, row, bell) for row in _rows(way)))

    def unseen_about(self, hour: float, now: datetime) -> float:
        """How many that began about `hour` were never seen to be over."""
        return self._fade(now) * _weighed(self._values(), _UNSEEN, bells(hour))

    def spread(self, way: int, prior: Spread, hour: float, now: datetime) -> Spread:
        """What is believed of the next that begins at `hour`: the population first, then the person's day, then the hour."""
        return self._person(way, prior, now).given(self.about(way, hour, now))

    def _person(self, way: int, prior: Spread, now: datetime) -> Spread:
        """What the person's whole day says of an hour: its mean, as firmly as hours are alike, and the spread within hours."""
        hourly = self._hourly(way, now)
        if not hourly:
            return prior
        n = sum(ns for ns, _, _ in hourly)
        worth = prior.worth + n
        mean = (prior.worth * prior.mean + sum(xs for _, xs, _ in hourly)) / worth
        within, shape, apart, squares = prior.shape * prior.variance, prior.shape, 0.0, 0.0
        for ns, xs, xxs in hourly:
            of_hour = xs / ns
            within += max(xxs - xs * of_hour, 0.0) / 2.0
            shape += max(ns - 1.0, 0.0) / 2.0
            apart += ns * (of_hour - mean) ** 2
            squares += ns * ns
        variance = within / shape
        # What hours differ by beyond chance (analysis of variance, Searle et al., Variance Components, 3.6).
        between = max(apart - (len(hourly) - 1) * variance, 0.0) / max(n - squares / n, 1.0)
        worth = min(PERSON_WORTH, worth, variance / max(between, variance / PERSON_WORTH))
        return Spread(mean, worth, min(shape, SHAPE_MAX), variance)

    def _hourly(self, way: int, now: datetime) -> list[tuple[float, float, float]]:
        """The sums of each hour of which there are any."""
        rows, fade, at = self._values(), self._fade(now), _FIRST[way] * HOURS
        numbers = rows[at : at + HOURS]
        if not any(numbers):
            return []
        sums = zip(numbers, rows[at + HOURS : at + 2 * HOURS], rows[at + 2 * HOURS : at + 3 * HOURS], strict=True)
        return [(fade * n, fade * x, fade * xx) for n, x, xx in sums if n > 0.0]

    def days(self, now: datetime) -> float:
        """How many days, fading like what was observed on them, have been observed; at least one."""
        if self.since_at is None:
            return 1.0
        age_s = max((now - self.since_at).total_seconds(), 0.0)
        return max((1.0 - math.pow(0.5, age_s / HALF_LIFE_S)) * HALF_LIFE_S / math.log(2.0) / 86_400.0, 1.0)

    def _values(self) -> tuple[float, ...]:
        if not self.rows:
            return _NOTHING
        values = _PACKED[len(self.rows)].unpack(self.rows)
        return values + _NOTHING[len(values) :]

    def _fade(self, now: datetime) -> float:
        """What the rows are worth by now. Clocks that are set back make nothing worth more."""
        return 1.0 if self.at is None else math.pow(0.5, max((now - self.at).total_seconds(), 0.0) / HALF_LIFE_S)

    def _added(self, now: datetime, hour: float, amounts: Iterable[tuple[int, float]]) -> Habit:
        fade = self._fade(now)
        rows = [value * fade for value in self._values()]
        for row, amount in amounts:
            rows[row * HOURS + int(hour) % HOURS] += amount
        kept = HOURS * (_ROWS if any(rows[_FEW * HOURS :]) else _FEW)
        return Habit(_PACKED[4 * kept].pack(*rows[:kept]), now if self.at is None else max(now, self.at), self.since_at or now)


def rare(habit: Habit, ways: Sequence[int], once_in_days: float, a_day: float, now: datetime) -> float:
    """The share of what is over in `ways` of which one comes once in `once_in_days`; of somebody not yet known `a_day` come."""
    seen = sum(habit.all_day(way, now).n for way in ways)
    daily = (seen + RATE_WORTH * a_day) / (habit.days(now) + RATE_WORTH)
    share = min(max(1.0 / (once_in_days * daily), SHARE_MIN), SHARE_MAX)
    return float(f"{share:.2g}")


def _rows(way: int) -> range:
    return range(_FIRST[way], _FIRST[way] + 3)


def bells(hour: float) -> tuple[float, ...]:
    """How much each hour of the clock says of what begins at `hour`: 1 in its middle, less with the distance around the clock."""
    return _BELLS[round(hour * BELLS) % (HOURS * BELLS)]


def _bell(apart: float) -> float:
    around = abs((apart + HOURS / 2) % HOURS - HOURS / 2)
    return math.exp(-0.5 * (around / HOURS_ALIKE) ** 2)


_BELLS: Final = tuple(tuple(_bell(step / BELLS - (place + 0.5)) for place in range(HOURS)) for step in range(HOURS * BELLS))


def _weighed(rows: tuple[float, ...], row: int, bell: tuple[float, ...]) -> float:
    return float(sum(map(mul, rows[row * HOURS : (row + 1) * HOURS], bell)))
