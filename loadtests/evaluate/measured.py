"""What recordings say of receivers: the figures that the generated walks take from them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import Final

from loadtests.evaluate.scenario import Fix, Scenario, distance_m

SHARES: Final = (0.0, 0.05, 0.5, 0.9, 0.95, 0.99, 1.0)

TOGETHER_S: Final = 120.0
"""Two fixes of a stay this close together are one moment of somebody who sits still."""

ROOM_M: Final = (25.0, 50.0)
"""Claims that positions from Wi-Fi networks make."""

FEWEST: Final = 3
"""Fixes that claim `ROOM_M` or better, without which nobody knows where a stay really was."""


def rows(traces: Mapping[str, Sequence[Fix]], scenarios: Sequence[Scenario]) -> list[list[str]]:
    """One line for each figure, with quantiles, or a single share."""
    fixes = [fix for trace in traces.values() for fix in trace]
    gaps = [after.at_s - before.at_s for trace in traces.values() for before, after in itertools.pairwise(trace)]
    pairs = [pair for one in scenarios for pair in _moments(one)]
    held = sum((one.lat, one.lon) == (other.lat, other.lon) for one, other in pairs)
    return [
        ["", *(f"{100 * share:g} %" for share in SHARES)],
        _quantiles("received after measured, s", [fix.received_s - fix.at_s for fix in fixes]),
        _quantiles("time between fixes, s", gaps),
        _quantiles("claimed accuracy, m", [fix.accuracy_m for fix in fixes if fix.accuracy_m is not None]),
        _quantiles("error of fixes of a stay that claim 25 to 50 m, m", [m for one in scenarios for m in _errors(one)]),
        [
            "share of a stay's fixes that repeat the one before",
            f"{held / len(pairs):.2f}" if pairs else "",
            *[""] * (len(SHARES) - 1),
        ],
    ]


def _quantiles(name: str, values: Sequence[float]) -> list[str]:
    ordered = sorted(values)
    return [name, *(f"{ordered[round(share * (len(ordered) - 1))]:.1f}" if ordered else "" for share in SHARES)]


def _moments(one: Scenario) -> Iterator[tuple[Fix, Fix]]:
    """Pairs of fixes of a stay that follow each other closely."""
    for before, after in itertools.pairwise(sorted(one.staying(), key=lambda fix: fix.at_s)):
        if 0 < after.at_s - before.at_s <= TOGETHER_S:
            yield before, after


def _errors(one: Scenario) -> Iterator[float]:
    """How far fixes are from the median of the good ones: the truth is not known better."""
    good = [fix for fix in one.staying() if fix.accuracy_m is not None and fix.accuracy_m <= ROOM_M[1]]
    if len(good) < FEWEST:
        return
    lat, lon = median(fix.lat for fix in good), median(fix.lon for fix in good)
    for fix in good:
        if fix.accuracy_m is not None and fix.accuracy_m > ROOM_M[0]:
            yield distance_m(lat, lon, fix.lat, fix.lon)
