"""What `alarmcore check` says of the machine it runs on: can what we confirm survive here, and does the clock tell the truth?"""

from __future__ import annotations

import ctypes
import os
import sqlite3
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from dashboard.broker_trial import broker_findings
from dashboard.finding import Finding
from dashboard.servers import database_findings, redis_finding

COMMITS: Final = 50
"""Commits timed: enough for a median that one slow write does not spoil."""

SLOW_MS: Final = 20.0
"""From here on every press waits noticeably for the disk."""

TOO_FAST_MS: Final = 0.02
"""No disk makes anything durable in this time: the file system, or a layer below it, forgets."""

MEMORY_ONLY: Final = frozenset({"tmpfs", "ramfs", "overlay"})
"""File systems that lose everything with the machine (or, an overlay, with the container)."""

TIME_ERROR: Final = 5
"""`adjtimex` answers this when nothing keeps the clock in step (adjtimex(2))."""


NO_REDIS: Final = (
    "no --redis: all goes on, but screens, dispatchers and owners in other processes hear of a change when they next look, up to "
    "half a second later, who is signed in at another process is not seen, and leases load the database; right for one alone"
)

NO_WATCHER: Final = (
    "no --dead-man: when this machine, its network or the service is dead nobody is told, since what is dead cannot say so; "
    "give the URL of a watcher outside that raises an alarm when signs of life stop"
)


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """What will be used, as far as it was said. Without `database` everything is kept in `data`."""

    data: Path
    mqtt_broker: str | None = None
    smtp_url: str | None = None
    database: str | None = None
    redis: str | None = None
    dead_man: str | None = None


async def examine(what: Environment, say: Callable[[str], object]) -> bool:
    """Look at everything, say what was found; False when there is an error."""
    if what.database is None:
        findings = [python_sqlite(), *durability(what.data)]
    else:
        findings = await database_findings(what.database)
    if what.redis is not None:
        findings.append(await redis_finding(what.redis))
    elif what.database is not None:
        findings.append(Finding("warning", NO_REDIS))
    findings += [clock(), *await broker(what.mqtt_broker), channels(what.smtp_url), watched(what.dead_man)]
    for finding in findings:
        say(str(finding))
    return all(finding.level != "error" for finding in findings)


def python_sqlite() -> Finding:
    """Whether SQLite is new enough for the journal (3.35, for RETURNING and upserts; 2021)."""
    version = sqlite3.sqlite_version
    if sqlite3.sqlite_version_info < (3, 35):
        return Finding("error", f"SQLite {version} is too old; install a Python with 3.35 or newer")
    return Finding("ok", f"SQLite {version}")


def durability(data: Path) -> list[Finding]:
    """How long a durable commit takes in `data`, and on what it lies."""
    folder = data if data.is_dir() else data.absolute().parent
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        return [Finding("error", f"{folder} cannot be written; create it or give another --data")]
    findings = []
    kind = file_system(folder)
    if kind in MEMORY_ONLY:
        findings.append(
            Finding("warning", f"{folder} lies on {kind}, which may be lost with the machine; give a --data on a disk")
        )
    ms = commit_ms(folder)
    if ms > SLOW_MS:
        findings.append(Finding("warning", f"a durable commit takes {ms:.1f} ms; every press waits for it: use a faster disk"))
    elif ms < TOO_FAST_MS:
        findings.append(Finding("warning", f"a commit takes {ms:.3f} ms: no disk is that fast, so it may not be durable"))
    else:
        findings.append(Finding("ok", f"a durable commit takes {ms:.2f} ms in {folder}"))
    return findings


def commit_ms(folder: Path) -> float:
    """Median milliseconds of one SQLite commit with synchronous FULL."""
    with tempfile.TemporaryDirectory(dir=folder, prefix=".alarmcore-check-") as name:
        connection = sqlite3.connect(Path(name) / "check.db", isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE t (x)")
        taken = []
        for place in range(COMMITS):
            before = time.perf_counter()
            connection.execute("INSERT INTO t VALUES (?)", (place,))
            taken.append(time.perf_counter() - before)
        connection.close()
    return sorted(taken)[COMMITS // 2] * 1000


def file_system(folder: Path) -> str:
    """The type of the file system that `folder` lies on, or `unknown`."""
    best, kind = "", "unknown"
    try:
        mounts = Path("/proc/mounts").read_text("utf-8").splitlines()
    except OSError:
        return kind
    for line in mounts:
        _, point, this, *_ = line.split(" ")
        inside = str(folder.absolute()) == point or str(folder.absolute()).startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, this
    return kind


def clock() -> Finding:
    """Whether something keeps the clock in step."""
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        # struct timex has 208 bytes on 64-bit Linux; all zero means: only ask.
        state = libc.adjtimex(ctypes.create_string_buffer(512))
    except (OSError, AttributeError):
        return Finding("warning", "cannot tell whether the clock is kept in step; run chrony or another NTP client")
    if state == TIME_ERROR or state < 0:
        return Finding("warning", "nothing keeps this clock in step; run chrony or another NTP client")
    return Finding("ok", "the clock is kept in step")


async def broker(url: str | None) -> list[Finding]:
    """What can be seen of the broker, or of what takes its place."""
    if url is None:
        return [Finding("ok", "the embedded MQTT listener acknowledges only what is durable")]
    return await broker_findings(url)


def watched(dead_man: str | None) -> Finding:
    """Whether somebody outside would notice that all of this is dead."""
    if dead_man is None:
        return Finding("warning", NO_WATCHER)
    return Finding("ok", "signs of life go to a watcher outside")


def channels(smtp: str | None) -> Finding:
    """Which ways there are to reach people."""
    if smtp is None:
        return Finding("warning", "channels: console and webhook; give --smtp-url and --smtp-sender for email")
    return Finding("ok", "channels: console, webhook, email")
