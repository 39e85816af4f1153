"""The truth of a life at home: what somebody does at every moment, and when they left the bed, for how long and what for."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

from loadtests.evaluate.homes.home import RETURNED, UP, Leave, Stretch
from loadtests.evaluate.homes.residents import parameters as p
from loadtests.evaluate.homes.residents.habits import Habits
from loadtests.evaluate.homes.residents.wall import Wall, moment

Luck = Callable[[str], random.Random]
"""A source of chance by name: what is drawn from one changes nothing that is drawn from another."""


class Spell(NamedTuple):
    """From when until when something was done: a doing of the table, `bed` or `out`."""

    from_s: int
    until_s: int
    doing: str


class Life:
    """Spells without a gap between them, in order of time, and why each one in bed ended."""

    def __init__(self, spells: list[Spell], outcomes: dict[int, str]) -> None:
        self.spells, self._outcomes = spells, outcomes
        self.in_bed = [spell for spell in spells if spell.doing == p.BED]
        self.out = [spell for spell in spells if spell.doing == p.OUT]

    def leaves(self, wall: Wall) -> tuple[Leave, ...]:
        """Those that begin while it is looked; a return after its end is not seen."""
        found = []
        for one, other in pairwise([*self.in_bed, None]):
            if one is None or not wall.begins_s <= one.until_s < wall.ends_s:
                continue
            back_s = other.from_s if other is not None and other.from_s < wall.ends_s else None
            outcome = self._outcomes[one.until_s]
            found.append(Leave(moment(one.until_s), None if back_s is None else moment(back_s), outcome))
        return tuple(found)

    def sleeps(self, wall: Wall, rng: random.Random) -> tuple[Stretch, ...]:
        """From some minutes after lying down until the bed is left."""
        asleep = []
        for spell in self.in_bed:
            latency_s = int(p.MIN_S * p.ASLEEP_MIN[0] * rng.lognormvariate(0, p.ASLEEP_MIN[1]))
            asleep.append(Spell(spell.from_s + min(latency_s, (spell.until_s - spell.from_s) // 2), spell.until_s, p.BED))
        return seen(asleep, wall)


def seen(spells: list[Spell], wall: Wall) -> tuple[Stretch, ...]:
    """What of them lies in the time that is looked at."""
    cut = ((max(one.from_s, wall.begins_s), min(one.until_s, wall.ends_s)) for one in spells)
    return tuple(Stretch(moment(from_s), moment(until_s)) for from_s, until_s in cut if from_s < until_s)


def live(habits: Habits, wall: Wall, luck: Luck) -> Life:
    """One life with those habits, from the first day's morning until the bed is left for good after the last night."""
    way = _Way(habits, wall, luck)
    for day in range(wall.days + 1):
        way.day(day)
        way.night(day)
    return Life(way.spells, way.outcomes)


