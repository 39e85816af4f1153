"""An installation of many processes on one PostgreSQL database: partitions with one owner each, and anybody who shows them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Final

import structlog

from alarmcore.adapters.alone import AloneBell, AlonePresence
from alarmcore.adapters.postgres_journal import (
    PostgresBooks,
    PostgresClaims,
    PostgresDatabase,
    PostgresInbox,
    PostgresJournal,
    PostgresLeases,
    PostgresPartitions,
)
from alarmcore.adapters.redis_shared import RedisBell, RedisLeases, RedisLink, RedisPresence, open_redis
from alarmcore.adapters.twofold_leases import TwofoldLeases
from alarmcore.admission import registry_of
from alarmcore.errors import fault
from alarmcore.front import Front, Remote
from alarmcore.inbox_reader import InboxReader
from alarmcore.owner import Owner
from alarmcore.runner import Committed
from alarmcore.shared import Bell, Inbox, InboxEntry, Leases, Presence
from dashboard.alone import client_id, listen
from dashboard.board import FollowedBoard, OwnBoard
from dashboard.dispatcher import Dispatcher
from dashboard.doors import confirming, topics_of
from dashboard.follower import Follower
from dashboard.frame import Frame
from dashboard.runtime import Runtime, let_go
from dispatch.binding import decode_act, encode_act
from dispatch.telling import Tell

log = structlog.get_logger(__name__)

PRESENT_S: Final = 2.0
"""How often a web process says who is looking at what."""

PRESENT_FOR_S: Final = 6.0
"""How long that counts: a process that has died shows nothing to anybody."""

ANSWERED_FOR: Final = timedelta(minutes=10)
"""How long an answered entry of the inbox is kept for whoever waits for its answer; nobody waits longer than seconds."""


LEFT_MAX: Final = 10_000
"""Entries of the inbox that may wait for a site which cannot be used here, in front of those that can be taken."""


class OwnPartitions(PostgresPartitions):
    """Partitions as one worker gives them back: under the token that its journal had in the end, after connections were lost."""

    def __init__(self, database: PostgresDatabase, tokens: Mapping[str, int]) -> None:
        super().__init__(database)
        self.tokens = tokens

    async def give_back(self, partition: str, token: int) -> None:
        """Say that nobody owns it now."""
        await super().give_back(partition, max(token, self.tokens.get(partition, 0)))


class KnownInbox:
    """The inbox as an owner sees it that does not know all its tenants' sites yet: what is for the others stays where it is."""

    def __init__(self, inbox: Inbox, tenants: frozenset[str]) -> None:
        self.inbox = inbox
        self.tenants = tenants
        self.put, self.answers, self.sweep = inbox.put, inbox.answers, inbox.sweep
        self.left = 0

    async def waiting(self, partition: str, after: int, limit: int) -> list[InboxEntry]:
        """Unanswered entries for the tenants that are known."""
        found = await self.inbox.waiting(partition, after, limit + self.left)
        known = [entry for entry in found if entry.tenant in self.tenants]
        self.left = min(len(found) - len(known), LEFT_MAX)
        return known


