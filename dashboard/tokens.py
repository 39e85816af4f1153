"""Making secrets from the command line."""

from __future__ import annotations

import secrets
from datetime import datetime

from alarmcore.admission import ID
from alarmcore.errors import OptionInvalid
from dashboard.credentials import Credential, Role, digest, new_secret
from dashboard.stores import Stores
from dispatch.channels.webhook import tenant_secret


async def issue_token(stores: Stores, role: Role, tenant: str, name: str | None, now: datetime) -> str:
    """A new secret for somebody of a tenant; only its digest is kept.

    Raises:
        OptionInvalid: a name that is no id, or a tenant that is not set up.
    """
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
    return "device" if role == "device" else "operator"


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
