"""What a worker with very many persons costs: seconds until it is ready, bytes of each person, how late its timers are."""

from __future__ import annotations

import asyncio
import gc
import random
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec

from alarmcore.adapters.sqlite_journal import Database, SqliteJournal
from alarmcore.adapters.sqlite_journal.database import micros
from alarmcore.admission import Registry, registry_of
from alarmcore.intake import Raw
from alarmcore.runner import Item, Runner
from alarmcore.service import Service
from alarmcore.sitefile.stored import stored_site
from dashboard.machines import machines_for
from dispatch.binding import EFFECT_CODEC
from tests.million.population import ENDED_AT, PERSONS_OF_TENANT, number_of, tenant_id

READINGS_PER_S: Final = 2_000
"""Readings of all persons together, while timers are measured."""

BURST: Final = 10_000
"""Timers that are due at one moment, as when windows open."""

BURST_AFTER_S: Final = 20.0
"""When that is, after the service has begun."""

BESIDE: Final = timedelta(seconds=5)
"""Timers due so soon after the burst wait for it, and are counted apart."""

ZERO: Final = timedelta()

LASTS_S: Final = 60.0
"""How long timers are measured."""


def rss() -> float:
    """Bytes of this process in memory."""
    fields = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return float(fields["VmRSS"].split()[0]) * 1024


class Worker:
    """The core of a worker on a database, and what it cost to begin."""

    def __init__(self, path: Path, persons: int) -> None:
        self.persons = persons
        self.database = Database(path)
        self.costs: dict[str, tuple[float, float, float]] = {}
        gc.collect()
        gc.disable()
        self._before = rss()
        self._wall, self._cpu = time.perf_counter(), time.process_time()
        sites = []
        for (tenant,) in self.database.read("SELECT tenant FROM site ORDER BY tenant"):
            ((text,),) = self.database.read("SELECT CAST(document AS BLOB) FROM site WHERE tenant = ?", (tenant,))
            sites.append(stored_site(text, tenant))
        rolls: Sequence[Any] = [site.residents for site in sites]
        self.zones = sum(len(text) + 41 for roll in rolls for text in roll._unpack.zones) / persons
        self.registry: Registry = registry_of(sites)
        self.passed("sites")
        machines = machines_for(sites, self.registry)
        self.journal = SqliteJournal(self.database)
        self.runner = Runner(machines, self.journal, lambda _: None, lambda _: None, EFFECT_CODEC)
        asyncio.run(self.runner.load())
        self.runner.next_wake_at()
        self.passed("states and timers")
        # As a worker should: what has been loaded stays, and a full collection (0.2 s) comes a hundred times less often.
        gc.freeze()
        gc.set_threshold(10_000, 20, 100)
        gc.enable()

    def passed(self, what: str) -> None:
        """Seconds, CPU seconds and bytes of each person since the beginning."""
        self.costs[what] = (
            time.perf_counter() - self._wall,
            time.process_time() - self._cpu,
            (rss() - self._before) / self.persons,
        )


class Shifted:
    """A clock that goes as ours does, from the end of the day that everybody has lived."""

    def __init__(self) -> None:
        self.began = time.monotonic()

    def now(self) -> datetime:
        """This moment, as if that day had just ended."""
        return ENDED_AT + timedelta(seconds=time.monotonic() - self.began)

    def begin_at(self, at: datetime) -> None:
        """Nothing is stored that was decided later."""


def gathered(path: Path, persons: int) -> None:
    """Let some persons' timers be due at one moment: asked then, they find that there is nothing to be found yet."""
    database, at = Database(path), ENDED_AT + timedelta(seconds=BURST_AFTER_S)
    chosen = random.Random("burst").sample(range(persons), BURST)  # noqa: S311 - made-up persons
    for number in chosen:
        key = f"{tenant_id(number // PERSONS_OF_TENANT)}/r{number:07d}"
        ((data,),) = database.read("SELECT data FROM state WHERE machine = 'watch' AND key = ?", (key,))
        fix, memories = msgspec.msgpack.decode(data)
        for rule, _, memory in memories:
            if rule == "lost":
                memory[2] = at
        moved = (micros(at), msgspec.msgpack.encode((fix, memories)), key)
        database.writing.execute("UPDATE state SET wake_at = ?, data = ? WHERE machine = 'watch' AND key = ?", moved)
    database.close()


async def lateness(worker: Worker) -> dict[str, list[float]]:
    """Milliseconds from the moment a timer is due to the commit of what it was asked."""
    clock, late = Shifted(), {"burst": list[float](), "beside it": list[float](), "all others": list[float]()}
    service = Service(worker.runner, worker.journal, clock, worker.registry)
    run, burst_at = worker.runner.run, ENDED_AT + timedelta(seconds=BURST_AFTER_S)

    async def timed(items: Sequence[Item], *more: Any) -> Any:
        done = await run(items, *more)
        now = clock.now()
        for item in items:
            if item.due is not None:
                after = item.due[0] - burst_at
                which = "burst" if not after else "beside it" if ZERO < after < BESIDE else "all others"
                late[which].append((now - item.due[0]).total_seconds() * 1000)
        return done

    worker.runner.run = timed  # type: ignore[method-assign,assignment]
    service.task = asyncio.create_task(service._run())
    try:
        await _readings(service, worker.persons, clock)
    finally:
        await service.close()
    return late


async def _readings(service: Service, persons: int, clock: Shifted) -> None:
    """Everybody's devices, evenly in time."""
    rng, began, sent = random.Random("readings"), time.monotonic(), 0  # noqa: S311 - made-up readings
    while (passed := time.monotonic() - began) < LASTS_S:
        while sent < passed * READINGS_PER_S:
            number = rng.randrange(persons)
            tenant, place = divmod(number, PERSONS_OF_TENANT)
            device, kind, payload = _said(number_of(tenant, place), rng)
            service.accept(Raw(tenant_id(tenant), device, kind, payload, clock.now()))
            sent += 1
        await asyncio.sleep(0.005)


def _said(number: str, rng: random.Random) -> tuple[str, str, bytes]:
    """A reading in the shares of the published mix, as far as these persons have the devices for it."""
    draw = rng.random()
    if draw < 0.65:
        lat, lon = 58.3345 + rng.uniform(-0.03, 0.03), 12.6784 + rng.uniform(-0.06, 0.06)
        return f"gps-{number}", "position", b'{"lat":%.6f,"lon":%.6f,"accuracy_m":12}' % (lat, lon)
    if draw < 0.85:
        return f"bed-{number}", "bed", b'{"occupied":%s}' % (b"true" if draw < 0.75 else b"false")
    return f"gps-{number}", "status", b'{"battery_pct":80,"signal_dbm":-90}'


def share(values: list[float], part: float) -> float:
    """The value that so many lie below."""
    return sorted(values)[min(len(values) - 1, int(len(values) * part))] if values else float("nan")
