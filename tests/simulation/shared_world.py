"""A world in which workers share partitions over one database: leases expire, zombies wake, lines break; then it heals."""

from __future__ import annotations

import asyncio
from collections import ChainMap
from collections.abc import Callable, Mapping
from typing import Any, Final

from alarmcore.adapters.clock import LOOK_S
from alarmcore.model.alarm import Alarm
from alarmcore.ports import Batch
from tests.simulation import history as seen
from tests.simulation.check_owners import UNSERVED
from tests.simulation.deeds import Deeds
from tests.simulation.faults import Weather
from tests.simulation.lease_store import LeaseStore
from tests.simulation.network import Kind
from tests.simulation.parted import PARTS, Parted
from tests.simulation.partition_process import PartitionProcess
from tests.simulation.process import Process
from tests.simulation.seat import Worker
from tests.simulation.seated_loop import SeatedLoop
from tests.simulation.shared_weather import SharedWeather, shared
from tests.simulation.storage import Disk
from tests.simulation.town import PLACES
from tests.simulation.world import RESTART_S, World

ROLLS_IN_A_LEASE: Final = 4
"""How often it is looked who serves what: finer than any bound that is held against it."""

LOADS: Final = 2.0
"""In leases, how long loading a partition may take: more than one, so that it must be renewed meanwhile."""


class Disks:
    """All partitions' disks as one, for those who look at everything."""

    def __init__(self, disks: Mapping[str, Disk]) -> None:
        self.disks = disks

    @property
    def alarms(self) -> Mapping[str, Alarm]:
        """Every alarm."""
        return ChainMap(*(disk.alarms for disk in self.disks.values()))

    @property
    def pending(self) -> Mapping[str, bytes]:
        """Every effect that was not settled."""
        return ChainMap(*(disk.pending for disk in self.disks.values()))


class DeedsSeen(Deeds):
    """Says who has become an owner."""

    claimed: Callable[[str, str, int], None]

    def claim(self, partition: str, owner: str) -> int:
        """The next token."""
        token = super().claim(partition, owner)
        self.claimed(partition, owner, token)
        return token


