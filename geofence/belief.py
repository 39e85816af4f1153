"""What is believed of one device and one set of zones: inside, outside or unknown, from fixes of doubtful accuracy.

Each fix is evidence for one side, as strong as its distance from the border is large beside the accuracy it claims, and never so
strong that it decides alone. Evidence against what is believed adds up, fades with time, and is forgotten when it has been
contradicted: the cumulative sum of E. S. Page, "Continuous inspection schemes", Biometrika 41 (1954). The weight of a fix is the
logarithm of how much likelier it is seen from outside than from inside, for errors along the way to the border with the heavy
tails of a logistic distribution. What is believed for long, or has changed to and fro, takes more to change. Pure.
"""

from __future__ import annotations

from datetime import datetime
from math import cos, hypot, radians
from typing import Final, Literal, NamedTuple

import msgspec

Side = Literal["unknown", "inside", "outside"]
Standing = Literal["unknown", "inside", "outside", "uncertain"]

AGREE: Final = 2
"""Fixes that must agree before the belief changes: a receiver that jumps once is common, the same jump twice is rare."""

APART_S: Final = 3.0
"""The first and the last of them must be so far apart: what a receiver says twice in a moment it has measured once."""

ENOUGH: Final = 3.0
"""Evidence that changes the belief: odds of twenty to one. As much as one fix can say, and as much as one can take back."""

ALONE: Final = 0.75
"""The fix that changes the belief must say so much by itself (odds of two to one): one a step over the border does not confirm
one that was far away."""

EVIDENCE_MAX: Final = 2 * ENOUGH
"""More is not kept, and the first fix that contradicts takes back what is more than enough."""

WEIGHT: Final = 2.75
"""Evidence of a fix that lies one claimed accuracy from the border. Receivers claim the radius of the circle that holds 68 % of
their fixes; of a normal error in the plane, 87 % then lie within it along any one direction, and of a logistic one whose scale
is the radius by 2.75, 88 %."""

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
"""As much as one of them can say, or take back."""

SAYS: Final = 0.5
"""A guess that says less than this says nothing of where somebody is; a receiver's own fix always does."""

BURST_S: Final = 15.0
"""What comes faster is one observation, since errors last: a fix counts by the time since the one before, in full after this
long. A receiver that reports every second has to say the same for about as long."""

SAME_S: Final = 30.0
ROUGH_SAME_S: Final = 900.0
"""The same place to the last digit is the same measurement, said again: it counts by the time that it has stood, in full after
this long. Recorded phones have repeated one cell's position for twenty minutes in a home a mile away."""

HALF_S: Final = 7200.0
"""Evidence halves in so long: who was perhaps outside two hours ago may have been back since."""

AGED_S: Final = 3 * HALF_S
"""Fixes further apart than this do not agree any more, nor contradict each other: what nothing was added to is forgotten."""

SPEED_MAX_MPS: Final = 60.0
IMPLAUSIBLE: Final = 0.5
"""A fix that nobody can have reached, with an express train, from where they were last believed to be counts half, until they can
have. (While nothing is believed: from where the last fix was.) Not nothing, since that place may be the wrong one."""

SETTLED_S: Final = 14_400.0
MARGIN: Final = 0.5
SECOND: Final = 1.5
"""What has been believed for so long is left only for fixes beyond the border by so much of their error, and once the fixes that
agree say so much besides the strongest of them; what is believed for a shorter time, for the share of it."""

UNREST: Final = 2.0
"""By how much of a fix's error the border is farther away after each change of mind."""

RESTLESS: Final = 0.5
"""A doubt that was taken back is half a change of mind."""

UNREST_MAX: Final = 3.0
CALM_S: Final = 43_200.0
"""Changes of mind that count, and how long until they count half: somebody who sits at the border does so for a day."""

MARGIN_MAX_M: Final = 150.0
"""However restless, whoever is farther outside than that is outside: about what a receiver indoors is off at worst."""

DOUBT: Final = 1.5
"""From so much evidence against it on, what is believed is uncertain."""

STALE_S: Final = 1800.0
"""From so long without a fix on, what is believed is uncertain: a person on foot may be two kilometres away."""

DEGREE_M: Final = 111_700.0
"""The longest degree there is, in metres: one of latitude at the poles."""

SIGNS: Final = {"unknown": 0.0, "inside": -1.0, "outside": 1.0}


