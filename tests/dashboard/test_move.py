"""Moving an installation from its folder into PostgreSQL: with all of it or not at all, whenever it is cut off."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import asyncpg
import pytest
from belongings import NOW, TENANTS, comparable, everything, fill

from alarmcore.adapters.postgres_journal import PostgresDatabase
from alarmcore.errors import OptionInvalid, Unavailable
from dashboard.contents.opening import contents_of
from dashboard.contents.postgres import CommitUnknown, PostgresTarget
from dashboard.contents.sqlite import SqliteContents
from dashboard.credentials import signed_in
from dashboard.move import move
from dashboard.stores.opening import DATABASE, MOVED, open_file, open_stores
from tests.servers.postgres import PostgresServer

NOWHERE = Path("/nonexistent")


def quiet(text: str) -> None:
    del text


async def contents(data: Path, url: str | None = None) -> dict[str, Any]:
    async with contents_of(data, url) as found:
        return comparable(await everything(found))


async def started(data: Path) -> bool:
    """Whether anything may be done with the folder."""
    try:
        async with open_stores(data, None):
            return True
    except OptionInvalid as error:
        return "--database" not in str(error)


async def test_everything_is_there_afterwards_and_the_folder_as_it_was(tmp_path: Path, empty_database_url: str) -> None:
    secrets = await fill(tmp_path)
    before = await contents(tmp_path)
    said: list[str] = []
    await move(tmp_path, empty_database_url, NOW, said.append)
    after = await contents(NOWHERE, empty_database_url)
    noted = [row for row in after["setting"] if row[0] == "moved"]
    assert len(noted) == 1
    after["setting"] = [row for row in after["setting"] if row[0] != "moved"]
    assert after == before
    assert await contents(tmp_path) == before
    assert not await started(tmp_path)
    async with open_stores(NOWHERE, empty_database_url) as opened:
        assert await opened.stores.tenants() == sorted(TENANTS)
        found = await signed_in(opened.stores, secrets["vara"])
        assert found is not None
        assert found.tenant == "vara"
    assert "state 6" in " ".join(said)
    assert empty_database_url.rsplit("/", 1)[1] in (tmp_path / MOVED).read_text()


async def test_moving_again_says_that_it_is_done(tmp_path: Path, empty_database_url: str) -> None:
    await fill(tmp_path)
    await move(tmp_path, empty_database_url, NOW, quiet)
    said: list[str] = []
    await move(tmp_path, empty_database_url, NOW, said.append)
    assert "already" in said[0]
    assert len(said) == 1


async def test_nothing_is_moved_under_a_running_service(tmp_path: Path, empty_database_url: str) -> None:
    await fill(tmp_path)
    service = open_file(tmp_path)
    service.own()
    with pytest.raises(OptionInvalid, match="another service"):
        await move(tmp_path, empty_database_url, NOW, quiet)
    service.close()
    assert await started(tmp_path)


async def test_nothing_is_moved_into_a_database_that_is_in_use(tmp_path: Path, database_url: str) -> None:
    await fill(tmp_path)
    async with open_stores(NOWHERE, database_url) as opened:
        await opened.stores.put("tanum", "{}", NOW)
    with pytest.raises(OptionInvalid, match=r"not empty \(site\)"):
        await move(tmp_path, database_url, NOW, quiet)
    assert await started(tmp_path)


async def test_there_must_be_something_to_move(tmp_path: Path, empty_database_url: str) -> None:
    with pytest.raises(OptionInvalid, match="--data"):
        await move(tmp_path, empty_database_url, NOW, quiet)
    assert not (tmp_path / DATABASE).exists()


async def test_a_failure_on_the_way_leaves_everything_as_it_was(
    tmp_path: Path, empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(tmp_path)
    take = PostgresTarget.take

    async def fails(self: PostgresTarget, table: Any, rows: Any) -> None:
        await take(self, table, rows)
        if table.name == "event":
            raise asyncpg.ConnectionDoesNotExistError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(PostgresTarget, "take", fails)
        with pytest.raises(Unavailable, match="try again"):
            await move(tmp_path, empty_database_url, NOW, quiet)
    assert await started(tmp_path)
    assert not await filled(empty_database_url)
    await move(tmp_path, empty_database_url, NOW, quiet)
    assert not await started(tmp_path)


async def filled(url: str) -> bool:
    """Whether anything was brought: the moment of the latest decision is of the first."""
    database = PostgresDatabase(url)
    try:
        return bool(await database.read("SELECT FROM partition WHERE decided_at IS NOT NULL"))
    finally:
        await database.close()


async def test_rows_that_are_lost_on_the_way_are_noticed(
    tmp_path: Path, empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(tmp_path)
    take = PostgresTarget.take

    async def forgets(self: PostgresTarget, table: Any, rows: Any) -> None:
        await take(self, table, rows[1:] if table.name == "identity" else rows)

    monkeypatch.setattr(PostgresTarget, "take", forgets)
    with pytest.raises(Exception, match="identity: 5 of 6"):
        await move(tmp_path, empty_database_url, NOW, quiet)
    assert not await filled(empty_database_url)
    assert await started(tmp_path)


@pytest.mark.parametrize("kept", [True, False])
async def test_a_move_that_was_cut_off_in_its_commit_is_finished_by_the_next(
    tmp_path: Path, empty_database_url: str, monkeypatch: pytest.MonkeyPatch, *, kept: bool
) -> None:
    await fill(tmp_path)
    before = await contents(tmp_path)
    finish = PostgresTarget.finish

    async def cut_off(self: PostgresTarget) -> None:
        if kept:
            await finish(self)
        raise CommitUnknown("lost")

    with monkeypatch.context() as patch:
        patch.setattr(PostgresTarget, "finish", cut_off)
        with pytest.raises(CommitUnknown):
            await move(tmp_path, empty_database_url, NOW, quiet)
    assert not await started(tmp_path), "nobody knows yet whose the alarms are"
    assert await filled(empty_database_url) == kept
    await move(tmp_path, empty_database_url, NOW, quiet)
    after = await contents(NOWHERE, empty_database_url)
    assert {name: rows for name, rows in after.items() if name != "setting"} == {
        name: rows for name, rows in before.items() if name != "setting"
    }


async def test_a_server_that_dies_on_the_way_leaves_everything_as_it_was(
    tmp_path: Path, need: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    del need
    await fill(tmp_path)
    server = PostgresServer()
    rows = SqliteContents.rows

    async def dies(self: SqliteContents) -> Any:
        async for table, some in rows(self):
            if table.name == "alarm":
                server.kill()
            yield table, some

    try:
        server.start()
        url = server.url(server.create())
        with monkeypatch.context() as patch:
            patch.setattr(SqliteContents, "rows", dies)
            with pytest.raises(Unavailable):
                await move(tmp_path, url, NOW, quiet)
        assert await started(tmp_path)
        server.start()
        await move(tmp_path, url, NOW, quiet)
        assert len((await contents(NOWHERE, url))["alarm"]) == 6
    finally:
        server.close()
