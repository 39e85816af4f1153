"""What one client is told: messages wait until it has room for them, each is sent once, those at QoS 1 until it says so."""

from __future__ import annotations

from collections import deque

from alarmcore.adapters.mqtt_listener import answers
from alarmcore.adapters.mqtt_listener.limits import Limits

PACKET_ID_MAX = 65_535


class Outbox:
    """Bounded: `put` says False when the client is so slow that it should be hung up on.

    Nothing is sent twice: no session outlives its connection.
    """

    __slots__ = ("_bytes", "_in_flight", "_in_flight_max", "_last_id", "_limits", "_packet_max", "_v5", "_waiting")

    def __init__(self, limits: Limits, *, v5: bool, receive_max: int, packet_max: int) -> None:
        self._limits = limits
        self._v5 = v5
        self._in_flight_max = min(receive_max, limits.in_flight_max)
        self._packet_max = packet_max
        self._in_flight: set[int] = set()
        self._last_id = 0
        self._waiting: deque[tuple[str, bytes, int]] = deque()
        self._bytes = 0

    def put(self, topic: str, payload: bytes, qos: int) -> bool:
        """Keep a message until `take`."""
        if len(self._waiting) >= self._limits.out_queue_max or self._bytes >= self._limits.out_bytes_max:
            return False
        self._waiting.append((topic, payload, qos))
        self._bytes += len(payload)
        return True

    def take(self) -> bytes:
        """Everything that may be sent now."""
        out = bytearray()
        while self._waiting and (not self._waiting[0][2] or len(self._in_flight) < self._in_flight_max):
            topic, payload, qos = self._waiting.popleft()
            self._bytes -= len(payload)
            packet_id = self._next_id() if qos else 0
            packet = answers.publish(topic, payload, packet_id=packet_id, v5=self._v5)
            # What is larger than the client said it can take counts as delivered (MQTT 5, section 3.1.2.11.4).
            if len(packet) <= self._packet_max:
                out += packet
                if packet_id:
                    self._in_flight.add(packet_id)
        return bytes(out)

    def heard(self, packet_id: int) -> None:
        """The client has this one. An identifier we never gave is ignored: nothing depends on it."""
        self._in_flight.discard(packet_id)

    def _next_id(self) -> int:
        # Ends, because far fewer are in flight than there are identifiers.
        while True:
            self._last_id = self._last_id % PACKET_ID_MAX + 1
            if self._last_id not in self._in_flight:
                return self._last_id
