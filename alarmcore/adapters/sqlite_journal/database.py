"""The database file: one writing connection on a thread of its own, one reading connection for look-ups in the event loop."""

from __future__ import annotations

import asyncio
import fcntl
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, TextIO, TypeVar

from alarmcore.errors import CommitFailed, OptionInvalid, Unavailable

T = TypeVar("T")

VERSION: Final = 1
"""Of the schema; a file with another one is refused instead of guessed at."""

BUSY_MS: Final = 5000
"""How long a write waits for another process that writes (a `token` command beside a running service)."""

PASSING: Final = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_BUSY})
"""Failures that say nothing about the file itself: there is no room, the disk does not answer, another process writes."""

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICRO: Final = timedelta(microseconds=1)


def micros(at: datetime) -> int:
    """Microseconds since 1970, exactly."""
    return (at - EPOCH) // MICRO


def moment(at: int) -> datetime:
    """The moment of some microseconds since 1970."""
    return EPOCH + timedelta(microseconds=at)


class Database:
    """One file. `path` is created, with its folder, if it is not there.

    Raises:
        Unavailable: it cannot be written to now.
        OptionInvalid: it is no database of ours.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.claim: TextIO | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.writing = self._connect()
            self._prepare()
            self.reading = self._connect()
        except (sqlite3.DatabaseError, OSError) as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in PASSING:
                # Not a word of another file or an older one: whoever did that would leave open alarms behind.
                text = f"{path} cannot be written to now ({error}); leave it as it is, make room on its disk and start again"
                raise Unavailable(text) from error
            raise OptionInvalid(
                f"{path} cannot be used as a database ({error}); give another --data or restore a backup"
            ) from error
        self.writer = ThreadPoolExecutor(1, "sqlite-writer")

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, cached_statements=256)
        connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        # What is deleted or replaced (where somebody has been) is overwritten; not every build of SQLite does so by itself.
        connection.execute("PRAGMA secure_delete = ON")
        # 64 MiB: the working set of some ten thousand persons stays in memory.
        connection.execute("PRAGMA cache_size = -65536")
        connection.execute("PRAGMA wal_autocheckpoint = 4000")
        return connection

    def _prepare(self) -> None:
        found = self.writing.execute("PRAGMA user_version").fetchone()[0]
        if found not in {0, VERSION}:
            raise OptionInvalid(f"{self.path} has schema version {found}, this program knows {VERSION}; use a matching version")
        self.writing.executescript((files(__package__) / "schema.sql").read_text("utf-8"))
        self.writing.execute(f"PRAGMA user_version = {VERSION}")

    def own(self) -> None:
        """Be the only service on this file: two would each think that its alarms are theirs to tell. Ends with the process.

        Raises:
            OptionInvalid: another one is.
            Unavailable: the lock cannot be made now.
        """
        try:
            claim = self.path.with_suffix(".lock").open("w")
        except OSError as error:
            text = f"the lock beside {self.path} cannot be made ({error.strerror}); make room or make the folder writable"
            raise Unavailable(text) from error
        try:
            fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            claim.close()
            raise OptionInvalid(f"another service runs on {self.path} already; stop it or give another --data") from error
        self.claim = claim

    def read(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """The rows of a look-up, in the event loop: an indexed one costs less than handing it to a thread.

        Raises:
            Unavailable: the file cannot be read now.
        """
        try:
            return self.reading.execute(sql, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise Unavailable(f"the database cannot be read ({error}); try again") from error

    def each(self, sql: str) -> Iterator[Any]:
        """The rows of a look-up one by one: all states of a million persons are not held twice.

        Raises:
            Unavailable: the file cannot be read now.
        """
        try:
            yield from self.reading.execute(sql)
        except sqlite3.DatabaseError as error:
            raise Unavailable(f"the database cannot be read ({error}); try again") from error

    async def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` in one transaction on the writer's thread; it is durable when this returns.

        Raises:
            CommitFailed: nothing of it was stored; the same may work later.
            Exception: nothing of it was stored, and never will be: what was to be stored is itself wrong.
        """
        return await asyncio.get_running_loop().run_in_executor(self.writer, self.write_now, work)

    def write_now(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Like `write`, on the calling thread: for commands, which have no event loop."""
        try:
            self.writing.execute("BEGIN IMMEDIATE")
            try:
                result = work(self.writing)
                self.writing.execute("COMMIT")
            except BaseException:
                if self.writing.in_transaction:
                    self.writing.execute("ROLLBACK")
                raise
        except (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.ProgrammingError, sqlite3.InterfaceError):
            raise
        except sqlite3.Error as error:
            raise CommitFailed(f"the database did not store a batch ({error}); nothing of it is kept") from error
        return result

    def close(self) -> None:
        """Finish what is being written and close."""
        self.writer.shutdown(wait=True)
        self.reading.close()
        self.writing.close()
        if self.claim is not None:
            self.claim.close()
