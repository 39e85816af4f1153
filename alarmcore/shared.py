"""What several processes that serve one installation need of the outside: who owns what, an inbox, claims, news, presence.

An installation's tenants lie in partitions. One worker owns a partition at a time and alone decides about its persons. Two
things make that sure, and they are apart on purpose. A lease says who ought to: it expires, so that a dead worker is replaced
soon, and it may be wrong. A fencing token says whose commits count: the database hands it out, never one twice, and checks it in
each commit, so that a worker that has slept through its lease can store nothing (Kleppmann, Designing Data-Intensive
Applications, chapter 8).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, Protocol

import msgspec

from alarmcore.model.alarm import Alarm
from alarmcore.ports import Quarantined, StoredEvent

LEASE_S: Final = 2.0
"""How long a lease lasts if nothing else is said: a dead worker's alarms go on within three seconds, and a worker that its
machine does not let run for a second keeps what it has."""


class Partition(msgspec.Struct, frozen=True):
    """A bucket of tenants. `token` is the newest one handed out, `owner` who got it (None: it was given back in good order)."""

    name: str
    tenants: tuple[str, ...]
    token: int
    owner: str | None


class Partitions(Protocol):
    """Who may decide about which tenants, as the database knows it."""

    async def partitions(self) -> list[Partition]:
        """All partitions in which there is a tenant, in order of their names.

        Raises:
            Unavailable: they cannot be read now; `claim` and `give_back` say so too.
        """

    async def claim(self, partition: str, owner: str) -> int:
        """Become the owner and get the next fencing token.

        Every commit under an earlier one has either been stored by the time this returns, or never will be.
        """

    async def give_back(self, partition: str, token: int) -> None:
        """Say that nobody owns it now, unless somebody else has claimed it meanwhile: others need not wait for the lease."""


class Lease(msgspec.Struct, frozen=True):
    """Somebody's right to a partition for now. `token` is 0 until the database has handed one out."""

    owner: str
    token: int


class Standing(msgspec.Struct, frozen=True):
    """Who holds what, and who is there, at one look.

    `forgotten`: the store has lost everything it was told, and says so until somebody calls `remember`; that nobody holds a lease
    then means nothing yet.
    """

    leases: Mapping[str, Lease]
    workers: frozenset[str]
    forgotten: bool = False


class Leases(Protocol):
    """Expiring rights to partitions, and signs of life of workers. Every adapter passes one contract suite.

    All of them raise:
        Unavailable: the store does not answer; whether it did what it was asked is not known.
    """

    async def look(self) -> Standing:
        """How things stand."""

    async def remember(self) -> None:
        """From now on the store has not forgotten, until it loses everything again."""

    async def appear(self, worker: str, lease_s: float) -> None:
        """Be known as a living worker for `lease_s`."""

    async def leave(self, worker: str) -> None:
        """Be known as one no longer."""

    async def take(self, partition: str, lease: Lease, lease_s: float) -> bool:
        """Hold a free partition, or one held by the same owner already, for `lease_s`; False when somebody else holds it."""

    async def release(self, partition: str, owner: str) -> None:
        """Hold it no longer; what somebody else holds stays as it is."""


class InboxEntry(msgspec.Struct, frozen=True):
    """Something for the owner of a tenant that another process received: `kind` is `press`, `act` or `reading`."""

    place: int
    tenant: str
    kind: str
    data: bytes


class Inbox(Protocol):
    """Durable hand-over to whoever owns a tenant. What is put in is kept from then on; the owner's commit answers it."""

    async def put(self, entries: Sequence[tuple[str, str, bytes]]) -> list[int]:
        """Store some (tenant, kind, data), all or none, and return their places.

        Raises:
            CommitFailed: none is stored.
        """

    async def waiting(self, partition: str, after: int, limit: int) -> list[InboxEntry]:
        """Unanswered entries for a partition's tenants behind place `after`: presses and acts first, each the oldest first.

        Raises:
            Unavailable: they cannot be read now; `answers` says so too.
        """

    async def answers(self, places: Sequence[int]) -> dict[int, bytes]:
        """The answers to some entries, as far as they have been given."""

    async def sweep(self, before: datetime) -> int:
        """Forget answered entries stored before a moment; return how many."""


