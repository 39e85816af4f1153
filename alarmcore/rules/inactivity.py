"""Rule `inactivity`: no sign of the person moving about the home for longer than the limit."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Final

import msgspec

from alarmcore.model.alarm import Facts
from alarmcore.model.reading import Bed, Door, Floor, Position, Reading
from alarmcore.rules.base import Memory, Observed, Setting
from alarmcore.rules.lasting import BATCH_S, LastingRule, began
from alarmcore.rules.signs import clocked, hour_of, is_hers, sensor_of
from alarmcore.rules.switches import Switches, is_on, turned
from alarmcore.rules.zone import UNDECIDED
from alarmcore.usual import noise, quiet
from alarmcore.usual.bed import STUCK_S
from alarmcore.usual.bounds import Usual, said
from alarmcore.usual.noise import Seen
from alarmcore.usual.quiet import Quiet, Sign
from alarmcore.usual.rest import Silence
from geofence.belief import Fix
from geofence.belief import step as believe

NOTHING: Final = Quiet()

LAID_S: Final = 6 * 3600.0
"""Who lay down so recently is in bed still when the outside door closes: somebody else went out. A mat that has said so for
longer while others moved about is not believed against the door."""

IN_BED: Final = "/bed=1"
"""Ends the switch of a bed in which somebody lies."""

OUT: Final = (
    "front",
    "entrance",
    "main",
    "outside",
    "out",
    "entré",
    "entre",
    "ytterdörr",
    "ytterdorr",
    "altan",
    "balcony",
    "terrace",
)
"""How names of doors that lead out begin or end, where the rule does not name them."""


class Inactivity(LastingRule, frozen=True, kw_only=True):
    """Fires when there was no motion, door, bed or floor change and no press for `limit_s`; not while away from home.

    Away is somebody whose position says so, and everybody during a stay: then it counts from the stay's end. With `usual`, when
    silence lasts longer than is usual for this person when it begins at this hour: as a pause, as sleep, or after a door that
    leads out (`outside_doors`, by the names of doors or the ids of their devices).
    """

    kind: ClassVar[str] = "inactivity"
    hears: ClassVar[frozenset[str]] = frozenset({"motion", "door", "bed", "floor", "button", "position"})
    why: ClassVar[str] = "inactive_too_long"
    ended: ClassVar[str] = "active_again"

    limit_s: float | None = None
    usual: Usual | None = None
    outside_doors: tuple[str, ...] = ()

    def limit(self, memory: Memory, setting: Setting) -> float:
        """The fixed limit, or the learned one for the hour at which silence began."""
        if self.usual is None or memory.since_at is None:
            return self.limit_s or 0.0
        return quiet.timed(memory.quiet or NOTHING, memory.since_at, hour_of(memory.since_at, setting), self.usual).limit_s

    def patience(self) -> float:
        """A gateway that was without coverage for a night says in one go what was, and that it is over."""
        return 0.0 if self.usual is None else BATCH_S

    def facts(self, memory: Memory, setting: Setting, now: datetime) -> Facts | None:
        """How long it has been silent, and what is usual."""
        if self.usual is None or memory.since_at is None:
            return None
        known, hour, since_at = memory.quiet or NOTHING, hour_of(memory.since_at, setting), memory.since_at
        for_s = int((now - since_at).total_seconds())
        usual_s, bound = said(quiet.usual_s(known, hour, since_at), quiet.seen(known, hour, since_at), for_s, self.usual)
        return Facts(for_s=for_s, lasting="still", usual_s=usual_s, bound=bound, out=known.out or None)

    def sense(self, memory: Memory, event: Observed, setting: Setting) -> Memory:
        """Being inactive holds from the newest sign of activity on, and does not hold while the person is away."""
        if isinstance(event.reading.body, Position):
            return self._placed(memory, event, setting)
        if self.usual is not None:
            memory, event = clocked(memory, event, setting)
        switch = switch_of(event)
        memory, is_sign = _turned(memory, switch, event.reading.at)
        if not is_sign:
            return memory
        away = memory.belief is not None and memory.belief.side == "outside"
        if away and event.reading.kind == "button":
            return memory  # a bracelet is pressed out of doors as well
        if memory.since_at is not None and event.reading.at <= memory.since_at:
            return _laid(memory, event.reading, setting)
        if self.usual is not None or setting.guarded:
            memory = _heard(memory, event.reading, on=switch is None or switch[1])
            if _is_noise(memory, event.reading):
                return _unbelieved(memory, event.reading, setting)
            memory = self._learned(memory, event.reading, setting, away=away)
        if away and memory.belief is not None:
            memory = msgspec.structs.replace(memory, belief=UNDECIDED)
        return began(memory, event.reading, True, event.reading.at)

    def _learned(self, memory: Memory, reading: Reading, setting: Setting, *, away: bool) -> Memory:
        """Memory that has learned from the silence that ends now, and knows how long the next may be.

        The timer is set anew where the limit is shorter: a pause in the morning is over before sleep would have been.
        """
        at, before, found_s = reading.at, memory.quiet or NOTHING, None
        if self.usual is None:
            signs = noise.noted(before.noise, sensor_of(reading), Seen(at))
            return msgspec.structs.replace(memory, quiet=msgspec.structs.replace(before, noise=signs))
        after = before
        if memory.since_at is not None and not away and not _stayed(setting, memory.since_at, at):
            was_found = before.limit_s > 0.0 and (memory.found or memory.again > 0)
            found_s = self.limit(memory, setting) if was_found else None
            after = quiet.signed(after, Silence(memory.since_at, hour_of(memory.since_at, setting), found_s), at)
        sign = self._sign(memory, reading, setting)
        after = quiet.left(after, sign, found_s)
        after = msgspec.structs.replace(after, noise=noise.noted(after.noise, sign.sensor, Seen(at, after.lies, after.away)))
        after = quiet.timed(after, at, hour_of(at, setting), self.usual)
        retimed = after.limit_s < before.limit_s
        return msgspec.structs.replace(memory, quiet=after, due_at=None if retimed else memory.due_at)

    def _sign(self, memory: Memory, reading: Reading, setting: Setting) -> Sign:
        at, mats = reading.at, memory.sources
        doubted = memory.quiet is not None and memory.quiet.mat.is_doubted(at)
        out = self._leads_out(reading) and (doubted or not lies(mats, setting, at, LAID_S))
        sensor = "" if reading.kind == "button" else sensor_of(reading)
        said = reading.body.occupied if isinstance(reading.body, Bed) else None
        return Sign(at, hour_of(at, setting), sensor, lies(mats, setting, at), out, said)

    def _leads_out(self, reading: Reading) -> bool:
        body = reading.body
        if not isinstance(body, Door):
            return False
        if self.outside_doors:
            return body.door in self.outside_doors or reading.device in self.outside_doors
        names = ((body.door or "").lower(), reading.device)
        return any(name.startswith(OUT) or name.endswith(OUT) for name in names if name)

    def due(self, memory: Memory, setting: Setting) -> datetime | None:
        """As for all that lasts, but not during a stay away from home."""
        due_at = super().due(memory, setting)
        for _ in setting.stays:
            stay = setting.stay(due_at) if due_at is not None else None
            if stay is None:
                break
            due_at = super().due(msgspec.structs.replace(memory, since_at=stay.until), setting)
        return due_at

    def _placed(self, memory: Memory, event: Observed, setting: Setting) -> Memory:
        body = event.reading.body
        if setting.home is None or not event.positioned or not isinstance(body, Position):
            return memory
        before = memory.belief or UNDECIDED
        belief = believe(before, Fix(event.reading.at, event.distances_m[setting.home], body.accuracy_m, body.lat, body.lon))
        if belief is before:
            return memory
        after = msgspec.structs.replace(memory, belief=belief)
        if belief.side == before.side:
            return after
        if belief.side == "outside" and memory.holds:
            return began(after, event.reading, False, event.reading.at)
        if belief.side == "inside" and memory.holds is False:
            return began(_home(after, event.reading.at, setting), event.reading, True, event.reading.at)
        return after


def _heard(memory: Memory, reading: Reading, *, on: bool) -> Memory:
    """Memory after a sensor is counted, if it was set off; a button is pressed by somebody, however often."""
    if reading.kind == "button":
        return memory
    before = memory.quiet or NOTHING
    after = noise.heard(before.noise, sensor_of(reading), reading.kind, reading.at, on=on)
    return msgspec.structs.replace(memory, quiet=msgspec.structs.replace(before, noise=after))


def _is_noise(memory: Memory, reading: Reading) -> bool:
    """Whether the reading is of a sensor that is set off by no person."""
    return memory.quiet is not None and memory.quiet.noise.is_noisy(sensor_of(reading), reading.at)


def _unbelieved(memory: Memory, reading: Reading, setting: Setting) -> Memory:
    """Memory after a sensor that is set off by no person.

    Once that is known, silence counts from the newest sign of another sensor, and they are as that one left them.
    """
    before, since_at = memory.quiet or NOTHING, memory.since_at
    # A mat that chatters is mostly one on which somebody turns: it is no sign, but they may be asleep.
    lain = isinstance(reading.body, Bed) and reading.body.occupied and not before.lies and not before.out
    if lain:
        quiet = msgspec.structs.replace(before, lies=True)
        memory = msgspec.structs.replace(memory, quiet=quiet, due_at=None)
    seen = before.noise.other
    if not memory.holds or seen is None or since_at is None or before.noise.newest != sensor_of(reading):
        return memory
    if seen.at >= since_at or _stayed(setting, seen.at, since_at):
        return memory
    lies = before.lies or lain or seen.lies
    quiet = msgspec.structs.replace(before, lies=lies, out=seen.away is not None, away=seen.away)
    return began(msgspec.structs.replace(memory, quiet=quiet), reading, True, seen.at)


def _home(memory: Memory, at: datetime, setting: Setting) -> Memory:
    """Memory of somebody who is at home again, as their position says."""
    if memory.quiet is None:
        return memory
    laid = lies(memory.sources, setting, at)
    heard = noise.noted(memory.quiet.noise, "", Seen(at, laid))
    return msgspec.structs.replace(
        memory, quiet=msgspec.structs.replace(memory.quiet, lies=laid, out=False, away=None, noise=heard)
    )


def _laid(memory: Memory, reading: Reading, setting: Setting) -> Memory:
    """Memory after what came late, or at the same instant as another sign: a mat says how that sign left somebody."""
    quiet, since_at = memory.quiet, memory.since_at
    if not isinstance(reading.body, Bed) or quiet is None or quiet.out or since_at is None or memory.device == reading.device:
        return memory
    laid = lies(memory.sources, setting, since_at)
    if laid is quiet.lies:
        return memory
    return msgspec.structs.replace(memory, quiet=msgspec.structs.replace(quiet, lies=laid), due_at=None)


def _stayed(setting: Setting, since_at: datetime, at: datetime) -> bool:
    """Whether somebody stayed away from home at some time between the two."""
    stays = setting.stays
    return any((one.from_ is None or one.from_ <= at) and (one.until is None or one.until > since_at) for one in stays)


def lies(switches: Switches, setting: Setting, at: datetime, within_s: float = STUCK_S) -> bool:
    """Whether somebody lies in a bed, as its sensors say; one that was replaced, or has said so for longer, is not heard."""
    beds = [(name.removesuffix(IN_BED), since_at) for name, since_at in switches if name.endswith(IN_BED)]
    return any((at - since_at).total_seconds() < within_s and is_hers(device, setting, at) for device, since_at in beds)


def _turned(memory: Memory, switch: tuple[str, bool] | None, at: datetime) -> tuple[Memory, bool]:
    """Memory that knows what a switch says, and whether that is activity; what is no switch is."""
    if switch is None:
        return memory, True
    sources = turned(memory.sources, *switch, at)
    if sources is memory.sources:
        return memory, False
    return msgspec.structs.replace(memory, sources=sources), is_on(memory.sources, switch[0]) is not switch[1]


def switch_of(event: Observed) -> tuple[str, bool] | None:
    """Which switch the reading is of and whether it is on, or None for what is activity by itself."""
    reading = event.reading
    match reading.body:
        case Bed(occupied=on) | Floor(on_floor=on):
            return f"{reading.device}/{reading.kind}", on
        case Door(open=on, door=door):
            return f"{reading.device}/{reading.kind}/{door or ''}", on
    return None
