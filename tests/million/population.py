"""A million made-up persons who have lived a day: their municipalities' site files, and the states that are stored of them."""

from __future__ import annotations

import random
import re
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec

from alarmcore.adapters.memory_journal import MemoryJournal
from alarmcore.adapters.sqlite_journal import Database
from alarmcore.adapters.sqlite_journal.database import micros
from alarmcore.admission import registry_of
from alarmcore.intake import Raw, prepare
from alarmcore.ports import StoredState
from alarmcore.runner import Runner
from alarmcore.sitefile import check_document, require
from dashboard.machines import machines_for
from dispatch.binding import EFFECT_CODEC
from loadtests.site import Home, _around, bench_site, moved

PERSONS_OF_TENANT: Final = 20_000
"""Persons in one municipality: more would not fit a site file."""

DONORS: Final = 2_000
"""Persons whose day is lived through the machines; everybody else gets a copy of the state of one of them."""

ENDED_AT: Final = datetime(2026, 1, 15, 8, 0, tzinfo=UTC)
"""When the day that they have lived ended."""

FIRST_NAMES: Final = ("Karin", "Åsa", "Gösta", "Märta", "Nils", "Ingegerd", "Sven-Erik", "Barbro")
LAST_NAMES: Final = ("Svensson", "Öberg", "Lindström", "af Klintberg", "Karlsson", "Bergqvist")

encode = msgspec.json.Encoder(order="sorted").encode


def number_of(tenant: int, place: int) -> str:
    """A person's number in the installation, always as wide: ids can be exchanged in stored bytes."""
    return f"{tenant * PERSONS_OF_TENANT + place:07d}"


def tenant_id(tenant: int) -> str:
    """A municipality's id, always as long."""
    return f"town-{tenant:02d}"


def resident(number: str, rng: random.Random) -> dict[str, Any]:
    """Somebody with six rules whose limits are theirs, two devices, one chain and two zones of 12 and 64 corners."""
    n = int(number)
    home = Home(*moved(Home(58.3345, 12.6784), rng.uniform(-4000, 4000), rng.uniform(-4000, 4000)))
    return {
        "id": f"r{number}",
        "name": f"{FIRST_NAMES[n % 8]} {LAST_NAMES[n % 6]}",
        "home": {"lat": round(home.lat, 6), "lon": round(home.lon, 6), "address": f"Storgatan {n % 200}, 467 {n % 90:02d} Orten"},
        "consent": {"given": f"2025-{1 + n % 12:02d}-{1 + n % 28:02d}", "by": "resident", "basis": "sol"},
        "responsible": {"reception": "unit:centre", "search": "unit:centre"},
        "chain": "standard",
        "technical_chain": "technical",
        "devices": [
            {"id": f"gps-{number}", "kind": "gps", "from": f"2025-{1 + n % 12:02d}-{1 + n % 28:02d}"},
            {"id": f"bed-{number}", "kind": "bed", "from": f"2025-{1 + n % 12:02d}-{1 + n % 28:02d}"},
        ],
        "zones": [
            {"id": "home", "area": _around(home, 150.0, 12, rng)},
            {"id": "village", "area": _around(home, 1200.0, 64, rng)},
        ],
        "rules": [
            {"id": "press", "kind": "button", "priority": "critical"},
            {"id": "wander", "kind": "zone_exit", "zones": ["home", "village"], "priority": "high"},
            {
                "id": "night",
                "kind": "out_of_bed",
                "limit_s": 900 + 300 * (n % 7),
                "active": [{"from": ("21:00", "21:30", "22:00", "22:30")[n % 4], "to": ("06:00", "07:00")[n % 2]}],
                "priority": "high",
            },
            {"id": "still", "kind": "inactivity", "limit_s": 3600 * (10 + n % 5), "priority": "normal"},
            {"id": "lost", "kind": "silent", "limit_s": 3600 * (12 + 3 * (n % 5)), "priority": "technical"},
            {"id": "empty", "kind": "battery_low", "below_pct": 10 + n % 11, "clear_pct": 30, "priority": "technical"},
        ],
    }  # fmt: skip


def document(tenant: int, persons: int) -> dict[str, Any]:
    """A municipality's site file."""
    rng = random.Random(f"town-{tenant}")  # noqa: S311 - made-up persons
    whole = bench_site(0, tenant=tenant_id(tenant))
    whole["units"].append({"id": "night-patrol", "name": "Nattpatrullen", "kind": "patrol", "channels": [{"kind": "console"}]})
    whole["residents"] = [resident(number_of(tenant, place), rng) for place in range(persons)]
    return whole


