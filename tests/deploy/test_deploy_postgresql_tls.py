"""PostgreSQL as we ship it lets nobody in without TLS: tried with Debian's build, since the package's knows none."""

from __future__ import annotations

import os
import pwd
import ssl
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.deploy.programs import DEPLOY, RUN_WITHIN_S, certificates
from tests.servers.mosquitto import accepts, free_port

FOUND = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parents[1].name))
DEBIAN = FOUND[-1].parent if FOUND else None
SHIPPED = DEPLOY / "postgresql"


def user() -> dict[str, Any]:
    """PostgreSQL refuses to be root."""
    if os.geteuid() != 0:
        return {}
    entry = pwd.getpwnam("nobody")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def prepare(own: Path, port: int) -> None:
    """The shipped files, their paths set to this folder."""
    text = (SHIPPED / "postgresql.conf").read_text()
    for path in ("/etc/postgresql/tls/server.crt", "/etc/postgresql/tls/server.key", "/etc/postgresql/pg_hba.conf"):
        assert path in text
        text = text.replace(path, str(own / Path(path).name))
    quick = f"\nport = {port}\nunix_socket_directories = ''\nlisten_addresses = '127.0.0.1'\n"
    (own / "postgresql.conf").write_text(text + quick)
    (own / "pg_hba.conf").write_text((SHIPPED / "pg_hba.conf").read_text())
    certificates(own / "certs", "postgres")
    (own / "certs" / "postgres.crt").rename(own / "server.crt")
    (own / "certs" / "postgres.key").rename(own / "server.key")
    (own / "password").write_text("given")
    if who := user():
        for each in (own, *own.rglob("*")):
            os.chown(each, who["user"], who["group"])


@pytest.fixture(scope="module")
def server(need: Callable[[object, str], None]) -> Iterator[tuple[int, Path]]:
    """Its port, and the authority that signed its certificate."""
    need(DEBIAN, "PostgreSQL with TLS (Debian's package postgresql)")
    assert DEBIAN is not None
    with tempfile.TemporaryDirectory(prefix="alarmcore-postgres-tls-") as name:
        own, port = Path(name), free_port()
        prepare(own, port)
        data = ["-D", str(own / "data")]
        init = [
            str(DEBIAN / "initdb"),
            *data,
            "-U",
            "alarmcore_service",
            f"--pwfile={own}/password",
            "--auth=scram-sha-256",
            "-N",
        ]
        subprocess.run(init, check=True, capture_output=True, timeout=RUN_WITHIN_S, cwd="/", **user())
        command = [str(DEBIAN / "postgres"), *data, "-c", f"config_file={own}/postgresql.conf"]
        with (own / "log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, cwd="/", process_group=0, **user())
        try:
            deadline = time.monotonic() + RUN_WITHIN_S
            while not accepts(port):
                assert process.poll() is None, (own / "log").read_text()
                assert time.monotonic() < deadline, "postgres did not start"
                time.sleep(0.02)
            yield port, own / "certs" / "ca.crt"
        finally:
            process.terminate()
            process.wait(RUN_WITHIN_S)


async def sign_in(port: int, tls: ssl.SSLContext | bool, word: str = "given") -> asyncpg.Connection:
    deadline = time.monotonic() + RUN_WITHIN_S
    while True:
        try:
            return await asyncpg.connect(
                host="127.0.0.1", port=port, user="alarmcore_service", password=word, database="alarmcore", ssl=tls, timeout=30
            )
        except asyncpg.CannotConnectNowError:  # it listens a moment before it is ready
            assert time.monotonic() < deadline


async def test_whoever_speaks_tls_and_knows_the_password_gets_to_the_database(server: tuple[int, Path]) -> None:
    port, ca = server
    with pytest.raises(asyncpg.InvalidCatalogNameError, match='"alarmcore" does not exist'):
        await sign_in(port, ssl.create_default_context(cafile=str(ca)))
    with pytest.raises(asyncpg.InvalidPasswordError):
        await sign_in(port, ssl.create_default_context(cafile=str(ca)), "guessed")


async def test_nobody_comes_in_without_tls(server: tuple[int, Path]) -> None:
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError, match="no encryption"):
        await sign_in(server[0], tls=False)


async def test_a_client_that_does_not_know_our_authority_goes_no_further(server: tuple[int, Path]) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        await sign_in(server[0], ssl.create_default_context())
