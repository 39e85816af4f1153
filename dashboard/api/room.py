"""How many requests are under way over HTTP, and how much of their bodies lies in memory: beyond it they are told "busy, repeat".

Health and metrics are always answered: whoever watches must not take a busy process for a dead one.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Final

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alarmcore.busy import turned_away
from dashboard.api.problems import problem

READINGS: Final = frozenset({"/api/v1/readings", "/api/v1/owntracks"})
"""Where devices come. They have places of their own, so that a flood of readings never keeps an operator from an alarm."""

ALWAYS: Final = ("/health/", "/metrics")

REQUESTS_MAX: Final = {"readings": 1000, "pages": 500}
"""Requests under way, waiting for their commit included. Each takes some tens of kilobytes, and a connection."""

SMALL: Final = 64 * 1024
"""Bytes of a body that finds room whenever there is a place: one press is far below it."""

BODIES_MAX: Final = 64 * 1024 * 1024
"""Bytes of all larger bodies of requests under way: eight of the largest. What is made of them takes as much again."""

PAGE_BODY_MAX: Final = SMALL
"""Bytes of a body of people's requests: the longest text that they may give is a thirtieth of it."""

BODY_S: Final = {"readings": 120.0, "pages": 10.0}
"""How long a body may take to come: a small one over the slowest mobile network a minute, that of a page a moment."""

GONE: Final[Message] = {"type": "http.disconnect"}


class Room:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.under_way: Counter[str] = Counter()
        self.bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in if there is room, and count what it brings."""
        if scope["type"] != "http" or scope["path"].startswith(ALWAYS):
            await self.app(scope, receive, send)
            return
        kind = "readings" if scope["path"] in READINGS else "pages"
        if self.under_way[kind] >= REQUESTS_MAX[kind]:
            turned_away("requests")
            await problem(503, "busy", "too many requests are under way; repeat this one")(scope, receive, send)
            return
        guest = Guest(self, kind, scope, receive, send)
        self.under_way[kind] += 1
        try:
            await self.app(scope, guest.receive, guest.send)
        except ClientDisconnect:
            if not guest.refused:
                raise
        finally:
            self.under_way[kind] -= 1
            self.bytes -= guest.reserved


class Guest:
    """One request. Once it is refused, the application hears that its client is gone, and what it says goes nowhere."""

    def __init__(self, room: Room, kind: str, scope: Scope, receive: Receive, send: Send) -> None:
        self.room = room
        self.kind = kind
        self.scope = scope
        self._receive = receive
        self._send = send
        self.until = asyncio.get_running_loop().time() + BODY_S[kind]
        self.size = 0
        self.reserved = 0
        self.whole = False
        self.started = False
        self.refused = False

    async def receive(self) -> Message:
        """The next part of the body, if there is room for it."""
        if self.refused:
            return GONE
        if self.whole:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self.until):
                message = await self._receive()
        except TimeoutError:
            turned_away("slow_bodies")
            return await self._refuse(408, "too_slow", f"a body must have come within {BODY_S[self.kind]:.0f} s; repeat it")
        self.whole = not message.get("more_body", False)
        self.size += len(message.get("body", b""))
        if self.kind == "pages" and self.size > PAGE_BODY_MAX:
            return await self._refuse(413, "too_large", f"a body may have {PAGE_BODY_MAX} bytes; send less")
        if not self._reserve():
            turned_away("bodies")
            return await self._refuse(503, "busy", "too much is being sent at once; repeat it, or send less at once")
        return message

    def _reserve(self) -> bool:
        wanted = self.size if self.size > SMALL else 0
        more = wanted - self.reserved
        if more > 0 and self.room.bytes + more > BODIES_MAX:
            return False
        self.room.bytes += more
        self.reserved = wanted
        return True

    async def _refuse(self, status: int, title: str, detail: str) -> Message:
        if not self.started:
            await problem(status, title, detail)(self.scope, self._receive, self._send)
        self.refused = True
        return GONE

    async def send(self, message: Message) -> None:
        """Pass on what the application says."""
        if not self.refused:
            self.started = True
            await self._send(message)
