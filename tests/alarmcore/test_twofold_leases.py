"""Leases in two stores: the contract, each row and case of the module's table, and faults in any order."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from cut_leases import CutLeases
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lease_world import LEASE_S, PARTITIONS, ROUND_S, World
from leases_contract import LeasesContract

from alarmcore.adapters.alone import AloneLeases
from alarmcore.adapters.twofold_leases import TwofoldLeases
from alarmcore.errors import Unavailable
from alarmcore.shared import Lease, Leases


class Stores:
    """Two stores, and whether they can be reached."""

    def __init__(self) -> None:
        self.first, self.second = AloneLeases(), AloneLeases()
        self.cut: set[str] = set()

    def leases(self) -> TwofoldLeases:
        """As one more process sees them."""
        first = CutLeases(self.first, lambda: "cut" if "first" in self.cut else "open")
        second = CutLeases(self.second, lambda: "cut" if "second" in self.cut else "open")
        return TwofoldLeases(first, second)


class TestTwofoldLeases(LeasesContract):
    """Both stores answer."""

    cut: frozenset[str] = frozenset()

    @pytest.fixture
    def leases(self) -> Leases:
        self.stores = Stores()
        self.stores.cut |= self.cut
        return self.stores.leases()

    @pytest.fixture
    def unreachable(self) -> Leases:
        stores = Stores()
        stores.cut |= {"first", "second"}
        return stores.leases()

    async def again(self, leases: Any) -> Leases:
        return self.stores.leases()

    async def lose_everything(self, leases: Any) -> None:
        self.stores.first.forget()
        self.stores.second.forget()


class TestTwofoldLeasesWithoutTheSecond(TestTwofoldLeases):
    cut = frozenset({"second"})


# -- one store falls silent, and comes back -------------------------------------------------------------------------------


@pytest.fixture
async def world() -> World:
    """Three workers that own everything between them; what each owns came to it by who was first."""
    world = World()
    await world.settle()
    return world


def everybody(world: World, store: str, way: Any) -> None:
    world.ways |= {(store, name): way for name in world.workers}


async def test_in_peace_renewals_ask_nothing_of_the_second_but_a_look(world: World) -> None:
    await world.pass_time(6)
    for worker in world.workers.values():
        worker.second.asked.clear()
    await world.pass_time(10)
    assert {name for worker in world.workers.values() for name in worker.second.asked} == {"look"}
    assert all(worker.second.asked.count("look") == 10 for worker in world.workers.values())


@pytest.mark.parametrize("way", ["cut", "deaf"])
async def test_nothing_moves_when_the_first_falls_silent_for_everybody_and_comes_back_empty(world: World, way: Any) -> None:
    before = dict(world.tokens)
    everybody(world, "first", way)
    await world.pass_time(20)
    world.stores["first"].forget()
    everybody(world, "first", "open")
    await world.pass_time(20)
    assert dict(world.tokens) == before
    assert (await world.workers["a"].leases.look()).forgotten is False


async def test_a_worker_that_dies_with_the_first_store_is_replaced_a_lease_later(world: World) -> None:
    dead = world.workers[world.owners["p0"]]
    dead.awake = False
    everybody(world, "first", "cut")
    await world.pass_time(round(LEASE_S / ROUND_S) + 1)
    assert dead.name not in world.owners.values()
    assert world.moved == []


async def test_a_worker_that_dies_just_before_the_first_comes_back_empty_is_replaced_a_lease_later(world: World) -> None:
    """What the first has lost keeps nobody waiting, since those who lived in the second know everything."""
    everybody(world, "first", "cut")
    await world.pass_time(10)
    dead = world.workers[world.owners["p0"]]
    dead.awake = False
    await world.pass_time(3)
    world.stores["first"].forget()
    everybody(world, "first", "open")
    await world.pass_time(3)
    assert dead.name not in world.owners.values()
    assert world.moved == []


async def test_what_is_free_while_the_first_is_silent_is_not_taken_before_everybody_could_be_heard(world: World) -> None:
    owner = world.owners["p0"]
    others = [name for name in world.workers if name != owner]
    world.ways |= {("first", name): "cut" for name in others}
    for _ in range(round(LEASE_S / ROUND_S)):
        for name in others:
            look = await world.workers[name].leases.look()
            assert look.forgotten
        await world.pass_time(1)
    assert world.owners["p0"] == owner
    look = await world.workers[others[0]].leases.look()
    assert not look.forgotten
    assert look.leases["p0"].owner == owner
    assert owner in look.workers


async def test_one_who_lives_in_the_second_alone_is_seen_and_nothing_of_his_or_theirs_moves(world: World) -> None:
    before = dict(world.tokens)
    world.ways["first", "a"] = "cut"
    await world.pass_time(30)
    assert dict(world.tokens) == before
    for worker in world.workers.values():
        assert (await worker.leases.look()).leases.keys() == set(PARTITIONS)
    assert "a" in (await world.workers["b"].leases.look()).workers
    del world.ways["first", "a"]
    await world.pass_time(10)
    assert dict(world.tokens) == before
    assert (await world.stores["second"].look()).workers == frozenset()


async def test_old_contents_take_nothing_from_the_owner_of_today(world: World) -> None:
    former = world.owners["p0"]
    old = world.old_contents()
    old._held = {partition: (world.now + 3600, lease) for partition, (_, lease) in old._held.items()}
    world.workers[former].awake = False
    await world.pass_time(8)
    assert world.owners["p0"] != former
    before = dict(world.tokens)
    world.come_back(old)
    world.workers[former].awake = True
    await world.pass_time(1)
    look = await world.workers[former].leases.look()
    assert look.leases["p0"] == Lease(world.owners["p0"], world.tokens["p0"])
    await world.pass_time(20)
    assert dict(world.tokens) == before


async def test_a_restart_too_short_to_be_noticed_moves_nothing(world: World) -> None:
    before = dict(world.tokens)
    world.come_back(AloneLeases(world.time))
    await world.pass_time(20)
    assert dict(world.tokens) == before


async def test_a_worker_that_has_slept_through_its_lease_gets_nothing_back_that_another_one_has(world: World) -> None:
    sleeper = world.workers[world.owners["p0"]]
    sleeper.awake = False
    world.ways |= {("first", name): "cut" for name in world.workers if name != sleeper.name}
    await world.pass_time(12)
    taken = dict(world.tokens)
    assert sleeper.name not in world.owners.values()
    assert not await sleeper.leases.take("p0", Lease(sleeper.name, 1), LEASE_S)
    sleeper.awake = True
    await world.pass_time(12)
    assert dict(world.tokens) == taken


async def test_what_is_released_is_free_in_both(world: World) -> None:
    owner = world.workers[world.owners["p0"]]
    world.ways["first", "f"] = "cut"
    for store in ("first", "second"):
        await world.stores[store].take("p0", Lease(owner.name, world.tokens["p0"]), LEASE_S)
    await owner.leases.release("p0", owner.name)
    assert "p0" not in (await world.stores["first"].look()).leases
    assert "p0" not in (await world.stores["second"].look()).leases


@pytest.mark.parametrize("silent", ["first", "second"])
async def test_with_one_store_silent_a_worker_still_leaves_and_releases(world: World, silent: Any) -> None:
    everybody(world, silent, "cut")
    await world.pass_time(2)
    owner = world.workers[world.owners["p0"]]
    await owner.leases.release("p0", owner.name)
    await owner.leases.leave(owner.name)
    look = await owner.leases.look()
    assert "p0" not in look.leases
    everybody(world, "first", "cut")
    everybody(world, "second", "cut")
    with pytest.raises(Unavailable):
        await owner.leases.release("p0", owner.name)
    with pytest.raises(Unavailable):
        await owner.leases.leave(owner.name)


async def test_when_both_were_silent_the_second_means_nothing_for_a_lease(world: World) -> None:
    """Nobody could renew anything meanwhile."""
    before = dict(world.tokens)
    everybody(world, "first", "cut")
    await world.pass_time(10)
    everybody(world, "second", "cut")
    await world.pass_time(10)
    everybody(world, "second", "open")
    assert (await world.workers["b"].leases.look()).forgotten
    await world.pass_time(20)
    assert dict(world.tokens) == before


async def test_what_the_second_has_forgotten_matters_too_since_somebody_may_live_there(world: World) -> None:
    before = dict(world.tokens)
    world.ways["first", "a"] = "cut"
    await world.pass_time(8)
    world.stores["second"].forget()
    assert (await world.workers["b"].leases.look()).forgotten
    await world.pass_time(20)
    assert dict(world.tokens) == before
    assert not (await world.workers["b"].leases.look()).forgotten


async def test_who_was_in_the_second_for_a_moment_only_does_not_know_what_the_first_has_lost(world: World) -> None:
    world.ways["first", "a"] = "cut"
    assert (await world.workers["a"].leases.look()).forgotten
    world.stores["first"].forget()
    del world.ways["first", "a"]
    assert (await world.workers["a"].leases.look()).forgotten


async def test_what_the_second_says_is_another_ones_is_given_back_to_the_first_at_once(world: World) -> None:
    worker = world.workers["a"]
    assert await world.stores["second"].take("p9", Lease("f", 0), LEASE_S)
    assert not await worker.leases.take("p9", Lease("a", 0), LEASE_S)
    assert "p9" not in (await world.stores["first"].look()).leases


async def test_who_holds_a_newer_token_is_not_driven_out(world: World) -> None:
    owner = world.workers[world.owners["p0"]]
    newer = Lease("f", world.tokens["p0"] + 1)
    await world.stores["first"].release("p0", owner.name)
    assert await world.stores["first"].take("p0", newer, LEASE_S)
    assert not await owner.leases.take("p0", Lease(owner.name, world.tokens["p0"]), LEASE_S)
    assert (await world.stores["first"].look()).leases["p0"] == newer


async def test_a_first_store_that_hangs_costs_one_wait_until_the_next_look(world: World) -> None:
    worker = world.workers["a"]
    world.ways["first", "a"] = "cut"
    worker.first.asked.clear()
    for partition in PARTITIONS:
        await worker.leases.take(partition, Lease("a", 1), LEASE_S)
    await worker.leases.appear("a", LEASE_S)
    assert worker.first.asked == ["take"]


# -- faults in any order --------------------------------------------------------------------------------------------------

WAYS = st.sampled_from(["open", "cut", "deaf"])
NAMES = st.sampled_from(["a", "b", "c"])
IN_THE_FIRST = st.one_of(
    st.tuples(st.just("way"), st.just("first"), NAMES, WAYS),
    st.tuples(st.just("all"), st.just("first"), st.just(""), WAYS),
    st.tuples(st.just("forget"), st.just("first"), st.just(""), st.just("")),
    st.tuples(st.just("write"), st.just("first"), st.just(""), st.just("")),
    st.tuples(st.just("restart"), st.just("first"), st.just(""), st.just("")),
)
ANYWHERE = st.one_of(
    IN_THE_FIRST,
    st.tuples(st.just("way"), st.just("second"), NAMES, WAYS),
    st.tuples(st.just("all"), st.just("second"), st.just(""), WAYS),
    st.tuples(st.just("forget"), st.just("second"), st.just(""), st.just("")),
    st.tuples(st.just("sleep"), st.just(""), NAMES, st.just("")),
    st.tuples(st.just("wake"), st.just(""), NAMES, st.just("")),
)


def story(faults: Any) -> Any:
    """Faults, each with the rounds until the next one."""
    return st.lists(st.tuples(faults, st.integers(0, 8)), max_size=14)


async def told(faults: list[Any]) -> World:
    """A world in which this has happened."""
    world = World()
    await world.settle()
    written = world.old_contents()
    for (what, store, name, way), rounds in faults:
        if what == "way":
            world.ways[store, name] = way
        elif what == "all":
            everybody(world, store, way)
        elif what == "forget":
            world.stores[store].forget()
        elif what == "write":
            written = world.old_contents()
        elif what == "restart":
            world.come_back(written)
            written = world.old_contents()
        else:
            world.workers[name].awake = what == "wake"
        await world.pass_time(rounds)
    return world


async def healed(world: World) -> None:
    """Heal everything but the dead, and demand that all is owned by the living soon, and nothing moves from then on."""
    world.ways.clear()
    if not any(worker.awake for worker in world.workers.values()):
        world.workers["a"].awake = True
    await world.pass_time(2 * round(LEASE_S / ROUND_S) + 3)
    living = {name for name, worker in world.workers.items() if worker.awake}
    assert set(world.owners.values()) <= living
    owned = dict(world.tokens)
    await world.pass_time(10)
    assert dict(world.tokens) == owned
    for name in living:
        look = await world.workers[name].leases.look()
        assert {partition: lease.owner for partition, lease in look.leases.items()} == world.owners
        assert look.workers == living
        assert not look.forgotten


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(story(IN_THE_FIRST))
def test_whatever_happens_to_the_first_store_no_partition_moves(faults: list[Any]) -> None:
    async def play() -> None:
        world = await told(faults)
        before = dict(world.tokens)
        assert (world.moved, world.doubled, world.stuck) == ([], [], [])
        assert set(before.values()) == {1}
        await healed(world)
        assert dict(world.tokens) == before

    asyncio.run(play())


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(story(ANYWHERE))
def test_whatever_happens_nothing_is_given_to_two_and_all_is_owned_soon_after(faults: list[Any]) -> None:
    async def play() -> None:
        world = await told(faults)
        assert (world.doubled, world.stuck) == ([], [])
        await healed(world)
        assert world.doubled == []

    asyncio.run(play())
