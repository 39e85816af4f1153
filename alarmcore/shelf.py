"""The shelf: states of very many keys, of which only those in use are decoded; of the others it has the bytes that are stored.

Of a million persons some hundreds report at a time. What is remembered of a person takes 3 kB decoded and 0.6 kB as bytes, which
every commit makes anyway. The shelf also holds their far timers, as plain numbers in one array: see `alarmcore.timers`.
"""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICRO: Final = timedelta(microseconds=1)

NEVER: Final = (1 << 63) - 1
"""No timer, as a number."""

IN_USE_MAX: Final = 15_000
"""States that stay decoded, at least; twice as many at most (about 3 kB each)."""


def micros(at: datetime) -> int:
    """Microseconds since 1970, exactly."""
    return (at - EPOCH) // MICRO


def moment(at: int) -> datetime:
    """The moment of some microseconds since 1970."""
    return EPOCH + timedelta(microseconds=at)


class Rows(Protocol):
    """Numbers for keys: those of all persons of an installation, known beforehand."""

    persons: int
    """How many rows there are."""

    def row(self, person: Any, /) -> int | None:
        """The row of a key; None for one that has none."""

    def person(self, row: int, /) -> tuple[str, str]:
        """The key of a row."""


class Decodes(Protocol):
    """What the shelf needs of a machine."""

    name: str

    def decode(self, key: Any, data: bytes) -> Any:
        """A stored state."""


class Shelf(Mapping[Any, Any]):
    """States of one machine by key, as a dictionary is: `get` for use, and plain reading for those who only look.

    A key without a row is simply kept. Two generations, as in `alarmcore.recent`; but what is stored of a state is known only
    after the commit, so that generations change between turns, and a state without bytes never goes.
    """

    def __init__(self, machine: Decodes, rows: Rows) -> None:
        self.machine = machine
        self.rows = rows
        self.data: list[bytes | None] = [None] * rows.persons
        self.far = array("q", [NEVER]) * rows.persons
        self.wanted = array("q", [NEVER]) * rows.persons
        self._young: dict[Any, Any] = {}
        self._old: dict[Any, Any] = {}

    # -- states -----------------------------------------------------------------------------------------------------------

    def get(self, key: Any, default: Any = None) -> Any:
        """The state under a key, decoded from now on."""
        state = self._young.get(key)
        if state is not None:
            return state
        state = self._old.pop(key, None)
        if state is None:
            state = self._decoded(key)
            if state is None:
                return default
        self._young[key] = state
        return state

    def _decoded(self, key: Any) -> Any:
        row = self.rows.row(key)
        data = None if row is None else self.data[row]
        return None if data is None else self.machine.decode(key, data)

    def __setitem__(self, key: Any, state: Any) -> None:
        self._young[key] = state
        self._old.pop(key, None)

    def pop(self, key: Any, default: Any = None) -> Any:
        """Forget a state, its bytes and its far timer: it is to be read again."""
        row = self.rows.row(key)
        if row is not None:
            self.data[row] = None
            self.far[row] = self.wanted[row] = NEVER
        old = self._old.pop(key, default)
        return self._young.pop(key, old)

    def keep(self, key: Any, data: bytes, wake_at: datetime | None) -> int | None:
        """What is stored of a state, and when it wants to be asked; its row."""
        row = self.rows.row(key)
        if row is not None:
            self.data[row] = data
            self.wanted[row] = NEVER if wake_at is None else micros(wake_at)
        return row

    def load(self, key: Any, data: bytes, wake_at: datetime | None) -> bool:
        """Take up a stored state as it is, and its timer; False for a key without a row."""
        row = self.keep(key, data, wake_at)
        if row is None:
            return False
        self.far[row] = self.wanted[row]
        return True

    def settle(self) -> None:
        """Between turns: let go of what was not used lately."""
        if len(self._young) < IN_USE_MAX:
            return
        kept = {key: state for key, state in self._old.items() if self._bytes(key) is None}
        self._old = self._young
        self._young = kept

    def _bytes(self, key: Any) -> bytes | None:
        row = self.rows.row(key)
        return None if row is None else self.data[row]

    def __getitem__(self, key: Any) -> Any:
        for generation in (self._young, self._old):
            if key in generation:
                return generation[key]
        state = self._decoded(key)
        if state is None:
            raise KeyError(key)
        return state

    def __iter__(self) -> Iterator[Any]:
        yield from (key for generation in (self._young, self._old) for key in generation if self._bytes(key) is None)
        yield from (self.rows.person(row) for row, data in enumerate(self.data) if data is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    # -- timers -----------------------------------------------------------------------------------------------------------

    def put_far(self, key: Hashable, at: datetime | None) -> bool:
        """Hold a timer here (None: none); False for a key without a row."""
        row = self.rows.row(key)
        if row is None:
            return False
        self.far[row] = NEVER if at is None else micros(at)
        return True

    def unwanted(self, key: Hashable) -> None:
        """The timer that was stored with a state does not stand any more."""
        row = self.rows.row(key)
        if row is not None:
            self.wanted[row] = NEVER

    def far_at(self, key: Hashable) -> datetime | None:
        """The timer of a key that is held here."""
        row = self.rows.row(key)
        return None if row is None or self.far[row] == NEVER else moment(self.far[row])

    def horizon(self, count: int) -> int:
        """The first moment behind the `count` earliest timers held here, and all of the last one's moment; NEVER with fewer."""
        far: NDArray[np.int64] = np.frombuffer(self.far, np.int64)
        if far.size <= count:
            return NEVER
        last = int(np.partition(far, count)[count])
        return NEVER if last == NEVER else last + 1

    def take_until(self, end: int) -> Iterator[tuple[datetime, tuple[str, str]]]:
        """The timers before a moment, each with its key, which are held here no longer."""
        far: NDArray[np.int64] = np.frombuffer(self.far, np.int64)
        rows = np.flatnonzero(far < end).tolist()
        for row in rows:
            at, self.far[row] = self.far[row], NEVER
            yield moment(at), self.rows.person(row)

    # -- for an auditor ---------------------------------------------------------------------------------------------------

    def wants(self, start: int, stop: int) -> Iterator[Any]:
        """Of some rows, the keys of those whose stored state wants to be asked."""
        for row in range(start, min(stop, len(self.data))):
            if self.wanted[row] != NEVER:
                yield self.rows.person(row)
