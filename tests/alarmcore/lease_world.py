"""A few workers that hold partitions by leases in two stores that fail, over a virtual clock; and what must be true of it.

The worker here is the simplest that keeps the rules of the port; the database hands out tokens and is always there.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

from cut_leases import CutLeases, Way

from alarmcore.adapters.alone import AloneLeases
from alarmcore.adapters.twofold_leases import TwofoldLeases
from alarmcore.errors import Unavailable
from alarmcore.shared import Lease, Standing

LEASE_S = 2.0
ROUND_S = 0.4
PARTITIONS = ("p0", "p1", "p2", "p3")

Store = Literal["first", "second"]


class World:
    """The clock, the two stores, the database's tokens, and the workers."""

    def __init__(self, workers: int = 3) -> None:
        self.now = 0.0
        self.stores = {"first": AloneLeases(self.time), "second": AloneLeases(self.time)}
        self.tokens: Counter[str] = Counter()
        self.owners: dict[str, str] = {}
        self.ways: dict[tuple[str, str], Way] = {}
        self.moved: list[str] = []
        """Grants of a partition that somebody alive held by his own account."""
        self.doubled: list[str] = []
        """Grants of one that somebody else held in a store, while both could be asked."""
        self.stuck: list[str] = []
        """Calls that failed although a store answered."""
        self.workers = {name: Worker(name, self) for name in "abcdef"[:workers]}

    def time(self) -> float:
        return self.now

    def way(self, store: str, worker: str) -> Way:
        return self.ways.get((store, worker), "open")

    async def pass_time(self, rounds: int) -> None:
        """Let every worker that is there take so many turns, all at once."""
        for _ in range(rounds):
            await asyncio.gather(*(worker.turn() for worker in self.workers.values() if worker.awake))
            self.now = round(self.now + ROUND_S, 6)

    async def settle(self) -> None:
        """Until everything is owned, from nothing."""
        await self.pass_time(8)
        assert len(self.owners) == len(PARTITIONS)

    def claim(self, partition: str, worker: str) -> int:
        """What the database does: the next token for the new owner."""
        self.tokens[partition] += 1
        self.owners[partition] = worker
        return self.tokens[partition]

    def old_contents(self) -> AloneLeases:
        """What the first store would have written down now: it comes back as a store that starts anew."""
        kept = AloneLeases(self.time)
        kept._held, kept._seen = dict(self.stores["first"]._held), dict(self.stores["first"]._seen)
        return kept

    def come_back(self, contents: AloneLeases) -> None:
        """The first store starts anew with these contents."""
        self.stores["first"] = contents
        for worker in self.workers.values():
            worker.first.store = contents


@dataclass
class Worker:
    """One worker process. `tokens` is what it owns by its own account."""

    name: str
    world: World
    awake: bool = True
    tokens: dict[str, int] = field(default_factory=dict)
    renewed_at: dict[str, float] = field(default_factory=dict)
    forgotten_at: float | None = None

    def __post_init__(self) -> None:
        stores = self.world.stores
        self.first = CutLeases(stores["first"], lambda: self.world.way("first", self.name))
        self.second = CutLeases(stores["second"], lambda: self.world.way("second", self.name))
        self.leases = TwofoldLeases(self.first, self.second, LEASE_S, self.world.time)

    async def turn(self) -> None:
        """Look, show that it lives, renew, take what is free."""
        seen: Standing | None = None
        try:
            seen = await self.leases.look()
            await self.leases.appear(self.name, LEASE_S)
        except Unavailable:
            self._complain("look")
        self._drop_what_the_database_took()
        for partition, token in list(self.tokens.items()):
            await self._renew(partition, token)
        if seen is None:
            return
        if await self._may_take(seen):
            for partition in PARTITIONS:
                if partition not in seen.leases and partition not in self.tokens:
                    await self._take(partition)

    def _drop_what_the_database_took(self) -> None:
        self.tokens = {partition: token for partition, token in self.tokens.items() if self.world.tokens[partition] == token}

    async def _renew(self, partition: str, token: int) -> None:
        try:
            if await self.leases.take(partition, Lease(self.name, token), LEASE_S):
                self.renewed_at[partition] = self.world.now
        except Unavailable:
            self._complain("renewal")

    async def _may_take(self, seen: Standing) -> bool:
        """Whether what is shown as free is free: not while the store has forgotten, and for a lease after that."""
        if not seen.forgotten:
            self.forgotten_at = None
            return True
        if self.forgotten_at is None:
            self.forgotten_at = self.world.now
        if self.world.now - self.forgotten_at >= LEASE_S:
            try:
                await self.leases.remember()
            except Unavailable:
                self._complain("remember")
        return False

    async def _take(self, partition: str) -> None:
        both = self._reaches_both()
        try:
            granted = await self.leases.take(partition, Lease(self.name, 0), LEASE_S)
        except Unavailable:
            self._complain("taking")
            return
        if not granted:
            return
        self._judge(partition, both=both and self._reaches_both())
        self.tokens[partition] = token = self.world.claim(partition, self.name)
        self.renewed_at[partition] = self.world.now
        await self._renew(partition, token)

    def _reaches_both(self) -> bool:
        return all(self.world.way(store, self.name) == "open" for store in ("first", "second"))

    def _judge(self, partition: str, *, both: bool) -> None:
        for store in ("first", "second") if both else ():
            until, held = self.world.stores[store]._held.get(partition, (0.0, Lease(self.name, 0)))
            if until > self.world.now and held.owner != self.name:
                self.world.doubled.append(f"{self.world.now}: {partition} for {self.name}, {held} in the {store}")
        for other in self.world.workers.values():
            lives = other.awake and self.world.now - other.renewed_at.get(partition, -LEASE_S) < LEASE_S
            if other is not self and lives and other.tokens.get(partition) == self.world.tokens[partition]:
                self.world.moved.append(f"{self.world.now}: {partition} from {other.name} to {self.name}")

    def _complain(self, what: str) -> None:
        if "open" in {self.world.way(store, self.name) for store in ("first", "second")}:
            self.world.stuck.append(f"{self.world.now}: {what} of {self.name}")
