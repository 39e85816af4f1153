"""One TCP connection to a broker, from CONNECT to its end."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from typing import Final, Literal, cast

import mqtt5
import msgspec
import structlog

from alarmcore.adapters.mqtt_session.inbound import Inbound, Intake
from alarmcore.adapters.mqtt_session.outbound import Outbox
from alarmcore.adapters.mqtt_session.packets import PAYLOAD_MAX, Packets, Unreadable

SILENT_BEATS_MAX: Final = 2
"""Half keepalives without a single byte, though each began with a ping, before the peer counts as dead: 1.5 in all."""

CLOSE_WITHIN_S: Final = 2.0
"""Time for the last bytes of a connection; whatever is not acknowledged by then comes again anyway."""

_SUBSCRIBE_ID: Final = 1
_FAILURE: Final = 0x80  # reason codes from here on are failures, by the MQTT standard
_SIGN_IN: Final = (  # a tuple: the codec's reason codes have neither hash nor order, whatever their type hints say
    mqtt5.ConnAckReasonCode.BAD_USER_NAME_OR_PASSWORD,
    mqtt5.ConnAckReasonCode.NOT_AUTHORIZED,
    mqtt5.ConnAckReasonCode.BANNED,
)

_log = structlog.get_logger(__name__)


class Loss(msgspec.Struct, frozen=True):
    """Why a connection ended. `retry`: try again; `refused`: trying again helps only once something is mended; `ended`: stop.

    `abrupt`: closed without a reason. Mosquitto 2.0 does so to a client whose session another one takes over.
    """

    text: str
    then: Literal["retry", "refused", "ended"] = "retry"
    abrupt: bool = False


class Connection(asyncio.Protocol):
    """`ready` becomes True or False (whether the broker still had our session); `lost` is set exactly once, at the end."""

    def __init__(self, hello: mqtt5.ConnectPacket, filters: Sequence[str], intake: Intake, outbox: Outbox) -> None:
        loop = asyncio.get_running_loop()
        self.ready: asyncio.Future[bool] = loop.create_future()
        self.lost: asyncio.Future[Loss] = loop.create_future()
        self.inbound = Inbound(self.wake)
        self._hello = hello
        self._filters = filters
        self._accept = intake.accept
        self._outbox = outbox
        self._packets = Packets()
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._loss = Loss("the broker closed the connection without a word; another process may use our client id", abrupt=True)
        self._extra: list[bytes] = []
        self._woken = False
        self._paused = False
        self._leaving = False
        self._session_present = False
        self._beat_s = hello.keep_alive / 2
        self._silent_beats = 0
        self._heart: asyncio.TimerHandle | None = None

    # What asyncio tells us.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say CONNECT. Small packets must leave at once: Nagle's algorithm would hold them for an acknowledgement."""
        self._transport = cast("asyncio.Transport", transport)
        sock = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._transport.write(self._hello.write())

    def data_received(self, data: bytes) -> None:
        """Hand every message over, in order; whatever goes wrong ends this connection and nothing else."""
        if self._leaving:
            return
        self._silent_beats = 0
        publish, accept, ticket = mqtt5.PublishPacket, self._accept, self.inbound.ticket
        try:
            for packet in self._packets.feed(data):
                if type(packet) is publish:
                    payload = packet.payload
                    if len(payload) > PAYLOAD_MAX:
                        payload = payload[: PAYLOAD_MAX + 1]
                    accept(packet.topic, payload, None, ticket(packet))
                else:
                    self._control(packet)
                    if self.lost.done():
                        break
        except Unreadable as why:
            self.fail(Loss(str(why)))
        except Exception as why:  # noqa: BLE001 - whatever an intake raises, the session must live on
            # An intake that raises has kept nothing; the broker must send the message again, so it is not acknowledged.
            _log.exception("mqtt_session.intake_failed", error=type(why).__name__)
            self.fail(Loss("the intake raised an error; nothing of the message was kept"))
        if self.inbound.full and not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """The end, whoever brought it about."""
        self._transport = None
        if self._heart is not None:
            self._heart.cancel()
        if not self.lost.done():  # else the next connection may already use the outbox
            self._outbox.disconnected()
            self.lost.set_result(
                self._loss if exc is None else Loss(f"the connection to the broker broke ({type(exc).__name__})")
            )

    # What the session tells us.

    def wake(self) -> None:
        """Something may be written: do it once, at the end of this turn of the loop, in one write."""
        if not self._woken:
            self._woken = True
            self._loop.call_soon(self._flush)

    def fail(self, loss: Loss) -> None:
        """End it now; nothing more is acknowledged."""
        if self._transport is not None and not self.lost.done():
            self._outbox.disconnected()
            self.lost.set_result(loss)
            self._transport.abort()

    def leave(self) -> None:
        """End it in good order: write what is due, then DISCONNECT (the broker keeps our session).

        The broker closes. Were we to close while something of the broker's is still unread, the system would reset the
        connection and the broker would lose our last acknowledgements.
        """
        if self._transport is not None and not self.lost.done():
            self._loss = Loss("the session was closed", "ended")
            self._flush()
            self._goodbye(self._transport)

    # What the broker tells us.

    def _control(self, packet: mqtt5.Packet) -> None:
        """Everything but PUBLISH: rare, except PUBACK."""
        match packet:
            case mqtt5.PubAckPacket():
                self._outbox.acknowledged(packet.packet_id, accepted=int(packet.reason_code) < _FAILURE)
                self.wake()
            case mqtt5.PubRelPacket():
                self._extra.append(mqtt5.PubCompPacket(packet.packet_id).write())
                self.wake()
            case mqtt5.ConnAckPacket():
                self._greeted(packet)
            case mqtt5.SubAckPacket():
                self._subscribed(packet)
            case mqtt5.DisconnectPacket():
                self._dismissed(packet)
            case mqtt5.PingRespPacket():
                pass
            case _:
                self.fail(Loss(f"the broker sent an unexpected {type(packet).__name__}; check that it speaks MQTT 5"))

    def _greeted(self, ack: mqtt5.ConnAckPacket) -> None:
        if int(ack.reason_code) >= _FAILURE:
            name = ack.reason_code.name
            if ack.reason_code in _SIGN_IN:
                self.fail(Loss(f"the broker refused our sign-in ({name}); check the user and password in its URL", "refused"))
            else:
                self.fail(Loss(f"the broker refused the connection ({name}); see its log"))
            return
        self._session_present = ack.session_present
        if ack.server_keep_alive is not None:
            self._beat_s = ack.server_keep_alive / 2
        self._outbox.connected(ack)
        # Also into a session that the broker still has: the filters may be others than last time. Retained messages come
        # only with a new subscription, where a press may be among them that nobody has heard.
        wanted = [
            mqtt5.TopicFilter(
                f, max_qos=mqtt5.QoS.AT_LEAST_ONCE, retain_handling=mqtt5.RetainHandling.SEND_IF_SUBSCRIPTION_NOT_EXISTS
            )
            for f in self._filters
        ]
        self._extra.append(mqtt5.SubscribePacket(_SUBSCRIBE_ID, wanted).write())
        self._flush()
        self._heart = self._loop.call_later(self._beat_s, self._beat) if self._beat_s > 0 else None

    def _subscribed(self, ack: mqtt5.SubAckPacket) -> None:
        refused = [
            f"{f} ({code.name})" for f, code in zip(self._filters, ack.reason_codes, strict=False) if int(code) >= _FAILURE
        ]
        if refused:
            self.fail(Loss(f"the broker refused the subscription to {', '.join(refused)}; allow it in the broker", "refused"))
        elif not self.ready.done():
            self.ready.set_result(self._session_present)

    def _dismissed(self, packet: mqtt5.DisconnectPacket) -> None:
        name = packet.reason_code.name
        if packet.reason_code is mqtt5.DisconnectReasonCode.SESSION_TAKEN_OVER:
            text = "another process connected with this client id and took the session over; only one may run, so this one stops"
            self.fail(Loss(text, "ended"))
        else:
            self.fail(Loss(f"the broker ended the connection ({name})"))

    # What we do by ourselves.

    def _flush(self) -> None:
        """Acknowledgements first, since they make room for readings, then what we publish: one write for all."""
        self._woken = False
        if self._transport is None or self.lost.done():
            return
        due = self.inbound.collect()
        due += self._extra
        due += self._outbox.collect()
        self._extra.clear()
        if due:
            self._transport.write(b"".join(due))
        if self.inbound.refused:
            self._forsake(self._transport)
        elif self._paused and not self.inbound.full:
            self._paused = False
            self._silent_beats = 0
            self._transport.resume_reading()

    def _forsake(self, transport: asyncio.Transport) -> None:
        """A message was not kept: only a new connection makes the broker send it again."""
        self._outbox.disconnected()
        self.lost.set_result(Loss("a message could not be kept; the broker shall send it again"))
        self._goodbye(transport)

    def _goodbye(self, transport: asyncio.Transport) -> None:
        if not self._leaving:
            self._leaving = True
            transport.resume_reading()  # what still comes is thrown away until the broker closes
            transport.write(mqtt5.DisconnectPacket().write())
            self._loop.call_later(CLOSE_WITHIN_S, transport.abort)

    def _beat(self) -> None:
        """Ping, and see whether the peer still says anything; while we do not read, its silence means nothing."""
        if self._transport is None or self._leaving:
            return
        self._silent_beats += not self._paused
        if self._silent_beats > SILENT_BEATS_MAX:
            self.fail(Loss("the broker has gone silent"))
            return
        self._transport.write(mqtt5.PingReqPacket().write())
        self._heart = self._loop.call_later(self._beat_s, self._beat)
