"""What the rules about safety zones share: following what is believed of where the person is, by each of their devices."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar, Final

from msgspec.structs import replace

from alarmcore.calendar import Window, current, upcoming
from alarmcore.model.alarm import Facts
from alarmcore.model.reading import Body, Position, Reading, Status
from alarmcore.outcome import Outcome
from alarmcore.rules.base import Event, Memory, Observed, Setting, Woke
from alarmcore.rules.homecoming import arrived, is_back
from alarmcore.rules.lasting import SPANS_MAX, LastingRule, began
from alarmcore.rules.signs import is_hers
from alarmcore.rules.switches import Switches, is_on, turned
from alarmcore.rules.voices import (
    NEVER,
    counted,
    disputed,
    heard_of,
    is_idle,
    kept,
    of_memory,
    spoken,
    standing_by,
    voice,
)
from alarmcore.rules.witness import (
    FRESH_S,
    KEPT,
    PRESENT_S,
    UNDECIDED,
    Seen,
    Witness,
    carried,
    heard,
    is_safe,
    judged_anew,
    lies_inside,
    remeasured,
    unplaced,
)
from geofence.area import Area
from geofence.belief import STALE_S

__all__ = ["UNDECIDED", "ZoneRule", "carried", "is_safe", "lies_inside", "theirs"]

FORGET: Final = timedelta(seconds=STALE_S)
"""A device that nobody wears takes back what spoke against its being at home only so much later: a person who left it there may
have been seen elsewhere meanwhile, but two wild fixes of one night do not make an exit."""

JUDGED_S: Final = 86_400.0
"""A last place is judged anew for so long, whenever other zones count: whoever was seen last before that is long looked for."""

Hours = tuple[tuple[int, tuple[Window, ...]], ...]
"""Places of the person's zones that have hours, and these."""


