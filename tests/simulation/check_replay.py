"""Promise 7, and what restarts rest on: the history, decided again, is the same history."""

from __future__ import annotations

from collections.abc import Coroutine, Iterator
from typing import Any, Final, TypeVar

import msgspec

from alarmcore.adapters.memory_journal import MemoryJournal
from alarmcore.admission import registry_of
from alarmcore.model.site import Site
from alarmcore.ports import Batch, Machine
from alarmcore.runner import Item, Runner
from dashboard.machines import machines_for
from dispatch.binding import EFFECT_CODEC
from tests.simulation.history import Committed, Fed, Loaded, Record

T = TypeVar("T")

PARTS: Final = ("states", "alarms", "events", "effects", "settled", "identities", "quarantined")

encoded = msgspec.msgpack.Encoder().encode


class Replay:
    """Feeds every turn that reached the disk to two other lives of the service, as it comes, and compares what they would store.

    Turns count that were stored, also if the commit was then said to have failed. What is compared is all of it, byte for byte:
    states, alarms, events, effects. One life never ends, unless the sites change: equal means that deaths, failed commits and the
    time it took have decided nothing, and that no decision comes from a clock, from chance, or from what a turn that was
    never stored has left in memory. The other ends after every turn, so that each state it decides on comes from the bytes of the
    turn before: equal means that nothing which matters lives in memory only. What a module keeps for all lives together
    neither of them can show.
    """

    sees = (Loaded, Fed, Committed)

    def __init__(self) -> None:
        self.lives = (Life("again"), Life("again, with a restart after every turn", mortal=True))
        self.fed: Fed | None = None

    def see(self, record: Record) -> Iterator[str]:
        """One more turn."""
        if isinstance(record, Loaded):
            for life in self.lives:
                life.set_up(list(record.sites.values()))
        elif isinstance(record, Fed):
            self.fed = record
        elif isinstance(record, Committed):
            fed, self.fed = self.fed, None
            if fed is not None and fed.whole is not None:
                stored = encoded(record.batch)
                for life in self.lives:
                    yield from life.turn(fed, record.batch, stored)


class Life:
    """One other life: the machines as they are, and a journal in memory."""

    def __init__(self, name: str, *, mortal: bool = False) -> None:
        self.name = name
        self.mortal = mortal
        self.sites: list[Site] = []
        self.machines: list[Machine] = []
        self.journal = LastBatch()
        self.runner: Runner | None = None

    def turn(self, fed: Fed, batch: Batch, stored: bytes) -> Iterator[str]:
        """Decide a turn, and say what comes out differently."""
        whole = fed.whole
        assert whole is not None, "only turns that were kept whole can be decided again"
        items = [Item(*one) for one in whole.items]
        self.journal.last = Batch(fed.now)
        try:
            ended(self.begun().run(items, fed.now, whole.identities, whole.quarantined))
        except Exception as error:  # noqa: BLE001 - whatever it is, the turn was decided before without it
            yield f"replay decides the same: {self.name}, a step fails ({type(error).__name__})"
            return
        if encoded(self.journal.last) != stored:
            yield f"replay decides the same: {self.name}, the turn at {fed.now:%T.%f} has {different(self.journal.last, batch)}"

    def set_up(self, sites: list[Site]) -> None:
        """The world has started a process. Other sites, or being mortal, make that a new beginning here as well."""
        if self.mortal or [id(one) for one in sites] != [id(one) for one in self.sites]:
            self.sites, self.machines = sites, []

    def begun(self) -> Runner:
        """The runner for a turn: the one there is, as long as it lives."""
        if not self.machines:
            self.machines, self.runner = machines_for(self.sites, registry_of(self.sites)), None
        if self.runner is None or self.mortal:
            self.runner = Runner(self.machines, self.journal, lambda _: None, lambda _: None, EFFECT_CODEC)
            self.runner.cache = {machine.name: Shelf(machine, self.journal) for machine in self.machines}
        return self.runner


class LastBatch(MemoryJournal):
    """Remembers what it was given last."""

    last: Batch

    async def commit(self, batch: Batch) -> int:
        """Store, and remember."""
        first = await super().commit(batch)
        self.last = batch
        return first


class Shelf(dict[Any, Any]):
    """States of one machine, each read from the journal when it is first asked for: a start that costs nothing."""

    def __init__(self, machine: Machine, journal: MemoryJournal) -> None:
        super().__init__()
        self.machine = machine
        self.journal = journal

    def get(self, key: Any, default: Any = None) -> Any:
        """A state."""
        if key not in self:
            stored = self.journal.stored.get((self.machine.name, self.machine.text(key)))
            if stored is None:
                return default
            self[key] = self.machine.decode(key, stored.data)
        return self[key]


def different(found: Batch, batch: Batch) -> str:
    """Which parts of two batches are not the same, with the keys of the states."""
    parts = [name for name in PARTS if encoded(getattr(found, name)) != encoded(getattr(batch, name))]
    here, there = ({(s.machine, s.key): encoded(s) for s in one.states} for one in (found, batch))
    keys = sorted(
        f"{machine}:{key}" for machine, key in here.keys() | there.keys() if here.get((machine, key)) != there.get((machine, key))
    )
    return f"other {', '.join(parts)}" + (f" ({', '.join(keys)})" if keys else "")


def ended(story: Coroutine[Any, Any, T]) -> T:
    """What a coroutine that waits for nothing comes to.

    Raises:
        RuntimeError: it waits; a journal in memory never does.
    """
    try:
        story.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    story.close()
    raise RuntimeError("a turn over a journal in memory waits for something")