def day_of(person: dict[str, Any], rng: random.Random) -> Iterator[tuple[datetime, str, str, dict[str, Any]]]:
    """What one person's devices say in a day: `(at, device, kind, fields)`, in order of nothing."""
    number, home = person["id"][1:], Home(person["home"]["lat"], person["home"]["lon"])
    begun_at = ENDED_AT - timedelta(days=1)
    for hour in range(24):
        at = begun_at + timedelta(hours=hour, seconds=rng.randrange(3600), milliseconds=rng.randrange(1000))
        lat, lon = moved(home, rng.gauss(0, 30), rng.gauss(0, 30))
        yield (
            at,
            f"gps-{number}",
            "position",
            {"lat": round(lat, 6), "lon": round(lon, 6), "accuracy_m": rng.choice((5, 8, 12, 25))},
        )
        if hour % 4 == 0:
            yield (
                at + timedelta(seconds=40),
                f"gps-{number}",
                "status",
                {"battery_pct": 40 + rng.randrange(50), "signal_dbm": -80},
            )
    for occupied, hours in ((False, 0.0), (True, 5.0), (False, 6.0), (True, 13.5), (False, 18.0), (True, 18.1), (False, 23.4)):
        at = begun_at + timedelta(hours=hours, seconds=rng.randrange(900), milliseconds=rng.randrange(1000))
        yield at, f"bed-{number}", "bed", {"occupied": occupied}


async def lived_through(persons: int = DONORS) -> list[StoredState]:
    """The states of the first persons of town 0 after a day."""
    given = document(0, persons)
    site = require(check_document(given, "town"))
    registry, journal = registry_of([site]), MemoryJournal()
    runner = Runner(machines_for([site], registry), journal, lambda _: None, lambda _: None, EFFECT_CODEC)
    rng = random.Random("day")  # noqa: S311 - made-up readings
    said = sorted((one for person in given["residents"] for one in day_of(person, rng)), key=lambda one: one[0])
    for start in range(0, len(said), 256):
        part = said[start : start + 256]
        now = part[-1][0]
        while wakes := runner.due(now, 1000):
            await runner.run(wakes, now)
        raws = []
        for at, device, kind, fields in part:
            payload = msgspec.json.encode({"at": at.isoformat(), **fields})
            raws.append(Raw(tenant_id(0), device, kind, payload, at))
        ready = await prepare(raws, registry, journal, now)
        await runner.run([item for item in ready.items if item is not None], now, ready.identities)
    return [state for state in journal.stored.values() if state.machine == "watch"]


def filled(path: Path, persons: int, states: list[StoredState]) -> None:
    """A database of so many persons, as `alarmcore serve` would find it."""
    database = Database(path)
    text = encode(document(0, min(persons, PERSONS_OF_TENANT))).decode()
    towns = [(tenant, min(persons, PERSONS_OF_TENANT)) for tenant in range(-(-persons // PERSONS_OF_TENANT))]
    for tenant, count in towns:

        def work(connection: sqlite3.Connection, tenant: int = tenant, count: int = count) -> None:
            connection.execute(
                "INSERT INTO site (tenant, imported_at, document) VALUES (?, ?, ?)",
                (tenant_id(tenant), micros(ENDED_AT), _moved_to(text, tenant)),
            )
            connection.executemany(
                "INSERT INTO state (machine, key, tenant, wake_at, data) VALUES (?, ?, ?, ?, ?)",
                (_cloned(states[place % len(states)], tenant, place) for place in range(count)),
            )

        database.write_now(work)
    database.close()


def _moved_to(text: str, tenant: int) -> str:
    """The first town's document with other ids: equal people in another town, whom nothing is shared with."""
    first = tenant * PERSONS_OF_TENANT
    numbered = re.sub(r'"(r|gps-|bed-)(\d{7})"', lambda found: f'"{found[1]}{int(found[2]) + first:07d}"', text)
    return numbered.replace(f'"{tenant_id(0)}"', f'"{tenant_id(tenant)}"')


def _cloned(state: StoredState, tenant: int, place: int) -> tuple[str, str, str, int | None, bytes]:
    """Somebody's state for somebody else: ids are as long, so that nothing else moves."""
    mine, theirs = state.key[-7:].encode(), number_of(tenant, place).encode()
    name, wake_at = tenant_id(tenant), None if state.wake_at is None else micros(state.wake_at)
    return state.machine, f"{name}/r{theirs.decode()}", name, wake_at, state.data.replace(mine, theirs)
