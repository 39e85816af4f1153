"""What a poor receiver makes of the truth: errors that hang together, claims that lie both ways, fixes that come late."""

from __future__ import annotations

import math
import random
from typing import Final

from loadtests.evaluate.scenario import Fix, moved
from loadtests.evaluate.walks import parameters as p
from loadtests.evaluate.walks.life import Kind, Life, Point

BOAST: Final = 5.0
MODESTY: Final = 10.0
"""By how much some claims are too small, and some too large."""

APART_S: Final = 0.05
"""Fixes that were kept come this far apart when they are sent at last."""

FIRST_S: Final = 30.0
"""The first fix comes within this time."""

DIGITS: Final = 7
"""Of a degree, as phones give them."""

Place = tuple[float, float]
"""Metres east and north."""


class Receiver:
    """One device with its quirks, carried through one life."""

    def __init__(self, kind: Kind, life: Life, rng: random.Random) -> None:
        self._kind, self._life, self._rng = kind, life, rng
        self._interval_s = rng.choice(p.INTERVALS_S)
        self._slower = rng.choice((1.0, p.SLOWER_STILL))
        self._ahead_s = rng.uniform(*p.CLOCK_S)
        self._slow: Place = (0.0, 0.0)
        self._at_s = 0.0
        self._source = "satellites"
        self._jump: tuple[float, float, float, bool] | None = None
        self._known: dict[tuple[str, int, int], Place] = {}
        self._started_s = self._ailing(life) if kind.ails == "cold" else -math.inf
        self._said: tuple[Point, Place, float] | None = None

    def fixes(self, lat: float, lon: float, begin_s: float) -> list[Fix]:
        """All fixes of a life around that point; in no particular order of receipt."""
        measured = self._measured()
        found = []
        for (at_s, place, claim), received_s in zip(measured, self._received(measured), strict=True):
            north, east = moved(lat, lon, *place)
            times = round(begin_s + at_s + self._ahead_s, 3), round(begin_s + received_s, 3)
            found.append(Fix(*times, round(north, DIGITS), round(east, DIGITS), round(claim, 1)))
        return found

    # -- measuring --------------------------------------------------------------------------------------------------------

    def _measured(self) -> list[tuple[float, Place, float]]:
        """When, where and how sure it says it is."""
        found: list[tuple[float, Place, float]] = []
        rng = self._rng
        at_s = rng.uniform(0, FIRST_S)
        frozen_s = self._ailing(self._life) if self._kind.ails == "frozen" else math.inf
        thaws_s = frozen_s + rng.uniform(*p.FREEZE_S)
        while at_s <= self._life.ends_s:
            here = self._life.at(at_s)
            if frozen_s <= at_s < thaws_s and found:
                found.append((at_s, *found[-1][1:]))
            elif at_s >= self._started_s and rng.random() >= p.PLACES[here.place].lost:
                found.append((at_s, *self._fix(here)))
            still = self._said is not None and _near(self._said[0], here)
            found += self._glitch(at_s, self._interval_s)
            at_s += self._interval_s * (self._slower if still else 1.0) * rng.uniform(1 - p.JITTER, 1 + p.JITTER)
        return found

    def _glitch(self, at_s: float, interval_s: float) -> list[tuple[float, Place, float]]:
        """A burst of fixes after this one, a second apart, all of them at about the same place far off."""
        rng = self._rng
        if self._kind.ails != "glitch" or rng.random() >= p.GLITCHES_PER_H * interval_s / 3600:
            return []
        far, angle = math.exp(rng.uniform(*map(math.log, p.GLITCH_M))), rng.uniform(0, 2 * math.pi)
        seconds = min(rng.uniform(*p.GLITCH_S), interval_s / 2)
        return [
            (at_s + 1 + n, (far * math.cos(angle) + n, far * math.sin(angle)), self._claim(p.PLACES["open"].sigma_m))
            for n in range(max(1, int(seconds)))
        ]

    def _ailing(self, life: Life) -> float:
        """When what ails it begins: some minutes before the way out, or after it has begun."""
        return life.leaves_s + self._rng.uniform(-900, 300)

    def _fix(self, here: Point) -> tuple[Place, float]:
        rng = self._rng
        if self._said is not None and _near(self._said[0], here) and rng.random() < p.HELD:
            return self._said[1:]
        if rng.random() >= p.SOURCE_KEPT:
            self._source = self._chosen(here)
        if self._source == "satellites" and (self._kind.ails == "cells" or p.PLACES[here.place].satellites == 0):
            self._source = "cell"
        place, claim = self._by_satellites(here) if self._source == "satellites" else self._by_network(here)
        self._said = (here, place, claim)
        return place, claim

    def _chosen(self, here: Point) -> str:
        around, drawn = p.PLACES[here.place], self._rng.random()
        if self._kind.ails == "cells" or drawn >= around.satellites + around.wifi:
            return "cell"
        return "satellites" if drawn < around.satellites else "wifi"

    def _by_satellites(self, here: Point) -> tuple[Place, float]:
        """A slow error (a Gauss-Markov process of first order), a jump at times, and a cold start's error at first."""
        rng, around = self._rng, p.PLACES[here.place]
        passed = here.at_s - self._at_s
        keeps = math.exp(-passed / around.tau_s)
        fresh = around.sigma_m * math.sqrt(1 - keeps * keeps)
        self._slow = (self._slow[0] * keeps + rng.gauss(0, fresh), self._slow[1] * keeps + rng.gauss(0, fresh))
        self._at_s = here.at_s
        sigma = around.sigma_m
        east, north = here.east_m + self._slow[0], here.north_m + self._slow[1]
        cold = p.COLD_M * math.exp(-(here.at_s - self._started_s) / p.COLD_S)
        if cold > 1:
            east, north, sigma = east + rng.gauss(0, cold), north + rng.gauss(0, cold), math.hypot(sigma, cold)
        jumped = self._jumped(here, passed)
        if jumped is not None:
            east, north = east + jumped[0], north + jumped[1]
            sigma = math.hypot(sigma, *jumped[:2]) if jumped[3] else sigma
        return (east, north), self._claim(sigma)

    def _jumped(self, here: Point, passed_s: float) -> tuple[float, float, float, bool] | None:
        """The jump that lasts now: east, north, its end, and whether the device knows of it.

        Jumps come and go as a Markov process of two states, so that a device that looks seldom does not see more of them.
        """
        rng, around = self._rng, p.PLACES[here.place]
        if self._jump is not None and here.at_s >= self._jump[2]:
            self._jump = None
        begins, ends = around.jumps_per_h / 3600, 1 / around.jump_s
        if self._jump is None and rng.random() < begins / (begins + ends) * (1 - math.exp(-(begins + ends) * passed_s)):
            far, angle = rng.lognormvariate(math.log(around.jump_m), p.SPREAD), rng.uniform(0, 2 * math.pi)
            until_s = here.at_s + rng.expovariate(1 / around.jump_s)
            self._jump = (far * math.cos(angle), far * math.sin(angle), until_s, rng.random() < p.JUMP_ADMITTED)
        return self._jump

    def _claim(self, sigma_m: float) -> float:
        """What it says of its accuracy: right in the middle, and wrong in both directions."""
        rng = self._rng
        claim = sigma_m * p.CLAIM_SCALE * rng.lognormvariate(0, p.CLAIM_LOG)
        drawn = rng.random()
        if drawn < p.BOASTS:
            claim /= BOAST
        elif drawn < p.BOASTS + p.MODEST:
            claim *= MODESTY
        return max(p.CLAIM_MIN_M, claim)

    def _by_network(self, here: Point) -> tuple[Place, float]:
        """A hot spot or a tower, wrong by the same as long as one stays near it."""
        wifi = self._source == "wifi"
        reach = p.WIFI_REACH_M if wifi else p.CELL_REACH_M
        cell = (self._source, round(here.east_m / reach), round(here.north_m / reach))
        if cell not in self._known:
            far = self._rng.lognormvariate(math.log(p.WIFI_M if wifi else p.CELL_M), p.SPREAD)
            angle = self._rng.uniform(0, 2 * math.pi)
            middle = cell[1] * reach, cell[2] * reach
            self._known[cell] = (middle[0] + far * math.cos(angle), middle[1] + far * math.sin(angle))
        low, high = p.WIFI_CLAIM_M if wifi else p.CELL_CLAIM_M
        return self._known[cell], self._rng.uniform(low, high)

    # -- sending ----------------------------------------------------------------------------------------------------------

    def _received(self, measured: list[tuple[float, Place, float]]) -> list[float]:
        """When each comes in. Without coverage they wait, and come at its end, at some devices the newest first."""
        rng = self._rng
        gap_s = self._ailing(self._life) if self._kind.ails in {"late", "reversed"} else math.inf
        until_s = gap_s + rng.uniform(*p.GAP_S)
        median, high = p.LATENCY_S
        spread = math.log(high / median) / 1.645  # the 95th percentile of a normal distribution
        received = [at_s + rng.lognormvariate(math.log(median), spread) for at_s, _, _ in measured]
        waiting = [n for n, (at_s, _, _) in enumerate(measured) if gap_s <= at_s < until_s]
        if self._kind.ails == "reversed" or rng.random() < p.NEWEST_FIRST:
            waiting.reverse()
        for order, n in enumerate(waiting):
            received[n] = until_s + order * APART_S
        return received


def _near(one: Point, other: Point) -> bool:
    """Whether nobody has moved."""
    return one.east_m == other.east_m and one.north_m == other.north_m
