"""Site files into and out of an installation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec

from alarmcore.errors import OptionInvalid
from alarmcore.sitefile import check_document, difference, dump_site, read_site, require
from dashboard.sites import put_site, refused_later
from dashboard.stores import Stores


async def import_site(
    stores: Stores,
    file: Path,
    now: datetime,
    sure: Callable[[], bool],
    say: Callable[[str], object],
    warn: Callable[[str], object] | None = None,
) -> None:
    """Store a site file in the place of the tenant's earlier one, after showing what changes, and what a service will refuse."""
    checked = read_site(file)
    site = require(checked)
    refused = refused_later(checked)
    if refused is not None:
        effect = "a service that runs goes on with the site before, and none starts with this one"
        (warn or say)(f"WARNING: {refused}: {effect}")
    before = (await stores.documents([site.tenant.id])).get(site.tenant.id)
    changes = difference(require(check_document(msgspec.json.decode(before), "stored")), site) if before else []
    if before is not None and not changes:
        say(f"{site.tenant.id}: nothing changes")
        return
    for line in changes or [f"{site.tenant.id} is new, with {len(site.residents)} residents"]:
        say(line)
    if sure():
        await put_site(stores, site, now)
        say(f"{site.tenant.id}: imported; it is in use within seconds wherever a service runs")


async def export_site(stores: Stores, tenant: str) -> str:
    """A tenant's site file as YAML.

    Raises:
        OptionInvalid: there is no such tenant.
    """
    document = (await stores.documents([tenant])).get(tenant)
    if document is None:
        known = ", ".join(await stores.tenants())
        raise OptionInvalid(f"there is no tenant {tenant!r} here; known are: {known or 'none'}")
    return dump_site(require(check_document(msgspec.json.decode(document), tenant)))
