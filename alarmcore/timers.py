"""The timers of a runner's states: the near ones in a heap, in order; the far ones of shelved states as numbers, in none.

Everybody who is watched has a timer, and nearly all lie hours ahead. As entries of a heap they take 0.4 kB each, as numbers in
an array 8 bytes. `horizon` parts the two: whatever is due before it lies in the heap. When the heap has nothing more before the
horizon, one pass over the array moves it on behind the earliest few thousand. With few timers all are near.
"""

from __future__ import annotations

import heapq
from collections.abc import Hashable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from alarmcore.ports import Machine
from alarmcore.shelf import NEVER, Shelf, moment

HEAP_SLACK: Final = 4096
"""Outdated timers that may lie in the heap before it is built anew."""

NEAR_MAX: Final = 16_384
"""Near timers before the later ones are moved afar (7 MB). A quarter of it is taken back at once, which for a million persons is
some minutes' worth, and costs 10 ms."""

FOREVER: Final = datetime.max.replace(tzinfo=UTC)
PAST: Final = datetime.min.replace(tzinfo=UTC)

UNASKED: Final = ""
"""In the place of the rule: which one wants to be asked is known once the state is decoded, when the timer is the next one."""

UNREADABLE: Final = "?"
"""In the place of the rule: the state cannot be decoded. Its step fails and is taken care of, as any step that fails."""

Wake = tuple[datetime, tuple[str, str, str], int, Any]
"""When, (tenant, resident, rule), the machine's rank and the key: the order in which timers are asked."""


