"""Durations of one sort whose mean and spread are themselves uncertain, and how long the next may be.

Durations are looked at on a scale on which they are about normal (`Scale`). Then the conjugate analysis of a normal sample with
unknown mean and variance applies (Gelman et al., Bayesian Data Analysis, 3rd ed., 3.3): a belief is worth some observations, data
move it, and the next observation has Student's t distribution. With few data its tails are heavy, so that a limit far out begins
wide and narrows as a person becomes known.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

FREEDOM_MAX: Final = 12
"""Degrees of freedom at most, however many data. Lives have heavier tails than a log-normal: of 94 nightly leaves of the *aruba*
recording (2010-11 to 2011-02) two lasted longer than five spreads beyond the mean of the rest."""

FREEDOM_MIN: Final = 4
"""At least so many: with fewer one in a hundred would be days."""

HALVINGS: Final = 20
"""Of the interval in which a quantile is looked for: to well under a second."""

FARTHEST: Final = 100.0
"""No quantile that is asked for lies so many spreads away: that of one in ten thousand lies 13 away, with 4 degrees."""

QUANTILES_MAX: Final = 4096
"""Quantiles kept: shares are rounded, so that persons have them in common."""

LONGEST_S: Final = 10 * 86_400.0
"""Nothing that is watched for lasts longer."""


BEYOND_MIN: Final = 1e-9
"""Less likely than this nothing has lasted as long as it has."""


class Scale(NamedTuple):
    """A way of looking at seconds, and back."""

    of: Callable[[float], float]
    seconds: Callable[[float], float]


LOG: Final = Scale(math.log, math.exp)
"""What takes a while and sometimes several times as long: a visit to the bathroom."""

ROOT: Final = Scale(math.cbrt, lambda value: value**3)
"""The cube root makes waiting times about normal (Wilson and Hilferty, 1931): how long until something happens again."""


class Sums(NamedTuple):
    """What was observed, on its scale: how many (weighted), their sum, the sum of their squares."""

    n: float
    x: float
    xx: float


class Spread(NamedTuple):
    """What is believed, on a scale: the `mean`, worth `worth` observations, and the `variance`, worth twice `shape` of them."""

    mean: float
    worth: float
    shape: float
    variance: float

    def given(self, sums: Sums) -> Spread:
        """The belief after more data."""
        if sums.n <= 0.0:
            return self
        n, mean = sums.n, sums.x / sums.n
        within = max(sums.xx - n * mean * mean, 0.0)
        worth, shape = self.worth + n, self.shape + n / 2.0
        between = self.worth * n * (mean - self.mean) ** 2 / worth
        rate = self.shape * self.variance + (within + between) / 2.0
        return Spread((self.worth * self.mean + sums.x) / worth, worth, shape, rate / shape)

    def beyond(self, value: float) -> float:
        """How likely the next is larger than this (0 to 1)."""
        return student_beyond((value - self.mean) / self._breadth(), self._freedom())

    def reached(self, share: float) -> float:
        """What the next does not exceed with this probability."""
        return self.mean + student(share, self._freedom()) * self._breadth()

    def _breadth(self) -> float:
        return math.sqrt(self.variance * (1.0 + 1.0 / self.worth))

    def _freedom(self) -> int:
        return min(max(2 * round(self.shape), FREEDOM_MIN), FREEDOM_MAX)


class Part(NamedTuple):
    """One of several ways in which something may be over: how likely it is so, and how long that takes from `from_s` on.

    Before zero it had already begun so long ago, and is not over yet.
    """

    likely: float
    spread: Spread
    from_s: float = 0.0


def within(share: float, scale: Scale, parts: Sequence[Part]) -> float:
    """Seconds within which something is over with the probability `share`, whichever way."""
    if len(parts) == 1 and parts[0].from_s >= 0.0:
        return scale.seconds(parts[0].spread.reached(share)) + parts[0].from_s
    least, most = scale.of(1.0), scale.of(LONGEST_S)
    for _ in range(HALVINGS):
        middle = (least + most) / 2.0
        seconds = scale.seconds(middle)
        longer = sum(part.likely * _beyond(part, scale, seconds) for part in parts)
        least, most = (middle, most) if longer > 1.0 - share else (least, middle)
    return scale.seconds(most)


def _beyond(part: Part, scale: Scale, seconds: float) -> float:
    if seconds - part.from_s < 1.0:
        return 1.0
    beyond = part.spread.beyond(scale.of(seconds - part.from_s))
    return beyond if part.from_s >= 0.0 else beyond / max(part.spread.beyond(scale.of(-part.from_s)), BEYOND_MIN)


@lru_cache(maxsize=QUANTILES_MAX)
def student(share: float, freedom: int) -> float:
    """Quantile of Student's t, for a share of 0.5 or more and an even number of degrees of freedom."""
    least, most = 0.0, FARTHEST
    for _ in range(2 * HALVINGS):
        middle = (least + most) / 2.0
        least, most = (middle, most) if student_beyond(middle, freedom) > 1.0 - share else (least, middle)
    return most


def student_beyond(t: float, freedom: int) -> float:
    """The upper tail of Student's t, for an even number of degrees of freedom (Abramowitz and Stegun, 26.7.4)."""
    angle = math.atan2(t, math.sqrt(freedom))
    cosine2, term, total = math.cos(angle) ** 2, 1.0, 1.0
    for place in range(2, freedom, 2):
        term *= cosine2 * (place - 1) / place
        total += term
    return 0.5 * (1.0 - math.sin(angle) * total)
