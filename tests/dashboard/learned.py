"""Somebody of whom much has been learned, as it is stored: put beside a service that does not run."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import msgspec

from alarmcore.bindings import StoredWatch
from alarmcore.model.alarm import Fix
from alarmcore.rules.base import Memory
from alarmcore.usual.bed import Past
from alarmcore.usual.drift import Drift, counted
from alarmcore.usual.endings import NIGHT
from alarmcore.usual.habit import Habit
from alarmcore.usual.quiet import PAUSE, Quiet
from alarmcore.usual.spread import LOG, ROOT
from tests.servers.postgres import in_thread
from tests.servers.serving import Serving
from tests.servers.town import town

DAY = timedelta(days=1)
RULES: list[dict[str, Any]] = [
    {"id": "up", "kind": "out_of_bed", "usual": {"min_s": 600, "max_s": 5400}, "active": [{"from": "21:00", "to": "09:00"}]},
    {"id": "still", "kind": "inactivity", "usual": {"min_s": 3600, "max_s": 21_600}},
]


def learning_town(tenant: str = "grastorp", residents: int = 4) -> dict[str, Any]:
    """A municipality where all but the last resident have rules that learn."""
    site = town(tenant, residents=residents)
    for resident in site["residents"][:-1]:
        resident["devices"].append({"id": f"bed-{resident['id']}", "kind": "bed"})
        resident["rules"] += RULES
    return site


def past(now: datetime, nights: int, minutes: float, hour: float = 2.3) -> Past:
    """Up once a night about that hour, and back within about so many minutes; lately more than earlier."""
    habit, drift = Habit(), Drift()
    today = (now - datetime(1970, 1, 1, tzinfo=UTC)).days
    for ago in range(nights, 0, -1):
        long = minutes * 60.0 * (1.3 if ago % 2 else 0.8)
        habit = habit.observed(NIGHT, hour, LOG.of(long), now - ago * DAY)
        drift = counted(drift, today - ago, 3.0 * long if ago < 40 else long, 2 if ago < 40 else 1)
    return Past(habit=habit, drift=counted(drift, today, 0.0, 0))


def quiet(now: datetime, days: int) -> Quiet:
    """Still for half an hour each day about three."""
    habit, drift = Habit(), Drift()
    today = (now - datetime(1970, 1, 1, tzinfo=UTC)).days
    for ago in range(days, 0, -1):
        habit = habit.observed(PAUSE, 15.2, ROOT.of(1800.0 * (1.2 if ago % 3 else 0.7)), now - ago * DAY)
        drift = counted(drift, today - ago, 1800.0, 1)
    return Quiet(habit=habit, drift=drift)


def teach(service: Serving, *persons: str, tenant: str = "grastorp", nights: int = 130, minutes: float = 12.0) -> None:
    """Store what has been learned of some persons, and where they were last. The service must not run."""
    now = datetime.now(UTC)
    memories = [
        ("up", "out_of_bed", Memory(past=past(now, nights, minutes))),
        ("still", "inactivity", Memory(quiet=quiet(now, 60))),
    ]
    stored = msgspec.msgpack.encode(StoredWatch(Fix(58.3345, 12.6784, now, 10.0), memories))
    rows = [(f"{tenant}/{person}", tenant, stored) for person in persons]
    if service.shared is not None:
        in_thread(_insert(service.shared, rows))
        return
    database = sqlite3.connect(service.database)
    with database:
        database.executemany("INSERT OR REPLACE INTO state (machine, key, tenant, data) VALUES ('watch', ?, ?, ?)", rows)
    database.close()


async def _insert(url: str, rows: list[tuple[str, str, bytes]]) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.executemany("INSERT INTO state (machine, key, tenant, data) VALUES ('watch', $1, $2, $3)", rows)
    finally:
        await connection.close()


def kept(service: Serving, person: str, tenant: str = "grastorp") -> StoredWatch:
    """What is stored of somebody, also while the service runs."""

    key = f"{tenant}/{person}"
    data = in_thread(_fetch(service.shared, key)) if service.shared else _read(service, key)
    assert data is not None, f"nothing is stored of {person}"
    return msgspec.msgpack.decode(data, type=StoredWatch)


def _read(service: Serving, key: str) -> bytes | None:
    database = sqlite3.connect(f"file:{service.database}?mode=ro", uri=True)
    try:
        row = database.execute("SELECT data FROM state WHERE machine = 'watch' AND key = ?", (key,)).fetchone()
    finally:
        database.close()
    return None if row is None else row[0]


async def _fetch(url: str, key: str) -> bytes | None:
    connection = await asyncpg.connect(url)
    try:
        found: bytes | None = await connection.fetchval("SELECT data FROM state WHERE machine = 'watch' AND key = $1", key)
        return found
    finally:
        await connection.close()
