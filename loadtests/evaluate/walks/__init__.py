"""Made-up walks whose truth is known: who truly left, when they crossed the border, and what a poor receiver said of it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from msgspec.structs import replace

from loadtests.evaluate.scenario import Scenario, in_order_of_receipt, moved
from loadtests.evaluate.walks.life import KINDS, Life, live
from loadtests.evaluate.walks.receiver import Receiver

__all__ = ["KINDS", "generate"]

BEGIN_S: Final = datetime(2026, 1, 12, tzinfo=UTC).timestamp()
MIDDLE: Final = (58.38, 13.0)
SPREAD_M: Final = 60_000.0
"""Homes lie somewhere in this square: where the first users will live, which matters to nothing but the length of a degree."""


def generate(seed: int, each: int) -> Iterator[Scenario]:
    """So many walks of each kind. One depends on the seed, its kind and its number only."""
    for kind in KINDS:
        for number in range(each):
            yield _walk(kind, number, random.Random(f"walk-{seed}-{kind}-{number}"))


def _walk(kind: str, number: int, rng: random.Random) -> Scenario:
    lat, lon = moved(*MIDDLE, rng.uniform(-1, 1) * SPREAD_M, rng.uniform(-1, 1) * SPREAD_M)
    life = live(KINDS[kind], rng)
    fixes = Receiver(KINDS[kind], life, rng).fixes(lat, lon, BEGIN_S)
    if KINDS[kind].phone:
        # It lies where the life began, until that ends.
        lying = Life([life.points[0], life.points[0]._replace(at_s=life.ends_s)], life.leaves_s, None)
        fixes += [replace(fix, other=True) for fix in Receiver(KINDS["house"], lying, rng).fixes(lat, lon, BEGIN_S)]
    return Scenario(
        name=f"walk-{kind}/{number}",
        group=f"walk-{kind}",
        lat=lat,
        lon=lon,
        inside_s=BEGIN_S,
        leaves_s=BEGIN_S + life.leaves_s,
        ends_s=BEGIN_S + life.ends_s,
        clean=True,
        fixes=in_order_of_receipt(fixes),
        exits=life.crosses_s is not None,
        crosses_s=None if life.crosses_s is None else BEGIN_S + life.crosses_s,
    )
