"""The live WebSocket: a snapshot, then every change, and a pulse by which a screen notices a dead line."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, Final

import msgspec
import structlog
from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from alarmcore import metrics
from alarmcore.busy import turned_away
from alarmcore.errors import NotAllowed, Unavailable, fault
from alarmcore.ports import Clock
from dashboard.api.callers import Caller, Callers
from dashboard.api.problems import problem
from dashboard.credentials import Credential
from dashboard.desk import Desk
from dashboard.hub import Frame, Hub, Seat
from dashboard.views import stamp

log = structlog.get_logger(__name__)

PULSE_S: Final = 5.0
"""How often a screen hears that the line is alive; it shows its banner after a little more than two of them are missing."""

REVOKED_S: Final = 5.0
"""How often it is asked whether a screen's credential still opens something: after a revocation its line ends within that."""

STALLED_S: Final = 30.0
"""A screen that takes nothing of what it is sent for this long is hung up on; it gets the whole picture when it is back."""

CROWDED_S: Final = 0.1
"""How often a screen that reports what it shows looks whether there is room for that again; nothing is read from it meanwhile."""

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
        if not hub.has_room(caller.tenant):
            turned_away("screens", tenant=caller.tenant or "")
            await socket.send_denial_response(problem(503, "busy", "too many screens are open here; try again"))
            return
        await socket.accept()
        seat = hub.join(caller.tenant, caller.subject, since)
        talking = [
            asyncio.create_task(_send(socket, seat)),
            asyncio.create_task(_hear(socket, seat, desk, caller)),
            asyncio.create_task(_pulse(seat, clock)),
            asyncio.create_task(_stay(socket, callers)),
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
        seat.writing_since = asyncio.get_running_loop().time()
        try:
            await socket.send_text(frame.text)
        except (WebSocketDisconnect, RuntimeError):
            return
        seat.writing_since = None
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
        # What it has said already is nothing new: a page that says it again and again must not keep the service busy.
        said = shown.alarms[:SHOWN_MAX] if shown is not None else []
        new = [alarm for alarm in said if alarm not in seat.shown and alarm not in seat.looked]
        if new:
            while desk.front.crowded(caller.tenant or ""):  # noqa: ASYNC110 - of whoever owns the alarms now
                await asyncio.sleep(CROWDED_S)
            seat.shown.update(desk.shown(new, caller.tenant, caller.subject))
            seat.looked.update(seat.hub.hosted(caller.tenant).intersection(new))


def _shown(text: str) -> Shown | None:
    try:
        said: Any = msgspec.json.decode(text, type=Shown)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return said if isinstance(said, Shown) and said.type == "shown" else None


async def _stay(socket: WebSocket, callers: Callers) -> None:
    """End the line when its credential is revoked. One that only grew old in the middle of a shift goes on."""
    credential = await callers.credential(socket)
    while not await _revoked(credential, callers):  # noqa: ASYNC110 - nobody tells us: who revokes is another process
        await asyncio.sleep(REVOKED_S)
    with contextlib.suppress(RuntimeError):  # the screen was quicker
        await socket.close(POLICY, "sign in again")


async def _revoked(credential: Credential | None, callers: Callers) -> bool:
    if credential is None:
        return not callers.opened
    try:
        return bool(await callers.store.shut([credential.digest]))
    except Unavailable:  # asked again; who is signed in stays while the database is away
        return False


async def _pulse(seat: Seat, clock: Clock) -> None:
    """Let an idle line be heard; end it when its screen does not read."""
    while True:
        await asyncio.sleep(PULSE_S)
        since = seat.writing_since
        if since is not None and asyncio.get_running_loop().time() - since > STALLED_S:
            turned_away("slow_screens", tenant=seat.tenant or "")
            return
        seat.hub.look(seat)
        if seat.queue.empty():
            seat.queue.put_nowait(Frame(msgspec.json.encode({"type": "pulse", "at": stamp(clock.now())}).decode()))
