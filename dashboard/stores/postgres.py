"""What the front door keeps, in PostgreSQL."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from alarmcore.adapters.postgres_journal.database import PostgresDatabase, micros
from dashboard.credentials import Credential, Role
from dashboard.stores.ports import SECRET_BYTES, SETTING, Revision, residents_in
from dashboard.stores.sqlite import CREDENTIAL, credential_of, credential_row, in_order, kept_already

ADD: Final = """
    INSERT INTO credential (digest, tenant, role, subject, created_at, revoked_at) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (digest) DO NOTHING RETURNING TRUE
"""

# Two that are imported at the same moment may choose the same partition: that is a little uneven and nothing worse.
PUT: Final = """
    INSERT INTO site (tenant, partition, residents, imported_at, document)
    VALUES ($1, (SELECT p.name FROM partition p LEFT JOIN site s ON s.partition = p.name
                 GROUP BY p.name ORDER BY coalesce(sum(s.residents), 0), p.name LIMIT 1), $2, $3, $4)
    ON CONFLICT (tenant) DO UPDATE
    SET residents = excluded.residents, document = excluded.document,
        imported_at = greatest(excluded.imported_at, site.imported_at + 1)
"""
"""A new tenant goes into the partition with the fewest residents; a known one stays where it is. The moment of import is the
revision: later than the one before, whatever the clock says."""

REVISIONS: Final = 'SELECT tenant, imported_at, partition FROM site ORDER BY tenant COLLATE "C"'


REVOKE_SUBJECT: Final = """
    UPDATE credential SET revoked_at = $3 WHERE tenant = $1 AND subject = $2 AND revoked_at IS NULL
    RETURNING tenant, role, subject, digest, created_at, revoked_at
"""

SHUT: Final = """
    SELECT asked FROM unnest($1::bytea[]) AS asked
    WHERE NOT EXISTS (SELECT FROM credential WHERE digest = asked AND revoked_at IS NULL)
"""

LARGE_S: Final = 60.0
"""How long site files may take on their way: those of half a million residents are some hundred megabytes."""


class PostgresStores:
    """Passes the suite of the stores."""

    def __init__(self, database: PostgresDatabase) -> None:
        self.database = database

    async def add(self, credential: Credential) -> None:
        """Keep `credential`; durable when this returns."""
        if not await self._one(ADD, *credential_row(credential)):
            raise kept_already()

    async def by_digest(self, digest: bytes) -> Credential | None:
        """The credential with this digest, revoked ones too."""
        rows = await self.database.read(CREDENTIAL + "WHERE digest = $1", digest)
        return credential_of(*rows[0]) if rows else None

    async def revoke(self, digest: bytes, at: datetime) -> bool:
        """Say that it opens nothing from `at` on; False when there is none. The first moment stands."""
        sql = "UPDATE credential SET revoked_at = coalesce(revoked_at, $2) WHERE digest = $1 RETURNING TRUE"
        return bool(await self._one(sql, digest, micros(at)))

    async def revoke_subject(self, tenant: str, subject: str, at: datetime) -> list[Credential]:
        """Say of all that a subject holds that it opens nothing from `at` on; those that did until now."""
        values = (tenant, subject, micros(at))
        rows = await self.database.write(lambda connection: connection.fetch(REVOKE_SUBJECT, *values))
        return in_order(credential_of(*row) for row in rows)

    async def shut(self, digests: Collection[bytes]) -> set[bytes]:
        """Those of some digests that open nothing (any more)."""
        return {row["asked"] for row in await self.database.read(SHUT, list(digests))}

    async def credentials(self, tenant: str) -> list[Credential]:
        """All that were ever made for a tenant."""
        rows = await self.database.read(CREDENTIAL + "WHERE tenant = $1", tenant)
        return in_order(credential_of(*row) for row in rows)

    async def subjects(self, tenant: str, role: Role) -> list[str]:
        """Who holds credentials of a role in a tenant."""
        sql = 'SELECT DISTINCT subject COLLATE "C" AS subject FROM credential WHERE tenant = $1 AND role = $2 ORDER BY 1'
        return [row["subject"] for row in await self.database.read(sql, tenant, role)]

    async def tenants(self) -> list[str]:
        """Whose site files are kept."""
        return [row["tenant"] for row in await self.database.read('SELECT tenant FROM site ORDER BY tenant COLLATE "C"')]

    async def documents(self, tenants: Collection[str] | None = None) -> dict[str, str]:
        """Site files by tenant."""
        some = None if tenants is None else list(tenants)
        sql = 'SELECT tenant, document FROM site WHERE $1::text[] IS NULL OR tenant = ANY($1) ORDER BY tenant COLLATE "C"'
        rows = await self.database.ask(lambda connection: connection.fetch(sql, some, timeout=LARGE_S), LARGE_S)
        return {row["tenant"]: row["document"] for row in rows}

    async def revisions(self) -> dict[str, Revision]:
        """Which site file of each tenant is kept, and in which partition the tenant is."""
        return {tenant: Revision(at, partition) for tenant, at, partition in await self.database.read(REVISIONS)}

    async def put(self, tenant: str, document: str, now: datetime) -> None:
        """Keep a site file in the place of the tenant's earlier one, under the next revision."""
        values = (tenant, residents_in(document), micros(now), document)
        await self.database.write(lambda connection: connection.execute(PUT, *values, timeout=LARGE_S), LARGE_S)

    async def secret(self) -> bytes:
        """The installation's secret."""
        fresh = secrets.token_bytes(SECRET_BYTES)
        await self._one("INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING", SETTING, fresh)
        rows = await self.database.read("SELECT value FROM setting WHERE name = $1", SETTING)
        return bytes(rows[0]["value"])

    async def _one(self, sql: str, *values: Any) -> Any:
        """The first value that a writing statement returns."""
        return await self.database.write(lambda connection: connection.fetchval(sql, *values))
