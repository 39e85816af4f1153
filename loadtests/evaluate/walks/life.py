"""The truth of a walk: where somebody is at every moment, in metres from the middle of the fence, and in what surroundings."""

from __future__ import annotations

import math
import random
from bisect import bisect_right
from collections.abc import Iterator
from typing import Final, NamedTuple

from loadtests.evaluate.scenario import RADIUS_M
from loadtests.evaluate.walks import parameters as p

BLOCK_M: Final = 80.0
"""A way turns a little after this much."""

DWELLING_M: Final = 8.0
ROOM_S: Final = 900.0
"""At home somebody is somewhere else in the dwelling after about this long."""

TUNNEL_M: Final = (60.0, 1500.0)
"""Where a ride goes underground and comes up again."""


class Kind(NamedTuple):
    """One sort of walk: where somebody lives, through what they go, and what is wrong with their device."""

    home: str = "house"
    way: str = "street"
    leaves: str = "foot"
    """`no`, `foot`, `ride`, `tunnel`, or `near`: past the border and soon back."""
    strolls: int = 1
    """Walks inside the fence before leaving."""
    ails: str = ""
    """`frozen`, `late`, `reversed` (late, and the newest first), `cold`, `glitch`, or `cells`: no satellites at all."""
    border: bool = False
    """Lives close to the fence, just inside."""
    phone: bool = False
    """Has a second device, which stays at home."""


KINDS: Final = {
    "house": Kind(leaves="no", strolls=0),
    "concrete": Kind(home="concrete", leaves="no", strolls=0),
    "garden": Kind(way="open", leaves="no", strolls=4),
    "canyon": Kind(home="concrete", way="canyon", leaves="no", strolls=3),
    "off-on-foot": Kind(),
    "off-in-canyon": Kind(home="concrete", way="canyon"),
    "off-by-bus": Kind(leaves="ride"),
    "off-by-tunnel": Kind(home="concrete", way="canyon", leaves="tunnel"),
    "off-and-back": Kind(leaves="near"),
    "off-frozen": Kind(ails="frozen"),
    "off-late": Kind(ails="late"),
    "off-cold": Kind(ails="cold"),
    "off-by-cells": Kind(ails="cells"),
    "border": Kind(leaves="no", strolls=0, border=True),
    "glitch": Kind(way="open", leaves="no", strolls=1, ails="glitch"),
    "off-newest-first": Kind(ails="reversed"),
    "off-without-phone": Kind(phone=True),
}


class Point(NamedTuple):
    """Somewhere on the way; `place` are the surroundings until the next point."""

    at_s: float
    east_m: float
    north_m: float
    place: str


class Life:
    """Points in order of time, and the moments that matter: when the way out begins, the border is crossed, and all ends."""

    def __init__(self, points: list[Point], leaves_s: float, crosses_s: float | None) -> None:
        self.points, self.leaves_s, self.crosses_s = points, leaves_s, crosses_s
        self.ends_s = points[-1].at_s
        self._times = [point.at_s for point in points]

    def at(self, at_s: float) -> Point:
        """Where somebody is, on a straight line between two points."""
        place = max(0, min(bisect_right(self._times, at_s) - 1, len(self.points) - 1))
        one = self.points[place]
        if place + 1 == len(self.points):
            return one
        other = self.points[place + 1]
        share = max(0.0, (at_s - one.at_s) / max(1e-9, other.at_s - one.at_s))
        east = one.east_m + share * (other.east_m - one.east_m)
        return Point(at_s, east, one.north_m + share * (other.north_m - one.north_m), one.place)

    def distance_m(self, at_s: float) -> float:
        """From the middle of the fence."""
        here = self.at(at_s)
        return math.hypot(here.east_m, here.north_m)

    def seconds(self) -> Iterator[float]:
        """Every second of the way out."""
        return (self.leaves_s + n for n in range(int(self.ends_s - self.leaves_s) + 1))


