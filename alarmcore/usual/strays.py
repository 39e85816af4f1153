"""Sensors that are set off while somebody lies in bed: by a cat, by a visitor, or by the sleeper who turns."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from alarmcore.usual.mat import faded

STRAYS_MAX: Final = 8
"""Sensors so remembered of a home."""

STRAY_S: Final = 3600.0
STRAY: Final = 1.5
"""A sensor set off about twice within an hour while somebody lies in bed is set off by something else, and says nothing of
them."""

COMPANY: Final = 2
"""Such sensors from which on somebody or something else is in the home: one alone is that of the bedroom."""

RISING_S: Final = 180.0
RISING: Final = 4.0
"""Mats let go late: signs within these seconds before a release are mostly of whoever rose, unless there were about four."""


class Stray(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A sensor that was set off while somebody lay in bed: how often, fading within the hour before `at`."""

    name: str
    times: float
    at: datetime


def strayed(strays: tuple[Stray, ...], name: str, at: datetime) -> tuple[Stray, ...]:
    """With one more time; those counted longest ago are forgotten first."""
    times = next((faded(stray.times, stray.at, at, STRAY_S) for stray in strays if stray.name == name), 0.0)
    others = tuple(stray for stray in strays if stray.name != name)
    return (*others[-STRAYS_MAX + 1 :], Stray(name, times + 1.0, at))


def is_stray(strays: tuple[Stray, ...], name: str, left_at: datetime) -> bool:
    """Whether a sensor says nothing of somebody who left the bed at `left_at`."""
    return any(stray.name == name and _strayed_much(stray, left_at) for stray in strays)


def _strayed_much(stray: Stray, left_at: datetime) -> bool:
    """Whether a sensor was set off by something else. Shortly before a bed is left it may have been by whoever was leaving it."""
    rising = (left_at - stray.at).total_seconds() < RISING_S
    return faded(stray.times, stray.at, left_at, STRAY_S) >= (RISING if rising else STRAY)
