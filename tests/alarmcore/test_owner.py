"""Workers that own partitions over stores that fail, in virtual time: the task, its bounds, and what it never does."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from typing import Any

import pytest
from leases_contract import LeasesContract

from alarmcore.errors import Unavailable
from alarmcore.owner import Owner
from alarmcore.shared import Lease, Leases
from tests.simulation.deeds import Deeds, DeedsLine
from tests.simulation.eventloop import VirtualLoop
from tests.simulation.lease_store import LeaseLine, LeaseStore

LEASE_S = 2.0


class Host:
    """Opens partitions at once, or fails, or takes as long as it is told; remembers what it was told and when."""

    def __init__(self, told: list[tuple[float, str, str, str]], name: str) -> None:
        self.told = told
        self.name = name
        self.running: dict[str, int] = {}
        self.fails = False
        self.takes_s = 0.0

    def note(self, what: str, partition: str) -> None:
        self.told.append((asyncio.get_running_loop().time(), self.name, what, partition))

    async def open(self, partition: str, token: int) -> None:
        self.note("open", partition)
        await asyncio.sleep(self.takes_s)
        if self.fails:
            raise Unavailable("cannot be read")
        self.running[partition] = token

    async def close(self, partition: str) -> None:
        self.note("close", partition)
        await asyncio.sleep(self.takes_s)
        self.running.pop(partition, None)

    def hush(self, partition: str) -> None:
        self.note("hush", partition)


class Way:
    """A worker's way to a store: it can be cut, or lead nowhere."""

    def __init__(self) -> None:
        self.cut = self.hangs = False

    async def __call__(self) -> None:
        await asyncio.sleep(0.001)
        if self.cut:
            raise Unavailable("cut")
        if self.hangs:
            await asyncio.sleep(1e6)


class Machine:
    """One worker with its ways."""

    def __init__(self, town: Town, name: str) -> None:
        self.name = name
        self.to_store, self.to_database = Way(), Way()
        self.host = Host(town.told, name)
        leases, deeds = LeaseLine(town.store, self.to_store), DeedsLine(town.deeds, self.to_database)
        self.owner = Owner(name, leases, deeds, self.host, lease_s=LEASE_S)

    async def kill(self) -> None:
        """As kill -9 does it: nothing is given back."""
        await self.owner.close()
        self.host.running.clear()


class Town:
    """An installation of some partitions, with a tenant each."""

    def __init__(self, partitions: int = 4) -> None:
        self.store = LeaseStore(lambda: asyncio.get_running_loop().time())
        self.deeds = Deeds({f"p{n:02}": (f"t{n}",) for n in range(partitions)})
        self.told: list[tuple[float, str, str, str]] = []
        self.machines: list[Machine] = []

    async def join(self, name: str) -> Machine:
        machine = Machine(self, name)
        self.machines.append(machine)
        await machine.owner.start()
        return machine

    def owners(self) -> dict[str, list[str]]:
        """Which hosts run each partition."""
        return {p: [m.name for m in self.machines if p in m.host.running] for p in self.deeds.rows}

    def shares(self) -> list[int]:
        return sorted(len(m.host.running) for m in self.machines)

    def single(self) -> bool:
        return all(len(names) == 1 for names in self.owners().values())

    def count(self, what: str) -> int:
        return sum(one[2] == what for one in self.told)

    async def end(self) -> None:
        for machine in self.machines:
            await machine.owner.close()


@pytest.fixture
def loop() -> Iterator[VirtualLoop]:
    loop = VirtualLoop()
    asyncio.set_event_loop(loop)
    yield loop
    loop.close()
    asyncio.set_event_loop(None)


def lived(loop: VirtualLoop, story: Coroutine[Any, Any, None]) -> None:
    loop.run_until_complete(story)


def test_a_first_worker_begins_at_once_though_the_store_is_new(loop: VirtualLoop) -> None:
    async def story() -> None:
        town = Town()
        await town.join("a")
        await asyncio.sleep(LEASE_S / 2)
        assert town.single()
        await town.end()

    lived(loop, story())


@pytest.mark.parametrize("died_s", [0.0, 0.1, 0.2, 0.3, 0.399])
def test_a_killed_owners_partitions_are_opened_by_the_others_within_a_lease_and_a_bit(loop: VirtualLoop, died_s: float) -> None:
    async def story() -> None:
        town = Town(6)
        machines = [await town.join(name) for name in "abc"]
        await asyncio.sleep(60.0 + died_s)
        assert town.shares() == [2, 2, 2]
        await machines[0].kill()
        killed_at = loop.time()
        await asyncio.sleep(2.6)
        assert town.single()
        assert town.shares() == [0, 3, 3]
        opened = [when for when, _, what, _ in town.told if what == "open" and when > killed_at]
        assert len(opened) == 2
        assert max(opened) - killed_at <= 2.6
        await town.end()

    lived(loop, story())


