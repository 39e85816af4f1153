"""Drives pure machines: step until nothing more follows, commit it all at once, then let the effects be performed.

It knows none of the machines it is given and awaits nothing but ports, so that a simulated world can drive the very same code.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
import structlog

from alarmcore.errors import AlarmcoreError, CommitFailed
from alarmcore.model.alarm import Alarm, AlarmEvent, Refuse
from alarmcore.outcome import Effect
from alarmcore.ports import Batch, Journal, Machine, Performer, Quarantined, StoredEvent, StoredState
from alarmcore.shelf import Shelf
from alarmcore.timers import PAST, Timers

log = structlog.get_logger(__name__)

STEPS_MAX: Final = 10_000
"""Steps that may follow from one item: a chain of hundreds of links skipped at once stays far below. More is a loop."""

STUCK_S: Final = 60.0
"""A timer whose step fails, or moves nothing, is asked again this much later: it neither spins nor is forgotten."""


class Item(msgspec.Struct, gc=False):
    """Something for a machine: an event for the state under `key`. `answer` becomes what the machine refused it with.

    `due` is there for a timer: its place among the others, so that one that has not moved is known again.
    """

    machine: str
    key: Any
    event: Any
    answer: Refuse | None = None
    due: tuple[datetime, tuple[str, str, str]] | None = None


class Committed(msgspec.Struct, frozen=True):
    """What a commit made known: events in order, and the alarms that changed."""

    events: tuple[StoredEvent, ...]
    alarms: tuple[Alarm, ...]


class Runner(Timers):
    """One owner of some persons' states. Not for several tasks at once: calls to `run` must not overlap.

    States of a machine that has `rows` lie on a shelf, if the journal keeps states at all.
    """

    def __init__(
        self,
        machines: Sequence[Machine],
        journal: Journal,
        perform: Performer,
        publish: Callable[[Committed], None],
        effect_codec: tuple[Callable[[Any], bytes], Callable[[bytes], Any]],
    ) -> None:
        super().__init__(machines)
        self.routes = {heard: machine for machine in machines for heard in machine.hears}
        self.journal = journal
        self.perform = perform
        self.publish = publish
        self.encode_effect, self.decode_effect = effect_codec
        for machine in machines if journal.keep else ():
            rows = getattr(machine, "rows", None)
            if rows is not None:
                self.cache[machine.name] = self.shelves[machine.name] = Shelf(machine, rows)
        # Not a set, whose order is another in every process: the same seed must be the same story.
        self.unread: dict[tuple[str, str], None] = {}
        self.begun: set[str] = set()

    # -- states and timers ------------------------------------------------------------------------------------------------

    async def load(self) -> None:
        """Take up what is stored: every state, every timer, every effect that was not settled."""
        self.horizon = PAST if self.shelves else self.horizon
        for stored in await self.journal.states():
            shelf = self.shelves.get(stored.machine)
            if shelf is None or not shelf.load(self.machines[stored.machine].key(stored.key), stored.data, stored.wake_at):
                self._take(stored)
        await self._resume()

    async def _resume(self) -> None:
        """Begin the stored effects that are not under way: after a start, or a commit that failed and was stored all the same."""
        for name, data in await self.journal.effects():
            if name not in self.begun:
                self._begin(self.decode_effect(data))

    def _begin(self, effect: Any) -> None:
        self.begun.add(effect.id)
        try:
            self.perform(effect)
        except Exception as error:  # noqa: BLE001 - it is stored, and begun again after a restart
            log.error("effect_failed", effect=effect.id, error=type(error).__name__)  # noqa: TRY400 - its text may hold an address

    def _take(self, stored: StoredState) -> None:
        machine = self.machines[stored.machine]
        key = machine.key(stored.key)
        state = self.cache[machine.name][key] = machine.decode(key, stored.data)
        if machine.name in self.shelves:
            self.shelves[machine.name].keep(key, stored.data, stored.wake_at)
        self.schedule(machine, key, state)

    def state(self, machine: str, key: Hashable) -> Any:
        """The current state under a key, or None if there is none yet."""
        return self.cache[machine].get(key)

    def due(self, now: datetime, limit: int) -> list[Item]:
        """Up to `limit` timers due at `now` or before, in order of (due, tenant, resident, rule).

        They are not taken off: the step that answers them moves them, and a commit that fails leaves them due.
        """
        return [
            Item(self.named[rank], key, self.machines[self.named[rank]].woke, due=(at, names))
            for at, names, rank, key in self.take_due(now, limit)
        ]

    def begin_again(self, data: bytes) -> None:
        """Begin a stored effect of which nothing has been heard."""
        self._begin(self.decode_effect(data))

    def postpone(self, item: Item, now: datetime) -> None:
        """Ask a timer again a while later: its step fails, or it would be due for ever."""
        name = (self.rank[item.machine], item.key)
        entry = self.wakes.get(name)
        if entry is None or entry[:2] != item.due:
            return
        log.error("timer_stuck", machine=item.machine, key=self.machines[item.machine].text(item.key), again_s=STUCK_S)
        self.move(name, now + timedelta(seconds=STUCK_S))

    # -- one turn ---------------------------------------------------------------------------------------------------------

    async def run(
        self,
        items: Sequence[Item],
        now: datetime,
        identities: Sequence[tuple[int, int]] = (),
        quarantined: Sequence[Quarantined] = (),
        answered: Callable[[], list[tuple[int, bytes]]] = list,
    ) -> Committed:
        """Let the machines see `items`, make durable what follows, then begin its effects.

        `answered` is asked once the machines have seen all items: which entries of the inbox are taken care of, and with what
        answer.

        Raises:
            CommitFailed: nothing was stored, and the states are again what is stored; say the items again.
            Fenced: nothing was stored, and nothing ever will be by this runner.
            Exception: a step failed, and so it will when the items are said again; the same holds otherwise.
        """
        await self.reread()
        turn = Turn(self, now)
        try:
            for item in items:
                turn.feed(item)
            batch = turn.batch(identities, quarantined)
            batch.answered = answered()
            first = await self.journal.commit(batch) if not batch.empty() else 0
        except Exception:
            await self._forget(turn.touched)
            raise
        except BaseException:
            # We are told to stop: a disk that cannot be read must not turn that into a failure to be tried again.
            self._drop(turn.touched)
            raise
        committed = Committed(
            tuple(StoredEvent(first + place, event) for place, event in enumerate(turn.events)), tuple(batch.alarms)
        )
        self._shelve(turn, batch)
        self._follow(turn, committed)
        for item in items:
            if item.due is not None:
                self.postpone(item, now)
        return committed

    def _shelve(self, turn: Turn, batch: Batch) -> None:
        """What is stored now is what a shelf may forget and read again."""
        if self.shelves and batch.states:
            for (name, key), stored in zip(turn.dirty, batch.states, strict=True):
                if name in self.shelves:
                    self.shelves[name].keep(key, stored.data, stored.wake_at)
        for shelf in self.shelves.values():
            shelf.settle()

    def _follow(self, turn: Turn, committed: Committed) -> None:
        """What comes after a commit. It is stored: no failure from here on may look as if it were not."""
        for effect in turn.effects:
            self._begin(effect)
        self.begun.difference_update(turn.settled)
        if committed.events or committed.alarms:
            try:
                self.publish(committed)
            except Exception as error:  # noqa: BLE001 - screens get the whole picture when they come back
                log.error("publish_failed", error=type(error).__name__)  # noqa: TRY400 - its text may hold a name

    async def _forget(self, touched: Iterable[tuple[Machine, Any]]) -> None:
        """After a failed commit: read again what is stored, since what is in memory never came to be."""
        self._drop(touched)
        await self.reread()

    def _drop(self, touched: Iterable[tuple[Machine, Any]]) -> None:
        for machine, key in touched:
            self.unread[(machine.name, machine.text(key))] = None
            self.cache[machine.name].pop(key, None)
            self.wakes.pop((self.rank[machine.name], key), None)

    async def reread(self) -> None:
        """Take up again what was forgotten; nothing is decided before, or a person would seem to be one of whom nothing is known.

        Raises:
            CommitFailed: the journal cannot be read either.
        """
        if not self.unread:
            return
        try:
            for stored in await self.journal.reread(list(self.unread)):
                self._take(stored)
            await self._resume()
        except CommitFailed:
            raise
        except Exception as error:
            raise CommitFailed("the journal can neither store nor read; nothing was kept") from error
        self.unread.clear()


class Turn:
    """Everything that follows from some items, before it is committed."""

    def __init__(self, runner: Runner, now: datetime) -> None:
        self.runner = runner
        self.now = now
        self.dirty: dict[tuple[str, Any], Any] = {}
        self.alarms: dict[str, Alarm] = {}
        self.events: list[AlarmEvent] = []
        self.effects: list[Any] = []
        self.settled: list[str] = []

    @property
    def touched(self) -> list[tuple[Machine, Any]]:
        """The machines and keys whose states were changed."""
        return [(self.runner.machines[name], key) for name, key in self.dirty]

    def feed(self, item: Item) -> None:
        """Step until nothing more follows; what a decision leads to comes before what was decided after it."""
        runner = self.runner
        item.answer = None  # of an earlier try
        stack = [(runner.machines[item.machine], item.key, item.event)]
        steps = 0
        while stack:
            steps += 1
            if steps > STEPS_MAX:
                raise AlarmcoreError(f"more than {STEPS_MAX} steps follow from one event of {item.machine}: it is not kept")
            machine, key, event = stack.pop()
            states = runner.cache[machine.name]
            before = states.get(key)
            if before is None:
                before = machine.initial(key)
            outcome = machine.step(before, event, self.now)
            if outcome.state is not before:
                self._moved(machine, key, outcome.state)
            for decision in reversed(outcome.decisions):
                heard_by = runner.routes.get(type(decision))
                if heard_by is not None:
                    stack.append((heard_by, heard_by.key_of(decision), decision))
            for decision in outcome.decisions:
                self._keep(decision, item)

    def _moved(self, machine: Machine, key: Any, state: Any) -> None:
        self.runner.cache[machine.name][key] = state
        self.dirty[(machine.name, key)] = state
        alarm = machine.alarm(state)
        if alarm is not None:
            # By its id, not its slot: one may be resolved and the next raised within one turn.
            self.alarms[alarm.id] = alarm
        self.runner.schedule(machine, key, state)

    def _keep(self, decision: Any, item: Item) -> None:
        """Sort a decision that no machine hears: an event, an effect, an effect that is done with, a refusal."""
        if isinstance(decision, AlarmEvent):
            self.events.append(decision)
        elif isinstance(decision, Refuse):
            item.answer = decision
        elif type(decision) in self.runner.routes:
            return
        elif isinstance(decision, Effect):
            self.effects.append(decision)
        else:
            self.settled.append(decision.id)

    def batch(self, identities: Sequence[tuple[int, int]], quarantined: Sequence[Quarantined]) -> Batch:
        """What has to be made durable."""
        runner, keep = self.runner, self.runner.journal.keep
        done = set(self.settled)
        batch = Batch(
            self.now,
            alarms=list(self.alarms.values()),
            events=self.events,
            identities=list(identities),
            quarantined=list(quarantined),
        )
        for (name, key), state in self.dirty.items():
            machine = runner.machines[name]
            if keep:
                wake = machine.wake(key, state)
                text = machine.text(key)
                tenant = text.split("/", 1)[0]
                batch.states.append(StoredState(name, text, tenant, wake and wake[0], machine.encode(state)))
        if keep:
            self.effects = [effect for effect in self.effects if effect.id not in done]
            batch.effects = [(effect.id, runner.encode_effect(effect)) for effect in self.effects]
            batch.settled = self.settled
        return batch
