"""One client's side of the protocol: bytes in, bytes out, no socket and no clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Concatenate, Final, ParamSpec

import structlog

from alarmcore.adapters.mqtt_listener import answers, packets
from alarmcore.adapters.mqtt_listener import codes as kinds
from alarmcore.adapters.mqtt_listener.brake import CLOSING, CROWDED, OWN_ROOM, SIGNING_IN, STALLED, Brake
from alarmcore.adapters.mqtt_listener.codes import Code
from alarmcore.adapters.mqtt_listener.framing import Stream
from alarmcore.adapters.mqtt_listener.hearing import Hearing
from alarmcore.adapters.mqtt_listener.house import House
from alarmcore.adapters.mqtt_listener.inbox import Inbox, Slot
from alarmcore.adapters.mqtt_listener.limits import CLIENT_ID_MAX, CONNECT_S_MAX, KEEP_ALIVE_FACTOR
from alarmcore.adapters.mqtt_listener.packets import Connect
from alarmcore.adapters.mqtt_listener.ports import Wire
from alarmcore.adapters.mqtt_listener.properties import PacketInvalid
from alarmcore.busy import turned_away

log = structlog.get_logger(__name__)

_FLAGS: Final = {kinds.PUBREL: 2, kinds.SUBSCRIBE: 2, kinds.UNSUBSCRIBE: 2}
"""What the lower half of the first byte must be (MQTT 5, section 2.1.3); 0 where not named."""


P = ParamSpec("P")


def _guarded(method: Callable[Concatenate[Connection, P], None]) -> Callable[Concatenate[Connection, P], None]:
    """Whatever goes wrong inside ends this connection and nothing else."""

    def guarded(self: Connection, /, *args: P.args, **kwargs: P.kwargs) -> None:
        try:
            method(self, *args, **kwargs)
        except Exception as error:  # noqa: BLE001 - one client's bytes must never stop the others
            self.break_off(error)

    return guarded


class Connection:
    """The protocol with one client, MQTT 3.1, 3.1.1 or 5.

    `feed` takes what the socket read; `turn` is called by the house after answers became known. Nothing raises out of either.
    """

    __slots__ = (
        "_begun", "_brake", "_client_id", "_connect", "_due", "_hearing", "_house", "_inbox", "_late", "_out",
        "_principal", "_skip", "_stream", "_v5", "_wire", "closed",
    )  # fmt: skip

    def __init__(self, house: House, wire: Wire) -> None:
        self._house = house
        self._wire = wire
        self._v5 = False
        self._connect: Connect | None = None
        self._principal: str | None = None
        self._client_id = ""
        self._out = bytearray()
        self._inbox = Inbox(house, self._out, self._come_due, v5=False)
        self._hearing: Hearing | None = None
        self._begun = False
        self._stream = Stream(house.sizes)
        self._skip = 0
        self._late: tuple[str, bytes, Slot] | None = None
        self._brake = Brake(wire)
        self._due = False
        self.closed = False

    # Bytes in

    @_guarded
    def feed(self, data: bytes) -> None:
        """Take what the socket read, in pieces of any size."""
        if self._skip:
            data = self._skip_over(data)
        if self.closed or not data:
            return
        if self._connect is None and not self._begun:
            self._begin(data[0])
        self._stream.add(data, hold=self._brake.paused)
        if not self._brake.paused:
            self._go_on()

    def _begin(self, first: int) -> None:
        """Somebody who speaks another protocol is hung up on at the first byte, not when the length it seems to give is there."""
        self._begun = True
        if first >> 4 != kinds.CONNECT:
            raise PacketInvalid(Code.PROTOCOL_ERROR, "CONNECT must come first, and once")

    def _go_on(self) -> None:
        """Handle the frames at hand until none is left or reading is held back; then the next ones start where these stopped."""
        stream = self._stream
        while True:
            data = stream.data
            for first, body, after in stream.frames:
                if first >> 4 == kinds.PUBLISH and self._principal is not None:
                    self._publish(first, data, body, after, self._principal)
                else:
                    self._other(first, data, body, after)
                if self._brake.held or self.closed:
                    return
            if not stream.more():
                return

    def _publish(self, first: int, data: bytes, body: int, after: int, principal: str) -> None:
        qos = first >> 1 & 3
        here = len(data)
        if after - body > self._house.sizes.packet:
            raise PacketInvalid(Code.TOO_LARGE, f"a PUBLISH of {after - body} bytes")
        topic, packet_id, start = packets.publish_head(data, body, min(after, here), qos=qos, v5=self._v5)
        payload = data[start:after]
        answer = 0
        if len(payload) > self._house.limits.payload_max:
            payload = payload[: self._house.limits.payload_max + 1]
            answer = Code.NOT_WILLING
            self._house.counts.too_large += 1
        elif after > here:
            raise PacketInvalid(Code.TOO_LARGE, f"topic and properties of {start - body} bytes")
        slot = Slot(None, qos, packet_id, 0, answer)
        if after > here:
            # The rest of it is thrown away as it comes; only a message that came whole is one.
            self._skip, self._late = after - here, (topic, payload, slot)
            return
        self._accept(topic, payload, principal, slot)

    def _accept(self, topic: str, payload: bytes, principal: str, slot: Slot) -> None:
        inbox, house = self._inbox, self._house
        inbox.take(topic, payload, principal, slot)
        if inbox.full():
            self._brake.hold(OWN_ROOM)
        elif house.full:
            self._brake.hold(CROWDED)
            house.crowded_out.append(self)
            turned_away("room")

    def _skip_over(self, data: bytes) -> bytes:
        skipped = min(self._skip, len(data))
        self._skip -= skipped
        if not self._skip and self._late is not None and self._principal is not None:
            (topic, payload, slot), self._late = self._late, None
            self._accept(topic, payload, self._principal, slot)
        return data[skipped:]

    def _other(self, first: int, data: bytes, body: int, after: int) -> None:
        kind = first >> 4
        if after > len(data) or after - body > self._house.sizes.control:
            raise PacketInvalid(Code.TOO_LARGE, f"a packet of type {kind} with {after - body} bytes")
        if (kind == kinds.CONNECT) != (self._connect is None):
            raise PacketInvalid(Code.PROTOCOL_ERROR, "CONNECT must come first, and once")
        handle = _HANDLERS.get(kind)
        if handle is None:
            raise PacketInvalid(Code.PROTOCOL_ERROR if kind else Code.MALFORMED, f"a packet of type {kind} from a client")
        level = self._connect.level if self._connect else kinds.LEVEL_311
        if first & 0x0F != _FLAGS.get(kind, 0) and level != kinds.LEVEL_31:
            raise PacketInvalid(Code.MALFORMED, f"flags {first & 0x0F} in a packet of type {kind}")
        handle(self, data[body:after])

    # Coming in

    def _on_connect(self, body: bytes) -> None:
        try:
            connect = packets.read_connect(body)
        except PacketInvalid as error:
            if error.code == Code.UNSUPPORTED_LEVEL:
                self._out += answers.connack(error.code, v5=False)
            raise
        self._connect = connect
        self._v5 = connect.level == kinds.LEVEL_5
        self._client_id = connect.client_id or self._house.client_id()
        if len(connect.client_id) > CLIENT_ID_MAX or (not connect.client_id and not connect.clean and not self._v5):
            self._refuse(Code.CLIENT_ID_INVALID)
        elif connect.auth_method is not None:
            self._refuse(Code.BAD_AUTHENTICATION_METHOD)
        else:
            self._brake.hold(SIGNING_IN)
            self._wire.sign_in(connect)

    def signed_in(self, principal: str | None, code: Code = Code.SUCCESS) -> None:
        """What the gate said: the principal, or none and why."""
        connect = self._connect
        if self.closed or connect is None:
            return
        if principal is None:
            self._refuse(code or (Code.BAD_CREDENTIALS if connect.username else Code.NOT_AUTHORIZED))
            return
        if not self._house.has_room(principal, self._client_id):
            turned_away("sessions", principal=principal)
            self._refuse(Code.SERVER_BUSY)
            return
        before = self._house.enter(self, principal, self._client_id)
        if before is not None:
            self._house.counts.taken_over += 1
            before.drop(Code.TAKEN_OVER)
        self._house.counts.signed_in += 1
        self._principal = principal
        self._inbox = Inbox(self._house, self._out, self._come_due, v5=self._v5)
        self._out += answers.connack(
            Code.SUCCESS,
            v5=self._v5,
            receive_max=min(self._house.limits.receive_max, 65_535),
            packet_max=self._house.limits.packet_max,
            assigned=None if connect.client_id else self._client_id,
        )
        self._release(SIGNING_IN)

    def _refuse(self, code: Code) -> None:
        self._house.counts.refused += 1
        self.drop(code)

    # What a client may say once it is in

    def _on_subscribe(self, body: bytes) -> None:
        asked = packets.read_subscribe(body, v5=self._v5)
        self._say(answers.suback(asked.packet_id, self._heard().subscribe(asked), v5=self._v5))

    def _on_unsubscribe(self, body: bytes) -> None:
        asked = packets.read_unsubscribe(body, v5=self._v5)
        self._say(answers.unsuback(asked.packet_id, self._heard().unsubscribe(asked), v5=self._v5))

    def _heard(self) -> Hearing:
        if self._hearing is None:
            if self._connect is None or self._principal is None:
                raise PacketInvalid(Code.PROTOCOL_ERROR, "a subscription before anybody signed in")
            self._hearing = Hearing(self._house, self, self._connect, self._principal)
        return self._hearing

    def _on_puback(self, body: bytes) -> None:
        packet_id, _ = packets.read_ack(body, v5=self._v5)
        if self._hearing is not None:
            self._hearing.outbox.heard(packet_id)
            self._come_due()

    def _on_pubrel(self, body: bytes) -> None:
        packet_id, _ = packets.read_ack(body, v5=self._v5)
        known = self._inbox.release(packet_id)
        self._say(answers.pubcomp(packet_id, 0 if known or not self._v5 else Code.PACKET_ID_UNKNOWN))

    def _on_ping(self, body: bytes) -> None:
        if body:
            raise PacketInvalid(Code.MALFORMED, "a PINGREQ with a body")
        self._say(answers.PINGRESP)

    def _on_disconnect(self, body: bytes) -> None:
        code = packets.read_disconnect(body, v5=self._v5)
        self._flush()
        self._leave(will=code != Code.SUCCESS)
        self._wire.hang_up()

    # Bytes out

    def deliver(self, topic: str, payload: bytes, qos: int) -> None:
        """Tell the client. One that is too far behind is hung up on."""
        if self.closed or self._hearing is None:
            return
        if self._hearing.outbox.put(topic, payload, qos):
            self._come_due()
        else:
            self._house.counts.too_slow += 1
            turned_away("slow_clients", principal=self._principal or "")
            self.drop(Code.QUOTA_EXCEEDED)

    @_guarded
    def turn(self) -> None:
        """Write what became known in this turn of the loop, in one piece, and read on where there is room again."""
        self._due = False
        if self.closed:
            return
        if self._inbox.refused:
            self.drop(Code.QUOTA_EXCEEDED)
            return
        if self._brake.held & OWN_ROOM and self._inbox.half_empty():
            self._brake.lift(OWN_ROOM)
        if self._brake.paused and not self._brake.held:
            self._read_on()
        if self._hearing is not None and not self._brake.held & STALLED:
            self._out += self._hearing.outbox.take()
        self._flush()

    def _read_on(self) -> None:
        self._go_on()
        if not self.closed:
            self._brake.let_go()

    def _say(self, packet: bytes) -> None:
        self._out += packet
        self._come_due()

    def _come_due(self) -> None:
        if not self._due and not self.closed:
            self._due = True
            self._house.due(self)

    def _flush(self) -> None:
        if self._out:
            # A copy, because a socket that takes only a part keeps the rest without copying it.
            data = bytes(self._out)
            self._out.clear()
            self._wire.write(data)

    # Holding back

    def _release(self, why: int) -> None:
        self._brake.lift(why)
        self._come_due()

    def room_again(self) -> None:
        """The house has room for all again."""
        self._release(CROWDED)

    def stall(self, *, stalled: bool) -> None:
        """Whether the socket takes no more for now."""
        if stalled:
            self._brake.hold(STALLED)
        else:
            self._release(STALLED)

    def stop_listening(self) -> None:
        """Take nothing more from this client; what was taken is still answered."""
        self._brake.hold(CLOSING)

    # Going

    @property
    def patience_s(self) -> float:
        """How long the client may be silent; 0 means for ever."""
        return CONNECT_S_MAX if self._connect is None else self._connect.keep_alive_s * KEEP_ALIVE_FACTOR

    @property
    def paused(self) -> bool:
        """Whether the client's silence is our doing."""
        return self._brake.paused

    def drop(self, code: Code, *, will: bool = True) -> None:
        """Hang up, and to MQTT 5 say why."""
        if self.closed:
            return
        if self._principal is not None:
            self._out += answers.disconnect(code) if self._v5 else b""
        elif self._connect is not None:
            self._out += answers.connack(code, v5=self._v5)
        self._flush()
        self._leave(will=will)
        self._wire.hang_up()

    def break_off(self, error: Exception) -> None:
        """End this connection because of what came in on it."""
        if isinstance(error, PacketInvalid):
            self._house.counts.broken_packets += 1
            log.info("mqtt_packet_refused", principal=self._principal, why=str(error))
            self.drop(error.code)
        else:
            self._house.counts.failures += 1
            log.error("mqtt_connection_failed", principal=self._principal, exc_info=error)
            self.drop(Code.UNSPECIFIED)

    def lost(self) -> None:
        """The socket is gone without a word."""
        self._leave(will=True)

    def _leave(self, *, will: bool) -> None:
        if self.closed:
            return
        self.closed = True
        self._stream.clear()
        self._skip, self._late = 0, None
        if self._hearing is not None:
            self._hearing.close()
        if self._principal is None:
            return
        self._house.leave(self, self._principal, self._client_id)
        last = self._connect.will if self._connect is not None else None
        if will and last is not None:
            self._inbox.take(last.topic, last.payload, self._principal, Slot(None, 0, 0, 0, 0))
        self._inbox.close()


_HANDLERS: Final[dict[int, Callable[[Connection, bytes], None]]] = {
    kinds.CONNECT: Connection._on_connect,
    kinds.PUBACK: Connection._on_puback,
    kinds.PUBREL: Connection._on_pubrel,
    kinds.SUBSCRIBE: Connection._on_subscribe,
    kinds.UNSUBSCRIBE: Connection._on_unsubscribe,
    kinds.PINGREQ: Connection._on_ping,
    kinds.DISCONNECT: Connection._on_disconnect,
}
