"""The composition root: every part of the service, put together in one process."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import Any, Final

import structlog
import uvicorn

from alarmcore import metrics
from alarmcore.adapters.clock import SteadyClock
from alarmcore.adapters.dead_man import DeadMan
from alarmcore.adapters.mqtt_listener import MqttListener
from alarmcore.adapters.mqtt_session import MqttSession
from alarmcore.adapters.sqlite_journal import Database, SqliteJournal
from alarmcore.admission import registry_of
from alarmcore.auditor import Auditor
from alarmcore.errors import CommitFailed, OptionInvalid, fault
from alarmcore.model.reading import URGENT
from alarmcore.model.site import Site
from alarmcore.runner import Committed, Item, Runner
from alarmcore.service import Service
from dashboard.answers import AnswerKey, AnswerLinks
from dashboard.api.app import app_of
from dashboard.api.callers import Callers
from dashboard.credentials import SessionCookies
from dashboard.desk import Desk
from dashboard.doors import PRESSES, READINGS, DeviceGate, MqttDoor, confirming
from dashboard.guard import Guard, unhandled
from dashboard.hub import Hub
from dashboard.machines import machines_for
from dashboard.options import Address, ServeOptions
from dashboard.sites import load_sites, read_sites
from dashboard.stores import SqliteCredentials, SqliteSites, installation_secret
from dispatch.binding import EFFECT_CODEC
from dispatch.channels.email import EmailChannel
from dispatch.channels.port import ChannelPort, Message
from dispatch.channels.webhook import WebhookChannel
from dispatch.message import message_of
from dispatch.teller import CONSOLE, Teller
from dispatch.telling import Tell

log = structlog.get_logger(__name__)

SWEEP_S: Final = 10.0
"""How often a part of the old identities is swept out: the whole range in half a day, each part in about a millisecond."""

DATABASE: Final = "alarmcore.db"


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
    """The parts of one running service, from the inside out."""

    def __init__(self, options: ServeOptions, database: Database) -> None:
        options.check()
        self.options = options
        self.database = database
        database.own()
        self.clock = SteadyClock()
        checked = read_sites(options.sites, self.clock.now())
        for warning in (mistake for one in checked for mistake in one.mistakes if mistake.warning):
            log.warning("site", where=warning.path, text=warning.text)
        self.sites = load_sites(SqliteSites(database), checked, self.clock.now())
        if not self.sites:
            raise OptionInvalid("there is no site yet; give one with --site FILE")
        refuse_deaf_centres(self.sites, opened=options.opened)
        self.secret = installation_secret(database)
        self.credentials = SqliteCredentials(database)
        self.journal = SqliteJournal(database)
        self.missing: Callable[[], list[str]] = list
        self.guard = Guard()
        self.build()

    def build(self) -> None:
        """Put the parts together."""
        channels = channels_of(self.options, self.secret, self.clock)
        registry = registry_of(list(self.sites.values()))
        usable = frozenset(channels) | {CONSOLE}
        warn_unusable(self.sites, usable)
        self.teller = Teller(channels, self.message_of, self.told, self.on_screen)
        machines = machines_for(list(self.sites.values()), registry, usable)
        self.runner = Runner(machines, self.journal, self.teller.perform, self.publish, EFFECT_CODEC)
        self.service = Service(self.runner, self.journal, self.clock, registry)
        self.auditor = Auditor(self.service, self.journal, patient=waits_for_a_person, parts=self.faults)
        self.desk = Desk(self.service, self.journal, self.sites)
        self.hub = Hub(self.clock.now, self.journal.last_seq(), self.desk.open_views, self.desk.change)

    def told(self, told: Any) -> None:
        """A channel has answered."""
        self.service.tell(Item("chain", told.slot, told))

    def publish(self, committed: Committed) -> None:
        """Something is durable: show it, and measure what people wait for."""
        now = self.clock.now()
        for stored in committed.events:
            measure(stored.event, self.desk, now)
        self.hub.publish(committed)

    def on_screen(self, alarm: str) -> bool:
        """Whether an open page shows an alarm."""
        return self.hub.on_screen(alarm)

    def message_of(self, tell: Tell) -> Message:
        """What a channel carries."""
        return message_of(tell, self.sites[tell.slot.tenant], self.answer_url)

    def answer_url(self, tenant: str, alarm: str, recipient: str) -> str | None:
        """A recipient's own link."""
        return self.links.url(AnswerKey(tenant, alarm, recipient))

    async def run(self, announce: Callable[[str], None]) -> None:
        """Serve until told to stop by a signal."""
        asyncio.get_running_loop().set_exception_handler(unhandled)
        async with AsyncExitStack() as stack:
            listening = listening_socket(self.options.http)
            stack.callback(listening.close)
            url = self.options.http.url(listening.getsockname()[1])
            self.links = AnswerLinks(self.secret, self.options.public_url or url)
            await self.service.start()
            stack.push_async_callback(self.teller.close)
            stack.push_async_callback(self.service.close)
            await self.open_mqtt(stack)
            await self.look_after(stack)
            server = Server(self.server_config())
            ready = asyncio.create_task(self.announce(server, url, announce))
            stack.callback(ready.cancel)
            try:
                await server.serve(sockets=[listening])
            finally:
                self.guard.closing = True

    async def look_after(self, stack: AsyncExitStack) -> None:
        """Begin what goes on beside the alarms, and watch that none of it ends."""
        beside = {
            "forgetting old readings": asyncio.create_task(self.sweep(), name="alarmcore-sweep"),
            "looking at the clock": asyncio.create_task(self.clock.watch(self.service.clock_set), name="alarmcore-clock"),
        }
        for what, task in beside.items():
            stack.callback(task.cancel)
            self.guard.watch(task, what)
        if self.options.dead_man is not None:
            dead_man = DeadMan(self.options.dead_man, self.options.dead_man_every_s)
            stack.push_async_callback(dead_man.close)
            self.auditor.beat = dead_man.beat
        await self.auditor.start()
        stack.push_async_callback(self.auditor.close)
        self.guard.watch(self.service.task, "keeping alarms")
        self.guard.watch(self.auditor.task, "the audit")
        self.guard.watch_named("mqtt-session-", "hearing the MQTT broker")

    def server_config(self) -> uvicorn.Config:
        """How pages and API are served."""
        https = (self.options.public_url or "").startswith("https://")
        callers = Callers(self.credentials, SessionCookies(self.secret, self.clock.now, https=https), opened=self.options.opened)
        app = app_of(
            service=self.service,
            desk=self.desk,
            hub=self.hub,
            callers=callers,
            links=self.links,
            clock=self.clock,
            sites=self.sites,
            ready=self.not_ready,
        )
        return uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,  # a path of an answer link is a secret
            lifespan="off",
            ws="websockets-sansio",
            ws_ping_interval=20.0,
            timeout_graceful_shutdown=3,
            server_header=False,
        )

    async def open_mqtt(self, stack: AsyncExitStack) -> None:
        """Listen for devices, or subscribe at a broker."""
        if self.options.mqtt_broker is not None:
            await self.subscribe(stack, self.options.mqtt_broker)
        elif self.options.mqtt is not None:
            gate = DeviceGate(self.credentials, opened=self.options.opened)
            listener = MqttListener(MqttDoor(self.service, self.clock), gate)
            where = self.options.mqtt
            try:
                host, port = await listener.start(where.host, where.port)
            except OSError as error:
                why = os.strerror(error.errno) if error.errno else type(error).__name__
                raise OptionInvalid(f"cannot listen on {where.host}:{where.port} ({why}); choose another --mqtt") from error
            stack.push_async_callback(listener.close)
            self.service.confirm = confirming(listener)
            log.info("mqtt_listening", host=host, port=port)
            self.mqtt_port = port

    async def subscribe(self, stack: AsyncExitStack, broker: str) -> None:
        """Two sessions at a broker: presses and falls have one of their own, so that they overtake telemetry."""
        name = hashlib.blake2b(self.secret, digest_size=4, person=b"mqtt client").hexdigest()
        doors = {
            "presses": (PRESSES, MqttDoor(self.service, self.clock)),
            "readings": (READINGS, MqttDoor(self.service, self.clock, skip=URGENT)),
        }
        sessions = [
            MqttSession(broker, client_id=f"alarmcore-{name}-{what}", filters=filters, intake=door, on_ended=broker_lost)
            for what, (filters, door) in doors.items()
        ]
        # Before the first one starts: what the broker has kept for us comes at once, and is to be confirmed too.
        self.service.confirm = confirming(sessions[0])
        for session in sessions:
            await session.start()
            stack.push_async_callback(session.close)
        self.missing = lambda: [] if all(s.connected for s in sessions) else ["the MQTT broker is not connected"]

    def not_ready(self) -> list[str]:
        """What keeps the service from taking alarms, or lets nobody be sure that it does."""
        return self.faults() + self.auditor.troubles()

    def faults(self) -> list[str]:
        """What is wrong with the parts themselves."""
        return self.missing() + ([] if self.service.healthy() else ["alarms cannot be kept"]) + self.guard.ended

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
                await self.journal.sweep(part, self.clock.now())
            except CommitFailed:  # tried again with the next round; the service says itself when it cannot store
                pass
            except Exception as error:  # noqa: BLE001 - housekeeping: what is swept late costs room, and nothing else
                log.error("sweep_failed", error=fault(error))  # noqa: TRY400 - its text may hold what was stored
            part += 1


