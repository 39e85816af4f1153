"""The disk, which outlives processes, and each process's way to it, which fails as disks do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final, Protocol

from alarmcore.adapters.memory_journal import MemoryJournal
from alarmcore.errors import CommitFailed, Unavailable
from alarmcore.ports import Batch, OpenAlarm, StoredState
from tests.simulation.faults import Faults

WORK_S: Final = 0.001
"""What one transaction takes."""


class Disk(MemoryJournal):
    """What is stored. `full` while nothing more fits; reading goes on."""

    def __init__(self, kept: Callable[[Batch], None], refused: Callable[[str], None]) -> None:
        super().__init__()
        self.full = False
        self.kept = kept
        self.refused = refused

    async def commit(self, batch: Batch) -> int:
        """Store, and tell the history."""
        try:
            first = await super().commit(batch)
        except ValueError as error:
            self.refused(str(error))
            raise
        if not batch.empty():
            self.kept(batch)
        return first


class Owner(Protocol):
    """The process that uses the disk."""

    alive: bool

    def die(self) -> None:
        """End at this very instant."""


class FaultyJournal:
    """The journal as one process sees it; passes the journals' contract when nothing strikes."""

    keep = True

    def __init__(self, disk: Disk, owner: Owner, faults: Faults) -> None:
        self.disk = disk
        self.owner = owner
        self.faults = faults

    async def states(self) -> Iterable[StoredState]:
        """All that is stored."""
        await self._read()
        return await self.disk.states()

    async def reread(self, keys: list[tuple[str, str]]) -> list[StoredState]:
        """Some of it."""
        await self._read()
        return await self.disk.reread(keys)

    async def effects(self) -> list[tuple[str, bytes]]:
        """Effects not settled."""
        await self._read()
        return await self.disk.effects()

    async def known(self, identities: list[int], now: datetime) -> dict[int, int]:
        """Identities of the last week."""
        await self._read()
        return await self.disk.known(identities, now)

    async def open_alarms(self, after: str, limit: int) -> list[OpenAlarm]:
        """What the auditor asks for."""
        await self._read()
        return await self.disk.open_alarms(after, limit)

    async def unsettled(self, limit: int) -> list[tuple[str, bytes]]:
        """What it asks for besides."""
        await self._read()
        return await self.disk.unsettled(limit)

    async def decided_at(self) -> datetime | None:
        """When something was stored last."""
        await self._read()
        return await self.disk.decided_at()

    async def commit(self, batch: Batch) -> int:
        """Store all of it, or nothing, or all of it without saying so."""
        await self._pass(WORK_S)
        if self.disk.full or self.faults.strikes("commit_before"):
            raise CommitFailed("the disk is full; nothing of it is kept")
        if self.faults.strikes("die_before_commit"):
            await self._die()
        if self.faults.strikes("commit_during"):
            await self._pass(self.faults.delay("slow_s", WORK_S))
            raise CommitFailed("the disk did not answer; nothing is known")
        slow_s = self.faults.delay("slow_s", 0.0)
        if slow_s:
            await self._pass(slow_s)
        first = await self.disk.commit(batch)
        if self.faults.strikes("die_after_commit"):
            await self._die()
        await self._pass(WORK_S)
        if self.faults.strikes("commit_after"):
            raise CommitFailed("the disk did not answer; nothing is known")
        return first

    async def _read(self) -> None:
        """Reading takes no time, as in the one process that has the file in memory."""
        if not self.owner.alive:
            raise asyncio.CancelledError
        if self.faults.strikes("blind"):
            await self._pass(WORK_S)
            raise Unavailable("the disk cannot be read")

    async def _die(self) -> None:
        self.owner.die()
        await self._pass(WORK_S)

    async def _pass(self, seconds: float) -> None:
        """Let time pass. Whoever is dead gets no further, and nothing of what they began is done."""
        if self.owner.alive:
            await asyncio.sleep(seconds)
        if not self.owner.alive:
            raise asyncio.CancelledError
