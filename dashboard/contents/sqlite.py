"""The contents of a database file: read at one moment while a service goes on writing, and written in one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, Final

from alarmcore.adapters.sqlite_journal import Database
from alarmcore.adapters.sqlite_journal.database import VERSION
from alarmcore.errors import OptionInvalid, Unavailable
from dashboard.contents.tables import EVERY, TABLES, Row, Table
from dashboard.stores.ports import SETTING

BUSY_MS: Final = 5000

# What the one file keeps elsewhere, or has not got.
SELECTS: Final = {
    "setting": f"SELECT name, value FROM setting WHERE name = '{SETTING}'",  # noqa: S608 - ours
    "partition": f"SELECT '{EVERY}', value FROM setting WHERE name = 'decided_at'",  # noqa: S608 - ours
    "counter": "SELECT name, seq FROM sqlite_sequence WHERE name = 'event'",
    "site": "SELECT tenant, NULL, imported_at, document FROM site ORDER BY length(document) DESC, tenant",
    "inbox": "SELECT NULL, NULL, NULL, NULL, NULL, NULL WHERE FALSE",
}


class SqliteContents:
    """Everything in a file as it stands when this is made.

    A reading transaction is a view of one moment (the write-ahead log keeps what it needs), so the service writes on beside it;
    only the log grows meanwhile.

    Raises:
        OptionInvalid: there is no such file, or it is none of ours.
    """

    kind = "sqlite"

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise OptionInvalid(f"there is no database {path}; give the --data of an installation")
        try:
            self._connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None)
            self._connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
            found = self._connection.execute("PRAGMA user_version").fetchone()[0]
            self._connection.execute("PRAGMA query_only = ON")
            self._connection.execute("BEGIN")
            # A transaction sees the moment of its first look.
            self._connection.execute("SELECT count(*) FROM setting").fetchone()
        except sqlite3.DatabaseError as error:
            raise OptionInvalid(f"{path} cannot be read as a database ({error}); give another --data") from error
        if found != VERSION:
            raise OptionInvalid(f"{path} has schema version {found}, this program knows {VERSION}; use a matching version")

    async def rows(self) -> AsyncIterator[tuple[Table, Sequence[Row]]]:
        """All rows of all tables."""
        for table in TABLES:
            columns = ", ".join(table.columns)
            cursor = self._connection.execute(
                SELECTS.get(table.name, f"SELECT {columns} FROM {table.name} ORDER BY {table.order}")  # noqa: S608 - ours
            )
            try:
                while rows := cursor.fetchmany(table.together):
                    yield table, rows
            except sqlite3.DatabaseError as error:
                raise Unavailable(f"the database cannot be read ({error}); its disk or its file is damaged") from error

    def close(self) -> None:
        """Let the log be short again."""
        self._connection.close()


class SqliteTarget:
    """An empty file that takes everything or nothing, between `begin` and `finish`. The caller has made itself its owner."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._connection = database.writing

    async def begin(self) -> None:
        """Begin, alone with the tables.

        Raises:
            OptionInvalid: it is not empty.
        """
        self._connection.execute("BEGIN IMMEDIATE")
        filled = [name for name, count in (await self.counts()).items() if count]
        if filled:
            await self.discard()
            raise OptionInvalid(f"{self.database.path} is not empty ({', '.join(filled)}); restore into a new --data")

    async def take(self, table: Table, rows: Sequence[Row]) -> None:
        """Write some rows.

        Raises:
            OptionInvalid: it is what only PostgreSQL can keep.
        """
        if table.name == "partition":
            self._decided(max((row[1] for row in rows if row[1] is not None), default=None))
        elif table.name == "counter":
            # A file that was used and emptied has a row here already.
            self._connection.executemany("DELETE FROM sqlite_sequence WHERE name = ?", [row[:1] for row in rows])
            self._connection.executemany("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", rows)
        elif table.name == "inbox":
            _refuse_waiting(rows)
        elif table.name == "site":
            values = [(tenant, imported_at, document) for tenant, _, imported_at, document in rows]
            self._connection.executemany("INSERT INTO site (tenant, imported_at, document) VALUES (?, ?, ?)", values)
        else:
            places = ", ".join("?" * len(table.columns))
            columns = ", ".join(table.columns)
            self._connection.executemany(
                f"INSERT INTO {table.name} ({columns}) VALUES ({places})",  # noqa: S608 - ours
                rows,
            )

    def _decided(self, at: int | None) -> None:
        """A file of one process has one clock: it goes on from the latest of them."""
        if at is not None:
            self._connection.execute(
                "INSERT INTO setting (name, value) VALUES ('decided_at', ?1)"
                " ON CONFLICT DO UPDATE SET value = max(value, excluded.value)",
                (at,),
            )

    async def counts(self) -> dict[str, int]:
        """Rows of each table that can be counted here."""
        counted = {name: f"SELECT count(*) FROM {name}" for name in _COUNTED}  # noqa: S608 - ours
        counted["setting"] = "SELECT count(*) FROM setting WHERE name <> 'decided_at'"
        return {name: int(self._one(sql)) for name, sql in counted.items()}

    def _one(self, sql: str) -> Any:
        return self._connection.execute(sql).fetchone()[0]

    async def finish(self) -> None:
        """Keep it all, durably."""
        self._connection.execute("COMMIT")
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    async def discard(self) -> None:
        """Keep nothing."""
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")


_COUNTED: Final = ("setting", "site", "credential", "state", "alarm", "event", "effect", "identity", "quarantine")


def _refuse_waiting(rows: Sequence[Row]) -> None:
    waiting = sum(1 for row in rows if row[-1] is None)
    if waiting:
        raise OptionInvalid(
            f"the backup holds {waiting} or more readings and acts that were kept for another worker and not yet looked at; "
            "a file of one process has no place for them: restore it into PostgreSQL with --database"
        )
