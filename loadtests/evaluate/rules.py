"""Reference rules, each a few lines: which fix raises, given the fixes so far. What others do, and what ours is held against."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from loadtests.evaluate.scenario import Seen

Vote = Callable[[float, float], bool]
"""Whether one fix says "outside": metres outside the border, claimed accuracy (infinite where the device does not say)."""


class Rule(msgspec.Struct, frozen=True):
    """Raises at the `run`-th fix in a row that votes. Those of one `family` differ in one parameter: a curve."""

    name: str
    family: str
    parameter: float
    vote: Vote
    run: int = 1

    def raises(self, seen: Sequence[Seen]) -> Seen | None:
        """The fix at which it raises, with nothing known from before."""
        row = 0
        for one in seen:
            row = row + 1 if self.votes(one) else 0
            if row == self.run:
                return one
        return None

    def votes(self, one: Seen) -> bool:
        """What it makes of a single fix."""
        return self.vote(one.outside_m, float("inf") if one.accuracy_m is None else one.accuracy_m)


def in_a_row(run: int) -> Rule:
    """So many fixes outside in a row; accuracy ignored."""
    return Rule(f"{run} fixes in a row", "fixes in a row", run, lambda outside, _: outside > 0, run)


def farther_than(margin_m: float) -> Rule:
    """One fix outside by a margin; accuracy ignored."""
    return Rule(f"outside by {margin_m:g} m", "margin", margin_m, lambda outside, _: outside > margin_m)


def claims(accuracy_m: float) -> Rule:
    """One fix outside that claims a good accuracy; all others are thrown away."""
    name = f"accuracy ≤ {accuracy_m:g} m"
    return Rule(name, "accuracy filter", accuracy_m, lambda outside, accuracy: outside > 0 and accuracy <= accuracy_m)


def surely(factor: float, run: int = 1) -> Rule:
    """Outside by more than so many times the claimed accuracy, once or several times in a row."""
    scaled = "" if factor == 1 else f"{factor:g} · "
    name = f"distance − {scaled}accuracy > radius"
    family = "distance − accuracy" if run == 1 else f"distance − accuracy, {run} in a row"
    named = name if run == 1 else f"{name}, {run} in a row"
    return Rule(named, family, factor, lambda outside, accuracy: outside > factor * accuracy, run)


ONE_FIX: Final = Rule("one fix outside", "fixes in a row", 1, lambda outside, _: outside > 0)

REFERENCES: Final = (
    ONE_FIX,
    msgspec.structs.replace(in_a_row(2), name="two fixes in a row"),
    claims(100),
    surely(1),
    msgspec.structs.replace(surely(1, 2), name="the same, two in a row"),
)
"""The five whose results on the shared part of the recordings are known."""

CURVES: Final = (
    *(in_a_row(run) for run in (3, 4, 5, 6, 8, 10)),
    *(farther_than(margin) for margin in (25, 50, 100, 200, 400, 800)),
    *(claims(accuracy) for accuracy in (10, 15, 20, 30, 50, 75, 150, 200, 400, 800)),
    *(surely(factor) for factor in (0.25, 0.5, 0.75, 1.5, 2, 3, 4, 6)),
    *(surely(factor, 2) for factor in (0.25, 0.5, 0.75, 1.5, 2, 3, 4)),
    *(surely(factor, 3) for factor in (0.25, 0.5, 1, 1.5, 2, 3)),
)
"""The same ideas with other parameters: what the best of each kind could do, chosen with hindsight."""