def live(kind: Kind, rng: random.Random) -> Life:
    """One life of that kind."""
    stay_s = rng.uniform(*p.STAY_S)
    way = _Way(kind, rng)
    for n in range(kind.strolls):
        way.rest(stay_s * (n + 1) / (kind.strolls + 1))
        way.stroll()
    way.rest(max(stay_s, way.at_s + 2 * ROOM_S))
    leaves_s = way.at_s
    if kind.leaves == "no":
        return Life(way.points, leaves_s, None)
    way.leave()
    life = Life(way.points, leaves_s, None)
    life.crosses_s = next((t for t in life.seconds() if life.distance_m(t) > RADIUS_M), None)
    if kind.leaves == "near" and life.crosses_s is not None:
        outside = (t for t in life.seconds() if t > life.crosses_s and life.distance_m(t) <= RADIUS_M)
        life.ends_s = next(outside, life.ends_s)
    return life


class _Way:
    """Points being laid, one after the other."""

    def __init__(self, kind: Kind, rng: random.Random) -> None:
        self._kind, self._rng = kind, rng
        self.pace = max(p.PACE_MIN_MPS, rng.gauss(*p.PACE_MPS))
        self.at_s = 0.0
        self._home_m = rng.uniform(*p.BORDER_M) if kind.border else 0.0
        self.points = [Point(0.0, self._home_m, 0.0, kind.home)]

    def rest(self, until_s: float) -> None:
        """At home, now in this room, now in that one."""
        rng = self._rng
        while self.at_s < until_s:
            self._stand(min(until_s, self.at_s + rng.expovariate(1 / ROOM_S)) - self.at_s + 1.0)
            east_m = self._home_m + rng.gauss(0, DWELLING_M / 2)
            self._go(east_m, rng.gauss(0, DWELLING_M / 2), self.pace, self._kind.home)

    def stroll(self) -> None:
        """Out, and back by the same way, without ever being outside the fence."""
        rng = self._rng
        far, angle = rng.uniform(*p.RIM_M), rng.uniform(0, 2 * math.pi)
        self._go(far * math.cos(angle), far * math.sin(angle), self.pace, self._kind.way)
        self._stand(rng.uniform(60, 600))
        self._go(0.0, 0.0, self.pace, self._kind.way)

    def leave(self) -> None:
        """Away, with turns, until the trip is over or its end is reached."""
        rng, kind = self._rng, self._kind
        ends_s, far, angle = self.at_s + p.TRIP_S, rng.uniform(*p.REACH_M), rng.uniform(0, 2 * math.pi)
        speed = self.pace if kind.leaves in {"foot", "near"} else rng.uniform(*p.RIDE_MPS)
        if kind.leaves == "near":
            far = rng.uniform(*p.NEAR_M)
        elif kind.leaves != "foot":
            far = math.inf
        gone = 0.0
        while self.at_s < ends_s and gone < far:
            step = min(BLOCK_M, far - gone)
            gone += step
            here = self.points[-1]
            under = kind.leaves == "tunnel" and TUNNEL_M[0] <= gone <= TUNNEL_M[1]
            place = "underground" if under else kind.way
            self._go(here.east_m + step * math.cos(angle), here.north_m + step * math.sin(angle), speed, place)
            angle += 0.0 if gone <= RADIUS_M + BLOCK_M else rng.gauss(0, p.TURN)
        if kind.leaves == "near":
            self._stand(rng.uniform(30, 300))
            self._go(0.0, 0.0, speed, kind.way)
        else:
            self._stand(max(60.0, ends_s - self.at_s))

    def _stand(self, seconds: float) -> None:
        here = self.points[-1]
        self.at_s += seconds
        self.points.append(Point(self.at_s, here.east_m, here.north_m, here.place))

    def _go(self, east_m: float, north_m: float, speed: float, place: str) -> None:
        here = self.points[-1]
        self.points[-1] = here._replace(place=place)
        self.at_s += math.hypot(east_m - here.east_m, north_m - here.north_m) / speed
        self.points.append(Point(self.at_s, east_m, north_m, place))
