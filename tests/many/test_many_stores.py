"""The database, Redis and the broker that die, stand still, forget, change places and run full while devices press."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from alarmcore.shared import LEASE_S
from tests.many.installation import Installation, at_work, late_s
from tests.servers.cluster import Cluster
from tests.servers.postgres import PostgresServer, running

pytestmark = [pytest.mark.timeout(600), pytest.mark.asyncio(loop_scope="module")]

TURN_S = 5.0
"""The second link of the chains: its time comes while something is gone."""

LATE_MAX_S = 20.0
"""How late a link may be told on the slowest machine that runs this."""


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


async def test_a_database_that_dies_stands_still_and_fails_over_loses_nothing_that_was_confirmed(tmp_path: Path) -> None:
    with paired() as (first, second):

        def both_hosts(made: Cluster) -> None:
            made.database_url = f"postgresql://postgres@127.0.0.1:{first.port},127.0.0.1:{second.port}/{made.name}"
            made.member("a")
            made.member("b")

        async with at_work(tmp_path, wait_s=TURN_S, server=first, prepare=both_hosts) as installation:
            await installation.shared("a", "b")
            await killed_and_stopped(installation, first)
            await installation.all_told("contact:bo")
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


async def killed_and_stopped(installation: Installation, server: PostgresServer) -> None:
    """The database dies and comes back, and then does not answer for a while."""
    installation.press_all()
    await asyncio.to_thread(server.kill)
    installation.press_all()
    await asyncio.sleep(LEASE_S / 2)
    await asyncio.to_thread(server.start)
    await installation.some_confirmed()
    installation.press_all()
    await asyncio.to_thread(server.pause)
    installation.press_all()
    await asyncio.sleep(1.5 * LEASE_S)
    server.resume()
    await installation.some_confirmed()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def several(tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer) -> AsyncIterator[Installation]:
    """Two members, `a` and `b`, and two towns."""
    async with at_work(tmp_path_factory.mktemp("stores"), "a", "b", wait_s=TURN_S, server=postgres) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def installation(several: Installation) -> Installation:
    """They are at work, each the owner of a town, and every resident has an alarm that is new."""
    await several.shared("a", "b")
    await several.begin()
    return several


async def test_a_redis_that_dies_stands_still_and_forgets_moves_nothing_and_no_page_misses_anything(
    installation: Installation,
) -> None:
    store = installation.cluster.redis
    assert store is not None
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
    await installation.all_told("contact:bo")
    stored = await installation.check_in_the_end()
    assert await asyncio.to_thread(installation.cluster.fencing_tokens) == tokens, "a partition moved"
    assert installation.screen.connections == connections
    late = max(late_s(found.events, TURN_S) for found in stored.values())
    print(f"without Redis: the second link {late:.2f} s late, a press waited at most {installation.waited_s:.2f} s")
    assert late < LATE_MAX_S


def nothing() -> None:
    """What has forgotten goes on by itself."""


async def test_a_broker_that_is_killed_with_its_memory_and_without_loses_nothing_that_was_confirmed(
    installation: Installation,
) -> None:
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
