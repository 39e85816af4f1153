"""Effects that dispatchers perform: each is held by one of them for a while."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from alarmcore.adapters.postgres_journal.database import PostgresDatabase

CLAIM: Final = """
    WITH free AS (
        SELECT place FROM effect
        WHERE held_until IS DISTINCT FROM 'infinity' AND (held_until IS NULL OR held_until <= clock_timestamp())
        ORDER BY place LIMIT $2 FOR UPDATE SKIP LOCKED
    ), held AS (
        UPDATE effect SET held_by = $1, held_until = clock_timestamp() + $3 * interval '1 second'
        FROM free WHERE effect.place = free.place RETURNING effect.place, id, data
    )
    SELECT id, data FROM held ORDER BY place
"""
"""The first condition is that of the index that leaves out what owners perform themselves."""

LET_GO: Final = """
    UPDATE effect SET held_by = NULL, held_until = NULL
    WHERE place IN (
        SELECT place FROM effect WHERE id = ANY ($1) AND held_by = $2 AND held_until <> 'infinity'
        ORDER BY place FOR UPDATE SKIP LOCKED
    )
"""
"""One that its owner's commit is settling at this moment need not be let go."""


class PostgresClaims:
    """The port `Claims`."""

    def __init__(self, database: PostgresDatabase) -> None:
        self.database = database

    async def claim(self, dispatcher: str, limit: int, hold_s: float) -> list[tuple[str, bytes]]:
        """The oldest effects that nobody holds, now held by `dispatcher` for `hold_s`."""
        rows = await self.database.write(lambda connection: connection.fetch(CLAIM, dispatcher, limit, hold_s))
        return [(name, data) for name, data in rows]

    async def let_go(self, ids: Sequence[str], dispatcher: str) -> None:
        """Hold some effects no longer.

        Raises:
            Unavailable: they may be held until their time is over.
        """
        await self.database.write(lambda connection: connection.execute(LET_GO, list(ids), dispatcher))
