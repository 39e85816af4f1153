"""Wires between a worker and what it needs: slow, cut in the middle, and silent for twice its lease, while another worker has none of it."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from alarmcore.shared import LEASE_S
from tests.many.installation import TOWNS, WITHIN_S, Installation, at_work
from tests.servers.cluster import Cluster
from tests.servers.postgres import PostgresServer
from tests.servers.proxy import Proxy, between
from tests.servers.wire import CONNECT, packet, text

pytestmark = pytest.mark.timeout(600)

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


@contextlib.asynccontextmanager
async def wired(folder: Path, server: PostgresServer) -> AsyncIterator[tuple[Installation, Wires]]:
    """Two members, one of them by wires, each the owner of a town."""
    with contextlib.ExitStack() as stack:
        wires: list[Wires] = []
        async with at_work(
            folder, server=server, prepare=lambda cluster: wires.append(Wires(stack, cluster))
        ) as installation:
            await installation.shared("a", "b")
            await installation.ready()
            yield installation, wires[0]


async def test_slow_wires_and_wires_that_are_cut_lose_nothing(tmp_path: Path, postgres: PostgresServer) -> None:
    async with wired(tmp_path, postgres) as (installation, wires):
        for wire in wires.each:
            wire.slow(SLOW_S)
        installation.press_all()
        await installation.some_confirmed()
        for wire in wires.each:
            installation.press_all()
            await asyncio.sleep(SLOW_S)  # some of it is on the wire
            wire.cut()
            await installation.some_confirmed()
        for wire in wires.each:
            wire.slow(0.0)
        await installation.shared("a", "b")
        await installation.ready()
        await installation.check_in_the_end()


@pytest.mark.parametrize("which", ["database", "redis", "broker"])
async def test_a_worker_whose_wire_is_silent_for_twice_its_lease_holds_nobody_up_for_long(
    which: str, tmp_path: Path, postgres: PostgresServer
) -> None:
    async with wired(tmp_path, postgres) as (installation, wires):
        wire: Proxy = getattr(wires, which)
        installation.press_all()
        wire.stall()
        installation.press_all()
        await asyncio.sleep(2 * LEASE_S)
        wire.go_on()
        await installation.some_confirmed()
        await installation.shared("a", "b")
        await installation.ready()
        await installation.check_in_the_end()


async def test_a_worker_that_is_cut_off_from_the_database_for_good_gives_way(tmp_path: Path, postgres: PostgresServer) -> None:
    async with wired(tmp_path, postgres) as (installation, wires):
        wires.database.close_door()
        installation.press_all()
        await installation.shared("b")
        await installation.some_confirmed(2)
        wires.database.open_door()
        await installation.shared("a", "b")
        await installation.ready()
        await installation.check_in_the_end()


async def test_a_rightful_owner_whose_session_was_stolen_comes_back(tmp_path: Path, postgres: PostgresServer) -> None:
    async with at_work(tmp_path, "a", server=postgres) as installation:
        await installation.ready()
        for client in sessions_of(installation):
            await asyncio.to_thread(steal, installation.cluster.broker.port, client)
        installation.press_all()
        await installation.some_confirmed()
        await installation.ready()
        await installation.check_in_the_end()


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
