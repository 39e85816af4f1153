"""What every rule has: its fields in the site file, what it remembers, and the shape of its pure `step`.

A rule's module defines one frozen struct whose fields are those of the site file. Rules that fire at a reading derive from
`MomentRule`, rules about a condition that holds for a while from `alarmcore.rules.lasting.LastingRule`. To add a rule, write
such a module and name it in `alarmcore.rules`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Final
from zoneinfo import ZoneInfo

import msgspec

from alarmcore.calendar import Window, current
from alarmcore.model.alarm import Facts
from alarmcore.model.reading import Reading
from alarmcore.outcome import Decision, Outcome
from alarmcore.rules.witness import Witness
from alarmcore.sensors import Health
from alarmcore.usual.bed import Past
from alarmcore.usual.clocks import Clock
from alarmcore.usual.quiet import Quiet
from geofence.area import Area
from geofence.belief import Belief

AGAIN_S = 3600.0
"""A condition that persists after its alarm was resolved is raised again after this long, unless the rule says otherwise."""


class Memory(msgspec.Struct, frozen=True, gc=False, array_like=True, omit_defaults=True):
    """What one rule remembers of one person.

    `holds` is None while unknown. `since_at` is when the condition began, `heard_at` the newest reading that was used,
    `due_at` when the rule wants to be asked. `found` says that this stretch has been raised; `again_at` that its alarm was
    resolved and it may be raised again then, `again` how often that has happened. `cause` and `device` name the reading
    that began the stretch. `sources` holds, for rules about several devices or doors, one moment each. `mark` is that of the
    areas which `belief` is about, 0 where it was stored before there were marks. `past` is what has been learned by a rule that
    knows the usual. `health` is that of the home's sensors, for the rule about them. `devices` say where the person is, and
    `belief` is that of the one among them which counts; they were measured against the areas `drawn`, and judged at `judged_at`.
    `clocks` are those of devices whose readings are late, and perhaps wrong.
    """

    holds: bool | None = None
    since_at: datetime | None = None
    due_at: datetime | None = None
    found: bool = False
    heard_at: datetime | None = None
    cause: int = 0
    device: str = ""
    again: int = 0
    again_at: datetime | None = None
    belief: Belief | None = None
    sources: tuple[tuple[str, datetime], ...] = ()
    past: Past | None = None
    quiet: Quiet | None = None
    mark: int = 0
    health: Health | None = None
    devices: tuple[Witness, ...] = ()
    drawn: int = 0
    judged_at: datetime | None = None
    clocks: tuple[Clock, ...] = ()


BLANK = Memory()


class Span(msgspec.Struct, frozen=True, gc=False):
    """From when (included) until when (not included); None is without end."""

    from_: datetime | None
    until: datetime | None

    def holds(self, at: datetime) -> bool:
        """Whether `at` lies within."""
        return (self.from_ is None or at >= self.from_) and (self.until is None or at < self.until)


class Away(Span, frozen=True, gc=False):
    """A stay away from home, with the places in `distances_m` of the zones that count meanwhile (none: the usual ones).

    `names` are the ids of those zones, in their order.
    """

    zones: tuple[int, ...] = ()
    names: tuple[str, ...] = ()


class Setting(msgspec.Struct, frozen=True, gc=False):
    """What a rule must know of the person besides its own fields.

    `zones` are the places in an observation's `distances_m` that belong to this rule; `home` is the place of the home
    itself there; `devices` are the person's devices by id and when they are the person's, `kinds` their kinds in that order
    (none: nobody says). Of two `stays` at once the first counts. `marks` are those of all the person's areas (none: nobody
    says), `mark` is that of `zones` together.
    `guarded`: a rule of the person's looks at the home's sensors, so that a faulty one is known, and told of.
    """

    tz: ZoneInfo
    zones: tuple[int, ...] = ()
    home: int | None = None
    devices: tuple[tuple[str, Span], ...] = ()
    stays: tuple[Away, ...] = ()
    marks: tuple[int, ...] = ()
    mark: int = 0
    guarded: bool = False
    kinds: tuple[str, ...] = ()

    def stay(self, at: datetime) -> Away | None:
        """The stay away from home at `at`."""
        return next((stay for stay in self.stays if stay.holds(at)), None)

    def mark_of(self, zones: tuple[int, ...]) -> int:
        """The mark of some areas together, in whichever order; 0 where nobody says."""
        return combined([self.marks[place] for place in zones]) if self.marks else 0


MARK_BITS: Final = 32
"""What a mark takes: of two drawings of the same zone one in four thousand million is taken for the other."""


def combined(marks: Sequence[int]) -> int:
    """The mark of several areas, also of none; never 0. A sum, so that an area which stands there twice counts twice."""
    return (sum(marks) + len(marks)) % (1 << MARK_BITS) or 1


class Observed(msgspec.Struct, frozen=True, gc=False):
    """A reading of this person arrived. `distances_m`: signed, one for each of the person's areas, for positions only.

    `positioned` is False for a position that may not be used as one (no valid consent).
    """

    reading: Reading
    distances_m: tuple[float, ...] = ()
    positioned: bool = True


class Woke(msgspec.Struct, frozen=True):
    """The moment that the rule wanted to be asked has come."""


class Resolved(msgspec.Struct, frozen=True):
    """The rule's alarm was resolved by a person."""


