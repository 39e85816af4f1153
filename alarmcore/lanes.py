"""Readings that wait for a commit: bounded, each tenant's in their order, and the tenants take turns.

A tenant that sends more than can be kept is told busy; the others hardly notice. When there is no room left, it is made by the
tenant that has taken most of it, from the newest reading on: its device is told that nothing was kept, and repeats.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Final

from alarmcore import metrics
from alarmcore.busy import turned_away
from alarmcore.errors import Unavailable
from alarmcore.intake import Raw

BYTES_MAX: Final = 96 * 1024 * 1024
"""Of the readings of one lane, `OVERHEAD` included: fifty thousand of an ordinary size take a fifth of it, and fifteen hundred
of the largest all of it. More than the MQTT listener lets in, so that it holds its clients back before anybody is told busy."""

OVERHEAD: Final = 400
"""Bytes that a waiting reading takes beside its payload, in about."""


def whose(raw: Raw) -> str:
    """The tenant whose device sent it, whatever it says itself."""
    return raw.tenant if raw.principal is None else raw.principal.partition("/")[0]


class Lane:
    """`name` is its word among the limits."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.waiting: dict[str, deque[Raw]] = {}
        self.weights: dict[str, int] = {}
        self.count = 0
        self.bytes = 0

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Raw]:
        for raws in self.waiting.values():
            yield from raws

    def put(self, raw: Raw, most: int) -> None:
        """Keep a reading until its turn; no more than `most` wait.

        Raises:
            Unavailable: there is no room, and it is this tenant that has taken most of it.
        """
        tenant, weight = whose(raw), len(raw.payload) + OVERHEAD
        if self.count >= most or self.bytes + weight > BYTES_MAX:
            self._make_room(tenant, raw, most)
        raws = self.waiting.get(tenant)
        if raws is None:
            raws = self.waiting[tenant] = deque()
            self.weights[tenant] = 0
        raws.append(raw)
        self.count += 1
        self.bytes += weight
        self.weights[tenant] += weight

    def take(self, most: int) -> list[Raw]:
        """Up to `most` readings whose turn it is."""
        taken: list[Raw] = []
        while self.waiting and len(taken) < most:
            share = max(1, (most - len(taken)) // len(self.waiting))
            for tenant in list(self.waiting):
                raws = self.waiting.pop(tenant)
                for _ in range(min(share, most - len(taken), len(raws))):
                    raw = raws.popleft()
                    self._gone(tenant, raw)
                    taken.append(raw)
                self._back(tenant, raws)
                if len(taken) >= most:
                    break
        return taken

    def drain(self) -> list[Raw]:
        """Everything; nothing waits any more."""
        raws = list(self)
        self.waiting.clear()
        self.weights.clear()
        self.count = self.bytes = 0
        return raws

    def _gone(self, tenant: str, raw: Raw) -> None:
        weight = len(raw.payload) + OVERHEAD
        self.count -= 1
        self.bytes -= weight
        self.weights[tenant] -= weight

    def _back(self, tenant: str, raws: deque[Raw]) -> None:
        """A tenant has had its turn: the others come first now."""
        if raws:
            self.waiting[tenant] = raws
        else:
            del self.weights[tenant]

    def _make_room(self, tenant: str, raw: Raw, most: int) -> None:
        weight = len(raw.payload) + OVERHEAD
        while self.waiting and (self.count >= most or self.bytes + weight > BYTES_MAX):
            greedy = max(self.weights, key=self.weights.__getitem__)
            mine = self.weights.get(tenant, 0) + weight >= self.weights[greedy]
            newest = raw if mine else self.waiting[greedy].pop()
            turned_away(self.name, tenant=greedy)
            metrics.READINGS.labels(metrics.kind(newest.kind), "busy").inc()
            if mine:
                raise Unavailable("too many readings are waiting; repeat this one")
            self._gone(greedy, newest)
            if not self.waiting[greedy]:
                del self.waiting[greedy], self.weights[greedy]
            if newest.done is not None:
                newest.done(None)
