"""A partition is taken up anew where it is: one thing after the other, under the next token, and never beside its closing."""

from __future__ import annotations

import asyncio

import pytest
from test_owner import LEASE_S, Machine, Town, lived, loop

from tests.simulation.eventloop import VirtualLoop

__all__ = ["loop"]


async def settled(town: Town) -> Machine:
    machine = await town.join("a")
    await asyncio.sleep(30.0)
    assert town.single()
    return machine


def test_it_is_closed_and_opened_under_the_next_token_and_stays_where_it_is(loop: VirtualLoop) -> None:
    async def story() -> None:
        town = Town()
        machine = await settled(town)
        await town.join("b")
        await asyncio.sleep(60.0)
        mine = sorted(machine.host.running)
        told, token = len(town.told), machine.host.running[mine[0]]
        assert await machine.owner.anew(mine[0])
        assert [one[1:] for one in town.told[told:]] == [("a", "close", mine[0]), ("a", "open", mine[0])]
        assert machine.host.running[mine[0]] == token + 1
        # At once, so that it can be given back under this one.
        assert machine.owner.owned()[mine[0]] == token + 1
        await asyncio.sleep(60.0)
        assert len(town.told) == told + 2
        assert sorted(machine.host.running) == mine
        assert machine.owner.owned()[mine[0]] == token + 1
        await town.end()

    lived(loop, story())


def test_what_is_not_open_here_is_left_alone(loop: VirtualLoop) -> None:
    async def story() -> None:
        town = Town(2)
        machine = await settled(town)
        other = await town.join("b")
        await asyncio.sleep(60.0)
        told = len(town.told)
        (theirs,) = other.host.running
        assert not await machine.owner.anew(theirs)
        assert not await machine.owner.anew("p99")
        assert len(town.told) == told
        await town.end()

    lived(loop, story())


def test_one_that_cannot_be_opened_goes_to_whoever_can(loop: VirtualLoop) -> None:
    async def story() -> None:
        town = Town(2)
        machine = await settled(town)
        other = await town.join("b")
        await asyncio.sleep(60.0)
        (mine,) = machine.host.running
        machine.host.fails = True
        told = len(town.told)
        assert not await machine.owner.anew(mine)
        await asyncio.sleep(2 * LEASE_S)
        assert mine in other.host.running
        assert [one[1:] for one in town.told[told:] if one[3] == mine][:2] == [("a", "close", mine), ("a", "open", mine)]
        await town.end()

    lived(loop, story())


@pytest.mark.parametrize("cut", ["hangs", "cut"])
def test_a_database_that_is_away_meanwhile_is_waited_for_and_the_partition_opened_then(loop: VirtualLoop, cut: str) -> None:
    async def story() -> None:
        town = Town(1)
        machine = await settled(town)
        setattr(machine.to_database, cut, True)
        assert not await machine.owner.anew("p00")
        assert not machine.host.running
        await asyncio.sleep(10.0)
        setattr(machine.to_database, cut, False)
        await asyncio.sleep(10 * LEASE_S)
        assert town.single()
        await town.end()

    lived(loop, story())


def test_a_drain_waits_for_it_and_then_gives_the_partition_up(loop: VirtualLoop) -> None:
    async def story() -> None:
        town = Town(2)
        machine = await settled(town)
        other = await town.join("b")
        await asyncio.sleep(60.0)
        (mine,) = machine.host.running
        told = len(town.told)
        machine.host.takes_s = 5.0
        renewing = asyncio.create_task(machine.owner.anew(mine))
        await asyncio.sleep(0.1)
        await machine.owner.drain()
        assert await renewing
        assert [what for _, name, what, _ in town.told[told:] if name == "a"] == ["close", "open", "close"]
        assert machine.host.running == {}
        await asyncio.sleep(2 * LEASE_S)
        assert sorted(other.host.running) == sorted(town.deeds.rows)
        await town.end()

    lived(loop, story())
