"""Devices that repeat each press until it is confirmed, bare on the wire: many of them in one event loop."""

from __future__ import annotations

import asyncio
import json
from typing import cast

CONNECT, PUBLISH, PUBACK, SUBSCRIBE = 0x10, 0x32, 0x40, 0x82


def text(value: str) -> bytes:
    """A string as MQTT writes it."""
    data = value.encode()
    return len(data).to_bytes(2) + data


def packet(head: int, body: bytes) -> bytes:
    """A packet with its length."""
    left, size = len(body), bytearray()
    while True:
        left, part = divmod(left, 128)
        size.append(part | (0x80 if left else 0))
        if not left:
            return bytes([head]) + bytes(size) + body


class Pendant(asyncio.Protocol):
    """One device and all its presses. What is not confirmed is sent again at every new connection, under its old id."""

    def __init__(self, tenant: str, name: str, password: str, keepalive_s: int = 60) -> None:
        self.tenant = tenant
        self.name = name
        self.password = password
        self.keepalive_s = keepalive_s
        self.open: dict[str, bytes] = {}
        self.confirmed: set[str] = set()
        self.refused: list[str] = []
        self.pressed = 0
        self.greeted = asyncio.Event()
        self.ended = asyncio.Event()
        self._transport: asyncio.Transport | None = None
        self._rest = b""
        self._packet_id = 0

    async def connect(self, port: int) -> None:
        """Come back."""
        self.greeted, self._rest = asyncio.Event(), b""
        self.ended = asyncio.Event()
        await asyncio.get_running_loop().create_connection(lambda: self, "127.0.0.1", port)

    def press(self, at: float) -> str:
        """Press the button, connected or not."""
        self.pressed += 1
        name = f"{self.name}-{self.pressed}"
        self.open[name] = json.dumps({"id": name, "at": at}).encode()
        if self.greeted.is_set():
            self._send(name)
        return name

    def repeat(self, count: int | None = None) -> None:
        """Say everything again that is open, or the oldest of it."""
        for name in list(self.open)[:count] if self.greeted.is_set() else ():
            self._send(name)

    def _send(self, name: str) -> None:
        assert self._transport is not None
        self._packet_id = self._packet_id % 65_000 + 1
        topic = text(f"alarmcore/v1/{self.tenant}/{self.name}/button")
        self._transport.write(packet(PUBLISH, topic + self._packet_id.to_bytes(2) + self.open[name]))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        who = text(f"{self.tenant}-{self.name}") + text(f"{self.tenant}/{self.name}") + text(self.password)
        self._transport.write(packet(CONNECT, text("MQTT") + b"\x04\xc2" + self.keepalive_s.to_bytes(2) + who))
        heard = text(f"alarmcore/ack/v1/{self.tenant}/{self.name}")
        self._transport.write(packet(SUBSCRIBE, b"\x00\x01" + heard + b"\x01"))

    def data_received(self, data: bytes) -> None:
        data = self._rest + data
        while len(data) >= 2:
            size, used = data[1] & 0x7F, 2
            if data[1] & 0x80:
                if len(data) < 3:
                    break
                size, used = size + (data[2] << 7), 3
            if len(data) < used + size:
                break
            self._hear(data[0], data[used : used + size])
            data = data[used + size :]
        self._rest = data

    def _hear(self, head: int, body: bytes) -> None:
        if head >> 4 == 9:  # SUBACK: everything that is open is said again
            self.greeted.set()
            self.repeat()
        elif head >> 4 == 3:
            length = int.from_bytes(body[:2])
            qos = head >> 1 & 3
            said = json.loads(body[2 + length + (2 if qos else 0) :])
            if qos and self._transport is not None:
                self._transport.write(packet(PUBACK, body[2 + length : 4 + length]))
            if said["status"] != "kept":
                self.refused.append(said["id"])
            self.confirmed.add(said["id"])
            self.open.pop(said["id"], None)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self.greeted.clear()
        self.ended.set()

    def leave(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.abort()
