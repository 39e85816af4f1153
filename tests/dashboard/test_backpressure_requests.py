"""Requests and their bodies: bounded by number, bytes and time, answered "busy, repeat", and devices never keep operators out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from pydantic import BaseModel

from alarmcore import metrics
from alarmcore.errors import Unavailable
from dashboard.api import callers as callers_module
from dashboard.api import problems
from dashboard.api import room as room_module
from dashboard.api.callers import Callers
from dashboard.api.room import BODIES_MAX, PAGE_BODY_MAX, SMALL, Room
from dashboard.credentials import MemoryCredentials, SessionCookies

WITHIN_S = 60.0


class Note(BaseModel):
    text: str


class House:
    """An application whose readings wait until `commit` is set, called without a network."""

    def __init__(self) -> None:
        self.commit = asyncio.Event()
        self.taken = 0
        app = FastAPI()
        problems.install(app)
        app.post("/api/v1/readings")(self.readings)
        app.post("/api/v1/note")(self.note)
        app.get("/health/live")(self.live)
        self.room = Room(app)
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(self.room), base_url="http://here", timeout=WITHIN_S)

    async def readings(self, request: Request) -> Response:
        size = 0
        async for chunk in request.stream():
            size += len(chunk)
        self.taken += 1
        await self.commit.wait()
        return Response(str(size))

    async def note(self, given: Note) -> dict[str, int]:
        return {"size": len(given.text)}

    async def live(self) -> dict[str, str]:
        return {"status": "live"}

    def send(self, body: bytes | AsyncIterator[bytes]) -> asyncio.Task[httpx.Response]:
        return asyncio.create_task(self.client.post("/api/v1/readings", content=body))

    async def until_taken(self, count: int) -> None:
        async with asyncio.timeout(WITHIN_S):
            while self.taken < count:  # noqa: ASYNC110 - requests come by themselves
                await asyncio.sleep(0)


@pytest.fixture
async def house() -> AsyncIterator[House]:
    house = House()
    yield house
    await house.client.aclose()


def counted(limit: str) -> float:
    value: float = metrics.BUSY.labels(limit)._value.get()
    return value


async def test_too_many_readings_under_way_are_told_busy_and_operators_and_health_are_served(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(room_module.REQUESTS_MAX, "readings", 3)
    before = counted("requests")
    waiting = [house.send(b"x") for _ in range(3)]
    await house.until_taken(3)
    busy = await house.send(b"x")
    assert (busy.status_code, busy.headers["retry-after"], busy.json()["title"]) == (503, "2", "busy")
    assert busy.headers["content-type"] == "application/problem+json"
    assert (await house.client.post("/api/v1/note", json={"text": "hej"})).json() == {"size": 3}
    assert (await house.client.get("/health/live")).status_code == 200
    assert counted("requests") - before == 1
    house.commit.set()
    assert [answer.status_code for answer in await asyncio.gather(*waiting)] == [200] * 3
    assert (await house.send(b"x")).status_code == 200
    assert (+house.room.under_way, house.room.bytes) == ({}, 0)


async def test_health_is_answered_when_there_is_no_place_for_anybody(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(room_module.REQUESTS_MAX, "pages", 0)
    assert (await house.client.post("/api/v1/note", json={"text": "hej"})).status_code == 503
    assert (await house.client.get("/health/live")).status_code == 200


async def test_large_bodies_share_a_room_and_a_single_press_always_finds_one(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room_module, "BODIES_MAX", 4 * SMALL)
    before = counted("bodies")
    first = [house.send(bytes(2 * SMALL)) for _ in range(2)]
    await house.until_taken(2)
    assert house.room.bytes == 4 * SMALL
    refused = await house.send(bytes(2 * SMALL))
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
    assert house.room.bytes == 4 * SMALL, "what was refused takes no room"
    assert counted("bodies") - before == 1
    press = house.send(bytes(SMALL))
    await house.until_taken(3)
    house.commit.set()
    assert [answer.text for answer in await asyncio.gather(*first, press)] == [str(2 * SMALL)] * 2 + [str(SMALL)]
    assert (await house.send(bytes(2 * SMALL))).status_code == 200
    assert house.room.bytes == 0


async def test_a_body_of_a_page_may_not_be_large_and_what_was_read_of_it_goes(house: House) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            pulled.append(len(pulled))
            yield bytes(8192)

    pulled: list[int] = []
    answer = await house.client.post("/api/v1/note", content=endless(), headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["title"]) == (413, "too_large")
    assert len(pulled) <= PAGE_BODY_MAX // 8192 + 2, "nobody reads a gigabyte to throw it away"


async def test_a_body_that_never_comes_to_an_end_is_given_up(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(room_module.BODY_S, "readings", 0.05)
    before = counted("slow_bodies")

    async def dripping() -> AsyncIterator[bytes]:
        yield b"["
        await asyncio.sleep(WITHIN_S)

    answer = await house.send(dripping())
    assert (answer.status_code, answer.json()["title"]) == (408, "too_slow")
    assert counted("slow_bodies") - before == 1
    assert +house.room.under_way == {}


def test_the_room_for_bodies_is_bounded_by_what_a_small_machine_has() -> None:
    assert BODIES_MAX + sum(room_module.REQUESTS_MAX.values()) * SMALL <= 192 * 1024 * 1024


# -- looking credentials up ------------------------------------------------------------------------------------------------


class SlowStore(MemoryCredentials):
    """Its database does not answer until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0
        self.answers = asyncio.Event()

    async def by_digest(self, digest: bytes) -> Any:
        self.asked += 1
        await self.answers.wait()
        return await super().by_digest(digest)


async def test_devices_that_come_all_at_once_leave_the_database_to_operators(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callers_module, "DEVICES_S", 0.1)
    store = SlowStore()
    callers = Callers(store, SessionCookies(b"secret", lambda: datetime(2026, 1, 14, tzinfo=UTC), https=False), opened=True)
    request = Request({"type": "http", "method": "GET", "path": "/", "headers": [(b"authorization", b"Bearer x")]})
    before = counted("sign_ins")
    coming = [asyncio.create_task(callers.device(request)) for _ in range(50)]
    await asyncio.sleep(0)
    assert store.asked <= callers_module.DEVICES_MAX
    operator = asyncio.create_task(callers.of(request))
    await asyncio.sleep(0)
    assert store.asked == callers_module.DEVICES_MAX + 1, "an operator does not wait behind them"
    ends = await asyncio.gather(*coming, return_exceptions=True)
    assert all(isinstance(end, Unavailable) for end in ends)
    assert counted("sign_ins") - before == 50
    store.answers.set()
    assert (await operator).role == "operator"
    assert await callers.device(request) is None
