"""One installation of two members while everything about it fails: owners, Redis, the broker, the wires of one of them.

Real processes; devices press all the time, and everything that was confirmed is kept, once. The tests share the installation,
since most of the time it would otherwise be started; each begins with all well, and with new alarms.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from alarmcore.shared import LEASE_S
from tests.many.asides import Asides
from tests.many.installation import DEVICES, TOWNS, WITHIN_S, Installation, late_s
from tests.many.screens import following
from tests.many.wires import Wired, sessions_of, steal, wired
from tests.servers.cluster import Member
from tests.servers.postgres import PostgresServer
from tests.servers.proxy import Proxy
from tests.servers.ward import eventually

pytestmark = [pytest.mark.timeout(600), pytest.mark.asyncio(loop_scope="module")]

TURN_S = 4.0
"""The second link of the chains: told while nobody owns the alarm, were it not for the takeover, or while something is gone."""

BURST = 10
"""Presses of everybody before an owner falls asleep, so that it does so in the middle of a commit now and then."""

WAIT_MAX_S = 30.0
"""How long a press may wait in a planned restart on the slowest machine that runs this; see what is printed for a fast one."""

LATE_MAX_S = 20.0
"""How late a link may be told on the slowest machine that runs this."""

SLOW_S = 0.3
"""How long everything takes on a slow wire."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def both(tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer, asides: Asides) -> AsyncIterator[Wired]:
    """Two members and two towns."""
    async with wired(tmp_path_factory.mktemp("faults"), postgres, wait_s=TURN_S) as made:
        asides.begin()
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def installation(both: Wired) -> Installation:
    """They are at work, and every resident has an alarm that is new."""
    await both.installation.begin()
    return both.installation


@pytest_asyncio.fixture(loop_scope="module")
async def shared(both: Wired, installation: Installation) -> Installation:
    """The same, each the owner of a town. Whoever comes back gets its share after some seconds: not all tests wait for that."""
    await installation.shared("a", "b")
    return installation


@pytest_asyncio.fixture(loop_scope="module")
async def by_wire(both: Wired, shared: Installation) -> AsyncIterator[Wired]:
    """The same with its wires; in the end all is as it was, and nothing is lost."""
    yield both
    await shared.shared("a", "b")
    await shared.ready()
    await shared.check_in_the_end()


# -- owners ---------------------------------------------------------------------------------------------------------------


def of(installation: Installation, tenant: str) -> Member:
    """Who owns a town now."""
    owner = installation.cluster.owner(tenant)
    assert owner is not None
    return owner


def taken_after_s(installation: Installation, since: float) -> float:
    """How long after a moment the partition that was claimed last was claimed, by the database's clock: a token is the time."""
    return max(installation.cluster.fencing_tokens().values()) / 1e6 - since


async def test_a_killed_owners_alarms_go_on_with_another(shared: Installation) -> None:
    victim = await asyncio.to_thread(of, shared, TOWNS[0])
    await shared.all_told("contact:eva")
    await asyncio.sleep(TURN_S / 2)
    shared.press_all()
    victim.kill()  # the second link's time comes while nobody owns these alarms
    killed_at = time.time()
    await shared.owned_by_others(victim)
    print(f"takeover after kill -9: {taken_after_s(shared, killed_at):.2f} s")
    await shared.some_confirmed()
    await shared.all_told("contact:bo")
    await asyncio.to_thread(victim.start)
    stored = (await shared.check_in_the_end())[TOWNS[0]]
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


async def test_a_planned_restart_of_every_member_makes_no_press_wait_and_shares_are_fair_again(
    shared: Installation,
) -> None:
    for member in shared.cluster.members:
        (other,) = {"a", "b"} - {member.name}
        shared.press_all()
        assert await asyncio.to_thread(member.stop) == 0
        await shared.shared(other)
        await shared.some_confirmed()
        await asyncio.to_thread(member.start)
        await shared.ready()
        await shared.shared("a", "b")
    print(f"in a planned restart a press waited at most {shared.waited_s:.2f} s")
    assert shared.waited_s < WAIT_MAX_S
    await shared.all_told("contact:bo")
    stored = await shared.check_in_the_end()
    failed = [e for one in stored.values() for e in one.events if e.event == "alarm.telling_failed" and e.at > shared.began_at]
    assert not failed, "a telling was tried by a process that had hung up already"


# -- stores ---------------------------------------------------------------------------------------------------------------


async def test_a_redis_that_dies_stands_still_and_forgets_moves_nothing_and_no_page_misses_anything(
    shared: Installation,
) -> None:
    """It takes several leases: nor does anything move of itself, now that shares are fair."""
    store = shared.cluster.redis
    assert store is not None
    tokens = await asyncio.to_thread(shared.cluster.fencing_tokens)
    connections = shared.screen.connections
    for lose, regain in [(store.kill, store.start), (store.pause, store.resume), (store.forget, None)]:
        shared.press_all()
        await asyncio.to_thread(lose)
        shared.press_all()
        await shared.some_confirmed()
        await asyncio.sleep(1.2 * LEASE_S)  # whoever wanted to take something would by now
        if regain is not None:
            await asyncio.to_thread(regain)
            await shared.some_confirmed()
            await asyncio.sleep(LEASE_S / 2)
    await shared.all_told("contact:bo")
    stored = await shared.check_in_the_end()
    assert await asyncio.to_thread(shared.cluster.fencing_tokens) == tokens, "a partition moved"
    assert shared.screen.connections == connections
    late = max(late_s(found.events, TURN_S) for found in stored.values())
    print(f"without Redis: the second link {late:.2f} s late, a press waited at most {shared.waited_s:.2f} s")
    assert late < LATE_MAX_S


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


# -- wires ----------------------------------------------------------------------------------------------------------------


async def test_slow_wires_and_wires_that_are_cut_lose_nothing(by_wire: Wired) -> None:
    for wire in by_wire.wires.each:
        wire.slow(SLOW_S)
    by_wire.installation.press_all()
    await by_wire.installation.some_confirmed()
    for wire in by_wire.wires.each:
        by_wire.installation.press_all()
        await asyncio.sleep(SLOW_S)  # some of it is on the wire
        wire.cut()
        await by_wire.installation.some_confirmed()
    for wire in by_wire.wires.each:
        wire.slow(0.0)


@pytest.mark.parametrize("which", ["database", "redis", "broker"])
async def test_a_worker_whose_wire_is_silent_for_twice_its_lease_loses_nothing(which: str, by_wire: Wired) -> None:
    wire: Proxy = getattr(by_wire.wires, which)
    by_wire.installation.press_all()
    wire.stall()
    by_wire.installation.press_all()
    await asyncio.sleep(2 * LEASE_S)
    wire.go_on()
    await by_wire.installation.some_confirmed()


async def test_a_worker_that_is_cut_off_from_the_database_for_good_gives_way(by_wire: Wired) -> None:
    by_wire.wires.database.close_door()
    by_wire.installation.press_all()
    await by_wire.installation.shared("b")
    await by_wire.installation.some_confirmed(2)
    by_wire.wires.database.open_door()


async def test_a_rightful_owner_whose_session_was_stolen_takes_it_again(by_wire: Wired) -> None:
    for client in sessions_of(by_wire.installation):
        await asyncio.to_thread(steal, by_wire.installation.cluster.broker.port, client)
    by_wire.installation.press_all()
    await by_wire.installation.some_confirmed(2 * DEVICES)
