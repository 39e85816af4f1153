"""Which sites an installation has: those stored, and those a command gives it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec

from alarmcore.errors import Mistake, OptionInvalid, SiteInvalid
from alarmcore.model.site import Site
from alarmcore.sitefile import Checked, check_document, difference, dump_site, read_site, require
from dashboard.stores import Stores

encode = msgspec.json.Encoder(order="sorted").encode


def read_sites(paths: tuple[Path, ...], now: datetime | None = None) -> list[Checked]:
    """Read and check site files; a tenant that two of them set up is a mistake of the second."""
    found: list[Checked] = []
    tenants: dict[str, Path] = {}
    for path in paths:
        checked = read_site(path, now)
        if checked.site is not None:
            tenant = checked.site.tenant.id
            if tenant in tenants:
                text = f"{tenant} is set up by {tenants[tenant]} already; give each tenant one file"
                raise SiteInvalid(str(path), [Mistake("tenant.id", text)])
            tenants[tenant] = path
        found.append(checked)
    return found


async def settled_sites(stores: Stores, given: list[Checked], now: datetime) -> dict[str, Site]:
    """The installation's sites. A given one fills an empty tenant; one that differs from what is stored is refused.

    Raises:
        SiteInvalid: a file has mistakes.
        OptionInvalid: a file differs from what is stored.
    """
    sites, fresh = settled(await stores.documents(), given)
    for site in fresh:
        await put_site(stores, site, now)
    return sites


def settled(documents: dict[str, str], given: list[Checked]) -> tuple[dict[str, Site], list[Site]]:
    """All sites, and those of them that are not stored yet; nothing is stored if one of them cannot be used."""
    sites = {tenant: require(check_document(msgspec.json.decode(text), tenant)) for tenant, text in documents.items()}
    fresh: list[Site] = []
    for checked in given:
        site = require(checked)
        before = sites.setdefault(site.tenant.id, site)
        if before is site:
            fresh.append(site)
        elif before != site:
            lines = "\n  ".join(difference(before, site)[:50])
            raise OptionInvalid(
                f"the file for {site.tenant.id} differs from what is stored:\n  {lines}\n"
                f"to take it over: alarmcore import FILE, with the same --data or --database"
            )
    return sites, fresh


async def put_site(stores: Stores, site: Site, now: datetime) -> None:
    """Store a site."""
    await stores.put(site.tenant.id, document_of(site), now)


def document_of(site: Site) -> str:
    """A site as it is stored."""
    return encode(site.source).decode()


__all__ = ["document_of", "dump_site", "put_site", "read_sites", "settled_sites"]
