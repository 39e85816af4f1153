"""Roles in processes of their own: workers decide, dispatchers tell, web processes show; each sleeps or dies in its turn."""

from __future__ import annotations

import asyncio
import contextlib
import time
from concurrent.futures import Future
from pathlib import Path

import httpx
import pytest

from dashboard.dispatcher import SETTLE_S
from tests.many.installation import DEVICES, TOWNS, WITHIN_S, Installation, at_work
from tests.many.screens import following
from tests.servers.cluster import Cluster, Member
from tests.servers.postgres import PostgresServer
from tests.servers.proxy import Proxy, between
from tests.servers.ward import eventually

pytestmark = pytest.mark.timeout(600)

TURN_S = 6.0
"""The second link of the chains: told while a dispatcher dies."""


class Split:
    """Two workers, two dispatchers, two web processes."""

    def __init__(self, cluster: Cluster) -> None:
        self.workers = [cluster.member(name, roles="worker") for name in ("w1", "w2")]
        self.dispatchers = [cluster.member(name, roles="dispatcher") for name in ("d1", "d2")]
        self.webs = [cluster.member(name, roles="web") for name in ("v1", "v2")]


async def split_roles(folder: Path, postgres: PostgresServer) -> None:
    """Everything that happens to them."""
    with contextlib.ExitStack() as stack:
        wires: list[Proxy] = []
        split: list[Split] = []

        def by_wire(port: int) -> int:
            wires.append(stack.enter_context(between(port)))
            return wires[0].port

        prepared = at_work(folder, wait_s=TURN_S, server=postgres, hook=by_wire, prepare=lambda made: split.append(Split(made)))
        async with prepared as installation:
            await installation.shared("w1", "w2")
            await taken_at_one_web_is_shown_at_the_other(installation, *split[0].webs)
            await installation.all_told("contact:eva")
            await asleep_while_it_tells(installation, wires[0], *split[0].dispatchers)
            await killed_while_it_tells(installation, wires[0], *split[0].dispatchers)
            pages = installation.screen.connections
            split[0].webs[0].kill()
            installation.press_all()
            await installation.some_confirmed()
            await installation.all_told("contact:bo")
            await installation.check_in_the_end()
            assert installation.screen.connections <= pages + 1


async def taken_at_one_web_is_shown_at_the_other(installation: Installation, one: Member, other: Member) -> None:
    """An operator takes an alarm at one process; a page of another one shows it."""
    secret = await asyncio.to_thread(installation.cluster.token, "operator", TOWNS[0], "anna")
    async with following(installation.cluster, TOWNS[0], lambda: other.url) as screen:
        await eventually(lambda: len(screen.picture) == DEVICES, WITHIN_S, "the page does not show all alarms")
        alarm = min(screen.picture)
        async with httpx.AsyncClient(headers={"authorization": f"Bearer {secret}"}, timeout=WITHIN_S, trust_env=False) as client:
            answer = await client.post(f"{one.url}/api/v1/alarms/{alarm}/take")
        assert (answer.status_code, answer.json()["state"]) == (200, "taken")
        await eventually(lambda: alarm in screen.heard("alarm.taken"), WITHIN_S, "the other process does not show it")


async def asleep_while_it_tells(installation: Installation, wire: Proxy, sleeper: Member, other: Member) -> None:
    """A dispatcher is stopped in its tracks with tellings gone out and unanswered; another one performs them meanwhile.

    What was on the wire arrives too, under the same ids, and what the sleeper makes of that when it wakes up disturbs nothing.
    """
    held = await telling(installation, wire, sleeper, other)
    await asyncio.to_thread(sleeper.pause)
    await told_by(installation, wire, other, held, "stopped in its tracks")
    sleeper.resume()


async def killed_while_it_tells(installation: Installation, wire: Proxy, victim: Member, other: Member) -> None:
    """A dispatcher dies with tellings begun; nothing of them arrives, and another one performs them."""
    held = await telling(installation, wire, victim, other)
    victim.kill()
    wire.cut()
    await told_by(installation, wire, other, held, "killed")


async def telling(installation: Installation, wire: Proxy, one: Member, other: Member) -> set[str]:
    """The effects that `one` is telling of new alarms, alone, when nothing reaches anybody any more."""
    await installation.ready()
    await asyncio.to_thread(other.pause)
    wire.stall()
    await installation.begin()
    sql = f"SELECT id FROM effect WHERE held_by = '{one.name}'"  # noqa: S608 - a name of ours
    return {name for (name,) in await installation.eventually(lambda: installation.cluster.rows(sql), "nothing is being told")}


async def told_by(installation: Installation, wire: Proxy, other: Member, held: set[str], after: str) -> None:
    """Another dispatcher has told them, long before the time is over for which what was tried is held."""
    began_at = time.monotonic()
    wire.go_on()
    other.resume()
    await installation.eventually(
        lambda: not held & {name for (name,) in installation.cluster.rows("SELECT id FROM effect")}, "nobody tells them"
    )
    took_s = time.monotonic() - began_at
    print(f"told by another dispatcher {took_s:.2f} s after one was {after}")
    assert took_s < SETTLE_S


@pytest.mark.aside(story=split_roles)
def test_split_roles_go_on_when_dispatchers_and_a_web_process_sleep_and_die(aside: Future[None]) -> None:
    aside.result()
