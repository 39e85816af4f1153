"""A database's journal as a partition's owner sees it: commits name a token, and may be on their way when the line breaks."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from alarmcore.errors import CommitFailed, Fenced
from alarmcore.ports import Batch
from tests.simulation.check_replay import ended
from tests.simulation.history import Fed, StoredUnder
from tests.simulation.storage import WORK_S, FaultyJournal

if TYPE_CHECKING:
    from tests.simulation.partition_process import PartitionProcess

STRAGGLES_S: Final = 20.0
"""How much later a transaction may be executed whose client has gone: it lay in a socket."""


class FencedJournal(FaultyJournal):
    """What is sent is executed at the other end, whatever becomes of its sender. A broken line goes on with the next token."""

    def __init__(self, process: PartitionProcess, token: int) -> None:
        super().__init__(process.seat.world.disks[process.partition], process, process.seat.world.faults)
        self.process = process
        self.seat = process.seat
        self.token = token
        self.broken = False
        self.waiting: set[asyncio.Future[int]] = set()

    def cut(self) -> None:
        """The line breaks: nobody hears any more what became of what was sent."""
        self.broken = True
        for answered in self.waiting:
            if not answered.done():
                answered.set_exception(CommitFailed("the connection was lost; nothing is known"))

    async def commit(self, batch: Batch) -> int:
        """Send it, and hear what became of it, or not."""
        await self.connect()
        if self.disk.full or self.faults.strikes("commit_before"):
            await self._pass(WORK_S)
            raise CommitFailed("the disk is full; nothing of it is kept")
        if self.faults.strikes("die_before_commit"):
            await self._die()
        answered: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        after_s = WORK_S + self.faults.delay("slow_s", 0.0)
        if self.faults.strikes("commit_during"):
            self.broken = True
            after_s += self.faults.between("straggle", 0.0, STRAGGLES_S)
            answered.set_exception(CommitFailed("the connection was lost; nothing is known"))
        self.seat.world.later(after_s, self.execute, batch, self.process.corner.fed, self.token, answered)
        self.waiting.add(answered)
        try:
            return await answered
        finally:
            self.waiting.discard(answered)

    def execute(self, batch: Batch, fed: Fed | None, token: int, answered: asyncio.Future[int]) -> None:
        """The transaction, at the other end."""
        deeds, partition = self.seat.world.deeds, self.process.partition
        if not deeds.valid(partition, token):
            self.tell(answered, Fenced(partition))
            self.seat.world.refused(self.process)
            return
        if self.disk.full:
            self.tell(answered, CommitFailed("the disk is full; nothing of it is kept"))
            return
        self.process.corner.turn_stored(fed)
        self.seat.world.add(StoredUnder(t=self.seat.world.t(), partition=partition, token=token))
        try:
            first = ended(self.disk.commit(batch))
        except ValueError as error:
            self.tell(answered, error)
            return
        if self.faults.strikes("die_after_commit"):
            self.owner.die()
        elif self.faults.strikes("commit_after"):
            self.broken = True
            self.tell(answered, CommitFailed("the connection was lost; nothing is known"))
        elif not answered.done():
            answered.set_result(first)

    def tell(self, answered: asyncio.Future[Any], error: Exception) -> None:
        """Somebody may still be there to hear it."""
        if not answered.done():
            answered.set_exception(error)

    async def connect(self) -> None:
        """Begin anew after a line that broke: under the next token, so that what still lies in a socket is refused.

        Raises:
            CommitFailed: the database cannot be reached.
            Fenced: somebody else owns the partition.
        """
        if not self.owner.alive:
            raise asyncio.CancelledError
        if self.seat.cut_from_database:
            await self._pass(WORK_S)
            raise CommitFailed("the database cannot be reached")
        if self.broken:
            await self._pass(WORK_S)
            self.token = self.seat.world.deeds.next(self.process.partition, self.token)
            self.broken = False

    async def _read(self) -> None:
        await self.connect()
        await super()._read()