Event = Observed | Woke | Resolved


class Find(Decision, frozen=True):
    """Something is wrong: `why` from the vocabulary, `cause` the identity of the first reading behind it."""

    why: str
    cause: int
    device: str
    happened_at: datetime
    late_s: int = 0
    again: int = 0
    facts: Facts | None = None


class End(Decision, frozen=True):
    """The condition behind an earlier finding has ended."""

    why: str


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule of one resident. `active` empty means always."""

    kind: ClassVar[str] = ""
    hears: ClassVar[frozenset[str]] = frozenset()
    """Kinds of reading this rule wants to see."""

    id: str
    priority: str = "high"
    active: tuple[Window, ...] = ()
    chain: str | None = None
    again_s: float = AGAIN_S

    def step(self, memory: Memory, event: Event, setting: Setting, now: datetime) -> Outcome[Memory]:
        """Decide about one event; implemented by every kind of rule."""
        raise NotImplementedError

    def redrawn(self, memory: Memory, setting: Setting, areas: tuple[Area, ...]) -> Memory:
        """Memory with a mark, stored perhaps under another setting, as far as it still says something under this one."""
        del setting, areas
        return memory

    def hearing(self) -> frozenset[str]:
        """Kinds of reading that this one rule wants to see."""
        return self.hears

    def is_active(self, setting: Setting, moment: datetime) -> bool:
        """Whether the rule watches at `moment`."""
        return not self.active or current(self.active, setting.tz, moment) is not None


class MomentRule(Rule, frozen=True, kw_only=True):
    """Fires at the reading itself; remembers nothing."""

    why: ClassVar[str] = ""

    def fires(self, reading: Reading) -> bool:
        """Whether this reading says that something is wrong."""
        del reading
        return True

    def step(self, memory: Memory, event: Event, setting: Setting, now: datetime) -> Outcome[Memory]:
        """Find at once what the reading says, if the rule is active at the time it happened or now.

        Either counts: a press that was buffered over the end of a window was still a press inside it.
        """
        if not isinstance(event, Observed) or not self.fires(event.reading):
            return Outcome(memory)
        reading = event.reading
        if not (self.is_active(setting, reading.at) or self.is_active(setting, now)):
            return Outcome(memory)
        why = qualified(self.why, reading)
        return Outcome(memory, (Find(why, cause_of(reading), reading.device, reading.at, reading.late_s),))


def qualified(why: str, reading: Reading) -> str:
    """`why` and what could not be used of the reading."""
    # A time that was set aside though it lies in the past is that of a clock which had begun anew.
    reset = ("reset_clock",) if reading.late_s and "at" in reading.set_aside else ()
    return " ".join((why, *reset, *(f"set_aside:{name}" for name in reading.set_aside)))


def cause_of(reading: Reading) -> int:
    """What tells this reading from others, in the id of the alarm that it raises."""
    return reading.identity if reading.identity is not None else int(reading.received_at.timestamp() * 1000)
