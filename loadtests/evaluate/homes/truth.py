"""What was true in a home by its labels: sleep, being away, and the leavings of the bed."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from loadtests.evaluate.homes.home import RETURNED, UP, Leave, Stretch
from loadtests.evaluate.homes.labels import AWAY, ENTERED, LEFT, SLEEPS, plain
from loadtests.evaluate.homes.rows import Activity

NIGHT: Final = (21, 7)
"""A leaving of the bed is one of the night if the wall clock shows these hours: from, until."""

UP_S: Final = 3 * 3600.0
"""Who has not come back so long after is up for the day. With these two numbers what is derived is what the shared file of
leavings has: its longest return took 9,570 s, its shortest morning 11,158 s."""

SAME_S: Final = 60.0
"""Two stretches of sleep, or of a mat, that lie closer together are one: nobody has been anywhere."""

AWAY_MAX: Final = timedelta(days=2)
"""Who has not come home by then came in unseen."""


def sleeps(activities: Iterable[Activity]) -> list[Stretch]:
    """Labelled sleep, as it was labelled."""
    return [Stretch(one.from_at, one.until_at) for one in activities if plain(one.label) in SLEEPS]


def away(activities: Iterable[Activity]) -> list[Stretch]:
    """When nobody was at home: labelled so, or from a going to the next coming."""
    found, left_at = [], None
    for one in activities:
        label = plain(one.label)
        if label in AWAY:
            found.append(Stretch(one.from_at, one.until_at))
        elif label in LEFT:
            left_at = one.until_at
        elif label in ENTERED and left_at is not None:
            if left_at < one.from_at <= left_at + AWAY_MAX:
                found.append(Stretch(left_at, one.from_at))
            left_at = None
    return found


def joined(stretches: Iterable[Stretch], gap_s: float = 0.0) -> list[Stretch]:
    """Those that overlap, touch or lie closer together than the gap, as one."""
    found: list[Stretch] = []
    for one in sorted(stretches):
        if found and (one.from_at <= found[-1].until_at or (one.from_at - found[-1].until_at).total_seconds() < gap_s):
            found[-1] = Stretch(found[-1].from_at, max(found[-1].until_at, one.until_at))
        else:
            found.append(one)
    return found


def leaves(in_bed: Iterable[Stretch], tz: ZoneInfo) -> list[Leave]:
    """Leavings at night, from the times in bed."""
    beds = joined(in_bed, SAME_S)
    found = []
    for before, after in itertools.pairwise(beds):
        if is_night(before.until_at, tz):
            up = (after.from_at - before.until_at).total_seconds() > UP_S
            found.append(Leave(before.until_at, after.from_at, UP if up else RETURNED))
    if beds and is_night(beds[-1].until_at, tz):
        found.append(Leave(beds[-1].until_at, None, UP))
    return found


def is_night(at: datetime, tz: ZoneInfo) -> bool:
    """Whether a leaving then is one of the night."""
    hour = at.astimezone(tz).hour
    return hour >= NIGHT[0] or hour < NIGHT[1]


def agreeing(derived: Sequence[Leave], told: Sequence[Leave]) -> int:
    """How many of the leavings that a file tells are among the derived ones, to the minute at both ends."""
    return sum(any(_same(one, other) for other in derived) for one in told)


def _same(one: Leave, other: Leave) -> bool:
    if one.outcome != other.outcome or abs((one.left_at - other.left_at).total_seconds()) > SAME_S:
        return False
    if one.back_at is None or other.back_at is None:
        return one.back_at is other.back_at
    return abs((one.back_at - other.back_at).total_seconds()) <= SAME_S
