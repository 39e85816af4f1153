"""Rule `door_open`: a door has stood open for longer than the limit."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar, Final

from msgspec.structs import replace

from alarmcore.model.alarm import Facts
from alarmcore.model.reading import Door
from alarmcore.rules.base import Memory, Observed, Setting
from alarmcore.rules.lasting import LastingRule, began, unknown
from alarmcore.rules.signs import is_hers
from alarmcore.rules.switches import SWITCHES_MAX, Switches, turned

NAME_MAX: Final = 64
"""Characters kept of a door's name: it comes from outside, and is kept with every door."""

AGAIN: Final = "~"
"""Begins the name under which the newest word of a door that is open is kept; no device's id does."""


RENAMED: Final = timedelta(days=1)
"""How long a door that stands open may say nothing while its device tells of another one, and still be found again. Whoever has
several doors at one device has closed it by then, or has been told of it all day."""


class DoorOpen(LastingRule, frozen=True, kw_only=True):
    """Fires when any of the person's doors has stood open for `limit_s`; closing another door does not end that.

    `doors` are the names of those that count, as readings give them, or of devices; none means all.
    """

    kind: ClassVar[str] = "door_open"
    hears: ClassVar[frozenset[str]] = frozenset({"door"})
    why: ClassVar[str] = "door_open_too_long"
    ended: ClassVar[str] = "door_closed"
    of_device: ClassVar[bool] = True

    limit_s: float
    doors: tuple[str, ...] = ()

    def limit(self, memory: Memory, setting: Setting) -> float:
        """The fixed limit."""
        del memory, setting
        return self.limit_s

    def sense(self, memory: Memory, event: Observed, setting: Setting) -> Memory:
        """The door that has stood open longest is the condition. `sources` holds the doors as switches, on while open."""
        reading, body = event.reading, event.reading.body
        if not isinstance(body, Door) or not self._counts(reading.device, body.door):
            return memory
        name = f"{reading.device}/{(body.door or '')[:NAME_MAX]}"
        doors = said(memory.sources, name, body.open, reading.at)
        if doors is memory.sources:
            return memory
        after = replace(memory, sources=doors)
        # What was found is ended by that door alone, also when it has become somebody else's.
        longest = open_longest(doors if memory.found else self._hers(after, setting, reading.at))
        if longest is None:
            return began(after, reading, False, reading.at) if memory.holds is not False else after
        door, since_at = longest
        if memory.holds and since_at == memory.since_at:
            return after
        # The reading may be of another door, which has just been closed: whoever goes there is sent to the one that is open.
        return replace(began(after, reading, True, since_at), device=_device(door))

    def standing(self, memory: Memory, setting: Setting, now: datetime) -> Memory:
        """Memory of the doors that count still: another one may stand open behind one whose sensor was taken away."""
        if not memory.holds:
            return memory
        doors = self._hers(memory, setting, now)
        longest = open_longest(doors)
        if longest is None:
            return unknown(replace(memory, sources=doors))
        door, since_at = longest
        return memory if doors == memory.sources else replace(memory, sources=doors, since_at=since_at, device=_device(door))

    def _hers(self, memory: Memory, setting: Setting, now: datetime) -> Switches:
        """The doors of the person's own devices that the rule looks at.

        When asked again, without a door of which nothing has come for `RENAMED` while its device told of another one: a sensor
        that was moved and renamed while its door stood open.
        """
        doors = memory.sources
        return tuple(
            (state, at)
            for state, at in doors
            if is_hers(_device(state.removeprefix(AGAIN)), setting, now)
            and self._counts(*_named(state))
            and not (memory.again and _is_renamed(doors, state))
        )

    def facts(self, memory: Memory, setting: Setting, now: datetime) -> Facts | None:
        """Which door, and for how long it has stood open."""
        del setting
        longest = open_longest(memory.sources)
        if longest is None:
            return None
        device, _, door = longest[0].partition("/")
        return Facts(for_s=max(int((now - longest[1]).total_seconds()), 0), door=door or device)

    def _counts(self, device: str, door: str | None) -> bool:
        """Whether the rule looks at this door: it names it, or the device, or none at all."""
        return not self.doors or device in self.doors or (door is not None and door in self.doors)


def _device(state: str) -> str:
    """The device of a door."""
    return state.partition("/")[0]


def _named(state: str) -> tuple[str, str]:
    """A switch's device, and the name of its door."""
    device, _, door = state.removeprefix(AGAIN).removesuffix("=1").removesuffix("=0").partition("/")
    return device, door


def _is_renamed(doors: Switches, state: str) -> bool:
    """Whether the device of a door has told of another one long after its newest word of this one."""
    device, door = _named(state)
    heard: dict[bool, datetime] = {}
    for other, at in doors:
        of, name = _named(other)
        if of == device:
            heard[name == door] = max(at, heard.get(name == door, at))
    return False in heard and heard[False] - heard[True] >= RENAMED


def said(doors: Switches, name: str, is_open: bool, at: datetime) -> Switches:
    """The doors after one was said to be open or closed; the same object when that is nothing new, or too old.

    Of a door that is said to be open again and again the newest word is kept too: one that comes late and says that it was closed
    in between does not make it closed now.
    """
    again = AGAIN + name
    newest = next((known_at for known, known_at in doors if known == again), None)
    others = doors if newest is None else tuple(one for one in doors if one[0] != again)
    if not is_open and newest is not None and at < newest:
        closed = turned(others, name, False, at)
        return doors if closed is others else turned(closed, name, True, newest)
    after = turned(others, name, is_open, at)
    if after is not others:
        return after
    since_at = next((known_at for known, known_at in doors if known == f"{name}=1"), at)
    if not is_open or at <= (newest or since_at):
        return doors
    return (*others[-SWITCHES_MAX + 1 :], (again, at))


def open_longest(doors: Switches) -> tuple[str, datetime] | None:
    """The door (its device, a slash, its name there) that has stood open longest, and since when; None if none is open."""
    at, state = min(((at, state) for state, at in doors if state.endswith("=1")), default=(None, ""))
    return None if at is None else (state[:-2], at)