def test_a_worker_that_joins_gets_its_share_one_partition_at_a_time_and_then_nothing_moves(loop: VirtualLoop) -> None:
    async def story() -> None:
        town = Town(8)
        await town.join("a")
        await asyncio.sleep(20.0)
        before = town.count("open")
        await town.join("b")
        open_at = dict.fromkeys(town.deeds.rows, 0)
        for _ in range(600):
            await asyncio.sleep(0.1)
            open_at = {p: 0 if names else open_at[p] + 1 for p, names in town.owners().items()}
            assert sum(not names for names in town.owners().values()) <= 1, "two are on the move at once"
        assert (town.shares(), town.count("open") - before) == ([4, 4], 4)
        await asyncio.sleep(100.0)
        assert town.count("open") - before == 4
        await town.end()

    lived(loop, story())


def test_losing_the_store_moves_nothing_and_stops_nothing(loop: VirtualLoop) -> None:
    async def story() -> None:
        town = Town()
        for name in "abc":
            await town.join(name)
        await asyncio.sleep(60.0)
        told = list(town.told)
        town.store.lose()
        await asyncio.sleep(60.0)
        for machine in town.machines:
            machine.to_store.hangs = True
        await asyncio.sleep(60.0)
        town.store.lose()
        for machine in town.machines:
            machine.to_store.hangs = False
        await asyncio.sleep(60.0)
        assert town.told == told
        assert town.single()
        assert not town.store.forgotten
        await town.end()

    lived(loop, story())


def test_a_worker_cut_off_from_the_store_is_replaced_and_says_nothing_more_once_it_is_fenced(loop: VirtualLoop) -> None:
    async def story() -> None:
        town = Town()
        a, b = await town.join("a"), await town.join("b")
        await asyncio.sleep(60.0)
        mine = set(a.host.running)
        a.to_store.cut = True
        await asyncio.sleep(10.0)
        assert set(b.host.running) == set(town.deeds.rows)
        # The database has told it so, by the list of partitions, although nothing was committed there.
        assert a.host.running == {}
        assert mine
        await town.end()

    lived(loop, story())


def test_a_worker_cut_off_from_the_database_gives_up_what_it_has_to_those_who_reach_it(loop: VirtualLoop) -> None:
    async def story() -> None:
        town = Town()
        a, b = await town.join("a"), await town.join("b")
        await asyncio.sleep(60.0)
        a.to_database.cut = True
        await asyncio.sleep(5 * LEASE_S)
        assert set(b.host.running) == set(town.deeds.rows)
        a.to_database.cut = False
        await asyncio.sleep(60.0)
        assert town.shares() == [2, 2]
        await town.end()

    lived(loop, story())


def test_a_database_that_is_gone_for_everybody_moves_nothing(loop: VirtualLoop) -> None:
    async def story() -> None:
        town = Town()
        for name in "ab":
            await town.join(name)
        await asyncio.sleep(60.3)
        told = list(town.told)
        for machine in town.machines:
            machine.to_database.hangs = True
        await asyncio.sleep(120.0)
        for machine in town.machines:
            machine.to_database.hangs = False
        await asyncio.sleep(60.0)
        assert town.told == told
        await town.end()

    lived(loop, story())


def test_a_drain_gives_up_one_partition_after_the_other_and_is_fast(loop: VirtualLoop) -> None:
    async def story() -> None:
        town = Town(6)
        a = await town.join("a")
        b = await town.join("b")
        await asyncio.sleep(60.0)
        draining = asyncio.ensure_future(a.owner.drain())
        unowned: list[int] = []
        while not draining.done():
            unowned.append(sum(not names for names in town.owners().values()))
            await asyncio.sleep(0.01)
        assert max(unowned) == 1
        assert len(unowned) * 0.01 < 3 * LEASE_S
        await asyncio.sleep(LEASE_S)
        assert len(b.host.running) == 6
        assert a.host.running == {}
        assert "a" not in town.store.standing().workers
        await town.end()

    lived(loop, story())


