"""Which devices have a clock that is wrong, so that their readings seem to come late each time by the same.

Not all sensors know of summer time. One that says a quarter past two when it is a quarter past three makes an hour of each visit
to the bathroom, until it is noticed that it is always late by an hour.
"""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from typing import Final

import msgspec

LATE_MIN_S: Final = 600
"""A clock that is less wrong does no harm that matters at night."""

SAME_S: Final = 120
"""So alike is how late readings are that a clock makes late. Those that were kept and sent together are late by less and less."""

TIMES: Final = 3
"""Readings in a row that were late alike: somebody's leaving the bed, coming back, and leaving again."""

HOUR_S: Final = 3600
CHANGE: Final = timedelta(days=7)
"""After clocks were changed, one reading that is late by that hour is enough."""

CLOCKS_MAX: Final = 8
"""Devices of one person whose clocks are doubted; their ids are known ones."""


class Clock(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A device whose newest reading was late by `late_s`, and so were as many as `times` in a row."""

    device: str
    late_s: int
    times: int = 1


def told(clocks: tuple[Clock, ...], device: str, late_s: int) -> tuple[Clock, ...]:
    """The doubted clocks after a reading of a device that came so late."""
    if late_s < LATE_MIN_S and not clocks:
        return clocks
    known = next((one for one in clocks if one.device == device), None)
    others = tuple(one for one in clocks if one.device != device)
    if late_s < LATE_MIN_S:
        return clocks if known is None else others
    same = known is not None and abs(known.late_s - late_s) <= SAME_S
    times = min(known.times + 1, TIMES) if known is not None and same else 1
    return (*others[-CLOCKS_MAX + 1 :], Clock(device, late_s, times))


def is_wrong(clocks: tuple[Clock, ...], device: str, at: datetime, tz: tzinfo) -> bool:
    """Whether the device's clock is wrong, and not its readings late."""
    known = next((one for one in clocks if one.device == device), None)
    if known is None:
        return False
    if known.times >= TIMES:
        return True
    changed = at.astimezone(tz).utcoffset() != (at - CHANGE).astimezone(tz).utcoffset()
    return changed and abs(known.late_s - HOUR_S) <= SAME_S
