"""`MqttSession`: connection after connection to one broker, as long as the process lives."""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import random
import socket
import ssl
from collections.abc import Callable, Sequence
from typing import Any, Final

import mqtt5
import structlog

from alarmcore.adapters.distrust import why_distrusted
from alarmcore.adapters.mqtt_session.address import REMEDY, Address, parse, trust
from alarmcore.adapters.mqtt_session.backoff import jittered
from alarmcore.adapters.mqtt_session.connection import CLOSE_WITHIN_S, Connection, Loss
from alarmcore.adapters.mqtt_session.inbound import Intake
from alarmcore.adapters.mqtt_session.outbound import Outbox
from alarmcore.adapters.mqtt_session.packets import PACKET_MAX
from alarmcore.errors import OptionInvalid, Unavailable, fault

SESSION_EXPIRY_S: Final = 7 * 86_400
"""How long the broker keeps our session and its queue while we are away: as long as identities of readings are known."""

KEEPALIVE_S: Final = 10.0
"""A dead network path is noticed within one and a half of these."""

START_WITHIN_S: Final = 15.0
"""Time for the first CONNACK and SUBACK, several tries included: long enough for a broker that starts together with us."""

CONNECT_WITHIN_S: Final = 5.0
"""Time for one try."""

STEADY_S: Final = 30.0
"""A connection that is closed without a word before this age counts as a failure, though it may have been of use.

Two processes with one client id push each other out, and not every broker says so: then they do it slowly and say it loudly.
"""

_log = structlog.get_logger(__name__)


