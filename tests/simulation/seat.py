"""One worker of a world with several: a machine that owns partitions, stands still, dies, drains, and loses sight of stores."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from alarmcore.errors import Unavailable
from alarmcore.owner import Owner
from tests.simulation import history as seen
from tests.simulation.deeds import DeedsLine
from tests.simulation.lease_store import LeaseLine
from tests.simulation.partition_process import PartitionProcess
from tests.simulation.seated_loop import Seat

if TYPE_CHECKING:
    from tests.simulation.shared_world import SharedWorld

WAY_S: Final = 0.002
"""There, or back."""

FOREVER_S: Final = 1e6
"""What hangs is given up by whoever asks."""


class Worker(Seat):
    """A worker from its start to its death; each has a name of its own. It is the host of its own owner's partitions."""

    def __init__(self, world: SharedWorld, name: str) -> None:
        super().__init__()
        self.world = world
        self.name = name
        self.alive = True
        self.cut_from_store = self.cut_from_database = False
        self.draining = False
        self.processes: dict[str, PartitionProcess] = {}
        self.sockets: list[tuple[Callable[..., None], tuple[Any, ...]]] = []
        leases, deeds = LeaseLine(world.store, self.to_store), DeedsLine(world.deeds, self.to_database)
        self.owner = Owner(name, leases, deeds, self, lease_s=world.lease_s)
        world.loop.seated(self, self.owner.start())

    def __str__(self) -> str:
        return self.name

    def well(self) -> bool:
        """Whether nothing keeps it from its work."""
        return self.alive and self.running and not (self.draining or self.cut_from_store or self.cut_from_database)

    # -- ways to the stores -----------------------------------------------------------------------------------------------

    async def to_store(self) -> None:
        """To the store of leases, or back."""
        await asyncio.sleep(WAY_S)
        if self.cut_from_store:
            raise Unavailable("the store cannot be reached")
        if self.world.store_hangs:
            await asyncio.sleep(FOREVER_S)

    async def to_database(self) -> None:
        """To the database, or back."""
        await asyncio.sleep(WAY_S)
        if self.cut_from_database:
            raise Unavailable("the database cannot be reached")

    # -- the host ---------------------------------------------------------------------------------------------------------

    async def open(self, partition: str, token: int) -> None:
        """Load a partition."""
        await asyncio.sleep(self.world.faults.between("load", 0.0, self.world.load_s))
        process = self.processes[partition] = PartitionProcess(self, partition, token)
        self.world.every_process.append(process)
        try:
            await process.starting
        except Unavailable:
            self.world.add(seen.NotOpened(t=self.world.t(), partition=partition, worker=self.name))
            raise
        self.world.connected(process)

    async def close(self, partition: str) -> None:
        """End it."""
        process = self.processes.get(partition)
        if process is not None:
            await process.end()
            self.processes.pop(partition, None)
            self.world.add(seen.Closed(t=self.world.t(), partition=partition, worker=self.name))

    def hush(self, partition: str) -> None:
        """No more effects."""
        if partition in self.processes:
            self.processes[partition].hushed = True

    # -- what befalls it --------------------------------------------------------------------------------------------------

    def pause(self, seconds: float) -> None:
        """The machine stands still for a while."""
        if self.alive and self.running:
            self.world.loop.stop_seat(self)
            self.world.later(seconds, self.resume)

    def resume(self) -> None:
        """It goes on, and does not know that it has not."""
        if self.alive and not self.running:
            self.world.loop.run_seat(self)
            sockets, self.sockets = self.sockets, []
            for call, given in sockets:
                call(*given)

    def die(self) -> None:
        """It is killed at this instant."""
        if not self.alive:
            return
        self.alive = False
        self.world.loop.stop_seat(self)
        # Its partitions' stories go on: what it had sent to the database may still be stored.
        self.world.history.records.append(seen.Died(t=self.world.t()))
        for process in self.processes.values():
            process.dead()
        self.world.worker_died(self)

    async def drain(self) -> None:
        """It is asked to end, as for an update."""
        self.draining = True
        await self.owner.drain()
        await self.owner.close()
        self.die()

    def cut_database(self) -> None:
        """Every connection breaks."""
        self.cut_from_database = True
        for process in self.processes.values():
            process.deed.cut()
