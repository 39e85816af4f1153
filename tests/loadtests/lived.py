"""How tests look at a generated resident's home: one resident with any habits, and the readings and leaves asked for."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache

from loadtests.evaluate.homes.home import RETURNED, Home, Sensed, Stretch
from loadtests.evaluate.homes.residents import FIRST_DAY, Habits, resident

PLAIN = Habits(nap=0.3)
DAYS = 30
MINUTE = timedelta(minutes=1)


def luck(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - what is wanted is the same luck each time


@cache
def home(habits: Habits = PLAIN, days: int = DAYS) -> Home:
    return resident(5, 17, days, habits)


def noon(day: int, one: Home) -> datetime:
    return datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day, 12, tzinfo=one.tz) + timedelta(days=day)


def of(device: str, one: Home) -> list[Sensed]:
    return [reading for reading in one.readings if reading.device == device]


def others(device: str, one: Home) -> list[Sensed]:
    return [reading for reading in one.readings if reading.device != device]


def between(from_at: datetime, until_at: datetime, readings: list[Sensed]) -> list[Sensed]:
    return [reading for reading in readings if from_at <= reading.at < until_at]


def ups(one: Home) -> list[float]:
    """Lengths of the returned leaves, in minutes."""
    return [(leave.back_at - leave.left_at) / MINUTE for leave in one.leaves if leave.outcome == RETURNED and leave.back_at]


def free(one: Home, mats: tuple[str, ...] = ("bed-1",)) -> Iterator[tuple[datetime, datetime]]:
    """From when until when every mat said that nobody lay there."""
    occupied: dict[str, bool] = {}
    since = None
    for reading in one.readings:
        if reading.device not in mats:
            continue
        occupied[reading.device] = reading.fields["occupied"]
        if any(occupied.values()):
            if since is not None:
                yield since, reading.at
            since = None
        elif since is None:
            since = reading.at


def inside(at: datetime, stretches: tuple[Stretch, ...]) -> bool:
    place = bisect_right(stretches, at, key=lambda stretch: stretch.from_at) - 1
    return place >= 0 and at < stretches[place].until_at


def hours(at: datetime, one: Home) -> float:
    local = at.astimezone(one.tz)
    return local.hour + local.minute / 60
