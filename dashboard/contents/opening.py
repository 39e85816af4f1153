"""Opening the contents of an installation, or an empty database for them, whichever of the two databases it is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

from dashboard.contents.postgres import PostgresContents, PostgresTarget
from dashboard.contents.sqlite import SqliteContents, SqliteTarget
from dashboard.stores.opening import DATABASE, open_file
from dashboard.stores.server import alone, open_server


@asynccontextmanager
async def contents_of(data: Path, database_url: str | None) -> AsyncIterator[SqliteContents | PostgresContents]:
    """Everything as it stands now; a service may run on it.

    Raises:
        OptionInvalid: there is nothing of ours.
        Unavailable: it does not answer.
    """
    if database_url is None:
        with closing(SqliteContents(data / DATABASE)) as found:
            yield found
    else:
        async with open_server(database_url) as server, alone(server) as connection:
            yield PostgresContents(connection)


@asynccontextmanager
async def empty_target(data: Path, database_url: str | None) -> AsyncIterator[SqliteTarget | PostgresTarget]:
    """An empty database to be filled: what is not finished inside is discarded.

    Raises:
        OptionInvalid: it is not empty, or a service runs on it.
        Unavailable: it does not answer.
    """
    if database_url is None:
        with closing(open_file(data)) as database:
            database.own()
            target = SqliteTarget(database)
            await target.begin()
            try:
                yield target
            finally:
                await target.discard()
    else:
        async with open_server(database_url, prepare=True) as server, alone(server) as connection:
            there = PostgresTarget(connection)
            await there.begin()
            try:
                yield there
            finally:
                await there.discard()
