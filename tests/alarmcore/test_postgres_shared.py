"""Partitions, inbox and claims on PostgreSQL: one owner, nothing handed over twice, nothing left lying."""

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
    PostgresJournal,
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


# -- claims ---------------------------------------------------------------------------------------------------------------


async def effects(database: PostgresDatabase, many: int, *, performs: bool = False) -> PostgresJournal:
    """An owner with some effects."""
    journal = await claimed(database, performs=performs)
    await journal.commit(Batch(NOW, effects=[(f"e{n:03}", str(n).encode()) for n in range(many)]))
    return journal


async def test_the_oldest_effects_are_claimed_first_and_by_one_only(database: PostgresDatabase) -> None:
    await effects(database, 5)
    claims = PostgresClaims(database)
    assert await claims.claim("d1", 2, LONG_S) == [("e000", b"0"), ("e001", b"1")]
    assert [name for name, _ in await claims.claim("d2", 10, LONG_S)] == ["e002", "e003", "e004"]
    assert await claims.claim("d1", 10, LONG_S) == []


async def test_many_dispatchers_at_once_share_them_out(database: PostgresDatabase) -> None:
    await effects(database, 200)
    claims = PostgresClaims(database)

    async def take(name: str) -> list[str]:
        found: list[str] = []
        while page := await claims.claim(name, 7, LONG_S):
            found += [effect for effect, _ in page]
        return found

    shares = await asyncio.gather(*(take(f"d{n}") for n in range(6)))
    assert sorted(name for share in shares for name in share) == [f"e{n:03}" for n in range(200)]


async def test_what_is_not_settled_in_time_is_somebody_elses(database: PostgresDatabase) -> None:
    journal = await effects(database, 1)
    claims = PostgresClaims(database)
    assert await claims.claim("d1", 10, SHORT_S)
    async with asyncio.timeout(WITHIN_S):
        found: list[tuple[str, bytes]] = []
        while True:
            found = await claims.claim("d2", 10, LONG_S)
            if found:
                break
            await asyncio.sleep(0.01)
    assert found == [("e000", b"0")]
    await journal.commit(Batch(NOW, settled=["e000"]))
    await claims.let_go(["e000"], "d2")
    assert await claims.claim("d3", 10, LONG_S) == []


async def test_what_is_let_go_is_free_at_once_and_only_its_holder_can(database: PostgresDatabase) -> None:
    await effects(database, 2)
    claims = PostgresClaims(database)
    await claims.claim("d1", 10, LONG_S)
    await claims.let_go(["e000", "e001"], "d2")
    assert await claims.claim("d2", 10, LONG_S) == []
    await claims.let_go(["e001"], "d1")
    assert await claims.claim("d2", 10, LONG_S) == [("e001", b"1")]


async def test_what_its_owner_performs_no_dispatcher_gets(database: PostgresDatabase) -> None:
    journal = await effects(database, 2, performs=True)
    claims = PostgresClaims(database)
    assert await claims.claim("d1", 10, LONG_S) == []
    await claims.let_go(["e000"], "d1")
    assert await claims.claim("d1", 10, LONG_S) == []
    assert [name for name, _ in await journal.effects()] == ["e000", "e001"]


async def test_an_owner_that_leaves_performing_to_others_frees_what_the_one_before_had(database: PostgresDatabase) -> None:
    await effects(database, 2, performs=True)
    claims = PostgresClaims(database)
    after = await claimed(database, performs=False)
    assert [name for name, _ in await after.effects()] == ["e000", "e001"]
    assert [name for name, _ in await claims.claim("d1", 10, LONG_S)] == ["e000", "e001"]
    assert [name for name, _ in await after.unsettled(10)] == ["e000", "e001"], "it sees also what is being performed"


async def test_an_owner_that_performs_takes_what_nobody_holds_and_leaves_what_somebody_does(database: PostgresDatabase) -> None:
    """Or else a person would be told twice, or by nobody once there is no dispatcher any more."""
    await effects(database, 3)
    claims = PostgresClaims(database)
    assert [name for name, _ in await claims.claim("d1", 1, LONG_S)] == ["e000"]
    after = await claimed(database, performs=True)
    assert [name for name, _ in await after.effects()] == ["e001", "e002"]
    assert await claims.claim("d2", 10, LONG_S) == []
    await claims.let_go(["e000"], "d1")
    assert [name for name, _ in await after.unsettled(10)] == ["e000", "e001", "e002"]


async def test_effects_of_other_partitions_stay_as_they_are(database: PostgresDatabase) -> None:
    await effects(database, 1, performs=True)
    other = await claimed(database, "p01", performs=False)
    assert await other.effects() == []
    assert await PostgresClaims(database).claim("d1", 10, LONG_S) == []
