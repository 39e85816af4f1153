"""The one task that owns the machines: takes whatever has arrived, urgent things first, and commits it as one batch.

Doors call `accept` and `act`, channels `told`; all of them are answered only after the commit. A batch is what has arrived
since the last commit, capped: a lone press never waits for company.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import structlog

from alarmcore import metrics
from alarmcore.admission import Registry
from alarmcore.errors import AlarmClosed, AlarmUnknown, CommitFailed, TakenByOther, Unavailable
from alarmcore.intake import Prepared, Raw, Verdict, prepare
from alarmcore.model.alarm import AnswerAlarm, Refuse
from alarmcore.model.reading import URGENT
from alarmcore.ports import Clock, Journal
from alarmcore.runner import Item, Runner

log = structlog.get_logger(__name__)

BATCH_MAX: Final = 512
"""Readings in one commit: beyond it vectorising gains nothing more and a press that comes meanwhile waits longer."""

WAKES_MAX: Final = 1000
"""Timers in one commit, so that a thousand timers due at once do not hold up a press."""

RETRY_S: Final = 0.5
"""Wait before timers are tried again after a commit that failed."""

BACKLOG_MAX: Final = 50_000
"""Readings waiting in memory. Doors that can hold their senders back (MQTT) do so long before; the others are told busy."""


class Service:
    """Owns one runner. `start` it once; everything else may be called from the event loop at any time."""

    def __init__(self, runner: Runner, journal: Journal, clock: Clock, registry: Registry) -> None:
        self.runner = runner
        self.journal = journal
        self.clock = clock
        self.registry = registry
        self.urgent: deque[Raw | Act] = deque()
        self.telemetry: deque[Raw] = deque()
        self.wanted = asyncio.Event()
        self.failed_since: datetime | None = None
        self.task: asyncio.Task[None] | None = None
        self.confirm: Callable[[str, str, Verdict], None] = lambda _tenant, _device, _verdict: None

    # -- what doors call --------------------------------------------------------------------------------------------------

    def accept(self, raw: Raw) -> None:
        """Take a reading. Its `done` is called after the commit that keeps (or rejects) it.

        Raises:
            Unavailable: too much is waiting already; the sender must repeat.
        """
        if len(self.telemetry) >= BACKLOG_MAX and raw.kind not in URGENT:
            metrics.READINGS.labels(metrics.kind(raw.kind), "busy").inc()
            raise Unavailable("too many readings are waiting; repeat this one")
        (self.urgent if raw.kind in URGENT else self.telemetry).append(raw)
        self.wanted.set()

    async def submit(self, raws: list[Raw]) -> list[Verdict]:
        """Take readings and wait for their verdicts.

        Raises:
            Unavailable: nothing could be kept.
        """
        loop = asyncio.get_running_loop()
        waiting: list[asyncio.Future[Verdict | None]] = []
        for raw in raws:
            answered: asyncio.Future[Verdict | None] = loop.create_future()
            raw.done = partial(_settle, answered)
            self.accept(raw)
            waiting.append(answered)
        verdicts = await asyncio.gather(*waiting)
        if any(verdict is None for verdict in verdicts):
            raise CommitFailed("nothing could be kept; repeat all of it")
        return [verdict for verdict in verdicts if verdict is not None]

    async def act(self, item: Item) -> Refuse | None:
        """Let a machine see a person's act; return what it was refused with, once it is durable.

        Raises:
            CommitFailed: it was not kept; do it again.
        """
        answered: asyncio.Future[Refuse | None] = asyncio.get_running_loop().create_future()
        self.urgent.append(Act(item, answered))
        self.wanted.set()
        return await answered

    async def answer(self, answer: AnswerAlarm) -> None:
        """A person's answer to an alarm.

        Raises:
            AlarmUnknown, AlarmClosed, TakenByOther: it does not fit the alarm as it stands.
            CommitFailed: it was not kept; answer again.
        """
        refused = await self.act(Item("lifecycle", answer.slot, answer))
        if refused is None:
            return
        if refused.code == "taken_by_other":
            raise TakenByOther(answer.alarm, refused.by or "")
        raise AlarmClosed(answer.alarm) if refused.code == "alarm_closed" else AlarmUnknown(answer.alarm)

    def tell(self, item: Item) -> None:
        """Let a machine see a fact that nobody waits for (a channel's result, an alarm shown on a screen).

        It is repeated until it is kept: a hand-over that was forgotten would be told again.
        """
        self.urgent.append(Act(item, None))
        self.wanted.set()

    # -- the task ---------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Load what is stored and begin."""
        await self.runner.load()
        self.task = asyncio.get_running_loop().create_task(self._run(), name="alarmcore-service")

    async def close(self) -> None:
        """Stop after the turn that is under way."""
        if self.task is not None:
            self.task.cancel()
            await asyncio.wait([self.task])

    async def _run(self) -> None:
        while True:
            await self._wait()
            try:
                await self.turn()
            except CommitFailed as error:
                self.failed_since = self.failed_since or self.clock.now()
                log.error("commit_failed", error=str(error))  # noqa: TRY400 - the cause is chained and logged where it arose
                await asyncio.sleep(RETRY_S)
            else:
                self.failed_since = None

    async def _wait(self) -> None:
        """Until something has arrived or a timer is due."""
        if self.urgent or self.telemetry:
            await asyncio.sleep(0)  # the doors get their turn as well
            return
        self.wanted.clear()
        due_at = self.runner.next_wake_at()
        if due_at is None:
            await self.wanted.wait()
            return
        wait_s = (due_at - self.clock.now()).total_seconds()
        if wait_s > 0:
            try:
                # An hour at most, so that a clock that is set forward is noticed.
                await asyncio.wait_for(self.wanted.wait(), min(wait_s, 3600.0))
            except TimeoutError:
                return

    async def turn(self) -> None:
        """Take what has arrived and what is due, commit it, answer it.

        Raises:
            CommitFailed: nothing was kept; senders have been told, acts that nobody waits for wait for the next turn.
        """
        now = self.clock.now()
        raws, acts = self._take()
        wakes = self.runner.due(now, WAKES_MAX)
        if wakes:
            metrics.TIMER_LATENESS.observe(max(0.0, (now - (self.runner.next_wake_at() or now)).total_seconds()))
        try:
            prepared = await prepare(raws, self.registry, self.journal, now)
            items = [*wakes, *(act.item for act in acts), *(item for item in prepared.items if item is not None)]
            await self.runner.run(items, now, prepared.identities, prepared.quarantined)
        except Exception as error:
            self._give_back(raws, acts)
            if isinstance(error, CommitFailed):
                raise
            log.exception("turn_failed", raws=len(raws), acts=len(acts))
            raise CommitFailed("a turn failed; nothing of it was kept") from error
        self._answer(raws, acts, prepared)

    def _take(self) -> tuple[list[Raw], list[Act]]:
        raws: list[Raw] = []
        acts: list[Act] = []
        while self.urgent and len(raws) + len(acts) < BATCH_MAX:
            one = self.urgent.popleft()
            if isinstance(one, Act):
                acts.append(one)
            else:
                raws.append(one)
        while self.telemetry and len(raws) < BATCH_MAX:
            raws.append(self.telemetry.popleft())
        metrics.BACKLOG.set(len(self.telemetry) + len(self.urgent))
        return raws, acts

    def _give_back(self, raws: list[Raw], acts: list[Act]) -> None:
        for raw in raws:
            if raw.done is not None:
                raw.done(None)
        for act in acts:
            if act.answered is None:
                self.urgent.append(act)
            elif not act.answered.done():
                act.answered.set_exception(CommitFailed("this could not be kept; do it again"))

    def _answer(self, raws: list[Raw], acts: list[Act], prepared: Prepared) -> None:
        now = self.clock.now()
        for raw, verdict in zip(raws, prepared.verdicts, strict=True):
            if raw.done is not None:
                raw.done(verdict)
            if verdict.id is not None:
                tenant, _, device = (raw.principal or f"{raw.tenant}/{raw.device}").partition("/")
                self.confirm(tenant, device, verdict)
            metrics.counted(raw.kind, verdict.reason or verdict.status, (now - raw.received_at) / timedelta(seconds=1))
        for act in acts:
            if act.answered is not None and not act.answered.done():
                act.answered.set_result(act.item.answer)

    def healthy(self) -> bool:
        """Whether alarms can be kept now."""
        return self.failed_since is None and self.task is not None and not self.task.done()


def _settle(answered: asyncio.Future[Verdict | None], verdict: Verdict | None) -> None:
    """Answer whoever waits, if they still do."""
    if not answered.done():
        answered.set_result(verdict)


class Act:
    """Something for one machine, and who waits for it (None: nobody; it is repeated until it is kept)."""

    __slots__ = ("answered", "item")

    def __init__(self, item: Item, answered: asyncio.Future[Refuse | None] | None) -> None:
        self.item = item
        self.answered = answered
