"""A store of leases in memory with a clock of its own, and a worker's way to it, which breaks as networks do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from alarmcore.shared import Lease, Standing


class LeaseStore:
    """What the store holds. It begins as one that has forgotten, and can `lose` everything again."""

    def __init__(self, time: Callable[[], float]) -> None:
        self.time = time
        self.lose()

    def lose(self) -> None:
        """Forget everything."""
        self.held: dict[str, tuple[Lease, float]] = {}
        self.seen: dict[str, float] = {}
        self.forgotten = True

    def leases(self) -> dict[str, Lease]:
        """What has not expired."""
        now = self.time()
        return {name: lease for name, (lease, until) in sorted(self.held.items()) if until > now}

    def standing(self) -> Standing:
        """How things stand."""
        now = self.time()
        return Standing(self.leases(), frozenset(name for name, until in self.seen.items() if until > now), self.forgotten)

    def take(self, partition: str, lease: Lease, lease_s: float) -> bool:
        """As the port says."""
        holder = self.leases().get(partition)
        if holder is not None and holder.owner != lease.owner:
            return False
        self.held[partition] = (lease, self.time() + lease_s)
        return True

    def release(self, partition: str, owner: str) -> None:
        """As the port says."""
        if partition in self.held and self.held[partition][0].owner == owner:
            del self.held[partition]


async def straight() -> None:
    """A way on which nothing happens."""


class LeaseLine:
    """The store as one worker reaches it (port `Leases`): `way` is gone there and back, and may fail, or take for ever."""

    def __init__(self, store: LeaseStore, way: Callable[[], Awaitable[None]] = straight) -> None:
        self.store = store
        self.way = way

    async def look(self) -> Standing:
        """How things stand."""
        await self.way()
        found = self.store.standing()
        await self.way()
        return found

    async def remember(self) -> None:
        """Not forgotten from now on."""
        await self.way()
        self.store.forgotten = False
        await self.way()

    async def appear(self, worker: str, lease_s: float) -> None:
        """A sign of life."""
        await self.way()
        self.store.seen[worker] = self.store.time() + lease_s
        await self.way()

    async def leave(self, worker: str) -> None:
        """The last one."""
        await self.way()
        self.store.seen.pop(worker, None)
        await self.way()

    async def take(self, partition: str, lease: Lease, lease_s: float) -> bool:
        """Take or renew."""
        await self.way()
        taken = self.store.take(partition, lease, lease_s)
        await self.way()
        return taken

    async def release(self, partition: str, owner: str) -> None:
        """Hold no longer."""
        await self.way()
        self.store.release(partition, owner)
        await self.way()
