"""A wire between a client and its server, in a thread of its own, that is slow, is cut, or carries nothing for a while."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Final, Literal

CHUNK: Final = 1 << 16

HELD_MAX: Final = 1000
"""Chunks on their way in one direction of one connection; whoever sends more waits, as with any full wire."""

WITHIN_S: Final = 30.0
"""How long the wire's own thread may take for what it is told."""

Way = Literal["up", "down"]
"""To the server, and back."""


class Passage:
    """One connection through the wire: in each direction what has come in and is not yet due."""

    def __init__(self, proxy: Proxy, client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self.proxy = proxy
        self.writers: dict[Way, asyncio.StreamWriter] = {"up": server, "down": client}
        self.held: dict[Way, asyncio.Queue[tuple[float, bytes]]] = {
            "up": asyncio.Queue(HELD_MAX),
            "down": asyncio.Queue(HELD_MAX),
        }

    async def take_in(self, way: Way, source: asyncio.StreamReader) -> None:
        """Everything is on its way for as long as the wire is slow; its end too."""
        while True:
            chunk = await source.read(CHUNK)
            await self.held[way].put((self.proxy.now() + self.proxy.delay_s, chunk))
            if not chunk:
                return

    async def give_out(self, way: Way) -> None:
        """What is due goes on, in its order, unless the wire stands still in this direction."""
        while True:
            due_at, chunk = await self.held[way].get()
            await asyncio.sleep(due_at - self.proxy.now())
            await self.proxy.moving[way].wait()
            if not chunk:
                self.writers[way].close()
                return
            self.writers[way].write(chunk)
            await self.writers[way].drain()

    def cut(self) -> None:
        """Hang up on both sides; what is on its way is lost."""
        for writer in self.writers.values():
            writer.transport.abort()


class Proxy:
    """Listens on a port of 127.0.0.1 of its own and passes everything on to `target`. Called from any thread but its own."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = 0
        self.delay_s = 0.0
        self.refusing = False
        self.passages: set[Passage] = set()
        self.tasks: set[asyncio.Task[None]] = set()
        self.loop = asyncio.new_event_loop()
        self.now = self.loop.time
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self.loop).result(WITHIN_S)

    async def _open(self) -> None:
        self.moving: dict[Way, asyncio.Event] = {"up": asyncio.Event(), "down": asyncio.Event()}
        for moving in self.moving.values():
            moving.set()
        self.server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]

    def _call(self, work: Callable[[], None]) -> None:
        """Do something in the wire's thread, and return when it is done."""

        async def done() -> None:
            work()

        asyncio.run_coroutine_threadsafe(done(), self.loop).result(WITHIN_S)

    # -- what goes wrong --------------------------------------------------------------------------------------------------

    def slow(self, delay_s: float) -> None:
        """From now on everything takes so much longer, in each direction."""
        self._call(lambda: setattr(self, "delay_s", delay_s))

    def stall(self, *ways: Way) -> None:
        """Carry nothing any more, or nothing in one direction; nobody is hung up on, and nothing is lost."""

        def work() -> None:
            for way in ways or self.moving:
                self.moving[way].clear()

        self._call(work)

    def go_on(self) -> None:
        """Carry everything again, first of all what was held."""

        def work() -> None:
            for moving in self.moving.values():
                moving.set()

        self._call(work)

    def cut(self) -> None:
        """Hang up on everybody; whoever comes anew is let through."""
        self._call(self._cut)

    def _cut(self) -> None:
        for passage in self.passages:
            passage.cut()

    def close_door(self) -> None:
        """Hang up on everybody and let nobody in."""

        def work() -> None:
            self.refusing = True
            self._cut()

        self._call(work)

    def open_door(self) -> None:
        """Let everybody in again."""
        self._call(lambda: setattr(self, "refusing", False))

    # -- the wire ---------------------------------------------------------------------------------------------------------

    async def _connected(self, from_client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        if self.refusing:
            to_client.transport.abort()
            return
        try:
            from_server, to_server = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            to_client.transport.abort()
            return
        passage = Passage(self, to_client, to_server)
        self.passages.add(passage)
        ways = (
            passage.take_in("up", from_client),
            passage.take_in("down", from_server),
            passage.give_out("up"),
            passage.give_out("down"),
        )
        tasks = [self.loop.create_task(way) for way in ways]
        self.tasks.update(tasks)
        # One side that is gone is gone for the other as well, once it has been given what was on its way.
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        passage.cut()
        self.passages.discard(passage)
        self.tasks.difference_update(tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _close(self) -> None:
        self.server.close()
        self._cut()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    def close(self) -> None:
        """Hang up, and end the thread."""
        asyncio.run_coroutine_threadsafe(self._close(), self.loop).result(WITHIN_S)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(WITHIN_S)
        self.loop.close()


@contextlib.contextmanager
def between(target: int) -> Iterator[Proxy]:
    """A wire that is gone afterwards."""
    proxy = Proxy(target)
    try:
        yield proxy
    finally:
        proxy.close()