def waits_for_a_person(tell: Tell) -> bool:
    """Whether a telling may stay as it is for as long as nobody opens a page."""
    return tell.channel == CONSOLE


def channels_of(options: ServeOptions, secret: bytes, clock: SteadyClock) -> dict[str, ChannelPort]:
    """The channels that are configured, by kind; the console needs none."""
    channels: dict[str, ChannelPort] = {"webhook": WebhookChannel(secret, clock.now)}
    if options.smtp_url is not None and options.smtp_sender is not None:
        channels["email"] = EmailChannel(options.smtp_url, options.smtp_sender, clock.now)
    return channels


def refuse_deaf_centres(sites: dict[str, Site], *, opened: bool) -> None:
    """A centre that can only be reached by a page nobody may have open tells nobody.

    Raises:
        OptionInvalid: there is one, and credentials are on.
    """
    deaf = [
        f"{site.tenant.id}: unit:{unit.id}"
        for site in sites.values()
        for unit in site.units
        if unit.kind == "centre" and all(channel.kind == CONSOLE for channel in unit.channels)
    ]
    if deaf and not opened:
        raise OptionInvalid(
            f"these alarm centres have no channel but the console, and a page that nobody has open tells nobody: "
            f"{', '.join(deaf)}; add a webhook, email or voice channel"
        )


