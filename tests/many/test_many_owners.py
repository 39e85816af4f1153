"""Owners that die, sleep, leave and join while devices press: real processes, and everything that was confirmed is kept, once."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from alarmcore.shared import LEASE_S
from tests.many.installation import TOWNS, WITHIN_S, Installation, at_work, late_s
from tests.many.screens import following
from tests.servers.cluster import Member
from tests.servers.postgres import PostgresServer
from tests.servers.ward import eventually

pytestmark = pytest.mark.timeout(600)

TURN_S = 4.0
"""The second link of the chains: told while nobody owns the alarm, were it not for the takeover."""

WAIT_MAX_S = 30.0
"""How long a press may wait in a planned restart on the slowest machine that runs this; see what is printed for a fast one."""


def of(installation: Installation, tenant: str) -> Member:
    """Who owns a town now."""
    owner = installation.cluster.owner(tenant)
    assert owner is not None
    return owner


def taken_after_s(installation: Installation, since: float) -> float:
    """How long after a moment the partition that was claimed last was claimed, by the database's clock: a token is the time."""
    return max(installation.cluster.fencing_tokens().values()) / 1e6 - since


async def test_a_killed_owners_alarms_go_on_with_another(tmp_path: Path, postgres: PostgresServer) -> None:
    async with at_work(tmp_path, "a", "b", wait_s=TURN_S, server=postgres) as installation:
        await installation.shared("a", "b")
        victim = await asyncio.to_thread(of, installation, TOWNS[0])
        await installation.all_told(TOWNS[0], "contact:eva")
        installation.press_all()
        victim.kill()
        killed_at = time.time()
        await installation.owned_by_others(victim)
        print(f"takeover after kill -9: {taken_after_s(installation, killed_at):.2f} s")
        await installation.some_confirmed()
        await installation.all_told(TOWNS[0], "contact:bo")
        await installation.all_told(TOWNS[1], "contact:bo")
        await asyncio.to_thread(victim.start)
        await installation.shared("a", "b")
        await installation.ready()
        stored = (await installation.check_in_the_end())[TOWNS[0]]
        print(f"second link {late_s(stored.events, TURN_S):.2f} s late")


async def test_an_owner_that_slept_through_its_lease_disturbs_nothing_and_becomes_useful_again(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    async with at_work(tmp_path, "a", "b", server=postgres) as installation:
        await installation.shared("a", "b")
        await installation.ready()
        zombie = await asyncio.to_thread(of, installation, TOWNS[0])
        async with following(installation.cluster, TOWNS[0], lambda: zombie.url) as screen:
            await eventually(lambda: screen.picture, WITHIN_S, "the zombie's page shows nothing")
            secret = await asyncio.to_thread(installation.cluster.token, "operator", TOWNS[0], "anna")
            alarm = next(iter(screen.picture))
            installation.press_all()
            zombie.pause()
            slept_at = time.time()
            act = asyncio.create_task(asyncio.to_thread(take, zombie, secret, alarm))
            await installation.owned_by_others(zombie)
            print(f"takeover from a sleeper: {taken_after_s(installation, slept_at):.2f} s")
            await installation.some_confirmed()
            await asyncio.sleep(max(0.0, slept_at + 2 * LEASE_S - time.time()))
            installation.press_all()
            zombie.resume()
            await installation.some_confirmed()
            assert await act in {200, 503}
            await installation.shared("a", "b")
            await installation.ready()
            stored = (await installation.check_in_the_end())[TOWNS[0]]
            taken = sum(event.event == "alarm.taken" for event in stored.events)
            assert taken == 1 or (taken == 0 and act.result() == 503)
            assert sum(event.event == "alarm.repeated" for event in stored.events) == sum(screen.picture.values())


def take(member: Member, secret: str, alarm: str) -> int:
    """An operator takes an alarm at a process that may be asleep; what it answers when it is awake."""
    with member.client(secret) as client:
        client.timeout = WITHIN_S
        return client.post(f"/api/v1/alarms/{alarm}/take").status_code


async def test_a_planned_restart_of_every_member_makes_no_press_wait(tmp_path: Path, postgres: PostgresServer) -> None:
    async with at_work(tmp_path, "a", "b", "c", wait_s=TURN_S, server=postgres) as installation:
        await installation.ready()
        installation.waited_s = 0.0
        for member in installation.cluster.members:
            installation.press_all()
            assert await asyncio.to_thread(member.stop) == 0
            assert member.name not in installation.cluster.owners().values()
            await installation.some_confirmed()
            await asyncio.to_thread(member.start)
            await installation.ready()
        print(f"a press waited at most {installation.waited_s:.2f} s")
        assert installation.waited_s < WAIT_MAX_S
        await installation.all_told(TOWNS[0], "contact:bo")
        await installation.all_told(TOWNS[1], "contact:bo")
        stored = await installation.check_in_the_end()
        failed = [e.event for found in stored.values() for e in found.events if e.event == "alarm.telling_failed"]
        assert not failed, "a telling was tried by a process that had hung up already"


async def test_shares_become_fair_when_members_join_and_leave_and_then_nothing_moves(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    async with at_work(tmp_path, "a", server=postgres) as installation:
        await installation.shared("a")
        newcomer = installation.cluster.member("b")
        await asyncio.to_thread(newcomer.start)
        await installation.shared("a", "b")
        await installation.ready()
        tokens = await asyncio.to_thread(installation.cluster.fencing_tokens)
        await installation.some_confirmed()
        await asyncio.sleep(2 * LEASE_S)  # long enough for any move that somebody wants
        assert await asyncio.to_thread(installation.cluster.fencing_tokens) == tokens, "a partition moved though all was fair"
        assert await asyncio.to_thread(newcomer.stop) == 0
        await installation.shared("a")
        await installation.check_in_the_end()
