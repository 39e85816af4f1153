"""Where has the person been while an alarm is open? A pure machine with one state per person, for whoever searches.

Positions are kept from the moment that an alarm is raised until it is resolved, and not a moment longer. Then the state is empty
again in the very commit that resolves the alarm; what stays is the one position in the alarm itself, where it was raised or last
repeated, which belongs to the record of what was done.

A state is stored anew with each position, so it has to stay small: the newest positions lie in it as they are, the older ones as
one string of bytes that is only copied.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from msgspec.structs import replace

from alarmcore.model.alarm import CloseTrack, Fix, FollowPerson, KeepFix, OpenTrack, Slot
from alarmcore.outcome import Outcome
from geofence import ground_m
from geofence.belief import ACCURACY_UNKNOWN_M, ROUGH_M, SPEED_MAX_MPS, Belief, standing

RECENT_MAX: Final = 32
"""Positions that lie in a state as they are: about a kilobyte, and a 32nd of the packing for each position."""

WHOLE: Final = 400
FIXES_MAX: Final = 500
"""Positions of one track, eight kilobytes: of those before the newest `WHOLE` (over three hours at one in half a minute) so many
are left out, evenly in time, that there are no more."""

BACK_S: Final = 6 * 3600.0
"""A position that comes late is kept if it was measured at most so long before the first alarm was raised: how somebody came
where they are helps a search; where they were yesterday is nobody's business."""

PACKED: Final = struct.Struct("<IiiHB")
UNKNOWN: Final = 0xFFFF
DEGREE: Final = 1_000_000
"""Degrees are kept in millionths: a tenth of a metre. Moments are kept in whole seconds."""

DEGREE_M: Final = 111_700.0
"""The longest degree there is, in metres: one of latitude at the poles."""

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MOMENT_MAX: Final = 0xFFFFFFFF


class Kept(msgspec.Struct, frozen=True, array_like=True, gc=False, order=True):
    """One position. `good`: nothing contradicts it, it is a receiver's own, and the good one before is within reach."""

    at_s: int
    lat_e6: int
    lon_e6: int
    accuracy_m: int | None
    good: bool

    @property
    def at(self) -> datetime:
        """When it was measured."""
        return EPOCH + timedelta(seconds=self.at_s)

    @property
    def lat(self) -> float:
        """Degrees north."""
        return self.lat_e6 / DEGREE

    @property
    def lon(self) -> float:
        """Degrees east."""
        return self.lon_e6 / DEGREE


