"""A world from a seed: the real service among devices, people, networks and a disk that fail; then it heals."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

from alarmcore.ports import Batch
from tests.simulation import history as seen
from tests.simulation.checkers import Checkers
from tests.simulation.devices import STYLES, BedSensor, Device, Pendant
from tests.simulation.eventloop import VirtualLoop
from tests.simulation.faults import Faults, weather_of
from tests.simulation.network import Broker
from tests.simulation.people import People
from tests.simulation.process import Process
from tests.simulation.storage import Disk
from tests.simulation.town import TENANTS, town

BEGIN: Final = datetime(2026, 1, 14, 11, 0, tzinfo=UTC)
"""A winter's noon in Sweden."""

TROUBLE_S: Final = 1200.0
"""How long a world is in trouble, unless more is asked for: several alarms, deaths and episodes of each kind."""

UP_S: Final = 10.0
"""Within this long after the world has healed, the process runs and everything that was on its way has arrived."""

CLOSE_S: Final = 30.0
"""How long closing everything may take in a world that is well."""

LOOK_S: Final = 20.0
"""How often somebody looks at what is stored, once the world is well."""

RESTART_S: Final = 30.0
"""Longest time until a dead process is started anew."""

CLEAR_MAX: Final = 3
"""Rounds of ending tasks: ending one may begin another, which ends at once."""

AHEAD_MAX_S: Final = 400.0
"""How far the service's clock may be off: less than the ten minutes ahead that the front door takes for the time of receipt."""


class WorldClock:
    """The service's clock: the true time, and how far it is off."""

    def __init__(self, loop: VirtualLoop) -> None:
        self.loop = loop
        self.ahead_s = 0.0

    def now(self) -> datetime:
        """What it shows."""
        return BEGIN + timedelta(seconds=self.loop.now_s + self.ahead_s)


