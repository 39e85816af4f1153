"""Opening a PostgreSQL database that this program can work with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from alarmcore.adapters.postgres_journal.database import PostgresDatabase
from alarmcore.adapters.postgres_journal.failures import passes, text_of
from alarmcore.adapters.postgres_journal.line import connect
from alarmcore.adapters.postgres_journal.migrate import OLDEST, applied, migrate, unfit
from alarmcore.errors import AlarmcoreError, OptionInvalid, Unavailable

ALONE: Final = {"idle_in_transaction_session_timeout": "0"}
"""For who works on everything for long: while a file is written, or the other database read, this one waits."""

FOREIGN: Final = """
    SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
    WHERE relkind IN ('r', 'p', 'v', 'm') AND n.nspname = current_schema()
      AND relname <> 'migration' AND to_regclass('migration') IS NULL
    ORDER BY 1 LIMIT 5
"""
"""What is there already that a first migration would have to live beside."""


@asynccontextmanager
async def open_server(database_url: str, *, prepare: bool = False) -> AsyncIterator[PostgresDatabase]:
    """A database whose tables fit; with `prepare`, one that nobody has used yet gets its tables.

    Raises:
        OptionInvalid: it cannot be worked with, or may not.
        Unavailable: it does not answer.
    """
    server = PostgresDatabase(database_url)
    try:
        await server.greet()
        if prepare and await unused(server):
            await migrate(server)
        reason = unfit(await applied(server))
        if reason is not None:
            raise OptionInvalid(f"{server.shown} {reason} (`alarmcore migrate` shows first what it would do)")
        yield server
    finally:
        await server.close()


async def unused(server: PostgresDatabase) -> bool:
    """Whether nobody has used it yet: several processes may set it up at the same moment, each finding the other's first tables.

    Raises:
        OptionInvalid: there is something in it that is not ours.
        Unavailable: it does not answer.
    """
    await refuse_foreign(server)
    steps = await applied(server)
    if not steps:
        return True
    return steps[-1].number < OLDEST and not await server.read("SELECT FROM site UNION ALL SELECT FROM credential LIMIT 1")


async def refuse_foreign(server: PostgresDatabase) -> None:
    """A database that was never migrated must have nothing in it.

    Raises:
        OptionInvalid: there is something in it that is not ours.
        Unavailable: it does not answer.
    """
    found = [row["relname"] for row in await server.read(FOREIGN)]
    if found:
        raise OptionInvalid(f"{server.shown} holds something else ({', '.join(found)}); give a database of its own")


@asynccontextmanager
async def alone(server: PostgresDatabase) -> AsyncIterator[Any]:
    """A connection on which one transaction may last.

    Raises:
        Unavailable: the server does not answer, or stops answering.
    """
    connection = None
    try:
        connection, _ = await connect(server.address, ALONE)
        yield connection
    except Exception as error:
        if isinstance(error, AlarmcoreError) or not passes(error):
            raise
        raise Unavailable(f"{server.shown} does not answer ({text_of(error)}); try again") from error
    finally:
        if connection is not None:
            connection.terminate()
