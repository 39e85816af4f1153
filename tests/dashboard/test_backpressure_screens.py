"""Screens: bounded in number, fair between tenants, and those that read nothing cost little and are hung up on."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
import uvicorn
from fastapi import FastAPI

from alarmcore import metrics
from alarmcore.model.alarm import AlarmEvent
from alarmcore.ports import StoredEvent
from dashboard import hub as hub_module
from dashboard.api import live as live_module
from dashboard.api.callers import Caller
from dashboard.api.live import live_router
from dashboard.feed import WAITING_MAX
from dashboard.hub import Hub

NOON = datetime(2026, 1, 14, 12, tzinfo=UTC)
WITHIN_S = 60.0


def counted(limit: str) -> float:
    value: float = metrics.BUSY.labels(limit)._value.get()
    return value


class Town:
    """A hub, and how often the whole picture was made for it. `wide` is how large one alarm is."""

    def __init__(self, wide: int = 10) -> None:
        self.wide = wide
        self.at = NOON
        self.made = 0
        self.hub = Hub(lambda: self.at, self.alarms, self.view)

    def alarms(self, tenant: str | None) -> list[dict[str, Any]]:
        self.made += 1
        return [{"id": f"{tenant}-{self.made}", "why": "x" * self.wide}]

    def view(self, stored: StoredEvent) -> tuple[dict[str, Any], dict[str, Any]]:
        return {"id": "a", "why": "x" * self.wide}, {"seq": stored.seq}

    def happens(self, tenant: str, times: int = 1) -> None:
        for _ in range(times):
            event = AlarmEvent(at=NOON, event="alarm.noted", tenant=tenant, alarm="a")
            self.hub.publish(StoredEvent(self.hub.newest + 1, event))


async def test_a_thousand_screens_that_come_back_at_once_share_one_picture() -> None:
    town = Town()
    seats = [town.hub.join("loud", f"operator:{n}", None) for n in range(1000)]
    quiet = town.hub.join("quiet", "operator:q", None)
    assert town.made == 2
    texts = {id(seat.queue.get_nowait().text) for seat in seats}
    assert len(texts) == 1, "in memory once, too"
    assert "quiet-2" in quiet.queue.get_nowait().text
    town.at += timedelta(seconds=hub_module.PICTURE_S)
    town.hub.join("loud", "operator:later", None)
    assert town.made == 3, "what changed without an event is not hidden for long"
    town.happens("loud")
    town.hub.join("loud", "operator:last", None)
    assert town.made == 4
    for seat in list(town.hub.seats):
        town.hub.leave(seat)
        town.hub.leave(seat)
    assert (town.hub.seats_of, town.hub.pictures) == ({}, {})


def test_no_tenant_takes_all_the_room_for_screens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "SCREENS_MAX", 4)
    monkeypatch.setattr(hub_module, "TENANT_SCREENS_MAX", 3)
    town = Town()
    for n in range(3):
        assert town.hub.has_room("loud")
        seat = town.hub.join("loud", f"operator:{n}", None)
    assert not town.hub.has_room("loud")
    assert town.hub.has_room("quiet")
    town.hub.join("quiet", "operator:q", None)
    assert not town.hub.has_room("third")
    town.hub.leave(seat)
    assert town.hub.has_room("loud")


async def test_a_screen_that_does_not_read_is_told_no_more_than_it_may_have_waiting() -> None:
    town = Town()
    seat = town.hub.join("loud", "operator:anna", None)
    town.happens("loud", 10 * WAITING_MAX)
    assert seat.queue.qsize() == WAITING_MAX


async def test_a_thousand_screens_are_told_bit_by_bit_in_order_and_none_is_left_out() -> None:
    """Whoever publishes does not wait for the last screen, and everybody else has a turn meanwhile."""
    town = Town()
    seats = [town.hub.join("loud", f"operator:{n}", None) for n in range(1000)]
    for seat in seats:
        seat.queue.get_nowait()
        seat.sent()
    for _ in range(5):
        town.happens("loud")
    told = sum(seat.queue.qsize() for seat in seats)
    assert told == hub_module.SPREAD_MAX, "no more than one part of it while the publisher waits"
    late = town.hub.join("loud", "operator:late", None)
    gone = seats.pop()
    town.hub.leave(gone)
    turns = 0
    while town.hub.unspread:
        await asyncio.sleep(0)
        turns += 1
    assert turns >= 5000 // hub_module.SPREAD_MAX - 1
    for seat in seats:
        assert [seat.queue.get_nowait().seq for _ in range(seat.queue.qsize())] == [1, 2, 3, 4, 5]
    assert [late.queue.get_nowait().seq for _ in range(late.queue.qsize())] == [0], "the picture has them all"
    assert gone.queue.qsize() < 5


async def test_a_flood_of_changes_does_not_outrun_what_is_kept_for_screens() -> None:
    town = Town()
    seats = [town.hub.join("loud", f"operator:{n}", None) for n in range(hub_module.SPREAD_MAX + 1)]
    town.happens("loud", hub_module.UNSPREAD_MAX + 1)
    assert len(town.hub.unspread) <= hub_module.UNSPREAD_MAX
    while town.hub.unspread:  # noqa: ASYNC110 - it goes on by itself
        await asyncio.sleep(0)
    for seat in seats:
        seqs = [seat.queue.get_nowait().seq for _ in range(seat.queue.qsize())]
        assert seqs == list(range(hub_module.UNSPREAD_MAX + 2)), "the picture, and then all of them, without holes"


# -- over real sockets -----------------------------------------------------------------------------------------------------


class Door:
    """The live route of a hub, served by the real server. `said` is what screens have reported as shown."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.crowded = False
        self.said: list[list[str]] = []
        self.asked = 0
        front = SimpleNamespace(crowded=self.is_crowded)
        desk = SimpleNamespace(front=front, shown=self.shown)
        callers = SimpleNamespace(watcher=self.watcher, credential=self.credential, opened=True)
        clock = SimpleNamespace(now=lambda: town.at)
        app = FastAPI()
        app.include_router(live_router(*(cast("Any", part) for part in (desk, town.hub, callers, clock))))
        self.server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off", ws="websockets-sansio"))
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listening.getsockname()[1]

    async def watcher(self, screen: Any) -> Caller:
        return Caller(screen.query_params["tenant"], "operator", "operator:anna")

    def is_crowded(self, tenant: str) -> bool:
        del tenant
        self.asked += 1
        return self.crowded

    async def credential(self, screen: Any) -> None:
        del screen

    def shown(self, alarms: list[str], tenant: str | None, by: str) -> list[str]:
        del tenant, by
        self.said.append(alarms)
        return alarms

    async def screen(self, tenant: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, bytes]:
        """A WebSocket by hand, so that nothing is read unless a test does so; and what it was answered."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=4096)
        writer.write(
            f"GET /api/v1/live?tenant={tenant} HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
        )
        async with asyncio.timeout(WITHIN_S):
            return reader, writer, await reader.readuntil(b"\r\n\r\n")


def said(text: str) -> bytes:
    """A masked text frame of up to 125 bytes, with a mask that changes nothing."""
    return bytes((0x81, 0x80 | len(text), 0, 0, 0, 0)) + text.encode()


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    door = Door(Town(wide=20_000))
    serving = asyncio.create_task(door.server.serve(sockets=[door.listening]))
    while not door.server.started:  # noqa: ASYNC110 - uvicorn offers a flag, no event
        await asyncio.sleep(0.01)
    yield door
    door.server.should_exit = door.server.force_exit = True
    await serving


async def until(true: Any) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not true():  # noqa: ASYNC110 - over real sockets
            await asyncio.sleep(0.01)


async def test_a_screen_too_many_is_told_busy_and_may_come_when_another_has_gone(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "TENANT_SCREENS_MAX", 1)
    before = counted("screens")
    _, first, answer = await door.screen("loud")
    assert answer.startswith(b"HTTP/1.1 101")
    _, second, answer = await door.screen("loud")
    assert answer.startswith(b"HTTP/1.1 503")
    assert b"retry-after: 2" in answer.lower()
    _, other, answer = await door.screen("quiet")
    assert answer.startswith(b"HTTP/1.1 101")
    assert counted("screens") - before == 1
    first.close()
    await until(lambda: not door.town.hub.seats_of["loud"])
    _, third, answer = await door.screen("loud")
    assert answer.startswith(b"HTTP/1.1 101")
    for writer in (second, other, third):
        writer.close()


async def test_a_screen_that_takes_nothing_is_hung_up_on_and_its_neighbour_hears_everything(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_module, "PULSE_S", 0.05)
    monkeypatch.setattr(live_module, "STALLED_S", 0.3)
    before = counted("slow_screens")
    _, stuck, _ = await door.screen("loud")
    reading, neighbour, _ = await door.screen("loud")
    heard = 0

    async def read() -> None:
        nonlocal heard
        while data := await reading.read(65536):
            heard += len(data)

    hearing = asyncio.create_task(read())
    await until(lambda: door.town.hub.seats_of["loud"] == 2)
    async with asyncio.timeout(WITHIN_S):
        while door.town.hub.seats_of["loud"] == 2:
            door.town.happens("loud", 5)
            await asyncio.sleep(0.01)
    assert counted("slow_screens") - before == 1
    level = heard
    door.town.happens("loud")
    await until(lambda: heard > level)
    hearing.cancel()
    for writer in (stuck, neighbour):
        writer.close()


async def test_a_screen_that_repeats_itself_is_heard_once_and_a_crowded_service_holds_it_back(door: Door) -> None:
    _, writer, _ = await door.screen("loud")
    door.crowded = True
    for _ in range(100):
        writer.write(said('{"type": "shown", "alarms": ["a", "b"]}'))
    await until(lambda: door.asked >= 3)
    assert door.said == [], "it has asked again and again whether it may be heard"
    door.crowded = False
    writer.write(said('{"type": "shown", "alarms": ["b", "c"]}'))
    await until(lambda: len(door.said) == 2)
    assert door.said == [["a", "b"], ["c"]]
    writer.close()
