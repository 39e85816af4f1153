"""The chain as the runner drives it: keys, storage and wake-ups."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

import msgspec

from alarmcore.bindings import slot_of, slot_text
from alarmcore.model.alarm import Alarm, AnswerAlarm, ContinueChain, DeclineLink, RescueChain, Slot, StartChain, StopChain
from alarmcore.model.outing import BeginOuting, EndOuting
from alarmcore.outcome import Outcome
from alarmcore.runner import Item
from dispatch import chain
from dispatch.chain import ChainState
from dispatch.plan import ChainBook
from dispatch.telling import Tell, Telling, Told


class StoredChain(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is stored of a chain's state: all but the book, which is the site's of today."""

    alarm: Alarm | None
    state: Literal["walking", "stopped", "done"]
    link: int
    turn_began_at: datetime | None
    tellings: tuple[Telling, ...] = ()
    declined: tuple[str, ...] = ()
    wake_at: datetime | None = None


class ChainMachine:
    """One state per slot; `book_of` gives a tenant's chains as they are set up now."""

    name = "chain"
    hears: tuple[type, ...] = (StartChain, StopChain, ContinueChain, DeclineLink, RescueChain)
    woke = chain.TurnCame()

    def __init__(self, book_of: Callable[[str], ChainBook]) -> None:
        self.book_of = book_of
        self._decode = msgspec.msgpack.Decoder(StoredChain).decode
        self._encode = msgspec.msgpack.Encoder().encode

    def key_of(self, decision: Any) -> Slot:
        """The slot the decision is about."""
        slot: Slot = decision.slot
        return slot

    def initial(self, key: Slot) -> ChainState:
        """No chain yet."""
        return ChainState(self.book_of(key.tenant))

    def decode(self, key: Slot, data: bytes) -> ChainState:
        """A stored chain on the book of today; a link that is gone meanwhile gives way to the last."""
        s = self._decode(data)
        book = self.book_of(key.tenant)
        link = min(s.link, book.chain(s.alarm.chain).last) if s.alarm else 0
        return ChainState(book, s.alarm, s.state, link, s.turn_began_at, s.tellings, s.declined, s.wake_at)

    def encode(self, state: ChainState) -> bytes:
        """What must survive."""
        s = state
        return self._encode(StoredChain(s.alarm, s.state, s.link, s.turn_began_at, s.tellings, s.declined, s.wake_at))

    def step(self, state: ChainState, event: chain.Event, now: datetime) -> Outcome[ChainState]:
        """The machine itself."""
        return chain.step(state, event, now)

    def wake(self, key: Slot, state: ChainState) -> tuple[datetime, tuple[str, str, str]] | None:
        """The chain's next moment."""
        return None if state.wake_at is None else (state.wake_at, (key.tenant, key.resident, key.rule))

    def text(self, key: Slot) -> str:
        """Key as text."""
        return slot_text(key)

    def key(self, text: str) -> Slot:
        """Key from text."""
        return slot_of(text)

    def alarm(self, state: ChainState) -> None:
        """A chain is no alarm."""
        del state


_encode_tell = msgspec.msgpack.Encoder().encode
_decode_tell = msgspec.msgpack.Decoder(Tell).decode

EFFECT_CODEC = (_encode_tell, _decode_tell)
"""How the one kind of effect, telling somebody, is stored until it is settled."""


class StoredAct(msgspec.Struct, frozen=True, array_like=True):
    """A fact or a person's act for a machine of another process: what it is, and the slot or the person it is about."""

    kind: str
    slot: str
    event: msgspec.Raw


ACTS: dict[str, tuple[str, type]] = {
    "answer": ("lifecycle", AnswerAlarm),
    "told": ("chain", Told),
    "shown": ("chain", chain.Shown),
    "outing": ("watch", BeginOuting),
    "outing_over": ("watch", EndOuting),
}
"""What can be handed over, by the word it is stored under: the machine that it is for, and its type."""

_keys: dict[str, Callable[[str], Any]] = {"watch": lambda text: tuple(text.split("/"))}
"""How a machine's key is read from its text, where it is no slot."""

_kind_of: dict[type, str] = {type_: kind for kind, (_, type_) in ACTS.items()}
_decode_act = msgspec.msgpack.Decoder(StoredAct).decode


def encode_act(item: Item) -> bytes:
    """An act as the inbox keeps it."""
    event = msgspec.Raw(_encode_tell(item.event))
    return _encode_tell(StoredAct(_kind_of[type(item.event)], slot_text(item.key), event))


def decode_act(data: bytes) -> Item:
    """An act from the inbox.

    Raises:
        KeyError, msgspec.DecodeError: it is none that this version knows.
    """
    stored = _decode_act(data)
    machine, type_ = ACTS[stored.kind]
    return Item(machine, _keys.get(machine, slot_of)(stored.slot), msgspec.msgpack.decode(stored.event, type=type_))
