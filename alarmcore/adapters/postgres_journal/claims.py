"""Effects that dispatchers perform: each is held by one of them for a while, and tenants take turns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import asyncpg

from alarmcore.adapters.postgres_journal.database import PostgresDatabase
from alarmcore.errors import CommitFailed

FREE: Final = "held_until IS DISTINCT FROM 'infinity' AND (held_until IS NULL OR ($4 AND held_until <= clock_timestamp()))"
"""The first condition is that of the indexes, which leave out what owners perform themselves."""

HELD: Final = """
    UPDATE effect SET held_by = $1, held_until = clock_timestamp() + $3 * interval '1 second'
    FROM chosen WHERE effect.place = chosen.place RETURNING effect.place, id, data
"""

CLAIM: Final = f"""
    WITH RECURSIVE tenants AS (
        (SELECT effect_tenant(data) AS tenant FROM effect WHERE held_until IS DISTINCT FROM 'infinity' ORDER BY 1 LIMIT 1)
        UNION ALL
        SELECT (SELECT effect_tenant(data) FROM effect
                WHERE held_until IS DISTINCT FROM 'infinity' AND effect_tenant(data) > tenants.tenant ORDER BY 1 LIMIT 1)
        FROM tenants WHERE tenant IS NOT NULL
    ), shares AS (
        SELECT tenant, greatest(1, $2 / count(*) OVER ()) AS share FROM tenants WHERE tenant IS NOT NULL
    ), turns AS (
        SELECT one.place, one.urgency, row_number() OVER (PARTITION BY tenant ORDER BY one.urgency, one.place) AS turn
        FROM shares CROSS JOIN LATERAL (
            SELECT place, effect_urgency(data) AS urgency FROM effect WHERE {FREE} AND effect_tenant(data) = shares.tenant
            ORDER BY effect_urgency(data), place LIMIT shares.share FOR UPDATE SKIP LOCKED
        ) AS one
    ), rest AS (
        SELECT place, effect_urgency(data) AS urgency, $2::bigint AS turn FROM effect
        WHERE {FREE} AND place NOT IN (SELECT place FROM turns)
        ORDER BY effect_urgency(data), place LIMIT greatest(0, $2 - (SELECT count(*) FROM turns)) FOR UPDATE SKIP LOCKED
    ), chosen AS (
        SELECT * FROM (SELECT * FROM turns UNION ALL SELECT * FROM rest) AS either ORDER BY urgency, turn, place LIMIT $2
    ), held AS ({HELD})
    SELECT id, data FROM held JOIN chosen USING (place) ORDER BY urgency, turn, place
"""  # noqa: S608 - texts of ours
"""An equal share for each tenant that has any, of these the most urgent first; what room is left goes to whatever is most urgent.
Tenants are found by leaps through the index, so that one with a million effects costs no more than one with one."""

CLAIM_OLDEST: Final = f"""
    WITH chosen AS (SELECT place FROM effect WHERE {FREE} ORDER BY place LIMIT $2 FOR UPDATE SKIP LOCKED), held AS ({HELD})
    SELECT id, data FROM held ORDER BY place
"""  # noqa: S608 - texts of ours
"""For schemas below 4, which do not know turns."""

HOLD: Final = """
    UPDATE effect SET held_until = clock_timestamp() + $3 * interval '1 second'
    WHERE place IN (
        SELECT place FROM effect WHERE id = ANY ($1) AND held_by = $2 AND held_until <> 'infinity'
        ORDER BY place FOR UPDATE SKIP LOCKED
    ) RETURNING id
"""

LET_GO: Final = """
    UPDATE effect SET held_by = NULL, held_until = NULL
    WHERE place IN (
        SELECT place FROM effect WHERE id = ANY ($1) AND held_by = $2 AND held_until <> 'infinity'
        ORDER BY place FOR UPDATE SKIP LOCKED
    )
"""
"""One that its owner's commit is settling at this moment need not be let go, nor held."""


class PostgresClaims:
    """The port `Claims`."""

    def __init__(self, database: PostgresDatabase) -> None:
        self.database = database

    async def claim(self, dispatcher: str, limit: int, hold_s: float, *, lapsed: bool = True) -> list[tuple[str, bytes]]:
        """Effects that nobody holds, now held by `dispatcher` for `hold_s`."""
        values = (dispatcher, limit, hold_s, lapsed)
        try:
            rows = await self._rows(CLAIM, *values)
        except CommitFailed as error:
            if not isinstance(error.__cause__, asyncpg.UndefinedFunctionError):
                raise
            rows = await self._rows(CLAIM_OLDEST, *values)
        return [(name, data) for name, data in rows]

    async def hold(self, ids: Sequence[str], dispatcher: str, hold_s: float) -> set[str]:
        """Hold some effects for another `hold_s` from now."""
        return {name for (name,) in await self._rows(HOLD, list(ids), dispatcher, hold_s)}

    async def let_go(self, ids: Sequence[str], dispatcher: str) -> None:
        """Hold some effects no longer.

        Raises:
            Unavailable: they may be held until their time is over.
        """
        await self._rows(LET_GO, list(ids), dispatcher)

    async def _rows(self, sql: str, *values: Any) -> list[Any]:
        return await self.database.write(lambda connection: connection.fetch(sql, *values))
