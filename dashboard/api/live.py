"""The live WebSocket: a snapshot, then every change, and a pulse by which a screen notices a dead line."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import msgspec
import structlog
from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from alarmcore import metrics
from alarmcore.errors import NotAllowed, fault
from alarmcore.ports import Clock
from dashboard.api.callers import Caller, Callers
from dashboard.desk import Desk
from dashboard.hub import Frame, Hub, Seat
from dashboard.views import stamp

log = structlog.get_logger(__name__)

PULSE_S: Final = 5.0
"""How often a screen hears that the line is alive; it shows its banner after a little more than two of them are missing."""

SHOWN_MAX: Final = 500
"""Alarms that one message may report as shown."""

POLICY: Final = 1008
"""WebSocket close code for a caller who may not come in (RFC 6455)."""


class Shown(msgspec.Struct):
    """What a screen says: that it has painted some alarms."""

    type: str
    alarms: list[str] = []


def live_router(desk: Desk, hub: Hub, callers: Callers, clock: Clock) -> APIRouter:
    """The route of screens."""
    router = APIRouter(prefix="/api/v1")

    @router.websocket("/live")
    async def live(socket: WebSocket, since: int | None = None) -> None:
        try:
            caller = await callers.watcher(socket)
        except NotAllowed:
            await socket.close(POLICY, "sign in first")
            return
        await socket.accept()
        seat = hub.join(caller.tenant, caller.subject, since)
        talking = [
            asyncio.create_task(_send(socket, seat)),
            asyncio.create_task(_hear(socket, seat, desk, caller)),
            asyncio.create_task(_pulse(seat, clock)),
        ]
        try:
            await asyncio.wait(talking, return_when=asyncio.FIRST_COMPLETED)
        finally:
            hub.leave(seat)
            for task in talking:
                task.cancel()
            ends = await asyncio.gather(*talking, return_exceptions=True)
            for error in ends:
                if isinstance(error, Exception):
                    log.error("screen_failed", error=fault(error))  # it connects again, and gets the whole picture

    return router


async def _send(socket: WebSocket, seat: Seat) -> None:
    """Send what the feed decides, as fast as this one screen takes it."""
    while True:
        frame = await seat.next()
        try:
            await socket.send_text(frame.text)
        except (WebSocketDisconnect, RuntimeError):
            return
        seat.sent()
        if frame.at is not None:
            metrics.TO_SCREEN.observe((seat.hub.now() - frame.at).total_seconds())


async def _hear(socket: WebSocket, seat: Seat, desk: Desk, caller: Caller) -> None:
    """Hear which alarms the screen has shown. What is no such message is not answered."""
    while True:
        try:
            text = await socket.receive_text()
        except (WebSocketDisconnect, RuntimeError, KeyError):
            return
        shown = _shown(text)
        if shown is not None:
            seat.shown.update(desk.shown(shown.alarms[:SHOWN_MAX], caller.tenant, caller.subject))


def _shown(text: str) -> Shown | None:
    try:
        said: Any = msgspec.json.decode(text, type=Shown)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return said if isinstance(said, Shown) and said.type == "shown" else None


async def _pulse(seat: Seat, clock: Clock) -> None:
    while True:
        await asyncio.sleep(PULSE_S)
        if seat.queue.empty():
            seat.queue.put_nowait(Frame(msgspec.json.encode({"type": "pulse", "at": stamp(clock.now())}).decode()))
