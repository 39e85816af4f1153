"""Which sites an installation has: those stored, and those a command gives it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec

from alarmcore.errors import Mistake, OptionInvalid, SiteInvalid
from alarmcore.model.site import Site
from alarmcore.sitefile import Checked, check_document, difference, dump_site, read_site, require
from dashboard.stores import SqliteSites

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


def load_sites(stored: SqliteSites, given: list[Checked], now: datetime) -> dict[str, Site]:
    """The installation's sites. A given one fills an empty tenant; one that differs from what is stored is refused.

    Raises:
        SiteInvalid: a file has mistakes.
        OptionInvalid: a file differs from what is stored.
    """
    sites = {tenant: require(check_document(msgspec.json.decode(text), tenant)) for tenant, text in stored.documents().items()}
    for checked in given:
        site = require(checked)
        before = sites.get(site.tenant.id)
        if before is None:
            put_site(stored, site, now)
            sites[site.tenant.id] = site
        elif before != site:
            lines = "\n  ".join(difference(before, site)[:50])
            raise OptionInvalid(
                f"the file for {site.tenant.id} differs from what is stored:\n  {lines}\n"
                f"to take it over: alarmcore import --data DIR FILE"
            )
    return sites


def put_site(stored: SqliteSites, site: Site, now: datetime) -> None:
    """Store a site."""
    stored.put(site.tenant.id, encode(site.source).decode(), now)


__all__ = ["dump_site", "load_sites", "put_site", "read_sites"]
