"""Importing a changed site into an installation that runs, as the command does it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from dashboard.stores.opening import open_stores
from dashboard.transfer import import_site
from tests.servers.postgres import in_thread
from tests.servers.serving import Serving, until

Site = dict[str, Any]
TAKEN_UP = re.compile(r"^alarmcore_site_change_seconds_count (\S+)", re.MULTILINE)


def import_into(service: Serving, site: Site) -> list[str]:
    """Store a site file in the place of the tenant's earlier one; what the command says."""
    path = service.folder / f"import-{site['tenant']['id']}.json"
    path.write_text(json.dumps(site), "utf-8")
    said: list[str] = []

    async def work() -> None:
        async with open_stores(service.data, service.shared) as opened:
            await import_site(opened.stores, path, datetime.now(UTC), lambda: True, said.append)

    in_thread(work())
    return said


def put_raw(service: Serving, tenant: str, change: Callable[[Site], Any]) -> None:
    """Store a document past every check, as a newer program may."""

    async def work() -> None:
        async with open_stores(service.data, service.shared) as opened:
            site = json.loads((await opened.stores.documents([tenant]))[tenant])
            change(site)
            await opened.stores.put(tenant, json.dumps(site), datetime.now(UTC))

    in_thread(work())


def stored(service: Serving, tenant: str) -> Site:
    """The site file as it is stored."""

    async def work() -> str:
        async with open_stores(service.data, service.shared) as opened:
            return (await opened.stores.documents([tenant]))[tenant]

    found: Site = json.loads(in_thread(work()))
    return found


def taken_up(service: Serving) -> float:
    """How often owners in this process have gone on with a changed site."""
    with service.client() as client:
        found = TAKEN_UP.search(client.get("/metrics").text)
    assert found is not None, "the metric is missing"
    return float(found[1])


def changed(service: Serving, tenant: str, change: Callable[[Site], Any]) -> None:
    """Change a site and return when its owner goes on with it."""
    site = stored(service, tenant)
    change(site)
    before = taken_up(service)
    import_into(service, site)
    until(lambda: taken_up(service) > before, f"the site of {tenant} is taken up")
