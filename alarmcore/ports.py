"""What the runner needs of the outside: a clock, a journal, and somebody who performs effects."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

import msgspec

from alarmcore.model.alarm import Alarm, AlarmEvent
from alarmcore.outcome import Outcome

REMEMBERED: Final = timedelta(days=7)
"""How long a reading's identity is remembered (the front door's promise)."""


class Clock(Protocol):
    """What time it is."""

    def now(self) -> datetime:
        """This moment, aware, UTC; never before one that was given out earlier."""

    def begin_at(self, at: datetime) -> None:
        """Go on from a moment at which something was decided before a restart, if that is later than now."""


class Machine(Protocol):
    """A pure machine as the runner drives it: one state for each key, loaded and stored as bytes."""

    name: str
    hears: tuple[type, ...]
    """Decisions of other machines that are this one's events; each has the key in its `slot`."""
    woke: Any
    """The event for a wake-up."""

    def key_of(self, decision: Any) -> Hashable:
        """The key of the state that a decision is for."""

    def initial(self, key: Any) -> Any:
        """The state of a key of which nothing is stored."""

    def decode(self, key: Any, data: bytes) -> Any:
        """A stored state."""

    def encode(self, state: Any) -> bytes:
        """A state as it is stored."""

    def step(self, state: Any, event: Any, now: datetime) -> Outcome[Any]:
        """The machine itself."""

    def wake(self, key: Any, state: Any) -> tuple[datetime, tuple[str, str, str]] | None:
        """When the state wants to be asked, and (tenant, resident, rule), by which wakes of one instant are ordered."""

    def text(self, key: Any) -> str:
        """The key as text, for storage."""

    def key(self, text: str) -> Hashable:
        """The key from its text."""

    def alarm(self, state: Any) -> Alarm | None:
        """The alarm that this state is, for those who list alarms; None for other machines."""


class StoredState(msgspec.Struct, frozen=True, gc=False):
    """One machine's state under one key, as the journal keeps it."""

    machine: str
    key: str
    tenant: str
    wake_at: datetime | None
    data: bytes


KEEPERS: Final = ("lifecycle", "chain")
"""The machines that keep an open alarm going, by name: the follow-up and the chain, each with a state under the alarm's slot."""


class OpenAlarm(msgspec.Struct, frozen=True):
    """An alarm that is stored as not resolved, and the moments stored for its slot, one for each of `KEEPERS`."""

    alarm: Alarm
    wakes: tuple[datetime | None, ...]


class StoredEvent(msgspec.Struct, frozen=True):
    """An event of an alarm's timeline and its place in the journal."""

    seq: int
    event: AlarmEvent


class Quarantined(msgspec.Struct, frozen=True, kw_only=True):
    """A reading that could not be used, as an operator can look at it."""

    received_at: datetime
    tenant: str
    device: str
    kind: str
    reason: str
    payload: bytes
    field: str | None = None


class Batch(msgspec.Struct):
    """What one commit makes durable, all of it or nothing.

    `identities`: (identity, digest) of readings, kept for seven days. `settled`: ids of effects that are done with. `answered`:
    (place, answer) of entries of the inbox that this batch takes care of.
    """

    now: datetime
    states: list[StoredState] = []
    alarms: list[Alarm] = []
    events: list[AlarmEvent] = []
    effects: list[tuple[str, bytes]] = []
    settled: list[str] = []
    identities: list[tuple[int, int]] = []
    quarantined: list[Quarantined] = []
    answered: list[tuple[int, bytes]] = []

    def empty(self) -> bool:
        """Whether there is nothing to store."""
        return not (
            self.states
            or self.events
            or self.effects
            or self.settled
            or self.identities
            or self.quarantined
            or self.alarms
            or self.answered
        )


class Journal(Protocol):
    """Durable storage of states, alarms, events, effects and identities. Adapters pass one contract suite."""

    keep: bool
    """Whether states and effects are kept at all; one that keeps none (replay) is spared their encoding."""

    async def states(self) -> Iterable[StoredState]:
        """All stored states, to begin with."""

    async def reread(self, keys: list[tuple[str, str]]) -> list[StoredState]:
        """The stored states of some (machine, key) pairs; those that are not stored are left out.

        Raises:
            Unavailable: they cannot be read now; `known` and `effects` say so too.
        """

    async def effects(self) -> list[tuple[str, bytes]]:
        """Effects that were stored and not settled, oldest first."""

    async def known(self, identities: list[int], now: datetime) -> dict[int, int]:
        """Of these identities, those seen within seven days before `now`, with their digests."""

    async def decided_at(self) -> datetime | None:
        """The latest `now` of a stored batch; None where nothing is stored yet."""

    async def commit(self, batch: Batch) -> int:
        """Store a batch durably; return the place of its first event (the rest follow). An empty one asks whether that works.

        Raises:
            CommitFailed: nothing of it is stored, as far as can be told; the same batch may work later.
            Fenced: another process owns these persons now; nothing of it is stored, nor ever will be.
            Exception: nothing of it is stored, nor ever will be.
        """


class AuditedJournal(Journal, Protocol):
    """A journal that an auditor can ask what is stored, at a cost that grows with the open alarms and with nothing else."""

    async def open_alarms(self, after: str, limit: int) -> list[OpenAlarm]:
        """Alarms stored as not resolved, in order of their slots' keys, from the first one behind `after` on.

        Raises:
            Unavailable: they cannot be read now; `unsettled` says so too.
        """

    async def unsettled(self, limit: int) -> list[tuple[str, bytes]]:
        """The oldest effects that were stored and not settled."""


Performer = Callable[[Any], None]
"""Begins to perform one effect; must not wait. Its result comes back to the runner as an event."""
