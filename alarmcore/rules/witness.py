"""What one of a person's devices says of where they are: its newest fixes, and what is believed after them. Pure."""

from __future__ import annotations

from datetime import datetime
from math import inf
from typing import Final

import msgspec
from msgspec.structs import replace

from geofence.area import Area
from geofence.belief import DOUBT, ROUGH_FACTOR, ROUGH_M, Belief, Fix, error_of, held_at
from geofence.belief import step as believe
from geofence.distance import distance_m

UNDECIDED: Final = Belief()

BATCH_S: Final = 10.0
"""Fixes received within so long of each other are judged in the order in which they were measured: a device that was without
coverage sends what it kept in whatever order, within some seconds."""

RECENT_MAX: Final = 16
"""Fixes of one batch that are held for that; of a longer one, those measured before the newest so many count as they come."""

KEPT: Final = 2
"""Fixes that are held at rest where other zones may count soon, so that a place can be judged anew: as many as must agree.
Elsewhere one is, and where it was before."""

FRESH_S: Final = 600.0
"""A fix says where the person is for so long: a device in use reports every ten minutes at least."""

PRESENT_S: Final = 7200.0
"""What was measured longer before it came decides nothing about the present: the longest gap in coverage that is promised to be
borne; on recordings, one fix in a hundred is an hour late."""

QUIET_S: Final = 21_600.0
"""A device that has said nothing for so long does not speak against another any more: a night on the charger is longer."""

Places = tuple[int, ...]
"""Which of a person's areas count."""


