"""What every presence promises; each adapter's test file runs this suite.

A subclass gives the fixtures `presence`, on a store that is empty, and `other`: the same store as another process sees it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from alarmcore.shared import Presence

SHORT_S = 0.15
LONG_S = 600.0


async def until(said: Callable[[], Awaitable[bool]]) -> None:
    """Wait for something to become true."""
    async with asyncio.timeout(30):
        while True:
            if await said():
                return
            await asyncio.sleep(0.01)


class PresenceContract:
    """The suite."""

    async def test_nobody_is_there_who_has_not_said_so(self, presence: Presence) -> None:
        assert not await presence.on_screen("a1")
        assert await presence.operators("grastorp") == []

    async def test_what_one_process_shows_another_one_knows(self, presence: Presence, other: Presence) -> None:
        await presence.show("web-1", {"grastorp": ["eva"], "tanum": ["bo"]}, ["a1", "a2"], LONG_S)
        assert await other.on_screen("a1")
        assert await other.on_screen("a2")
        assert await other.operators("grastorp") == ["eva"]
        assert await other.operators("tanum") == ["bo"]
        assert await other.operators("skara") == []

    async def test_operators_of_all_places_are_named_once_and_in_order(self, presence: Presence, other: Presence) -> None:
        await presence.show("web-1", {"grastorp": ["eva", "åsa"]}, [], LONG_S)
        await other.show("web-2", {"grastorp": ["bo", "eva"]}, [], LONG_S)
        assert await presence.operators("grastorp") == ["bo", "eva", "åsa"]

    async def test_an_alarm_on_any_screen_is_on_screen(self, presence: Presence, other: Presence) -> None:
        await presence.show("web-1", {}, ["a1"], LONG_S)
        await other.show("web-2", {}, ["a2"], LONG_S)
        await presence.show("web-1", {}, [], LONG_S)
        assert not await presence.on_screen("a1")
        assert await presence.on_screen("a2")

    async def test_what_a_place_shows_now_takes_the_place_of_what_it_showed(self, presence: Presence) -> None:
        await presence.show("web-1", {"grastorp": ["eva"], "tanum": ["bo"]}, ["a1", "a2"], LONG_S)
        await presence.show("web-1", {"grastorp": ["bo"]}, ["a2", "a3"], LONG_S)
        assert [await presence.on_screen(alarm) for alarm in ("a1", "a2", "a3")] == [False, True, True]
        assert await presence.operators("grastorp") == ["bo"]
        assert await presence.operators("tanum") == []

    async def test_a_part_of_an_id_is_another_id(self, presence: Presence) -> None:
        await presence.show("web-1", {"grastorp": ["eva"]}, ["a11", "b1a"], LONG_S)
        assert [await presence.on_screen(alarm) for alarm in ("a1", "1", "a", "b1", "a11b1a", "")] == [False] * 6
        assert await presence.operators("gras") == []

    async def test_signs_of_patterns_are_signs_like_others(self, presence: Presence) -> None:
        await presence.show("web-1", {"grastorp": ['%a.*\\"\n{}']}, ["a-b_c"], LONG_S)
        assert await presence.on_screen("a-b_c")
        assert not await presence.on_screen(".")
        assert not await presence.on_screen("a.b_c")
        assert await presence.operators("grastorp") == ['%a.*\\"\n{}']

    async def test_what_is_not_said_again_is_forgotten(self, presence: Presence, other: Presence) -> None:
        await presence.show("web-1", {"grastorp": ["eva"]}, ["a1"], LONG_S)
        await other.show("web-2", {"grastorp": ["bo"]}, ["a2"], SHORT_S)

        async def gone() -> bool:
            return not await presence.on_screen("a2") and await presence.operators("grastorp") == ["eva"]

        await until(gone)
        assert await presence.on_screen("a1")

    async def test_what_is_said_again_lasts(self, presence: Presence) -> None:
        await presence.show("web-1", {"grastorp": ["eva"]}, ["a1"], SHORT_S)
        await presence.show("web-1", {"grastorp": ["eva"]}, ["a1"], LONG_S)
        await presence.show("web-2", {"grastorp": ["bo"]}, ["a2"], SHORT_S)

        async def gone() -> bool:
            return not await presence.on_screen("a2")

        await until(gone)
        assert await presence.on_screen("a1")
        assert await presence.operators("grastorp") == ["eva"]
