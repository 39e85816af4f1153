"""Everything an installation keeps, copied between both databases and archives: nothing is forgotten, changed or half done."""

from __future__ import annotations

import gzip
import io
import sqlite3
import zlib
from pathlib import Path

import pytest
from belongings import NOW, TENANTS, Found, batch, comparable, everything, fill

from alarmcore.adapters.postgres_journal import PostgresDatabase, PostgresJournal, PostgresPartitions
from alarmcore.adapters.sqlite_journal import SqliteJournal
from alarmcore.errors import OptionInvalid
from dashboard.contents import TABLES, Progress, pour
from dashboard.contents.archive import ArchiveDamaged, ArchiveReader, ArchiveWriter, Rows
from dashboard.contents.opening import contents_of, empty_target
from dashboard.contents.pouring import SAY_EVERY_S
from dashboard.contents.sqlite import SqliteContents
from dashboard.contents.tables import LEFT_OUT, NAMED
from dashboard.stores.opening import DATABASE, open_file, open_stores

NOWHERE = Path("/nonexistent")


def quiet(text: str) -> None:
    del text


async def copy(source: tuple[Path, str | None], target: tuple[Path, str | None]) -> None:
    async with contents_of(*source) as contents, empty_target(*target) as there:
        await pour(contents, there, Progress(quiet, "copying"))
        await there.finish()


async def rows_of(data: Path, url: str | None = None) -> Found:
    async with contents_of(data, url) as contents:
        return await everything(contents)


async def archived(data: Path, url: str | None = None) -> bytes:
    out = io.BytesIO()
    async with contents_of(data, url) as contents:
        writer = ArchiveWriter(out, program="0", made_at=NOW, kind=contents.kind)
        await pour(contents, writer, Progress(quiet, "writing"))
        writer.finish()
    return out.getvalue()


async def unpack(data: bytes, target: tuple[Path, str | None]) -> None:
    reader = ArchiveReader(io.BytesIO(data), "the backup")
    async with empty_target(*target) as there:
        await pour(reader, there, Progress(quiet, "reading"))
        await there.finish()


async def test_a_file_comes_out_of_an_archive_as_it_went_in(tmp_path: Path) -> None:
    await fill(tmp_path / "one")
    before = await rows_of(tmp_path / "one")
    assert {name for name, rows in before.items() if not rows} == {"inbox"}, "the example has something of everything"
    await unpack(await archived(tmp_path / "one"), (tmp_path / "two", None))
    assert await rows_of(tmp_path / "two") == before
    assert await archived(tmp_path / "two") == await archived(tmp_path / "one"), "the same contents give the same bytes"


async def test_a_file_and_a_server_give_each_other_everything(tmp_path: Path, database_url: str) -> None:
    await fill(tmp_path / "one")
    before = comparable(await rows_of(tmp_path / "one"))
    await unpack(await archived(tmp_path / "one"), (NOWHERE, database_url))
    assert comparable(await rows_of(NOWHERE, database_url)) == before
    await unpack(await archived(NOWHERE, database_url), (tmp_path / "back", None))
    assert comparable(await rows_of(tmp_path / "back")) == before


async def test_a_server_comes_out_of_an_archive_as_it_went_in(tmp_path: Path, database_url: str, empty_database_url: str) -> None:
    await fill(tmp_path)
    await copy((tmp_path, None), (NOWHERE, database_url))
    database = PostgresDatabase(database_url)
    put = "INSERT INTO inbox (tenant, kind, data, stored_at, answer) VALUES ('tanum', 'reading', '\\x00ff', 7, $1)"
    for answer in (None, b"kept"):
        await database.write(lambda connection, answer=answer: connection.execute(put, answer))  # type: ignore[misc]
    await database.write(lambda connection: connection.execute("UPDATE partition SET decided_at = 5 WHERE name = 'p15'"))
    await database.close()
    before = await rows_of(NOWHERE, database_url)
    assert {name for name, rows in before.items() if not rows} == set()
    await unpack(await archived(NOWHERE, database_url), (NOWHERE, empty_database_url))
    assert await rows_of(NOWHERE, empty_database_url) == before
    with pytest.raises(OptionInvalid, match="--database"):
        await unpack(await archived(NOWHERE, database_url), (tmp_path / "file", None))
    assert (await rows_of(tmp_path / "file"))["event"] == []