class _Way:
    """Spells being laid, one after the other."""

    def __init__(self, habits: Habits, wall: Wall, luck: Luck) -> None:
        self._habits, self._wall, self._luck = habits, wall, luck
        self.at_s = wall.at_s(0, habits.rise_h)
        self.spells: list[Spell] = []
        self.outcomes: dict[int, str] = {}

    # -- the day ----------------------------------------------------------------------------------------------------------

    def day(self, day: int) -> None:
        """From rising, or from whenever one is free, until bedtime."""
        rng = self._luck(f"day-{day}")
        until_s = self._bedtime_s(day)
        if self._away_begins(day):
            self._morning(rng)
            self._fill(rng, self._wall.at_s(day, p.AWAY_H[0]))
            self._travel(day)
        if self.at_s >= until_s:
            return
        if self.at_s < self._wall.at_s(day, p.AWAY_H[0]):
            self._morning(rng)
        if self._habits.has("ill", day):
            self._in_bed_by_day(rng, until_s)
            return
        for begins_s, length_s, doing in self._appointments(day, rng):
            if begins_s <= self.at_s or begins_s + length_s > until_s - p.HOUR_S:
                continue  # still busy with what was before, or too late in the day
            self._fill(rng, begins_s)
            self._do(doing, length_s)
            if doing == p.BED:
                self.outcomes[self.at_s] = UP
        self._fill(rng, until_s)

    def _bedtime_s(self, day: int) -> int:
        rng, habits = self._luck(f"bedtime-{day}"), self._habits
        hour = habits.bed_h + self._drifted(day) * habits.drift_h / 2 + rng.gauss(0, habits.night_spread_h)
        return self._wall.at_s(day, max(19.0, min(27.0, hour)))

    def _drifted(self, day: int) -> float:
        return day / p.PER_DAYS

    def _away_begins(self, day: int) -> bool:
        return any(one.kind == "away" and one.day == day for one in self._habits.incidents)

    def _travel(self, day: int) -> None:
        length = max(one.days for one in self._habits.incidents if one.kind == "away" and one.day == day)
        back_s = self._wall.at_s(min(day + length, self._wall.days + 1), p.AWAY_H[1])
        self._do(p.OUT, back_s - self.at_s)

    def _morning(self, rng: random.Random) -> None:
        self._doing("wash", rng)
        self._doing("tidy", rng)
        self._doing("cook", rng)

    def _appointments(self, day: int, rng: random.Random) -> list[tuple[int, int, str]]:
        """What has its hour: outings and the nap, in order of time, with their lengths."""
        habits = self._habits
        found = []
        for _ in range(_poisson(rng, habits.outings, p.OUTINGS_MAX)):
            low, high = p.OUTING_BOUNDS_MIN
            minutes = min(high, max(low, p.OUTING_MIN[0] * rng.lognormvariate(0, p.OUTING_MIN[1])))
            found.append((self._wall.at_s(day, rng.uniform(*p.OUTING_H)), int(p.MIN_S * minutes), p.OUT))
        if rng.random() < habits.nap:
            minutes = p.NAP_MIN[0] * rng.lognormvariate(0, p.NAP_MIN[1])
            found.append((self._wall.at_s(day, rng.uniform(*p.NAP_H)), int(p.MIN_S * minutes), p.BED))
        return sorted(found)

    def _fill(self, rng: random.Random, until_s: int) -> None:
        """One thing after another until then."""
        while self.at_s < until_s:
            hour = self._wall.hour(self.at_s)
            part = 0 if 4 <= hour < 11 else 1 if 11 <= hour < 14 else 2 if 14 <= hour < 17 else 3
            name = rng.choices(_NAMES, _LIKELY[part])[0]
            self._do(name, min(_length_s(name, rng), until_s - self.at_s))

    def _in_bed_by_day(self, rng: random.Random, until_s: int) -> None:
        """Ill: lying down, up for a little, lying down again."""
        while self.at_s < until_s - p.HOUR_S:
            rest_s = int(p.MIN_S * p.ILL_REST_MIN[0] * rng.lognormvariate(0, p.ILL_REST_MIN[1]))
            self._do(p.BED, min(rest_s, until_s - self.at_s - p.HOUR_S // 2))
            self.outcomes[self.at_s] = RETURNED
            self._doing("toilet", rng)
            self._do("weak", min(_length_s("weak", rng), max(p.MIN_S, until_s - self.at_s)))
        self._do("weak", max(p.MIN_S, until_s - self.at_s))

    # -- the night --------------------------------------------------------------------------------------------------------

    def night(self, day: int) -> None:
        """From bedtime until rising, with the leaves in between."""
        rise_s = self._rising_s(day + 1)
        if self.at_s >= rise_s - p.HOUR_S:
            return  # away, or back so late that it is day again
        rng = self._luck(f"night-{day}")
        for left_s, length_s, slept in self._leaves(day, self.at_s, rise_s, rng):
            self._do(p.BED, left_s - self.at_s)
            self.outcomes[left_s] = RETURNED
            self._up(length_s, slept, rng)
        self._do(p.BED, rise_s - self.at_s)
        self.outcomes[rise_s] = UP

    def _rising_s(self, day: int) -> int:
        rng, habits = self._luck(f"rising-{day}"), self._habits
        hour = habits.rise_h + self._drifted(day) * habits.drift_h + rng.gauss(0, habits.night_spread_h)
        hour += habits.weekend_h if self._wall.weekend(day) else 0.0
        hour += rng.uniform(0, 1.5) if habits.has("ill", day) else 0.0
        return self._wall.at_s(day, max(4.5, min(11.0, hour)))

    def _leaves(self, day: int, bed_s: int, rise_s: int, rng: random.Random) -> list[tuple[int, int, bool]]:
        """When the bed is left, for how long, and whether sleepily: in order, apart, and back well before rising."""
        apart_s = int(p.MIN_S * p.APART_MIN)
        found: list[tuple[int, int, bool]] = []
        for left_s, length_s, slept in sorted(self._wishes(day, bed_s + apart_s // 2, rise_s, rng)):
            free_s = found[-1][0] + found[-1][1] + apart_s if found else bed_s
            if left_s >= free_s and left_s + length_s + apart_s <= rise_s:
                found.append((left_s, length_s, slept))
        return found

    def _wishes(self, day: int, from_s: int, rise_s: int, rng: random.Random) -> list[tuple[int, int, bool]]:
        habits, ill = self._habits, self._habits.has("ill", day)
        worse = 1 + (habits.worse - 1) * self._drifted(day)
        mean = habits.leaves * worse * (p.ILL_LEAVES if ill else 1.0)
        found = []
        for _ in range(_poisson(rng, mean, p.LEAVES_WHEN_ILL_MAX if ill else p.LEAVES_MAX)):
            left_s = from_s + int(rng.random() * (rise_s - from_s))
            minutes = habits.up_min * worse * (p.ILL_UP if ill else 1.0) * self._by_hour(day, left_s)
            minutes = min(p.UP_LONGEST_MIN, minutes * rng.lognormvariate(0, habits.up_spread))
            found.append((left_s, max(20, int(p.MIN_S * minutes)), True))
        if rng.random() < habits.sleepless:
            left_s = from_s + int(rng.uniform(0.2, 0.6) * (rise_s - from_s))
            found.append((left_s, int(p.MIN_S * rng.uniform(*p.SLEEPLESS_MIN)), False))
        return found

    def _by_hour(self, day: int, left_s: int) -> float:
        if left_s < self._wall.at_s(day, p.EARLY_UNTIL_H):
            return self._habits.up_early
        return self._habits.up_dawn if left_s >= self._wall.at_s(day, p.DAWN_FROM_H) else 1.0

    def _up(self, length_s: int, slept: bool, rng: random.Random) -> None:
        """To the bathroom; for what is longer than that, to the kitchen or a chair. The sleepless are active there."""
        until_s = self.at_s + length_s
        self._do("toilet", min(length_s, _length_s("toilet", rng)))
        while self.at_s < until_s:
            name = "up" if not slept or rng.random() < 0.5 else "read"
            self._do(name, min(_length_s(name, rng), until_s - self.at_s))

    # -- laying -----------------------------------------------------------------------------------------------------------

    def _doing(self, name: str, rng: random.Random) -> None:
        self._do(name, _length_s(name, rng))

    def _do(self, doing: str, length_s: int) -> None:
        if length_s > 0:
            self.spells.append(Spell(self.at_s, self.at_s + length_s, doing))
            self.at_s += length_s


_NAMES = [name for name, doing in p.DOINGS.items() if any(doing.likely)]
_LIKELY = [[p.DOINGS[name].likely[part] for name in _NAMES] for part in range(4)]


def _length_s(name: str, rng: random.Random) -> int:
    doing = p.DOINGS[name]
    return max(30, int(p.MIN_S * doing.minutes * rng.lognormvariate(0, doing.spread)))


def _poisson(rng: random.Random, mean: float, most: int) -> int:
    """How often, when each time is independent of the others (Knuth's way), but no more than that."""
    limit, product, count = math.exp(-mean), rng.random(), 0
    while product > limit and count < most:
        product *= rng.random()
        count += 1
    return count
