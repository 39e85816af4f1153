"""The watch and the lifecycle as the runner drives them: keys, storage and wake-ups."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

import msgspec

from alarmcore import lifecycle, track, watch
from alarmcore.model.alarm import (
    Alarm,
    AnswerAlarm,
    CloseTrack,
    EndCondition,
    Fix,
    FollowPerson,
    ForgiveRule,
    KeepFix,
    NoteOuting,
    OpenTrack,
    RaiseAlarm,
    Slot,
)
from alarmcore.model.outing import Outing
from alarmcore.outcome import Outcome
from alarmcore.rules.base import BLANK, Memory
from alarmcore.shelf import Rows
from alarmcore.track import Track
from alarmcore.watch import Plan, WatchState

Person = tuple[str, str]

UNASKED: Final = -1
"""In the place of a mark: the rules are others than when timers were set, and have not been asked since."""


def slot_text(slot: Slot) -> str:
    """A slot as the journal's key. Ids never hold a slash."""
    return "/".join(slot)


def slot_of(text: str) -> Slot:
    """The slot from the journal's key."""
    return Slot(*text.split("/"))


class StoredWatch(msgspec.Struct, frozen=True, array_like=True):
    """What is stored of a watch state: memories by rule id, so that a changed site keeps those of the rules that stay.

    `mark` is that of the plan by which they were timed; 0 without memories, and where it was stored before there were marks.
    """

    fix: Fix | None
    memories: list[tuple[str, str, Memory]]
    outing: Outing | None = None
    followed: bool = False
    lapsed: bool = False
    mark: int = 0


class OfPerson:
    """What machines with one state per person have in common: how a person's key is stored."""

    def text(self, key: Person) -> str:
        """Key as text."""
        return "/".join(key)

    def key(self, text: str) -> Person:
        """Key from text."""
        tenant, resident = text.split("/")
        return (tenant, resident)


class WatchMachine(OfPerson):
    """One state per resident; `plan_of` gives what is set up for them now, `rows` their numbers (for the runner's shelf)."""

    name = "watch"
    hears: tuple[type, ...] = (ForgiveRule, FollowPerson)
    woke = watch.WOKE

    def __init__(self, plan_of: Callable[[Person], Plan | None], rows: Rows | None = None) -> None:
        self.plan_of = plan_of
        self.rows = rows
        self._decode = msgspec.msgpack.Decoder(StoredWatch).decode
        self._encode = msgspec.msgpack.Encoder().encode

    def key_of(self, decision: ForgiveRule | FollowPerson) -> Person:
        """A slot's person."""
        return (decision.slot.tenant, decision.slot.resident)

    def initial(self, key: Person) -> WatchState:
        """Somebody of whom nothing is known yet; with an empty plan where nobody is set up under this key."""
        return watch.fresh(self.plan_of(key) or Plan(*key, (), (), {}))

    def decode(self, key: Person, data: bytes) -> WatchState:
        """Stored memories on the plan of today."""
        stored = self._decode(data)
        fresh = self.initial(key)
        kept = {(rule, kind): memory for rule, kind, memory in stored.memories}
        memories = [kept.get((w.rule.id, w.rule.kind), BLANK) for w in fresh.plan.watched]
        return watch.resumed(
            fresh.plan,
            memories,
            stored.fix,
            stored.outing,
            followed=stored.followed,
            lapsed=stored.lapsed,
            mark=stored.mark,
        )

    def encode(self, state: WatchState) -> bytes:
        """What must survive."""
        named = zip(state.plan.watched, state.memories, strict=True)
        memories = [(w.rule.id, w.rule.kind, memory) for w, memory in named if memory is not BLANK]
        mark = UNASKED if state.changed else state.plan.mark if memories else 0
        return self._encode(StoredWatch(state.fix, memories, state.outing, state.followed, state.lapsed, mark))

    def step(self, state: WatchState, event: watch.Event, now: datetime) -> Outcome[WatchState]:
        """The machine itself."""
        return watch.step(state, event, now)

    def wake(self, key: Person, state: WatchState) -> tuple[datetime, tuple[str, str, str]] | None:
        """The earliest rule that wants to be asked."""
        return None if state.wake_at is None else (state.wake_at, (*key, state.wake_rule))

    def alarm(self, state: WatchState) -> None:
        """A watch is no alarm."""
        del state


def stored_outing(data: bytes) -> Outing | None:
    """Somebody's latest outing, out of what is stored of their watch."""
    return _watch(data).outing


_watch = msgspec.msgpack.Decoder(StoredWatch).decode


class TrackMachine(OfPerson):
    """One state per person of whom an alarm is open, or was."""

    name = "track"
    hears: tuple[type, ...] = (OpenTrack, CloseTrack, KeepFix)
    woke = track.Unasked()

    def __init__(self) -> None:
        self._decode = msgspec.msgpack.Decoder(Track).decode
        self._encode = msgspec.msgpack.Encoder().encode

    def key_of(self, decision: track.Event) -> Person:
        """A slot's person."""
        return (decision.slot.tenant, decision.slot.resident)

    def initial(self, key: Person) -> Track:
        """Nobody looks for them."""
        del key
        return track.EMPTY

    def decode(self, key: Person, data: bytes) -> Track:
        """A stored track."""
        del key
        return self._decode(data)

    def encode(self, state: Track) -> bytes:
        """A track as stored."""
        return self._encode(state)

    def step(self, state: Track, event: track.Event, now: datetime) -> Outcome[Track]:
        """The machine itself."""
        return track.step(state, event, now)

    def wake(self, key: Person, state: Track) -> None:
        """Never: positions come by themselves, and a person ends the alarm."""
        del key, state

    def alarm(self, state: Track) -> None:
        """A track is no alarm."""
        del state


class NoTrackMachine(TrackMachine):
    """Keeps nothing, where nobody can look at it (a replay); nothing is decided by a track."""

    def step(self, state: Track, event: track.Event, now: datetime) -> Outcome[Track]:
        """Nothing follows."""
        del event, now
        return Outcome(state)


class LifecycleMachine:
    """One state per slot: its latest alarm."""

    name = "lifecycle"
    hears: tuple[type, ...] = (RaiseAlarm, EndCondition, AnswerAlarm, NoteOuting)
    woke = lifecycle.FollowUp()

    def __init__(self) -> None:
        self._decode = msgspec.msgpack.Decoder(Alarm).decode
        self._encode = msgspec.msgpack.Encoder().encode

    def key_of(self, decision: Any) -> Slot:
        """The slot the decision is about."""
        slot: Slot = decision.slot
        return slot

    def initial(self, key: Slot) -> None:
        """No alarm yet."""
        del key

    def decode(self, key: Slot, data: bytes) -> Alarm:
        """A stored alarm."""
        del key
        return self._decode(data)

    def encode(self, state: Alarm) -> bytes:
        """An alarm as stored."""
        return self._encode(state)

    def step(self, state: Alarm | None, event: lifecycle.Event, now: datetime) -> Outcome[Alarm | None]:
        """The machine itself."""
        return lifecycle.step(state, event, now)

    def wake(self, key: Slot, state: Alarm) -> tuple[datetime, tuple[str, str, str]] | None:
        """The follow-up."""
        return None if state.wake_at is None else (state.wake_at, (key.tenant, key.resident, key.rule))

    def text(self, key: Slot) -> str:
        """Key as text."""
        return slot_text(key)

    def key(self, text: str) -> Slot:
        """Key from text."""
        return slot_of(text)

    def alarm(self, state: Alarm) -> Alarm:
        """The alarm itself."""
        return state
