"""The PostgreSQL journal passes the contract, and keeps to its partition, its token and its limits."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from journal_contract import ALARM, NOW, STATE, AuditedJournalContract, event
from msgspec.structs import replace
from postgres_tenants import claimed, settled

from alarmcore.adapters.postgres_journal import (
    PostgresBooks,
    PostgresDatabase,
    PostgresInbox,
    PostgresJournal,
)
from alarmcore.adapters.postgres_journal import rows as stored_rows
from alarmcore.adapters.postgres_journal.journal import OPEN_ALARMS, SLICES
from alarmcore.adapters.postgres_journal.migrate import migrations
from alarmcore.adapters.postgres_journal.rows import STORE, values_of
from alarmcore.errors import CommitFailed, Fenced, Unavailable
from alarmcore.model.alarm import Alarm, AlarmEvent, Slot
from alarmcore.ports import KEEPERS, Batch, Journal, Quarantined


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[PostgresDatabase]:
    async with settled(database_url) as opened:
        yield opened


@pytest.fixture
async def journal(database: PostgresDatabase) -> PostgresJournal:
    return await claimed(database)


class TestPostgresJournal(AuditedJournalContract):
    async def again(self, journal: Any) -> Journal:
        """Through another connection; the first one goes on after it."""
        return PostgresJournal(journal.database, journal.partition, journal.token, performs=True)

    async def alarms_of(self, journal: Any) -> dict[str, Alarm]:
        books = PostgresBooks(journal.database)
        found = [alarm for opened in (True, False) for alarm in await books.alarms(None, opened=opened, limit=100)]
        return {alarm.id: alarm for alarm in found}

    async def events_of(self, journal: Any) -> list[AlarmEvent]:
        return [news.stored.event for news in await PostgresBooks(journal.database).news(0, 100)]

    async def quarantine_of(self, journal: Any) -> list[Quarantined]:
        return (await PostgresBooks(journal.database).quarantined(None, 100))[::-1]


def wrong(number: int, tenant: str = "grastorp") -> Quarantined:
    return Quarantined(received_at=NOW, tenant=tenant, device=f"d-{number}", kind="x", reason="not_json", payload=b"?")


FULL = Batch(
    NOW,
    states=[STATE],
    alarms=[ALARM],
    events=[event("alarm.raised")],
    effects=[("e1", b"1")],
    identities=[(1, 1)],
    quarantined=[wrong(1)],
)
"""Something of everything."""


async def nothing_is_stored(database: PostgresDatabase) -> bool:
    tables = ("state", "alarm", "event", "effect", "identity", "quarantine")
    counts = [(await database.read(f"SELECT count(*) FROM {table}"))[0][0] for table in tables]  # noqa: S608 - names of ours
    return counts == [0] * len(tables) and await PostgresBooks(database).last_seq() == 0


# -- partitions and tokens ------------------------------------------------------------------------------------------------


async def test_an_owner_of_before_can_store_nothing_and_is_told_so(database: PostgresDatabase, journal: PostgresJournal) -> None:
    await claimed(database)
    with pytest.raises(Fenced, match="p00"):
        await journal.commit(FULL)
    assert await nothing_is_stored(database)
    with pytest.raises(Fenced):
        await journal.commit(Batch(NOW))
    assert await database.read("SELECT 1 FROM partition WHERE decided_at IS NOT NULL") == []


async def test_what_an_owner_of_before_has_stored_stays(database: PostgresDatabase, journal: PostgresJournal) -> None:
    await journal.commit(FULL)
    after = await claimed(database)
    assert list(await after.states()) == [STATE]
    assert await after.known([1], NOW) == {1: 1}


async def test_an_owner_of_before_reads_nothing_that_it_could_act_on(
    database: PostgresDatabase, journal: PostgresJournal
) -> None:
    """What it reads of the next owner's it would take for its own: tell once more, mend what is not broken."""
    await (await claimed(database)).commit(FULL)
    for name in ("states", "effects", "decided_at"):
        late = PostgresJournal(database, "p00", journal.token, performs=True)
        with pytest.raises(Fenced):
            await getattr(late, name)()
    for name, arguments in (("open_alarms", ("", 10)), ("unsettled", (10,))):
        late = PostgresJournal(database, "p00", journal.token, performs=True)
        with pytest.raises(Fenced):
            await getattr(late, name)(*arguments)