def test_the_last_worker_to_leave_waits_for_nobody_and_gives_everything_back(loop: VirtualLoop) -> None:
    async def story() -> None:
        town = Town(16)
        a = await town.join("a")
        await asyncio.sleep(10.0)
        began_at = loop.time()
        await a.owner.drain()
        assert loop.time() - began_at < LEASE_S
        assert {row.owner for row in town.deeds.rows.values()} == {None}
        assert town.store.leases() == {}
        await town.end()

    lived(loop, story())


def test_a_partition_that_cannot_be_opened_here_is_left_to_somebody_who_can(loop: VirtualLoop) -> None:
    async def story() -> None:
        town = Town()
        a = await town.join("a")
        a.host.fails = True
        await asyncio.sleep(10.0)
        tried = town.count("open")
        assert 0 < tried <= 4 * 4, "it is tried again and again without a pause"
        b = await town.join("b")
        await asyncio.sleep(100.0)
        assert set(b.host.running) == set(town.deeds.rows)
        await town.end()

    lived(loop, story())


def test_two_workers_that_see_different_stores_fence_each_other_less_and_less(loop: VirtualLoop) -> None:
    async def story() -> None:
        town = Town(1)
        a = await town.join("a")
        await asyncio.sleep(10.0)
        elsewhere = LeaseStore(loop.time)
        elsewhere.forgotten = False
        b = Machine(town, "b")
        b.owner.leases = LeaseLine(elsewhere)
        town.machines.append(b)
        await b.owner.start()
        await asyncio.sleep(600.0)
        opened = town.count("open")
        # Without keeping away it would be once a look: 1500 times.
        assert opened < 60
        assert len([m for m in (a, b) if m.host.running]) <= 1
        await town.end()

    lived(loop, story())


def test_a_host_whose_opening_hangs_does_not_keep_the_other_leases_from_being_renewed(loop: VirtualLoop) -> None:
    async def story() -> None:
        town = Town()
        a = await town.join("a")
        await asyncio.sleep(10.0)
        town.deeds.rows["p99"] = town.deeds.rows["p00"].__class__("p99", ("t99",), 0, None)
        a.host.takes_s = 60.0
        await asyncio.sleep(30.0)
        assert set(town.store.leases()) == {"p00", "p01", "p02", "p03", "p99"}
        assert town.store.leases()["p99"] == Lease("a", 0)
        assert [p for _, _, what, p in town.told if what == "open"].count("p99") == 1
        await asyncio.sleep(31.0)
        assert a.owner.owned()["p99"] == 1
        await town.end()

    lived(loop, story())


def test_a_lost_lease_whose_holder_is_named_for_long_hushes_the_partition_until_it_is_opened_anew(loop: VirtualLoop) -> None:
    async def story() -> None:
        town = Town(1)
        a = await town.join("a")
        await asyncio.sleep(10.0)
        town.store.held["p00"] = (Lease("stranger", 0), loop.time() + 3 * LEASE_S)
        await asyncio.sleep(LEASE_S * 1.5)
        assert town.count("hush") == 0
        await asyncio.sleep(LEASE_S)
        assert town.count("hush") == 1
        assert a.host.running, "it goes on until the database says otherwise"
        await asyncio.sleep(2 * LEASE_S)
        assert a.host.running == {"p00": 2}
        await town.end()

    lived(loop, story())


def test_a_worker_goes_on_whatever_a_store_raises(loop: VirtualLoop) -> None:
    async def story() -> None:
        town = Town()
        a = await town.join("a")

        async def broken(*_: Any) -> Any:
            raise RuntimeError("a fault of ours")

        a.owner.leases.look = broken  # type: ignore[method-assign]
        a.owner.partitions.partitions = broken  # type: ignore[method-assign]
        await asyncio.sleep(10.0)
        del a.owner.leases.look, a.owner.partitions.partitions
        await asyncio.sleep(10.0)
        assert len(a.host.running) == 4
        await town.end()

    lived(loop, story())


class TestSimulatedStore(LeasesContract):
    """The store that these tests and the simulated worlds live by is one like the others."""

    @pytest.fixture
    def leases(self) -> LeaseLine:
        return LeaseLine(LeaseStore(lambda: asyncio.get_running_loop().time()))

    @pytest.fixture
    def unreachable(self) -> LeaseLine:
        way = Way()
        way.cut = True
        return LeaseLine(LeaseStore(lambda: asyncio.get_running_loop().time()), way)

    async def again(self, leases: Any) -> Leases:
        return LeaseLine(leases.store)

    async def lose_everything(self, leases: Any) -> None:
        leases.store.lose()