class Sharing:
    """One process's part: what its roles say. Also the host of the partitions that it owns."""

    def __init__(self, frame: Frame, database: PostgresDatabase, link: RedisLink | None) -> None:
        self.frame = frame
        self.options = frame.options
        self.database = database
        self.link = link
        installation = client_id(frame.secret)
        self.bell: Bell = AloneBell() if link is None else RedisBell(link, installation)
        self.presence: Presence = AlonePresence() if link is None else RedisPresence(link, installation)
        stored: Leases = PostgresLeases(database)
        self.leases = stored if link is None else TwofoldLeases(RedisLeases(link, installation), stored, frame.options.lease_s)
        self.inbox = PostgresInbox(database)
        self.books = PostgresBooks(database)
        self.board = FollowedBoard(frame.decode_chain)
        self.follower = Follower(self.books, self.bell, self.board, frame.hub.publish)
        self.remote = Remote(self.inbox, self.bell, registry_of([]), frame.current.partitions.get)
        self.shown: dict[str, int] = {}
        self._show_sites()
        self.front = Front(frame.clock, encode_act, self.remote)
        self.owned: dict[str, Runtime] = {}
        self.journals: dict[str, PostgresJournal] = {}
        self.tokens: dict[str, int] = {}
        self.hushed: set[str] = set()
        self.anew: dict[str, Runtime | None] = {}
        self.owner: Owner | None = None
        self.dispatcher: Dispatcher | None = None
        self.confirm = self.front.confirm

    @classmethod
    def of(cls, frame: Frame, database: PostgresDatabase) -> Sharing:
        """With a way to Redis, if there is to be one."""
        link = None if frame.options.redis is None else open_redis(frame.options.redis)
        return cls(frame, database, link)

    @property
    def runtimes(self) -> list[Runtime]:
        """All owners in this process."""
        return list(self.owned.values())

    def has(self, role: str) -> bool:
        """Whether this process has a role."""
        return role in self.options.roles

    async def on_screen(self, alarm: str) -> bool:
        """Whether an open page shows an alarm, here or elsewhere."""
        return self.frame.hub.on_screen(alarm) or await self.presence.on_screen(alarm)

    # -- beginning and ending ---------------------------------------------------------------------------------------------

    async def start(self, stack: AsyncExitStack) -> None:
        """Begin this process's part."""
        if self.link is not None:
            stack.push_async_callback(self.link.close)
        if isinstance(self.bell, RedisBell):
            self.bell.start()
            stack.push_async_callback(self.bell.close)
        self.remote.start()
        stack.push_async_callback(self.remote.close)
        if self.has("web"):
            await self._show(stack)
        if self.options.mqtt_broker is None and self.options.mqtt is not None and self.has("worker"):
            listener, self.frame.mqtt_port = await listen(stack, self.options.mqtt, self.front, self.frame)
            self.confirm = self.front.confirm = confirming(listener)
        if self.has("dispatcher"):
            self.dispatcher = Dispatcher(self.options.name, PostgresClaims(self.database), self.bell, self.frame.teller)
            self.dispatcher.start()
            self.frame.guard.watch(self.dispatcher.task, "claiming effects")
            stack.push_async_callback(self.dispatcher.close)
        if self.has("worker"):
            await self._own(stack)

    async def _show(self, stack: AsyncExitStack) -> None:
        self.frame.hub.begin(await self.follower.start())
        stack.push_async_callback(self.follower.close)
        self.frame.guard.watch(self.follower.task, "following alarms")
        present = asyncio.create_task(self._be_present(), name="alarmcore-presence")
        stack.callback(present.cancel)
        self.frame.guard.watch(present, "saying who is there")

    async def _own(self, stack: AsyncExitStack) -> None:
        partitions = OwnPartitions(self.database, self.tokens)
        self.owner = Owner(self.options.name, self.leases, partitions, self, lease_s=self.options.lease_s)
        await self.owner.start()
        self.frame.guard.watch(self.owner.task, "owning partitions")
        stack.push_async_callback(self._end, self.owner)

    async def _end(self, owner: Owner) -> None:
        """Hand everything over, so that nobody has to wait for a lease."""
        await owner.drain()
        await owner.close()
        for partition in list(self.owned):
            await self.close(partition)

    async def _be_present(self) -> None:
        """Say now and then which operators are here, and which alarms stand on their pages."""
        while True:
            seats = list(self.frame.hub.seats)
            operators: dict[str, list[str]] = {}
            for seat in seats:
                operators.setdefault(seat.tenant or "", []).append(seat.operator)
            alarms = sorted({alarm for seat in seats for alarm in seat.shown})
            try:
                await self.presence.show(self.options.name, operators, alarms, PRESENT_FOR_S)
            except Exception as error:  # noqa: BLE001 - never needed for an alarm to go on
                log.warning("presence_not_said", error=fault(error))
            await asyncio.sleep(PRESENT_S)

    # -- changed sites ----------------------------------------------------------------------------------------------------

    async def renew(self) -> None:
        """Show alarms, and own partitions, by the sites as they are now."""
        self._show_sites()
        of = self.frame.current.of
        behind = [name for name, runtime in self.owned.items() if runtime.revisions != of(name).revisions]
        for partition in behind:
            await self._take_up(partition)
        if behind:
            let_go()

    async def _take_up(self, partition: str) -> None:
        """One partition, with its tenants' newest sites."""
        if self.owner is None:
            return
        self.anew[partition] = None
        try:
            await self.owner.anew(partition)
        finally:
            del self.anew[partition]

    def _show_sites(self) -> None:
        if self.shown != self.frame.current.revisions:
            self.shown = dict(self.frame.current.revisions)
            self.remote.registry = registry_of(list(self.frame.sites.values()))
            self.board.sites_changed()

    # -- the host of partitions -------------------------------------------------------------------------------------------

    async def open(self, partition: str, token: int) -> None:
        """Load a partition and go on with it, with its tenants' newest sites.

        Raises:
            Unavailable: it cannot be loaded now.
        """
        await self.frame.current.look()
        chosen = self.frame.current.of(partition)
        journal = PostgresJournal(self.database, partition, token, performs=self.has("dispatcher"))
        runtime = Runtime(partition, chosen, journal, self.frame.around(self._performing(partition), self.publish))
        before = self.anew.get(partition)
        if before is not None:
            runtime.adopt(before)
        self.hushed.discard(partition)
        self.owned[partition], self.journals[partition] = runtime, journal
        runtime.service.on_fenced = lambda: self._fenced(partition)
        runtime.service.confirm = self.confirm
        await runtime.start()
        self.front.owners |= dict.fromkeys(runtime.tenants, runtime.service)
        inbox = KnownInbox(self.inbox, frozenset(runtime.tenants))
        reader = runtime.reader = InboxReader(runtime.service, inbox, partition, self.bell, decode_act)
        reader.start()
        runtime.guard.watch(reader.task, "reading the inbox")
        if self.options.mqtt_broker is not None:
            self._hear(runtime, self.options.mqtt_broker)

    def _hear(self, runtime: Runtime, broker: str) -> None:
        client = f"{client_id(self.frame.secret)}-{runtime.name}"
        topics = topics_of(runtime.tenants)
        runtime.keep_subscribing(lambda: runtime.sessions_at(broker, client, self.front, topics))

    def _performing(self, partition: str) -> Callable[[Tell], None]:
        """What becomes of a partition's effects: told from here, or by a dispatcher, or for now by nobody here."""

        def perform(tell: Tell) -> None:
            if partition in self.hushed:
                return
            if self.has("dispatcher"):
                self.frame.perform(tell)
            else:
                self.bell.ring("effects")

        return perform

    async def close(self, partition: str) -> None:
        """End a partition; facts that were not kept go to its next owner."""
        runtime = self.owned.get(partition)
        if runtime is None:
            return
        for tenant in runtime.tenants:
            self.front.owners.pop(tenant, None)
        if partition in self.anew:
            self.anew[partition] = runtime
        try:
            for item in await runtime.close():
                self.remote.fact(item.key.tenant, encode_act(item))
        finally:
            # However that went: what lies in this connection must not outlive what we know of it.
            self.owned.pop(partition, None)
            journal = self.journals.pop(partition)
            self.tokens[partition] = journal.token
            await journal.close()

    def hush(self, partition: str) -> None:
        """Begin none of its effects any more until it is opened anew."""
        self.hushed.add(partition)

    def _fenced(self, partition: str) -> None:
        if self.owner is not None:
            self.owner.fenced(partition)

    # -- what owners call -------------------------------------------------------------------------------------------------

    def publish(self, runtime: Runtime, committed: Committed) -> None:
        """Something is durable: let everybody know who shows it, and measure what people wait for."""
        board = OwnBoard(lambda: [runtime.runner])
        board.put(committed)
        self.frame.measure(committed, board)
        if committed.events:
            self.bell.ring("events")

    async def sweep(self, part: int) -> None:
        """Forget old identities and answered entries of the inbox."""
        runtime = next(iter(self.owned.values()), None)
        if runtime is not None:
            now = self.frame.clock.now()
            await runtime.journal.sweep(part, now)
            await self.inbox.sweep(now - ANSWERED_FOR)

    def troubles(self) -> list[str]:
        """What is wrong here, in plain words; each once, however many partitions have it."""
        found = [self.follower.trouble, self.dispatcher.trouble if self.dispatcher is not None else ""]
        for runtime in self.owned.values():
            found += [*runtime.faults(), *runtime.auditor.troubles()]
        return list(dict.fromkeys(text for text in found if text))
