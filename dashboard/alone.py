"""An installation of one process: it owns all tenants, keeps everything in one file, and shows what its own machines hold."""

from __future__ import annotations

import asyncio
import hashlib
import os
from contextlib import AsyncExitStack
from typing import Final

import structlog

from alarmcore.adapters.mqtt_listener import Limits, MqttListener
from alarmcore.adapters.mqtt_listener.limits import CONNECTIONS_MAX
from alarmcore.adapters.sqlite_journal import Database, SqliteJournal
from alarmcore.errors import OptionInvalid
from alarmcore.front import Front
from alarmcore.runner import Committed
from dashboard.board import OwnBoard
from dashboard.credentials import CredentialStore
from dashboard.doors import DeviceGate, MqttDoor, confirming, topics_of
from dashboard.frame import Frame
from dashboard.options import Address
from dashboard.runtime import Runtime
from dashboard.turnout import Turnout
from dispatch.binding import encode_act

log = structlog.get_logger(__name__)


ANYBODY: Final = topics_of("+")
"""The topics of all tenants' devices."""


class Alone:
    """Everything that is different when there is no other process."""

    def __init__(self, frame: Frame, database: Database) -> None:
        database.own()
        self.frame = frame
        self.journal = SqliteJournal(database)
        self.books = self.journal
        self.front = Front(frame.clock, encode_act)
        self.runtime = Runtime("", list(frame.sites.values()), self.journal, frame.around(frame.perform, self.publish))
        self.front.alone = self.runtime.service
        self.board = OwnBoard(lambda: [self.runtime.runner])

    @property
    def runtimes(self) -> list[Runtime]:
        """All owners in this process."""
        return [self.runtime]

    async def on_screen(self, alarm: str) -> bool:
        """Whether an open page shows an alarm."""
        return self.frame.hub.on_screen(alarm)

    def publish(self, runtime: Runtime, committed: Committed) -> None:
        """Something is durable: show it, and measure what people wait for."""
        del runtime
        self.board.put(committed)
        self.frame.measure(committed, self.board)
        for stored in committed.events:
            self.frame.hub.publish(stored)

    async def start(self, stack: AsyncExitStack) -> None:
        """Take up what is stored."""
        self.frame.hub.begin(await self.books.last_seq())
        await self.runtime.start()
        stack.push_async_callback(self.runtime.close)
        await self.open_mqtt(stack)

    async def open_mqtt(self, stack: AsyncExitStack) -> None:
        """Listen for devices, or subscribe at a broker."""
        options = self.frame.options
        if options.mqtt_broker is not None:
            client = client_id(self.frame.secret)
            await self.runtime.subscribe(self.runtime.sessions_at(options.mqtt_broker, client, self.front, ANYBODY))
        elif options.mqtt is not None:
            listener, self.frame.mqtt_port = await listen(stack, options.mqtt, self.front, self.frame)
            self.runtime.service.confirm = confirming(listener)

    async def sweep(self, part: int) -> None:
        """Forget what is older than it need be."""
        await self.journal.sweep(part, self.frame.clock.now())

    def troubles(self) -> list[str]:
        """What is wrong with the owners here, and what their auditors say."""
        return [*self.runtime.faults(), *self.runtime.auditor.troubles()]


def client_id(secret: bytes) -> str:
    """What this installation's sessions are called at a broker: the same after every start, and no other installation's."""
    return "alarmcore-" + hashlib.blake2b(secret, digest_size=4, person=b"mqtt client").hexdigest()


async def listen(stack: AsyncExitStack, where: Address, front: Front, frame: Frame) -> tuple[MqttListener, int]:
    """Let devices connect to this process.

    Raises:
        OptionInvalid: the port is taken.
    """
    store: CredentialStore = frame.credentials
    # Without credentials everybody is the same one.
    limits = Limits(sessions_each_max=CONNECTIONS_MAX) if frame.options.opened else Limits()
    listener = MqttListener(MqttDoor(front, frame.clock), DeviceGate(store, opened=frame.options.opened), limits=limits)
    try:
        host, port = await listener.start(where.host, where.port)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else type(error).__name__
        raise OptionInvalid(f"cannot listen on {where.host}:{where.port} ({why}); choose another --mqtt") from error
    stack.push_async_callback(listener.close)
    if not frame.options.opened:
        turnout = asyncio.create_task(Turnout(listener, store).run(), name="alarmcore-turnout")
        stack.callback(turnout.cancel)
        frame.guard.watch(turnout, "looking for revoked devices")
    log.info("mqtt_listening", host=host, port=port)
    return listener, port