class SharedWorld(World):
    """Workers instead of one process. Each partition is judged as a world of its own, and all of them by who owns what."""

    tenants = tuple(PLACES)
    brokers: tuple[Kind, ...] = ("broker", "broker", "http")
    loop: SeatedLoop

    def __init__(self, *given: Any) -> None:
        self.deeds = DeedsSeen(PARTS)
        self.deeds.claimed = lambda partition, worker, token: self.add(
            seen.Claimed(t=self.t(), partition=partition, worker=worker, token=token)
        )
        self.home_of = {tenant: name for name, tenants in PARTS.items() for tenant in tenants}
        super().__init__(*given)
        self.lease_s = self.scale.lease_s
        self.load_s = LOADS * self.lease_s
        self.store = LeaseStore(self.t)
        self.store_hangs = False
        self.workers: list[Worker] = []
        self.every_worker: list[Worker] = []
        self.every_process: list[PartitionProcess] = []
        self.sessions: dict[str, PartitionProcess] = {}
        self.wanted = self.dice("workers").randint(*self.scale.workers)
        self.named = 0
        self.audited = False

    def new_loop(self) -> SeatedLoop:
        """With several machines in it."""
        return SeatedLoop()

    def weather(self) -> SharedWeather:
        """With what befalls machines and lines."""
        return shared(super().weather(), self.dice("shared weather"))

    def new_checkers(self) -> Parted:
        """One set for each partition, and one for all."""
        return Parted(self, {tenant: one.residents for tenant, one in self.towns.items()})

    def new_disk(self) -> Disks:
        """One for each partition: nothing of theirs is together but the database's clock."""
        self.disks = {name: self.disk_of(name) for name in PARTS}
        return Disks(self.disks)

    def disk_of(self, partition: str) -> Disk:
        """A partition's part of the database."""

        def kept(batch: Batch) -> None:
            self.add_of(partition, seen.Committed(t=self.t(), now=batch.now, batch=batch))

        return Disk(kept, lambda why: self.add_of(partition, seen.Refused(t=self.t(), why=why)))

    def add_of(self, partition: str, record: seen.Record) -> None:
        """Something that is about one partition."""
        self.history.records.append(record)
        self.checkers.see_of(partition, record)

    # -- workers ----------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start workers until there are as many as wanted."""
        while len(self.workers) < self.wanted:
            self.named += 1
            self.workers.append(Worker(self, f"w{self.named}"))
            self.every_worker.append(self.workers[-1])

    def worker_died(self, worker: Worker) -> None:
        """It is gone; a supervisor starts the next one."""
        self.workers.remove(worker)
        self.later(0.5 if self.faults.healed else self.faults.between("restart", 0.5, RESTART_S), self.start)

    def one(self, name: str) -> Worker | None:
        """Any worker."""
        if not self.workers:
            return None
        return self.workers[int(self.faults.between(name, 0, len(self.workers) - 1e-9))]

    def current(self, partition: str) -> PartitionProcess | None:
        """Who serves a partition under its newest token."""
        found = (worker.processes.get(partition) for worker in self.workers)
        return next((one for one in found if one is not None and one.alive and one.ready and one.current()), None)

    def process_of(self, tenant: str) -> Process | None:
        """Whom people reach: whoever serves it."""
        return self.current(self.home_of[tenant])

    def session_of(self, tenant: str) -> Process | None:
        """Whoever has connected last under the partition's name."""
        return self.sessions.get(self.home_of[tenant])

    def connected(self, process: PartitionProcess) -> None:
        """A session of the same name takes the place of the one before, and hears what that has not acknowledged."""
        self.sessions[process.partition] = process
        self.broker.connected(process)

    def stop_all(self) -> None:
        """Nothing that any worker still does counts, and nothing of them stands still."""
        for process in self.every_process:
            process.alive = False
        for worker in self.every_worker:
            self.loop.run_seat(worker)

    # -- faults -----------------------------------------------------------------------------------------------------------

    def begin_faults(self) -> None:
        """Faults that come by themselves."""
        super().begin_faults()
        self.every("pause_every_s", self.pause)
        self.every("cut_store_every_s", self.cut_store)
        self.every("cut_database_every_s", self.cut_database)
        self.every("store_lost_every_s", self.store_lost)
        self.every("store_hangs_every_s", self.hang_store)
        self.spawn(self.call_the_roll())

    @property
    def ill(self) -> SharedWeather:
        """This world's weather."""
        weather: Weather = self.faults.weather
        assert isinstance(weather, SharedWeather)
        return weather

    def die(self) -> None:
        """A worker is killed."""
        worker = self.one("dies")
        if worker is not None:
            worker.die()

    def stop(self) -> None:
        """A worker is asked to end, as for an update."""
        worker = self.one("stops")
        if worker is not None and worker.running and not worker.draining:
            self.loop.seated(worker, worker.drain())

    def pause(self) -> None:
        """A machine stands still."""
        worker = self.one("stands")
        if worker is not None:
            worker.pause(self.faults.between("stands for", 1.0, 1.0 + self.ill.pause_s))

    def cut_store(self) -> None:
        """A worker loses sight of the leases."""
        worker = self.one("blinded")
        if worker is not None:
            worker.cut_from_store = True
            self.later(1.0 + self.ill.cut_s, self.mend, worker)

    def cut_database(self) -> None:
        """A worker loses the database."""
        worker = self.one("cut")
        if worker is not None:
            worker.cut_database()
            self.later(1.0 + self.ill.cut_s, self.mend, worker)

    def mend(self, worker: Worker) -> None:
        """Its lines are whole again."""
        worker.cut_from_store = worker.cut_from_database = False

    def store_lost(self) -> None:
        """The store of leases forgets everything."""
        self.store.lose()

    def hang_store(self) -> None:
        """It answers nobody for a while."""
        self.store_hangs = True
        self.later(self.ill.store_hangs_s, self.store_answers)

    def store_answers(self) -> None:
        """It answers again."""
        self.store_hangs = False

    def fill(self) -> None:
        """The database's disk is full for a while."""
        for disk in self.disks.values():
            disk.full = True
        self.later(self.faults.weather.full_s, self.empty)

    def empty(self) -> None:
        """It has room again."""
        for disk in self.disks.values():
            disk.full = False

    def set_clock(self, ahead_s: float) -> None:
        """All machines show the same time, another one from now on."""
        forward = ahead_s > self.ahead_s
        self.ahead_s = ahead_s
        if forward:
            for worker in self.workers:
                for process in worker.processes.values():
                    self.later(LOOK_S, process.service.clock_set)
        self.add(seen.ClockSet(t=self.t(), ahead_s=ahead_s))

    async def heal(self) -> None:
        """Nothing fails any more. What was promised for a world that is well begins when every partition must be served again."""
        self.faults.healed = True
        self.empty()
        self.store_hangs = False
        for worker in list(self.workers):
            self.mend(worker)
            worker.resume()
        self.start()
        await asyncio.sleep(UNSERVED * self.lease_s)
        await super().heal()

    # -- who serves what --------------------------------------------------------------------------------------------------

    async def call_the_roll(self) -> None:
        """Look again and again who is there, and what they do."""
        while True:
            await asyncio.sleep(self.lease_s / ROLLS_IN_A_LEASE)
            posts = tuple(seen.Post(one.name, one.well(), tuple(sorted(one.processes))) for one in self.workers)
            serving = {name: self.current(name) for name in PARTS}
            served = tuple(name for name, one in serving.items() if one and one.seat.running and not one.seat.cut_from_database)
            self.add(seen.Roll(t=self.t(), posts=posts, served=served, store=not self.store_hangs))

    def refused(self, process: PartitionProcess) -> None:
        """A commit came under an old token."""
        self.add(seen.FencedOff(t=self.t(), partition=process.partition, worker=process.seat.name))

    def look(self) -> None:
        """Somebody looks at what is stored of each partition."""
        for name in PARTS:
            process = self.current(name)
            now = process.clock.now() if process is not None else self.true_now()
            self.add_of(name, seen.Looked(t=self.t(), now=now))
