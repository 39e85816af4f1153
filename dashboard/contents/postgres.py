"""The contents of a PostgreSQL database: read at one moment while services go on writing, and written in one transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Any, Final

import asyncpg

from alarmcore.adapters.postgres_journal.failures import text_of
from alarmcore.errors import OptionInvalid, Unavailable
from dashboard.contents.tables import EVERY, TABLES, Row, Table
from dashboard.stores.ports import residents_in
from dispatch.binding import EFFECT_CODEC

READ_S: Final = 600.0
"""How long some rows may take to come: a disk that is busy is waited for, a server that is gone is not waited for for ever."""

WRITE_S: Final = 3600.0
"""How long some rows, or the end of it all, may take to be written."""

ORDERS: Final = {"site": "octet_length(document) DESC, tenant"}
NUMBERED: Final = ("effect", "quarantine", "inbox")
"""Tables whose places the database hands out: it must go on behind those that were brought."""


class CommitUnknown(Unavailable):
    """A transaction was committed or was not; whoever looks finds out."""


class PostgresContents:
    """Everything in a database as it stands at the first look. The connection must do nothing else meanwhile."""

    kind = "postgresql"

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def rows(self) -> AsyncIterator[tuple[Table, Sequence[Row]]]:
        """All rows of all tables, of one snapshot: whoever writes is not held up by it."""
        async with self._connection.transaction(isolation="repeatable_read", readonly=True):
            for table in TABLES:
                columns, order = ", ".join(table.columns), ORDERS.get(table.name, table.order)
                cursor = await self._connection.cursor(
                    f"SELECT {columns} FROM {table.name} ORDER BY {order}",  # noqa: S608 - ours
                    timeout=READ_S,
                )
                while rows := await cursor.fetch(table.together, timeout=READ_S):
                    yield table, [tuple(row) for row in rows]


class PostgresTarget:
    """An empty database that takes everything or nothing, between `begin` and `finish`.

    Tokens are not taken over: each is the time at which it is handed out, or later, so it is none of those of before.
    """

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._open = False
        self._partition_of: dict[str, str] = {}
        self._weight: dict[str, int] = {}

    async def begin(self) -> None:
        """Begin, alone with the tables.

        Raises:
            OptionInvalid: it is not empty, or a service runs on it.
        """
        await self._connection.execute("BEGIN")
        self._open = True
        try:
            names = ", ".join(table.name for table in TABLES)
            await self._connection.execute(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE", timeout=READ_S)
            await self._refuse_filled()
            rows = await self._connection.fetch("SELECT name FROM partition")
            self._weight = dict.fromkeys((row["name"] for row in rows), 0)
        except BaseException:
            await self.discard()
            raise

    async def _refuse_filled(self) -> None:
        filled = [name for name, count in (await self.counts()).items() if count]
        if filled:
            raise OptionInvalid(f"the database is not empty ({', '.join(filled)}); give an empty one with --database")
        living = await self._connection.fetch(
            "SELECT name FROM worker WHERE until > now() UNION SELECT owner FROM lease WHERE until > now()"
            " UNION SELECT owner FROM partition WHERE owner IS NOT NULL"
        )
        if living:
            raise OptionInvalid(f"a service runs on this database ({living[0]['name']}); stop it first")

    async def take(self, table: Table, rows: Sequence[Row]) -> None:
        """Write some rows."""
        if table.name == "partition":
            await self._many(
                "UPDATE partition SET decided_at = greatest(decided_at, $2::bigint) WHERE name = $1 OR $1 = $3",
                [(name, decided_at, EVERY) for name, decided_at in rows],
            )
        elif table.name == "counter":
            await self._many("UPDATE counter SET last = greatest(last, $2::bigint) WHERE name = $1", rows)
        elif table.name == "site":
            await self._copy("site", (*table.columns, "residents"), [self._site(*row) for row in rows])
        elif table.name == "effect":
            await self._copy("effect", (*table.columns, "partition"), [self._effect(*row) for row in rows])
        else:
            await self._copy(table.name, table.columns, rows)

    async def _many(self, sql: str, rows: Sequence[Row]) -> None:
        await self._connection.executemany(sql, rows, timeout=WRITE_S)

    async def _copy(self, name: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        await self._connection.copy_records_to_table(name, records=rows, columns=columns, timeout=WRITE_S)

    def _site(self, tenant: str, partition: str | None, imported_at: int, document: str) -> Row:
        """A site where it was, or else (the largest come first) where there are the fewest residents yet."""
        residents = residents_in(document)
        where = partition or min(self._weight, key=lambda name: (self._weight[name], name))
        self._weight[where] = self._weight.get(where, 0) + residents
        self._partition_of[tenant] = where
        return (tenant, where, imported_at, document, residents)

    def _effect(self, place: int, effect: str, data: bytes) -> Row:
        """An effect in its tenant's partition, held by nobody: whoever owns or claims it next performs it."""
        tenant = EFFECT_CODEC[1](data).slot.tenant
        if tenant not in self._partition_of:
            raise OptionInvalid(f"the effect {effect} is of {tenant!r}, which has no site; import its site first and try again")
        return (place, effect, data, self._partition_of[tenant])

    async def counts(self) -> dict[str, int]:
        """Rows of each table that are counted one by one."""
        counted = [table.name for table in TABLES if table.name not in {"partition", "counter"}]
        sql = " UNION ALL ".join(f"SELECT '{name}', count(*) FROM {name}" for name in counted)  # noqa: S608 - ours
        return {name: count for name, count in await self._connection.fetch(sql, timeout=READ_S)}  # noqa: C416 - records

    async def finish(self) -> None:
        """Keep it all, durably.

        Raises:
            CommitUnknown: the connection was lost while it was being committed.
        """
        for name in NUMBERED:
            last = f"coalesce((SELECT max(place) FROM {name}), 0)"  # noqa: S608 - ours
            sql = f"SELECT setval(pg_get_serial_sequence('{name}', 'place'), {last} + 1, false)"
            await self._connection.execute(sql, timeout=WRITE_S)
        try:
            await self._connection.execute("COMMIT", timeout=WRITE_S)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            text = f"the database was lost during the commit ({text_of(error)}): it holds all of it now, or nothing; try again"
            raise CommitUnknown(text) from error
        self._open = False

    async def note(self, name: str, value: bytes) -> None:
        """Keep a setting beside what was brought."""
        sql = "INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
        await self._connection.execute(sql, name, value)

    async def discard(self) -> None:
        """Keep nothing."""
        still, self._open = self._open and not self._connection.is_closed(), False
        if still:
            with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await self._connection.execute("ROLLBACK")
