"""Which sites a process goes by: the newest that it can use, read once each, and what is said of those that it cannot."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from alarmcore.errors import OptionInvalid, SiteInvalid, Unavailable
from alarmcore.model.alarm import Slot
from alarmcore.model.site import Site
from dashboard.current_sites import CurrentSites
from dashboard.stores import Stores
from dashboard.stores.opening import open_stores
from tests.servers.town import PRIVATE, town

NOW = datetime(2026, 1, 14, 12, tzinfo=UTC)
CHANNELS = frozenset({"console", "webhook"})


class Counting:
    """Stores that count what is read, and may not answer."""

    def __init__(self, stores: Stores) -> None:
        self.stores = stores
        self.reads: list[str] = []
        self.silent = False

    async def revisions(self) -> Any:
        if self.silent:
            raise Unavailable("the database does not answer")
        return await self.stores.revisions()

    async def documents(self, tenants: list[str]) -> dict[str, str]:
        self.reads += tenants
        return await self.stores.documents(tenants)

    async def put(self, document: dict[str, Any]) -> None:
        await self.stores.put(document["tenant"]["id"], json.dumps(document), NOW)


@pytest.fixture
async def stores(tmp_path: Path) -> AsyncIterator[Counting]:
    async with open_stores(tmp_path, None) as opened:
        counting = Counting(opened.stores)
        for tenant in ("grastorp", "tanum"):
            await counting.put(town(tenant))
        yield counting


def fit(site: Site) -> None:
    if site.tenant.name == "taub":
        raise OptionInvalid("grastorp: nobody is reached; add a channel")


async def begun(stores: Counting) -> CurrentSites:
    made: Any = stores
    current = CurrentSites(made, CHANNELS, fit)
    await current.begin()
    stores.reads.clear()
    return current


async def test_only_what_was_imported_since_is_read_and_once(stores: Counting) -> None:
    current = await begun(stores)
    sites = current.sites
    await current.look()
    assert stores.reads == []
    before = current.of("")
    await stores.put(town("tanum", residents=3))
    await stores.put(town("mora"))
    await asyncio.gather(current.look(), current.look())
    assert stores.reads == ["mora", "tanum"]
    assert current.sites is sites
    assert {tenant: len(site.residents) for tenant, site in sites.items()} == {"grastorp": 2, "tanum": 3, "mora": 2}
    assert set(current.books) == set(sites)
    after = current.of("")
    changed = {tenant for tenant, number in after.revisions.items() if before.revisions.get(tenant) != number}
    assert changed == {"tanum", "mora"}
    assert [site.tenant.id for site in after.sites] == list(after.revisions)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"version": 2}, "grastorp has"),
        ({"tenant": {"id": "grastorp", "name": "taub", "timezone": "Europe/Stockholm", "language": "sv"}}, "add a channel"),
        ({"residents": [{"id": "r1"}]}, "grastorp has"),
        ({"chains": []}, "grastorp has"),
    ],
)
async def test_a_newer_site_that_cannot_be_used_leaves_the_one_before(stores: Counting, change: Any, why: str) -> None:
    current = await begun(stores)
    before = current.of("")
    await stores.put(town() | change)
    for _ in range(3):
        await current.look()
    assert stores.reads == ["grastorp"]
    assert current.of("") == before
    assert why in current.refused["grastorp"].why
    (notice,) = current.notices()
    assert "the one before stays in use" in notice
    assert not [word for word in PRIVATE if word in notice]
    await stores.put(town(residents=5))
    await current.look()
    assert (current.notices(), len(current.sites["grastorp"].residents)) == ([], 5)


async def test_at_a_start_every_site_must_be_usable(stores: Counting) -> None:
    await stores.put(town("tanum", version=2))
    with pytest.raises(SiteInvalid):
        await begun(stores)


async def test_a_new_municipality_that_cannot_be_read_is_said_and_the_others_go_on(stores: Counting) -> None:
    current = await begun(stores)
    await stores.put(town("mora", version=2))
    await stores.put(town("tanum", residents=4))
    await current.look()
    assert "nobody of this tenant is watched from here" in current.notices()[0]
    assert len(current.sites["tanum"].residents) == 4
    assert "mora" not in current.of("").revisions


async def test_a_database_that_is_away_leaves_everything_as_it_was(stores: Counting) -> None:
    current = await begun(stores)
    before = current.of("")
    await stores.put(town(residents=7))
    stores.silent = True
    with pytest.raises(Unavailable):
        await current.look()
    assert (current.of(""), current.notices()) == (before, [])
    stores.silent = False
    await current.look()
    assert len(current.sites["grastorp"].residents) == 7


async def test_whoever_meets_a_tenant_that_is_not_known_here_asks_for_a_look(stores: Counting) -> None:
    current = await begun(stores)
    asked: list[str] = []
    current.missed = lambda: asked.append("look")
    assert current.known("tanum") is current.sites["tanum"]
    assert asked == []
    assert current.known("mora") is None
    assert current.decode_chain(Slot("mora", "r1", "press", ""), b"") is None
    assert asked == ["look", "look"]