async def test_once_fenced_it_asks_no_more(database: PostgresDatabase, journal: PostgresJournal) -> None:
    """Even if its token became the newest again, it would not know what had been decided meanwhile."""
    await claimed(database)
    with pytest.raises(Fenced):
        await journal.commit(Batch(NOW))
    await database.write(lambda c: c.execute("UPDATE partition SET token = $1 WHERE name = 'p00'", journal.token))
    for call in (journal.commit(FULL), journal.states(), journal.known([1], NOW), journal.effects()):
        with pytest.raises(Fenced):
            await call
    assert await nothing_is_stored(database)


async def test_a_journal_holds_the_persons_of_its_partition_only(database: PostgresDatabase, journal: PostgresJournal) -> None:
    other = await claimed(database, "p01")
    elsewhere = replace(STATE, key="sotenas/r1/press/", tenant="sotenas")
    alarm = replace(ALARM, id="b1", slot=Slot("sotenas", "r1", "press"))
    neighbour = replace(STATE, key="tanum/r1/press/", tenant="tanum")
    await other.commit(Batch(NOW + timedelta(hours=1), states=[elsewhere], alarms=[alarm], effects=[("e9", b"9")]))
    await journal.commit(Batch(NOW, states=[STATE, neighbour], alarms=[ALARM], effects=[("e1", b"1")]))
    assert sorted(state.tenant for state in await journal.states()) == ["grastorp", "tanum"]
    assert list(await other.states()) == [elsewhere]
    assert [one.alarm.id for one in await journal.open_alarms("", 10)] == ["a1"]
    assert [one.alarm.id for one in await other.open_alarms("", 10)] == ["b1"]
    assert await journal.effects() == [("e1", b"1")]
    assert await other.unsettled(10) == [("e9", b"9")]
    assert await journal.decided_at() == NOW


async def test_events_of_all_partitions_have_one_order_without_gaps(database: PostgresDatabase) -> None:
    """Also when many commit at once and some of them are undone."""
    journals = [await claimed(database, f"p{number:02}") for number in range(6)]

    async def work(place: int) -> list[int]:
        firsts = []
        for number in range(20):
            name = f"a-{place}-{number}"
            firsts.append(
                await journals[place].commit(Batch(NOW, events=[event("alarm.raised", name), event("alarm.told", name)]))
            )
            if number % 5 == 0:
                bad = [replace(ALARM, id=f"{name}-{n}", slot=Slot("grastorp", name, "press")) for n in range(2)]
                with pytest.raises(asyncpg.UniqueViolationError):
                    await journals[place].commit(Batch(NOW, alarms=bad, events=[event("alarm.raised", name)]))
        return firsts

    given = await asyncio.gather(*(work(place) for place in range(6)))
    found = await PostgresBooks(database).news(0, 1000)
    assert [one.stored.seq for one in found] == list(range(1, 241))
    assert sorted(first for firsts in given for first in firsts) == list(range(1, 241, 2))
    assert all(found[n].stored.event.alarm == found[n + 1].stored.event.alarm for n in range(0, 240, 2))


async def test_events_become_visible_in_their_order(database: PostgresDatabase) -> None:
    """Whoever has read up to a place has read all that there is up to it."""
    journals = [await claimed(database, f"p{number:02}") for number in range(4)]
    books, ended = PostgresBooks(database), asyncio.Event()

    async def write(journal: PostgresJournal) -> None:
        for _ in range(40):
            await journal.commit(Batch(NOW, events=[event("alarm.raised")] * 3))

    async def follow() -> int:
        last = 0
        while not (ended.is_set() and last == await books.last_seq()):
            found = [one.stored.seq for one in await books.news(last, 1000)]
            assert found == list(range(last + 1, last + len(found) + 1))
            last += len(found)
        return last

    following = asyncio.create_task(follow())
    await asyncio.gather(*map(write, journals))
    ended.set()
    assert await following == 480


# -- effects --------------------------------------------------------------------------------------------------------------


