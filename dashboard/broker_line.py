"""One short conversation with an MQTT 5 broker, question by question, for `alarmcore check`."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final, TypeVar

import mqtt5

from alarmcore.adapters.mqtt_session.address import Address
from alarmcore.adapters.mqtt_session.packets import PACKET_MAX, Packets
from alarmcore.adapters.mqtt_session.session import why_not_connected
from alarmcore.errors import Unavailable

P = TypeVar("P")

ANSWER_S: Final = 5.0
"""How long a broker may take for one answer, as in service: `CONNECT_WITHIN_S` of its session."""

KEEP_ALIVE_S: Final = 60
"""Longer than the whole conversation, so that nothing has to be said only to be heard of."""

READ_MAX: Final = 65_536
"""Bytes taken from the connection at once."""

FAILURE: Final = 0x80
"""Reason codes from here on are failures, by the MQTT standard."""

SIGN_IN: Final = ("BAD_USER_NAME_OR_PASSWORD", "NOT_AUTHORIZED", "BANNED")


class BrokerLine:
    """A connection to a broker. All that arrives is acknowledged at once and kept in `arrived`."""

    def __init__(self, address: Address, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.address = address
        self.arrived: list[bytes] = []
        self._reader, self._writer = reader, writer
        self._packets = Packets()
        self._waiting: list[mqtt5.Packet] = []
        self._number = 0

    async def greet(self, client: str, *, clean: bool, expiry_s: int) -> mqtt5.ConnAckPacket:
        """Sign in.

        Raises:
            Unavailable: the broker refuses us, with what to do.
        """
        self._writer.write(
            mqtt5.ConnectPacket(
                client,
                username=self.address.user,
                password=self.address.password,
                clean_start=clean,
                keep_alive=KEEP_ALIVE_S,
                session_expiry_interval=expiry_s,
                max_packet_size=PACKET_MAX,
            ).write()
        )
        answer = await self._answer(mqtt5.ConnAckPacket)
        if int(answer.reason_code) >= FAILURE:
            name = answer.reason_code.name
            hint = "correct the user and the password in its URL" if name in SIGN_IN else "see its log"
            raise self._unusable(f"refuses our sign-in ({name}); {hint}")
        return answer

    async def subscribe(self, filters: Sequence[str]) -> dict[str, mqtt5.SubAckReasonCode]:
        """What the broker says to each filter."""
        self._number += 1
        wanted = [mqtt5.TopicFilter(one, max_qos=mqtt5.QoS.AT_LEAST_ONCE) for one in filters]
        self._writer.write(mqtt5.SubscribePacket(self._number, wanted).write())
        answer = await self._answer(mqtt5.SubAckPacket)
        return dict(zip(filters, answer.reason_codes, strict=False))

    async def publish(self, topic: str, payload: bytes) -> bool:
        """Publish at QoS 1; whether the broker takes it."""
        self._number += 1
        packet = mqtt5.PublishPacket(topic, payload, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=self._number)
        self._writer.write(packet.write())
        return int((await self._answer(mqtt5.PubAckPacket)).reason_code) < FAILURE

    async def hears(self, payload: bytes) -> bool:
        """Whether this message is here, or comes soon."""
        try:
            async with asyncio.timeout(ANSWER_S):
                while payload not in self.arrived:
                    await self._take()
        except TimeoutError:
            return False
        return True

    def leave(self, *, expiry_s: int) -> None:
        """Say goodbye; the broker keeps the session for so long."""
        self._writer.write(mqtt5.DisconnectPacket(session_expiry_interval=expiry_s).write())

    async def _answer(self, kind: type[P]) -> P:
        try:
            async with asyncio.timeout(ANSWER_S):
                while True:
                    while self._waiting:
                        packet = self._waiting.pop(0)
                        if isinstance(packet, kind):
                            return packet
                        if isinstance(packet, mqtt5.DisconnectPacket):
                            raise self._unusable(f"ended the connection ({packet.reason_code.name}); see its log")
                    await self._take()
        except TimeoutError:
            raise self._unusable(f"took the connection and did not answer within {ANSWER_S:g} s; is it an MQTT broker?") from None

    async def _take(self) -> None:
        """What has arrived next."""
        try:
            data = await self._reader.read(READ_MAX)
        except OSError as error:
            raise self._unusable(f"cut the connection off ({error.strerror or type(error).__name__}); see its log") from error
        if not data:
            hint = "" if self.address.tls else "; does this port want TLS (mqtts://)?"
            raise self._unusable(f"closed the connection without a word; see its log{hint}")
        for packet in self._packets.feed(data):
            if isinstance(packet, mqtt5.PublishPacket):
                self.arrived.append(packet.payload)
                if packet.packet_id is not None:
                    self._writer.write(mqtt5.PubAckPacket(packet.packet_id).write())
            else:
                self._waiting.append(packet)

    def _unusable(self, what: str) -> Unavailable:
        return Unavailable(f"the MQTT broker at {self.address} {what}")


@asynccontextmanager
async def broker_line(address: Address, tls: ssl.SSLContext | None) -> AsyncIterator[BrokerLine]:
    """A connection that is closed afterwards.

    Raises:
        Unavailable: there is none to be had, with what to do.
    """
    try:
        async with asyncio.timeout(ANSWER_S):
            reader, writer = await asyncio.open_connection(address.host, address.port, ssl=tls)
    except (OSError, TimeoutError, UnicodeError) as error:
        why = await why_not_connected(error, address)
        if address.tls and isinstance(error, ConnectionResetError | BrokenPipeError):
            why += "; does this port speak TLS?"
        raise Unavailable(f"the MQTT broker at {address} cannot be connected to: {why}") from error
    try:
        yield BrokerLine(address, reader, writer)
    finally:
        await _hang_up(writer)


async def _hang_up(writer: asyncio.StreamWriter) -> None:
    try:
        async with asyncio.timeout(ANSWER_S):
            await writer.drain()
            writer.close()
            await writer.wait_closed()
    except (OSError, TimeoutError):
        writer.transport.abort()
