"""The database, Redis and the broker that die, stand still, forget, change places and run full while devices press."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from alarmcore.shared import LEASE_S
from tests.many.installation import TOWNS, Installation, at_work, late_s
from tests.servers.cluster import Cluster
from tests.servers.mosquitto import PROGRAM, Mosquitto
from tests.servers.postgres import PostgresServer, running

pytestmark = pytest.mark.timeout(600)

TURN_S = 5.0
"""The second link of the chains: its time comes while something is gone."""


async def test_a_database_that_dies_and_one_that_stands_still_lose_nothing_that_was_confirmed(
    tmp_path: Path, postgres_alone: PostgresServer
) -> None:
    async with at_work(tmp_path, "a", "b", wait_s=TURN_S, server=postgres_alone) as installation:
        await installation.shared("a", "b")
        installation.press_all()
        await asyncio.to_thread(postgres_alone.kill)
        installation.press_all()
        await asyncio.sleep(LEASE_S / 2)
        await asyncio.to_thread(postgres_alone.start)
        await installation.some_confirmed()
        installation.press_all()
        await asyncio.to_thread(postgres_alone.pause)
        installation.press_all()
        await asyncio.sleep(1.5 * LEASE_S)
        postgres_alone.resume()
        await installation.some_confirmed()
        await installation.shared("a", "b")
        await installation.ready()
        await installation.all_told(TOWNS[0], "contact:bo")
        await installation.all_told(TOWNS[1], "contact:bo")
        await installation.check_in_the_end()


@contextlib.contextmanager
def paired() -> Iterator[tuple[PostgresServer, PostgresServer]]:
    """A database server and a standby without which it confirms nothing."""
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(running())
        second = first.standby()
        stack.callback(second.close)
        second.start()
        first.configure({"synchronous_standby_names": "'second'"})
        first.reload()
        yield first, second


async def test_a_failover_to_a_standby_loses_nothing_that_was_confirmed(tmp_path: Path) -> None:
    with paired() as (first, second):

        def both_hosts(made: Cluster) -> None:
            made.database_url = f"postgresql://postgres@127.0.0.1:{first.port},127.0.0.1:{second.port}/{made.name}"
            made.member("a")
            made.member("b")

        async with at_work(tmp_path, server=first, prepare=both_hosts) as installation:
            await installation.shared("a", "b")
            installation.press_all()
            await installation.some_confirmed(2)
            await asyncio.to_thread(first.kill)
            installation.press_all()
            await asyncio.to_thread(second.promote)
            installation.cluster.server = second
            await installation.some_confirmed()
            await installation.shared("a", "b")
            await installation.ready()
            await installation.check_in_the_end()


async def test_a_redis_that_dies_stands_still_and_forgets_moves_nothing_and_no_page_misses_anything(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    async with at_work(tmp_path, "a", "b", wait_s=TURN_S, server=postgres) as installation:
        store = installation.cluster.redis
        assert store is not None
        await installation.shared("a", "b")
        await installation.ready()
        tokens = await asyncio.to_thread(installation.cluster.fencing_tokens)
        connections = installation.screen.connections
        for lose, regain in [(store.kill, store.start), (store.pause, store.resume), (store.forget, nothing)]:
            installation.press_all()
            await asyncio.to_thread(lose)
            installation.press_all()
            await installation.some_confirmed()
            await asyncio.sleep(1.2 * LEASE_S)  # whoever wanted to take something would by now
            await asyncio.to_thread(regain)
            await installation.some_confirmed()
            await asyncio.sleep(LEASE_S / 2)
        await installation.all_told(TOWNS[0], "contact:bo")
        stored = await installation.check_in_the_end()
        assert await asyncio.to_thread(installation.cluster.fencing_tokens) == tokens, "a partition moved"
        assert installation.screen.connections == connections
        late = max(late_s(found.events, TURN_S) for found in stored.values())
        print(f"without Redis: the second link {late:.2f} s late, a press waited at most {installation.waited_s:.2f} s")
        assert late < LATE_MAX_S


LATE_MAX_S = 20.0
"""How late a link may be told on the slowest machine that runs this."""


def nothing() -> None:
    """What has forgotten goes on by itself."""


async def test_a_broker_that_is_killed_with_its_memory_and_without_loses_nothing_that_was_confirmed(
    need: Callable[[object, str], None], tmp_path: Path, postgres: PostgresServer
) -> None:
    need(PROGRAM, "mosquitto")
    async with at_work(tmp_path, "a", "b", server=postgres) as installation:
        await installation.shared("a", "b")
        broker = installation.cluster.broker
        for forgets in (False, True):
            installation.press_all()  # some of it is on its way when the broker dies
            broker.kill()
            if forgets:
                (broker.folder / "mosquitto.db").unlink()
            installation.press_all()
            await asyncio.to_thread(broker.start)
            await installation.some_confirmed()
        await installation.ready()
        await installation.check_in_the_end()