class World:
    """One seed's world. `run` it once; then `history` and `checkers.broken` say what happened."""

    def __init__(self, seed: int, trouble_s: float = TROUBLE_S) -> None:
        self.seed = seed
        self.trouble_s = trouble_s
        self.loop = VirtualLoop()
        self.clock = WorldClock(self.loop)
        self.rng = self.dice("world")
        self.faults = Faults(weather_of(self.dice("weather")), self.dice("faults"))
        self.people_of = {tenant: self.rng.randint(1, 3) for tenant in TENANTS}
        self.towns = {tenant: town(tenant, self.dice(tenant), count) for tenant, count in self.people_of.items()}
        self.checkers = Checkers({tenant: one.residents for tenant, one in self.towns.items()}, self.broke)
        self.history = seen.History(self.checkers.see)
        self.disk = Disk(self.kept, lambda why: self.add(seen.Refused(t=self.t(), why=why)))
        self.broker = Broker(self, self.rng.choice(("listener", "broker", "http")))
        self.people = People(self, self.dice("people"))
        self.process: Process | None = None
        self.tasks: set[asyncio.Task[None]] = set()
        self.over = asyncio.Event()
        self.devices: list[Device] = []
        self.beds: list[BedSensor] = []

    def dice(self, name: str) -> Random:
        """Chance of its own for each part, so that a change in one does not change all the others."""
        return Random(f"{self.seed} {name}")  # noqa: S311 - a world must be repeatable

    # -- time -------------------------------------------------------------------------------------------------------------

    def t(self) -> float:
        """Seconds since the world began."""
        return self.loop.now_s

    def true_now(self) -> datetime:
        """The true time."""
        return BEGIN + timedelta(seconds=self.loop.now_s)

    def later(self, seconds: float, call: Callable[..., Any], *given: Any) -> None:
        """Let something happen later."""
        self.loop.call_later(seconds, call, *given)

    def spawn(self, story: Coroutine[Any, Any, None]) -> None:
        """Let something go on beside the rest."""
        task = self.loop.create_task(story)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def add(self, record: seen.Record) -> None:
        """Something happened."""
        self.history.add(record)

    def kept(self, batch: Batch) -> None:
        """A batch is on the disk."""
        self.add(seen.Committed(t=self.t(), now=batch.now, batch=batch))

    def broke(self) -> None:
        """A promise is broken: there is no need to go on."""
        self.over.set()

    # -- the process ------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start a process, unless one runs."""
        if self.process is None:
            self.process = Process(self)

    def process_ready(self) -> None:
        """It has read what is stored."""
        self.add(seen.Started(t=self.t()))
        if self.process is not None:
            self.broker.connected(self.process)

    def process_died(self) -> None:
        """It is gone; a supervisor starts the next one."""
        self.add(seen.Died(t=self.t()))
        self.process = None
        self.later(0.5 if self.faults.healed else self.faults.rng.uniform(0.5, RESTART_S), self.start)

    # -- what happens -----------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Live through it all."""
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_until_complete(self.live_or_break())
        finally:
            self.loop.run_until_complete(self.clear())
            self.loop.close()
            asyncio.set_event_loop(None)

    async def live_or_break(self) -> None:
        """Until the end, or until a promise is broken."""
        life = self.loop.create_task(self.live())
        broken = self.loop.create_task(self.over.wait())
        await asyncio.wait([life, broken], return_when=asyncio.FIRST_COMPLETED)
        if life.done():
            life.result()

    async def clear(self) -> None:
        """End every task."""
        if self.process is not None:
            self.process.alive = False
        for _ in range(CLEAR_MAX):
            left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    async def live(self) -> None:
        """Trouble, health, the end."""
        self.start()
        self.settle_in()
        self.begin_faults()
        self.spawn(self.people.operate())
        await asyncio.sleep(self.trouble_s)
        await self.heal()
        self.add(seen.Closing(t=self.t()))
        await asyncio.wait_for(self.people.close(), CLOSE_S)
        await asyncio.sleep(1.0)
        unconfirmed = sum(len(device.outbox) for device in self.devices)
        left = {"open": len(self.people.open()), "effects": len(self.disk.pending)}
        self.add(seen.Ended(t=self.t(), now=self.true_now(), unconfirmed=unconfirmed, **left))

    def settle_in(self) -> None:
        """Everybody gets their devices; one pendant is nobody's."""
        for tenant, count in self.people_of.items():
            for number in range(count):
                rng = self.dice(f"{tenant} {number}")
                self.devices.append(Pendant(self, tenant, f"pendant{number}", rng.choice(STYLES), rng))
                bed = BedSensor(self, tenant, f"bed{number}", "id and time", self.dice(f"{tenant} bed {number}"))
                self.devices.append(bed)
                self.beds.append(bed)
        rng = self.dice("stranger")
        self.devices.append(Pendant(self, TENANTS[0], "stranger", rng.choice(STYLES), rng))
        for device in self.devices:
            if isinstance(device, (Pendant, BedSensor)):
                self.later(device.rng.expovariate(1 / 100), device.live)
            self.every("gap_every_s", self.gap, device)

    def begin_faults(self) -> None:
        """Faults that come by themselves."""
        self.every("die_every_s", self.die)
        self.every("stop_every_s", self.stop)
        self.every("full_every_s", self.fill)
        self.every("jump_every_s", self.jump)
        self.every("forget_every_s", self.broker.forget)

    def every(self, name: str, call: Callable[..., None], *given: Any) -> None:
        """Let a fault come again and again."""
        after_s = self.faults.until(name)
        if after_s is None:
            return

        def strike() -> None:
            if not self.faults.healed:
                self.faults.count[name] += 1
                call(*given)
                self.every(name, call, *given)

        self.later(after_s, strike)

    def die(self) -> None:
        """The process is killed."""
        if self.process is not None:
            self.process.die()

    def stop(self) -> None:
        """The process is asked to end, as for an update."""
        if self.process is not None:
            self.spawn(self.process.stop())

    def fill(self) -> None:
        """The disk is full for a while."""
        self.disk.full = True
        self.later(self.faults.weather.full_s, self.empty)

    def empty(self) -> None:
        """The disk has room again."""
        self.disk.full = False

    def jump(self) -> None:
        """The service's clock is set, forward or back."""
        wide = self.faults.weather.jump_s
        ahead_s = self.clock.ahead_s + self.faults.rng.uniform(-wide, wide)
        self.set_clock(max(-AHEAD_MAX_S, min(AHEAD_MAX_S, ahead_s)))

    def set_clock(self, ahead_s: float) -> None:
        """The clock shows another time from now on."""
        self.clock.ahead_s = ahead_s
        self.add(seen.ClockSet(t=self.t(), ahead_s=ahead_s))

    def gap(self, device: Device) -> None:
        """A device loses its coverage for a while."""
        device.covered = False
        self.later(self.faults.rng.uniform(1, 1 + self.faults.weather.gap_s), self.cover, device)

    def cover(self, device: Device) -> None:
        """It is back."""
        device.covered = True

    # -- health -----------------------------------------------------------------------------------------------------------

    async def heal(self) -> None:
        """Nothing fails any more, and nobody answers: long enough that every bound must have been kept."""
        back_s = max(0.0, self.clock.ahead_s)
        self.faults.healed = True
        self.disk.full = False
        for device in self.devices:
            device.covered = True
        self.set_clock(0.0)
        self.start()
        self.add(seen.Healed(t=self.t()))
        await self.watch(UP_S + max(self.faults.weather.delay_s, *(device.repeat_s for device in self.devices)))
        for bed in self.beds:
            bed.settle()
        await self.watch(self.checkers.bound_s() + back_s)

    async def watch(self, seconds: float) -> None:
        """Let time pass, looking now and then."""
        until = self.t() + seconds
        while self.t() < until:
            await asyncio.sleep(min(LOOK_S, until - self.t() + 0.001))
            self.add(seen.Looked(t=self.t(), now=self.clock.now()))
