"""The address of a database, what a server is asked for, and which failures pass."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from alarmcore.adapters.postgres_journal import Durability, PostgresDatabase
from alarmcore.adapters.postgres_journal.address import HOSTS_MAX, Address
from alarmcore.adapters.postgres_journal.database import LINES_MAX
from alarmcore.errors import CommitFailed, OptionInvalid, Unavailable
from tests.servers.mosquitto import free_port
from tests.servers.postgres import PostgresServer


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[PostgresDatabase]:
    opened = PostgresDatabase(database_url)
    yield opened
    await opened.close()


# -- addresses ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("mysql://h/d", "does not begin with postgresql://"),
        ("h/d", "does not begin with postgresql://"),
        ("postgresql://u:secret@h", "names no database"),
        ("postgresql://u:secret@h/", "names no database"),
        ("postgresql:///d", "names no host"),
        ("postgresql://u:secret@h:port/d", "host 'h:port', which is none"),
        ("postgresql://u:secret@h:70000/d", "host 'h:70000', which is none"),
        ("postgresql://u:secret@a,,b/d", "host '', which is none"),
        ("postgresql://u:secret@[::1/d", "cannot be read"),
        ("postgresql://u:secret@h/d?sslmode=yes", "sslmode=yes, which is none of disable"),
        (f"postgresql://u:secret@{','.join(['h'] * (HOSTS_MAX + 1))}/d", "at most 8"),
    ],
)
def test_an_address_that_cannot_be_one_is_refused_without_its_password(url: str, text: str) -> None:
    with pytest.raises(OptionInvalid) as refused:
        PostgresDatabase(url)
    assert text in str(refused.value)
    assert "secret" not in str(refused.value)


def test_an_address_is_shown_without_what_is_secret() -> None:
    url = "postgresql://al%40rm:se%3Acret@db1:5433,[::1]:5432/alarms?password=secret&sslmode=verify-full"
    address = Address(url)
    assert address.shown == "postgresql://al@rm@db1:5433,[::1]:5432/alarms"
    assert address.hosts == ["db1:5433", "[::1]:5432"]
    assert address.each() == [
        "postgresql://al%40rm:se%3Acret@db1:5433/alarms?password=secret&sslmode=verify-full",
        "postgresql://al%40rm:se%3Acret@[::1]:5432/alarms?password=secret&sslmode=verify-full",
    ]


def test_a_socket_of_this_machine_can_be_named_in_the_options() -> None:
    url = "postgresql:///alarms?host=/run/postgresql"
    assert Address(url).each() == [url]


# -- being let in ---------------------------------------------------------------------------------------------------------


async def test_a_server_that_lets_us_in_is_greeted(database: PostgresDatabase) -> None:
    await database.greet()


async def test_a_database_or_a_user_that_is_not_there_is_an_option_that_cannot_be_used(postgres: PostgresServer) -> None:
    for url in (postgres.url("never-made"), postgres.url().replace("postgres@", "nobody:secret@")):
        with pytest.raises(OptionInvalid, match="give the right user, password and database") as refused:
            await PostgresDatabase(url).greet()
        assert "secret" not in str(refused.value)


async def test_a_server_that_is_not_there_may_come_later() -> None:
    database = PostgresDatabase(f"postgresql://u:secret@127.0.0.1:{free_port()}/d")
    for call in (database.greet(), database.read("SELECT 1"), database.durability()):
        with pytest.raises(Unavailable, match="can be written to") as failed:
            await call
        assert "secret" not in str(failed.value)


async def test_a_host_that_only_can_be_read_is_passed_over(postgres_alone: PostgresServer) -> None:
    standby = postgres_alone.standby()
    try:
        standby.start()
        url = f"postgresql://postgres@127.0.0.1:{standby.port},127.0.0.1:{postgres_alone.port}/postgres"
        database = PostgresDatabase(url)
        ((port,),) = await database.read("SELECT inet_server_port()")
        assert port == postgres_alone.port
        await database.close()
        with pytest.raises(Unavailable):
            await PostgresDatabase(standby.url()).greet()
    finally:
        standby.close()


async def test_a_host_that_hangs_takes_no_more_than_its_share_of_time(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alarmcore.adapters.postgres_journal.line.CONNECT_S", 0.5)
    silent = await asyncio.start_server(lambda *_: asyncio.sleep(3600), "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    database = PostgresDatabase(f"postgresql://postgres@127.0.0.1:{port},127.0.0.1:{postgres.port}/postgres")

    async def once() -> Any:
        return await database.read("SELECT 1")

    assert [tuple(row) for row in await once()] == [(1,)]
    await database.close()
    silent.close()


# -- reading and writing --------------------------------------------------------------------------------------------------


async def test_more_who_read_at_once_than_there_are_lines_all_get_their_answer(database: PostgresDatabase) -> None:
    found = await asyncio.gather(*(database.read("SELECT $1::int, pg_sleep(0.01)", n) for n in range(5 * LINES_MAX)))
    assert [rows[0][0] for rows in found] == list(range(5 * LINES_MAX))
    ((many,),) = await database.read("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
    assert many <= LINES_MAX


async def test_a_transaction_is_stored_as_a_whole_or_not_at_all(database: PostgresDatabase) -> None:
    async def work(connection: asyncpg.Connection[Any]) -> str:
        await connection.execute("INSERT INTO setting VALUES ('a', '')")
        await connection.execute("INSERT INTO setting VALUES ('b', '')")
        return "done"

    assert await database.write(work) == "done"
    await database.write(lambda c: c.execute("DELETE FROM setting WHERE name = 'a'"))
    with pytest.raises(asyncpg.UniqueViolationError):
        await database.write(work)
    assert [row[0] for row in await database.read("SELECT name FROM setting")] == ["b"]


async def test_a_read_that_takes_too_long_is_given_up_and_the_next_one_works(
    database: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def slow(connection: asyncpg.Connection[Any]) -> None:
        await connection.execute("SELECT pg_sleep(60)")

    with pytest.raises(Unavailable, match="no answer in time"):
        await database.ask(slow, 0.2)
    assert [row[0] for row in await database.read("SELECT 1")] == [1]


async def test_a_connection_that_the_server_ended_is_replaced(database: PostgresDatabase, postgres: PostgresServer) -> None:
    ((pid,),) = await database.read("SELECT pg_backend_pid()")
    await asyncio.to_thread(postgres.run, f"SELECT pg_terminate_backend({pid})")
    with pytest.raises(CommitFailed):
        await database.write(lambda c: c.execute("SELECT pg_terminate_backend(pg_backend_pid())"))
    ((other,),) = await database.read("SELECT pg_backend_pid()")
    assert other != pid


# -- how it keeps things --------------------------------------------------------------------------------------------------


async def test_a_server_tells_how_it_keeps_things(database: PostgresDatabase) -> None:
    found = await database.durability()
    assert found.version.split(".")[0].isdigit()
    assert found == Durability(found.version, False, False, "on", "", False)
    assert [mistake.split(" ")[0] for mistake in found.mistakes()] == ["fsync", "full_page_writes"]


@pytest.mark.parametrize(
    ("synchronous", "standbys", "text"),
    [("on", "", ""), ("remote_apply", "s", ""), ("local", "", ""), ("off", "", "is off"), ("local", "s", "is local")],
)
def test_what_would_lose_what_was_confirmed_is_a_mistake(synchronous: str, standbys: str, text: str) -> None:
    mistakes = Durability("18", True, True, synchronous, standbys, True).mistakes()
    assert [text in mistake for mistake in mistakes] == [True] * bool(text)


WANTS_TLS = bytes.fromhex("0000000804d2162f")


CERTIFY = (
    *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"),
    *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
)


class Front:
    """Speaks TLS before a server that was built without it, as PostgreSQL's protocol begins it."""

    def __init__(self, certificate: Path, port: int) -> None:
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.context.load_cert_chain(certificate, certificate.with_suffix(".key"))
        self.target = port
        self.encrypted = 0

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        begun = await reader.readexactly(len(WANTS_TLS))
        if begun == WANTS_TLS:
            writer.write(b"S")
            await writer.start_tls(self.context)
            self.encrypted += 1
            begun = b""
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self.target)
        server_writer.write(begun)
        await asyncio.gather(self.carry(reader, server_writer), self.carry(server_reader, writer), return_exceptions=True)

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while chunk := await reader.read(1 << 16):
                writer.write(chunk)
        finally:
            writer.close()