class Timers:
    """What is due when. `wakes` holds the near timers that count, by rank and key; the heap may hold outdated ones as well."""

    def __init__(self, machines: Sequence[Machine]) -> None:
        self.machines = {machine.name: machine for machine in machines}
        self.rank = {machine.name: place for place, machine in enumerate(machines)}
        self.named = tuple(machine.name for machine in machines)
        self.cache: dict[str, Any] = {machine.name: {} for machine in machines}
        self.shelves: dict[str, Shelf] = {}
        self.wakes: dict[tuple[int, Any], Wake] = {}
        self.heap: list[Wake] = []
        self.horizon = FOREVER
        self.near_max = NEAR_MAX
        self.unasked: list[Wake] = []

    def schedule(self, machine: Machine, key: Any, state: Any) -> None:
        """Let the timer of a state be what the state says now."""
        name = (self.rank[machine.name], key)
        wake = machine.wake(key, state)
        if self.horizon is not FOREVER and machine.name in self.shelves:
            is_far = wake is not None and wake[0] >= self.horizon
            if self.shelves[machine.name].put_far(key, wake[0] if is_far and wake else None) and is_far:
                self.wakes.pop(name, None)
                return
        if wake is None:
            self.wakes.pop(name, None)
            return
        known = self.wakes.get(name)
        if known is not None and known[0] == wake[0] and known[1] == wake[1]:
            return
        entry = self.wakes[name] = (wake[0], wake[1], name[0], key)
        heapq.heappush(self.heap, entry)
        if len(self.heap) > 2 * len(self.wakes) + HEAP_SLACK:
            self._heap_anew()
        if len(self.wakes) > self.near_max:
            self._put_afar()

    def _heap_anew(self) -> None:
        self.heap = list(self.wakes.values())
        heapq.heapify(self.heap)

    def _put_afar(self) -> None:
        """Keep the earliest quarter near, and of the rest what has no place on a shelf."""
        if self.shelves:
            moments = sorted(entry[0] for entry in self.wakes.values())
            self.horizon = min(self.horizon, moments[len(moments) // 4])
            far = [name for name, entry in self.wakes.items() if entry[0] >= self.horizon]
            for rank, key in far:
                shelf = self.shelves.get(self.named[rank])
                if shelf is not None and shelf.put_far(key, self.wakes[rank, key][0]):
                    del self.wakes[rank, key]
            self._heap_anew()
        self.near_max = max(NEAR_MAX, 2 * len(self.wakes))

    def _take_near(self) -> None:
        """Move the horizon on: the earliest of the far timers, all of one moment together, become near."""
        end = min(shelf.horizon(NEAR_MAX // 4) for shelf in self.shelves.values())
        for name, shelf in self.shelves.items():
            rank = self.rank[name]
            for at, key in shelf.take_until(end):
                entry = self.wakes[rank, key] = (at, (*key, UNASKED), rank, key)
                self.heap.append(entry)
        # Not anew from `wakes`: somebody may have taken entries off, to see what comes behind them.
        heapq.heapify(self.heap)
        self.horizon = FOREVER if end == NEVER else moment(end)
        self.near_max = max(NEAR_MAX, 2 * len(self.wakes))
        self.unasked = sorted((entry for entry in self.wakes.values() if entry[1][2] == UNASKED), reverse=True)

    def _ask(self, entry: Wake) -> None:
        """Which rule a timer is of, and whether it still stands: the site may have been changed since it was stored."""
        rank, key = entry[2:]
        machine = self.machines[self.named[rank]]
        try:
            state = self.cache[machine.name].get(key)
            wake = None if state is None else machine.wake(key, state)
        except Exception:  # noqa: BLE001 - said and mended where its step fails; here all other timers would stand still
            wake = (entry[0], entry[1])
        if wake is None:
            del self.wakes[rank, key]
            self.shelves[machine.name].unwanted(key)
            return
        at, (tenant, resident, rule) = wake
        # Whatever was found, it is not asked for again: a timer for ever unknown would keep all others waiting.
        asked = self.wakes[rank, key] = (at, (tenant, resident, rule or UNREADABLE), rank, key)
        heapq.heappush(self.heap, asked)

    def next_wake_at(self) -> datetime | None:
        """When the earliest timer is due."""
        while True:
            entry = self.heap[0] if self.heap else None
            if entry is not None and self.wakes.get((entry[2], entry[3])) is not entry:
                heapq.heappop(self.heap)
            elif self.horizon is not FOREVER and (entry is None or entry[0] >= self.horizon):
                self._take_near()
            elif entry is not None and entry[1][2] == UNASKED:
                self._ask(entry)
            else:
                return None if entry is None else entry[0]

    def prepare(self, until: datetime, limit: int) -> bool:
        """Decode the states of up to `limit` timers due before `until`, for which there is no time when they are due.

        To be called when there is nothing else to do; False when there is nothing to prepare.
        """
        if self.horizon <= until:
            self._take_near()
        for _ in range(limit):
            if not self.unasked or self.unasked[-1][0] >= until:
                return False
            entry = self.unasked.pop()
            if self.wakes.get((entry[2], entry[3])) is entry:
                self._ask(entry)
        return True

    def take_due(self, now: datetime, limit: int) -> list[Wake]:
        """Up to `limit` timers due at `now` or before, in order. They stay where they are."""
        taken: list[Wake] = []
        while len(taken) < limit:
            due_at = self.next_wake_at()
            if due_at is None or due_at > now:
                break
            taken.append(heapq.heappop(self.heap))
        for entry in taken:
            heapq.heappush(self.heap, entry)
        return taken

    def timer_at(self, machine: str, key: Hashable) -> datetime | None:
        """When the timer of a state will be asked; None: it has none, or has lost it."""
        entry = self.wakes.get((self.rank[machine], key))
        if entry is None:
            return self.shelves[machine].far_at(key) if machine in self.shelves else None
        earliest_at = self.next_wake_at()
        return None if earliest_at is None or entry[0] < earliest_at else entry[0]

    def remind(self, machine: str, key: Hashable) -> None:
        """Schedule the timer of a state anew, whatever there was: an auditor has found it lost."""
        self.wakes.pop((self.rank[machine], key), None)
        state = self.cache[machine].get(key)
        if state is not None:
            self.schedule(self.machines[machine], key, state)

    def move(self, name: tuple[int, Any], at: datetime) -> None:
        """Ask a near timer at another moment than its state says."""
        entry = self.wakes[name] = (at, *self.wakes[name][1:])
        heapq.heappush(self.heap, entry)