async def test_every_table_and_column_is_copied_or_left_out_for_a_reason(tmp_path: Path, database_url: str) -> None:
    here = {"sqlite_sequence"}
    """Comes as `counter`."""
    derived = {
        ("site", "residents"),
        ("effect", "partition"),
        ("effect", "held_by"),
        ("effect", "held_until"),
        ("partition", "token"),
        ("partition", "owner"),
        ("partition", "session"),
        ("partition", "attempt"),
    }
    """Counted or chosen anew, or of the moment only."""
    open_file(tmp_path).close()
    connection = sqlite3.connect(tmp_path / DATABASE)
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables - here - NAMED.keys() == set()
    for name in tables - here:
        columns = {row[1] for row in connection.execute(f"PRAGMA table_info({name})")}
        assert columns <= set(NAMED[name].columns), name
    connection.close()
    database = PostgresDatabase(database_url)
    rows = await database.read("SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'")
    await database.close()
    found = {(row["table_name"], row["column_name"]) for row in rows if row["table_name"] not in LEFT_OUT}
    assert found - derived == {(table.name, column) for table in TABLES for column in table.columns}


async def test_what_is_decided_next_goes_on_where_it_was(tmp_path: Path, database_url: str) -> None:
    await fill(tmp_path)
    await copy((tmp_path, None), (NOWHERE, database_url))
    database = PostgresDatabase(database_url)
    of = {row["tenant"]: row["partition"] for row in await database.read("SELECT tenant, partition FROM site")}
    assert len(set(of.values())) == len(TENANTS), "each in a partition of its own"
    where = of["grastorp"]
    token = await PostgresPartitions(database).claim(where, "w1")
    journal = PostgresJournal(database, where, token, performs=True)
    assert await journal.decided_at() == NOW.replace(second=33)
    assert {effect for effect, _ in await journal.effects()} == {f"e-grastorp-{n}" for n in (1, 2, 3)}
    assert await journal.commit(batch("grastorp", 4)) == 7, "six events were brought"
    assert len(await journal.effects()) == 4
    await database.close()


async def test_a_copy_is_of_one_moment_while_a_service_writes_on(tmp_path: Path, database_url: str) -> None:
    await fill(tmp_path)
    await copy((tmp_path, None), (NOWHERE, database_url))
    database = PostgresDatabase(database_url)
    async with open_stores(tmp_path, None) as opened:
        assert opened.sqlite is not None
        partition = (await database.read("SELECT partition FROM site WHERE tenant = 'vara'"))[0]["partition"]
        token = await PostgresPartitions(database).claim(partition, "w1")
        journals = (
            (tmp_path, None, SqliteJournal(opened.sqlite)),
            (NOWHERE, database_url, PostgresJournal(database, partition, token, performs=True)),
        )
        for data, url, journal in journals:
            before = comparable(await rows_of(data, url))
            async with contents_of(data, url) as contents:
                rows = contents.rows()
                first = await anext(rows)
                for number in range(10, 20):
                    await journal.commit(batch("vara", number))
                seen: Found = {table.name: [] for table in TABLES}
                seen[first[0].name] += [tuple(row) for row in first[1]]
                async for table, some in rows:
                    seen[table.name] += [tuple(row) for row in some]
            assert comparable({name: sorted(some, key=repr) for name, some in seen.items()}) == before
            assert len((await rows_of(data, url))["event"]) == len(before["event"]) + 10
    await database.close()


async def test_only_an_empty_target_is_filled(tmp_path: Path, database_url: str) -> None:
    await fill(tmp_path / "full")
    await copy((tmp_path / "full", None), (NOWHERE, database_url))
    backup = await archived(tmp_path / "full")
    for target in ((tmp_path / "full", None), (NOWHERE, database_url)):
        before = await rows_of(*target)
        with pytest.raises(OptionInvalid, match=r"not empty \(.*alarm"):
            await unpack(backup, target)
        assert await rows_of(*target) == before


