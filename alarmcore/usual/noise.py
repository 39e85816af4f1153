"""Which sensors of a home are set off by no person, so that silence behind them is still silence.

A motion sensor with the sun on it, or a broken one, goes on for as long as it likes while somebody lies on the floor in the next
room. What it says is not taken for a sign of life, and silence counts from the newest sign that another sensor gave before.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Final

import msgspec

from alarmcore.sensors import CHATTERS, STEADY_HOURS, counted, hour_of
from alarmcore.usual.absence import Absence

CALM_S: Final = 7200.0
"""For so long after it was last too much a sensor is not believed."""

SENSORS_MAX: Final = 16
"""Sensors of one home that are counted; those set off longest ago are forgotten first."""


class Count(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How often a sensor was set off in `hour` (since 1970), and for how many hours on end before it has been steady."""

    sensor: str
    hour: int
    times: int = 0
    steady: int = 0
    noisy_until: datetime | None = None

    def is_noisy(self, at: datetime) -> bool:
        """Whether what it says is no sign of a person."""
        return self.noisy_until is not None and at < self.noisy_until


class Seen(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True, gc=False):
    """When a sign of somebody was given, and how it left them: in a bed, or out of doors."""

    at: datetime
    lies: bool = False
    away: Absence | None = None


class Noise(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True, gc=False):
    """The sensors of one home. `newest` gave the newest sign, `last`; the newest of another one before that is `other`.

    What is no sensor (a button, a position that says that somebody is home again) has no name.
    """

    counts: tuple[Count, ...] = ()
    newest: str = ""
    last: Seen | None = None
    other: Seen | None = None

    def is_noisy(self, sensor: str, at: datetime) -> bool:
        """Whether what this sensor says now is no sign of a person."""
        return any(one.sensor == sensor and one.is_noisy(at) for one in self.counts)


def heard(noise: Noise, sensor: str, kind: str, at: datetime, *, on: bool = True) -> Noise:
    """A sensor spoke, whose readings are of this kind: counted if it was set off (`on`), and not yet taken for a sign."""
    known = next((one for one in noise.counts if one.sensor == sensor), None)
    count = _counted(known or Count(sensor, hour_of(at)), CHATTERS.get(kind, math.inf), at, on=on)
    others = tuple(one for one in noise.counts if one.sensor != sensor)
    return Noise((*others[-SENSORS_MAX + 1 :], count), noise.newest, noise.last, noise.other)


def noted(noise: Noise, sensor: str, seen: Seen) -> Noise:
    """That was a sign of somebody."""
    unheard = sensor == noise.newest or noise.is_noisy(noise.newest, seen.at)
    other = noise.other if unheard else noise.last
    return Noise(noise.counts, sensor, seen, other)


def _counted(count: Count, most: float, at: datetime, *, on: bool) -> Count:
    hour = hour_of(at)
    if hour < count.hour:
        return count
    times, steady = counted(count.times, count.steady, count.hour, hour)
    times += on
    # One that is noisy already goes on being so with half as much.
    too_much = times > (most / 2.0 if count.is_noisy(at) else most) or steady >= STEADY_HOURS
    until = at + timedelta(seconds=CALM_S) if too_much else count.noisy_until
    return Count(count.sensor, hour, times, steady, until)