class MqttSession:
    """A persistent session. All its methods belong to the event loop it was started on.

    `connected` and `session_present` (whether the broker still had our session) tell how it stands. `ended` says why it
    has stopped for good: another process took the session over, or it was closed. `on_ended` is called in the first case.
    `losses` counts connections that were lost or never came about.
    """

    def __init__(  # noqa: PLR0913 - each is one fact of the session, and all but four have a default
        self,
        url: str,
        *,
        client_id: str,
        filters: Sequence[str],
        intake: Intake,
        receive_maximum: int = 1000,
        session_expiry_s: int = SESSION_EXPIRY_S,
        keepalive_s: float = KEEPALIVE_S,
        start_within_s: float = START_WITHIN_S,
        backoff: Callable[[int], float] | None = None,
        tls: ssl.SSLContext | None = None,
        on_ended: Callable[[str], None] | None = None,
    ) -> None:
        self._address = parse(url)
        if not client_id or not filters:
            raise OptionInvalid("an MQTT session needs a client id and at least one topic filter; give both")
        self._client_id = client_id
        self._filters = tuple(filters)
        self._intake = intake
        self._start_within_s = start_within_s
        self._backoff = backoff or jittered(random.SystemRandom().random)
        self._tls = (tls or trust(self._address)) if self._address.tls else None
        self._on_ended = on_ended
        self._hello = mqtt5.ConnectPacket(
            client_id,
            username=self._address.user,
            password=self._address.password,
            clean_start=False,
            keep_alive=math.ceil(keepalive_s),
            session_expiry_interval=session_expiry_s,
            receive_max=receive_maximum,
            max_packet_size=PACKET_MAX,
        )
        self._outbox = Outbox()
        self._connection: Connection | None = None
        self._task: asyncio.Task[None] | None = None
        self._started: asyncio.Future[None] | None = None
        self._why = "it did not answer"
        self.session_present = False
        self.ended: str | None = None
        self.losses = 0

    @property
    def connected(self) -> bool:
        """True from SUBACK until the connection is lost."""
        connection = self._connection
        return connection is not None and connection.ready.done() and not connection.lost.done()

    @property
    def unsent(self) -> int:
        """Published and not yet acknowledged by the broker."""
        return len(self._outbox)

    @property
    def dropped(self) -> int:
        """Published and given up: the queue was full, or the broker refused it for good."""
        return self._outbox.dropped

    async def start(self) -> None:
        """Return after the first CONNACK and SUBACK; from then on the session mends itself.

        Raises:
            Unavailable: the broker did not answer in time, or refused the sign-in or a subscription.
        """
        self._started = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._run(), name=f"mqtt-session-{self._client_id}")
        try:
            async with asyncio.timeout(self._start_within_s):
                await asyncio.shield(self._started)
        except TimeoutError:
            await self.close()
            text = f"the MQTT broker at {self._address} could not be used within {self._start_within_s:g} s: {self._why}"
            raise Unavailable(f"{text}; start it or correct its URL") from None
        except BaseException:
            await self.close()
            raise

    def publish(self, topic: str, payload: bytes, qos: int = 1) -> None:
        """Send when connected, keep until the broker has it (QoS 1). Never blocks; the queue is bounded by `OUTBOX_MAX`.

        Raises:
            InputError: no broker would take this topic or QoS.
        """
        self._outbox.put(topic, payload, qos)
        if self._connection is not None:
            self._connection.wake()

    async def close(self) -> None:
        """Acknowledge what is due, say DISCONNECT, stop. The broker keeps the session for the next start."""
        self.ended = self.ended or "closed"
        connection = self._connection
        if connection is not None:
            connection.leave()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(connection.lost), CLOSE_WITHIN_S)
            connection.fail(Loss("the session was closed", "ended"))
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        failures = 0
        while self.ended is None:
            try:
                loss, useful = await self._live()
            except Exception as error:  # noqa: BLE001 - whatever it is, a service that never hears its broker again is worse
                loss, useful = Loss(f"a fault of ours: {fault(error)}"), False
            if self.ended is not None:
                return
            if loss.then == "ended":
                self._end(loss.text)
                return
            self._tell(loss)
            # A connection that could acknowledge something was a success, so the next wait is short again.
            failures = 1 if useful else failures + 1
            await asyncio.sleep(self._backoff(failures))

    async def _live(self) -> tuple[Loss, bool]:
        """One connection: why it ended, and whether it was of any use."""
        try:
            connection = await self._connect()
        except (OSError, TimeoutError, UnicodeError) as why:
            return Loss(await why_not_connected(why, self._address)), False
        self._connection = connection
        try:
            since = asyncio.get_running_loop().time()
            loss = await self._serve(connection)
            steady = asyncio.get_running_loop().time() - since >= STEADY_S
            return loss, steady or (connection.inbound.acknowledged > 0 and not loss.abrupt)
        finally:
            self._connection = None

    async def _connect(self) -> Connection:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(CONNECT_WITHIN_S):
            _, connection = await loop.create_connection(
                lambda: Connection(self._hello, self._filters, self._intake, self._outbox),
                self._address.host,
                self._address.port,
                ssl=self._tls,
            )
        return connection

    async def _serve(self, connection: Connection) -> Loss:
        either: set[asyncio.Future[Any]] = {connection.ready, connection.lost}
        await asyncio.wait(either, timeout=CONNECT_WITHIN_S, return_when=asyncio.FIRST_COMPLETED)
        if connection.lost.done():
            return connection.lost.result()
        if not connection.ready.done():
            connection.fail(Loss("the broker took the connection but did not answer CONNECT or SUBSCRIBE in time"))
            return await connection.lost
        self.session_present = connection.ready.result()
        _log.info(
            "mqtt_session.connected", broker=str(self._address), client_id=self._client_id, session_present=self.session_present
        )
        if self._started is not None and not self._started.done():
            self._started.set_result(None)
        return await asyncio.shield(connection.lost)

    def _tell(self, loss: Loss) -> None:
        """Say it, and let `start` fail at once where another try is useless."""
        self._why = loss.text
        self.losses += 1
        _log.warning("mqtt_session.lost", broker=str(self._address), client_id=self._client_id, why=loss.text)
        if loss.then == "refused" and self._started is not None and not self._started.done():
            self._started.set_exception(Unavailable(f"the MQTT broker at {self._address} cannot be used: {loss.text}"))

    def _end(self, text: str) -> None:
        self.ended = text
        _log.error("mqtt_session.ended", broker=str(self._address), client_id=self._client_id, why=text)
        if self._started is not None and not self._started.done():
            self._started.set_exception(Unavailable(f"the MQTT broker at {self._address} cannot be used: {text}"))
        elif self._on_ended is not None:
            self._on_ended(text)


async def why_not_connected(why: Exception, address: Address) -> str:
    """A failure to connect, in words: what the system says, or that there was no answer."""
    distrusted = await why_distrusted(why, address.host, address.port, REMEDY)
    if distrusted is not None:
        return distrusted
    if isinstance(why, TimeoutError):
        return f"no answer within {CONNECT_WITHIN_S:g} s"
    if isinstance(why, ssl.SSLError):
        return f"TLS failed ({why.reason or type(why).__name__}); check its certificate and that the port speaks TLS"
    if isinstance(why, socket.gaierror):
        return f"the name {address.host} is not known ({why.strerror})"
    if isinstance(why, OSError):
        return os.strerror(why.errno) if why.errno else "none of its addresses takes a connection"
    return type(why).__name__
