"""What every store of leases promises; each adapter's test file runs this suite.

A subclass gives the fixtures `leases` (on a store that is empty and new) and `unreachable` (on one that is not there), and the
methods `again` and `lose_everything`. No test says how long a lease of some length really lasts, since the machine may be slow:
each waits for what must come, and what must not come is looked for once another lease, of the length of the one that must not
have ended, has ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from alarmcore.errors import Unavailable
from alarmcore.shared import Lease, Leases, Standing

SHORT_S = 0.15
"""Long enough that a test gets to its next line meanwhile, or else it waits for nothing."""

LONG_S = 600.0
WITHIN_S = 30.0


async def until(said: Callable[[], Awaitable[bool]]) -> None:
    """Wait for something to become true."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            if await said():
                return
            await asyncio.sleep(0.01)


class LeasesContract:
    """The suite."""

    async def again(self, leases: Any) -> Leases:
        """The same store as another process sees it."""
        raise NotImplementedError

    async def lose_everything(self, leases: Any) -> None:
        """Let the store lose all that it holds, as one that is started anew without its memory."""
        raise NotImplementedError

    async def ended(self, leases: Leases, partition: str) -> None:
        """Wait until nobody holds a partition any more."""

        async def gone() -> bool:
            return partition not in (await leases.look()).leases

        await until(gone)

    async def test_a_store_that_is_new_has_forgotten_until_it_is_told_to_remember(self, leases: Leases) -> None:
        assert await leases.look() == Standing({}, frozenset(), forgotten=True)
        await leases.remember()
        await leases.remember()
        assert await leases.look() == Standing({}, frozenset(), forgotten=False)
        assert not (await (await self.again(leases)).look()).forgotten

    async def test_a_store_that_lost_everything_says_so_and_not_just_that_nobody_holds_anything(self, leases: Leases) -> None:
        await leases.remember()
        await leases.appear("a", LONG_S)
        assert await leases.take("p00", Lease("a", 1), LONG_S)
        await self.lose_everything(leases)
        assert await leases.look() == Standing({}, frozenset(), forgotten=True)
        await leases.remember()
        assert not (await leases.look()).forgotten

    async def test_telling_it_to_remember_leaves_leases_and_workers_as_they_are(self, leases: Leases) -> None:
        await leases.appear("a", LONG_S)
        assert await leases.take("p00", Lease("a", 1), LONG_S)
        await leases.remember()
        assert await leases.look() == Standing({"p00": Lease("a", 1)}, frozenset({"a"}), forgotten=False)

    async def test_what_one_process_takes_another_one_sees(self, leases: Leases) -> None:
        other = await self.again(leases)
        assert await leases.take("p00", Lease("a", 0), LONG_S)
        assert await leases.take("p07", Lease("b", 12), LONG_S)
        assert (await other.look()).leases == {"p00": Lease("a", 0), "p07": Lease("b", 12)}

    async def test_a_partition_that_is_held_is_nobody_elses(self, leases: Leases) -> None:
        other = await self.again(leases)
        assert await leases.take("p00", Lease("a", 4), LONG_S)
        assert not await other.take("p00", Lease("b", 9), LONG_S)
        assert (await leases.look()).leases == {"p00": Lease("a", 4)}

    async def test_an_owner_may_take_again_what_it_holds_and_say_its_token(self, leases: Leases) -> None:
        assert await leases.take("p00", Lease("a", 0), LONG_S)
        assert await leases.take("p00", Lease("a", 1 << 40), LONG_S)
        assert (await leases.look()).leases == {"p00": Lease("a", 1 << 40)}

    async def test_a_lease_ends_by_itself_and_then_somebody_else_may_take_it(self, leases: Leases) -> None:
        assert await leases.take("p00", Lease("a", 4), SHORT_S)
        await self.ended(leases, "p00")
        assert await leases.take("p00", Lease("b", 0), LONG_S)
        assert not await leases.take("p00", Lease("a", 4), LONG_S)
        assert (await leases.look()).leases == {"p00": Lease("b", 0)}

    async def test_waiting_for_somebody_elses_lease_ends_when_that_does(self, leases: Leases) -> None:
        """Without a look in between: it is the taking that must know that a lease has ended."""
        assert await leases.take("p00", Lease("a", 4), SHORT_S)

        async def taken() -> bool:
            return await leases.take("p00", Lease("b", 0), LONG_S)

        await until(taken)
        assert (await leases.look()).leases == {"p00": Lease("b", 0)}

    async def test_an_owner_whose_lease_ended_may_take_it_again_if_nobody_has(self, leases: Leases) -> None:
        assert await leases.take("p00", Lease("a", 4), SHORT_S)
        await self.ended(leases, "p00")
        assert await leases.take("p00", Lease("a", 5), LONG_S)
        assert (await leases.look()).leases == {"p00": Lease("a", 5)}

    async def test_taking_again_makes_a_lease_last(self, leases: Leases) -> None:
        assert await leases.take("p00", Lease("a", 4), SHORT_S)
        assert await leases.take("p00", Lease("a", 4), LONG_S)
        assert await leases.take("p01", Lease("a", 4), SHORT_S)
        await self.ended(leases, "p01")
        assert not await leases.take("p00", Lease("b", 0), LONG_S)
        assert (await leases.look()).leases == {"p00": Lease("a", 4)}

    async def test_one_who_is_refused_does_not_make_the_others_lease_last(self, leases: Leases) -> None:
        assert await leases.take("p00", Lease("a", 4), SHORT_S)
        await leases.take("p00", Lease("b", 0), SHORT_S)
        await self.ended(leases, "p00")

    async def test_of_many_who_take_at_once_one_gets_it(self, leases: Leases) -> None:
        stores = [leases, await self.again(leases), await self.again(leases)]
        for partition in ("p00", "p01", "p02", "p03"):
            took = await asyncio.gather(*(stores[n % 3].take(partition, Lease(f"w{n}", n), LONG_S) for n in range(12)))
            assert took.count(True) == 1
            assert (await leases.look()).leases[partition] == Lease(f"w{took.index(True)}", took.index(True))

    async def test_of_many_who_take_what_has_just_ended_one_gets_it(self, leases: Leases) -> None:
        for partition in ("p00", "p01", "p02", "p03"):
            assert await leases.take(partition, Lease("gone", 1), SHORT_S)
            await self.ended(leases, partition)
            took = await asyncio.gather(*(leases.take(partition, Lease(f"w{n}", n), LONG_S) for n in range(12)))
            assert took.count(True) == 1

    async def test_what_is_released_is_free_at_once(self, leases: Leases) -> None:
        assert await leases.take("p00", Lease("a", 4), LONG_S)
        assert await leases.take("p01", Lease("a", 5), LONG_S)
        await leases.release("p00", "a")
        assert (await leases.look()).leases == {"p01": Lease("a", 5)}
        assert await leases.take("p00", Lease("b", 0), LONG_S)

    async def test_only_the_holder_can_release(self, leases: Leases) -> None:
        assert await leases.take("p00", Lease("a", 4), LONG_S)
        await leases.release("p00", "b")
        await leases.release("p09", "b")
        assert (await leases.look()).leases == {"p00": Lease("a", 4)}

    async def test_workers_are_there_while_they_give_signs_of_life(self, leases: Leases) -> None:
        other = await self.again(leases)
        await leases.appear("a", LONG_S)
        await other.appear("b", SHORT_S)
        await other.appear("c", SHORT_S)
        await other.appear("c", LONG_S)

        async def b_is_gone() -> bool:
            return "b" not in (await leases.look()).workers

        await until(b_is_gone)
        assert (await leases.look()).workers == {"a", "c"}
        await leases.appear("b", LONG_S)
        assert (await leases.look()).workers == {"a", "b", "c"}

    async def test_a_worker_that_leaves_is_gone_at_once_and_keeps_its_leases(self, leases: Leases) -> None:
        await leases.appear("a", LONG_S)
        await leases.appear("b", LONG_S)
        assert await leases.take("p00", Lease("a", 4), LONG_S)
        await leases.leave("a")
        await leases.leave("never there")
        assert await leases.look() == Standing({"p00": Lease("a", 4)}, frozenset({"b"}), forgotten=True)

    async def test_names_may_hold_any_sign(self, leases: Leases) -> None:
        name = "värd:7 {x}/%*\\'\"\n"
        await leases.appear(name, LONG_S)
        assert await leases.take("p00", Lease(name, 3), LONG_S)
        found = await leases.look()
        assert found.workers == {name}
        assert found.leases == {"p00": Lease(name, 3)}
        await leases.release("p00", name)
        await leases.leave(name)
        assert await leases.look() == Standing({}, frozenset(), forgotten=True)

    async def test_a_store_that_does_not_answer_is_unavailable(self, unreachable: Leases) -> None:
        calls: list[Callable[[], Awaitable[Any]]] = [
            unreachable.look,
            unreachable.remember,
            lambda: unreachable.appear("a", LONG_S),
            lambda: unreachable.leave("a"),
            lambda: unreachable.take("p00", Lease("a", 0), LONG_S),
            lambda: unreachable.release("p00", "a"),
        ]
        for call in calls:
            with pytest.raises(Unavailable):
                await call()
