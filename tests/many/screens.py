"""An operator's page as it behaves: it follows one process, and goes on with another, from where it was, when that is gone."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from tests.servers.cluster import Cluster

SILENT_S: Final = 12.0
"""A page that hears no pulse for so long comes back: a little more than two are missing."""

BACK_S: Final = 0.1
CONNECT_S: Final = 5.0


class Screen:
    """`picture`: the open alarms that it shows, each with its repetitions; `changes`: all that it was told of, in order."""

    def __init__(self, url: Callable[[], str], secret: str) -> None:
        self.url = url
        self.secret = secret
        self.alarms: dict[str, dict[str, Any]] = {}
        self.changes: list[dict[str, Any]] = []
        self.seq: int | None = None
        self.connections = 0

    @property
    def picture(self) -> dict[str, int]:
        """What it shows now."""
        return {name: alarm["repeats"] for name, alarm in self.alarms.items()}

    async def run(self) -> None:
        """Follow, for ever."""
        while True:
            with contextlib.suppress(OSError, WebSocketException, TimeoutError):
                await self._follow()
            await asyncio.sleep(BACK_S)

    async def _follow(self) -> None:
        since = "" if self.seq is None else f"?since={self.seq}"
        url = self.url().replace("http://", "ws://") + "/api/v1/live" + since
        headers = {"authorization": f"Bearer {self.secret}"}
        async with connect(url, additional_headers=headers, proxy=None, open_timeout=CONNECT_S, close_timeout=0.1) as socket:
            self.connections += 1
            while True:
                # Not `wait_for`: in Python 3.11 it loses a cancellation that comes together with what it waits for.
                async with asyncio.timeout(SILENT_S):
                    said = await socket.recv()
                self._hear(json.loads(said))

    def _hear(self, said: dict[str, Any]) -> None:
        if said["type"] == "snapshot":
            self.alarms = {alarm["id"]: alarm for alarm in said["alarms"]}
            self.seq = said["seq"]
        elif said["type"] == "change":
            self.changes.append(said)
            self.seq = said["seq"]
            alarm = said["alarm"]
            self.alarms[alarm["id"]] = alarm
            if alarm["state"] == "resolved":
                del self.alarms[alarm["id"]]

    def heard(self, event: str) -> set[str]:
        """The alarms of which it was told that something happened."""
        return {change["alarm"]["id"] for change in self.changes if change["event"]["event"] == event}


@contextlib.asynccontextmanager
async def following(cluster: Cluster, tenant: str, url: Callable[[], str] | None = None) -> AsyncIterator[Screen]:
    """A page of a town that is open until the end, at whichever process answers or at one."""
    secret = await asyncio.to_thread(cluster.token, "operator", tenant, "anna")
    screen = Screen(url or (lambda: cluster.url), secret)
    task = asyncio.create_task(screen.run())
    try:
        yield screen
        assert not task.done(), "the page has given up"
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
