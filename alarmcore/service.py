"""The one task that owns the machines: takes whatever has arrived, urgent things first, and commits it as one batch.

Doors call `accept` and `act`, channels `told`; all of them are answered only after the commit. A batch is what has arrived
since the last commit, capped: a lone press never waits for company.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import structlog

from alarmcore import metrics
from alarmcore.admission import Registry
from alarmcore.busy import turned_away
from alarmcore.errors import CommitFailed, Fenced, Unavailable, fault
from alarmcore.faults import FAULT, fault_of_reading, fault_of_timer
from alarmcore.inbox import answers_of, failed
from alarmcore.intake import Prepared, Raw, Verdict, prepare, salvaged_id, set_aside
from alarmcore.lanes import Lane
from alarmcore.model.alarm import AnswerAlarm, Refuse
from alarmcore.model.reading import URGENT
from alarmcore.ports import Batch, Clock, Journal
from alarmcore.runner import Item, Runner
from alarmcore.work import Act, Work, raise_refused

log = structlog.get_logger(__name__)

BATCH_MAX: Final = 512
"""Readings in one commit: beyond it vectorising gains nothing more and a press that comes meanwhile waits longer."""

WAKES_MAX: Final = 1000
"""Timers in one commit, so that a thousand timers due at once do not hold up a press."""

BESIDE_WAKES_MAX: Final = 64
"""Readings that are no presses in a commit that still leaves timers due: what somebody's timer finds is more urgent, and ten
thousand due at once are through in half the time."""

PREPARED: Final = timedelta(seconds=3)
"""How long before they are due timers are made ready, between other things: ten thousand take half a second."""

PREPARED_MAX: Final = 50
"""Of them at a time, in two milliseconds: a press that comes meanwhile waits for no more."""

RETRY_S: Final = 0.5
"""Wait after a turn that failed, before it is tried again whether anything can be kept."""

UNKEPT_S: Final = 60.0
"""How long the service says that it is not ready after a press that could be kept in no way; its device repeats it meanwhile."""

BACKLOG_MAX: Final = 50_000
"""Readings waiting in memory, of each lane. Doors that can hold their senders back (MQTT) do so long before; the others are told
busy, presses too: they are not rejected, their devices repeat them."""

ACTS_MAX: Final = 5_000
"""People's acts waiting in memory, those that other processes have received included. Nobody is that many people; whoever comes
then is told busy at once, instead of after a wait that they would not stay for."""

FACTS_MAX: Final = 5_000
"""Facts that nobody waits for, before screens are held back that report more. Channels are not: each has begun a telling, whose
number is limited, and its result must not be lost."""

ACTS_AT_ONCE_MAX: Final = BATCH_MAX // 2
"""Acts and facts in one commit, so that a thousand screens that show a thousand alarms leave half of it to presses."""


class Service:
    """Owns one runner. `start` it once; everything else may be called from the event loop at any time."""

    def __init__(self, runner: Runner, journal: Journal, clock: Clock, registry: Registry) -> None:
        self.runner = runner
        self.journal = journal
        self.clock = clock
        self.registry = registry
        self.urgent = Lane("presses")
        self.telemetry = Lane("telemetry")
        self.acts: deque[Act] = deque()
        self.facts: deque[Act] = deque()
        self.wanted = asyncio.Event()
        self.failed_since: datetime | None = None
        self.unkept_at: datetime | None = None
        self.task: asyncio.Task[None] | None = None
        self.fenced = False
        self.on_fenced: Callable[[], None] = lambda: None
        self.confirm: Callable[[str, str, Verdict], None] = lambda _tenant, _device, _verdict: None

    # -- what doors call --------------------------------------------------------------------------------------------------

    def accept(self, raw: Raw) -> None:
        """Take a reading. Its `done` is called after the commit that keeps (or rejects) it.

        Raises:
            Unavailable: too much is waiting already; the sender must repeat.
        """
        lane = self.urgent if raw.kind in URGENT else self.telemetry
        lane.put(raw, BACKLOG_MAX)
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

    async def act(self, item: Item, inbox: int | None = None) -> Refuse | None:
        """Let a machine see a person's act; return what it was refused with, once it is durable.

        `inbox` is the act's place there, if another process has received it.

        Raises:
            CommitFailed: it was not kept; do it again.
            Unavailable: too much is waiting already; do it again.
        """
        if len(self.acts) >= ACTS_MAX:
            turned_away("acts")
            raise Unavailable("too much is waiting already; do this again")
        answered: asyncio.Future[Refuse | None] = asyncio.get_running_loop().create_future()
        self.acts.append(Act(item, answered, inbox))
        self.wanted.set()
        return await answered

    async def answer(self, answer: AnswerAlarm) -> None:
        """A person's answer to an alarm.

        Raises:
            AlarmUnknown, AlarmClosed, TakenByOther: it does not fit the alarm as it stands.
            Unavailable: it was not kept; answer again.
        """
        raise_refused(answer, await self.act(Item("lifecycle", answer.slot, answer)))

    def tell(self, item: Item) -> None:
        """Let a machine see a fact that nobody waits for (a channel's result, an alarm shown on a screen).

        It is repeated until it is kept: a hand-over that was forgotten would be told again.
        """
        self.facts.append(Act(item, None))
        self.wanted.set()

    @property
    def crowded(self) -> bool:
        """Whether those who can wait with their facts should."""
        return len(self.facts) >= FACTS_MAX

    # -- the task ---------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Load what is stored and begin."""
        await self.runner.load()
        decided_at = await self.journal.decided_at()
        if decided_at is not None:
            self.clock.begin_at(decided_at)
        self.task = asyncio.get_running_loop().create_task(self._run(), name="alarmcore-service")

    def clock_set(self) -> None:
        """The clock was set forward: what is due may be due now."""
        self.wanted.set()

    async def close(self) -> None:
        """Stop after the turn that is under way."""
        if self.task is not None:
            self.task.cancel()
            await asyncio.wait([self.task])

    def left(self) -> list[Item]:
        """After the end: facts that nobody waits for and that are not kept. Whoever waits is told that nothing is kept."""
        self._give_back_waiting()
        metrics.part(metrics.BACKLOG, self, 0)
        items = [fact.item for fact in self.facts]
        self.facts.clear()
        return items

    async def _run(self) -> None:
        while True:
            await self._wait()
            try:
                await self.turn()
            except Fenced as fenced:
                log.warning("fenced", partition=fenced.partition)
                self.fenced = True
                self.on_fenced()
                return  # whoever is still waiting is answered by `left`
            except Exception as error:  # noqa: BLE001 - whatever it is, this task must not end
                self.failed_since = self.failed_since or self.clock.now()
                # The text of another error may hold a value that somebody sent.
                why = str(error) if isinstance(error, Unavailable) else fault(error)
                log.error("commit_failed", error=why)  # noqa: TRY400
                await asyncio.sleep(RETRY_S)
            else:
                self.failed_since = None

    async def _wait(self) -> None:
        """Until something has arrived or a timer is due."""
        if self._waiting() or self.failed_since is not None:
            if not self.urgent:
                self.runner.prepare(self.clock.now() + PREPARED, PREPARED_MAX)
            await asyncio.sleep(0)  # the doors get their turn as well
            return
        self.wanted.clear()
        while (due_at := self.runner.next_wake_at()) is not None and due_at > (now := self.clock.now()):
            if not self.runner.prepare(now + PREPARED, PREPARED_MAX):
                break
            await asyncio.sleep(0)
            if self.wanted.is_set():
                return
        if due_at is None:
            await self.wanted.wait()
            return
        wait_s = (due_at - self.clock.now()).total_seconds()
        if wait_s > 0:
            # Not `wait_for`: in Python 3.11 it loses a cancellation that comes together with what it waits for.
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self.wanted.wait()

    async def turn(self) -> None:
        """Take what has arrived and what is due, commit it, answer it.

        Raises:
            CommitFailed: nothing was kept; senders have been told, acts that nobody waits for wait for the next turn.
        """
        try:
            await self.runner.reread()
        except BaseException:
            self._give_back_waiting()
            raise
        now = self.clock.now()
        wakes = self.runner.due(now, WAKES_MAX)
        raws, acts = self._take(BATCH_MAX if len(wakes) < WAKES_MAX else BESIDE_WAKES_MAX)
        if wakes:
            metrics.TIMER_LATENESS.observe(max(0.0, (now - (self.runner.next_wake_at() or now)).total_seconds()))
        waiting = [Work(wakes, acts, raws)]
        while waiting:
            work = waiting.pop()
            try:
                if self.failed_since is not None:
                    await self.journal.commit(Batch(now))
                    self.failed_since = None
                waiting += await self._attempt(work, now)
            except BaseException:
                later, self.facts = self.facts, deque()
                for one in (work, *waiting):
                    self._give_back(one.raws, one.acts)
                self.facts += later
                self._give_back_waiting()
                raise

    async def _attempt(self, work: Work, now: datetime) -> list[Work]:
        """Keep and answer all of `work`, or say into which parts to divide it, the last one first, to find where a step fails."""
        try:
            prepared = await self._keep(work, now)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - our own fault, whatever it is; those beside it must not suffer
            log.error("step_failed", wakes=len(work.wakes), acts=len(work.acts), raws=len(work.raws), error=fault(error))  # noqa: TRY400
            if len(work) > 1:
                return work.halves()[::-1]
            await self._set_aside(work, now)
        else:
            self._answer(work.raws, work.acts, prepared)
        return []

    async def _keep(self, work: Work, now: datetime) -> Prepared:
        prepared = await prepare(work.raws, self.registry, self.journal, now)
        acts = (act.item for act in work.acts)
        items = [*work.wakes, *acts, *(item for item in prepared.items if item is not None)]
        await self.runner.run(
            items,
            now,
            prepared.identities,
            prepared.quarantined,
            lambda: answers_of(work.raws, prepared.verdicts, [(act.item.answer, act.inbox) for act in work.acts]),
        )
        return prepared

    async def _set_aside(self, work: Work, now: datetime) -> None:
        """One thing at which a step fails, and always will: out of the others' way, but never out of sight."""
        for wake in work.wakes:
            await self._raise_instead(fault_of_timer(wake, now), now)
            self.runner.postpone(wake, now)
        for act in work.acts:
            # One that nobody waits for is not said again, since it would fail again; the chain's own times go on without it.
            if act.answered is not None and not act.answered.done():
                act.answered.set_exception(CommitFailed("this could not be kept; do it again, or do something else"))
            if act.inbox is not None:
                await self.runner.run([], now, answered=partial(failed, act.inbox))
        for raw in work.raws:
            item = fault_of_reading(raw, self.registry)
            kept = await self._raise_instead(item, now)
            if item is not None and not kept:
                self._give_back([raw], [])
                continue
            quarantined = [set_aside(raw, FAULT)]
            verdict = Verdict(salvaged_id(raw.payload), "kept" if kept else "rejected", None if kept else FAULT)
            await self.runner.run([], now, (), quarantined, partial(answers_of, [raw], [verdict], []))
            self._answer([raw], [], Prepared([], [], quarantined, [verdict]))

    async def _raise_instead(self, item: Item | None, now: datetime) -> bool:
        """Raise an alarm past the rules. If not even that can be done, the service is not ready."""
        if item is None:
            return False
        try:
            await self.runner.run([item], now)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - said by /health/ready and the log; the device repeats
            log.critical("alarm_not_kept", tenant=item.key.tenant, error=fault(error))
            self.unkept_at = now
            return False
        return True

    def _waiting(self) -> int:
        """What waits for a turn."""
        return len(self.urgent) + len(self.acts) + len(self.facts) + len(self.telemetry)

    def _take(self, telemetry_max: int) -> tuple[list[Raw], list[Act]]:
        """What people do and what is pressed comes first; telemetry gets the room that is left, up to `telemetry_max`."""
        acts: list[Act] = []
        for waiting in (self.acts, self.facts):
            while waiting and len(acts) < ACTS_AT_ONCE_MAX:
                acts.append(waiting.popleft())
        raws = self.urgent.take(BATCH_MAX - len(acts))
        raws += self.telemetry.take(min(telemetry_max, BATCH_MAX - len(raws)))
        metrics.part(metrics.BACKLOG, self, self._waiting())
        return raws, acts

    def _give_back(self, raws: list[Raw], acts: list[Act]) -> None:
        for raw in raws:
            if raw.done is not None:
                raw.done(None)
        for act in acts:
            if act.answered is None:
                self.facts.append(act)
            elif not act.answered.done():
                act.answered.set_exception(CommitFailed("this could not be kept; do it again"))

    def _give_back_waiting(self) -> None:
        """What waits for the next turn: whoever can be told is told now that nothing is kept, instead of waiting for a disk."""
        acts = list(self.acts)
        self.acts.clear()
        self._give_back([*self.urgent.drain(), *self.telemetry.drain()], acts)

    def _answer(self, raws: list[Raw], acts: list[Act], prepared: Prepared) -> None:
        now = self.clock.now()
        for raw, verdict in zip(raws, prepared.verdicts, strict=True):
            try:
                self._tell_device(raw, verdict)
            except Exception as error:  # noqa: BLE001 - it is kept; a device that does not hear so repeats
                log.error("answer_failed", error=fault(error))  # noqa: TRY400
            metrics.counted(raw.kind, verdict.reason or verdict.status, (now - raw.received_at) / timedelta(seconds=1))
        for act in acts:
            if act.answered is not None and not act.answered.done():
                act.answered.set_result(act.item.answer)

    def _tell_device(self, raw: Raw, verdict: Verdict) -> None:
        if raw.done is not None:
            raw.done(verdict)
        if verdict.id is not None:
            tenant, _, device = (raw.principal or f"{raw.tenant}/{raw.device}").partition("/")
            self.confirm(tenant, device, verdict)

    def healthy(self) -> bool:
        """Whether alarms can be kept now."""
        unkept = self.unkept_at is not None and self.clock.now() - self.unkept_at < timedelta(seconds=UNKEPT_S)
        return not unkept and self.failed_since is None and self.task is not None and not self.task.done()


def _settle(answered: asyncio.Future[Verdict | None], verdict: Verdict | None) -> None:
    """Answer whoever waits, if they still do."""
    if not answered.done():
        answered.set_result(verdict)