class Opened(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An alarm for which positions are kept."""

    alarm: str
    since_s: int


class Track(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The open alarms of one person in the order in which they were raised, and the positions since the first of them.

    `last` is the newest good one. `sealed` are older ones, packed; one that comes late lies among the `recent`, so that only
    `fixes` gives all in order. `standings`: what each rule about zones said of the person at the newest position.
    """

    opened: tuple[Opened, ...] = ()
    standings: tuple[tuple[str, str], ...] = ()
    last: Kept | None = None
    recent: tuple[Kept, ...] = ()
    sealed: bytes = b""

    def fixes(self) -> list[Kept]:
        """All positions, the oldest first."""
        return sorted([*unpacked(self.sealed), *self.recent], key=by_time)


def by_time(kept: Kept) -> int:
    """When it was measured."""
    return kept.at_s


EMPTY: Final = Track()

Event = OpenTrack | CloseTrack | KeepFix


class Unasked:
    """A track never asks to be woken."""


def step(track: Track, event: Event, now: datetime) -> Outcome[Track]:
    """Let one fact change the person's track."""
    match event:
        case OpenTrack():
            return _opened(track, event, now)
        case CloseTrack():
            return _closed(track, event)
        case KeepFix():
            return Outcome(_kept(track, event)) if track.opened else Outcome(track, (FollowPerson(event.slot, follow=False),))


def _opened(track: Track, event: OpenTrack, now: datetime) -> Outcome[Track]:
    follow = FollowPerson(person(event.slot), follow=True)
    if any(one.alarm == event.alarm for one in track.opened):
        return Outcome(track, (follow,))
    return Outcome(replace(track, opened=(*track.opened, Opened(event.alarm, seconds(now)))), (follow,))


def _closed(track: Track, event: CloseTrack) -> Outcome[Track]:
    left = tuple(one for one in track.opened if one.alarm != event.alarm)
    if not left:
        # Whatever is remembered of this person, no position may outlive the last alarm.
        return Outcome(EMPTY if track != EMPTY else track, (FollowPerson(person(event.slot), follow=False),))
    if len(left) == len(track.opened):
        return Outcome(track)
    fixes = _since(track.fixes(), left[0].since_s)
    last = track.last if track.last in fixes else None
    return Outcome(_stowed(replace(track, opened=left, last=last), fixes))


def _since(fixes: list[Kept], since_s: int) -> list[Kept]:
    """The positions that an alarm raised at that moment would have: those from then on, and the one that was known before."""
    before = [kept for kept in fixes if kept.at_s < since_s]
    return before[-1:] + fixes[len(before) :]


def _kept(track: Track, event: KeepFix) -> Track:
    kept, recent = _judged(track.last, event), track.recent
    newest = not recent or kept.at_s > recent[-1].at_s
    if not newest and (kept in recent or kept.at_s < track.opened[0].since_s - BACK_S):
        return track
    last = kept if kept.good and (track.last is None or kept.at_s >= track.last.at_s) else track.last
    held = (*recent, kept) if newest else tuple(sorted((*recent, kept), key=by_time))
    after = Track(track.opened, event.standings if newest else track.standings, last, held, track.sealed)
    return after if len(held) <= RECENT_MAX else _stowed(after, after.fixes())


def _judged(last: Kept | None, event: KeepFix) -> Kept:
    """The position as it is kept."""
    fix = event.fix
    good = event.agrees and not rough(fix) and (last is None or _reachable(last, fix))
    # Not more than is known of it: a claim is rounded up, and one that no number can hold is none.
    claimed = fix.accuracy_m if fix.accuracy_m is not None and 0.0 < fix.accuracy_m < UNKNOWN - 1 else None
    accuracy_m = None if claimed is None else int(-(-claimed // 1))
    return Kept(seconds(fix.at), round(fix.lat * DEGREE), round(fix.lon * DEGREE), accuracy_m, good)


def rough(fix: Fix) -> bool:
    """Whether a position is a network's guess rather than a receiver's own."""
    return fix.accuracy_m is not None and not fix.accuracy_m <= ROUGH_M


def _reachable(last: Kept, fix: Fix) -> bool:
    """Whether anybody can have come from there to here, or back, in that time."""
    doubt_m = (last.accuracy_m or ACCURACY_UNKNOWN_M) + (fix.accuracy_m or ACCURACY_UNKNOWN_M)
    # Moments are cut to whole seconds.
    reach_m = doubt_m + SPEED_MAX_MPS * (abs(seconds(fix.at) - last.at_s) + 1)
    # No way is longer than that of both legs at the equator: nearly always enough to know.
    legs_m = (abs(fix.lat - last.lat) + abs(fix.lon - last.lon)) * DEGREE_M
    return legs_m <= reach_m or ground_m(last.lat, last.lon, fix.lat, fix.lon) <= reach_m


def _stowed(track: Track, fixes: list[Kept]) -> Track:
    """The track with these positions, which are in order: the newest few as they are, the others packed, not too many."""
    thin = thinned(fixes)
    # Half of what there is room for, so that it is packed once in so many.
    cut = max(0, len(thin) - RECENT_MAX // 2)
    return replace(track, recent=tuple(thin[cut:]), sealed=packed(thin[:cut]))


def thinned(fixes: list[Kept]) -> list[Kept]:
    """At most `FIXES_MAX`: of those before the newest `WHOLE`, whichever stand closest between their neighbours go."""
    older, newest = fixes[:-WHOLE], fixes[-WHOLE:]
    while len(older) > FIXES_MAX - WHOLE:
        gaps = [(after.at_s - before.at_s, place) for place, (before, after) in enumerate(zip(older, older[2:], strict=False), 1)]
        del older[min(gaps)[1]]
    return older + newest


def packed(fixes: Iterable[Kept]) -> bytes:
    """Positions as bytes."""
    return b"".join(
        PACKED.pack(k.at_s, k.lat_e6, k.lon_e6, UNKNOWN if k.accuracy_m is None else k.accuracy_m, k.good) for k in fixes
    )


def unpacked(data: bytes) -> list[Kept]:
    """Positions from bytes."""
    return [
        Kept(at_s, lat_e6, lon_e6, None if accuracy_m == UNKNOWN else accuracy_m, bool(good))
        for at_s, lat_e6, lon_e6, accuracy_m, good in PACKED.iter_unpack(data)
    ]


def person(slot: Slot) -> Slot:
    """The slot of the person alone."""
    return Slot(slot.tenant, slot.resident, "")


def seconds(at: datetime) -> int:
    """Whole seconds since 1970, as far as four bytes reach."""
    return min(max(0, (at - EPOCH) // timedelta(seconds=1)), MOMENT_MAX)


def sighting(slot: Slot, fix: Fix, believed: Iterable[tuple[str, Belief]]) -> KeepFix:
    """A position of a followed person, beside what each rule about zones (by id) believes by now."""
    agrees = True
    standings: list[tuple[str, str]] = []
    for rule, belief in believed:
        if belief.last_at is None:
            continue
        standings.append((rule, standing(belief, belief.last_at)))
        # An older fix than the newest has decided nothing, so nothing is known of its place.
        if belief.last_at == fix.at and belief.side != "unknown":
            agrees = agrees and (belief.distance_m > 0.0) == (belief.side == "outside")
    return KeepFix(slot=slot, fix=fix, agrees=agrees, standings=tuple(standings))