async def test_the_inbox_is_answered_by_the_commit_that_takes_care_of_it(
    database: PostgresDatabase, journal: PostgresJournal
) -> None:
    inbox = PostgresInbox(database)
    first, second = await inbox.put([("grastorp", "reading", b"1"), ("grastorp", "act", b"2")])
    wrong_batch = Batch(NOW, alarms=[ALARM, replace(ALARM, id="a2")], answered=[(first, b"yes")])
    with pytest.raises(asyncpg.UniqueViolationError):
        await journal.commit(wrong_batch)
    assert await inbox.answers([first]) == {}
    await journal.commit(Batch(NOW, answered=[(first, b"yes")]))
    await journal.commit(Batch(NOW, answered=[(first, b"no"), (1 << 40, b"?")]))
    assert await inbox.answers([first, second]) == {first: b"yes"}


# -- what fails -----------------------------------------------------------------------------------------------------------


async def test_a_batch_that_is_wrong_is_not_said_to_work_later(journal: PostgresJournal) -> None:
    await journal.commit(Batch(NOW, alarms=[ALARM]))
    token = journal.token
    with pytest.raises(asyncpg.UniqueViolationError):
        await journal.commit(Batch(NOW, alarms=[replace(ALARM, id="a2")]))
    with pytest.raises(asyncpg.DataError):
        await journal.commit(Batch(NOW, identities=[(1 << 63, 0)]))
    await journal.commit(Batch(NOW))
    assert list(await journal.states()) == []
    assert journal.token >= token


async def test_what_the_server_refused_costs_no_new_connection(journal: PostgresJournal) -> None:
    await journal.commit(Batch(NOW, alarms=[ALARM]))
    before = journal.line.connection
    with pytest.raises(asyncpg.UniqueViolationError):
        await journal.commit(Batch(NOW, alarms=[replace(ALARM, id="a2")]))
    await journal.commit(Batch(NOW))
    assert journal.line.connection is before


async def test_a_table_that_is_not_there_may_be_there_later(database: PostgresDatabase, journal: PostgresJournal) -> None:
    """Whoever mends a database makes the same batch work: it is not the batch that is wrong."""
    await journal.commit(Batch(NOW))
    await database.write(lambda c: c.execute("ALTER TABLE identity RENAME TO hidden"))
    with pytest.raises(CommitFailed, match="SQLSTATE 42P01"):
        await journal.commit(FULL)
    with pytest.raises(Unavailable):
        await journal.known([1], NOW)
    await database.write(lambda c: c.execute("ALTER TABLE hidden RENAME TO identity"))
    assert await journal.commit(FULL) == 1


async def test_a_server_without_room_fails_the_commit_and_the_next_one_works(
    database: PostgresDatabase, journal: PostgresJournal
) -> None:
    no_room = "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE SQLSTATE '53100'; END $$"
    await database.write(lambda c: c.execute(no_room))
    await database.write(lambda c: c.execute("CREATE TRIGGER no_room BEFORE INSERT ON event EXECUTE FUNCTION no_room()"))
    with pytest.raises(CommitFailed, match="53100"):
        await journal.commit(FULL)
    assert await nothing_is_stored(database)
    await database.write(lambda c: c.execute("DROP TRIGGER no_room ON event"))
    assert await journal.commit(FULL) == 1


async def test_no_failure_says_what_was_to_be_stored(journal: PostgresJournal) -> None:
    await journal.commit(Batch(NOW))
    await journal.database.write(lambda c: c.execute("ALTER TABLE identity RENAME TO hidden"))
    with pytest.raises(CommitFailed) as failed:
        await journal.commit(replace_device(FULL, "secret-device"))
    assert "secret" not in str(failed.value)
    assert "postgres@" not in str(failed.value)


def replace_device(batch: Batch, device: str) -> Batch:
    return Batch(batch.now, identities=[(1, 1)], quarantined=[replace(batch.quarantined[0], device=device)])


# -- limits ---------------------------------------------------------------------------------------------------------------


