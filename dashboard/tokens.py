"""Making, revoking and listing secrets from the command line."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Final

from alarmcore.admission import ID
from alarmcore.errors import OptionInvalid
from dashboard.credentials import INSTALLATION, PEOPLE, Credential, Role, digest, new_secret
from dashboard.stores import Stores
from dashboard.views import stamp
from dispatch.channels.webhook import tenant_secret

KNOWN_MAX: Final = 20
"""Subjects that are named when there is none of the name that was given: a municipality may have thousands of devices."""


async def issue_token(stores: Stores, role: Role, tenant: str, name: str | None, now: datetime) -> str:
    """A new secret for somebody of a tenant; only its digest is kept.

    Raises:
        OptionInvalid: a name that is no id, or a tenant that is not set up.
    """
    if role == "broker":
        tenant = INSTALLATION
    else:
        await known_tenant(stores, tenant)
    name = secrets.token_hex(3) if name is None else name
    if not ID.fullmatch(name):
        raise OptionInvalid(f"{name!r} is no id; use small letters, digits, - and _")
    secret = new_secret(role)
    credential = Credential(tenant=tenant, role=role, subject=f"{_kind(role)}:{name}", digest=digest(secret), created_at=now)
    await stores.add(credential)
    return secret


def _kind(role: Role) -> str:
    """Administrators handle alarms under the same name as operators."""
    return "operator" if role in PEOPLE else role


async def revoke_token(stores: Stores, tenant: str, subject: str, now: datetime) -> list[str]:
    """Let everything that a subject holds open nothing any more; what was done, a line for each secret.

    Raises:
        OptionInvalid: it never held anything; whoever does is named.
    """
    revoked = await stores.revoke_subject(tenant, subject, now)
    if revoked:
        return [f"revoked: {shown(one)}" for one in revoked]
    made = await stores.credentials(tenant)
    before = [one for one in made if one.subject == subject]
    if not before:
        raise OptionInvalid(f"{subject!r} holds no secret of {tenant!r}; {those_known(made, subject)}")
    return [f"revoked already: {shown(one)}" for one in before]


def those_known(made: list[Credential], subject: str) -> str:
    """Who holds a secret, those first whose names are like the one that was asked for."""
    subjects = sorted({one.subject for one in made}, key=lambda known: (subject.rpartition(":")[2] not in known, known))
    more = len(subjects) - KNOWN_MAX
    return f"known are: {', '.join(subjects[:KNOWN_MAX]) or 'none'}{f' and {more} more' if more > 0 else ''}"


async def list_tokens(stores: Stores, tenant: str) -> list[str]:
    """Who holds secrets of a tenant (or `-`: of the installation itself), a line for each; never one of them, or its digest.

    Raises:
        OptionInvalid: the tenant is not set up.
    """
    if tenant != INSTALLATION:
        await known_tenant(stores, tenant)
    return [shown(one) for one in await stores.credentials(tenant)]


def shown(one: Credential) -> str:
    """A credential for people: whose, what it may do, since when, and from when on it opens nothing."""
    until = "" if one.revoked_at is None else f", revoked from {stamp(one.revoked_at)} on"
    return f"{one.subject} ({one.role}) since {stamp(one.created_at)}{until}"


async def known_tenant(stores: Stores, tenant: str) -> None:
    """Refuse a tenant that is not set up, naming those that are.

    A service that has never been started has none yet, and its first credentials may be made before.
    """
    tenants = await stores.tenants()
    if not ID.fullmatch(tenant) or (tenants and tenant not in tenants):
        raise OptionInvalid(f"there is no tenant {tenant!r} here; known are: {', '.join(tenants) or 'none'}")


async def webhook_secret(stores: Stores, tenant: str) -> str:
    """The secret of a tenant's webhooks, as receivers' libraries want it."""
    await known_tenant(stores, tenant)
    return tenant_secret(await stores.secret(), tenant)
