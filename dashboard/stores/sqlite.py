"""What the front door keeps, in the database file of one process."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final

from alarmcore.adapters.sqlite_journal import Database
from alarmcore.adapters.sqlite_journal.database import micros, moment
from dashboard.credentials import Credential, Role
from dashboard.stores.ports import SECRET_BYTES, SETTING, Revision

CREDENTIAL: Final = "SELECT tenant, role, subject, digest, created_at, revoked_at FROM credential "
"""What `credential_of` wants, in order; the same in both databases."""

REVOKE_SUBJECT: Final = """
    UPDATE credential SET revoked_at = ? WHERE tenant = ? AND subject = ? AND revoked_at IS NULL
    RETURNING tenant, role, subject, digest, created_at, revoked_at
"""

PUT: Final = """
    INSERT INTO site (tenant, imported_at, document) VALUES (?, ?, ?) ON CONFLICT (tenant) DO UPDATE
    SET imported_at = max(excluded.imported_at, site.imported_at + 1), document = excluded.document
"""
"""The moment of import is the revision: later than the one before, whatever the clock says."""

ASKED_MAX: Final = 500
"""Digests in one question: SQLite before 3.32 takes 999 values, and a look-up of so many does not hold the loop up."""


class SqliteStores:
    """Passes the suite of the stores."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def add(self, credential: Credential) -> None:
        """Keep `credential`; durable when this returns."""
        await self.database.write(lambda connection: _insert(connection, credential))

    async def by_digest(self, digest: bytes) -> Credential | None:
        """The credential with this digest, revoked ones too."""
        rows = self.database.read(CREDENTIAL + "WHERE digest = ?", (digest,))
        return credential_of(*rows[0]) if rows else None

    async def revoke(self, digest: bytes, at: datetime) -> bool:
        """Say that it opens nothing from `at` on; False when there is none. The first moment stands."""

        def work(connection: sqlite3.Connection) -> bool:
            connection.execute(
                "UPDATE credential SET revoked_at = ? WHERE digest = ? AND revoked_at IS NULL", (micros(at), digest)
            )
            return connection.execute("SELECT 1 FROM credential WHERE digest = ?", (digest,)).fetchone() is not None

        return await self.database.write(work)

    async def revoke_subject(self, tenant: str, subject: str, at: datetime) -> list[Credential]:
        """Say of all that a subject holds that it opens nothing from `at` on; those that did until now."""
        values = (micros(at), tenant, subject)
        rows = await self.database.write(lambda connection: connection.execute(REVOKE_SUBJECT, values).fetchall())
        return in_order(credential_of(*row) for row in rows)

    async def shut(self, digests: Collection[bytes]) -> set[bytes]:
        """Those of some digests that open nothing (any more)."""
        asked = list(digests)
        open_ = {row[0] for start in range(0, len(asked), ASKED_MAX) for row in self._open(asked[start : start + ASKED_MAX])}
        return set(asked) - open_

    def _open(self, asked: list[bytes]) -> list[tuple[bytes]]:
        marks = ",".join("?" * len(asked))
        sql = f"SELECT digest FROM credential WHERE revoked_at IS NULL AND digest IN ({marks})"  # noqa: S608 - question marks only
        return self.database.read(sql, asked)

    async def credentials(self, tenant: str) -> list[Credential]:
        """All that were ever made for a tenant."""
        rows = self.database.read(CREDENTIAL + "WHERE tenant = ?", (tenant,))
        return in_order(credential_of(*row) for row in rows)

    async def subjects(self, tenant: str, role: Role) -> list[str]:
        """Who holds credentials of a role in a tenant."""
        rows = self.database.read(
            "SELECT DISTINCT subject FROM credential WHERE tenant = ? AND role = ? ORDER BY subject", (tenant, role)
        )
        return [row[0] for row in rows]

    async def tenants(self) -> list[str]:
        """Whose site files are kept."""
        return [row[0] for row in self.database.read("SELECT tenant FROM site ORDER BY tenant")]

    async def documents(self, tenants: Collection[str] | None = None) -> dict[str, str]:
        """Site files by tenant."""
        if tenants is None:
            return dict(self.database.read("SELECT tenant, document FROM site ORDER BY tenant"))
        read = self.database.read
        found = (row for one in sorted(tenants) for row in read("SELECT tenant, document FROM site WHERE tenant = ?", (one,)))
        return dict(found)

    async def revisions(self) -> dict[str, Revision]:
        """Which site file of each tenant is kept."""
        return {tenant: Revision(at) for tenant, at in self.database.read("SELECT tenant, imported_at FROM site ORDER BY tenant")}

    async def put(self, tenant: str, document: str, now: datetime) -> None:
        """Keep a site file in the place of the tenant's earlier one, under the next revision."""
        await self.database.write(lambda connection: _put(connection, tenant, document, now))

    async def secret(self) -> bytes:
        """The installation's secret."""
        return await self.database.write(_secret)


def credential_of(tenant: str, role: Role, subject: str, digest: bytes, created_at: int, revoked_at: int | None) -> Credential:
    """A credential from its row, which has the same columns in both databases."""
    return Credential(
        tenant=tenant,
        role=role,
        subject=subject,
        digest=digest,
        created_at=moment(created_at),
        revoked_at=None if revoked_at is None else moment(revoked_at),
    )


def in_order(credentials: Iterable[Credential]) -> list[Credential]:
    """By subject, the oldest first."""
    return sorted(credentials, key=lambda one: (one.subject, one.created_at, one.digest))


def credential_row(credential: Credential) -> tuple[bytes, str, str, str, int, int | None]:
    """The row of a credential: digest, tenant, role, subject, created_at, revoked_at."""
    revoked_at = None if credential.revoked_at is None else micros(credential.revoked_at)
    return (
        credential.digest,
        credential.tenant,
        credential.role,
        credential.subject,
        micros(credential.created_at),
        revoked_at,
    )


def kept_already() -> ValueError:
    """What `add` says of a digest that is kept."""
    return ValueError("a credential with this digest is kept already; make a new secret")


def _insert(connection: sqlite3.Connection, credential: Credential) -> None:
    cursor = connection.execute(
        "INSERT INTO credential (digest, tenant, role, subject, created_at, revoked_at) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (digest) DO NOTHING",
        credential_row(credential),
    )
    if cursor.rowcount == 0:
        raise kept_already()


def _put(connection: sqlite3.Connection, tenant: str, document: str, now: datetime) -> None:
    connection.execute(PUT, (tenant, micros(now), document))


def _secret(connection: sqlite3.Connection) -> bytes:
    fresh = secrets.token_bytes(SECRET_BYTES)
    connection.execute("INSERT OR IGNORE INTO setting (name, value) VALUES (?, ?)", (SETTING, fresh))
    return bytes(connection.execute("SELECT value FROM setting WHERE name = ?", (SETTING,)).fetchone()[0])
