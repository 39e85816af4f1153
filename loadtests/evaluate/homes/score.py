"""Verdicts added up: false alarms per 100 nights or 30 days with an interval, the share found, delays; who is beaten by whom."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from loadtests.evaluate.homes.lives import OUT_OF_BED, UNSEEN, WHOLE
from loadtests.evaluate.homes.verdict import ASLEEP, SORTS, Verdict

PER: Final = {OUT_OF_BED: 100.0, "inactivity": 30.0}
"""Nights, days."""

RESAMPLES: Final = 10_000
"""Of the bootstrap: the ends of its interval move by less than they are rounded."""


class Delays(msgspec.Struct, frozen=True):
    """Seconds by nearest rank; what was not found counts as infinitely late (None)."""

    count: int
    found: int
    p50: float | None
    p90: float | None
    worst: float | None

    @property
    def share(self) -> float:
        """Of what was to be found."""
        return self.found / self.count if self.count else 0.0


class Score(msgspec.Struct, frozen=True):
    """All that is said of one rule. `late`: of what was to be found; `by_state` the same apart by how she was."""

    rule: str
    kind: str
    hours: str
    family: str
    parameter: float
    default: bool
    days: float
    false: int
    per: float
    low: float
    high: float
    sorts: dict[str, int]
    late: Delays
    by_state: dict[str, Delays]


class Named(msgspec.Struct, frozen=True):
    """Which rule a score is of."""

    rule: str
    kind: str
    hours: str
    family: str
    parameter: float
    default: bool = False


def score(named: Named, verdicts: Sequence[Verdict], seed: int) -> Score:
    """Add up. What a mat took for a leaving while somebody slept is counted apart, and what no mat saw: nobody can know."""
    whole = [one for one in verdicts if one.sort == WHOLE]
    cut = [one for one in verdicts if one.sort != WHOLE]
    states = sorted({one.state for one in cut})
    days, false = sum(one.days for one in whole), sum(len(one.false) for one in whole)
    per = PER[named.kind]
    low, high = interval([(len(one.false), one.days) for one in whole], per, seed)
    sorts = {sort: sum(alarm.sort == sort for one in whole for alarm in one.false) for sort in SORTS[named.kind]}
    true = [one for one in cut if named.kind != OUT_OF_BED or one.state not in (ASLEEP, UNSEEN)]
    by_state = {state: delays(one.delay_s for one in cut if one.state == state) for state in states}
    rate = per * false / days if days else 0.0
    late = delays(one.delay_s for one in true)
    return Score(
        **msgspec.structs.asdict(named),
        days=days,
        false=false,
        per=rate,
        low=low,
        high=high,
        sorts=sorts,
        late=late,
        by_state=by_state,
    )


def delays(values: Iterable[float | None]) -> Delays:
    """Nearest rank, so that every figure is one that happened."""
    known = sorted(math.inf if value is None else value for value in values)

    def at(share: float) -> float | None:
        value = known[max(0, math.ceil(share * len(known)) - 1)] if known else math.inf
        return value if math.isfinite(value) else None

    return Delays(len(known), sum(math.isfinite(value) for value in known), at(0.5), at(0.9), at(1.0))


def interval(counted: Sequence[tuple[int, float]], per: float, seed: int) -> tuple[float, float]:
    """Percentile bootstrap of a ratio of sums (Efron and Tibshirani, 1993), over nights or over lives.

    Where nothing was false it knows nothing, and the upper end is that of a Poisson rate of which nothing was seen.
    """
    days = sum(length for _, length in counted)
    if not days:
        return 0.0, 0.0
    if not any(false for false, _ in counted):
        return 0.0, -math.log(0.05) / days * per
    drawn = _drawn(len(counted), seed) @ np.array(counted, dtype=float)
    low, high = np.percentile(per * drawn[:, 0] / np.maximum(drawn[:, 1], 1e-9), (2.5, 97.5))
    return float(low), float(high)


@functools.cache
def _drawn(groups: int, seed: int) -> npt.NDArray[np.float64]:
    """How often each is in each resample."""
    return np.random.default_rng(seed).multinomial(groups, [1 / groups] * groups, RESAMPLES).astype(float)


def beating(one: Score, others: Iterable[Score]) -> list[Score]:
    """Those with as few false alarms, as short a median delay and as large a share found: one is not below their curve."""
    return [other for other in others if all(a <= b for a, b in zip(_losses(other), _losses(one), strict=True))]


def _losses(one: Score) -> tuple[float, float, float]:
    return one.per, median(one), -one.late.share


def median(one: Score) -> float:
    """Of the delay; infinite where not even half was found."""
    return math.inf if one.late.p50 is None else one.late.p50
