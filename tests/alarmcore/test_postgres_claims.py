"""Claims on PostgreSQL: each effect is held by one dispatcher, nothing is left lying, and tenants take turns."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from journal_contract import NOW
from msgspec.structs import replace
from postgres_tenants import claimed, settled

from alarmcore.adapters.postgres_journal import PostgresClaims, PostgresDatabase, PostgresJournal, migrate
from alarmcore.adapters.postgres_journal.claims import CLAIM
from alarmcore.model.alarm import Slot
from alarmcore.ports import Batch
from dispatch.binding import EFFECT_CODEC
from dispatch.telling import Tell
from tests.alarms import opened

LONG_S = 600.0
SHORT_S = 0.1
WITHIN_S = 30.0


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[PostgresDatabase]:
    async with settled(database_url) as opened:
        yield opened


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


async def free_to(claims: PostgresClaims, dispatcher: str) -> list[tuple[str, bytes]]:
    """What it claims once there is something."""
    async with asyncio.timeout(WITHIN_S):
        while not (found := await claims.claim(dispatcher, 10, LONG_S)):  # noqa: ASYNC110 - nobody says when a hold lapses
            await asyncio.sleep(0.01)
        return found


async def test_what_is_held_on_is_nobody_elses_and_what_is_not_is(database: PostgresDatabase) -> None:
    await effects(database, 2)
    claims = PostgresClaims(database)
    await claims.claim("d1", 10, SHORT_S)
    assert await claims.hold(["e000"], "d1", LONG_S) == {"e000"}
    assert await free_to(claims, "d2") == [("e001", b"1")]


async def test_a_hold_is_for_who_has_it_and_lasts_as_long_as_is_said(database: PostgresDatabase) -> None:
    journal = await effects(database, 4)
    claims = PostgresClaims(database)
    await claims.claim("d1", 3, LONG_S)
    await journal.commit(Batch(NOW, settled=["e001"]))
    assert await claims.hold(["e000", "e001", "e003", "never"], "d1", SHORT_S) == {"e000"}, "settled, nobody's, unknown"
    assert await claims.hold(["e002"], "d2", SHORT_S) == set()
    assert await claims.hold([], "d1", SHORT_S) == set()
    assert [name for name, _ in await claims.claim("d2", 10, LONG_S)] == ["e003"]
    assert await free_to(claims, "d2") == [("e000", b"0")]


async def test_what_has_lapsed_and_nobody_has_claimed_can_be_held_again(database: PostgresDatabase) -> None:
    """Its holder was stopped in its tracks, or the database away: what it has begun goes on."""
    await effects(database, 1)
    claims = PostgresClaims(database)
    await claims.claim("d1", 10, 0.0)
    assert await claims.hold(["e000"], "d1", LONG_S) == {"e000"}
    assert await claims.claim("d2", 10, LONG_S) == []


async def test_what_has_lapsed_is_left_alone_when_so_asked(database: PostgresDatabase) -> None:
    await effects(database, 2)
    claims = PostgresClaims(database)
    await claims.claim("d1", 1, 0.0)
    assert [name for name, _ in await claims.claim("d2", 10, LONG_S, lapsed=False)] == ["e001"]
    assert [name for name, _ in await claims.claim("d2", 10, LONG_S)] == ["e000"]


async def test_what_its_owner_has_begun_to_perform_no_dispatcher_can_hold(database: PostgresDatabase) -> None:
    await effects(database, 1)
    claims = PostgresClaims(database)
    await claims.claim("d1", 10, 0.0)
    after = await claimed(database, performs=True)
    assert [name for name, _ in await after.effects()] == ["e000"]
    assert await claims.hold(["e000"], "d1", 0.0) == set()
    assert [name for name, _ in await after.effects()] == ["e000"]


# -- turns ----------------------------------------------------------------------------------------------------------------


def tell(tenant: str, name: str, priority: str = "high", number: int = 0) -> tuple[str, bytes]:
    """An effect as owners store it."""
    encode, _ = EFFECT_CODEC
    alarm = replace(opened(), slot=Slot(tenant, name, "press"), priority=priority)
    one = Tell(
        id=name, telling=name, slot=alarm.slot, alarm=alarm, ref="unit:centre", number=number, link=0, channel="webhook", to="x"
    )
    return name, encode(one)


async def stored(database: PostgresDatabase, *tells: tuple[str, bytes]) -> PostgresClaims:
    journal = await claimed(database, performs=False)
    await journal.commit(Batch(NOW, effects=list(tells)))
    return PostgresClaims(database)


async def test_a_tenant_with_thousands_of_tellings_delays_no_others(database: PostgresDatabase) -> None:
    loud = [tell("grastorp", f"loud-{n:04}") for n in range(5000)]
    claims = await stored(database, *loud, tell("tanum", "quiet-0"), tell("sotenas", "still-0"), tell("tanum", "quiet-1"))
    found = [name for name, _ in await claims.claim("d1", 9, LONG_S)]
    assert sorted(found) == [*(f"loud-{n:04}" for n in range(6)), "quiet-0", "quiet-1", "still-0"], "what is left is anybody's"
    assert found.index("still-0") < found.index("loud-0001")
    assert [name for name, _ in await claims.claim("d2", 9, LONG_S)] == [f"loud-{n:04}" for n in range(6, 15)]


async def test_more_tenants_than_there_is_room_for_get_one_each(database: PostgresDatabase) -> None:
    tenants = [f"town-{n}" for n in range(9)]
    claims = await stored(database, *(tell(tenant, f"{tenant}-{n}") for n in range(3) for tenant in tenants))
    rounds = [[name for name, _ in await claims.claim("d1", 6, LONG_S)] for _ in range(5)]
    assert len({name.rpartition("-")[0] for name in rounds[0]}) == 6
    assert sorted(name for names in rounds for name in names) == sorted(f"{tenant}-{n}" for tenant in tenants for n in range(3))


async def test_of_a_tenants_tellings_the_urgent_come_first_and_repetitions_last(database: PostgresDatabase) -> None:
    kinds = [(priority, number) for priority in ("technical", "normal", "high", "critical") for number in (200, 1, 0)]
    claims = await stored(database, *(tell("tanum", f"{priority}-{number}", priority, number) for priority, number in kinds))
    assert [name for name, _ in await claims.claim("d1", 20, LONG_S)] == [
        f"{priority}-{number}" for priority in ("critical", "high", "normal", "technical") for number in (0, 200, 1)
    ]


async def test_with_more_tenants_than_room_the_most_urgent_come_first(database: PostgresDatabase) -> None:
    tells = [tell(f"town-{n}", f"calm-{n}", "technical") for n in range(9)]
    claims = await stored(database, *tells, tell("tanum", "urgent", "critical"), tell("tanum", "next", "critical"))
    assert [name for name, _ in await claims.claim("d1", 2, LONG_S)] == ["urgent", "calm-0"], "one each"
    assert [name for name, _ in await claims.claim("d1", 2, LONG_S)] == ["next", "calm-1"]


async def test_what_the_order_is_told_by_is_read_from_anything_and_never_fails(database: PostgresDatabase) -> None:
    """A batch of readings that has such an effect could not be stored otherwise."""
    long = "x" * 63
    _, whole = tell(long, "a", "technical", 3)
    pieces = [whole[:end] for end in range(len(whole) + 1)]
    claims = await stored(database, *((f"{n:04}", piece) for n, piece in enumerate(pieces)), ("odd", b"\xa4slot\x94\xff\xff"))
    assert len(await claims.claim("d1", 2000, LONG_S)) == len(pieces) + 1
    ((tenant, urgency),) = await database.read("SELECT effect_tenant($1), effect_urgency($1)", whole)
    assert (tenant[1:], urgency) == (b"x" * 24, 7)
    ((tenant, urgency),) = await database.read("SELECT effect_tenant($1), effect_urgency($1)", tell("tanum", "a")[1])
    assert (tenant, urgency) == (b"tanum", 2)


async def test_turns_cost_no_look_at_all_that_waits(database: PostgresDatabase) -> None:
    """Tenants, the first of each, and what is most urgent of all are found by indexes."""
    await stored(database, *(tell("grastorp", f"{n:05}") for n in range(20_000)), tell("tanum", "a"))
    await database.write(lambda c: c.execute("ANALYZE effect"))
    sql = CLAIM.replace("$1", "'d'").replace("$2", "10").replace("$3", "1").replace("$4", "true")
    plan = "\n".join(line for (line,) in await database.read(f"EXPLAIN ANALYZE {sql}"))
    assert plan.count("Index Scan using effect_turns") == 3, plan
    assert plan.count("Index Scan using effect_urgent") == 1, plan
    assert "Seq Scan on effect" not in plan


async def test_with_an_older_schema_the_oldest_come_first(empty_database_url: str) -> None:
    database = PostgresDatabase(empty_database_url)
    try:
        await migrate(database, 3)
        async with settled(empty_database_url):
            claims = await stored(database, tell("tanum", "e0", "technical"), tell("tanum", "e1", "critical"))
            assert [name for name, _ in await claims.claim("d1", 1, LONG_S)] == ["e0"]
            await migrate(database)
            assert [name for name, _ in await claims.claim("d1", 1, LONG_S)] == ["e1"]
    finally:
        await database.close()
