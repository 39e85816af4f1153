"""How fast and which way somebody goes, from positions of doubtful accuracy, and how sure that is. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from math import atan2, degrees, hypot, sqrt
from typing import Final, Protocol

import msgspec

from geofence.belief import ACCURACY_FLOOR_M, ACCURACY_UNKNOWN_M
from geofence.earth import frame_at

WINDOW_S: Final = 300.0
"""Positions older than the newest by more than this say nothing of how somebody goes now: on foot they have turned twice."""

FIXES_MIN: Final = 3
"""Two positions always lie on a line; only a third can tell a walk from a jump."""

SPAN_S: Final = 30.0
"""Positions must span so much: within seconds a receiver errs by the same, and its drifting looks like a walk."""

APART_S: Final = 30.0
"""For the same reason positions that follow closer count for their share of this: many of them do not make it surer."""

SIGMA: Final = 1.51
"""A claimed accuracy is the radius of the circle that holds 68 % of the positions; of a normal error in the plane that is 1.51
standard deviations along each direction (Rayleigh distribution)."""

SURE: Final = 2.0
"""A speed that is less than so many of its standard deviations is none: nineteen out of twenty who stand still seem slower."""

STILL_MPS: Final = 0.3
"""Slower than this is nobody on the way anywhere: somebody who stands, sits or lies, or is about in a room, and the direction in
which that drifts says nothing. Known less well than this it is not said either."""


class Located(Protocol):
    """A position as it was kept."""

    @property
    def at_s(self) -> int:
        """When, in seconds since 1970."""

    @property
    def lat(self) -> float:
        """Degrees north."""

    @property
    def lon(self) -> float:
        """Degrees east."""

    @property
    def accuracy_m(self) -> int | None:
        """The claimed accuracy."""


class Motion(msgspec.Struct, frozen=True):
    """Speed (0: none) and the direction it leads to, clockwise from north (None: none), each with one standard deviation."""

    speed_mps: float
    speed_error_mps: float
    direction_deg: float | None = None
    direction_error_deg: float | None = None


def motion(fixes: Sequence[Located]) -> Motion | None:
    """How somebody went at the newest of these positions, which are in order of time; None where that cannot be told.

    The line of even motion that fits them best (least squares, each position weighted by its accuracy). Positions that lie
    farther from it than they claim make all of it less sure.
    """
    used = [fix for fix in fixes if fix.at_s >= fixes[-1].at_s - WINDOW_S]
    span_s = used[-1].at_s - used[0].at_s if used else 0
    if len(used) < FIXES_MIN or span_s < SPAN_S:
        return None
    frame = frame_at(used[-1].lat, used[-1].lon)
    rows = [(fix.at_s - used[-1].at_s, *frame.place(fix.lat, fix.lon), _weight(fix)) for fix in used]
    total = sum(w for *_, w in rows)
    mid_s, mid_x, mid_y = (sum(row[n] * row[3] for row in rows) / total for n in range(3))
    spread = sum(w * (t - mid_s) ** 2 for t, _, _, w in rows)
    east = sum(w * (t - mid_s) * (x - mid_x) for t, x, _, w in rows) / spread
    north = sum(w * (t - mid_s) * (y - mid_y) for t, _, y, w in rows) / spread
    off = sum(w * hypot(x - mid_x - east * (t - mid_s), y - mid_y - north * (t - mid_s)) ** 2 for t, x, y, w in rows)
    # Two numbers per position, less the four of the line.
    worse = max(1.0, off / (2 * len(rows) - 4)) * max(1.0, len(rows) / (1.0 + span_s / APART_S))
    return _said(east, north, sqrt(worse / spread))


def _weight(fix: Located) -> float:
    claimed = ACCURACY_UNKNOWN_M if fix.accuracy_m is None else max(ACCURACY_FLOOR_M, fix.accuracy_m)
    return (SIGMA / claimed) ** 2


def _said(east: float, north: float, error: float) -> Motion | None:
    speed = hypot(east, north)
    if speed >= max(STILL_MPS, SURE * error):
        return Motion(speed, error, degrees(atan2(east, north)) % 360.0, degrees(atan2(error, speed)))
    return Motion(0.0, error) if SURE * error <= STILL_MPS else None