class Place(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Where and when a fix was, and how far off it is taken to be."""

    lat: float
    lon: float
    at: datetime
    error_m: float


class Fix(msgspec.Struct, frozen=True, gc=False):
    """One position as seen from the zones: signed metres to their border (the smallest of them), and the claimed accuracy.

    `lat` and `lon` say whether somebody can have come there; without them, distances from the border have to. An `old` one was
    measured so long before it came that it decides nothing: it may speak against what is believed, until another fix does too.
    """

    at: datetime
    distance_m: float
    accuracy_m: float | None = None
    lat: float | None = None
    lon: float | None = None
    old: bool = False


class Belief(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """`side`, `since_at`, `last_at` and `agreed` are for everybody; the rest is the way there and may change.

    `since_at` is the time of the first fix of the run that led to `side`, `agreed` how many fixes have said so since then; None
    and 0 while unknown. `last_at`, `distance_m`, `error_m`, `lat` and `lon` are those of the newest fix, the error as it is taken
    to be; `held` is where the newest one was that agreed with `side`, where that is another, and `told_at` when one last said
    where the person is, where that is not `last_at`. `evidence` is what the `run` fixes since `run_at` say against `side`: above
    0 for outside, below for inside; `best` is the most that one of them said. `unrest` counts changes of mind up to `last_at`.
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
    best: float = 0.0
    lat: float | None = None
    lon: float | None = None
    held: Place | None = None
    told_at: datetime | None = None
    unrest: float = 0.0


class Against(NamedTuple):
    """What speaks against what is believed, as in a belief, with what the newest fix says by itself; a run of 0 for nothing."""

    evidence: float
    run: int
    run_at: datetime | None
    best: float
    says: float


NOTHING: Final = Against(0.0, 0, None, 0.0, 0.0)


class Newest(NamedTuple):
    """What is kept of the newest fix, as in a belief."""

    error_m: float
    held: Place | None
    told_at: datetime | None
    unrest: float


def step(belief: Belief, fix: Fix) -> Belief:
    """The belief after a fix; the same object when the fix is no newer than the last one, or no number."""
    at, last_at, distance = fix.at, belief.last_at, fix.distance_m
    elapsed_s = AGED_S if last_at is None else (at - last_at).total_seconds()
    if elapsed_s <= 0.0:
        return belief
    error, most = error_of(fix.accuracy_m)
    unrest = belief.unrest * 0.5 ** (elapsed_s / CALM_S) if belief.unrest else 0.0
    says = WEIGHT * (distance - _margin_m(belief, at, distance, error, unrest)) / error
    if says != says:  # noqa: PLR0124 - what is no number equals nothing
        return belief
    told = last_at is None or error <= ROUGH_M or abs(says) >= SAYS
    told_at = None if told else belief.told_at or last_at
    reached = last_at is None or _is_reached(belief, fix, error, elapsed_s)
    if belief.run or not says * SIGNS[belief.side] > 0.0:
        says = max(-most, min(most, says)) * (1.0 if reached else IMPLAUSIBLE)
        against = _weighed(belief, at, says, says * _worth(belief, fix, error, elapsed_s), elapsed_s)
        if against.run:
            return _doubted(belief, fix, against, Newest(error, held_at(belief), told_at, unrest))
        if abs(belief.evidence) >= DOUBT and belief.side != "unknown":
            unrest = min(UNREST_MAX, unrest + RESTLESS)
    # Nothing speaks against what is believed.
    fits = reached and says * SIGNS[belief.side] > 0.0
    held, agreed = (None, belief.agreed + 1) if fits else (held_at(belief), belief.agreed)
    since_at, lat, lon = belief.since_at, fix.lat, fix.lon
    return Belief(belief.side, since_at, at, agreed, distance, error, 0.0, 0, None, 0.0, lat, lon, held, told_at, unrest)


def held_at(belief: Belief) -> Place | None:
    """Where the newest fix was that agreed with what is believed."""
    if belief.held is not None or belief.side == "unknown" or belief.lat is None or belief.lon is None or belief.last_at is None:
        return belief.held
    return Place(belief.lat, belief.lon, belief.last_at, belief.error_m)


def _doubted(belief: Belief, fix: Fix, against: Against, newest: Newest) -> Belief:
    """The belief after a fix with which something speaks against it: changed, if that is enough."""
    evidence, run, run_at, best, says = against
    error, held, told_at, unrest = newest
    side, at, distance, lat, lon = belief.side, fix.at, fix.distance_m, fix.lat, fix.lon
    settled = 0.0 if belief.since_at is None else min(1.0, (at - belief.since_at).total_seconds() / SETTLED_S)
    agreed = run_at is not None and run >= AGREE and (at - run_at).total_seconds() >= APART_S
    enough = agreed and abs(evidence) >= ENOUGH and abs(evidence) - best >= SECOND * settled
    if fix.old or not enough or says * evidence <= 0.0 or abs(says) < ALONE:
        since_at, known = belief.since_at, belief.agreed
        return Belief(side, since_at, at, known, distance, error, evidence, run, run_at, best, lat, lon, held, told_at, unrest)
    if side != "unknown":
        unrest = min(UNREST_MAX, unrest + 1.0)
    turned: Side = "outside" if evidence > 0.0 else "inside"
    return Belief(turned, run_at, at, run, distance, error, 0.0, 0, None, 0.0, lat, lon, None, told_at, unrest)


def error_of(accuracy_m: float | None) -> tuple[float, float]:
    """How far off a fix is taken to be, in metres, and as much as it can say."""
    # Not "<=", so that a claim which is no number counts as unknown too.
    if accuracy_m is None or not accuracy_m > 0.0:
        return ACCURACY_UNKNOWN_M, ENOUGH
    if accuracy_m > ROUGH_M:
        return accuracy_m * ROUGH_FACTOR, ROUGH_MAX
    return max(ACCURACY_FLOOR_M, accuracy_m), ENOUGH


def _margin_m(belief: Belief, at: datetime, distance: float, error: float, unrest: float) -> float:
    """By how much the border is taken to lie farther out than it does, by a fix of that error.

    Only for leaving: an alarm of somebody who is back should not be raised again for what a receiver's errors make of it.
    """
    if belief.side != "inside" or belief.since_at is None or (distance < 0.0 and not belief.run):
        return 0.0  # in the last case the sign says it all
    settled = (at - belief.since_at).total_seconds() / SETTLED_S
    return min(MARGIN_MAX_M, error * (MARGIN * min(1.0, settled) + UNREST * unrest))


def _worth(belief: Belief, fix: Fix, error: float, elapsed_s: float) -> float:
    """How much of an observation of its own a fix is, by the time since the one before."""
    if belief.last_at is None:
        return 1.0
    if _is_same(belief, fix):
        return min(1.0, elapsed_s / (ROUGH_SAME_S if error > ROUGH_M else SAME_S))
    return min(1.0, elapsed_s / BURST_S)


def _is_same(belief: Belief, fix: Fix) -> bool:
    """Whether a fix is the same measurement as the one before."""
    if fix.lat is None or belief.lat is None:
        return fix.distance_m == belief.distance_m
    return fix.lat == belief.lat and fix.lon == belief.lon


def _is_reached(belief: Belief, fix: Fix, error: float, elapsed_s: float) -> bool:
    """Whether somebody can have come there since they were last where they are believed to be."""
    held, lat, lon = belief.held, belief.lat, belief.lon
    if held is not None:
        lat, lon = held.lat, held.lon
    if fix.lat is None or fix.lon is None or lat is None or lon is None:
        # Not "<=", since from a place that is nowhere nothing is too far.
        return not abs(fix.distance_m - belief.distance_m) - error - belief.error_m > SPEED_MAX_MPS * elapsed_s
    since_s = elapsed_s if held is None else (fix.at - held.at).total_seconds()
    reach_m = SPEED_MAX_MPS * since_s + error + (belief.error_m if held is None else held.error_m)
    # No way is longer than that of both legs at the equator: nearly always enough to know.
    legs_m = (abs(fix.lat - lat) + abs(fix.lon - lon)) * DEGREE_M
    return legs_m <= reach_m or _apart_m(lat, lon, fix.lat, fix.lon) <= reach_m


def _apart_m(lat: float, lon: float, to_lat: float, to_lon: float) -> float:
    """Metres between two places, as on a plane: a little more than it is, so that nobody is too fast by arithmetic alone."""
    turn = abs(to_lon - lon)
    if turn > 180.0:
        turn = 360.0 - turn
    return hypot(to_lat - lat, turn * cos(radians((lat + to_lat) / 2.0))) * DEGREE_M


def _weighed(belief: Belief, at: datetime, says: float, adds: float, elapsed_s: float) -> Against:
    """What speaks against what is believed after a fix that by itself says so much, and adds so much."""
    before, best = belief.evidence, belief.best
    if before:
        fade = 0.5 ** (elapsed_s / HALF_S) if elapsed_s <= AGED_S else 0.0
        before, best = before * fade, best * fade
    if before * adds < 0.0:
        # Where nothing is settled, that somebody may have been inside does not speak against their leaving.
        anew = belief.side == "unknown" and (adds > 0.0 or -adds >= before)
        before = 0.0 if anew else max(-ENOUGH, min(ENOUGH, before))
    evidence = max(-EVIDENCE_MAX, min(EVIDENCE_MAX, before + adds))
    if evidence == 0.0 or evidence * SIGNS[belief.side] > 0.0:
        return NOTHING
    if evidence * before <= 0.0:
        return Against(evidence, 1, at, abs(evidence), says)
    if evidence * adds <= 0.0:
        return Against(evidence, belief.run, belief.run_at, best, says)
    return Against(evidence, belief.run + 1, belief.run_at, max(best, abs(adds)), says)


def standing(belief: Belief, now: datetime) -> Standing:
    """What may be said of the person at `now`: uncertain where much speaks against it, or nothing has been heard for long."""
    if belief.side == "unknown" or belief.last_at is None:
        return "unknown"
    if abs(belief.evidence) >= DOUBT or (now - belief.last_at).total_seconds() >= STALE_S:
        return "uncertain"
    return belief.side
