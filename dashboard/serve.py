"""The composition root: every part of the service, put together in one process."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from functools import partial
from typing import Any, Final

import structlog
import uvicorn

from alarmcore.adapters.clock import SteadyClock
from alarmcore.adapters.dead_man import DeadMan
from alarmcore.auditor import LOOK_S
from alarmcore.errors import HandoverFailed, OptionInvalid, Unavailable, fault
from alarmcore.model.alarm import Alarm, Fix
from alarmcore.model.site import Site
from alarmcore.ports import StoredEvent
from alarmcore.runner import Item
from dashboard.answers import AnswerKey, AnswerLinks
from dashboard.api.app import app_of
from dashboard.api.callers import Callers
from dashboard.board import OwnBoard
from dashboard.credentials import SessionCookies
from dashboard.current_sites import CurrentSites
from dashboard.desk import Desk
from dashboard.frame import Frame
from dashboard.guard import unhandled
from dashboard.hub import Hub
from dashboard.options import Address, ServeOptions
from dashboard.renewal import Renewal
from dashboard.share import Share
from dashboard.sites import deaf, read_sites, settle
from dashboard.stores.opening import Opened
from dispatch.channels.email import EmailChannel
from dispatch.channels.port import ChannelPort, Message
from dispatch.channels.webhook import WebhookChannel
from dispatch.message import message_of
from dispatch.teller import CONSOLE, Teller
from dispatch.telling import Tell, Told

log = structlog.get_logger(__name__)

SWEEP_S: Final = 10.0
"""How often a part of the old identities is swept out: the whole range in half a day, each part in about a millisecond."""


COLLECTING: Final = (10_000, 20, 100)
"""When Python looks for garbage: with a million persons a full look takes 0.2 s, and at the usual 700 objects it comes often."""


SILENT_MS: Final = 30_000
"""After so long without a sign from whoever was sent something the system ends a connection: a peer that reads nothing is
otherwise waited for without end, also when it has been hung up on."""

SAID_MAX: Final = 65_536
"""Bytes of one message from a screen: it says which alarms it shows, at most five hundred of them."""


class Server(uvicorn.Server):
    """uvicorn's own sends itself the signal again when it is done, and nothing behind it would be closed."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Let a signal end serving, and only that."""
        before = {sig: signal.signal(sig, self.handle_exit) for sig in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for sig, handler in before.items():
                signal.signal(sig, handler)


class Installation:
    """The parts of one running process, from the inside out."""

    def __init__(self, options: ServeOptions, opened: Opened) -> None:
        options.check()
        self.options = options
        self.opened = opened
        self.clock = SteadyClock()

    @property
    def mqtt_port(self) -> int:
        """Where devices connect to this process."""
        return self.frame.mqtt_port

    async def build(self) -> None:
        """Put the parts together.

        Raises:
            SiteInvalid, OptionInvalid: what was given cannot be used.
            Unavailable: the database does not answer.
        """
        stores, options = self.opened.stores, self.options
        checked = read_sites(options.sites, self.clock.now())
        for warning in (mistake for one in checked for mistake in one.mistakes if mistake.warning):
            log.warning("site", where=warning.path, text=warning.text)
        await settle(stores, checked, self.clock.now())
        secret = await stores.secret()
        channels = channels_of(options, secret, self.clock)
        usable = frozenset(channels) | {CONSOLE}
        current = CurrentSites(stores, usable, partial(fit, usable=usable, opened=options.opened))
        await current.begin()
        if not current.sites:
            raise OptionInvalid("there is no site yet; give one with --site FILE")
        frame = self.frame = Frame(options, current, secret, stores, self.clock)
        frame.troubles = self.not_ready
        frame.hub = Hub(self.clock.now, self.open_views, self.change, self.host_of, self.hosted)
        self.share = share_of(frame, self.opened)
        self.renewal = Renewal(current.look, self.share.renew)
        self.share.front.heard_of = self.renewal.heard_of
        current.missed = self.renewal.wanted.set
        frame.teller = Teller(channels, self.message_of, self.told, self.share.on_screen, self.wanted, self.seen)
        self.desk = Desk(self.share.front, self.share.books, self.share.board, frame.sites, frame.decode_chain)

    def open_views(self, tenant: str | None) -> list[dict[str, Any]]:
        """All open alarms, as screens show them."""
        return self.desk.open_views(tenant)

    def change(self, stored: StoredEvent) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """A committed event, as screens show it."""
        return self.desk.change(stored)

    def host_of(self, tenant: str, resident: str) -> str | None:
        """Who else may see somebody's alarms now."""
        return self.desk.hosts.host(tenant, resident)

    def hosted(self, tenant: str | None) -> frozenset[str]:
        """Others' alarms that a tenant may see now."""
        return self.desk.hosted(tenant)

    def wanted(self, tell: Tell) -> bool:
        """Whether nobody has the alarm yet."""
        return self.share.front.stands_open(tell.slot, tell.alarm.id)

    def told(self, told: Told) -> None:
        """A channel has answered."""
        self.share.front.tell(told.slot.tenant, Item("chain", told.slot, told))

    def message_of(self, tell: Tell) -> Message:
        """What a channel carries."""
        site = self.frame.current.known(tell.slot.tenant)
        if site is None:
            raise HandoverFailed(f"the site of {tell.slot.tenant} is not known here yet; it is tried again")
        return message_of(tell, site, self.answer_url, self.clock.now())

    async def seen(self, alarm: Alarm) -> Fix | None:
        """Where the person was seen last, for a message."""
        return await self.desk.whereabouts(alarm)

    def answer_url(self, tenant: str, alarm: str, recipient: str) -> str | None:
        """A recipient's own link."""
        return self.links.url(AnswerKey(tenant, alarm, recipient))

    async def run(self, announce: Callable[[str], None]) -> None:
        """Serve until told to stop by a signal."""
        asyncio.get_running_loop().set_exception_handler(unhandled)
        gc.set_threshold(*COLLECTING)
        async with AsyncExitStack() as stack:
            await self.build()
            listening = listening_socket(self.options.http)
            stack.callback(listening.close)
            url = self.options.http.url(listening.getsockname()[1])
            self.links = AnswerLinks(self.frame.secret, self.options.public_url or url)
            # Closed after everything that begins tellings: what is begun while a worker hands over is told, too.
            stack.push_async_callback(self.frame.teller.close)
            await self.share.start(stack)
            await self.look_after(stack)
            server = Server(self.server_config())
            ready = asyncio.create_task(self.announce(server, url, announce))
            stack.callback(ready.cancel)
            try:
                await server.serve(sockets=[listening])
            finally:
                self.frame.guard.closing = True

    async def look_after(self, stack: AsyncExitStack) -> None:
        """Begin what goes on beside the alarms, and watch that none of it ends."""
        beside = {
            "forgetting old readings": asyncio.create_task(self.sweep(), name="alarmcore-sweep"),
            "taking up changed sites": asyncio.create_task(self.renewal.run(), name="alarmcore-sites"),
            "looking at the clock": asyncio.create_task(self.clock.watch(self.clock_set), name="alarmcore-clock"),
        }
        if self.options.dead_man is not None:
            dead_man = DeadMan(self.options.dead_man, self.options.dead_man_every_s)
            stack.push_async_callback(dead_man.close)
            self.frame.beat = dead_man.beat
            if "worker" not in self.options.roles:
                beside["giving signs of life"] = asyncio.create_task(self.beat(), name="alarmcore-beat")
        for what, task in beside.items():
            stack.callback(task.cancel)
            self.frame.guard.watch(task, what)

    def clock_set(self) -> None:
        """The clock was set forward: what is due may be due now."""
        for runtime in self.share.runtimes:
            runtime.service.clock_set()

    def server_config(self) -> uvicorn.Config:
        """How pages and API are served."""
        https = (self.options.public_url or "").startswith("https://")
        cookies = SessionCookies(self.frame.secret, self.clock.now, https=https)
        app = app_of(
            desk=self.desk,
            hub=self.frame.hub,
            callers=Callers(self.opened.stores, cookies, opened=self.options.opened),
            links=self.links,
            owned=OwnBoard(lambda: [runtime.runner for runtime in self.share.runtimes]),
            ready=self.not_ready,
            notices=self.frame.current.notices,
            pages="web" in self.options.roles,
        )
        return uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,  # a path of an answer link is a secret
            lifespan="off",
            ws="websockets-sansio",
            ws_ping_interval=20.0,
            ws_max_size=SAID_MAX,
            timeout_graceful_shutdown=3,
            server_header=False,
        )

    def not_ready(self) -> list[str]:
        """What keeps this process from doing its part, or lets nobody be sure that it does."""
        return self.frame.guard.ended + self.share.troubles()

    async def beat(self) -> None:
        """Give signs of life while everything is found well, where there is no auditor who does."""
        while True:
            if not self.not_ready():
                self.frame.beat()
            await asyncio.sleep(LOOK_S)

    async def announce(self, server: uvicorn.Server, url: str, announce: Callable[[str], None]) -> None:
        """Say that alarms can be taken, once they can."""
        while not server.started:  # noqa: ASYNC110 - uvicorn offers a flag, no event
            await asyncio.sleep(0.01)
        announce(url)

    async def sweep(self) -> None:
        """Forget old identities, a part at a time."""
        part = 0
        while True:
            await asyncio.sleep(SWEEP_S)
            try:
                await self.share.sweep(part)
            except Unavailable:  # tried again with the next round; the service says itself when it cannot store
                pass
            except Exception as error:  # noqa: BLE001 - housekeeping: what is swept late costs room, and nothing else
                log.error("sweep_failed", error=fault(error))  # noqa: TRY400 - its text may hold what was stored
            part += 1


