"""What a worker's log says at its beginning and at its end: only what is wrong is a warning."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from structlog.testing import capture_logs
from test_owner import Town, lived

from tests.simulation.eventloop import VirtualLoop


@pytest.fixture
def loop() -> Iterator[VirtualLoop]:
    loop = VirtualLoop()
    asyncio.set_event_loop(loop)
    yield loop
    loop.close()
    asyncio.set_event_loop(None)


def told_of(logs: list[Any], *events: str) -> list[tuple[str, str]]:
    return [(log["event"], log["log_level"]) for log in logs if log["event"] in events]


def test_a_drain_that_leaves_partitions_to_nobody_says_which(loop: VirtualLoop) -> None:
    async def story() -> None:
        town = Town(3)
        a = await town.join("a")
        await asyncio.sleep(10.0)
        with capture_logs() as logs:
            await a.owner.drain()
        assert told_of(logs, "partitions_without_owner", "drain_done") == [
            ("partitions_without_owner", "warning"),
            ("drain_done", "info"),
        ]
        left = {log["event"]: log for log in logs}
        assert left["partitions_without_owner"]["partitions"] == ["p00", "p01", "p02"]
        assert left["drain_done"]["without_owner"] == ["p00", "p01", "p02"]
        await town.end()

    lived(loop, story())


def test_a_drain_that_others_take_over_from_warns_of_nothing(loop: VirtualLoop) -> None:
    async def story() -> None:
        town = Town(4)
        a = await town.join("a")
        await town.join("b")
        await asyncio.sleep(60.0)
        with capture_logs() as logs:
            await a.owner.drain()
        assert told_of(logs, "partitions_without_owner", "drain_done") == [("drain_done", "info")]
        assert logs[-1]["without_owner"] == []
        await town.end()

    lived(loop, story())


def test_a_drain_that_cannot_see_who_took_over_says_so(loop: VirtualLoop) -> None:
    async def story() -> None:
        town = Town(2)
        a = await town.join("a")
        await asyncio.sleep(10.0)
        a.to_store.cut = True
        with capture_logs() as logs:
            await a.owner.drain()
        assert told_of(logs, "drain_unseen", "drain_done") == [("drain_unseen", "warning"), ("drain_done", "info")]
        await town.end()

    lived(loop, story())


def test_a_store_that_is_new_has_forgotten_nothing_and_one_that_was_emptied_has(loop: VirtualLoop) -> None:
    async def story() -> None:
        town = Town(2)
        with capture_logs() as first:
            await town.join("a")
            await town.join("b")
            await asyncio.sleep(20.0)
        with capture_logs() as emptied:
            town.store.lose()
            await asyncio.sleep(20.0)
        assert set(told_of(first, "leases_begun", "leases_forgotten")) == {("leases_begun", "info")}
        assert set(told_of(emptied, "leases_begun", "leases_forgotten")) == {("leases_forgotten", "warning")}
        assert {tuple(log["partitions"]) for log in emptied if log["event"] == "leases_forgotten"} == {("p00", "p01")}
        await town.end()

    lived(loop, story())
