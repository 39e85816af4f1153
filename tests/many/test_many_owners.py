"""Owners that die, sleep, leave and join while devices press: real processes, and everything that was confirmed is kept, once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from alarmcore.shared import LEASE_S
from tests.many.installation import TOWNS, WITHIN_S, Installation, at_work, late_s
from tests.many.screens import following
from tests.servers.cluster import Member
from tests.servers.postgres import PostgresServer
from tests.servers.ward import eventually

pytestmark = [pytest.mark.timeout(600), pytest.mark.asyncio(loop_scope="module")]

TURN_S = 4.0
"""The second link of the chains: told while nobody owns the alarm, were it not for the takeover."""

BURST = 10
"""Presses of everybody before an owner falls asleep, so that it does so in the middle of a commit now and then."""

WAIT_MAX_S = 30.0
"""How long a press may wait in a planned restart on the slowest machine that runs this; see what is printed for a fast one."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def several(tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer) -> AsyncIterator[Installation]:
    """Two members, `a` and `b`, and two towns."""
    async with at_work(tmp_path_factory.mktemp("owners"), "a", "b", wait_s=TURN_S, server=postgres) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def installation(several: Installation) -> Installation:
    """They are at work, each the owner of a town, and every resident has an alarm that is new."""
    await several.shared("a", "b")
    await several.begin()
    return several


def of(installation: Installation, tenant: str) -> Member:
    """Who owns a town now."""
    owner = installation.cluster.owner(tenant)
    assert owner is not None
    return owner


def taken_after_s(installation: Installation, since: float) -> float:
    """How long after a moment the partition that was claimed last was claimed, by the database's clock: a token is the time."""
    return max(installation.cluster.fencing_tokens().values()) / 1e6 - since


async def test_a_killed_owners_alarms_go_on_with_another(installation: Installation) -> None:
    victim = await asyncio.to_thread(of, installation, TOWNS[0])
    await installation.all_told("contact:eva")
    await asyncio.sleep(TURN_S / 2)
    installation.press_all()
    victim.kill()  # the second link's time comes while nobody owns these alarms
    killed_at = time.time()
    await installation.owned_by_others(victim)
    print(f"takeover after kill -9: {taken_after_s(installation, killed_at):.2f} s")
    await installation.some_confirmed()
    await installation.all_told("contact:bo")
    await asyncio.to_thread(victim.start)
    await installation.shared("a", "b")
    stored = (await installation.check_in_the_end())[TOWNS[0]]
    print(f"second link {late_s(stored.events, TURN_S):.2f} s late")


async def test_an_owner_that_slept_through_its_lease_disturbs_nothing_and_is_useful_again(
    installation: Installation,
) -> None:
    zombie = await asyncio.to_thread(of, installation, TOWNS[0])
    async with following(installation.cluster, TOWNS[0], lambda: zombie.url) as screen:
        await eventually(lambda: screen.picture, WITHIN_S, "the zombie's page shows nothing")
        secret = await asyncio.to_thread(installation.cluster.token, "operator", TOWNS[0], "anna")
        alarm = next(iter(screen.picture))
        await asyncio.sleep(TURN_S / 2)
        for _ in range(BURST):
            installation.press_all()
            await asyncio.sleep(0.01)
        zombie.pause()  # when it wakes up, the second link's time has come, and it has yet to hear that this is not for it
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
        await installation.all_told("contact:bo")
        await installation.shared("a", "b")
        stored = (await installation.check_in_the_end())[TOWNS[0]]
        taken = sum(event.event == "alarm.taken" and event.alarm == alarm for event in stored.events)
        assert taken == 1 or (taken == 0 and act.result() == 503)
        expected = await installation.expected_picture()
        await eventually(lambda: screen.picture == expected, WITHIN_S, "the zombie's page is not up to date")


def take(member: Member, secret: str, alarm: str) -> int:
    """An operator takes an alarm at a process that may be asleep; what it answers when it is awake."""
    with member.client(secret) as client:
        client.timeout = WITHIN_S
        return client.post(f"/api/v1/alarms/{alarm}/take").status_code


async def test_shares_become_fair_when_a_member_joins_and_leaves_and_then_nothing_moves(installation: Installation) -> None:
    leaver = installation.cluster.members[1]
    assert await asyncio.to_thread(leaver.stop) == 0
    await installation.shared("a")
    await asyncio.to_thread(leaver.start)
    await installation.shared("a", "b")
    await installation.ready()
    tokens = await asyncio.to_thread(installation.cluster.fencing_tokens)
    await asyncio.sleep(2 * LEASE_S)  # long enough for any move that somebody wants
    assert await asyncio.to_thread(installation.cluster.fencing_tokens) == tokens, "a partition moved though all was fair"
    await installation.check_in_the_end()


async def test_a_planned_restart_of_every_member_makes_no_press_wait(installation: Installation) -> None:
    for member in installation.cluster.members:
        installation.press_all()
        assert await asyncio.to_thread(member.stop) == 0
        assert member.name not in installation.cluster.owners().values()
        await installation.some_confirmed()
        await asyncio.to_thread(member.start)
        await installation.ready()
    print(f"in a planned restart a press waited at most {installation.waited_s:.2f} s")
    assert installation.waited_s < WAIT_MAX_S
    await installation.all_told("contact:bo")
    stored = await installation.check_in_the_end()
    failed = [
        e for one in stored.values() for e in one.events if e.event == "alarm.telling_failed" and e.at > installation.began_at
    ]
    assert not failed, "a telling was tried by a process that had hung up already"
