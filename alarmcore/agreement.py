"""Which of a device's positions can be relied on: those that others agree with, in place and in time. Pure.

Of all ways through the positions that somebody can have gone, the one on which most of them lie. Each position counts for what it
adds; each leg costs the more, the faster one would have had to be. A wild position costs two legs and adds one, so that the way
goes past it; somebody who rides a bus or a train adds more with each position than the leg costs. A place that only one position
speaks for is never on the way for good: as soon as more speak for another, the way leads there.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot
from typing import Final, NamedTuple, Protocol

from geofence.belief import ACCURACY_UNKNOWN_M, SPEED_MAX_MPS
from geofence.earth import frame_at

OBSERVATIONS: Final = 3.0
"""So much must lie on the way before anything on it is relied on: a position and two others. Two wild ones are now and then wrong
by the same; a device that reports twice a minute needs one minute for three."""

APART_S: Final = 10.0
"""Positions that follow closer upon each other count for their share of this: a receiver errs by the same for seconds."""

CALM_MPS: Final = 8.0
"""A leg at this speed costs half of what a position adds: a fast cyclist. One position so far off that both ways to it are faster
than about twice this (a car's speed) is left out."""

BRISK_MPS: Final = 10.0
"""Nobody on foot is as fast. At the end of the way a leg beyond this needs another such leg beside it: somebody who rides, and
not a position that nothing has confirmed yet."""

SAID_AGAIN: Final = 2.0
"""Observations from which on what lies beyond such a leg, or beyond a border, does not wait for more."""

ROUNDING: Final = 1e-9
"""Sums of tenths are not what they should be."""

DOUBTED: Final = 0.25
"""What a position adds that lies on the other side of a border than the person is believed to be: it may be the first there, and
is no reason to forget the others."""


class Sighted(Protocol):
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

    @property
    def rough(self) -> bool:
        """Whether it is a network's guess: it confirms nothing, and nothing confirms it."""

    @property
    def doubted(self) -> bool:
        """Whether it lay on the other side of a border than the person was believed to be."""


class Spot(NamedTuple):
    """One position in a flat frame, and the best way that leads to it.

    `doubt_m` is how far off it may be, `own` what it adds at most. `worth` is that of the way, `adds` what the position adds to
    it in observations, `speed_mps` that of its last leg, `before` the place which that begins at.
    """

    at_s: int
    x: float
    y: float
    doubt_m: float
    own: float
    worth: float
    adds: float = 1.0
    speed_mps: float = 0.0
    before: int | None = None


def agreeing(fixes: Sequence[Sighted]) -> list[bool]:
    """For each of one device's positions, which are in order of time, whether others agree with it."""
    found = [False] * len(fixes)
    spots = _ways(fixes)
    way = _way(spots)
    known = [spots[place] for place in way]
    if sum(spot.adds for spot in known) < OBSERVATIONS - ROUNDING:
        return found
    speeds = [spot.speed_mps for spot in known[1:]]
    for place in way[_unsure(known, speeds) : len(way) - _unsure(known[::-1], speeds[::-1])]:
        found[place] = True
    return found


def likeliest(fixes: Sequence[Sighted]) -> int | None:
    """The place of the newest position on the best way, also where too few speak for it; None where all are rough."""
    way = _way(_ways(fixes))
    return way[-1] if way else None


def _ways(fixes: Sequence[Sighted]) -> dict[int, Spot]:
    """The best way to each position, by its place, but for those that are rough."""
    spots: dict[int, Spot] = {}
    if not fixes:
        return spots
    frame = frame_at(fixes[-1].lat, fixes[-1].lon)
    for place, fix in enumerate(fixes):
        if fix.rough:
            continue
        at_s, (x, y), doubt_m = fix.at_s, frame.place(fix.lat, fix.lon), float(fix.accuracy_m or ACCURACY_UNKNOWN_M)
        own = DOUBTED if fix.doubted else 1.0
        best = Spot(at_s, x, y, doubt_m, own, own)
        for before, known in spots.items():
            elapsed_s = max(at_s - known.at_s, 0)
            # Moments are cut to whole seconds, and what both may be off is no way that somebody has gone.
            speed = max(0.0, hypot(x - known.x, y - known.y) - doubt_m - known.doubt_m) / (elapsed_s + 1)
            if speed > SPEED_MAX_MPS:
                continue
            adds = min(1.0, elapsed_s / APART_S)
            worth = known.worth + own * adds * CALM_MPS / (speed + CALM_MPS)
            # Of two as good ways the one by more positions.
            if worth >= best.worth - ROUNDING:
                best = Spot(at_s, x, y, doubt_m, own, worth, adds, speed, before)
        spots[place] = best
    return spots


def _way(spots: dict[int, Spot]) -> list[int]:
    """The places along the best of all ways, the oldest first."""
    place = max(spots, key=lambda one: spots[one].worth, default=None)
    way: list[int] = []
    while place is not None:
        way.append(place)
        place = spots[place].before
    return way[::-1]


def _unsure(spots: Sequence[Spot], speeds: Sequence[float]) -> int:
    """How many positions at the beginning of a way, which may be the end of it turned round, wait for others.

    They lie a ride away that the leg beyond does not speak for, or on the other side of a border, and are not said again. They
    may be the first of many, and may be wild.
    """
    said = 1.0
    for count in range(1, len(spots) - 1):
        ride = speeds[count - 1] > BRISK_MPS and speeds[count] < speeds[count - 1] / 2
        if ride or (spots[count - 1].own < 1.0 and spots[count].own == 1.0):
            return count
        said += min(1.0, abs(spots[count].at_s - spots[count - 1].at_s) / APART_S)
        if said >= SAID_AGAIN - ROUNDING:
            break
    return 0