def certified(path: Path) -> Path:
    """A new certificate of this machine, its key beside it."""
    subprocess.run(
        [*CERTIFY, "-keyout", path.with_suffix(".key"), "-out", path],
        check=True,
        capture_output=True,
    )
    return path


async def test_a_connection_is_encrypted_as_the_address_says(
    database_url: str,
    postgres: PostgresServer,
    tmp_path: Path,
    need: Callable[[object, str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))  # where an authority for all of a user's programs may lie
    monkeypatch.delenv("PGSSLROOTCERT", raising=False)
    need(shutil.which("openssl"), "openssl")
    known, stranger = certified(tmp_path / "known.crt"), certified(tmp_path / "stranger.crt")
    front = Front(known, postgres.port)
    listening = await asyncio.start_server(front.connected, "127.0.0.1", 0)
    url = database_url.replace(str(postgres.port), str(listening.sockets[0].getsockname()[1]))
    for options, encrypted in (
        ("sslmode=disable", 0),
        ("sslmode=require", 1),
        (f"sslmode=verify-full&sslrootcert={known}", 2),
    ):
        database = PostgresDatabase(f"{url}?{options}")
        assert [row[0] for row in await database.read("SELECT 1")] == [1]
        assert front.encrypted == encrypted
        await database.close()
    with pytest.raises(Unavailable, match=r"signed by 'localhost', an authority that is not trusted here; .*sslrootcert=FILE"):
        await PostgresDatabase(f"{url}?sslmode=verify-full&sslrootcert={stranger}").read("SELECT 1")
    with pytest.raises(OptionInvalid, match="signed by 'localhost'"):
        await PostgresDatabase(f"{url}?sslmode=verify-full&sslrootcert={stranger}").greet()
    with pytest.raises(OptionInvalid, match="no authority is named; add sslrootcert=FILE"):
        await PostgresDatabase(f"{url}?sslmode=verify-full").greet()
    with pytest.raises(Unavailable, match=f"sslrootcert={tmp_path}/none.crt is no file"):
        await PostgresDatabase(f"{url}?sslmode=verify-full&sslrootcert={tmp_path}/none.crt").greet()
    with pytest.raises(Unavailable):
        await PostgresDatabase(f"{database_url}?sslmode=require").read("SELECT 1")
    listening.close()
