"""What pages read in PostgreSQL: alarms with their chains, events in their order, each of one moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from journal_contract import ALARM, NOW, STATE, event
from msgspec.structs import replace
from postgres_tenants import claimed, settled

from alarmcore.adapters.postgres_journal import PostgresBooks, PostgresDatabase, PostgresJournal
from alarmcore.errors import Unavailable
from alarmcore.model.alarm import Alarm, Slot
from alarmcore.ports import Batch, Quarantined, StoredEvent, StoredState
from alarmcore.shared import News, ShownAlarm
from tests.servers.mosquitto import free_port


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[PostgresDatabase]:
    async with settled(database_url) as opened:
        yield opened


@pytest.fixture
async def journal(database: PostgresDatabase) -> PostgresJournal:
    return await claimed(database)


@pytest.fixture
def books(database: PostgresDatabase) -> PostgresBooks:
    return PostgresBooks(database)


async def test_a_tenant_sees_its_own_alarms_and_quarantine_only(journal: PostgresJournal, books: PostgresBooks) -> None:
    other = replace(ALARM, id="b1", slot=Slot("tanum", "r1", "press"))
    wrong = [
        Quarantined(received_at=NOW, tenant=tenant, device="d", kind="x", reason="not_json", payload=b"\xff")
        for tenant in ("grastorp", "tanum")
    ]
    await journal.commit(Batch(NOW, alarms=[ALARM, other], quarantined=wrong))
    assert await books.alarms("tanum", opened=True, limit=10) == [other]
    assert {alarm.id for alarm in await books.alarms(None, opened=True, limit=10)} == {"a1", "b1"}
    assert await books.alarms("tanum", opened=False, limit=10) == []
    assert await books.quarantined("tanum", 10) == [wrong[1]]
    assert await books.quarantined(None, 1) == [wrong[1]]


async def test_pages_of_alarms_hold_each_alarm_once_also_those_of_one_moment(
    journal: PostgresJournal, books: PostgresBooks
) -> None:
    ended = [replace(ALARM, id=f"a{n}", state="resolved", raised_at=NOW + timedelta(seconds=n // 4)) for n in range(10)]
    await journal.commit(Batch(NOW, alarms=ended))
    found: list[Alarm] = []
    while page := await books.alarms("grastorp", opened=False, limit=3, before=found[-1].id if found else None):
        found += page
    assert [alarm.id for alarm in found] == [f"a{n}" for n in range(9, -1, -1)]


async def test_an_alarm_comes_with_its_chain(journal: PostgresJournal, books: PostgresBooks) -> None:
    bare = replace(ALARM, id="a2", slot=Slot("grastorp", "r2", "press"))
    await journal.commit(Batch(NOW, states=[STATE, replace(STATE, machine="lifecycle")], alarms=[ALARM, bare]))
    assert await books.alarm("a1") == ShownAlarm(ALARM, STATE.data)
    assert await books.alarm("a2") == ShownAlarm(bare, None)
    assert await books.alarm("a3") is None


async def test_a_stored_state_is_read_by_its_machine_and_key(journal: PostgresJournal, books: PostgresBooks) -> None:
    await journal.commit(Batch(NOW, states=[STATE, replace(STATE, machine="lifecycle", data=b"another")]))
    assert await books.state(STATE.machine, STATE.key) == STATE.data
    assert await books.state("lifecycle", STATE.key) == b"another"
    assert await books.state(STATE.machine, STATE.key + "x") is None


async def test_a_timeline_holds_its_own_alarms_events(journal: PostgresJournal, books: PostgresBooks) -> None:
    await journal.commit(Batch(NOW, events=[event("alarm.raised"), event("alarm.raised", "a2"), event("alarm.taken")]))
    assert await books.timeline("a1") == [StoredEvent(1, event("alarm.raised")), StoredEvent(3, event("alarm.taken"))]


async def test_news_are_events_in_order_with_their_alarms_as_they_stand_now(
    journal: PostgresJournal, books: PostgresBooks
) -> None:
    assert await books.last_seq() == 0
    assert await books.news(0, 10) == []
    of_none = replace(event("device.silent"), alarm=None)
    await journal.commit(Batch(NOW, states=[STATE], alarms=[ALARM], events=[event("alarm.raised"), of_none]))
    taken = replace(ALARM, state="taken", taken_by="op1")
    await journal.commit(Batch(NOW, alarms=[taken], events=[event("alarm.taken")]))
    shown = ShownAlarm(taken, STATE.data)
    expected = [
        News(StoredEvent(1, event("alarm.raised")), shown),
        News(StoredEvent(2, of_none), None),
        News(StoredEvent(3, event("alarm.taken")), shown),
    ]
    assert await books.news(0, 10) == expected
    assert await books.news(1, 1) == expected[1:2]
    assert await books.last_seq() == 3


async def test_open_alarms_come_with_the_place_of_the_newest_event(journal: PostgresJournal, books: PostgresBooks) -> None:
    assert await books.opened() == (0, [])
    other = replace(ALARM, id="b1", slot=Slot("tanum", "r1", "press"), raised_at=NOW - timedelta(hours=1))
    ended = replace(ALARM, id="c1", slot=Slot("tanum", "r2", "press"), state="resolved")
    await journal.commit(Batch(NOW, states=[STATE], alarms=[ALARM, other, ended], events=[event("alarm.raised")] * 3))
    assert await books.opened() == (3, [ShownAlarm(other, None), ShownAlarm(ALARM, STATE.data)])


async def test_what_is_open_and_the_place_of_the_newest_event_are_of_one_moment(
    journal: PostgresJournal, books: PostgresBooks
) -> None:
    """Every commit raises one alarm and says so in one event: there are always as many of the ones as of the others."""
    ended = asyncio.Event()

    async def write() -> None:
        for number in range(80):
            alarm = replace(ALARM, id=f"a{number}", slot=Slot("grastorp", f"r{number}", "press"))
            state = StoredState("chain", f"grastorp/r{number}/press/", "grastorp", None, b"c")
            await journal.commit(Batch(NOW, states=[state], alarms=[alarm], events=[event("alarm.raised", alarm.id)]))
        ended.set()

    async def look() -> int:
        looks = 0
        while not ended.is_set():
            last, shown = await books.opened()
            assert len(shown) == last
            assert all(one.chain == b"c" for one in shown)
            looks += 1
        return looks

    _, looks = await asyncio.gather(write(), look())
    assert looks > 1


async def test_books_that_cannot_be_read_are_unavailable() -> None:
    database = PostgresDatabase(f"postgresql://postgres@127.0.0.1:{free_port()}/nothing")
    books = PostgresBooks(database)
    calls = [
        books.alarms(None, opened=True, limit=1),
        books.alarm("a1"),
        books.timeline("a1"),
        books.quarantined(None, 1),
        books.last_seq(),
        books.news(0, 1),
        books.opened(),
    ]
    for call in calls:
        with pytest.raises(Unavailable):
            await call
    await database.close()