def share_of(frame: Frame, opened: Opened) -> Share:
    """How this process and others, if there are any, divide the work. Neither needs the other's libraries."""
    if opened.sqlite is not None:
        from dashboard.alone import Alone

        return Alone(frame, opened.sqlite)
    if opened.postgres is None:
        raise AssertionError("an installation has one database or the other")
    from dashboard.sharing import Sharing

    return Sharing.of(frame, opened.postgres)


def channels_of(options: ServeOptions, secret: bytes, clock: SteadyClock) -> dict[str, ChannelPort]:
    """The channels that are configured, by kind; the console needs none."""
    channels: dict[str, ChannelPort] = {"webhook": WebhookChannel(secret, clock.now)}
    if options.smtp_url is not None and options.smtp_sender is not None:
        channels["email"] = EmailChannel(options.smtp_url, options.smtp_sender, clock.now)
    return channels


def fit(site: Site, *, usable: frozenset[str], opened: bool) -> None:
    """Whether a site can be used by this process; what it will leave out is said.

    Raises:
        OptionInvalid: a centre can only be reached by a page that nobody may have open, and credentials are on.
    """
    alone = [
        f"{site.tenant.id}: unit:{unit.id}"
        for unit in site.units
        if unit.kind == "centre" and all(channel.kind == CONSOLE for channel in unit.channels)
    ]
    if alone and not opened:
        raise OptionInvalid(deaf(alone))
    used = {channel.kind for who in site.recipient_by_ref.values() for channel in who.channels}
    for kind in sorted(used - usable):
        log.warning("channel_not_configured", tenant=site.tenant.id, channel=kind, effect="it is skipped")
    for unit in site.units:
        if unit.kind == "centre" and not {c.kind for c in unit.channels} & (usable - {CONSOLE}):
            log.warning(
                "centre_only_on_console", tenant=site.tenant.id, unit=unit.id, effect="a page nobody has open tells nobody"
            )


def listening_socket(where: Address) -> socket.socket:
    """A bound socket, so that a port that is taken is said before anything starts.

    Raises:
        OptionInvalid: it cannot be bound.
    """
    family = socket.AF_INET6 if ":" in where.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SILENT_MS)
    try:
        listening.bind((where.host, where.port))
    except OSError as error:
        listening.close()
        raise OptionInvalid(f"cannot listen on {where.host}:{where.port} ({error.strerror}); choose another --http") from error
    return listening
