"""Two members of one installation: `a` reaches everything by wires that can be slow, cut and silent, `b` has none."""

from __future__ import annotations

import contextlib
import re
import socket
from collections.abc import AsyncIterator
from pathlib import Path

from tests.many.installation import TOWNS, WITHIN_S, Installation, at_work
from tests.servers.cluster import Cluster
from tests.servers.postgres import PostgresServer
from tests.servers.proxy import Proxy, between
from tests.servers.wire import CONNECT, packet, text


class Wires:
    """The wires of member `a`."""

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


@contextlib.asynccontextmanager
async def wired(folder: Path, server: PostgresServer, *, wait_s: float) -> AsyncIterator[Wired]:
    """It is at work, and gone afterwards."""
    wires: list[Wires] = []
    with contextlib.ExitStack() as stack:

        def prepare(made: Cluster) -> None:
            wires.append(Wires(stack, made))

        async with at_work(folder, wait_s=wait_s, server=server, prepare=prepare) as made:
            yield Wired(made, wires[0])


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
