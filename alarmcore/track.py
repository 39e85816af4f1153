"""Where has the person been while an alarm is open? A pure machine with one state per person, for whoever searches.

Positions are kept from the moment that an alarm is raised until it is resolved, and not a moment longer. Then the state is empty
again in the very commit that resolves the alarm; what stays is the one position in the alarm itself, where it was raised or last
repeated, which belongs to the record of what was done. Nothing that was measured before the alarm is kept, but the newest
position that was known when it was raised, and what was measured in the minutes before and comes late.

Which positions can be relied on (`alarmcore.agreement`) is judged of each device by itself when somebody asks (`judged`), and
when they are packed: what was taken for good by mistake is taken back once others speak against it, and a position that only
comes in costs nothing of that.

A state is stored anew with each position, so it has to stay small: the newest positions lie in it as they are, the older ones as
one string of bytes that is only copied.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Final

import msgspec
from msgspec.structs import replace

from alarmcore.agreement import agreeing, likeliest
from alarmcore.kept import DEGREE, UNKNOWN, Kept, by_time, packed, rough, seconds, unpacked
from alarmcore.model.alarm import CloseTrack, Fix, FollowPerson, KeepFix, OpenTrack, Slot
from alarmcore.outcome import Outcome
from geofence.belief import Belief, standing

RECENT_MAX: Final = 32
"""Positions that lie in a state as they are: about a kilobyte, and a 32nd of the packing for each position."""

WHOLE: Final = 400
FIXES_MAX: Final = 500
"""Positions of one track, eight kilobytes: of those before the newest `WHOLE` (over three hours at one in half a minute) so many
are left out, evenly in time, that there are no more."""

BACK_S: Final = 600.0
"""A position that comes late is kept if it was measured at most so long before the first alarm was raised: the way out of the
door helps a search, and ten minutes on foot are within a kilometre. Where somebody was before that is nobody's business."""

CLOSE_S: Final = 5
"""Of positions that follow closer upon each other only the first and the newest are kept, so that those which are judged span
more than a minute also of a device that reports many times a second: nobody has gone far in so long."""

CONTEXT: Final = RECENT_MAX
"""Positions of a device that are judged together, where it has so many: a quarter of an hour at two a minute, and a millisecond.
What is older stays as it was judged last."""

DEVICES_MAX: Final = 30
"""Devices of one person that are told apart, in five bits: far more than anybody carries. Of more the last stand for one."""


