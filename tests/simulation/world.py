"""A world from a seed: the real service among devices, people, networks and a disk that fail; then it heals."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Container, Coroutine, Hashable
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from alarmcore.adapters.clock import LOOK_S
from alarmcore.admission import Registry
from alarmcore.ports import Batch
from dispatch.binding import EFFECT_CODEC
from tests.simulation import history as seen
from tests.simulation.checkers import Checkers
from tests.simulation.devices import REPEAT_S, Device, Gateway
from tests.simulation.eventloop import VirtualLoop
from tests.simulation.faults import Faults, Weather, weather_of
from tests.simulation.homes import HOLDS, Home, stranger
from tests.simulation.network import Broker, Kind
from tests.simulation.people import People
from tests.simulation.process import Process
from tests.simulation.scale import STORM, Scale
from tests.simulation.storage import Disk
from tests.simulation.town import TENANTS, town

UP_S: Final = 10.0
"""Within this long after the world has healed, the process runs and everything that was on its way has arrived."""

CLOSE_S: Final = 30.0
"""How long closing everything may take in a world that is well."""

SEEN_EVERY_S: Final = 20.0
"""How often somebody looks at what is stored, once the world is well."""

RESTART_S: Final = 30.0
"""Longest time until a dead process is started anew."""

CLEAR_MAX: Final = 3
"""Rounds of ending tasks: ending one may begin another, which ends at once."""

SETTLED_MAX: Final = 8
"""Homes in which something happens once the world is well, so that it must be found: enough, without a flood of alarms."""

AUDITED_EVERY: Final = 3
"""Every so many storms the service's own auditor looks too: every two seconds, more often than anything happens in lives."""

AHEAD_MAX_S: Final = 400.0
"""How far the service's clock may be off: less than the ten minutes ahead that the front door takes for the time of receipt."""


