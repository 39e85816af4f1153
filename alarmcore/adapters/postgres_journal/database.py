"""A PostgreSQL database: lines for reads of pages and commands, and what it says about how well it keeps what it is given."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

import asyncpg
import msgspec

from alarmcore.adapters.postgres_journal.address import Address
from alarmcore.adapters.postgres_journal.failures import REFUSED, passes, state_of, text_of, unreadable
from alarmcore.adapters.postgres_journal.line import Line, connect
from alarmcore.errors import CommitFailed, OptionInvalid, Unavailable

T = TypeVar("T")

LINES_MAX: Final = 8
"""Connections of one process for pages and commands. Each is a process at the server; what waits for one waits milliseconds."""

READ_S: Final = 5.0
"""How long a read may take, waiting for a line included: who looks at a page has given up by then."""

WRITE_S: Final = 10.0
"""How long a command's transaction may take, waiting for a line included: importing a site of thousands of residents is one."""

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICRO: Final = timedelta(microseconds=1)


def micros(at: datetime) -> int:
    """Microseconds since 1970, exactly."""
    return (at - EPOCH) // MICRO


def moment(at: int) -> datetime:
    """The moment of some microseconds since 1970."""
    return EPOCH + timedelta(microseconds=at)


class Durability(msgspec.Struct, frozen=True):
    """How the server keeps what it has acknowledged. `standbys`: what it waits for besides its own disk; empty: nothing."""

    version: str
    fsync: bool
    full_page_writes: bool
    synchronous_commit: str
    standbys: str
    encrypted: bool

    def mistakes(self) -> list[str]:
        """What must be mended, each with how; none: a commit that is acknowledged survives a power cut."""
        found = []
        if not self.fsync:
            found.append("fsync is off: a power cut loses or destroys what was confirmed; set fsync = on")
        if not self.full_page_writes:
            found.append("full_page_writes is off: a power cut may destroy a table; set full_page_writes = on")
        if self.synchronous_commit == "off":
            found.append("synchronous_commit is off: a crash loses what was confirmed; set it to on")
        elif self.standbys and self.synchronous_commit == "local":
            found.append("synchronous_commit is local: a failover loses what was confirmed; set it to on")
        return found


class PostgresDatabase:
    """One database, by its address. Nothing is connected before it is needed. For one event loop.

    Raises:
        OptionInvalid: it is no address of a database.
    """

    def __init__(self, url: str) -> None:
        self.address = Address(url)
        self.idle = [Line(self.address) for _ in range(LINES_MAX)]
        self.turns = asyncio.Semaphore(LINES_MAX)
        self.lines = list(self.idle)

    @property
    def shown(self) -> str:
        """Where it is, without its password."""
        return self.address.shown

    def line(self, settings: Mapping[str, str] | None = None, opened: Callable[[Any], Awaitable[None]] | None = None) -> Line:
        """A connection of the caller's own, who closes it; `close` does too."""
        made = Line(self.address, settings, opened)
        self.lines.append(made)
        return made

    async def hang_up(self, line: Line) -> None:
        """Close a line of the caller's own."""
        self.lines.remove(line)
        await line.close()

    async def _with_line(self, work: Callable[[asyncpg.Connection[Any]], Awaitable[T]], within_s: float) -> T:
        async with asyncio.timeout(within_s), self.turns:
            # The one that was used last, so that few are open while few are needed.
            line = self.idle.pop()
            try:
                return await line.use(work, within_s)
            finally:
                self.idle.append(line)

    async def read(self, sql: str, *values: Any) -> list[Any]:
        """The rows of one statement.

        Raises:
            Unavailable: it cannot be read now.
        """
        return await self.ask(lambda connection: connection.fetch(sql, *values))

    async def ask(self, work: Callable[[asyncpg.Connection[Any]], Awaitable[T]], within_s: float = READ_S) -> T:
        """What `work` reads, on a line of its own.

        Raises:
            Unavailable: it cannot be read now.
        """
        with unreadable():
            return await self._with_line(work, within_s)

    async def write(self, work: Callable[[asyncpg.Connection[Any]], Awaitable[T]], within_s: float = WRITE_S) -> T:
        """Run `work` in one transaction; it is durable when this returns.

        Raises:
            CommitFailed: nothing of it is stored, unless the connection was lost in the very moment of the commit.
            Exception: nothing of it is stored, and never will be: what was to be stored is itself wrong.
        """

        async def transaction(connection: asyncpg.Connection[Any]) -> T:
            async with connection.transaction():
                return await work(connection)

        try:
            return await self._with_line(transaction, within_s)
        except CommitFailed:
            raise
        except Unavailable as error:
            raise CommitFailed(str(error)) from error
        except Exception as error:
            if not passes(error):
                raise
            raise CommitFailed(f"the database did not store this ({text_of(error)}); do it again") from error

    async def greet(self) -> None:
        """Ask once whether the server lets us in.

        Raises:
            OptionInvalid: it refuses this user, password or database.
            Unavailable: it does not answer, or can only be read.
        """
        try:
            connection, _ = await connect(self.address, {})
        except (asyncpg.InterfaceError, ValueError) as error:
            raise OptionInvalid(f"{self.shown} cannot be used ({text_of(error)}); look at its options") from error
        except (OSError, asyncpg.PostgresError, asyncpg.InternalClientError) as error:
            if state_of(error)[:2] in REFUSED:
                text = f"{self.shown} refuses us ({text_of(error)}); give the right user, password and database"
                raise OptionInvalid(text) from error
            raise Unavailable(f"no database at {self.shown} can be written to ({text_of(error)}); try again") from error
        connection.terminate()

    async def durability(self) -> Durability:
        """What the server says of how it keeps things, as it holds for us.

        Raises:
            Unavailable: it cannot be asked now.
        """
        names = ("server_version", "fsync", "full_page_writes", "synchronous_commit", "synchronous_standby_names")
        shown = ", ".join(f"current_setting('{name}')" for name in names)
        (row,) = await self.read(f"SELECT {shown}, (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid())")  # noqa: S608 - names of ours
        version, fsync, pages, synchronous, standbys, encrypted = row
        return Durability(version, fsync == "on", pages == "on", synchronous, standbys, bool(encrypted))

    async def close(self) -> None:
        """Hang up everywhere."""
        for line in self.lines:
            await line.close()
