"""What is believed about one person and one set of zones: inside, outside or unknown, from fixes of doubtful accuracy."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

import msgspec

Side = Literal["unknown", "inside", "outside"]

RUN: Final = 2
"""Fixes that must agree before the belief changes: a receiver that jumps once is common, the same jump twice is rare."""

ACCURACY_FLOOR_M: Final = 10.0
"""A better claim than this is not believed: a receiver lying still has claimed 0.2 m and been 4.4 m off."""

ACCURACY_UNKNOWN_M: Final = 50.0
"""Taken where a device does not say: what a phone-class receiver in and around houses often claims."""

ROUGH_M: Final = 200.0
"""A worse claim than this is a network's guess, not a receiver's own estimate: cells and known hot spots, looked up."""

ROUGH_FACTOR: Final = 2.0
"""How much further off a network's guess is taken to be than it says. It still counts when it is far enough away, because
somebody lost far from home may have nothing better; leaving such fixes out altogether found one recorded exit two hours late."""


class Fix(msgspec.Struct, frozen=True, gc=False):
    """One position as seen from the zones: signed metres to their border (the smallest of them), and the claimed accuracy."""

    at: datetime
    distance_m: float
    accuracy_m: float | None = None


class Belief(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """`side` and `since_at` are for everybody; the rest is the way there and may change.

    `since_at` is the time of the first fix of the run that led to `side`; None while unknown.
    """

    side: Side = "unknown"
    since_at: datetime | None = None
    last_at: datetime | None = None
    run_side: Side = "unknown"
    run_count: int = 0
    run_at: datetime | None = None


def step(belief: Belief, fix: Fix) -> Belief:
    """The belief after a fix; the same object when the fix is old, a repeat, or too poor to tell."""
    at, distance, accuracy = fix.at, fix.distance_m, fix.accuracy_m
    last_at = belief.last_at
    if last_at is not None and at <= last_at:
        return belief
    # Not "<=", so that a claim which is no number counts as unknown too.
    if accuracy is None or not accuracy > 0.0:
        accuracy = ACCURACY_UNKNOWN_M
    elif accuracy < ACCURACY_FLOOR_M:
        accuracy = ACCURACY_FLOOR_M
    elif accuracy > ROUGH_M:
        accuracy *= ROUGH_FACTOR
    vote: Side
    if distance > accuracy:
        vote = "outside"
    elif distance < -accuracy:
        vote = "inside"
    else:
        return belief
    if vote == belief.side:
        return Belief(vote, belief.since_at, at)
    if vote != belief.run_side:
        return Belief(belief.side, belief.since_at, at, vote, 1, at)
    count = belief.run_count + 1
    if count < RUN:
        return Belief(belief.side, belief.since_at, at, vote, count, belief.run_at)
    return Belief(vote, belief.run_at, at)