class Claims(Protocol):
    """Effects of workers that do not perform them themselves: each is claimed by one dispatcher at a time (SKIP LOCKED).

    All of them raise:
        Unavailable: nothing can be claimed, held or let go now, or it is not known whether it was.
    """

    async def claim(self, dispatcher: str, limit: int, hold_s: float, *, lapsed: bool = True) -> list[tuple[str, bytes]]:
        """Effects that nobody holds, now held by `dispatcher` for `hold_s`, after which somebody else may; the most urgent first.

        Each tenant gets an equal share of `limit`, and what is left of it goes to whatever is most urgent. `lapsed`: also those
        whose holder's time is over, its own included.
        """

    async def hold(self, ids: Sequence[str], dispatcher: str, hold_s: float) -> set[str]:
        """Hold some for another `hold_s` from now; those that are. Left out: what is settled, and what somebody else has claimed.

        What is being settled in this moment may be left out and not be settled in the end; so ask once more.
        """

    async def let_go(self, ids: Sequence[str], dispatcher: str) -> None:
        """Hold some effects no longer, so that somebody else need not wait for `hold_s`."""


class ShownAlarm(msgspec.Struct, frozen=True):
    """An alarm with the stored state of its chain (None: it has none), as a process that does not own it can show it."""

    alarm: Alarm
    chain: bytes | None


class News(msgspec.Struct, frozen=True):
    """One event, with its alarm as it stands now (None: the event is of no alarm)."""

    stored: StoredEvent
    shown: ShownAlarm | None


class Books(Protocol):
    """What is stored, as pages and commands read it. `tenant` None reads all tenants.

    All of them raise:
        Unavailable: it cannot be read now.
    """

    async def alarms(self, tenant: str | None, *, opened: bool, limit: int, before: str | None = None) -> list[Alarm]:
        """Alarms, the newest first: those that are open, or those that are resolved; `before` is the last one the caller has."""

    async def alarm(self, alarm_id: str) -> ShownAlarm | None:
        """One alarm."""

    async def timeline(self, alarm_id: str) -> list[StoredEvent]:
        """An alarm's events, the oldest first."""

    async def state(self, machine: str, key: str) -> bytes | None:
        """The stored state of a machine under a key; None where nothing is stored."""

    async def track(self, tenant: str, resident: str) -> bytes | None:
        """What is stored of a person's track: `alarmcore.track.Track` in msgpack; None where there never was one."""

    async def quarantined(self, tenant: str | None, limit: int) -> list[Quarantined]:
        """What is in quarantine, the newest first."""

    async def last_seq(self) -> int:
        """The place of the newest event; 0 if there is none. Events become visible in order of their places, without gaps."""

    async def news(self, after: int, limit: int) -> list[News]:
        """Events behind a place, in order."""

    async def opened(self) -> tuple[int, list[ShownAlarm]]:
        """Every open alarm, and the place of the newest event, of one moment."""


class Bell(Protocol):
    """Tells other processes at once that there is something to read. It may lose a ring: whoever waits looks now and then anyway.

    Topics: `events` (there are new events), `inbox:{partition}`, `effects`.
    """

    def ring(self, topic: str) -> None:
        """Ring; never waits and never fails."""

    async def heard(self, topics: Sequence[str], within_s: float) -> None:
        """Return when one of the topics has been rung since the last call for it, or after `within_s`, whichever is first.

        When nothing can be heard, that is after `within_s`.
        """


class Presence(Protocol):
    """Which alarms stand on an open page somewhere, and which operators are there. Never needed for an alarm to go on."""

    async def show(self, place: str, operators: Mapping[str, Sequence[str]], alarms: Sequence[str], for_s: float) -> None:
        """What a web process (`place`) has open: operators by tenant, and alarms on their screens; forgotten after `for_s`."""

    async def on_screen(self, alarm: str) -> bool:
        """Whether an open page shows an alarm; False when that cannot be told."""

    async def operators(self, tenant: str) -> list[str]:
        """Operators of a tenant with an open page, in order; none when that cannot be told."""
