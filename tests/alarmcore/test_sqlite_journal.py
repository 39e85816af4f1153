"""The SQLite journal passes the contract, in one process and in two."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from journal_contract import ALARM, NOW, STATE, AuditedJournalContract, event
from msgspec.structs import replace

from alarmcore.adapters.sqlite_journal import Database, SqliteJournal
from alarmcore.adapters.sqlite_journal.journal import OPEN_ALARMS, QUARANTINE_MAX, QUARANTINE_TENANT_MAX, SLICES
from alarmcore.errors import CommitFailed, OptionInvalid, Unavailable
from alarmcore.model.alarm import Alarm, AlarmEvent, Slot
from alarmcore.ports import KEEPERS, Batch, Journal, Quarantined


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "journal.db"


@pytest.fixture
def opened(path: Path) -> Iterator[list[Database]]:
    databases = [Database(path)]
    yield databases
    for database in databases:
        database.close()


@pytest.fixture
def journal(opened: list[Database]) -> SqliteJournal:
    return SqliteJournal(opened[0])


class TestSqliteJournal(AuditedJournalContract):
    @pytest.fixture(autouse=True)
    def _opened(self, opened: list[Database]) -> None:
        self.opened = opened

    async def again(self, journal: Any) -> Journal:
        """Another connection on the same file: it sees what is committed, and nothing else."""
        self.opened.append(Database(journal.database.path))
        return SqliteJournal(self.opened[-1])

    async def alarms_of(self, journal: Any) -> dict[str, Alarm]:
        found = [alarm for opened in (True, False) for alarm in await journal.alarms(None, opened=opened, limit=100)]
        return {alarm.id: alarm for alarm in found}

    async def events_of(self, journal: Any) -> list[AlarmEvent]:
        return [one.stored.event for one in await journal.news(0, 100)]

    async def quarantine_of(self, journal: Any) -> list[Quarantined]:
        found: list[Quarantined] = (await journal.quarantined(None, 100))[::-1]
        return found


def wrong(number: int, tenant: str = "grastorp") -> Quarantined:
    return Quarantined(received_at=NOW, tenant=tenant, device=f"d-{number}", kind="x", reason="not_json", payload=b"?")


async def test_a_commit_that_fails_leaves_nothing(path: Path, journal: SqliteJournal) -> None:
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    journal.database.writing.execute("PRAGMA busy_timeout = 10")
    with pytest.raises(CommitFailed):
        await journal.commit(Batch(NOW, states=[STATE], events=[event("alarm.raised")], identities=[(1, 1)]))
    blocker.execute("ROLLBACK")
    blocker.close()
    assert list(await journal.states()) == []
    assert await journal.known([1], NOW) == {}
    assert await journal.commit(Batch(NOW, events=[event("alarm.raised")])) == 1


async def test_a_full_disk_fails_the_commit_and_the_next_one_works(journal: SqliteJournal) -> None:
    writing = journal.database.writing
    used = writing.execute("PRAGMA page_count").fetchone()[0]
    writing.execute(f"PRAGMA max_page_count = {used}")
    big = replace(STATE, data=b"x" * 200_000)
    with pytest.raises(CommitFailed, match="full"):
        await journal.commit(Batch(NOW, states=[big], identities=[(1, 1)]))
    assert await journal.known([1], NOW) == {}
    writing.execute("PRAGMA max_page_count = 1000000")
    await journal.commit(Batch(NOW, states=[big]))
    assert list(await journal.states()) == [big]


async def test_a_batch_that_is_wrong_is_not_said_to_work_later(journal: SqliteJournal) -> None:
    await journal.commit(Batch(NOW, alarms=[ALARM]))
    with pytest.raises(sqlite3.IntegrityError):
        await journal.commit(Batch(NOW, alarms=[replace(ALARM, id="a2")]))


async def test_what_cannot_be_read_is_unavailable(journal: SqliteJournal, opened: list[Database]) -> None:
    opened[0].reading.close()
    opened[0].reading = sqlite3.connect(":memory:")
    with pytest.raises(Unavailable):
        await journal.known([1], NOW)


async def test_commits_are_synchronised_in_full(opened: list[Database]) -> None:
    assert opened[0].writing.execute("PRAGMA synchronous").fetchone()[0] == 2
    assert opened[0].writing.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


async def test_the_sweep_forgets_only_what_is_older_than_seven_days(journal: SqliteJournal) -> None:
    spread = [place * ((1 << 64) // 64) - (1 << 63) for place in range(64)]
    await journal.commit(Batch(NOW, identities=[(identity, 1) for identity in spread]))
    late = NOW + timedelta(days=7, seconds=1)
    await journal.commit(Batch(late, identities=[(spread[0] + 1, 1), (spread[-1] + 1, 1)]))
    for part in range(SLICES):
        await journal.sweep(part, late)
    held = {row[0] for row in journal.database.read("SELECT identity FROM identity")}
    assert held == {spread[0] + 1, spread[-1] + 1}


async def test_asking_for_open_alarms_costs_what_the_open_ones_cost(journal: SqliteJournal) -> None:
    """Ten of them among a million persons and all alarms there ever were: no table is gone through."""
    plan = journal.database.read("EXPLAIN QUERY PLAN " + OPEN_ALARMS, (*KEEPERS, "", 10))
    steps = [row[3] for row in plan]
    assert steps[0] == "SEARCH alarm USING INDEX alarm_open (slot>?)", "an index of the open ones only"
    assert steps.count("SEARCH state USING PRIMARY KEY (machine=? AND key=?)") == 2
    assert not [step for step in steps if "SCAN" in step and "SUBQUERY" not in step]
    (where,) = journal.database.read("SELECT sql FROM sqlite_master WHERE name = 'alarm_open'")[0]
    assert where.endswith("WHERE state <> 'resolved'")


async def test_quarantine_keeps_the_newest_of_each_tenant_and_of_all(
    journal: SqliteJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    await journal.commit(Batch(NOW, quarantined=[wrong(0, "tanum")]))
    await journal.commit(Batch(NOW, quarantined=[wrong(number) for number in range(QUARANTINE_TENANT_MAX + 50)]))
    mine = await journal.quarantined("grastorp", QUARANTINE_MAX)
    assert [q.device for q in mine] == [f"d-{number}" for number in range(QUARANTINE_TENANT_MAX + 49, 49, -1)]
    assert len(await journal.quarantined("tanum", 10)) == 1
    monkeypatch.setattr("alarmcore.adapters.sqlite_journal.journal.QUARANTINE_MAX", 20)
    await journal.commit(Batch(NOW, quarantined=[wrong(9999)]))
    assert len(await journal.quarantined(None, QUARANTINE_MAX)) == 20


async def test_a_tenant_sees_its_own_alarms_and_quarantine_only(journal: SqliteJournal) -> None:
    other = replace(ALARM, id="b1", slot=Slot("tanum", "r1", "press"))
    await journal.commit(Batch(NOW, alarms=[ALARM, other], quarantined=[wrong(1), wrong(2, "tanum")]))
    assert [a.id for a in await journal.alarms("tanum", opened=True, limit=10)] == ["b1"]
    assert [q.device for q in await journal.quarantined("tanum", 10)] == ["d-2"]


async def test_pages_of_alarms_hold_each_alarm_once_also_those_of_one_moment(journal: SqliteJournal) -> None:
    ended = [replace(ALARM, id=f"a{n}", state="resolved", raised_at=NOW + timedelta(seconds=n // 4)) for n in range(10)]
    await journal.commit(Batch(NOW, alarms=ended))
    found: list[Alarm] = []
    while page := await journal.alarms("grastorp", opened=False, limit=3, before=found[-1].id if found else None):
        found += page
    assert [alarm.id for alarm in found] == [f"a{n}" for n in range(9, -1, -1)]


async def test_a_timeline_holds_its_own_alarms_events(journal: SqliteJournal) -> None:
    await journal.commit(Batch(NOW, events=[event("alarm.raised"), event("alarm.raised", "a2"), event("alarm.taken")]))
    assert [(s.seq, s.event.event) for s in await journal.timeline("a1")] == [(1, "alarm.raised"), (3, "alarm.taken")]
    assert [one.stored.seq for one in await journal.news(1, 1)] == [2]
    assert await journal.last_seq() == 3


WRITER = """
import asyncio, sys
from pathlib import Path
from alarmcore.adapters.sqlite_journal import Database, SqliteJournal
from alarmcore.ports import Batch
from datetime import datetime, UTC
async def main():
    journal = SqliteJournal(Database(Path(sys.argv[1])))
    for place in range(100):
        identities, effects = [(int(sys.argv[2]) + place, 0)], [(f"{sys.argv[2]}-{place}", b"")]
        await journal.commit(Batch(datetime.now(UTC), identities=identities, effects=effects))
asyncio.run(main())
"""


def test_two_processes_write_and_nothing_is_lost(path: Path) -> None:
    Database(path).close()
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(path), start], env=env) for start in ("0", "1000")]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    database = Database(path)
    try:
        journal = SqliteJournal(database)
        assert len(asyncio.run(journal.effects())) == 200
        assert database.read("SELECT count(*) FROM identity")[0][0] == 200
    finally:
        database.close()


def test_a_second_service_on_one_file_is_refused_until_the_first_is_gone(path: Path) -> None:
    first, second = Database(path), Database(path)
    first.own()
    with pytest.raises(OptionInvalid, match="another service"):
        second.own()
    first.close()
    second.own()
    second.close()


def test_a_file_that_is_no_database_is_an_option_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "journal.db").write_bytes(b"this is no database, and long enough to be looked at as one" * 20)
    with pytest.raises(OptionInvalid):
        Database(tmp_path / "journal.db")
    with pytest.raises(OptionInvalid):
        Database(tmp_path / "journal.db" / "inside" / "a-file")


def test_a_schema_of_another_version_is_refused(path: Path) -> None:
    Database(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(OptionInvalid, match="99"):
        Database(path)
