"""Which devices have a clock that is an hour behind, so that their readings seem to come late each time by that hour.

Not all sensors know of summer time. One that says a quarter past two when it is a quarter past three makes an hour of each visit
to the bathroom, until it is noticed that it is always late by an hour. Nothing else is taken for a clock: a gateway that sends
what it has kept every quarter of an hour makes readings late alike as well, by chance and now and then.
"""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from typing import Final

import msgspec

HOUR_S: Final = 3600
SLACK_S: Final = 60
"""So far from the hour may be how late readings are: a clock that was never set well, and the way of the reading."""

SAME_S: Final = 15
"""So alike is how late they are, one as the other."""

APART_S: Final = 60
"""Readings that are received closer upon each other count once: those that were kept are sent together, and late alike too."""

TIMES: Final = 3
"""Readings in a row that were late alike: somebody's leaving the bed, coming back, and leaving again."""

CHANGE: Final = timedelta(days=7)
CHANGED: Final = 2
"""After clocks were changed, so many are enough."""

CLOCKS_MAX: Final = 8
"""Devices of one person whose clocks are doubted; their ids are known ones."""


class Clock(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A device whose newest reading was late by `late_s`, and so were as many as `times` in a row, the last received at `at`."""

    device: str
    late_s: int
    at: datetime
    times: int = 1


def told(clocks: tuple[Clock, ...], device: str, late_s: int, received_at: datetime) -> tuple[Clock, ...]:
    """The doubted clocks after a reading of a device that came so late."""
    by_an_hour = abs(late_s - HOUR_S) <= SLACK_S
    if not by_an_hour and not clocks:
        return clocks
    known = next((one for one in clocks if one.device == device), None)
    others = tuple(one for one in clocks if one.device != device)
    if not by_an_hour:
        return clocks if known is None else others
    if known is None or abs(known.late_s - late_s) > SAME_S:
        return (*others[-CLOCKS_MAX + 1 :], Clock(device, late_s, received_at))
    if (received_at - known.at).total_seconds() < APART_S:
        return clocks
    return (*others[-CLOCKS_MAX + 1 :], Clock(device, late_s, received_at, min(known.times + 1, TIMES)))


def is_wrong(clocks: tuple[Clock, ...], device: str, at: datetime, tz: tzinfo) -> bool:
    """Whether the device's clock is wrong, and not its readings late."""
    known = next((one for one in clocks if one.device == device), None)
    if known is None:
        return False
    changed = at.astimezone(tz).utcoffset() != (at - CHANGE).astimezone(tz).utcoffset()
    return known.times >= (CHANGED if changed else TIMES)
