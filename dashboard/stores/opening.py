"""Opening whichever database an installation has, for a command or for the service."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from alarmcore.adapters.sqlite_journal import Database
from alarmcore.errors import OptionInvalid
from dashboard.stores.ports import Stores
from dashboard.stores.sqlite import SqliteStores

if TYPE_CHECKING:
    from alarmcore.adapters.postgres_journal import PostgresDatabase

DATABASE: Final = "alarmcore.db"
MOVED: Final = "alarmcore.moved"
"""The file that stands beside a database whose contents live elsewhere now."""


@dataclass(frozen=True)
class Opened:
    """An installation's database: exactly one of `sqlite` and `postgres` is there."""

    stores: Stores
    sqlite: Database | None = None
    postgres: PostgresDatabase | None = None


@asynccontextmanager
async def open_stores(data: Path, database_url: str | None, *, prepare: bool = False) -> AsyncIterator[Opened]:
    """The database in a folder, which is made where there is none, or the PostgreSQL one of a URL.

    `prepare`: one of PostgreSQL in which there is nothing at all gets its tables.

    Raises:
        OptionInvalid: it is none of ours, has tables that this program cannot work with, or was moved elsewhere.
        Unavailable: it does not answer.
    """
    if database_url is None:
        database = open_file(data)
        try:
            yield Opened(SqliteStores(database), sqlite=database)
        finally:
            database.close()
    else:
        # Whoever has only a file starts without PostgreSQL's libraries.
        from dashboard.stores.postgres import PostgresStores  # noqa: PLC0415
        from dashboard.stores.server import open_server  # noqa: PLC0415

        async with open_server(database_url, prepare=prepare) as server:
            yield Opened(PostgresStores(server), postgres=server)


def open_file(data: Path) -> Database:
    """The database file of a folder.

    Raises:
        OptionInvalid: it is none of ours, or has been moved elsewhere.
        Unavailable: it cannot be written to now.
    """
    refuse_moved(data)
    return Database(data / DATABASE)


def refuse_moved(data: Path) -> None:
    """Alarms that two services think are theirs are told by both and followed up by none.

    Raises:
        OptionInvalid: the folder's contents live elsewhere now.
    """
    if (data / MOVED).exists():
        raise OptionInvalid(
            f"what {data} holds has been moved to another database, or is being moved; {data / MOVED} says where: use --database"
        )
