"""Where doors, screens and channels hand in what they have: to the service here that owns a tenant, or to whoever owns it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, Final

import structlog

from alarmcore.admission import Registry
from alarmcore.busy import Seldom, turned_away
from alarmcore.errors import CommitFailed, ReadingRejected, Unavailable, fault
from alarmcore.inbox import ACT, Answer, decode_answer, encode_reading, kind_of
from alarmcore.intake import Raw, Verdict, read, salvaged_id, verdict_of
from alarmcore.model.alarm import AnswerAlarm, Refuse, Slot
from alarmcore.ports import Clock
from alarmcore.runner import Item
from alarmcore.service import Service
from alarmcore.shared import Bell, Inbox
from alarmcore.work import raise_refused

log = structlog.get_logger(__name__)

ANSWER_S: Final = 4.0
"""How long an answer is waited for: a lease and the time to load a partition. What is in the inbox is kept in any case."""

LOOK_S: Final = 0.1
"""How often answers are looked for while somebody waits and nobody rings."""

WAITING_MAX: Final = 20_000
"""Entries that may wait for an answer here; beyond it senders are told busy."""

TENANT_WAITING_MAX: Final = WAITING_MAX // 2
"""Of them for one tenant, so that one whose owner is away does not take the room of those whose owners answer."""

FACTS_MAX: Final = 10_000
"""Facts for other owners (a channel's results) held while the database does not answer; the oldest go: each is found out anew,
since its effect is still stored as not settled."""

AGAIN_S: Final = 0.5
"""Wait before a fact that could not be stored is stored again."""

FLUSH_S: Final = 2.0
"""How long the end waits for facts to be stored. What is not is found out anew: a telling is performed again, under its id."""


class Remote:
    """Everything for tenants that another process owns, by way of the inbox."""

    def __init__(self, inbox: Inbox, bell: Bell, registry: Registry, partition_of: Callable[[str], str | None]) -> None:
        self.inbox = inbox
        self.bell = bell
        self.registry = registry
        self.partition_of = partition_of
        self.waiting: dict[int, asyncio.Future[Answer]] = {}
        self.asked: Counter[str] = Counter()
        self.asked_in_all = 0
        self.facts: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()
        self.wanted = asyncio.Event()
        self.tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin."""
        self.tasks = [
            asyncio.create_task(self._collect(), name="alarmcore-remote-answers"),
            asyncio.create_task(self._pass_on(), name="alarmcore-remote-facts"),
        ]

    async def close(self) -> None:
        """Stop, once the facts are stored, if that goes soon; what was put in stays there."""
        if self.tasks:
            with suppress(TimeoutError):
                async with asyncio.timeout(FLUSH_S):
                    await self.facts.join()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def readings(self, raws: list[Raw]) -> list[Verdict]:
        """Keep readings for their owners; their verdicts, the owner's own if it answers in time.

        Raises:
            Unavailable: nothing was kept.
        """
        # Whoever comes first answers for a tenant that nobody has set up: the verdict is the same everywhere.
        anybody = min(self.registry.tenants)
        entries = [
            (raw.tenant if raw.tenant in self.registry.tenants else anybody, kind_of(raw), encode_reading(raw)) for raw in raws
        ]
        answers = await self._answers(entries)
        return [
            answer.verdict if answer is not None and answer.verdict is not None else self._judged(raw)
            for raw, answer in zip(raws, answers, strict=True)
        ]

    def _judged(self, raw: Raw) -> Verdict:
        """What the owner will say, as far as it can be told without what is stored."""
        try:
            return verdict_of(read(raw, self.registry))
        except ReadingRejected as rejection:
            return Verdict(salvaged_id(raw.payload), "rejected", rejection.code)

    async def act(self, tenant: str, data: bytes) -> Refuse | None:
        """Keep a person's act for the tenant's owner, and wait for what comes of it.

        Raises:
            Unavailable: it was not kept, or it is and its owner has not answered yet.
        """
        (answer,) = await self._answers([(tenant, ACT, data)])
        if answer is None:
            raise Unavailable("this is kept, but it is not known yet what came of it; look at the alarm, or do it again")
        if answer.failed:
            raise CommitFailed("this could not be kept; do it again, or do something else")
        return answer.refused

    def fact(self, tenant: str, data: bytes) -> None:
        """Keep a fact for the tenant's owner, soon."""
        if self.facts.qsize() >= FACTS_MAX:
            self.facts.get_nowait()
            self.facts.task_done()  # or the end would wait for one that nobody stores
            turned_away("facts")
        self.facts.put_nowait((tenant, data))

    @property
    def crowded(self) -> bool:
        """Whether those who can wait with their facts should, so that none has to go."""
        return self.facts.qsize() >= FACTS_MAX // 2

    async def _answers(self, entries: list[tuple[str, str, bytes]]) -> list[Answer | None]:
        tenants = Counter(tenant for tenant, _, _ in entries)
        self._let_in(tenants)
        try:
            return await self._put(entries)
        finally:
            self.asked_in_all -= tenants.total()
            self.asked -= tenants  # forgets those of whom nothing is left

    def _let_in(self, tenants: Counter[str]) -> None:
        """Count entries from before they are stored on: while the database is slow, that is where they pile up.

        Raises:
            Unavailable: too many wait already.
        """
        total = tenants.total()
        too_many = [tenant for tenant, count in tenants.items() if self.asked[tenant] + count > TENANT_WAITING_MAX]
        if too_many or self.asked_in_all + total > WAITING_MAX:
            turned_away("inbox", total, tenant=too_many[0] if too_many else "")
            raise Unavailable("too much is waiting already; repeat this")
        self.asked_in_all += total
        self.asked += tenants

    async def _put(self, entries: list[tuple[str, str, bytes]]) -> list[Answer | None]:
        places = await self.inbox.put(entries)
        loop = asyncio.get_running_loop()
        futures = [self.waiting.setdefault(place, loop.create_future()) for place in places]
        self.wanted.set()
        self._ring({tenant for tenant, _, _ in entries})
        try:
            await asyncio.wait(futures, timeout=ANSWER_S)
        finally:
            for place in places:
                self.waiting.pop(place, None)
        return [future.result() if future.done() else None for future in futures]

    def _ring(self, tenants: set[str]) -> None:
        for partition in {self.partition_of(tenant) for tenant in tenants}:
            if partition is not None:
                self.bell.ring(f"inbox:{partition}")

    async def _collect(self) -> None:
        """Look for the answers that somebody waits for."""
        while True:
            self.wanted.clear()
            if not self.waiting:
                await self.wanted.wait()
            try:
                for place, data in (await self.inbox.answers(list(self.waiting))).items():
                    future = self.waiting.pop(place, None)
                    if future is not None and not future.done():
                        future.set_result(decode_answer(data))
            except Exception as error:  # noqa: BLE001 - whoever waits is told when their time is up
                log.error("inbox_unreadable", error=fault(error))  # noqa: TRY400
            if self.waiting:
                await self.bell.heard(["answers"], LOOK_S)

    async def _pass_on(self) -> None:
        """Store facts in their order, each until it is stored."""
        while True:
            tenant, data = await self.facts.get()
            while True:
                try:
                    await self.inbox.put([(tenant, ACT, data)])
                except Exception as error:  # noqa: BLE001 - tried again until it works
                    log.error("fact_not_stored", error=fault(error))  # noqa: TRY400
                    await asyncio.sleep(AGAIN_S)
                else:
                    self._ring({tenant})
                    self.facts.task_done()
                    break


class Front:
    """Knows who owns which tenant here. Without a `remote` one service owns them all."""

    def __init__(self, clock: Clock, encode_act: Callable[[Item], bytes], remote: Remote | None = None) -> None:
        self.clock = clock
        self.encode_act = encode_act
        self.remote = remote
        self.owners: dict[str, Service] = {}
        self.alone: Service | None = None
        self.confirm: Callable[[str, str, Verdict], None] = lambda _tenant, _device, _verdict: None
        self.tasks: set[asyncio.Task[None]] = set()
        self.failed = Seldom()
        self.heard_of: Callable[[], Awaitable[None]] | None = None

    def owner(self, tenant: str) -> Service | None:
        """The service in this process that owns a tenant."""
        service = self.alone or self.owners.get(tenant)
        return None if service is None or service.fenced else service

    def knows(self, raw: Raw) -> bool:
        """Whether a reading's tenant is known, or cannot become so: `heard_of` may tell of one that was imported just now."""
        registry = self.alone.registry if self.alone is not None else self.remote.registry if self.remote is not None else None
        if registry is None or raw.tenant in registry.tenants:
            return True
        return raw.principal is not None and raw.principal != f"{raw.tenant}/{raw.device}"

    def stands_open(self, slot: Slot, alarm: str) -> bool:
        """Whether an alarm waits for somebody; so it does as far as this process can tell, when it is not the owner."""
        service = self.owner(slot.tenant)
        found = None if service is None else service.runner.state("lifecycle", slot)
        return found is None or (found.id == alarm and found.state == "open")

    def accept(self, raw: Raw) -> None:
        """Take a reading; its `done` is called once it is kept or rejected.

        Raises:
            Unavailable: too much is waiting already; the sender must repeat.
        """
        if self.heard_of is not None and not self.knows(raw):
            self._later(raw, self._look_first(raw, self.heard_of))
        else:
            self._take(raw)

    def _take(self, raw: Raw) -> None:
        if (service := self.owner(raw.tenant)) is not None:
            service.accept(raw)
        elif self.remote is not None:
            self._later(raw, self._far(raw, self.remote))
        else:
            raise Unavailable("nobody here can take this reading now; repeat it")

    def _later(self, raw: Raw, work: Coroutine[Any, Any, None]) -> None:
        if len(self.tasks) >= WAITING_MAX:
            work.close()
            turned_away("inbox", tenant=raw.tenant)
            raise Unavailable("too much is waiting already; repeat this")
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _look_first(self, raw: Raw, heard_of: Callable[[], Awaitable[None]]) -> None:
        """Take a reading for a tenant that is not known here, after a look whether it is now."""
        await heard_of()
        try:
            self._take(raw)
        except Unavailable:
            if raw.done is not None:
                raw.done(None)

    async def _far(self, raw: Raw, remote: Remote) -> None:
        try:
            (verdict,) = await remote.readings([raw])
        except Exception as error:  # noqa: BLE001 - whoever sent it is told that it was not kept
            if times := self.failed.times():
                log.error("inbox_failed", error=fault(error), times=times)  # noqa: TRY400
            verdict = None
        if raw.done is not None:
            raw.done(verdict)
        if verdict is not None and verdict.id is not None:
            tenant, _, device = (raw.principal or f"{raw.tenant}/{raw.device}").partition("/")
            self.confirm(tenant, device, verdict)

    async def submit(self, raws: list[Raw]) -> list[Verdict]:
        """Take readings and wait for their verdicts.

        Raises:
            Unavailable: they could not all be kept; repeat all of them.
        """
        if self.heard_of is not None and not all(map(self.knows, raws)):
            await self.heard_of()
        here: dict[Service, list[int]] = {}
        far: list[int] = []
        for place, raw in enumerate(raws):
            service = self.owner(raw.tenant)
            if service is None:
                far.append(place)
            else:
                here.setdefault(service, []).append(place)
        if far and self.remote is None:
            raise Unavailable("nothing can be kept now; repeat all of it")
        groups = [*here.values(), far] if far else list(here.values())
        asked: list[Any] = [self._near(service, [raws[place] for place in places]) for service, places in here.items()]
        if far and self.remote is not None:
            asked.append(self.remote.readings([raws[place] for place in far]))
        verdicts: dict[int, Verdict] = {}
        for places, found in zip(groups, await asyncio.gather(*asked), strict=True):
            verdicts |= zip(places, found, strict=True)
        return [verdicts[place] for place in range(len(raws))]

    async def _near(self, service: Service, raws: list[Raw]) -> list[Verdict]:
        """The verdicts of a service here; of one that has ended meanwhile, its persons' next owner's."""
        try:
            return await service.submit(raws)
        except CommitFailed:
            if self.remote is None or self.owner(raws[0].tenant) is service:
                raise
            return await self.remote.readings(raws)

    async def answer(self, answer: AnswerAlarm) -> None:
        """A person's answer to an alarm.

        Raises:
            AlarmUnknown, AlarmClosed, TakenByOther: it does not fit the alarm as it stands.
            Unavailable: it is not known to be kept; answer again.
        """
        raise_refused(answer, await self.act(answer.slot.tenant, Item("lifecycle", answer.slot, answer)))

    async def act(self, tenant: str, item: Item) -> Refuse | None:
        """Let a machine see a person's act, wherever its tenant's owner is; what it was refused with.

        Raises:
            Unavailable: it is not known to be kept; do it again.
        """
        service = self.owner(tenant)
        if service is not None:
            try:
                return await service.act(item)
            except CommitFailed:
                if self.remote is None or self.owner(tenant) is service:
                    raise
        if self.remote is None:
            raise Unavailable("nothing can be kept now; answer again")
        return await self.remote.act(tenant, self.encode_act(item))

    def tell(self, tenant: str, item: Item) -> None:
        """Let a machine see a fact that nobody waits for."""
        service = self.owner(tenant)
        if service is not None:
            service.tell(item)
        elif self.remote is not None:
            self.remote.fact(tenant, self.encode_act(item))

    def crowded(self, tenant: str) -> bool:
        """Whether those who can wait with facts about this tenant should."""
        service = self.owner(tenant)
        if service is not None:
            return service.crowded
        return self.remote is not None and self.remote.crowded