class ZoneRule(LastingRule, frozen=True, kw_only=True):
    """Follows what is believed of the union of `zones`; the condition holds once a device says that the person is on `side`.

    `sources` holds, as switches, the devices that say nothing of the person because they are charging or not worn. `hours` does
    not stand in a rule of the site file: it is told those of the person's zones.
    """

    hears: ClassVar[frozenset[str]] = frozenset({"position", "status"})

    zones: tuple[str, ...]
    hours: Hours = ()

    def side(self) -> str:
        """The side of the border that is the condition."""
        raise NotImplementedError

    def step(self, memory: Memory, event: Event, setting: Setting, now: datetime) -> Outcome[Memory]:
        """Follow the fixes, and judge the last place anew when other zones count."""
        changing = bool(self.hours or setting.stays)
        if not changing and not isinstance(event, Woke):
            return super().step(memory, event, setting, now)
        before, said = memory, ()
        judged = self._judged(memory, setting, now)
        if judged != memory:
            turned_now = self._moved(memory, judged, None, setting, now)
            memory, said = turned_now.state, turned_now.decisions
        outcome = super().step(memory, event, setting, now)
        after = self._awaited(before, outcome.state, setting, now) if changing else outcome.state
        return Outcome(after, (*said, *outcome.decisions))

    def sense(self, memory: Memory, event: Observed, setting: Setting) -> Memory:
        """Let one more fix count."""
        reading, body = event.reading, event.reading.body
        if not isinstance(body, Position):
            sources = told_of(memory.sources, reading, body)
            return memory if sources is memory.sources else replace(memory, sources=sources)
        if not event.positioned or (reading.late_s and not theirs(reading, setting)):
            return memory
        at, now, zones, mark = reading.at, reading.received_at, setting.zones, setting.mark
        if setting.stays or self.hours:
            zones = self.counting(setting, now)
            mark = setting.mark_of(zones)
            if (now - at).total_seconds() > FRESH_S and self.counting(setting, at) != zones:
                return memory  # it says where the person was when other zones counted
        devices, place, witness = spoken(memory, reading)
        seen = Seen(at, body.lat, body.lon, body.accuracy_m, event.distances_m, reading.late_s > PRESENT_S)
        if memory.sources and zones and witness.stands and at > heard_of(witness):
            sources = arrived(memory.sources, reading.device, at, back=self._contradicts(seen, zones))
            memory = memory if sources is memory.sources else replace(memory, sources=sources)
        if memory.sources and zones and self._says_nothing(memory, seen, reading.device, zones):
            after = self._forgotten(witness, at)
        else:
            after = heard(witness, seen, now, zones, KEPT if setting.stays or self.hours else 1)
        if after is witness:
            return memory
        drawn, belief = hash(setting.marks), memory.belief
        if place == 0 and len(memory.devices) == 1 and belief is not None and belief.side == after.belief.side:
            # The only device says what it said before: so do all together.
            return replace(memory, belief=after.belief, devices=(after,), mark=mark, drawn=drawn)
        return self._joined(replace(memory, devices=kept(devices, place, after), mark=mark, drawn=drawn), reading, setting, now)

    def redrawn(self, memory: Memory, setting: Setting, areas: tuple[Area, ...] = ()) -> Memory:
        """Memory whose distances are those to the areas of today, and that knows nothing of zones which are drawn otherwise.

        What was found is still found, and its alarm as open as it was. The timer comes at once where the last place is to be
        judged anew, and decides by fixes alone. Memory without a mark, from before there were any, is not shown to this.
        """
        belief, drawn = memory.belief, hash(setting.marks)
        if belief is None or belief.last_at is None or not setting.marks:
            return memory
        zones = self._zones(setting, self._spoken_at(memory))
        mark = setting.mark_of(zones)
        if mark == memory.mark and (drawn == memory.drawn or not memory.devices):
            return memory
        devices = tuple([remeasured(one, areas, None if mark == memory.mark else zones) for one in memory.devices])
        if mark == memory.mark:
            return replace(memory, devices=devices, drawn=drawn)
        if not devices:
            return replace(memory, belief=unplaced(belief), mark=mark, drawn=drawn)
        last_at = max(map(heard_of, devices))
        due_at = last_at if memory.due_at is None else min(memory.due_at, last_at)
        after = replace(memory, devices=devices, mark=mark, drawn=drawn, due_at=due_at)
        return replace(after, belief=max(devices, key=heard_of).belief)

    def _zones(self, setting: Setting, at: datetime) -> tuple[int, ...]:
        """The zones that count at `at`; without a look at the calendar where they are always the same."""
        return self.counting(setting, at) if self.hours or setting.stays else setting.zones

    def _spoken_at(self, memory: Memory) -> datetime:
        """The moment whose zones the devices speak of."""
        moments = [one.received_at for one in memory.devices]
        if memory.judged_at is not None:
            moments.append(memory.judged_at)
        return max(moments, default=(memory.belief or UNDECIDED).last_at or NEVER)

    def counting(self, setting: Setting, at: datetime) -> tuple[int, ...]:
        """The zones that count at `at`: during a stay away from home its own, where it has any; each only in its hours."""
        stay = setting.stay(at)
        zones = stay.zones if stay is not None and stay.zones else setting.zones
        closed = [place for place, windows in self.hours if current(windows, setting.tz, at) is None]
        return tuple(place for place in zones if place not in closed) if closed else zones

    def facts(self, memory: Memory, setting: Setting, now: datetime) -> Facts | None:
        """How far from the border, for how long, by how many positions that agree, and how old the newest is."""
        belief = memory.belief
        if belief is None or belief.side == "unknown" or belief.since_at is None or belief.last_at is None:
            return None
        confirmed = (belief.distance_m > 0.0) == (belief.side == "outside")
        return Facts(
            side=belief.side,
            zones=self.named(setting, now),
            distance_m=round(abs(belief.distance_m)) if confirmed else None,
            for_s=elapsed_s(belief.since_at, now),
            fixes=belief.agreed,
            accuracy_m=round(belief.error_m),
            age_s=elapsed_s(belief.last_at, now),
            disputed=disputed(memory, setting, now),
        )

    def named(self, setting: Setting, at: datetime) -> tuple[str, ...]:
        """The ids of the zones that count at `at`."""
        stay = setting.stay(at)
        known = zip(setting.zones, self.zones, strict=False)
        names = dict(zip(stay.zones, stay.names, strict=False)) if stay is not None and stay.zones else dict(known)
        return tuple(names[place] for place in self.counting(setting, at) if place in names)

    def due(self, memory: Memory, setting: Setting) -> datetime | None:
        """As for all that lasts; not while it is unknown where the person is with the zones of today, nor while none counts."""
        if memory.belief is None or memory.belief.side != self.side():
            return None
        return self.opened(super().due(memory, setting), setting)

    def opened(self, due_at: datetime | None, setting: Setting) -> datetime | None:
        """The first moment from `due_at` on at which a zone counts and the rule watches."""
        for _ in range(SPANS_MAX):
            if due_at is None or not self.hours:
                return due_at
            if not self.counting(setting, due_at):
                spans = [upcoming(windows, setting.tz, due_at) for _, windows in self.hours]
                due_at = min([span.start_at for span in spans if span is not None], default=None)
            elif not self.is_active(setting, due_at):
                span = upcoming(self.active, setting.tz, due_at)
                due_at = None if span is None else span.start_at
            else:
                return due_at
        return None

    def _joined(self, memory: Memory, reading: Reading | None, setting: Setting, now: datetime) -> Memory:
        """Memory with what the devices say together: the condition holds as long as one of them says so that may speak."""
        side = self.side()
        devices = standing_by(memory.devices, side)
        speaking = devices if len(devices) == 1 and reading else counted(devices, memory.sources, side, setting, now)
        belief, unknown = voice(speaking, side), memory.belief is None or memory.belief.side == "unknown"
        memory = replace(memory, devices=devices, belief=belief)
        holds: bool | None = any(one.stands for one in speaking) or None
        if holds is None:
            holds = False if belief.side not in ("unknown", side) else memory.holds
        # What is known again, of zones that were drawn anew or count again, is found again.
        same = holds == memory.holds and not (holds and unknown)
        if holds is None or same or belief.since_at is None or (holds and belief.side != side):
            return memory
        if reading is not None:
            return began(memory, reading, holds, belief.since_at)
        # A moment, and no fix, has changed it: the moment tells this alarm from others, in microseconds, as no fix does.
        cause = int(now.timestamp() * 1_000_000)
        return replace(memory, holds=holds, since_at=belief.since_at, heard_at=belief.last_at, cause=cause)

    def _judged(self, memory: Memory, setting: Setting, now: datetime) -> Memory:
        """Memory whose devices speak of the zones that count at `now`."""
        devices = of_memory(memory)
        if not devices:
            return memory
        zones, before = self._zones(setting, now), self._zones(setting, self._spoken_at(memory))
        anew = any(one.anew for one in devices)
        if (zones == before or not zones) and not anew and len(devices) == 1 and is_hers(devices[0].device, setting, now):
            return memory
        if zones and (zones != before or anew):
            devices = tuple([judged_anew(one, None if one.anew else before, zones, now) for one in devices])
            memory = replace(memory, devices=devices, mark=setting.mark_of(zones), judged_at=now)
        return self._joined(memory, None, setting, now)

    def _awaited(self, before: Memory, memory: Memory, setting: Setting, now: datetime) -> Memory:
        """Memory with a timer for when other zones will count, if the last place may then be another matter."""
        due_at, belief = memory.due_at, memory.belief
        if due_at is not None and due_at > now and due_at == before.due_at:
            return memory
        if belief is None or belief.last_at is None or (now - belief.last_at).total_seconds() > JUDGED_S:
            return memory
        change_at = self._changes_at(setting, now)
        if change_at is None or (due_at is not None and due_at <= change_at):
            return memory
        return replace(memory, due_at=change_at)

    def _changes_at(self, setting: Setting, now: datetime) -> datetime | None:
        """When other zones will count than now."""
        moments = [moment for stay in setting.stays for moment in (stay.from_, stay.until) if moment is not None]
        for _, windows in self.hours:
            open_now, next_one = current(windows, setting.tz, now), upcoming(windows, setting.tz, now)
            moments += [open_now.end_at] if open_now is not None else [next_one.start_at] if next_one is not None else []
        return min([moment for moment in moments if moment > now], default=None)

    def _says_nothing(self, memory: Memory, seen: Seen, device: str, zones: tuple[int, ...]) -> bool:
        """Whether a fix comes from a device that is not with the person and lies where nothing is wrong.

        What speaks for the condition always counts: a bracelet that travels is with somebody, perhaps with them.
        """
        if not self._contradicts(seen, zones) or not is_idle(memory.sources, device, seen.at):
            return False
        return not is_back(memory.sources, device, seen.at)

    def _contradicts(self, seen: Seen, zones: tuple[int, ...]) -> bool:
        """Whether a fix lies where nothing is wrong."""
        far_m = min([seen.distances_m[place] for place in zones])
        return far_m < 0.0 if self.side() == "outside" else far_m > 0.0

    def _forgotten(self, witness: Witness, at: datetime) -> Witness:
        """A device without evidence for the condition that has waited for long, once it contradicts that and nobody wears it."""
        belief = witness.belief
        if belief.last_at is None or at < belief.last_at + FORGET:
            return witness
        waiting = belief.evidence > 0.0 if self.side() == "outside" else belief.evidence < 0.0
        if not waiting:
            return witness
        calm = replace(belief, evidence=0.0, run=0, run_at=None, best=0.0)
        return replace(witness, belief=calm, base=calm, recent=())


def elapsed_s(since_at: datetime, now: datetime) -> int:
    """Whole seconds by the clock; a device's clock may be ahead of it."""
    return max(0, int((now - since_at).total_seconds()))


def theirs(reading: Reading, setting: Setting) -> bool:
    """Whether the device was the person's when a late fix was made: one that was buffered before says where it was kept."""
    return any(device == reading.device and span.holds(reading.at) for device, span in setting.devices)


def told_of(sources: Switches, reading: Reading, status: Body) -> Switches:
    """What is known of devices after one has told of itself.

    Most say all day that they are worn: that is kept only of those that were not at some time. For the same reason a late one
    that was not is not believed, unless it can be told that nothing newer is known.
    """
    if not isinstance(status, Status):
        return sources
    for name, idle in ((f"{reading.device}/charging", status.charging), (f"{reading.device}/off", negated(status.worn))):
        if idle is None or ((not idle or reading.late_s) and is_on(sources, name) is None):
            continue
        sources = turned(sources, name, idle, reading.at)
    return sources


def negated(said: bool | None) -> bool | None:
    """The contrary of what is known."""
    return None if said is None else not said
