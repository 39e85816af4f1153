"""The devices' side of MQTT 5, as bare and as fast as it gets: for measuring others, it must not be what is measured."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, cast

import mqtt5

WINDOW_MAX: Final = 1000
"""Messages sent and not acknowledged per connection: what the brokers are configured for."""

IDS: Final = 65_000
"""Packet identifiers are used in turn; far more than are in flight, so none is used twice at once."""

ANSWER_WITHIN_S: Final = 10.0


class Client(asyncio.Protocol):
    """One connection. `publish` sends as many of `packets` as the window allows until all are acknowledged."""

    def __init__(self, client_id: str, on_publish: Callable[[mqtt5.PublishPacket], None] | None = None) -> None:
        loop = asyncio.get_running_loop()
        self._hello = mqtt5.ConnectPacket(client_id, clean_start=True, keep_alive=600, receive_max=WINDOW_MAX)
        self._on_publish = on_publish
        self._rest = b""
        self._greeted: asyncio.Future[mqtt5.ConnAckPacket] = loop.create_future()
        self._subscribed: asyncio.Future[None] = loop.create_future()
        self._all_acked: asyncio.Future[None] | None = None
        self._packets: Sequence[bytes] = ()
        self._sent = self._acked = 0
        self._window = WINDOW_MAX

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say CONNECT; asyncio has set TCP_NODELAY already."""
        self.transport = cast("asyncio.Transport", transport)
        self.transport.write(self._hello.write())

    def data_received(self, data: bytes) -> None:
        """Count acknowledgements, acknowledge and hand over messages."""
        data = self._rest + data if self._rest else data
        view, at, acks = memoryview(data), 0, []
        acked = self._acked
        while at < len(data):
            try:
                packet, size = mqtt5.read(view[at:])
            except IndexError:
                break
            at += size
            if type(packet) is mqtt5.PubAckPacket:
                self._acked += 1
            elif type(packet) is mqtt5.PublishPacket:
                if packet.packet_id is not None:
                    acks.append(mqtt5.PubAckPacket(packet.packet_id).write())
                if self._on_publish is not None:
                    self._on_publish(packet)
            else:
                self._control(packet)
        self._rest = data[at:]
        if acks:
            self.transport.write(b"".join(acks))
        if self._acked != acked:
            self._fill()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody may wait for what cannot come any more."""
        for future in (self._greeted, self._subscribed, self._all_acked):
            if future is not None and not future.done():
                future.set_exception(ConnectionError("the broker closed a connection of the benchmark; see its log"))
                future.exception()  # looked at, so that an unawaited one says nothing more

    async def greeted(self) -> None:
        """Wait for CONNACK."""
        ack = await asyncio.wait_for(self._greeted, ANSWER_WITHIN_S)
        self._window = min(self._window, ack.receive_max)

    async def subscribe(self, *filters: str) -> None:
        """Subscribe at QoS 1 and wait until that is granted."""
        wanted = [mqtt5.TopicFilter(f, max_qos=mqtt5.QoS.AT_LEAST_ONCE) for f in filters]
        self.transport.write(mqtt5.SubscribePacket(1, wanted).write())
        await asyncio.wait_for(self._subscribed, ANSWER_WITHIN_S)

    async def publish(self, packets: Sequence[bytes]) -> None:
        """Send ready-made PUBLISH packets (from `encode`); return when the broker has acknowledged the last one."""
        self._packets, self._sent, self._acked = packets, 0, 0
        self._all_acked = asyncio.get_running_loop().create_future()
        self._fill()
        await self._all_acked

    def _fill(self) -> None:
        if self._all_acked is None or self._all_acked.done():
            return
        if self._acked >= len(self._packets):
            self._all_acked.set_result(None)
        upto = min(len(self._packets), self._acked + self._window)
        if upto > self._sent:
            self.transport.write(b"".join(self._packets[self._sent : upto]))
            self._sent = upto

    def _control(self, packet: mqtt5.Packet) -> None:
        if type(packet) is mqtt5.ConnAckPacket:
            if packet.reason_code is not mqtt5.ConnAckReasonCode.SUCCESS:
                self._greeted.set_exception(ConnectionError(f"the broker refused the benchmark: {packet.reason_code.name}"))
            else:
                self._greeted.set_result(packet)
        elif type(packet) is mqtt5.SubAckPacket:
            self._subscribed.set_result(None)


async def connect(port: int, client_id: str, on_publish: Callable[[mqtt5.PublishPacket], None] | None = None) -> Client:
    """A connection to 127.0.0.1 that has been greeted."""
    loop = asyncio.get_running_loop()
    _, client = await loop.create_connection(lambda: Client(client_id, on_publish), "127.0.0.1", port)
    await client.greeted()
    return client


def encode(topic: str, payload: bytes, number: int) -> bytes:
    """The `number`th PUBLISH of a connection, QoS 1."""
    return mqtt5.PublishPacket(topic, payload, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=number % IDS + 1).write()
