"""What a worker holds and knows of partitions, what can happen, and what can be decided. Pure; `ownership` is the machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Literal

import msgspec

from alarmcore.outcome import Decision
from alarmcore.shared import Partition, Standing

LOOKS_IN_A_LEASE: Final = 5
"""Looks, and renewals, in one lease: four may fail before it lapses, and a dead worker is missed a fifth of a lease late."""

SEEN_FOR: Final = 1.0
"""In leases: a worker that has not reached the database for so long is not there for the others."""

Stage = Literal["taking", "claiming", "opening", "open", "closing", "leaving"]


class Mine(msgspec.Struct, frozen=True):
    """A partition that this worker holds, or is about to.

    `held_at`: when the take was asked that gave us the lease last. `asked`: a renewal or a claim is under way. `lost_at`: since
    when the store names somebody else. `doomed`: to be closed as soon as it is open.
    """

    stage: Stage
    since: float
    held_at: float
    token: int = 0
    asked: bool = False
    lost_at: float | None = None
    hushed: bool = False
    doomed: bool = False


class Strike(msgspec.Struct, frozen=True):
    """How often a partition could not be kept in a row, and until when we keep away from it."""

    count: int
    until: float


class Ownership(msgspec.Struct, frozen=True):
    """One worker's state.

    `listed_at`: when the newest list of partitions was asked for. `seen_since`: since when the store has answered every time, and
    has not forgotten. `handed`: what a drain waits for.
    """

    worker: str
    lease_s: float
    mine: Mapping[str, Mine] = {}
    known: tuple[Partition, ...] = ()
    listed_at: float | None = None
    listing: bool = False
    standing: Standing | None = None
    free_since: Mapping[str, float] = {}
    seen_since: float | None = None
    calm_since: float | None = None
    strikes: Mapping[str, Strike] = {}
    draining: bool = False
    handed: tuple[str, float] | None = None

    def present(self, now: float) -> bool:
        """Whether others may count on this worker: not while it keeps away from a partition, or that would be moved to it."""
        shy = any(now < strike.until for strike in self.strikes.values())
        reaches = self.listed_at is not None and now - self.listed_at <= SEEN_FOR * self.lease_s
        return reaches and not (shy or self.draining)

    def drained(self) -> bool:
        """Whether a drain has come to its end."""
        return self.draining and not self.mine

    def lease_age_s(self, now: float) -> float:
        """How long ago the oldest of our leases was taken or renewed."""
        return max((now - one.held_at for one in self.mine.values() if one.stage == "open"), default=0.0)


def owners(standing: Standing) -> dict[str, str]:
    """Who holds what."""
    return {name: lease.owner for name, lease in standing.leases.items()}


def forgot(before: Standing | None, now: Standing) -> bool:
    """Whether the store has forgotten between two looks: for the first time, or again, before anybody told it to remember."""
    if before is None or not now.forgotten:
        return False
    return not before.forgotten or bool(owners(before).items() - owners(now).items())


def missing(known: Iterable[Partition], standing: Standing) -> list[str]:
    """Partitions that somebody owns by the database's word, and of which the store of leases knows nothing."""
    return sorted(row.name for row in known if row.owner is not None and row.name not in standing.leases)


def ownerless(known: Iterable[Partition], standing: Standing) -> list[str]:
    """Partitions that nobody works on: given back or left behind, and held by nobody."""
    held = standing.leases
    return sorted(row.name for row in known if row.name not in held and row.owner not in standing.workers)


# -- events ---------------------------------------------------------------------------------------------------------------


class Looked(msgspec.Struct, frozen=True):
    """The store of leases has answered."""

    standing: Standing


class StoreSilent:
    """The store of leases did not answer."""


class Listed(msgspec.Struct, frozen=True):
    """The database has answered what it was asked at `asked_at`."""

    partitions: tuple[Partition, ...]
    asked_at: float


class ListFailed:
    """The database did not answer."""


class LeaseTaken(msgspec.Struct, frozen=True):
    """We hold a lease for its whole length from `asked_at` on."""

    partition: str
    asked_at: float


class LeaseRefused(msgspec.Struct, frozen=True):
    """Somebody else holds it."""

    partition: str


class LeaseUnanswered(msgspec.Struct, frozen=True):
    """The store did not answer: we may hold it or not."""

    partition: str


class TokenClaimed(msgspec.Struct, frozen=True):
    """The database has made us the owner."""

    partition: str
    token: int


class ClaimFailed(msgspec.Struct, frozen=True):
    """It did not answer."""

    partition: str


class PartitionOpened(msgspec.Struct, frozen=True):
    """Its persons are loaded, and decided about here."""

    partition: str


class OpenFailed(msgspec.Struct, frozen=True):
    """They could not be."""

    partition: str


class WasFenced(msgspec.Struct, frozen=True):
    """A commit was refused: the partition is somebody else's."""

    partition: str


class PartitionClosed(msgspec.Struct, frozen=True):
    """Its last commit is done, and nothing of it goes on here."""

    partition: str


class PartitionLeft(msgspec.Struct, frozen=True):
    """It was given back and its lease released, as far as they could be reached."""

    partition: str


class DrainBegan:
    """This worker is to end, and nobody is to wait for it."""


# -- decisions ------------------------------------------------------------------------------------------------------------


class ListPartitions(Decision, frozen=True):
    """Ask the database who owns what."""


class RememberStandings(Decision, frozen=True):
    """Tell the store that from now on what it says is to be believed."""


class TakeLease(Decision, frozen=True):
    """Take a partition's lease, or renew it, for `token` (0: it is not open)."""

    partition: str
    token: int


class ClaimToken(Decision, frozen=True):
    """Become the owner in the database."""

    partition: str


class OpenPartition(Decision, frozen=True):
    """Load it and go on with it."""

    partition: str
    token: int


class HushPartition(Decision, frozen=True):
    """Begin none of its effects any more."""

    partition: str


class ClosePartition(Decision, frozen=True):
    """End it after the commit that is under way."""

    partition: str


class GiveUp(Decision, frozen=True):
    """Give it back in the database, then release its lease."""

    partition: str
    token: int
