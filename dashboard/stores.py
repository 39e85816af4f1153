"""What the front door keeps in the database beside the journal: credentials, site files, the installation's secret."""

from __future__ import annotations

import secrets
import sqlite3
from datetime import datetime

from alarmcore.adapters.sqlite_journal import Database
from alarmcore.adapters.sqlite_journal.database import micros, moment
from dashboard.credentials import Credential


class SqliteCredentials:
    """Passes the suite of the credential store."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def add(self, credential: Credential) -> None:
        """Keep `credential`; durable when this returns."""
        await self.database.write(lambda connection: insert(connection, credential))

    def add_now(self, credential: Credential) -> None:
        """Like `add`, for commands, which have no event loop."""
        self.database.write_now(lambda connection: insert(connection, credential))

    async def by_digest(self, digest: bytes) -> Credential | None:
        """The credential with this digest, revoked ones too."""
        rows = self.database.read(
            "SELECT tenant, role, subject, digest, created_at, revoked_at FROM credential WHERE digest = ?", (digest,)
        )
        if not rows:
            return None
        tenant, role, subject, kept, created_at, revoked_at = rows[0]
        return Credential(
            tenant=tenant,
            role=role,
            subject=subject,
            digest=kept,
            created_at=moment(created_at),
            revoked_at=None if revoked_at is None else moment(revoked_at),
        )

    async def revoke(self, digest: bytes, at: datetime) -> bool:
        """Say that it opens nothing from `at` on; False when there is none. The first moment stands."""

        def work(connection: sqlite3.Connection) -> bool:
            connection.execute(
                "UPDATE credential SET revoked_at = ? WHERE digest = ? AND revoked_at IS NULL", (micros(at), digest)
            )
            return connection.execute("SELECT 1 FROM credential WHERE digest = ?", (digest,)).fetchone() is not None

        return await self.database.write(work)

    def subjects(self, tenant: str, role: str) -> list[str]:
        """Who holds credentials of a role in a tenant."""
        rows = self.database.read(
            "SELECT DISTINCT subject FROM credential WHERE tenant = ? AND role = ? ORDER BY subject", (tenant, role)
        )
        return [row[0] for row in rows]


def insert(connection: sqlite3.Connection, credential: Credential) -> None:
    """Write one credential inside the transaction that is open."""
    held = connection.execute("SELECT 1 FROM credential WHERE digest = ?", (credential.digest,)).fetchone()
    if held is not None:
        raise ValueError("a credential with this digest is kept already; make a new secret")
    connection.execute(
        "INSERT INTO credential (digest, tenant, role, subject, created_at, revoked_at) VALUES (?, ?, ?, ?, ?, ?)",
        (
            credential.digest,
            credential.tenant,
            credential.role,
            credential.subject,
            micros(credential.created_at),
            credential.revoked_at and micros(credential.revoked_at),
        ),
    )


class SqliteSites:
    """Site files as they were imported, one for each tenant."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def documents(self) -> dict[str, str]:
        """Every tenant's site file."""
        return dict(self.database.read("SELECT tenant, document FROM site ORDER BY tenant"))

    def put(self, tenant: str, document: str, now: datetime) -> None:
        """Keep a site file in the place of the tenant's earlier one."""
        self.database.write_now(
            lambda connection: connection.execute(
                "INSERT OR REPLACE INTO site (tenant, imported_at, document) VALUES (?, ?, ?)", (tenant, micros(now), document)
            )
        )


def installation_secret(database: Database) -> bytes:
    """The secret from which sessions, links and signatures are derived: made once, kept in the database."""

    def work(connection: sqlite3.Connection) -> bytes:
        connection.execute("INSERT OR IGNORE INTO setting (name, value) VALUES ('secret', ?)", (secrets.token_bytes(32),))
        return bytes(connection.execute("SELECT value FROM setting WHERE name = 'secret'").fetchone()[0])

    return database.write_now(work)
