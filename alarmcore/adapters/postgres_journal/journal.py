"""The journal of one partition on PostgreSQL: each commit names its fencing token and is one way to the database and back."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import Any, Final, TypeVar

import asyncpg
import structlog

from alarmcore.adapters.postgres_journal.database import PostgresDatabase, micros, moment
from alarmcore.adapters.postgres_journal.failures import passes, text_of, unreadable
from alarmcore.adapters.postgres_journal.rows import STORE, alarm_of, state_of, values_of
from alarmcore.errors import CommitFailed, Fenced, Unavailable
from alarmcore.ports import KEEPERS, REMEMBERED, Batch, OpenAlarm, StoredState

log = structlog.get_logger(__name__)

T = TypeVar("T")

COMMIT_S: Final = 5.0
"""How long a commit may take, connecting anew included. It must end: a machine that has gone silent never answers."""

READ_S: Final = 5.0
"""How long a read may take, other than that of all states."""

LOAD_S: Final = 120.0
"""How long reading all states of a partition may take: a million of them on a slow machine."""

PAGE: Final = 20_000
"""States read at once: some ten megabytes."""

EFFECTS_MAX: Final = 1_000_000
"""Effects that are taken up at a start: all there can be. A load that leaves some out would forget them."""

SLICES: Final = 4096
"""Parts in which the range of identities is swept: with one part a second it is all swept in about an hour."""

NEXT: Final = """
    UPDATE partition SET token = greatest(token + 1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint),
                         session = $3, attempt = $4
    WHERE name = $1 AND (token = $2 OR (session = $3 AND attempt < $4)) RETURNING token
"""
"""The next token for the one who has the newest. Its own tries before, of which it has had no answer, count as its own; one of
them that comes later than its successor does not."""

STATES: Final = """
    SELECT s.machine, s.key, s.tenant, s.wake_at, s.data FROM state AS s JOIN site USING (tenant) WHERE site.partition = $1
"""

SOME_STATES: Final = """
    SELECT machine, key, tenant, wake_at, data
    FROM state JOIN unnest($1::text[], $2::text[]) AS wanted (machine, key) USING (machine, key)
"""

OPEN_ALARMS: Final = """
    SELECT one.data, one.first_at, one.second_at FROM partition AS p
    LEFT JOIN LATERAL (
        SELECT a.slot, a.data,
               (SELECT wake_at FROM state WHERE machine = $3 AND key = a.slot) AS first_at,
               (SELECT wake_at FROM state WHERE machine = $4 AND key = a.slot) AS second_at
        FROM alarm AS a
        WHERE a.state <> 'resolved' AND a.slot > $5 AND a.tenant IN (SELECT tenant FROM site WHERE partition = p.name)
        ORDER BY a.slot LIMIT $6
    ) AS one ON true
    WHERE p.name = $1 AND p.token = $2 ORDER BY one.slot
