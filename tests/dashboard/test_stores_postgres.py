"""The front door's stores in PostgreSQL, and which databases are opened at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from stores_contract import NOW, StoresContract, document

from alarmcore.adapters.postgres_journal.database import PostgresDatabase
from alarmcore.adapters.postgres_journal.migrate import OLDEST, applied, migrate
from alarmcore.errors import OptionInvalid, Unavailable
from dashboard.stores import Stores
from dashboard.stores.opening import open_stores
from tests.servers.mosquitto import free_port

NOWHERE = Path("/nonexistent")
"""Where no folder is made or read when the database is a server's."""


class TestPostgresStores(StoresContract):
    @pytest.fixture
    async def stores(self, database_url: str) -> AsyncIterator[Stores]:
        async with open_stores(NOWHERE, database_url) as opened:
            assert opened.sqlite is None
            assert opened.postgres is not None
            yield opened.stores


async def partitions(url: str) -> dict[str, list[str]]:
    database = PostgresDatabase(url)
    try:
        rows = await database.read("SELECT partition, array_agg(tenant ORDER BY tenant) AS tenants FROM site GROUP BY 1")
    finally:
        await database.close()
    return {row["partition"]: row["tenants"] for row in rows}


async def test_a_new_site_goes_where_the_fewest_residents_are_and_stays_there(database_url: str) -> None:
    async with open_stores(NOWHERE, database_url) as opened:
        for n in range(16):
            await opened.stores.put(f"t{n:02}", document(10 - n if n < 5 else 10 + n), NOW)
        before = await partitions(database_url)
        assert sorted(len(tenants) for tenants in before.values()) == [1] * 16
        await opened.stores.put("late", document(1), NOW)
        await opened.stores.put("later", document(100), NOW)
        of = {tenant: name for name, tenants in (await partitions(database_url)).items() for tenant in tenants}
        assert of["late"] == of["t04"], "t04 has 6 residents, all others more"
        assert of["later"] in {of["t03"], of["t04"]}
        await opened.stores.put("t04", document(500), NOW)
        await opened.stores.put("latest", document(1), NOW)
        after = {tenant: name for name, tenants in (await partitions(database_url)).items() for tenant in tenants}
        assert after["t04"] == of["t04"]
        assert {tenant: one.partition for tenant, one in (await opened.stores.revisions()).items()} == after
        assert after["latest"] not in {of["t04"], of["later"]}


async def test_an_empty_database_is_set_up_only_when_asked(empty_database_url: str) -> None:
    with pytest.raises(OptionInvalid, match="migrate"):
        async with open_stores(NOWHERE, empty_database_url):
            pytest.fail("it was opened")
    for _ in range(2):
        async with open_stores(NOWHERE, empty_database_url, prepare=True) as opened:
            assert await opened.stores.tenants() == []


async def test_several_processes_may_set_it_up_at_once(empty_database_url: str) -> None:
    async def start() -> list[str]:
        async with open_stores(NOWHERE, empty_database_url, prepare=True) as opened:
            return await opened.stores.tenants()

    assert await asyncio.gather(*(start() for _ in range(6))) == [[]] * 6


async def test_a_database_of_something_else_gets_no_tables(empty_database_url: str) -> None:
    database = PostgresDatabase(empty_database_url)
    await database.write(lambda connection: connection.execute("CREATE TABLE invoice (n integer)"))
    with pytest.raises(OptionInvalid, match="invoice"):
        async with open_stores(NOWHERE, empty_database_url, prepare=True):
            pytest.fail("it was opened")
    assert await applied(database) == []
    await database.close()


async def test_a_newer_schema_is_refused_and_an_older_one_says_how_to_migrate(empty_database_url: str) -> None:
    database = PostgresDatabase(empty_database_url)
    await migrate(database, OLDEST - 1)
    old = "INSERT INTO site (tenant, partition, residents, imported_at, document) VALUES ('a', 'p00', 0, 0, '{}')"
    await database.write(lambda connection: connection.execute(old))
    with pytest.raises(OptionInvalid, match="migrate"):
        async with open_stores(NOWHERE, empty_database_url, prepare=True):
            pytest.fail("an older one was opened")
    await migrate(database)
    newer = "INSERT INTO migration (number, name, compatible_with) VALUES (99, 'later', 99)"
    await database.write(lambda connection: connection.execute(newer))
    with pytest.raises(OptionInvalid, match="newer version"):
        async with open_stores(NOWHERE, empty_database_url):
            pytest.fail("a newer one was opened")
    await database.close()


async def test_a_server_that_is_not_there_is_said_without_the_password() -> None:
    url = f"postgresql://alarmcore:hemligt@127.0.0.1:{free_port()}/alarmcore"
    with pytest.raises(Unavailable) as raised:
        async with open_stores(NOWHERE, url):
            pytest.fail("it was opened")
    assert "127.0.0.1" in str(raised.value)
    assert "hemligt" not in str(raised.value)
    with pytest.raises(OptionInvalid) as wrong:
        async with open_stores(NOWHERE, "mysql://alarmcore:hemligt@127.0.0.1/x"):
            pytest.fail("it was opened")
    assert "hemligt" not in str(wrong.value)
