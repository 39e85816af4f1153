"""Wires between a worker and what it needs: slow, cut, and silent for twice its lease, while another worker has none of it."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from alarmcore.shared import LEASE_S
from tests.many.installation import DEVICES, TOWNS, WITHIN_S, Installation, at_work
from tests.servers.cluster import Cluster
from tests.servers.postgres import PostgresServer
from tests.servers.proxy import Proxy, between
from tests.servers.wire import CONNECT, packet, text

pytestmark = [pytest.mark.timeout(600), pytest.mark.asyncio(loop_scope="module")]

SLOW_S = 0.3


class Wires:
    """The wires of member `a`; member `b` has none."""

    def __init__(self, stack: contextlib.ExitStack, cluster: Cluster) -> None:
        assert cluster.redis is not None
        self.database = stack.enter_context(between(cluster.server.port))
        self.redis = stack.enter_context(between(cluster.redis.port))
        self.broker = stack.enter_context(between(cluster.broker.port))
        cluster.member(
            "a",
            database=f"postgresql://postgres@127.0.0.1:{self.database.port}/{cluster.name}",
            redis=f"redis://127.0.0.1:{self.redis.port}/0",
            broker=f"mqtt://127.0.0.1:{self.broker.port}",
        )
        cluster.member("b")

    @property
    def each(self) -> tuple[Proxy, ...]:
        """All of them."""
        return self.database, self.redis, self.broker


class Wired:
    """The installation and its wires."""

    def __init__(self, installation: Installation, wires: Wires) -> None:
        self.installation = installation
        self.wires = wires


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def both(tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer) -> AsyncIterator[Wired]:
    """Two members, one of them by wires."""
    wires: list[Wires] = []
    with contextlib.ExitStack() as stack:

        def prepare(made: Cluster) -> None:
            wires.append(Wires(stack, made))

        async with at_work(tmp_path_factory.mktemp("wires"), server=postgres, prepare=prepare) as made:
            yield Wired(made, wires[0])


@pytest_asyncio.fixture(loop_scope="module")
async def wired(both: Wired) -> AsyncIterator[Wired]:
    """They are at work, each the owner of a town; in the end all is as it was, and nothing is lost."""
    await both.installation.shared("a", "b")
    await both.installation.begin()
    yield both
    await both.installation.shared("a", "b")
    await both.installation.ready()
    await both.installation.check_in_the_end()


async def test_slow_wires_and_wires_that_are_cut_lose_nothing(wired: Wired) -> None:
    for wire in wired.wires.each:
        wire.slow(SLOW_S)
    wired.installation.press_all()
    await wired.installation.some_confirmed()
    for wire in wired.wires.each:
        wired.installation.press_all()
        await asyncio.sleep(SLOW_S)  # some of it is on the wire
        wire.cut()
        await wired.installation.some_confirmed()
    for wire in wired.wires.each:
        wire.slow(0.0)


@pytest.mark.parametrize("which", ["database", "redis", "broker"])
async def test_a_worker_whose_wire_is_silent_for_twice_its_lease_loses_nothing(which: str, wired: Wired) -> None:
    wire: Proxy = getattr(wired.wires, which)
    wired.installation.press_all()
    wire.stall()
    wired.installation.press_all()
    await asyncio.sleep(2 * LEASE_S)
    wire.go_on()
    await wired.installation.some_confirmed()


async def test_a_worker_that_is_cut_off_from_the_database_for_good_gives_way(wired: Wired) -> None:
    wired.wires.database.close_door()
    wired.installation.press_all()
    await wired.installation.shared("b")
    await wired.installation.some_confirmed(2)
    wired.wires.database.open_door()


async def test_a_rightful_owner_whose_session_was_stolen_takes_it_again(wired: Wired) -> None:
    for client in sessions_of(wired.installation):
        await asyncio.to_thread(steal, wired.installation.cluster.broker.port, client)
    wired.installation.press_all()
    await wired.installation.some_confirmed(2 * DEVICES)


def sessions_of(installation: Installation) -> set[str]:
    """What the sessions of owners are called at the broker."""
    said = "".join(member.log for member in installation.cluster.members)
    found = set(re.findall(r'"client_id": "([^"]+-presses)"', said))
    assert len(found) == len(TOWNS)
    return found


def steal(port: int, client: str) -> None:
    """Be let in under somebody's name, as a former owner is that has slept, and leave without a word."""
    with socket.create_connection(("127.0.0.1", port), WITHIN_S) as line:
        line.sendall(packet(CONNECT, text("MQTT") + b"\x04\x00\x00\x3c" + text(client)))
        assert line.recv(4)[:1] == b"\x20"