def warn_unusable(sites: dict[str, Site], usable: frozenset[str]) -> None:
    """Say which channel kinds are used by a site and not configured here; they are skipped."""
    for site in sites.values():
        used = {channel.kind for who in site.recipient_by_ref.values() for channel in who.channels}
        for kind in sorted(used - usable):
            log.warning("channel_not_configured", tenant=site.tenant.id, channel=kind, effect="it is skipped")
        for unit in site.units:
            if unit.kind == "centre" and not {c.kind for c in unit.channels} & (usable - {CONSOLE}):
                log.warning(
                    "centre_only_on_console", tenant=site.tenant.id, unit=unit.id, effect="a page nobody has open tells nobody"
                )


def broker_lost(why: str) -> None:
    """Another process has taken a session over: this one hears nothing more, and `/health/ready` says so."""
    log.error("mqtt_session_ended", why=why)


def measure(event: Any, desk: Desk, now: Any) -> None:
    """How long people waited."""
    if event.event not in {"alarm.told", "alarm.taken"} or event.alarm is None:
        return
    alarm = desk.alarm_of(event)
    if alarm is None:
        return
    waited_s = (now - alarm.raised_at).total_seconds()
    if event.event == "alarm.taken":
        metrics.TO_TAKEN.labels(event.tenant).observe(waited_s)
    elif event.why == "chain_turn":
        metrics.TO_TOLD.observe(waited_s)


def listening_socket(where: Address) -> socket.socket:
    """A bound socket, so that a port that is taken is said before anything starts.

    Raises:
        OptionInvalid: it cannot be bound.
    """
    family = socket.AF_INET6 if ":" in where.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listening.bind((where.host, where.port))
    except OSError as error:
        listening.close()
        raise OptionInvalid(f"cannot listen on {where.host}:{where.port} ({error.strerror}); choose another --http") from error
    return listening
