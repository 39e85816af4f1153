"""One partition's life in one worker: the parts of a service, stored under a token, and fenced when it is somebody else's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dispatch.telling import Tell
from tests.simulation import history as seen
from tests.simulation.fenced_journal import FencedJournal
from tests.simulation.process import Process
from tests.simulation.town import Town

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulation.seat import Worker
    from tests.simulation.shared_world import SharedWorld


class Corner:
    """The world as one partition's process sees it: what it says goes into the history as long as its word counts.

    A turn is told of just before it is stored, or when it has ended without: two processes may have one under way, and only one
    of them is ever stored.
    """

    def __init__(self, world: SharedWorld, process: PartitionProcess) -> None:
        self.world = world
        self.process = process
        self.fed: seen.Fed | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.world, name)

    def add(self, record: seen.Record) -> None:
        """Something that the process does."""
        if isinstance(record, seen.Fed):
            self.fed = record
        elif isinstance(record, seen.Begun) and not self.process.current():
            self.world.add(seen.BegunLate(t=record.t, message=record.message, worker=self.process.seat.name))
        elif isinstance(record, seen.Shown) or self.process.current():
            self.world.add_of(self.process.partition, record)

    def turn_stored(self, fed: seen.Fed | None) -> None:
        """A turn is being stored now, whatever its process hears of it; one that ended before that has been told of."""
        if fed is not None and fed is self.fed:
            self.fed = None
            self.world.add_of(self.process.partition, fed)

    def turn_ended(self) -> None:
        """It has come to its end. One that is still to be stored, by a straggler, has been told of."""
        if self.process.current():
            self.turn_stored(self.fed)
        self.fed = None


class PartitionProcess(Process):
    """The service of one partition, in one worker, under one token."""

    def __init__(self, worker: Worker, partition: str, token: int) -> None:
        self.seat = worker
        self.partition = partition
        self.hushed = False
        self.alive = True
        self.deed = FencedJournal(self, token)
        self.corner = Corner(worker.world, self)
        super().__init__(self.corner)  # type: ignore[arg-type]
        self.service.on_fenced = lambda: worker.owner.fenced(partition)

    def towns(self) -> dict[str, Town]:
        """Its tenants."""
        world = self.seat.world
        return {tenant: world.towns[tenant] for tenant in world.deeds.rows[self.partition].tenants}

    def journal(self) -> Any:
        """Under its token."""
        return self.deed

    def current(self) -> bool:
        """Whether its token is the newest."""
        return self.seat.world.deeds.rows[self.partition].token == self.deed.token

    def when_it_runs(self, call: Callable[..., None], *given: Any) -> None:
        """What comes in while the machine stands still lies in a socket."""
        if self.seat.running:
            call(*given)
        else:
            self.seat.sockets.append((call, given))

    def perform(self, tell: Tell) -> None:
        """Begin an effect, unless there may be somebody else by now who does."""
        if not self.hushed:
            super().perform(tell)

    async def start(self) -> None:
        """Load.

        Raises:
            Unavailable: it cannot be read.
        """
        await self.service.start()
        self.ready = True
        if self.current():
            self.seat.world.add_of(self.partition, seen.Started(t=self.world.t()))

    def die(self) -> None:
        """The machine it runs on dies, and it is not alone there."""
        self.seat.die()

    def dead(self) -> None:
        """Nothing that it still does counts; whoever waits for it hears that it is gone."""
        self.alive = self.ready = False
        for call in self.calls:
            call.cancel()

    async def end(self) -> None:
        """In good order, after the turn that is under way."""
        self.ready = False
        self.starting.cancel()
        await self.service.close()
        await self.teller.close()
        self.dead()
