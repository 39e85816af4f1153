"""What one client has published and is not answered yet: answers leave in the order of the messages, each once it is known."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

import msgspec
import structlog

from alarmcore.adapters.mqtt_listener import answers
from alarmcore.adapters.mqtt_listener.codes import PUBACK, PUBREC, Code
from alarmcore.adapters.mqtt_listener.house import House
from alarmcore.adapters.mqtt_listener.limits import MESSAGE_OVERHEAD, QOS2_OPEN_MAX
from alarmcore.adapters.mqtt_listener.properties import PacketInvalid

log = structlog.get_logger(__name__)

WAITING: Final = -1


class Slot(msgspec.Struct, gc=False, eq=False):
    """One message that waits for its answer. `settle` is the `done` of the intake."""

    inbox: Inbox | None
    qos: int
    packet_id: int
    size: int
    answer: int
    """The code to answer with when it is kept or answered for."""
    verdict: int = WAITING

    def settle(self, kept: bool) -> None:
        """Say what became of the message; a second time changes nothing."""
        inbox = self.inbox
        if inbox is not None:
            self.inbox = None
            self.verdict = self.answer if kept else Code.QUOTA_EXCEEDED
            inbox.settled(self)


class Inbox:
    """Messages of one client on their way through the intake: `out` gets the answers, `due` hears that there are some."""

    __slots__ = ("_due", "_house", "_open", "_out", "_pending_bytes", "_qos2", "_unanswered", "_v5", "refused")

    def __init__(self, house: House, out: bytearray, due: Callable[[], None], *, v5: bool) -> None:
        self._due = due
        self._house = house
        self._out = out
        self._v5 = v5
        self._unanswered: deque[Slot] = deque()
        self._open = 0
        self._pending_bytes = 0
        self._qos2: dict[int, bool] | None = None
        self.refused = False
        """A message could not be kept and the client's protocol has no word for it: hang up, so that it repeats."""

    def take(self, topic: str, payload: bytes, principal: str, slot: Slot) -> None:
        """Hand a message to the intake."""
        house = self._house
        qos = slot.qos
        if qos:
            if qos == 2 and self._is_repeat(slot.packet_id):
                return
            self._unanswered.append(slot)
        size = slot.size = len(payload) + MESSAGE_OVERHEAD
        self._open += 1
        self._pending_bytes += size
        house.pending += 1
        house.pending_bytes += size
        slot.inbox = self
        try:
            house.intake.accept(topic, payload, principal, slot.settle)
        except Exception:
            # A fault of the intake ends nobody's connection by itself: it counts as not kept.
            log.exception("mqtt_intake_failed", principal=principal)
            house.counts.failures += 1
            slot.settle(False)

    def full(self) -> bool:
        """Whether this client has used up its own room."""
        limits = self._house.limits
        return self._open >= limits.receive_max or self._pending_bytes >= limits.pending_bytes_max

    def half_empty(self) -> bool:
        """Whether it is worth reading on after `full`: half of the room, so that reading is not switched for every message."""
        limits = self._house.limits
        return self._open <= limits.receive_max // 2 and self._pending_bytes <= limits.pending_bytes_max // 2

    def settled(self, slot: Slot) -> None:
        """`slot` has its verdict: write every answer whose turn has come."""
        self._open -= 1
        self._pending_bytes -= slot.size
        self._house.settled(slot.size)
        unanswered = self._unanswered
        while unanswered and unanswered[0].verdict != WAITING and not self.refused:
            self._answer(unanswered.popleft())
        self._due()

    def _answer(self, slot: Slot) -> None:
        verdict = slot.verdict
        if verdict == Code.QUOTA_EXCEEDED:
            self._house.counts.unkept += 1
            self.refused = True
            return
        if slot.qos == 2 and self._qos2 is not None:
            if verdict:
                del self._qos2[slot.packet_id]
            else:
                self._qos2[slot.packet_id] = True
        if verdict and self._v5:
            self._out += answers.ack(PUBACK if slot.qos == 1 else PUBREC, slot.packet_id, verdict)
        else:
            self._out += answers.ACK_HEAD[slot.qos] + slot.packet_id.to_bytes(2)

    def _is_repeat(self, packet_id: int) -> bool:
        """Whether this QoS 2 message is here already. One that was answered is answered again; the other will be."""
        if self._qos2 is None:
            self._qos2 = {}
        answered = self._qos2.get(packet_id)
        if answered is None:
            if len(self._qos2) >= QOS2_OPEN_MAX + self._house.limits.receive_max:
                raise PacketInvalid(Code.RECEIVE_MAX_EXCEEDED, "too many QoS 2 messages that were never released")
            self._qos2[packet_id] = False
            return False
        if answered:
            self._out += answers.ack(PUBREC, packet_id)
            self._due()
        return True

    def release(self, packet_id: int) -> bool:
        """The client's PUBREL: True when the message was known.

        Raises:
            PacketInvalid: it was released before it was answered.
        """
        answered = (self._qos2 or {}).get(packet_id)
        if answered is False:
            raise PacketInvalid(Code.PROTOCOL_ERROR, "a QoS 2 message released before it was received")
        if self._qos2 and answered:
            del self._qos2[packet_id]
        return answered is not None

    def close(self) -> None:
        """Nobody is there to be answered; what the intake has keeps its room until it says done."""
        self._unanswered.clear()
