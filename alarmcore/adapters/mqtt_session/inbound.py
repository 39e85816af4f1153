"""Which messages of one connection may be acknowledged: late, in order of arrival, several at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

import mqtt5

QOS0_OPEN_MAX: Final = 2000
"""Messages without acknowledgement that may wait for their `done`; beyond, nothing more is read until half are done.

No receive maximum bounds them: a flood of them would fill the memory. Twice the usual receive maximum.
"""

UNANSWERED_MAX: Final = 2000
"""Messages with acknowledgement that may wait for their `done`, twice the usual receive maximum; beyond, nothing more is read.

The receive maximum should bound them, but Mosquitto 2.0.11 sends all that it has queued as soon as one is acknowledged.
"""

_ACK: Final = b"@\x02"  # PUBACK of two bytes: the identifier, and success by being absent
_REC: Final = b"P\x02"  # PUBREC likewise


class Intake(Protocol):
    """Who takes the messages. Called on the event loop, in order of arrival; `done` is to be called there too."""

    def accept(self, topic: str, payload: bytes, principal: None, done: Callable[[bool], None], /) -> None:
        """Take one message; `done(True)` once it is kept, `done(False)` when it cannot be. `principal` is for listeners."""


class Ticket:
    """The `done` of one message: says once whether it was kept."""

    __slots__ = ("_inbound", "kept", "packet_id")
    lead = _ACK

    def __init__(self, inbound: Inbound, packet_id: int) -> None:
        self._inbound = inbound
        self.packet_id = packet_id
        self.kept: bool | None = None

    def __call__(self, kept: bool) -> None:
        """Answer for the message; only the first answer counts."""
        if self.kept is None:
            self.kept = kept
            self._inbound.answered()


class ExactTicket(Ticket):
    """The `done` of a QoS 2 message, which we never ask for but an older subscription of the same session may bring."""

    __slots__ = ()
    lead = _REC


class LooseTicket:
    """The `done` of a QoS 0 message: nothing can be acknowledged, only room is made."""

    __slots__ = ("_inbound",)

    def __init__(self, inbound: Inbound) -> None:
        self._inbound: Inbound | None = inbound

    def __call__(self, _kept: bool) -> None:
        """Make room, once."""
        if self._inbound is not None:
            self._inbound.loose_done()
            self._inbound = None


class Inbound:
    """Messages that were handed over and not acknowledged yet; `wake` is called once when there is something to collect."""

    __slots__ = ("_loose", "_waiting", "_wake", "_woken", "acknowledged", "full", "refused")

    def __init__(self, wake: Callable[[], None]) -> None:
        self._waiting: deque[Ticket] = deque()
        self._loose = 0
        self._wake = wake
        self._woken = False
        self.acknowledged = 0
        self.full = False
        """True when too many messages are open: read nothing more."""
        self.refused = False
        """True once the oldest message was not kept: nothing behind it may be acknowledged on this connection."""

    def ticket(self, packet: mqtt5.PublishPacket) -> Callable[[bool], None]:
        """The `done` for a message that just arrived."""
        packet_id = packet.packet_id
        if packet_id is None:
            self._loose += 1
            self.full = self.full or self._loose >= QOS0_OPEN_MAX
            return LooseTicket(self)
        ticket = (ExactTicket if packet.qos is mqtt5.QoS.EXACTLY_ONCE else Ticket)(self, packet_id)
        self._waiting.append(ticket)
        self.full = self.full or len(self._waiting) >= UNANSWERED_MAX
        return ticket

    def answered(self) -> None:
        """A ticket was answered: ask to be collected, once for however many are answered until then."""
        if not self._woken:
            self._woken = True
            self._wake()

    def loose_done(self) -> None:
        """One QoS 0 message less; half of the room must be free before more is read, so that reading does not flicker."""
        self._loose -= 1
        if self.full and self._half_empty():
            self.full = False
            self.answered()

    def _half_empty(self) -> bool:
        return self._loose <= QOS0_OPEN_MAX // 2 and len(self._waiting) <= UNANSWERED_MAX // 2

    def collect(self) -> list[bytes]:
        """Acknowledgements that are due now, in order of arrival (as MQTT 5 demands), up to the first message not yet kept."""
        self._woken = False
        due: list[bytes] = []
        waiting = self._waiting
        while waiting and waiting[0].kept and not self.refused:
            ticket = waiting.popleft()
            due.append(ticket.lead + ticket.packet_id.to_bytes(2, "big"))
        self.acknowledged += len(due)
        self.full = self.full and not self._half_empty()
        self.refused = self.refused or bool(waiting and waiting[0].kept is False)
        return due
