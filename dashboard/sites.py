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


def deaf(centres: list[str]) -> str:
    """What is said of alarm centres that only a page can tell."""
    return (
        f"these alarm centres have no channel but the console, and a page that nobody has open tells nobody: "
        f"{', '.join(centres)}; add a webhook, email or voice channel"
    )


def refused_later(checked: Checked) -> str | None:
    """Why a site without mistakes is of no use to `serve` all the same."""
    if checked.site is None or not checked.console_only_centres:
        return None
    tenant = checked.site.tenant.id
    return f"{deaf([f'{tenant}: unit:{unit}' for unit in checked.console_only_centres])} (`serve` refuses this, but for --open)"


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


async def settle(stores: Stores, given: list[Checked], now: datetime) -> None:
    """Take in the sites given at a start: one fills an empty tenant; one that differs from what is stored is refused.

    Nothing is stored if one of them cannot be used.

    Raises:
        SiteInvalid: a file has mistakes.
        OptionInvalid: a file differs from what is stored.
    """
    kept = set(await stores.tenants())
    fresh: list[Site] = []
    for checked in given:
        site = require(checked)
        if site.tenant.id in kept:
            refuse_if_different(await document_in(stores, site.tenant.id), site)
        else:
            fresh.append(site)
    for site in fresh:
        await put_site(stores, site, now)


async def document_in(stores: Stores, tenant: str) -> str:
    """A stored site file."""
    return (await stores.documents([tenant]))[tenant]


def refuse_if_different(document: str, site: Site) -> None:
    """Nobody is to think that a file counts which does not.

    Raises:
        OptionInvalid: what is stored says something else.
    """
    if document == document_of(site):
        return
    before = require(check_document(msgspec.json.decode(document), site.tenant.id))
    if before != site:
        lines = "\n  ".join(difference(before, site)[:50])
        raise OptionInvalid(
            f"the file for {site.tenant.id} differs from what is stored:\n  {lines}\n"
            f"to take it over: alarmcore import FILE, with the same --data or --database"
        )


async def put_site(stores: Stores, site: Site, now: datetime) -> None:
    """Store a site."""
    await stores.put(site.tenant.id, document_of(site), now)


def document_of(site: Site) -> str:
    """A site as it is stored."""
    return encode(site.source).decode()


__all__ = ["document_of", "dump_site", "put_site", "read_sites", "settle"]
