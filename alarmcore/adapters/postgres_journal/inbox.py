"""Durable hand-over to whoever owns a tenant: a table that any process writes and the owner's commit answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import asyncpg

from alarmcore.adapters.postgres_journal.database import PostgresDatabase, micros
from alarmcore.shared import InboxEntry

PUT: Final = """
    INSERT INTO inbox (tenant, kind, data, stored_at)
    SELECT t, k, d, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint
    FROM unnest($1::text[], $2::text[], $3::bytea[]) WITH ORDINALITY AS new (t, k, d, n) ORDER BY n
    RETURNING place
"""

WAITING: Final = """
    SELECT place, tenant, kind, data FROM inbox JOIN site USING (tenant)
    WHERE site.partition = $1 AND answer IS NULL AND place > $2 ORDER BY kind = 'reading', place LIMIT $3
"""

ANSWERS: Final = "SELECT place, answer FROM inbox WHERE place = ANY ($1) AND answer IS NOT NULL"

SWEEP: Final = """
    WITH gone AS (DELETE FROM inbox WHERE answer IS NOT NULL AND stored_at < $1 RETURNING 1) SELECT count(*) FROM gone
"""


class PostgresInbox:
    """The port `Inbox`. An entry may become visible after one with a later place."""

    def __init__(self, database: PostgresDatabase) -> None:
        self.database = database

    async def put(self, entries: Sequence[tuple[str, str, bytes]]) -> list[int]:
        """Store some (tenant, kind, data), all or none, and return their places."""
        if not entries:
            return []
        columns = [list(column) for column in zip(*entries, strict=True)]

        async def work(connection: asyncpg.Connection[Any]) -> list[Any]:
            rows: list[Any] = await connection.fetch(PUT, *columns)
            return rows

        return sorted(row[0] for row in await self.database.write(work))

    async def waiting(self, partition: str, after: int, limit: int) -> list[InboxEntry]:
        """Unanswered entries for a partition's tenants: what is urgent first, then readings, each the oldest first."""
        return [InboxEntry(*row) for row in await self.database.read(WAITING, partition, after, limit)]

    async def answers(self, places: Sequence[int]) -> dict[int, bytes]:
        """The answers to some entries, as far as they have been given."""
        return dict(await self.database.read(ANSWERS, list(places))) if places else {}

    async def sweep(self, before: datetime) -> int:
        """Forget answered entries stored before a moment of the database's clock; return how many."""
        gone: int = await self.database.write(lambda connection: connection.fetchval(SWEEP, micros(before)))
        return gone
