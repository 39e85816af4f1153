"""An installation of one process: it owns all tenants, keeps everything in one file, and shows what its own machines hold."""

from __future__ import annotations

import asyncio
import hashlib
import os
from contextlib import AsyncExitStack, suppress
from typing import Final

import structlog

from alarmcore import metrics
from alarmcore.adapters.mqtt_listener import Limits, MqttListener
from alarmcore.adapters.mqtt_listener.limits import CONNECTIONS_MAX
from alarmcore.adapters.sqlite_journal import Database, SqliteJournal
from alarmcore.errors import CommitFailed, OptionInvalid
from alarmcore.front import Front
from alarmcore.runner import Committed
from dashboard.board import OwnBoard
from dashboard.credentials import CredentialStore
from dashboard.doors import DeviceGate, MqttDoor, confirming, topics_of
from dashboard.frame import Frame
from dashboard.options import Address
from dashboard.runtime import Runtime, let_go
from dashboard.turnout import Turnout
from dispatch.binding import encode_act

log = structlog.get_logger(__name__)


ANYBODY: Final = topics_of("+")
"""The topics of all tenants' devices."""


COMING_S: Final = 5.0
"""For so long nobody needs to hear that the next owner is still being loaded: five times what a hundred thousand persons take."""


class Alone:
    """Everything that is different when there is no other process."""

    def __init__(self, frame: Frame, database: Database) -> None:
        database.own()
        self.frame = frame
        self.journal = SqliteJournal(database)
        self.books = self.journal
        self.front = Front(frame.clock, encode_act)
        self.database = database
        self.runtime = self._made()
        self.coming: Runtime | None = None
        self.began_at = 0.0
        self.front.alone = self.runtime.service
        self.board = OwnBoard(lambda: [self.runtime.runner])

    def _made(self) -> Runtime:
        """An owner of everything, with the sites as they are now."""
        return Runtime("", self.frame.current.of(""), self.journal, self.frame.around(self.frame.perform, self.publish))

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
        stack.push_async_callback(self._end)
        await self.open_mqtt(stack)

    async def _end(self) -> None:
        await (self.coming or self.runtime).close()

    async def renew(self) -> None:
        """Go on with the sites as they are now. What comes meanwhile waits for that.

        Raises:
            Unavailable: what is stored cannot be read now; what comes goes on waiting, and is turned away once it is too much.
        """
        if self.coming is None:
            if self.runtime.revisions == self.frame.current.revisions:
                return
            self.began_at = asyncio.get_running_loop().time()
            self.coming = self._made()
            await self._hand_over(self.runtime, self.coming)
        await self._take_over(self.coming)

    async def _hand_over(self, before: Runtime, after: Runtime) -> None:
        """End an owner; from here on everything goes to the next one, and waits there until it has begun."""
        after.adopt(before)
        self.front.alone = after.service
        for item in await before.close():
            after.service.tell(item)

    async def _take_over(self, after: Runtime) -> None:
        with suppress(CommitFailed):
            # Behind whatever may still be on the writer's thread: what is read next is all there is.
            await self.database.write(lambda _: None)
        await after.start()
        # Before its first turn, which begins with the next round of the loop.
        self.runtime, self.coming = after, None
        let_go()
        took_s = asyncio.get_running_loop().time() - self.began_at
        metrics.SITE_CHANGE.observe(took_s)
        log.info("owner_anew", took_s=round(took_s, 3))

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
        if self.coming is not None:
            late = asyncio.get_running_loop().time() - self.began_at > COMING_S
            return ["alarms wait for a changed site to be taken up"] if late else []
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
