"""Leases in the database, for an installation without Redis, or while Redis does not answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

import asyncpg

from alarmcore.adapters.postgres_journal.database import PostgresDatabase
from alarmcore.adapters.postgres_journal.failures import passes, text_of
from alarmcore.errors import Unavailable
from alarmcore.shared import Lease, Standing

T = TypeVar("T")

ANSWER_S: Final = 2.0
"""How long an answer is waited for: one that comes later than a lease lasts says nothing any more."""

LOOK: Final = """
    SELECT 'lease', partition, owner, token FROM lease WHERE until > clock_timestamp()
    UNION ALL SELECT 'worker', name, NULL, NULL FROM worker WHERE until > clock_timestamp()
    UNION ALL SELECT 'remembered', NULL, NULL, NULL FROM remembered
"""

REMEMBER: Final = "INSERT INTO remembered (since) SELECT clock_timestamp() WHERE NOT EXISTS (SELECT 1 FROM remembered)"

APPEAR: Final = """
    INSERT INTO worker (name, until) VALUES ($1, clock_timestamp() + $2 * interval '1 second')
    ON CONFLICT (name) DO UPDATE SET until = clock_timestamp() + $2 * interval '1 second'
"""

LEAVE: Final = "DELETE FROM worker WHERE name = $1 OR until < clock_timestamp() - interval '1 day'"
"""Names are new at every start: those that did not leave in good order go with one that does."""

TAKE: Final = """
    INSERT INTO lease (partition, owner, token, until) VALUES ($1, $2, $3, clock_timestamp() + $4 * interval '1 second')
    ON CONFLICT (partition) DO UPDATE
        SET owner = excluded.owner, token = excluded.token, until = clock_timestamp() + $4 * interval '1 second'
        WHERE lease.owner = excluded.owner OR lease.until <= clock_timestamp()
    RETURNING true
"""

RELEASE: Final = "DELETE FROM lease WHERE partition = $1 AND owner = $2"


class PostgresLeases:
    """Passes the leases' contract suite. It has a connection of its own, so that no page makes a lease wait.

    Time is the database's. The tables are not logged and commits do not wait for the disk: a lease that is lost is taken anew.
    """

    def __init__(self, database: PostgresDatabase) -> None:
        self.database = database
        self.line = database.line({"application_name": "alarmcore leases", "synchronous_commit": "off"})

    async def _use(self, work: Callable[[asyncpg.Connection[Any]], Awaitable[T]]) -> T:
        try:
            return await self.line.use(work, ANSWER_S)
        except Unavailable:
            raise
        except Exception as error:
            if not passes(error):
                raise
            raise Unavailable(f"the database keeps no leases now ({text_of(error)}); try again") from error

    async def look(self) -> Standing:
        """How things stand."""
        leases: dict[str, Lease] = {}
        workers, forgotten = set(), True
        for sort, name, owner, token in await self._use(lambda connection: connection.fetch(LOOK)):
            if sort == "lease":
                leases[name] = Lease(owner, token)
            elif sort == "worker":
                workers.add(name)
            else:
                forgotten = False
        return Standing(leases, frozenset(workers), forgotten)

    async def remember(self) -> None:
        """From now on the store has not forgotten, until it loses everything again."""
        await self._use(lambda connection: connection.execute(REMEMBER))

    async def appear(self, worker: str, lease_s: float) -> None:
        """Be known as a living worker for `lease_s`."""
        await self._use(lambda connection: connection.execute(APPEAR, worker, lease_s))

    async def leave(self, worker: str) -> None:
        """Be known as one no longer."""
        await self._use(lambda connection: connection.execute(LEAVE, worker))

    async def take(self, partition: str, lease: Lease, lease_s: float) -> bool:
        """Hold a free partition, or one held by the same owner already, for `lease_s`."""
        values = (partition, lease.owner, lease.token, lease_s)
        return await self._use(lambda connection: connection.fetchval(TAKE, *values)) is True

    async def release(self, partition: str, owner: str) -> None:
        """Hold it no longer; what somebody else holds stays as it is."""
        await self._use(lambda connection: connection.execute(RELEASE, partition, owner))

    async def close(self) -> None:
        """Hang up; leases that are held end by themselves."""
        await self.database.hang_up(self.line)
