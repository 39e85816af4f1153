"""A database with tenants in it, and journals of their partitions."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from alarmcore.adapters.postgres_journal import PostgresDatabase, PostgresJournal, PostgresPartitions
from tests.servers.postgres import in_thread

TENANTS = {"grastorp": "p00", "tanum": "p00", "sotenas": "p01"}
"""Tenants and their partitions."""


async def settle(database: PostgresDatabase, tenants: dict[str, str] | None = None) -> None:
    """Put tenants into their partitions."""
    rows = [(tenant, partition, 1, 0, "{}") for tenant, partition in (tenants or TENANTS).items()]
    sql = "INSERT INTO site (tenant, partition, residents, imported_at, document) VALUES ($1, $2, $3, $4, $5)"
    await database.write(lambda connection: connection.executemany(sql, rows))


async def claimed(
    database: PostgresDatabase, partition: str = "p00", *, owner: str = "w", performs: bool = True
) -> PostgresJournal:
    """A journal that may commit, under a token of its own."""
    token = await PostgresPartitions(database).claim(partition, owner)
    return PostgresJournal(database, partition, token, performs=performs)


@contextlib.asynccontextmanager
async def settled(url: str) -> AsyncIterator[PostgresDatabase]:
    """A database with `TENANTS`, closed afterwards."""
    database = PostgresDatabase(url)
    try:
        await settle(database)
        yield database
    finally:
        await database.close()


def rows(database: PostgresDatabase, sql: str) -> list[Any]:
    """The rows of a statement, past all code of ours."""

    async def work() -> list[Any]:
        connection = PostgresDatabase(database.address.url)
        try:
            return [tuple(row) for row in await connection.read(sql)]
        finally:
            await connection.close()

    found: list[Any] = in_thread(work())
    return found
