"""What the front door keeps beside the journal: credentials, site documents, the installation's secret."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final, Protocol

import msgspec

from dashboard.credentials import Credential, CredentialStore, Role

SETTING: Final = "secret"
"""The name under which the installation's secret is kept."""

SECRET_BYTES: Final = 32


class Revision(msgspec.Struct, frozen=True):
    """Which of its imports a tenant's site file is: `number` grows with each. `partition` is empty where there are none."""

    number: int
    partition: str = ""


class Stores(CredentialStore, Protocol):
    """Both databases pass one suite.

    All of them raise:
        Unavailable: the database does not answer; whether something was kept is then not known (CommitFailed: it was not).
    """

    async def add(self, credential: Credential) -> None:
        """Keep `credential`; it is on durable storage when this returns.

        Raises:
            ValueError: its digest is kept already.
        """

    async def by_digest(self, digest: bytes) -> Credential | None:
        """The credential with this digest, revoked ones too.

        Asked anew for every call and sign-in, so that a revocation holds at once. PostgreSQL on the same machine answered 16,000
        a second, for 0.02 to 0.04 ms of our processor each, where the cheapest call over HTTP takes 0.7 ms and a reading 1.3: a
        memory of some seconds would save a thirtieth, and let a revoked secret in for as long.
        """

    async def revoke(self, digest: bytes, at: datetime) -> bool:
        """Say that it opens nothing from `at` on; False when there is none. The first moment stands."""

    async def revoke_subject(self, tenant: str, subject: str, at: datetime) -> list[Credential]:
        """Say of all that a subject of a tenant holds that it opens nothing from `at` on; those that did until now."""

    async def shut(self, digests: Collection[bytes]) -> set[bytes]:
        """Those of some digests that open nothing (any more)."""

    async def credentials(self, tenant: str) -> list[Credential]:
        """All that were ever made for a tenant, in order of subject and age; revoked ones too."""

    async def subjects(self, tenant: str, role: Role) -> list[str]:
        """Who holds credentials of a role in a tenant, in order, each once; revoked ones too."""

    async def tenants(self) -> list[str]:
        """Whose site files are kept, in order."""

    async def documents(self, tenants: Collection[str] | None = None) -> dict[str, str]:
        """Site files by tenant, in order of the tenants: all, or those of some."""

    async def revisions(self) -> dict[str, Revision]:
        """Which site file of each tenant is kept, in order of the tenants. Every process asks every second or two."""

    async def put(self, tenant: str, document: str, now: datetime) -> None:
        """Keep a site file in the place of the tenant's earlier one, under the next revision.

        A tenant stays in its partition, where there are some.
        """

    async def secret(self) -> bytes:
        """The installation's secret: made by whoever asks first, then always the same."""


class _Counted(msgspec.Struct):
    residents: list[msgspec.Raw] = []


_count = msgspec.json.Decoder(_Counted).decode


def residents_in(document: str) -> int:
    """How many residents a stored site file has: its weight when partitions are filled evenly."""
    return len(_count(document).residents)
