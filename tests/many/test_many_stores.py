"""A database that dies, stands still, fails over and comes back twice while devices press: what was confirmed is kept, once."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from alarmcore.shared import LEASE_S
from tests.many.installation import Installation, at_work
from tests.servers.cluster import Cluster
from tests.servers.postgres import PostgresServer, running

pytestmark = pytest.mark.timeout(600)

TURN_S = 5.0
"""The second link of the chains: its time comes while something is gone."""

LEFT = "SELECT (SELECT count(*) FROM identity), (SELECT max(token) FROM partition), (SELECT last FROM counter)"
"""What any write of an installation changes."""


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


async def database_lost(folder: Path, _: PostgresServer) -> None:
    """Everything that happens to it."""
    with paired() as (first, second):

        def both_hosts(made: Cluster) -> None:
            made.database_url = f"postgresql://postgres@127.0.0.1:{first.port},127.0.0.1:{second.port}/{made.name}"
            made.member("a")
            made.member("b")

        async with at_work(folder, wait_s=TURN_S, server=first, prepare=both_hosts) as installation:
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
            await left_behind(installation, first)
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


async def left_behind(installation: Installation, former: PostgresServer) -> None:
    """The server that was failed over from comes back as if nothing had happened, waits for no standby, and is named first.

    A member that is started then, and all of them when the new server is away for a moment, could write to it.
    """
    former.configure({"synchronous_standby_names": "''"})
    await asyncio.to_thread(former.start)
    before = await asyncio.to_thread(former.run, LEFT, database=installation.cluster.name)
    member = installation.cluster.members[0]
    member.kill()
    installation.press_all()
    await asyncio.to_thread(member.start)
    await installation.shared("a", "b")
    await installation.some_confirmed()
    await asyncio.to_thread(installation.cluster.server.kill)
    installation.press_all()
    await asyncio.sleep(LEASE_S / 2)
    await asyncio.to_thread(installation.cluster.server.start)
    await installation.some_confirmed()
    assert await asyncio.to_thread(former.run, LEFT, database=installation.cluster.name) == before, "it was written to"


@pytest.mark.aside(story=database_lost)
def test_a_database_that_dies_stands_still_and_fails_over_loses_nothing_that_was_confirmed(aside: Future[None]) -> None:
    aside.result()