class Seen(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One fix, and how far it lies from the border of each of the person's areas. `old`: see `PRESENT_S`."""

    at: datetime
    lat: float
    lon: float
    accuracy_m: float | None
    distances_m: tuple[float, ...]
    old: bool = False


class Witness(msgspec.Struct, frozen=True, array_like=True, gc=False, omit_defaults=True):
    """One device. `belief` is what is believed after the `recent` fixes, `base` before them; it was heard at `received_at`.

    `stands`: it has said what the rule is about, and not the contrary since then. `anew`: the zones were drawn anew, and what it
    says of them is to be judged.
    """

    device: str
    received_at: datetime
    belief: Belief = UNDECIDED
    base: Belief = UNDECIDED
    recent: tuple[Seen, ...] = ()
    stands: bool = False
    anew: bool = False


def heard(witness: Witness, seen: Seen, received_at: datetime, zones: Places, at_rest: int = 1) -> Witness:
    """The witness after one more fix; the same object when it says nothing new. So many fixes are held `at_rest`."""
    belief, base, recent = witness.belief, witness.base, witness.recent
    together = abs((received_at - witness.received_at).total_seconds()) <= BATCH_S
    if belief.last_at is None or seen.at > belief.last_at:
        after = told(belief, seen, zones)
        if after is belief:
            return witness
        if at_rest == 1 and not together:
            return Witness(witness.device, received_at, after, belief, (seen,), witness.stands, witness.anew)
        held = RECENT_MAX if together else at_rest
        while recent and (len(recent) >= held or not (together or is_fresh(recent[0], seen.at))):
            base, recent = told(base, recent[0], zones), recent[1:]
        return Witness(witness.device, received_at, after, base, (*recent, seen), witness.stands, witness.anew)
    if not together or not recent or (base.last_at is not None and seen.at <= base.last_at):
        return witness
    if any(one.at == seen.at for one in recent):
        return witness
    recent = tuple(sorted((*recent, seen), key=measured_at))
    if len(recent) > RECENT_MAX:
        base, recent = told(base, recent[0], zones), recent[1:]
    return Witness(witness.device, received_at, folded(base, recent, zones), base, recent, witness.stands, witness.anew)


def measured_at(seen: Seen) -> datetime:
    """By what fixes are sorted."""
    return seen.at


def is_fresh(seen: Seen, now: datetime) -> bool:
    """Whether a fix still says where the person is."""
    return (now - seen.at).total_seconds() <= FRESH_S


def told(belief: Belief, seen: Seen, zones: Places) -> Belief:
    """What is believed of these zones after a fix."""
    if not zones:
        if belief.last_at is not None and seen.at <= belief.last_at:
            return belief
        return Belief(last_at=seen.at, error_m=error_of(seen.accuracy_m)[0], lat=seen.lat, lon=seen.lon)
    distances = seen.distances_m
    # The distance to a union of areas is the least of the distances.
    far_m = distances[zones[0]] if len(zones) == 1 else min([distances[place] for place in zones])
    return believe(belief, Fix(seen.at, far_m, seen.accuracy_m, seen.lat, seen.lon, seen.old))


def folded(belief: Belief, seen: tuple[Seen, ...], zones: Places) -> Belief:
    """What is believed after some fixes, which are in order."""
    for one in seen:
        belief = told(belief, one, zones)
    return belief


def judged_anew(witness: Witness, old: Places | None, new: Places, now: datetime) -> Witness:
    """What a device says of the zones that count now, after it spoke of others (None: of such as are no more).

    Where its newest fix is old by now, it says only where the person was last seen.
    """
    recent, base = witness.recent, witness.base
    if old is None:
        base = UNDECIDED
    else:
        base = folded(base, tuple(one for one in recent if not is_fresh(one, now)), old)
        base = carried(base, old, new)
    fresh = tuple(one for one in recent if is_fresh(one, now))
    if fresh:
        return replace(witness, belief=folded(base, fresh, new), base=base, recent=fresh, anew=False)
    belief = located(base, recent[-1], new, witness.belief) if recent else unplaced(witness.belief)
    return replace(witness, belief=belief, base=belief, recent=recent[-1:], anew=False)


def remeasured(witness: Witness, areas: tuple[Area, ...], zones: Places | None) -> Witness:
    """The witness with its fixes as seen from the areas of today; `zones`: those that count, where these are others."""
    known = witness.recent if zones is None else before(witness)
    recent = tuple([replace(one, distances_m=distances_m(areas, one.lat, one.lon)) for one in known])
    if zones is None:
        return replace(witness, recent=recent)
    belief = located(UNDECIDED, recent[-1], zones, witness.belief) if recent and areas else unplaced(witness.belief)
    return replace(witness, belief=belief, base=UNDECIDED, recent=recent if areas else (), anew=True)


def before(witness: Witness) -> tuple[Seen, ...]:
    """The recent fixes, and the one before them as far as it is known."""
    base, recent = witness.base, witness.recent
    if not recent or base.last_at is None or base.last_at >= recent[0].at or base.lat is None or base.lon is None:
        return recent
    accuracy_m = base.error_m / ROUGH_FACTOR if base.error_m > ROUGH_M else base.error_m
    return (Seen(base.last_at, base.lat, base.lon, accuracy_m, ()), *recent)


def distances_m(areas: tuple[Area, ...], lat: float, lon: float) -> tuple[float, ...]:
    """Signed metres from a place to the border of each area."""
    return tuple([distance_m(area, lat, lon) for area in areas])


def carried(belief: Belief, old: Places, new: Places) -> Belief:
    """What a belief about some zones says of others: inside any of fewer is inside any of more, and the other way round."""
    still = old if belief.side == "inside" else new
    if belief.side == "unknown" or not set(still) <= set(new if still is old else old):
        return UNDECIDED
    return Belief(belief.side, belief.since_at, None, belief.agreed, held=held_at(belief), unrest=belief.unrest)


def located(belief: Belief, seen: Seen, zones: Places, earlier: Belief) -> Belief:
    """A belief with where the person was last seen, which adds nothing to it."""
    if not zones:
        return told(UNDECIDED, seen, zones)
    error_m = error_of(seen.accuracy_m)[0]
    return replace(
        belief,
        last_at=seen.at,
        distance_m=min([seen.distances_m[place] for place in zones]),
        error_m=error_m,
        lat=seen.lat,
        lon=seen.lon,
        told_at=earlier.told_at,
    )


def unplaced(belief: Belief) -> Belief:
    """What is left of a belief about zones that are no more: when the last fix came, and whether its silence is one to mind.

    Its error is without end, so that no way from there to the next fix is too fast.
    """
    far_m = -inf if is_safe(belief) else inf
    return Belief(last_at=belief.last_at, distance_m=far_m, error_m=inf, told_at=belief.told_at)


def is_safe(belief: Belief | None) -> bool:
    """Whether the newest fix left the person inside, or likely so where nothing was known before. Nobody seen is not missed."""
    if belief is None:
        return True
    if belief.side == "inside":
        return abs(belief.evidence) < DOUBT
    return belief.side == "unknown" and (belief.evidence <= -DOUBT or lies_inside(belief))


def lies_inside(belief: Belief) -> bool:
    """Whether the newest fix lies inside by as much as it is taken to be off."""
    return belief.distance_m <= -belief.error_m < 0.0