class Opened(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An alarm for which positions are kept."""

    alarm: str
    since_s: int


class Track(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The open alarms of one person in the order in which they were raised, and the positions since the first of them.

    `last` is the newest good one, of whichever device, when it was last judged. `sealed` are older ones, packed; one that comes
    late lies among the `recent`, so that only `fixes` gives all in order. `standings`: what each rule about zones said of the
    person at the newest position. `devices` are those that they are of, from place 1 on.
    """

    opened: tuple[Opened, ...] = ()
    standings: tuple[tuple[str, str], ...] = ()
    last: Kept | None = None
    recent: tuple[Kept, ...] = ()
    sealed: bytes = b""
    devices: tuple[str, ...] = ()

    def device(self, kept: Kept) -> str:
        """The device of a position, empty where it is not known."""
        return self.devices[kept.device - 1] if 0 < kept.device <= len(self.devices) else ""

    def fixes(self) -> list[Kept]:
        """All positions, the oldest first."""
        return sorted([*unpacked(self.sealed), *self.recent], key=by_time)


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
    known = judged(track)
    fixes = _since(known.fixes(), left[0].since_s)
    last = known.last if known.last in fixes else None
    # Packed as they are judged now: those that spoke for them may be gone.
    return Outcome(replace(known, opened=left, last=last, recent=(), sealed=packed(thinned(fixes))))


def _since(fixes: list[Kept], since_s: int) -> list[Kept]:
    """The positions that an alarm raised at that moment would have: those from then on, and the one that was known before."""
    before = [kept for kept in fixes if kept.at_s < since_s]
    return before[-1:] + fixes[len(before) :]


def _kept(track: Track, event: KeepFix) -> Track:
    """The track with one more position, in its place by time."""
    kept, devices = _as_kept(track, event)
    recent = track.recent
    if not event.known and kept.at_s < track.opened[0].since_s - BACK_S:
        return track
    if any(_same(kept, one) for one in recent):
        return track
    newest = not recent or kept.at_s >= recent[-1].at_s
    held = tuple(spaced(sorted((*recent, kept), key=by_time), kept.device))
    after = Track(track.opened, event.standings if newest else track.standings, track.last, held, track.sealed, devices)
    if len(held) <= RECENT_MAX:
        return after
    known = judged(after)
    return _stowed(known, known.fixes())


def judged(track: Track) -> Track:
    """The track as whoever searches is to see it: which of the recent positions can be relied on, and the newest of those."""
    recent = track.recent
    newest = {kept.device: place for place, kept in enumerate(recent)}
    # One of nobody knows which device speaks for any: last of that which came last.
    for device in sorted((one for one in newest if one or len(newest) == 1), key=newest.__getitem__):
        recent = _judged(recent, track.sealed, device)
    after = replace(track, recent=recent)
    last = _last_of(after)
    return track if recent == track.recent and last == track.last else replace(after, last=last)


def _as_kept(track: Track, event: KeepFix) -> tuple[Kept, tuple[str, ...]]:
    """The position as it is kept, not judged yet, and the devices that are known with it."""
    fix, devices = event.fix, track.devices
    if event.device and event.device not in devices and len(devices) < DEVICES_MAX:
        devices = (*devices, event.device)
    place = 0 if not event.device else devices.index(event.device) + 1 if event.device in devices else DEVICES_MAX
    # Not more than is known of it: a claim is rounded up, and one that no number can hold is none.
    claimed = fix.accuracy_m if fix.accuracy_m is not None and 0.0 < fix.accuracy_m < UNKNOWN - 1 else None
    accuracy_m = None if claimed is None else int(-(-claimed // 1))
    lat, lon = round(fix.lat * DEGREE), round(fix.lon * DEGREE)
    return Kept(seconds(fix.at), lat, lon, accuracy_m, False, place, rough(fix), not event.agrees), devices


def _same(kept: Kept, other: Kept) -> bool:
    """Whether both are one position: where the person was known to be is said again with each alarm, without its device."""
    device = kept.device == other.device or not kept.device or not other.device
    return device and (kept.at_s, kept.lat_e6, kept.lon_e6) == (other.at_s, other.lat_e6, other.lon_e6)


def spaced(fixes: Sequence[Kept], device: int) -> list[Kept]:
    """Positions without those of one device that follow another one of it within `CLOSE_S`, but for its newest."""
    own = [kept for kept in fixes if kept.device == device]
    left: list[Kept] = []
    for kept in own[:-1]:
        if not left or kept.at_s - left[-1].at_s >= CLOSE_S:
            left.append(kept)
    if len(left) + 1 == len(own):
        return list(fixes)
    return sorted([*(kept for kept in fixes if kept.device != device), *left, own[-1]], key=by_time)


def _judged(fixes: Sequence[Kept], sealed: bytes, device: int) -> tuple[Kept, ...]:
    """Positions, those of one device good if others of it agree. One of nobody knows which device speaks for any."""
    ours = {device, 0}
    places = [place for place, kept in enumerate(fixes) if not kept.rough and (not device or kept.device in ours)][-CONTEXT:]
    older: list[Kept] = []
    if len(places) < CONTEXT and sealed:
        # Another device that reports more often has filled the room.
        older = [kept for kept in unpacked(sealed) if not kept.rough and kept.device in ours][len(places) - CONTEXT :]
    # One that came late may be older than what is packed already.
    together: list[tuple[Kept, int | None]] = [*((kept, None) for kept in older), *((fixes[place], place) for place in places)]
    together.sort(key=lambda one: by_time(one[0]))
    judged = list(fixes)
    for (_, place), good in zip(together, agreeing([kept for kept, _ in together]), strict=True):
        if place is not None and judged[place].good is not good:
            judged[place] = replace(judged[place], good=good)
    return tuple(judged)


def _last(fixes: Iterable[Kept]) -> Kept | None:
    """The newest good one of positions in order of time."""
    return next((kept for kept in reversed(list(fixes)) if kept.good), None)


def _last_of(track: Track) -> Kept | None:
    """The newest good position of a track, which may be an old one that has not been judged again."""
    last, before = _last(track.recent), track.last
    if before is not None and any(_same(before, kept) for kept in track.recent):
        # It is judged anew: if it is good no longer, only older ones are left beside the recent.
        before = None if last is not None else _last(unpacked(track.sealed))
    return max([one for one in (before, last) if one is not None], key=by_time, default=None)


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


def person(slot: Slot) -> Slot:
    """The slot of the person alone."""
    return Slot(slot.tenant, slot.resident, "")


def sighting(slot: Slot, fix: Fix, believed: Iterable[tuple[str, Belief]], exits: Collection[str], device: str | None) -> KeepFix:
    """A position of a followed person, beside what each rule about zones (by id) believes by now.

    `device` is None for where the person was known to be. Only the rules in `exits` (about zones that the person is to be in)
    doubt a position: that it lies in a place which is to be kept out of is a reason to look there.
    """
    agrees = True
    standings: list[tuple[str, str]] = []
    for rule, belief in believed:
        if belief.last_at is None:
            continue
        standings.append((rule, standing(belief, belief.last_at)))
        # An older fix than the newest has decided nothing, so nothing is known of its place.
        if rule in exits and belief.last_at == fix.at and belief.side != "unknown":
            agrees = agrees and (belief.distance_m > 0.0) == (belief.side == "outside")
    return KeepFix(slot=slot, fix=fix, agrees=agrees, standings=tuple(standings), device=device or "", known=device is None)


def of_device(track: Track, device: str) -> list[Kept]:
    """The positions, in order of time, of the device that is with the person: the one that has raised the alarm.

    Where that has sent none, those of all.
    """
    fixes = track.fixes()
    if device not in track.devices:
        return fixes
    place = track.devices.index(device) + 1
    return [kept for kept in fixes if kept.device in {place, 0}]


def confirmed(track: Track, device: str = "") -> Kept | None:
    """The newest good position of the device that is with the person."""
    good, last = _last(of_device(track, device)), track.last
    if good is not None or last is None:
        return good
    # An old one that has been left out of a long track.
    return last if device not in track.devices or track.device(last) in {device, ""} else None


def seen(track: Track, device: str = "") -> Kept | None:
    """Where the person was seen last, for whoever goes out: as long as nothing is confirmed, where most speaks for."""
    good = confirmed(track, device)
    if good is not None:
        return good
    newest = of_device(track, device)[-RECENT_MAX:]
    best = likeliest(newest)
    return newest[best] if best is not None else newest[-1] if newest else None
