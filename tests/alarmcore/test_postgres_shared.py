"""Partitions and inbox on PostgreSQL: one owner, nothing handed over twice, nothing left lying."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from journal_contract import NOW
from postgres_tenants import claimed, settled

from alarmcore.adapters.postgres_journal import (
    PostgresClaims,
    PostgresDatabase,
    PostgresInbox,
    PostgresPartitions,
)
from alarmcore.adapters.postgres_journal.database import moment
from alarmcore.errors import CommitFailed, Unavailable
from alarmcore.ports import Batch
from alarmcore.shared import InboxEntry, Partition
from tests.servers.mosquitto import free_port

LONG_S = 600.0
SHORT_S = 0.1
WITHIN_S = 30.0


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[PostgresDatabase]:
    async with settled(database_url) as opened:
        yield opened


@pytest.fixture
async def nowhere() -> AsyncIterator[PostgresDatabase]:
    opened = PostgresDatabase(f"postgresql://postgres@127.0.0.1:{free_port()}/nothing")
    yield opened
    await opened.close()


# -- partitions -----------------------------------------------------------------------------------------------------------


async def test_partitions_are_those_with_a_tenant_in_order_of_their_names(database: PostgresDatabase) -> None:
    partitions = PostgresPartitions(database)
    assert await partitions.partitions() == [
        Partition("p00", ("grastorp", "tanum"), 0, None),
        Partition("p01", ("sotenas",), 0, None),
    ]
    token = await partitions.claim("p01", "w1")
    assert (await partitions.partitions())[1] == Partition("p01", ("sotenas",), token, "w1")


async def test_each_claim_gets_a_later_token_also_of_many_at_once(database: PostgresDatabase) -> None:
    partitions = PostgresPartitions(database)
    tokens = await asyncio.gather(*(partitions.claim("p00", f"w{n}") for n in range(20)))
    assert len(set(tokens)) == 20
    first, _ = await partitions.partitions()
    assert first.token == max(tokens)
    assert first.owner == f"w{tokens.index(max(tokens))}"


async def test_a_standby_that_never_heard_of_a_claim_does_not_hand_out_its_token_again(database: PostgresDatabase) -> None:
    partitions = PostgresPartitions(database)
    lost = await partitions.claim("p00", "w1")
    await database.write(lambda c: c.execute("UPDATE partition SET token = 0, owner = NULL"))
    assert await partitions.claim("p00", "w2") > lost


async def test_a_token_is_never_an_earlier_one_though_the_clock_is_set_back(database: PostgresDatabase) -> None:
    ahead = 1 << 60
    await database.write(lambda c: c.execute("UPDATE partition SET token = $1", ahead))
    partitions = PostgresPartitions(database)
    assert [await partitions.claim("p00", "w") for _ in range(3)] == [ahead + 1, ahead + 2, ahead + 3]


async def test_only_the_newest_owner_can_give_back(database: PostgresDatabase) -> None:
    partitions = PostgresPartitions(database)
    first = await partitions.claim("p00", "w1")
    second = await partitions.claim("p00", "w2")
    await partitions.give_back("p00", first)
    assert (await partitions.partitions())[0].owner == "w2"
    await partitions.give_back("p00", second)
    assert (await partitions.partitions())[0] == Partition("p00", ("grastorp", "tanum"), second, None)


async def test_a_partition_that_is_not_there_cannot_be_claimed(database: PostgresDatabase) -> None:
    with pytest.raises(LookupError, match="p99"):
        await PostgresPartitions(database).claim("p99", "w1")


async def test_a_database_that_is_not_there_is_unavailable_and_its_password_is_not_said(nowhere: PostgresDatabase) -> None:
    partitions, inbox, claims = PostgresPartitions(nowhere), PostgresInbox(nowhere), PostgresClaims(nowhere)
    calls = [
        partitions.partitions(),
        partitions.claim("p00", "w"),
        partitions.give_back("p00", 1),
        inbox.waiting("p00", 0, 1),
        inbox.answers([1]),
        inbox.sweep(NOW),
        claims.claim("d", 1, 1.0),
        claims.hold(["a"], "d", 1.0),
        claims.let_go(["a"], "d"),
    ]
    for call in calls:
        with pytest.raises(Unavailable, match=str(nowhere.address.hosts[0])):
            await call
    with pytest.raises(CommitFailed):
        await inbox.put([("grastorp", "act", b"")])


# -- inbox ----------------------------------------------------------------------------------------------------------------


async def test_what_is_put_in_waits_for_the_owner_of_its_tenant(database: PostgresDatabase) -> None:
    inbox = PostgresInbox(database)
    entries = [("tanum", "reading", b"1"), ("sotenas", "act", b"2"), ("grastorp", "act", b"\xff"), ("tanum", "press", b"4")]
    a, b, c, d = await inbox.put(entries)
    assert a < b < c < d
    # Telemetry that came first waits until what is urgent has been taken.
    assert await inbox.waiting("p00", 0, 10) == [
        InboxEntry(c, "grastorp", "act", b"\xff"),
        InboxEntry(d, "tanum", "press", b"4"),
        InboxEntry(a, "tanum", "reading", b"1"),
    ]
    assert await inbox.waiting("p01", 0, 10) == [InboxEntry(b, "sotenas", "act", b"2")]
    assert [entry.place for entry in await inbox.waiting("p00", 0, 1)] == [c]
    assert [entry.place for entry in await inbox.waiting("p00", a, 10)] == [c, d]
    assert await inbox.put([]) == []


async def test_places_are_those_of_the_entries_in_their_order(database: PostgresDatabase) -> None:
    inbox = PostgresInbox(database)
    given = await asyncio.gather(
        *(inbox.put([("grastorp", "reading", f"{n}-{m}".encode()) for m in range(30)]) for n in range(10))
    )
    found = {entry.place: entry.data for entry in await inbox.waiting("p00", 0, 1000)}
    assert found == {place: f"{n}-{m}".encode() for n, places in enumerate(given) for m, place in enumerate(places)}


async def test_of_entries_one_of_which_is_wrong_none_is_kept(database: PostgresDatabase) -> None:
    inbox = PostgresInbox(database)
    with pytest.raises(Exception, match="0x00"):
        await inbox.put([("grastorp", "reading", b"1"), ("grastorp", "\0", b"2")])
    assert await inbox.waiting("p00", 0, 10) == []


async def test_an_answered_entry_waits_no_more_and_is_swept_when_it_is_old(database: PostgresDatabase) -> None:
    inbox, journal = PostgresInbox(database), await claimed(database)
    a, b = await inbox.put([("grastorp", "act", b"1"), ("grastorp", "act", b"2")])
    await journal.commit(Batch(NOW, answered=[(a, b"done")]))
    assert [entry.place for entry in await inbox.waiting("p00", 0, 10)] == [b]
    assert await inbox.answers([a, b]) == {a: b"done"}
    assert await inbox.answers([]) == {}
    ((stored_at,),) = await database.read("SELECT stored_at FROM inbox WHERE place = $1", a)
    assert abs(moment(stored_at) - datetime.now(UTC)) < timedelta(minutes=5), "microseconds of the database's clock"
    assert await inbox.sweep(moment(stored_at)) == 0
    assert await inbox.sweep(moment(stored_at) + timedelta(days=1)) == 1
    assert [entry.place for entry in await inbox.waiting("p00", 0, 10)] == [b], "what is not answered is never swept"