async def test_the_values_of_a_batch_are_those_of_the_function(database: PostgresDatabase) -> None:
    (found,) = await database.read("SELECT pronargs FROM pg_proc WHERE proname = 'store_batch'")
    assert len(values_of(FULL, "p00", 1, performs=True)) == found[0] == len(re.findall(r"\$\d+", STORE))


async def test_the_sweep_forgets_only_what_is_older_than_seven_days(journal: PostgresJournal) -> None:
    spread = [place * ((1 << 64) // 64) - (1 << 63) for place in range(64)]
    await journal.commit(Batch(NOW, identities=[(identity, 1) for identity in spread]))
    late = NOW + timedelta(days=7, seconds=1)
    await journal.commit(Batch(late, identities=[(spread[0] + 1, 1), (spread[-1] + 1, 1)]))
    for part in sorted({(identity + (1 << 63)) * SLICES >> 64 for identity in spread} | {SLICES - 1}):
        await journal.sweep(part, late)
    held = {row[0] for row in await journal.database.read("SELECT identity FROM identity")}
    assert held == {spread[0] + 1, spread[-1] + 1}


async def test_quarantine_keeps_the_newest_of_each_tenant_and_of_all(
    journal: PostgresJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_rows, "QUARANTINE_TENANT_MAX", 30)
    books = PostgresBooks(journal.database)
    await journal.commit(Batch(NOW, quarantined=[wrong(0, "tanum")]))
    await journal.commit(Batch(NOW, quarantined=[wrong(number) for number in range(50)]))
    mine = await books.quarantined("grastorp", 1000)
    assert [q.device for q in mine] == [f"d-{number}" for number in range(49, 19, -1)]
    assert len(await books.quarantined("tanum", 10)) == 1
    monkeypatch.setattr(stored_rows, "QUARANTINE_MAX", 20)
    await journal.commit(Batch(NOW, quarantined=[wrong(9999)]))
    left = await books.quarantined(None, 1000)
    assert [q.device for q in left] == ["d-9999", *(f"d-{number}" for number in range(49, 30, -1))]


async def test_a_text_that_no_database_keeps_is_kept_without_what_it_cannot(journal: PostgresJournal) -> None:
    odd = replace(wrong(1), device="a\0b\ud800c", field="\0", payload=b"a\0b")
    await journal.commit(Batch(NOW, quarantined=[odd, replace(wrong(2), device="ö\n")]))
    second, first = await PostgresBooks(journal.database).quarantined(None, 10)
    assert (first.device, first.field, first.payload) == ("a\ufffdb?c", "\ufffd", b"a\0b")
    assert second.device == "ö\n"


async def test_one_that_comes_twice_in_a_batch_counts_as_the_last(journal: PostgresJournal) -> None:
    await journal.commit(Batch(NOW, identities=[(1, 1), (1, 2)], effects=[("e", b"1"), ("e", b"2")]))
    assert await journal.known([1], NOW) == {1: 2}
    assert await journal.effects() == [("e", b"2")]


async def test_asking_for_open_alarms_goes_through_no_table(database: PostgresDatabase, journal: PostgresJournal) -> None:
    """Ten of them among a million persons and all alarms there ever were."""
    await database.write(
        lambda c: c.execute(
            "INSERT INTO alarm SELECT n::text, 'grastorp', n::text, 'resolved', n, '' FROM generate_series(1, 20000) n;"
            "INSERT INTO state SELECT 'chain', n::text, 'grastorp', n, '' FROM generate_series(1, 20000) n;"
            "ANALYZE alarm; ANALYZE state"
        )
    )
    await journal.commit(Batch(NOW, states=[STATE], alarms=[ALARM]))
    plan = await database.read("EXPLAIN " + literal(OPEN_ALARMS, "'p00'", str(journal.token), *map(repr, KEEPERS), "''", "10"))
    text = "\n".join(row[0] for row in plan)
    assert "alarm_open" in text
    assert "Seq Scan on alarm" not in text
    assert "Seq Scan on state" not in text


def literal(sql: str, *values: str) -> str:
    """A statement with its values written out, since EXPLAIN takes none."""
    return re.sub(r"\$(\d+)", lambda match: values[int(match[1]) - 1], sql)


def test_every_step_has_a_way_back() -> None:
    assert all(step.down.strip() for step in migrations().values())
