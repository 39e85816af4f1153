"""Rule `inactivity`: no sign of the person moving about the home for longer than the limit."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Final

import msgspec

from alarmcore.model.alarm import Facts
from alarmcore.model.reading import Bed, Door, Floor, Position, Reading
from alarmcore.rules.base import Memory, Observed, Setting
from alarmcore.rules.lasting import BATCH_S, LastingRule, began
from alarmcore.rules.signs import hour_of, is_hers
from alarmcore.rules.switches import Switches, is_on, turned
from alarmcore.rules.zone import UNDECIDED
from alarmcore.usual import quiet
from alarmcore.usual.bed import STUCK_S
from alarmcore.usual.bounds import Usual
from alarmcore.usual.quiet import Quiet
from geofence.belief import Fix
from geofence.belief import step as believe

NOTHING: Final = Quiet()

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
        within_s = quiet.usual_s(memory.quiet or NOTHING, hour_of(memory.since_at, setting), memory.since_at)
        for_s = int((now - memory.since_at).total_seconds())
        return Facts(for_s=for_s, lasting="still", usual_s=round(within_s))

    def sense(self, memory: Memory, event: Observed, setting: Setting) -> Memory:
        """Being inactive holds from the newest sign of activity on, and does not hold while the person is away."""
        if isinstance(event.reading.body, Position):
            return self._placed(memory, event, setting)
        switch = switch_of(event)
        if switch is not None:
            sources = turned(memory.sources, *switch, event.reading.at)
            if sources is memory.sources:
                return memory
            changed = is_on(memory.sources, switch[0]) is not switch[1]
            memory = msgspec.structs.replace(memory, sources=sources)
            if not changed:
                return memory
        away = memory.belief is not None and memory.belief.side == "outside"
        if away and event.reading.kind == "button":
            return memory  # a bracelet is pressed out of doors as well
        if memory.since_at is not None and event.reading.at <= memory.since_at:
            return memory
        if self.usual is not None:
            memory = self._learned(memory, event, setting, self.usual, away=away)
        if away and memory.belief is not None:
            memory = msgspec.structs.replace(memory, belief=UNDECIDED)
        return began(memory, event.reading, True, event.reading.at)

    def _learned(self, memory: Memory, event: Observed, setting: Setting, usual: Usual, *, away: bool) -> Memory:
        """Memory that has learned from the silence that ends now, and knows how long the next may be.

        The timer is set anew where the limit is shorter: a pause in the morning is over before sleep would have been.
        """
        at, before = event.reading.at, memory.quiet or NOTHING
        after = before
        if memory.since_at is not None and not away and setting.stay(at) is None:
            found_s = (before.limit_s or None) if memory.found or memory.again else None
            after = quiet.signed(before, memory.since_at, at, hour_of(memory.since_at, setting), found_s)
        after = quiet.left(after, lies=lies(memory.sources, setting, at), out=self._leads_out(event.reading))
        after = quiet.timed(after, at, hour_of(at, setting), usual)
        if after is before:
            return memory
        retimed = after.limit_s < before.limit_s
        return msgspec.structs.replace(memory, quiet=after, due_at=None if retimed else memory.due_at)

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
            if after.quiet is not None:
                after = msgspec.structs.replace(after, quiet=quiet.left(after.quiet, lies=after.quiet.lies, out=False))
            return began(after, event.reading, True, event.reading.at)
        return after


def lies(switches: Switches, setting: Setting, at: datetime) -> bool:
    """Whether somebody lies in a bed, as its sensors say; one that was replaced, or has said so for a day, is not heard."""
    beds = [(name.removesuffix(IN_BED), since_at) for name, since_at in switches if name.endswith(IN_BED)]
    return any((at - since_at).total_seconds() < STUCK_S and is_hers(device, setting, at) for device, since_at in beds)


def switch_of(event: Observed) -> tuple[str, bool] | None:
    """Which switch the reading is of and whether it is on, or None for what is activity by itself."""
    reading = event.reading
    match reading.body:
        case Bed(occupied=on) | Floor(on_floor=on):
            return f"{reading.device}/{reading.kind}", on
        case Door(open=on, door=door):
            return f"{reading.device}/{reading.kind}/{door or ''}", on
    return None
