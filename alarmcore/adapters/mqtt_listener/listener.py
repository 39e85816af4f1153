"""The server: sockets and the clock around the connections, in the event loop that calls it."""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import Final, cast

import structlog

from alarmcore.adapters.mqtt_listener.codes import Code
from alarmcore.adapters.mqtt_listener.connection import Connection
from alarmcore.adapters.mqtt_listener.framing import Sizes
from alarmcore.adapters.mqtt_listener.house import House
from alarmcore.adapters.mqtt_listener.limits import (
    CLOSE_S_MAX,
    CONTROL_MAX,
    HANG_UP_S_MAX,
    HEAD_MAX,
    SIGN_IN_S_MAX,
    STALLED_S_MAX,
    Counts,
    Limits,
)
from alarmcore.adapters.mqtt_listener.packets import Connect
from alarmcore.adapters.mqtt_listener.ports import Gate, Guest, Intake
from alarmcore.busy import turned_away
from alarmcore.errors import Unavailable

log = structlog.get_logger(__name__)

BACKLOG_MAX: Final = 1024
"""Sockets that wait to be accepted: a whole town's devices come back at once after an outage."""


class Socket(asyncio.Protocol):
    """One client's socket: feeds its `Connection`, is its `Wire`, and a `Guest` once it has signed in."""

    def __init__(self, house: House, sockets: set[Socket], loop: asyncio.AbstractEventLoop) -> None:
        self._house = house
        self._sockets = sockets
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._heard_at = 0.0
        self._watch: asyncio.TimerHandle | None = None
        self._stall: asyncio.TimerHandle | None = None
        self._signing_in: asyncio.Task[None] | None = None
        self.password: bytes | None = None
        self.connection = Connection(house, self)
        self.gone: asyncio.Future[None] = loop.create_future()

    # From the loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has come; beyond the limit it is turned away."""
        self._transport = cast("asyncio.Transport", transport)
        if len(self._sockets) >= self._house.limits.connections_max:
            self._house.counts.turned_away += 1
            turned_away("connections")
            self.connection.closed = True
            self._transport.abort()
            return
        self._sockets.add(self)
        self._house.counts.connected += 1
        _set_up(transport.get_extra_info("socket"))
        self._heard_at = self._loop.time()
        self._look()

    def data_received(self, data: bytes) -> None:
        """The client has said something."""
        self._heard_at = self._loop.time()
        self.connection.feed(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self._sockets.discard(self)
        for timer in (self._watch, self._stall):
            if timer is not None:
                timer.cancel()
        if self._signing_in is not None:
            self._signing_in.cancel()
        self.connection.lost()
        self._transport = None
        if not self.gone.done():
            self.gone.set_result(None)

    def pause_writing(self) -> None:
        """The client does not read what we send."""
        self.connection.stall(stalled=True)
        self._stall = self._loop.call_later(STALLED_S_MAX, self._abort)

    def resume_writing(self) -> None:
        """The client reads again."""
        if self._stall is not None:
            self._stall.cancel()
        self.connection.stall(stalled=False)

    # The wire

    def write(self, data: bytes) -> None:
        """Send, in order."""
        if self._transport is not None:
            self._transport.write(data)

    def pause_reading(self) -> None:
        """Leave what comes in the socket, so that the client is slowed down by its own network."""
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Read again."""
        if self._transport is not None:
            self._transport.resume_reading()

    def sign_in(self, connect: Connect) -> None:
        """Ask the gate."""
        self.password = connect.password
        self._signing_in = self._loop.create_task(self._ask_gate(connect))

    def hang_up(self) -> None:
        """Send what was written, then close.

        What the client is still sending is read and thrown away for a while: closing with unread bytes in the socket would
        reset it, and the client might never see why it was hung up on.
        """
        transport = self._transport
        if transport is None:
            return
        if self._watch is not None:
            self._watch.cancel()
        self._watch = self._loop.call_later(HANG_UP_S_MAX, self._abort)
        if not transport.can_write_eof() or transport.is_closing():
            transport.close()
            return
        try:
            transport.write_eof()
            transport.resume_reading()
        except OSError:
            # The client was quicker: its socket is gone, only the loop has not told us yet.
            transport.abort()

    # A guest

    def shut_out(self) -> None:
        """Hang up on a client that may no longer be here; its will is not published."""
        self._house.counts.shut_out += 1
        self.connection.drop(Code.NOT_AUTHORIZED, will=False)

    # The clock

    def _look(self) -> None:
        """Hang up when the client has been silent for too long; else look again when it could have been."""
        patience_s, now = self.connection.patience_s, self._loop.time()
        if self.connection.closed:
            return
        if self._watch is not None:
            self._watch.cancel()
        if not patience_s:
            return
        if self.connection.paused:
            self._heard_at = now
        left_s = self._heard_at + patience_s - now
        if left_s > 0:
            self._watch = self._loop.call_later(left_s, self._look)
        else:
            self._house.counts.lapsed += 1
            self.connection.drop(Code.KEEP_ALIVE_TIMEOUT)

    async def _ask_gate(self, connect: Connect) -> None:
        try:
            password = None if connect.password is None else connect.password.decode()
            async with asyncio.timeout(SIGN_IN_S_MAX), self._house.sign_ins:
                principal = await self._house.gate.sign_in(connect.username, password, connect.client_id)
            self.connection.signed_in(principal)
        except UnicodeDecodeError:
            self.connection.signed_in(None)
        except (TimeoutError, Unavailable):
            turned_away("sign_ins")
            self._house.counts.failures += 1
            self.connection.signed_in(None, Code.SERVER_UNAVAILABLE)
        except Exception as error:
            # A fault of the gate is not the client's: it may come again.
            if times := self._house.sign_in_faults.times():
                log.exception("mqtt_sign_in_failed", error=type(error).__name__, times=times)
            self._house.counts.failures += 1
            self.connection.signed_in(None, Code.SERVER_UNAVAILABLE)
        self._look()

    def _abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()


def _set_up(sock: socket.socket | None) -> None:
    """Without TCP_NODELAY an answer waits for the client's delayed acknowledgement: 40 ms on every confirmation."""
    if sock is None or sock.family not in {socket.AF_INET, socket.AF_INET6}:
        return
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # A client without keep-alive that vanished would otherwise stay for ever.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_KEEPIDLE"):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 20)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)


class MqttListener:
    """Hears MQTT clients, gives what they publish to `intake`, and tells them what `publish` is given."""

    def __init__(
        self, intake: Intake, gate: Gate, *, limits: Limits | None = None, ssl_context: ssl.SSLContext | None = None
    ) -> None:
        limits = limits or Limits()
        publish_max = limits.payload_max + 1 + HEAD_MAX
        sizes = Sizes(publish=publish_max, control=CONTROL_MAX, packet=limits.packet_max)
        self._house = House(intake, gate, limits, sizes, self._turn_soon)
        self._ssl = ssl_context
        self._server: asyncio.Server | None = None
        self._sockets: set[Socket] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def counts(self) -> Counts:
        """What has happened since the start."""
        return self._house.counts

    @property
    def connections(self) -> int:
        """How many sockets are open now."""
        return len(self._sockets)

    @property
    def pending(self) -> int:
        """How many messages wait for the intake's answer now."""
        return self._house.pending

    def inside(self) -> list[Guest]:
        """Everybody who has signed in and is here now."""
        here = set(self._house.sessions.values())
        return [sock for sock in self._sockets if sock.connection in here]

    async def start(self, host: str, port: int) -> tuple[str, int]:
        """Listen; port 0 lets the system choose. Returns the bound address."""
        loop = self._loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: Socket(self._house, self._sockets, loop), host, port, ssl=self._ssl, backlog=BACKLOG_MAX
        )
        bound = self._server.sockets[0].getsockname()
        return str(bound[0]), int(bound[1])

    def publish(self, topic: str, payload: bytes, qos: int = 1) -> int:
        """Tell everybody who hears `topic`, each once, at most at `qos`; how many they are.

        Nothing is kept for those who are away.
        """
        hearers = self._house.subscriptions.matching(topic)
        for connection, granted in hearers.items():
            connection.deliver(topic, payload, min(qos, granted))
        return len(hearers)

    async def close(self) -> None:
        """Accept and take nothing more, wait a bounded time for what was taken to be answered, then hang up.

        No will is published: it is we who go, and what the devices said still holds.
        """
        if self._server is not None:
            self._server.close()
        for sock in list(self._sockets):
            sock.connection.stop_listening()
        await self._answered()
        self._house.turn()
        for sock in list(self._sockets):
            sock.connection.drop(Code.SHUTTING_DOWN, will=False)
        # Bounded, because hanging up is: HANG_UP_S_MAX.
        await asyncio.gather(*(sock.gone for sock in list(self._sockets)))

    async def _answered(self) -> None:
        if not self._house.pending:
            return
        answered = asyncio.Event()
        self._house.on_empty = answered.set
        try:
            await asyncio.wait_for(answered.wait(), CLOSE_S_MAX)
        except TimeoutError:
            log.warning("mqtt_closed_before_all_was_answered", pending=self._house.pending)

    def _turn_soon(self) -> None:
        if self._loop is not None:
            self._loop.call_soon(self._house.turn)
