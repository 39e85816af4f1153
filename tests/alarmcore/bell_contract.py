"""What every bell promises; each adapter's test file runs this suite.

A subclass gives the fixtures `bell`, and `other`: the bell of another process (where there is only one, the same). A bell may
lose a ring; a test that waits for one rings until it is heard.
"""

from __future__ import annotations

import asyncio

import pytest

from alarmcore.shared import Bell

SOON_S = 0.05
"""For what must not come: a test that is slow finds nothing wrong by that."""

LONG_S = 60.0
"""Longer than any test may take: whoever returns earlier has heard something."""


async def hears(bell: Bell, topics: list[str], within_s: float) -> bool:
    """Whether something was heard before the time was over."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    await bell.heard(topics, within_s)
    return loop.time() - began < within_s * 0.99


async def heard_from(other: Bell, bell: Bell, topic: str) -> None:
    """Ring at one place until it is heard at another one."""
    hearing = asyncio.create_task(hears(bell, [topic], LONG_S))
    async with asyncio.timeout(30):
        while not hearing.done():
            other.ring(topic)
            await asyncio.wait({hearing}, timeout=0.02)
    assert hearing.result()


async def settled(other: Bell, bell: Bell, topic: str) -> None:
    """Have everything heard that was rung before, so that what is heard from now on is rung from now on.

    Rings of one bell come in their order. The first one of the other topic may be for having begun to listen, the second one is
    a ring, and all those of `topic` came before it.
    """
    for rung in (topic, f"{topic} end", f"{topic} end"):
        await heard_from(other, bell, rung)
    await bell.heard([topic], 0)


class BellContract:
    """The suite."""

    async def test_a_ring_is_heard_by_who_waits(self, bell: Bell, other: Bell) -> None:
        await heard_from(other, bell, "events")

    async def test_a_ring_of_the_same_process_is_heard(self, bell: Bell) -> None:
        hearing = asyncio.create_task(hears(bell, ["effects"], LONG_S))
        await asyncio.sleep(0)
        bell.ring("effects")
        async with asyncio.timeout(30):
            assert await hearing

    async def test_a_ring_before_the_wait_is_heard_once(self, bell: Bell, other: Bell) -> None:
        bell.ring("inbox:p00")
        assert await hears(bell, ["inbox:p00"], LONG_S)
        await settled(other, bell, "inbox:p00")
        bell.ring("inbox:p00")
        assert await hears(bell, ["inbox:p00"], LONG_S)
        assert not await hears(bell, ["inbox:p00"], SOON_S)

    async def test_without_a_ring_the_wait_ends_by_itself(self, bell: Bell, other: Bell) -> None:
        await settled(other, bell, "events")
        loop = asyncio.get_running_loop()
        began = loop.time()
        await bell.heard(["events"], SOON_S)
        assert loop.time() - began >= SOON_S * 0.9

    async def test_only_the_topics_that_are_waited_for_are_heard(self, bell: Bell, other: Bell) -> None:
        await settled(other, bell, "inbox:p01")
        await settled(other, bell, "inbox:p02")
        for _ in range(20):
            other.ring("inbox:p01")
        assert not await hears(bell, ["inbox:p02"], SOON_S)
        await heard_from(other, bell, "inbox:p01")

    async def test_one_of_several_topics_is_enough(self, bell: Bell, other: Bell) -> None:
        hearing = asyncio.create_task(hears(bell, ["events", "effects", "inbox:p03"], LONG_S))
        async with asyncio.timeout(30):
            while not hearing.done():
                other.ring("inbox:p03")
                await asyncio.wait({hearing}, timeout=0.02)
        assert hearing.result()

    async def test_all_who_wait_for_a_topic_hear_it(self, bell: Bell, other: Bell) -> None:
        await settled(other, bell, "events")
        hearing = [asyncio.create_task(hears(bell, ["events"], LONG_S)) for _ in range(3)]
        await asyncio.sleep(0)
        async with asyncio.timeout(30):
            while not all(one.done() for one in hearing):
                other.ring("events")
                await asyncio.wait(hearing, timeout=0.02)
        assert all(one.result() for one in hearing)

    async def test_ringing_more_than_anybody_hears_keeps_little(self, bell: Bell) -> None:
        for n in range(50_000):
            bell.ring(f"inbox:p{n % 16:02}")
        assert await hears(bell, ["inbox:p15"], LONG_S)

    async def test_a_wait_that_is_given_up_leaves_nothing_behind(self, bell: Bell) -> None:
        hearing = asyncio.create_task(bell.heard(["events"], LONG_S))
        await asyncio.sleep(0)
        hearing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hearing
        bell.ring("events")
        assert await hears(bell, ["events"], LONG_S)