async def test_a_target_on_which_a_service_runs_is_not_filled(tmp_path: Path, database_url: str) -> None:
    await fill(tmp_path / "full")
    backup = await archived(tmp_path / "full")
    database = PostgresDatabase(database_url)
    await PostgresPartitions(database).claim("p03", "w1")
    await database.close()
    with pytest.raises(OptionInvalid, match="w1"):
        await unpack(backup, (NOWHERE, database_url))
    owner = open_file(tmp_path / "empty")
    owner.own()
    with pytest.raises(OptionInvalid, match="another service"):
        await unpack(backup, (tmp_path / "empty", None))
    owner.close()


async def test_a_damaged_archive_fills_nothing(tmp_path: Path, database_url: str) -> None:
    await fill(tmp_path / "one")
    whole = await archived(tmp_path / "one")
    for target in ((tmp_path / "two", None), (NOWHERE, database_url)):
        with pytest.raises(ArchiveDamaged, match="cut off"):
            await unpack(whole[:-30], target)
        found = await rows_of(*target)
        assert {name for name, rows in found.items() if rows} <= {"partition", "counter"}
        assert not found["state"]
        await unpack(whole, target)


def frames(data: bytes) -> int:
    return sum(1 for _ in ArchiveReader(io.BytesIO(data), "the backup").frames())


def same(changed: bytes, whole: bytes) -> bool:
    """Whether the change changes nothing of what is in it."""
    try:
        return gzip.decompress(changed) == gzip.decompress(whole)
    except (OSError, EOFError, zlib.error):
        return False


async def test_no_damage_passes_for_a_backup(tmp_path: Path) -> None:
    await fill(tmp_path)
    whole = await archived(tmp_path)
    assert frames(whole) > len(TENANTS)
    for length in range(0, len(whole), 37):
        with pytest.raises(ArchiveDamaged):
            frames(whole[:length])
    # The first ten bytes are gzip's own, some of which mean nothing.
    harmful = 0
    for place in range(10, len(whole), 13):
        changed = bytearray(whole)
        changed[place] ^= 0x10
        if same(bytes(changed), whole):
            continue  # a bit with which gzip fills its last byte up, for instance: nothing is damaged
        harmful += 1
        with pytest.raises(ArchiveDamaged):
            frames(bytes(changed))
    assert harmful > len(whole) // 20
    for other in (b"", b"SQLite format 3\x00", b"\x1f\x8b", whole + whole):
        with pytest.raises(ArchiveDamaged):
            frames(other)


def forged(*rows: list[object], counted: int, table: str = "state", other: bytes = b"") -> bytes:
    """An archive whose gzip is right and whose contents are not what its end says, or not rows of ours."""
    out = io.BytesIO()
    writer = ArchiveWriter(out, program="0", made_at=NOW, kind="sqlite")
    writer._frame(Rows(table, list(rows)))
    writer._counts["state"] = counted
    writer._digest.update(other)
    writer.finish()
    return out.getvalue()


def test_an_archive_is_checked_beyond_gzip_itself() -> None:
    row: list[object] = ["chain", "grastorp/r1/press", "grastorp", None, b"x"]
    assert frames(forged(row, counted=1)) == 1
    for wrong in (
        forged(row, counted=0),
        forged(row, counted=1, other=b"a frame that was taken out"),
        forged(row, row, counted=1),
        forged(row[:-1], counted=1),
        forged([], counted=0, table="nonsense"),
    ):
        with pytest.raises(ArchiveDamaged):
            frames(wrong)


def test_progress_is_said_now_and_then() -> None:
    said: list[str] = []
    times = iter([0.0, SAY_EVERY_S / 2, SAY_EVERY_S, SAY_EVERY_S * 1.5, SAY_EVERY_S * 2])
    progress = Progress(said.append, "backing up", lambda: next(times))
    for _ in range(4):
        progress.add(NAMED["event"], 1000)
    assert said == ["backing up: event, 2,000 rows so far", "backing up: event, 4,000 rows so far"]


def test_what_is_no_installation_gives_no_backup(tmp_path: Path) -> None:
    with pytest.raises(OptionInvalid, match="--data"):
        SqliteContents(tmp_path / DATABASE)
    (tmp_path / DATABASE).write_text("nonsense" * 1000)
    with pytest.raises(OptionInvalid, match="--data"):
        SqliteContents(tmp_path / DATABASE)
    assert [path.name for path in tmp_path.iterdir()] == [DATABASE]
