"""A wire between a client and its server that loses what it is told to lose: a request that comes much later, or an answer."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Literal, Self

CHUNK = 1 << 16
WITHIN_S = 30.0

Loses = Literal["request", "answer"]


class Passage:
    """One connection through the wire. Its client is hung up on once something was lost; its server knows of nothing."""

    def __init__(self, wire: StragglingWire, to_client: asyncio.StreamWriter, to_server: asyncio.StreamWriter) -> None:
        self.wire = wire
        self.to_client = to_client
        self.to_server = to_server
        self.held = b""
        self.lost = False
        self.worked = asyncio.Event()

    async def up(self, source: asyncio.StreamReader) -> None:
        """From the client to the server."""
        while chunk := await source.read(CHUNK):
            loses = self.wire.loses_now(chunk)
            if loses == "request" or self.held:
                self.held += chunk
            else:
                self.to_server.write(chunk)
            if loses is not None:
                self.lost = True
                self.wire.passages.append(self)
                self.to_client.transport.abort()
                self.wire.caught.set()
        if not self.lost:
            self.to_server.close()

    async def down(self, source: asyncio.StreamReader) -> None:
        """From the server to the client."""
        try:
            while chunk := await source.read(CHUNK):
                if not self.lost:
                    self.to_client.write(chunk)
        finally:
            self.worked.set()
            self.to_client.close()


class StragglingWire:
    """Listens on a port of its own and passes everything on to `port`, until something is to be lost."""

    def __init__(self, port: int) -> None:
        self.target = port
        self.port = 0
        self.text: bytes | None = None
        self.loses: Loses = "request"
        self.caught = asyncio.Event()
        self.passages: list[Passage] = []
        self.tasks: set[asyncio.Task[None]] = set()
        self.server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self.server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self.server is not None
        self.server.close()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    def lose(self, loses: Loses, text: bytes) -> None:
        """Lose the next request that holds `text`, or the answer to it."""
        self.caught = asyncio.Event()
        self.text, self.loses = text, loses

    def loses_now(self, chunk: bytes) -> Loses | None:
        if self.text is None or self.text not in chunk:
            return None
        self.text = None
        return self.loses

    async def deliver(self) -> None:
        """Let every request that was held come to its server now, and wait until that has worked on it."""
        for passage in self.passages:
            if passage.held:
                passage.to_server.write(passage.held)
                passage.to_server.write_eof()
                passage.held = b""
                # The server hangs up when it has done all that came.
                await asyncio.wait_for(passage.worked.wait(), WITHIN_S)

    async def _connected(self, from_client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_connection("127.0.0.1", self.target)
        passage = Passage(self, to_client, to_server)
        for way in (passage.up(from_client), passage.down(from_server)):
            task = asyncio.create_task(self._carry(way))
            self.tasks.add(task)

    async def _carry(self, way: object) -> None:
        with contextlib.suppress(OSError):
            await way  # type: ignore[misc]
