"""Verdicts added up: false exits per 100 hours with an interval, exits found, delays."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from loadtests.evaluate.verdict import Verdict

RESAMPLES: Final = 10_000
"""Of the bootstrap: the ends of its interval move by less than they are rounded."""

PER_HOURS: Final = 100.0


class Rate(msgspec.Struct, frozen=True):
    """Stays with a false exit, and per 100 hours with a 95 % interval.

    By stay; `group_low` and `group_high` by recording, which is wider where the stays of one recording are alike. Where none
    was false the bootstrap knows nothing, and the upper end is that of a Poisson rate of which nothing was seen.
    """

    stays: int
    hours: float
    false: int
    per_100h: float
    low: float
    high: float
    group_low: float
    group_high: float


class Delays(msgspec.Struct, frozen=True):
    """Seconds, an exit that was not found counted as infinitely late (None)."""

    count: int
    found: int
    p50: float | None
    p95: float | None
    worst: float | None


class Score(msgspec.Struct, frozen=True):
    """All that is said of one rule on one set of scenarios.

    `seen` exits have a fix outside, `firm` ones three by more than their accuracy.
    """

    name: str
    family: str
    parameter: float | None
    clean: Rate
    all: Rate
    seen: Delays
    firm: Delays
    firm_received: Delays
    crossing: Delays
    false_stays: tuple[str, ...]
    missed: tuple[str, ...]


def score(name: str, family: str, parameter: float | None, verdicts: Sequence[Verdict], seed: int) -> Score:
    """Add up."""
    exits = [one for one in verdicts if one.exit]
    firm = [one for one in exits if one.firm]
    return Score(
        name=name,
        family=family,
        parameter=parameter,
        clean=rate([one for one in verdicts if one.clean], seed),
        all=rate(verdicts, seed),
        seen=delays(exits, lambda one: one.delay_s),
        firm=delays(firm, lambda one: one.delay_s),
        firm_received=delays(firm, lambda one: one.received_delay_s),
        crossing=delays(firm, lambda one: one.crossing_delay_s),
        false_stays=tuple(one.scenario for one in verdicts if one.false),
        missed=tuple(one.scenario for one in exits if not one.found),
    )


def rate(verdicts: Sequence[Verdict], seed: int) -> Rate:
    """A stay with any alarm is one false exit; hours are those of all stays."""
    hours = sum(one.hours for one in verdicts)
    false = sum(one.false for one in verdicts)
    groups = [one.scenario for one in verdicts]
    low, high = interval(verdicts, groups, seed)
    group_low, group_high = interval(verdicts, [one.group for one in verdicts], seed)
    per = PER_HOURS * false / hours if hours else 0.0
    return Rate(len(verdicts), hours, false, per, low, high, group_low, group_high)


def interval(verdicts: Sequence[Verdict], groups: Sequence[str], seed: int) -> tuple[float, float]:
    """Percentile bootstrap of a ratio of sums (Efron and Tibshirani, 1993), whole groups drawn with replacement."""
    hours = sum(one.hours for one in verdicts)
    if not hours:
        return 0.0, 0.0
    if not any(one.false for one in verdicts):
        return 0.0, -math.log(0.05) / hours * PER_HOURS
    numbers = {group: number for number, group in enumerate(dict.fromkeys(groups))}
    sums = np.zeros((2, len(numbers)))
    for one, group in zip(verdicts, groups, strict=True):
        sums[:, numbers[group]] += one.false, one.hours
    drawn = _drawn(len(numbers), seed) @ sums.T
    ratios = PER_HOURS * drawn[:, 0] / np.maximum(drawn[:, 1], 1e-9)
    low, high = np.percentile(ratios, (2.5, 97.5))
    return float(low), float(high)


@functools.cache
def _drawn(groups: int, seed: int) -> npt.NDArray[np.float64]:
    """How often each group is in each resample."""
    return np.random.default_rng(seed).multinomial(groups, [1 / groups] * groups, RESAMPLES).astype(float)


def delays(verdicts: Sequence[Verdict], delay: Callable[[Verdict], float | None]) -> Delays:
    """Nearest rank, so that every figure is one that happened."""
    known = [math.inf if (value := delay(one)) is None else value for one in verdicts]
    known.sort()

    def at(share: float) -> float | None:
        if not known:
            return None
        value = known[max(0, math.ceil(share * len(known)) - 1)]
        return value if math.isfinite(value) else None

    return Delays(len(verdicts), sum(one.found for one in verdicts), at(0.5), at(0.95), at(1.0))


def beaten(one: Score, others: Sequence[Score]) -> list[str]:
    """Who is better than `one` in something and worse in nothing: fewer false exits, more found, sooner (p95 and worst)."""
    mine = _losses(one)
    return [
        other.name
        for other in others
        if other is not one and _losses(other) != mine and all(a <= b for a, b in zip(_losses(other), mine, strict=True))
    ]


def _losses(one: Score) -> tuple[float, ...]:
    def late(value: float | None) -> float:
        return math.inf if value is None else value

    return (one.clean.false, one.firm.count - one.firm.found, late(one.firm.p95), late(one.firm.worst))
