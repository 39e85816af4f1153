"""Leases kept in the database pass the contract."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from leases_contract import LONG_S, LeasesContract

from alarmcore.adapters.postgres_journal import PostgresDatabase, PostgresLeases
from alarmcore.errors import Unavailable
from alarmcore.shared import Lease, Leases, Standing
from tests.servers.mosquitto import free_port
from tests.servers.postgres import PostgresServer


@pytest.fixture
async def opened(database_url: str) -> AsyncIterator[list[PostgresDatabase]]:
    databases = [PostgresDatabase(database_url)]
    yield databases
    for database in databases:
        await database.close()


@pytest.fixture
def leases(opened: list[PostgresDatabase]) -> PostgresLeases:
    return PostgresLeases(opened[0])


@pytest.fixture
async def unreachable() -> AsyncIterator[PostgresLeases]:
    database = PostgresDatabase(f"postgresql://postgres@127.0.0.1:{free_port()}/nothing")
    yield PostgresLeases(database)
    await database.close()


class TestPostgresLeases(LeasesContract):
    @pytest.fixture(autouse=True)
    def _opened(self, opened: list[PostgresDatabase]) -> None:
        self.opened = opened

    async def again(self, leases: Any) -> Leases:
        self.opened.append(PostgresDatabase(leases.database.address.url))
        return PostgresLeases(self.opened[-1])

    async def lose_everything(self, leases: Any) -> None:
        await leases.database.write(lambda connection: connection.execute("TRUNCATE lease, worker, remembered"))


async def test_a_database_that_crashed_has_forgotten_its_leases_and_says_so(postgres_alone: PostgresServer) -> None:
    database = PostgresDatabase(postgres_alone.url(postgres_alone.migrated()))
    try:
        leases = PostgresLeases(database)
        await leases.remember()
        assert await leases.take("p00", Lease("a", 1), LONG_S)
        postgres_alone.kill()
        postgres_alone.start()
        # The first who asks finds out that the connection is gone.
        with pytest.raises(Unavailable):
            await leases.look()
        assert await leases.look() == Standing({}, frozenset(), forgotten=True)
    finally:
        await database.close()


async def test_keeping_leases_waits_for_no_disk_and_for_no_standby(leases: PostgresLeases) -> None:
    async def setting(connection: Any) -> str:
        found: str = await connection.fetchval("SHOW synchronous_commit")
        return found

    assert await leases.line.use(setting, LONG_S) == "off"
    unlogged = await leases.database.read("SELECT relname FROM pg_class WHERE relpersistence = 'u' AND relkind = 'r'")
    assert {name for (name,) in unlogged} == {"lease", "worker", "remembered"}