class World:
    """One seed's world. `run` it once; then `history` and `checkers.broken` say what happened."""

    tenants: tuple[str, ...] = TENANTS
    brokers: tuple[Kind, ...] = ("listener", "listener", "broker", "broker", "http")

    def __init__(self, seed: int, scale: Scale = STORM, muted: Container[str] | None = None) -> None:
        self.seed = seed
        self.scale = scale
        self.loop = self.new_loop()
        self.begin_at = scale.begin_at(seed)
        self.begin_s = self.begin_at.timestamp()
        self.ahead_s = 0.0
        """How far the machine's clock is off."""
        self.rng = self.dice("world")
        self.faults = Faults(scale.mild(self.weather()), self.dice("faults"), muted)
        self.people_of = {tenant: self.rng.randint(*scale.residents) for tenant in self.tenants}
        self.towns = {
            tenant: town(tenant, self.dice(tenant), count, scale, self.begin_at) for tenant, count in self.people_of.items()
        }
        self.registries: dict[Hashable, Registry] = {}
        self.checkers = self.new_checkers()
        self.history = seen.History(self.checkers.see)
        self.add = self.history.add
        self.disk = self.new_disk()
        self.broker = Broker(self, self.rng.choice(self.brokers))
        self.people = People(self, self.dice("people"))
        self.process: Process | None = None
        self.processes: list[Process] = []
        self.audited = scale is STORM and seed % AUDITED_EVERY == 0
        self.tasks: set[asyncio.Task[None]] = set()
        self.over = asyncio.Event()
        self.homes: list[Home] = []
        self.devices: list[Device] = []
        self.covered: list[Device | Gateway] = []

    def new_loop(self) -> VirtualLoop:
        """What everything runs on."""
        return VirtualLoop()

    def weather(self) -> Weather:
        """What misbehaves, and how often."""
        return weather_of(self.dice("weather"))

    def new_checkers(self) -> Any:
        """Who judges."""
        return Checkers({tenant: one.residents for tenant, one in self.towns.items()}, self.broke)

    def new_disk(self) -> Any:
        """What outlives processes."""
        return Disk(self.kept, lambda why: self.add(seen.Refused(t=self.t(), why=why)))

    def process_of(self, tenant: str) -> Process | None:
        """Whom people and HTTP reach, if anybody is there."""
        del tenant
        return self.process

    def session_of(self, tenant: str) -> Process | None:
        """Whom the broker hands a tenant's readings to."""
        del tenant
        return self.process

    def turn_ended(self) -> None:
        """A turn of a process has come to its end, whatever that was."""

    def dice(self, name: str) -> Random:
        """Chance of its own for each part, so that a change in one does not change all the others."""
        return Random(f"{self.seed} {name}")  # noqa: S311 - a world must be repeatable

    # -- time -------------------------------------------------------------------------------------------------------------

    def t(self) -> float:
        """Seconds since the world began."""
        return self.loop.now_s

    def true_s(self) -> float:
        """The true time, in seconds since 1970."""
        return self.begin_s + self.loop.now_s

    def true_now(self) -> datetime:
        """The true time."""
        return self.begin_at + timedelta(seconds=self.loop.now_s)

    def system_s(self) -> float:
        """What the machine's clock shows, in seconds since 1970."""
        return self.begin_s + self.loop.now_s + self.ahead_s

    def later(self, seconds: float, call: Callable[..., Any], *given: Any) -> None:
        """Let something happen later."""
        self.loop.at(self.loop.now_s + seconds, call, *given)

    def spawn(self, story: Coroutine[Any, Any, None]) -> None:
        """Let something go on beside the rest."""
        task = self.loop.create_task(story)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

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
            self.processes.append(self.process)

    def process_ready(self) -> None:
        """It has read what is stored."""
        self.add(seen.Started(t=self.t()))
        if self.process is not None:
            self.broker.connected(self.process)

    def process_died(self) -> None:
        """It is gone; a supervisor starts the next one."""
        self.add(seen.Died(t=self.t()))
        self.process = None
        self.later(0.5 if self.faults.healed else self.faults.between("restart", 0.5, RESTART_S), self.start)

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
            self.loop.due.clear()
            for process in self.processes:
                process.forget()

    async def live_or_break(self) -> None:
        """Until the end, or until a promise is broken."""
        life = self.loop.create_task(self.live())
        broken = self.loop.create_task(self.over.wait())
        await asyncio.wait([life, broken], return_when=asyncio.FIRST_COMPLETED)
        if life.done():
            life.result()

    async def clear(self) -> None:
        """End every task."""
        self.stop_all()
        for _ in range(CLEAR_MAX):
            left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    def stop_all(self) -> None:
        """Nothing that a process still does counts any more."""
        if self.process is not None:
            self.process.alive = False

    async def live(self) -> None:
        """Trouble, health, the end."""
        self.start()
        self.settle_in()
        self.begin_faults()
        self.spawn(self.people.operate())
        await asyncio.sleep(self.scale.trouble_s)
        await self.heal()
        self.add(seen.Closing(t=self.t()))
        closing = {alarm.id for alarm in self.people.open()}
        await asyncio.wait_for(self.people.close(), CLOSE_S)
        await asyncio.sleep(1.0)
        unconfirmed = sum(len(device.outbox) for device in self.devices)
        tells = (EFFECT_CODEC[1](data) for data in self.disk.pending.values())
        still = sum(alarm.id in closing for alarm in self.people.open())
        left = {"open": still, "effects": sum(tell.alarm.id in closing for tell in tells)}
        self.add(seen.Ended(t=self.t(), now=self.true_now(), unconfirmed=unconfirmed, **left))

    def settle_in(self) -> None:
        """Everybody gets their devices; one pendant is nobody's."""
        self.homes = [Home(self, tenant, number) for tenant, count in self.people_of.items() for number in range(count)]
        outsider = stranger(self, self.tenants[0])
        self.devices = [outsider, *(device for home in self.homes for device in home.devices)]
        self.later(outsider.rng.expovariate(1 / 100), outsider.live)
        for home in self.homes:
            home.begin()
        self.covered = [outsider, *(one for home in self.homes for one in home.coverage)]
        for one in self.covered:
            self.every("gap_every_s", self.gap, one)

    def begin_faults(self) -> None:
        """Faults that come by themselves."""
        self.every("die_every_s", self.die)
        self.every("stop_every_s", self.stop)
        self.every("full_every_s", self.fill)
        self.every("jump_every_s", self.jump)
        self.every("forget_every_s", self.broker.forget)

    def every(self, name: str, call: Callable[..., None], *given: Any) -> None:
        """Let a fault come again and again."""
        who = "".join(str(one) for one in given)
        after_s = self.faults.until(name, who)
        if after_s is None:
            return

        def strike() -> None:
            if not self.faults.healed:
                if self.faults.comes(name, who):
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
        ahead_s = self.ahead_s + self.faults.between("jump", -wide, wide)
        self.set_clock(max(-AHEAD_MAX_S, min(AHEAD_MAX_S, ahead_s)))

    def set_clock(self, ahead_s: float) -> None:
        """The clock shows another time from now on."""
        forward = ahead_s > self.ahead_s
        self.ahead_s = ahead_s
        if forward and self.process is not None:
            self.later(LOOK_S, self.process.service.clock_set)
        self.add(seen.ClockSet(t=self.t(), ahead_s=ahead_s))

    def gap(self, device: Device | Gateway) -> None:
        """A device, or a home's gateway, loses its coverage for a while."""
        device.covered = False
        self.later(self.faults.between("gap", 1, 1 + self.faults.weather.gap_s, str(device)), device.cover)

    # -- health -----------------------------------------------------------------------------------------------------------

    async def heal(self) -> None:
        """Nothing fails any more, and nobody answers: long enough that every bound must have been kept."""
        self.faults.healed = True
        self.disk.full = False
        for one in self.covered:
            one.cover()
        self.set_clock(0.0)
        self.start()
        self.add(seen.Healed(t=self.t()))
        await self.watch(UP_S + max(HOLDS) / self.scale.speed + max(self.faults.weather.delay_s, REPEAT_S))
        for home in self.homes[:: -(-len(self.homes) // SETTLED_MAX)]:
            home.settle()
        await self.watch(self.checkers.bound_s())

    async def watch(self, seconds: float) -> None:
        """Let time pass, looking now and then."""
        until = self.t() + seconds
        while self.t() < until:
            await asyncio.sleep(min(SEEN_EVERY_S, until - self.t() + 0.001))
            self.look()

    def look(self) -> None:
        """Somebody looks at what is stored."""
        now = self.process.clock.now() if self.process is not None else self.true_now()
        self.add(seen.Looked(t=self.t(), now=now))
