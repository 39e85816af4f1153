"""What we publish, kept until the broker has acknowledged it: bounded, in order, sent again after a reconnect."""

from __future__ import annotations

from collections import deque
from typing import Final

import mqtt5

from alarmcore.busy import turned_away
from alarmcore.errors import InputError

OUTBOX_MAX: Final = 20_000
"""Messages that may wait for the broker; beyond, the oldest goes. Some seconds of confirmations at full rate.

A device that hears no confirmation sends again and is confirmed then, so the oldest ones are those that are worth least.
"""

IN_FLIGHT_MAX: Final = 1000
"""Messages sent and not acknowledged, should the broker allow more; enough to hide a commit's time on its side."""

_PACKET_IDS: Final = 65535  # identifiers are 1 to 65535, by the MQTT standard


class Message:
    """One message on its way out; it keeps its identifier when it is sent again."""

    __slots__ = ("packet_id", "payload", "qos", "topic")

    def __init__(self, topic: str, payload: bytes, qos: int) -> None:
        self.topic = topic
        self.payload = payload
        self.qos = qos
        self.packet_id: int | None = None


class Outbox:
    """Messages that wait, and messages that were sent but not acknowledged. `dropped` counts those given up."""

    __slots__ = ("_in_flight", "_in_flight_max", "_last_id", "_packet_max", "_resumed", "_waiting", "dropped")

    def __init__(self) -> None:
        self._waiting: deque[Message] = deque()
        self._in_flight: dict[int, Message] = {}
        self._in_flight_max = 0
        self._packet_max: int | None = None
        self._resumed = False
        self._last_id = 0
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._waiting) + len(self._in_flight)

    def put(self, topic: str, payload: bytes, qos: int) -> None:
        """Queue one message.

        Raises:
            InputError: the broker would close the connection over it, and over its repetition for ever.
        """
        if not topic or any(c in topic for c in "+#\0") or qos not in (0, 1):
            raise InputError("cannot publish: the topic is empty or has a wildcard, or the QoS is not 0 or 1; mend the caller")
        if len(self._waiting) >= OUTBOX_MAX:
            self._waiting.popleft()
            self.dropped += 1
            turned_away("confirmations")
        self._waiting.append(Message(topic, payload, qos))

    def connected(self, ack: mqtt5.ConnAckPacket) -> None:
        """A new connection: what was not acknowledged goes first again, in its old order."""
        self._waiting.extendleft(reversed(self._in_flight.values()))
        self._in_flight.clear()
        self._in_flight_max = min(ack.receive_max, IN_FLIGHT_MAX)
        self._packet_max = ack.max_packet_size
        self._resumed = ack.session_present

    def disconnected(self) -> None:
        """Send nothing until `connected`."""
        self._in_flight_max = 0

    def acknowledged(self, packet_id: int, *, accepted: bool = True) -> None:
        """The broker has it, or will never take it (`accepted` false): either way it is over."""
        if self._in_flight.pop(packet_id, None) is not None and not accepted:
            self.dropped += 1

    def collect(self) -> list[bytes]:
        """The packets that may be sent now."""
        due: list[bytes] = []
        while self._waiting and len(self._in_flight) < self._in_flight_max:
            message = self._waiting.popleft()
            raw = self._encode(message)
            if self._packet_max is not None and len(raw) > self._packet_max:
                self.dropped += 1  # the broker would close the connection, and again at each repetition
                continue
            if message.packet_id is not None:
                self._in_flight[message.packet_id] = message
            due.append(raw)
        return due

    def _encode(self, message: Message) -> bytes:
        again = message.packet_id is not None and self._resumed
        if message.qos and message.packet_id is None:
            message.packet_id = self._free_id()
        return mqtt5.PublishPacket(
            message.topic, message.payload, qos=mqtt5.QoS(message.qos), packet_id=message.packet_id, duplicate=again
        ).write()

    def _free_id(self) -> int:
        """The next identifier that is not in use; there is one, since far fewer are in flight than there are."""
        while True:
            self._last_id = self._last_id % _PACKET_IDS + 1
            if self._last_id not in self._in_flight:
                return self._last_id
