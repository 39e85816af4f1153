"""Who may decide about which tenants: the fencing tokens, as the database hands them out."""

from __future__ import annotations

from typing import Final

from alarmcore.adapters.postgres_journal.database import PostgresDatabase
from alarmcore.shared import Partition

PARTITIONS: Final = """
    SELECT name, array_agg(tenant ORDER BY tenant), token, owner
    FROM partition JOIN site ON site.partition = partition.name GROUP BY name ORDER BY name
"""

CLAIM: Final = """
    UPDATE partition SET token = greatest(token + 1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint),
                         owner = $2, session = NULL, attempt = NULL
    WHERE name = $1 RETURNING token
"""
"""It waits for a commit that holds the row, and those that come later find another token. The next token is the time, unless the
one before is later: a standby that took over without having heard of a claim does not hand out its token once more."""

GIVE_BACK: Final = "UPDATE partition SET owner = NULL WHERE name = $1 AND token = $2"


class PostgresPartitions:
    """The port `Partitions`."""

    def __init__(self, database: PostgresDatabase) -> None:
        self.database = database

    async def partitions(self) -> list[Partition]:
        """All partitions in which there is a tenant, in order of their names."""
        rows = await self.database.read(PARTITIONS)
        return [Partition(name, tuple(tenants), token, owner) for name, tenants, token, owner in rows]

    async def claim(self, partition: str, owner: str) -> int:
        """Become the owner and get the next fencing token.

        Raises:
            Unavailable: it is not known whether the token was taken; claiming again takes another.
            LookupError: there is no such partition.
        """
        rows = await self.database.write(lambda connection: connection.fetch(CLAIM, partition, owner))
        if not rows:
            raise LookupError(f"there is no partition {partition!r} in {self.database.shown}; use one of those it names")
        token: int = rows[0][0]
        return token

    async def give_back(self, partition: str, token: int) -> None:
        """Say that nobody owns it now, unless somebody else has claimed it meanwhile."""
        await self.database.write(lambda connection: connection.execute(GIVE_BACK, partition, token))
