"""What `alarmcore check` says of the servers that will be used: does PostgreSQL keep what it acknowledges, does Redis answer?"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any, Final

from alarmcore.adapters.clock import SystemClock
from alarmcore.adapters.postgres_journal.database import PostgresDatabase
from alarmcore.adapters.postgres_journal.migrate import applied, makers, unfit
from alarmcore.adapters.redis_shared.link import open_redis
from alarmcore.errors import AlarmcoreError, Unavailable
from dashboard.finding import Finding

COMMITS: Final = 50
"""Commits timed: enough for a median that one slow write does not spoil."""

SLOW_MS: Final = 20.0
"""From here on every press waits noticeably for the database."""

APART: Final = timedelta(seconds=1)
"""Clocks that differ by more: an alarm that another worker takes over would be told that much earlier or later."""

CHECK_S: Final = 15.0
"""How long all these commits may take together: many times what the slowest usable database needs."""

COMMIT: Final = "SELECT pg_logical_emit_message(true, 'alarmcore', 'check')"
"""Writes to the log and nowhere else, so that its commit waits for the disk (and a standby) as that of an alarm does."""

STANDBYS: Final = "SELECT application_name, state, sync_state FROM pg_stat_replication ORDER BY 1"


async def database_findings(url: str) -> list[Finding]:
    """Everything about a PostgreSQL database that can be seen from here."""
    findings: list[Finding] = []
    try:
        server = PostgresDatabase(url)
    except AlarmcoreError as error:
        return [Finding("error", str(error))]
    try:
        await server.greet()
        for look in (schema, durability, standbys, clocks, commit):
            findings += await look(server)
    except AlarmcoreError as error:
        findings.append(Finding("error", str(error)))
    finally:
        await server.close()
    return findings


async def schema(server: PostgresDatabase) -> list[Finding]:
    """Whether this program can work with its tables."""
    taken = await applied(server)
    if not taken:
        who = await makers(server)
        if not who.may:
            return [Finding("error", who.refusal(server.shown))]
        text = f"{server.shown} has no tables yet; `alarmcore migrate` makes them, and so does the first start"
        return [Finding("warning", text)]
    reason = unfit(taken)
    if reason is not None:
        return [Finding("error", f"{server.shown} {reason} (`alarmcore migrate` shows first what it would do)")]
    return [Finding("ok", f"{server.shown} has schema {taken[-1].number}")]


async def durability(server: PostgresDatabase) -> list[Finding]:
    """Whether it keeps what it acknowledges."""
    found = await server.durability()
    mistakes = [Finding("error", f"{server.shown}: {mistake}") for mistake in found.mistakes()]
    fine = Finding("ok", f"PostgreSQL {found.version} keeps what it acknowledges (synchronous_commit {found.synchronous_commit})")
    plain = (
        "the connection to the database is not encrypted; unless it is on this machine, add ?sslmode=verify-full to its address"
    )
    return [*(mistakes or [fine]), *([] if found.encrypted else [Finding("warning", plain)])]


async def standbys(server: PostgresDatabase) -> list[Finding]:
    """Whether another machine has everything too."""
    waited = (await server.durability()).standbys
    rows = await server.read(STANDBYS)
    seen = ", ".join(f"{row['application_name']} ({row['state']}, {row['sync_state']})" for row in rows) or "none is connected"
    if not waited:
        text = f"no standby is waited for ({seen}): losing the database's machine loses the latest alarms"
        return [Finding("warning", f"{text}; set synchronous_standby_names, or know that you rely on backups")]
    if not any(row["sync_state"] in {"sync", "quorum"} for row in rows):
        # Who has not the right to see it (pg_monitor) is shown rows without a state.
        text = f"synchronous_standby_names is {waited!r} and no such standby is seen ({seen})"
        return [Finding("warning", f"{text}: commits wait until there is one")]
    return [Finding("ok", f"commits wait for a standby: {seen}")]


async def clocks(server: PostgresDatabase) -> list[Finding]:
    """How far its clock is from ours, as far as the way there and back lets that be seen."""
    clock = SystemClock()
    before = clock.now()
    (row,) = await server.read("SELECT clock_timestamp() AS at")
    after = clock.now()
    apart = max(before - row["at"], row["at"] - after, timedelta())
    if apart > APART:
        text = f"the database's clock and this machine's are {apart.total_seconds():.1f} s apart"
        return [Finding("warning", f"{text}; keep both in step with chrony or another NTP client")]
    return [Finding("ok", "the database's clock and this machine's agree")]


async def commit(server: PostgresDatabase) -> list[Finding]:
    """How long a durable commit takes from here."""
    try:
        ms = await server.ask(_commit_ms, CHECK_S)
    except Unavailable as error:
        return [Finding("error", f"commits do not end ({error}); look for a standby that is waited for, or a disk that is full")]
    if ms > SLOW_MS:
        text = f"a durable commit takes {ms:.1f} ms from here; every press waits for it"
        return [Finding("warning", f"{text}: use a faster disk or a nearer database")]
    return [Finding("ok", f"a durable commit takes {ms:.2f} ms from here")]


async def _commit_ms(connection: Any) -> float:
    """The median of some."""
    taken = []
    for _ in range(COMMITS):
        before = time.perf_counter()
        await connection.execute(COMMIT)
        taken.append(time.perf_counter() - before)
    return sorted(taken)[COMMITS // 2] * 1000


async def redis_finding(url: str) -> Finding:
    """Whether it answers. What it keeps does not matter: it holds nothing that is not said anew within seconds."""
    try:
        link = open_redis(url)
    except AlarmcoreError as error:
        return Finding("error", str(error))
    try:
        await link.ping()
    except AlarmcoreError as error:
        return Finding("warning", f"{error}; without it all goes on, and screens and owners hear of each other later")
    finally:
        await link.close()
    return Finding("ok", "Redis answers; it need not keep anything on a disk, since alarms lie in the database only")