"""
"""One row for each open alarm; one of NULLs where there is none, none at all for an older token: a worker that owns nothing any
more must not mend what it reads of others."""

OWNED: Final = "SELECT decided_at FROM partition WHERE name = $1 AND token = $2"
KNOWN: Final = "SELECT identity, digest FROM identity WHERE identity = ANY ($1) AND seen_at >= $2"
EFFECTS: Final = "SELECT effect_id, effect_data FROM own_effects($1, $2, $3, $4)"
SWEEP: Final = "DELETE FROM identity WHERE identity BETWEEN $1 AND $2 AND seen_at < $3"


class PostgresJournal:
    """Passes the journal's contract suite. `token` is the newest of its own: it takes the next one whenever it connects anew.

    What lies in a connection that was lost may still be carried out, much later. Under the next token it no longer counts, and
    what is read from then on is all there is. `performs`: this process performs the effects itself, no dispatcher may claim them.
    """

    keep = True

    def __init__(self, database: PostgresDatabase, partition: str, token: int, *, performs: bool) -> None:
        self.database = database
        self.partition = partition
        self.token = token
        self.performs = performs
        self.session = secrets.token_hex(8)
        self.attempts = 0
        self.begun = False
        self.fenced = False
        self.line = database.line({"application_name": f"alarmcore {partition}"}, self._opened)

    async def _opened(self, connection: asyncpg.Connection[Any]) -> None:
        if not self.begun:
            self.begun = True
            return
        self.attempts += 1
        token = await connection.fetchval(NEXT, self.partition, self.token, self.session, self.attempts)
        if token is None:
            raise self._lost()
        log.warning("journal_connected_anew", partition=self.partition, token=token)
        self.token = token

    def _lost(self) -> Fenced:
        self.fenced = True
        return Fenced(self.partition)

    async def _use(self, work: Callable[[asyncpg.Connection[Any]], Awaitable[T]], within_s: float) -> T:
        if self.fenced:
            raise Fenced(self.partition)
        return await self.line.use(work, within_s)

    async def _read(self, work: Callable[[asyncpg.Connection[Any]], Awaitable[T]], within_s: float = READ_S) -> T:
        with unreadable():
            return await self._use(work, within_s)

    # -- the port -----------------------------------------------------------------------------------------------------------

    async def states(self) -> Iterable[StoredState]:
        """All stored states of the partition's tenants."""

        async def work(connection: asyncpg.Connection[Any]) -> list[StoredState]:
            found: list[StoredState] = []
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                await self._still_ours(connection)
                cursor = await connection.cursor(STATES, self.partition)
                while rows := await cursor.fetch(PAGE):
                    found += map(state_of, rows)
            return found

        return await self._read(work, LOAD_S)

    async def _still_ours(self, connection: asyncpg.Connection[Any]) -> int | None:
        row = await connection.fetchrow(OWNED, self.partition, self.token)
        if row is None:
            raise self._lost()
        decided_at: int | None = row[0]
        return decided_at

    async def reread(self, keys: list[tuple[str, str]]) -> list[StoredState]:
        """Some stored states."""
        wanted = [machine for machine, _ in keys], [key for _, key in keys]
        return [state_of(row) for row in await self._read(lambda connection: connection.fetch(SOME_STATES, *wanted))]

    async def effects(self) -> list[tuple[str, bytes]]:
        """Effects that were not settled, oldest first: those that are ours to perform, or else all of them."""
        return await self.unsettled(EFFECTS_MAX)

    async def open_alarms(self, after: str, limit: int) -> list[OpenAlarm]:
        """Alarms that are not resolved, with the moments stored for their slots."""
        rows = await self._read(
            lambda connection: connection.fetch(OPEN_ALARMS, self.partition, self.token, *KEEPERS, after, limit)
        )
        owned = self._owned(rows)
        return [OpenAlarm(alarm_of(data), tuple(at if at is None else moment(at) for at in wakes)) for data, *wakes in owned]

    async def unsettled(self, limit: int) -> list[tuple[str, bytes]]:
        """The oldest effects that were not settled."""
        rows = await self._read(lambda connection: connection.fetch(EFFECTS, self.partition, self.token, self.performs, limit))
        return [(name, data) for name, data in self._owned(rows)]

    def _owned(self, rows: list[Any]) -> list[Any]:
        """The rows of a query that gives none to a journal with an older token, and one of NULLs where there is nothing."""
        if not rows:
            raise self._lost()
        return [row for row in rows if row[0] is not None]

    async def known(self, identities: list[int], now: datetime) -> dict[int, int]:
        """Identities seen within seven days."""
        if not identities:
            return {}
        since = micros(now - REMEMBERED)
        return dict(await self._read(lambda connection: connection.fetch(KNOWN, identities, since)))

    async def decided_at(self) -> datetime | None:
        """The latest moment of a stored batch of this partition."""
        found = await self._read(self._still_ours)
        return None if found is None else moment(found)

    async def commit(self, batch: Batch) -> int:
        """Store a batch durably."""

        async def work(connection: asyncpg.Connection[Any]) -> int | None:
            # The token may be a newer one than when the turn began: it is this connection's.
            first: int | None = await connection.fetchval(
                STORE, *values_of(batch, self.partition, self.token, performs=self.performs)
            )
            return first

        try:
            first = await self._use(work, COMMIT_S)
        except CommitFailed:
            raise
        except Unavailable as error:
            raise CommitFailed(str(error)) from error
        except Exception as error:
            if not passes(error):
                raise
            raise CommitFailed(f"the database did not store a batch ({text_of(error)}); say it again") from error
        if first is None:
            raise self._lost()
        return first

    async def sweep(self, part: int, now: datetime) -> None:
        """Forget identities older than seven days in one of `SLICES` parts of their range."""
        width = (1 << 64) // SLICES
        low = -(1 << 63) + (part % SLICES) * width
        values = (low, low + width - 1, micros(now - REMEMBERED))
        await self.database.write(lambda connection: connection.execute(SWEEP, *values))

    async def close(self) -> None:
        """Hang up. A commit that is under way may be stored or not."""
        await self.database.hang_up(self.line)
