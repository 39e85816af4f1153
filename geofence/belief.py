"""What is believed about one person and one set of zones: inside, outside or unknown, from fixes of doubtful accuracy.

Each fix is evidence for one side, as strong as its distance from the border is large beside the accuracy it claims, and never so
strong that it decides alone. Evidence against what is believed adds up, and is forgotten when it has been contradicted: the
cumulative sum of E. S. Page, "Continuous inspection schemes", Biometrika 41 (1954). The weight of a fix is the logarithm of how
much likelier it is seen from outside than from inside, for errors along the way to the border with the heavy tails of a logistic
distribution. Pure.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

import msgspec

Side = Literal["unknown", "inside", "outside"]
Standing = Literal["unknown", "inside", "outside", "uncertain"]

AGREE: Final = 2
"""Fixes that must agree before the belief changes: a receiver that jumps once is common, the same jump twice is rare."""

ENOUGH: Final = 3.0
"""Evidence that changes the belief: odds of twenty to one."""

WEIGHT: Final = 2.75
"""Evidence of a fix that lies one claimed accuracy from the border. Receivers claim the radius of the circle that holds 68 % of
their fixes; of a normal error in the plane, 87 % then lie within it along any one direction, and of a logistic one whose scale
is the radius by 2.75, 88 %."""

AGAINST: Final = 1.5
"""As much as one fix can take back of the evidence that others have gathered: half of what it could add. Receivers mix sources,
and one that says "at home" in between (an old position, a known network) does not undo those that do not."""

ACCURACY_FLOOR_M: Final = 10.0
"""A better claim than this is not believed: a receiver lying still has claimed 0.2 m and been 4.4 m off."""

ACCURACY_UNKNOWN_M: Final = 50.0
"""Taken where a device does not say: what a phone-class receiver in and around houses often claims."""

ROUGH_M: Final = 200.0
"""A worse claim than this is a network's guess, not a receiver's own estimate: cells and known hot spots, looked up."""

ROUGH_FACTOR: Final = 3.0
"""How much further off a network's guess is taken to be than it says. It still counts when it is far enough away, because
somebody lost far from home may have nothing better; leaving such fixes out altogether found one recorded exit two hours late."""

ROUGH_MAX: Final = 1.5
"""As much as one of them can say."""

SAME_S: Final = 30.0
ROUGH_SAME_S: Final = 900.0
"""The same place to the last digit is the same measurement, said again: it counts by the time that it has stood, in full after
this long. Recorded phones have repeated one cell's position for twenty minutes in a home a mile away."""

SPEED_MAX_MPS: Final = 60.0
IMPLAUSIBLE: Final = 0.5
"""A fix that nobody can have reached since the last one, with an express train, counts half: one of the two is wrong."""

DOUBT: Final = 1.5
"""From so much evidence against it on, what is believed is uncertain."""

STALE_S: Final = 1800.0
"""From so long without a fix on, what is believed is uncertain: a person on foot may be two kilometres away."""


class Fix(msgspec.Struct, frozen=True, gc=False):
    """One position as seen from the zones: signed metres to their border (the smallest of them), and the claimed accuracy."""

    at: datetime
    distance_m: float
    accuracy_m: float | None = None


class Belief(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """`side`, `since_at`, `last_at` and `agreed` are for everybody; the rest is the way there and may change.

    `since_at` is the time of the first fix of the run that led to `side`, `agreed` how many fixes that run had; None and 0 while
    unknown. `last_at`, `distance_m` and `error_m` are those of the newest fix, the last one as it is taken to be. `evidence` is
    what the `run` fixes since `run_at` say against `side`: above 0 for outside, below for inside.
    """

    side: Side = "unknown"
    since_at: datetime | None = None
    last_at: datetime | None = None
    agreed: int = 0
    distance_m: float = 0.0
    error_m: float = 0.0
    evidence: float = 0.0
    run: int = 0
    run_at: datetime | None = None


def step(belief: Belief, fix: Fix) -> Belief:
    """The belief after a fix; the same object when the fix is no newer than the last one, or no number."""
    last_at, distance = belief.last_at, fix.distance_m
    if last_at is None:
        elapsed_s = 0.0
    else:
        elapsed_s = (fix.at - last_at).total_seconds()
        if elapsed_s <= 0.0:
            return belief
    error, most = error_of(fix.accuracy_m)
    says = WEIGHT * distance / error
    if says != says:  # noqa: PLR0124 - what is no number equals nothing
        return belief
    if last_at is not None:
        if distance == belief.distance_m:
            says *= min(1.0, elapsed_s / (ROUGH_SAME_S if error > ROUGH_M else SAME_S))
        elif abs(distance - belief.distance_m) - error - belief.error_m > SPEED_MAX_MPS * elapsed_s:
            most *= IMPLAUSIBLE
    return _weighed(belief, fix.at, distance, error, max(-most, min(most, says)))


def error_of(accuracy_m: float | None) -> tuple[float, float]:
    """How far off a fix is taken to be, in metres, and as much as it can say."""
    # Not "<=", so that a claim which is no number counts as unknown too.
    if accuracy_m is None or not accuracy_m > 0.0:
        return ACCURACY_UNKNOWN_M, ENOUGH
    if accuracy_m > ROUGH_M:
        return accuracy_m * ROUGH_FACTOR, ROUGH_MAX
    return max(ACCURACY_FLOOR_M, accuracy_m), ENOUGH


def _weighed(belief: Belief, at: datetime, distance: float, error: float, says: float) -> Belief:
    """The belief after a fix that says so much."""
    side, before = belief.side, belief.evidence
    if before < 0.0 < says and side == "unknown":
        before = 0.0  # that somebody whom nothing was known of may have been inside does not speak against their leaving
    elif before * says < 0.0:
        says = max(-AGAINST, min(AGAINST, says))
    evidence = before + says
    if evidence == 0.0 or (side == "inside" and evidence < 0.0) or (side == "outside" and evidence > 0.0):
        return Belief(side, belief.since_at, at, belief.agreed, distance, error)
    run, run_at = belief.run, belief.run_at
    if evidence * before <= 0.0:
        run, run_at = 1, at
    elif evidence * says > 0.0:
        run += 1
    if run < AGREE or not abs(evidence) >= ENOUGH:
        return Belief(side, belief.since_at, at, belief.agreed, distance, error, evidence, run, run_at)
    return Belief("outside" if evidence > 0.0 else "inside", run_at, at, run, distance, error)


def standing(belief: Belief, now: datetime) -> Standing:
    """What may be said of the person at `now`: uncertain where much speaks against it, or nothing has been heard for long."""
    if belief.side == "unknown" or belief.last_at is None:
        return "unknown"
    if abs(belief.evidence) >= DOUBT or (now - belief.last_at).total_seconds() >= STALE_S:
        return "uncertain"
    return belief.side
