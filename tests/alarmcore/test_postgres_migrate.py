"""The tables are changed forward and back, also under a running service, and each version knows whether they suit it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from journal_contract import NOW, event
from postgres_tenants import claimed, settle

from alarmcore.adapters.postgres_journal import PostgresBooks, PostgresDatabase, PostgresJournal, applied, fit, migrate
from alarmcore.adapters.postgres_journal.migrate import NEWEST, OLDEST, Applied, migrations, unfit
from alarmcore.errors import CommitFailed, OptionInvalid, Unavailable
from alarmcore.ports import Batch
from tests.servers.mosquitto import free_port


@pytest.fixture
async def database(empty_database_url: str) -> AsyncIterator[PostgresDatabase]:
    opened = PostgresDatabase(empty_database_url)
    yield opened
    await opened.close()


SHAPE = """
    SELECT 'column', table_name || '.' || column_name, data_type || is_nullable || coalesce(column_default, '')
    FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT 'function', oid::regprocedure::text, md5(prosrc) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    ORDER BY 1, 2
"""


async def shape(database: PostgresDatabase) -> list[Any]:
    """All tables, indexes and functions."""
    return [tuple(row) for row in await database.read(SHAPE)]


def step(number: int, compatible_with: int) -> Applied:
    return Applied(number, "x", compatible_with, datetime(2026, 1, 1, tzinfo=UTC))


async def test_an_empty_database_gets_every_step_and_a_second_time_none(database: PostgresDatabase) -> None:
    assert await applied(database) == []
    taken = await migrate(database)
    assert len(taken) == NEWEST == max(migrations())
    assert [one.number for one in await applied(database)] == sorted(migrations())
    assert await migrate(database) == []
    await fit(database)


async def test_each_step_back_undoes_the_step_forward(database: PostgresDatabase) -> None:
    shapes = []
    for version in range(1, NEWEST + 1):
        shapes.append(await shape(database))
        await migrate(database, version)
    assert len({str(one) for one in shapes}) == NEWEST
    for version in range(NEWEST - 1, 0, -1):
        assert len(await migrate(database, version)) == 1
        assert await shape(database) == shapes[version]
    await migrate(database, 0)
    left = await shape(database)
    assert all("migration" in name for _, name, _ in left)
    assert len(await migrate(database)) == NEWEST


async def test_two_who_migrate_at_once_do_it_one_after_the_other(database: PostgresDatabase) -> None:
    taken = await asyncio.gather(migrate(database), migrate(database), migrate(database))
    assert sorted(name for steps in taken for name in steps) == [f"{n:04} {one.name}" for n, one in migrations().items()]


async def test_a_step_that_fails_leaves_nothing_of_itself(database: PostgresDatabase) -> None:
    await migrate(database, 2)
    before = await shape(database)
    await database.write(lambda c: c.execute("CREATE INDEX effect_claimable ON effect (place)"))
    with pytest.raises(CommitFailed, match="42P07"):
        await migrate(database)
    await database.write(lambda c: c.execute("DROP INDEX effect_claimable"))
    assert await shape(database) == before
    assert [one.number for one in await applied(database)] == [1, 2]
    assert len(await migrate(database)) == NEWEST - 2


async def test_a_running_service_goes_on_while_the_tables_go_back_and_forth(database: PostgresDatabase) -> None:
    """The versions that a program says it can work with are those that it works with."""
    await migrate(database)
    await settle(database)
    journal, ended = await claimed(database), asyncio.Event()

    async def work(journal: PostgresJournal) -> int:
        number = 0
        while not ended.is_set():
            number += 1
            await journal.commit(
                Batch(NOW, identities=[(number, 0)], effects=[(f"e{number}", b"")], events=[event("alarm.raised")])
            )
        return number

    working = asyncio.create_task(work(journal))
    books = PostgresBooks(database)
    for version in [*range(OLDEST, NEWEST), *range(NEWEST, OLDEST - 1, -1), NEWEST]:
        await migrate(database, version)
        before = await books.last_seq()
        async with asyncio.timeout(60):
            while await books.last_seq() < before + 3:
                assert not working.done()
                await asyncio.sleep(0.01)
    ended.set()
    assert await working == await books.last_seq() == len(await journal.effects())


async def test_a_migration_does_not_hold_up_a_service_for_long(database: PostgresDatabase) -> None:
    """It gives up waiting for a table, since everybody else waits behind it."""
    await migrate(database, 2)
    line = database.line()

    async def hold(connection: Any) -> Any:
        await connection.execute("BEGIN")
        await connection.execute("LOCK TABLE effect IN SHARE ROW EXCLUSIVE MODE")
        return connection

    holder = await line.use(hold, 30.0)
    with pytest.raises(CommitFailed, match="55P03"):
        await migrate(database)
    await holder.execute("ROLLBACK")
    assert len(await migrate(database)) == NEWEST - 2


async def test_a_database_without_tables_is_refused_with_what_to_do(database: PostgresDatabase) -> None:
    with pytest.raises(OptionInvalid, match="schema 0, this program needs at least 2; migrate it"):
        await fit(database)


async def test_there_is_no_going_to_a_version_that_does_not_exist(database: PostgresDatabase) -> None:
    with pytest.raises(OptionInvalid, match="no schema 99"):
        await migrate(database, 99)


async def test_steps_of_a_newer_program_are_neither_repeated_nor_taken_back(database: PostgresDatabase) -> None:
    await migrate(database)
    newer = NEWEST + 1
    await database.write(lambda c: c.execute("INSERT INTO migration VALUES ($1, 'later', 1)", newer))
    with pytest.raises(OptionInvalid, match=f"schema {newer}, unknown to this program"):
        await migrate(database)
    await fit(database)
    await database.write(lambda c: c.execute("UPDATE migration SET compatible_with = $1 WHERE number = $1", newer))
    with pytest.raises(OptionInvalid, match=f"made for programs that know schema {newer}"):
        await fit(database)


@pytest.mark.parametrize(
    ("steps", "oldest", "newest", "fits"),
    [
        ([], 1, 3, False),
        ([step(1, 1)], 1, 3, True),
        ([step(1, 1)], 2, 3, False),
        ([step(1, 1), step(2, 1), step(3, 1)], 2, 2, True),
        ([step(1, 1), step(2, 1), step(3, 3)], 2, 2, False),
        # What matters is every step that is newer than the program, not the last one alone.
        ([step(1, 1), step(2, 2), step(3, 1)], 1, 1, False),
        ([step(1, 1), step(2, 2), step(3, 1)], 1, 2, True),
    ],
)
def test_a_newer_schema_fits_if_each_of_its_steps_says_so(steps: list[Applied], oldest: int, newest: int, fits: bool) -> None:
    assert (unfit(steps, oldest, newest) is None) is fits


def test_every_step_has_a_way_back_and_says_whom_it_suits() -> None:
    assert list(migrations()) == list(range(1, NEWEST + 1))
    for number, one in migrations().items():
        assert one.down.strip()
        assert 1 <= one.compatible_with <= number
    assert {n: one.compatible_with for n, one in migrations().items()} == {1: 1, 2: 1, 3: 1, 4: 1}


async def test_a_database_that_is_not_there_can_be_neither_read_nor_migrated() -> None:
    database = PostgresDatabase(f"postgresql://postgres@127.0.0.1:{free_port()}/nothing")
    with pytest.raises(Unavailable):
        await applied(database)
    with pytest.raises(CommitFailed):
        await migrate(database)
    await database.close()
