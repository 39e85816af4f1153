"""One process on SQLite, one on PostgreSQL, two on PostgreSQL: readings per second, and what a reading costs, in turns.

Two municipalities send the same mix, each from a generator of its own. The database server and Redis are given and warm; each
round uses a new database in it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import msgspec

from loadtests.bench.generator import Load
from loadtests.bench.servers import NotStarted, Served, Usage, alarmcore, mosquitto
from loadtests.bench.throughput import DRAIN_WITHIN_S, POLL_S, Generator
from loadtests.site import bench_site

TENANTS: Final = ("bench", "bench2")

OWNED_WITHIN_S: Final = 60.0
"""Until every municipality has an owner, and each worker its share."""


class Measured(msgspec.Struct, frozen=True):
    """One subject, one burst: `cpu_us` is what a reading cost all processes together, without the database server.

    `server_us`: what it cost the server, if its process number was given; `wal_bytes`: what it wrote to its log.
    """

    subject: str
    readings: int
    seconds: float
    per_s: float
    cpu_us: float
    owners: int
    server_us: float | None = None
    wal_bytes: float | None = None


class Servers(msgspec.Struct, frozen=True):
    """Where PostgreSQL and Redis are, and the process number of PostgreSQL on this machine."""

    database: str
    redis: str | None
    pid: int | None = None

    def wal(self) -> int:
        """Bytes written to the log so far."""
        return int(asyncio.run(_asked(self.database, "SELECT pg_current_wal_lsn() - '0/0'::pg_lsn")))

    def cpu_s(self) -> float:
        """CPU seconds of all its processes that live now."""
        if self.pid is None:
            return 0.0
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return sum(Usage(int(pid)).cpu_s() for pid in (str(self.pid), *children))


def sqlite(folder: Path, load: Load, servers: Servers) -> Measured:
    """One process that keeps everything in one file."""
    del servers
    with mosquitto(folder) as port, alarmcore(folder, *_sites(folder, load), broker=port) as served:
        return _measured("one process, SQLite", load._replace(port=port), [served])


def postgres(folder: Path, load: Load, servers: Servers) -> Measured:
    """One process on PostgreSQL."""
    with mosquitto(folder) as port, _members(folder, load, port, servers, 1) as members:
        return _on_server("one process, PostgreSQL", load._replace(port=port), members, servers)


def two(folder: Path, load: Load, servers: Servers) -> Measured:
    """Two processes on PostgreSQL, each the owner of one municipality."""
    with mosquitto(folder) as port, _members(folder, load, port, servers, 2) as members:
        return _on_server("two processes, PostgreSQL", load._replace(port=port), members, servers)


def _on_server(subject: str, load: Load, members: list[Served], servers: Servers) -> Measured:
    cpu_s, wal = servers.cpu_s(), servers.wal()
    found = _measured(subject, load, members)
    server_us = None if servers.pid is None else (servers.cpu_s() - cpu_s) / found.readings * 1e6
    return msgspec.structs.replace(found, server_us=server_us, wal_bytes=(servers.wal() - wal) / found.readings)


def _sites(folder: Path, load: Load) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{tenant}.json" for tenant in TENANTS]
    for path, tenant in zip(paths, TENANTS, strict=True):
        path.write_text(json.dumps(bench_site(load.persons, seed=load.seed, tenant=tenant)))
    return paths


@contextlib.contextmanager
def _members(folder: Path, load: Load, port: int, servers: Servers, count: int) -> Iterator[list[Served]]:
    """`count` processes on a new database, once the municipalities are shared among them."""
    url = asyncio.run(_fresh(servers.database))
    with contextlib.ExitStack() as stack:
        members = []
        for number in range(count):
            more = ["--database", url, "--name", f"w{number}", *(["--redis", servers.redis] if servers.redis else [])]
            members.append(
                stack.enter_context(alarmcore(folder / str(number), *_sites(folder, load), broker=port, arguments=more))
            )
        deadline = time.monotonic() + OWNED_WITHIN_S
        while len(asyncio.run(_owners(url))) < count:
            if time.monotonic() > deadline:
                raise NotStarted(f"{count} processes did not share the municipalities within {OWNED_WITHIN_S:g} s")
            time.sleep(POLL_S)
        yield members


async def _fresh(server: str) -> str:
    """A new database on a server."""
    name = f"bench_{time.time_ns()}"
    connection = await asyncpg.connect(server)
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}"))


async def _asked(url: str, sql: str) -> Any:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def _owners(url: str) -> set[str]:
    """Who owns something; nobody counts while something is owned by nobody."""
    connection = await asyncpg.connect(url)
    rows = await connection.fetch("SELECT owner FROM partition WHERE name IN (SELECT partition FROM site)")
    await connection.close()
    owners = [row["owner"] for row in rows]
    return set() if None in owners else set(owners)


def _measured(subject: str, load: Load, members: list[Served]) -> Measured:
    """A burst from both municipalities at once."""
    loads = [load._replace(tenant=tenant, readings=load.readings // len(TENANTS)) for tenant in TENANTS]
    wanted = sum(one.readings for one in loads)
    with contextlib.ExitStack() as stack:
        generators = [stack.enter_context(Generator(one)) for one in loads]
        usages = [Usage(member.pid) for member in members]
        before = sum(usage.cpu_s() for usage in usages)
        for generator in generators:
            generator.go()
        began = min(generator.times()[0] for generator in generators)
        drained = _drained(members, wanted)
        cpu_s = sum(usage.cpu_s() for usage in usages) - before
    return Measured(subject, wanted, drained - began, wanted / (drained - began), cpu_s / wanted * 1e6, len(members))


def _drained(members: list[Served], wanted: int) -> float:
    deadline = time.monotonic() + DRAIN_WITHIN_S
    seen = 0
    while time.monotonic() < deadline:
        seen = sum(member.kept() for member in members)
        if seen >= wanted:
            return time.monotonic()
        time.sleep(POLL_S)
    raise NotStarted(f"only {seen} of {wanted} readings were kept within {DRAIN_WITHIN_S:g} s; something was lost")


SUBJECTS: Final[dict[str, Callable[[Path, Load, Servers], Measured]]] = {"sqlite": sqlite, "postgres": postgres, "two": two}


def run(folder: Path, load: Load, servers: Servers, rounds: int, say: Callable[[str], None]) -> list[Measured]:
    """Every subject in turns, so that whatever else the machine does meets all alike."""
    done = []
    for number in range(rounds):
        for name, subject in SUBJECTS.items():
            measured = subject(folder / f"{number}-{name}", load, servers)
            say(f"round {number + 1}: {measured.subject}: {measured.per_s:,.0f}/s, {measured.cpu_us:.1f} µs each")
            done.append(measured)
    return done


def table(done: list[Measured]) -> list[list[str]]:
    """Medians, and shares of the line above that the goal names."""
    rows = [["", "readings/s", "of SQLite", "CPU µs each", "of one process", "server's CPU µs", "log bytes"]]
    by = {subject: [m for m in done if m.subject == subject] for subject in dict.fromkeys(m.subject for m in done)}
    rates = {subject: statistics.median(m.per_s for m in measured) for subject, measured in by.items()}
    costs = {subject: statistics.median(m.cpu_us for m in measured) for subject, measured in by.items()}
    server = {subject: _median([m.server_us for m in measured]) for subject, measured in by.items()}
    wal = {subject: _median([m.wal_bytes for m in measured]) for subject, measured in by.items()}
    subjects = list(by)
    for subject in subjects:
        one = f"{costs[subject] / costs[subjects[1]]:.2f}" if subject == subjects[2] else "–"
        share = f"{rates[subject] / rates[subjects[0]]:.2f}"
        rows.append([subject, f"{rates[subject]:,.0f}", share, f"{costs[subject]:.1f}", one, server[subject], wal[subject]])
    return rows


def _median(found: list[float | None]) -> str:
    known = [one for one in found if one is not None]
    return f"{statistics.median(known):.0f}" if known else "–"
