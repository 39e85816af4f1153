"""What the processes of an installation share, where there is only one process: leases, rings and presence, in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

import msgspec

from alarmcore.shared import Lease, Standing


def loop_time() -> float:
    """Seconds by the running event loop's clock, which never goes back."""
    return asyncio.get_running_loop().time()


class AloneLeases:
    """Implements the port `Leases` in memory; `time` gives seconds that never go back."""

    def __init__(self, time: Callable[[], float] = loop_time) -> None:
        self._time = time
        self.forget()

    def forget(self) -> None:
        """Lose everything, as a store that is started anew."""
        self._held: dict[str, tuple[float, Lease]] = {}
        self._seen: dict[str, float] = {}
        self._told = False

    async def look(self) -> Standing:
        """How things stand."""
        now = self._time()
        self._held = {partition: held for partition, held in self._held.items() if held[0] > now}
        self._seen = {worker: until for worker, until in self._seen.items() if until > now}
        leases = {partition: lease for partition, (_, lease) in self._held.items()}
        return Standing(leases, frozenset(self._seen), forgotten=not self._told)

    async def remember(self) -> None:
        """From now on it has not forgotten."""
        self._told = True

    async def appear(self, worker: str, lease_s: float) -> None:
        """Be known as a living worker."""
        self._seen[worker] = self._time() + lease_s

    async def leave(self, worker: str) -> None:
        """Be known as one no longer."""
        self._seen.pop(worker, None)

    async def take(self, partition: str, lease: Lease, lease_s: float) -> bool:
        """Hold a free partition, or one that is held already by the same owner."""
        now = self._time()
        until, held = self._held.get(partition, (now, lease))
        if until > now and held.owner != lease.owner:
            return False
        self._held[partition] = (now + lease_s, lease)
        return True

    async def release(self, partition: str, owner: str) -> None:
        """Hold it no longer."""
        if partition in self._held and self._held[partition][1].owner == owner:
            del self._held[partition]


class AloneBell:
    """Implements the port `Bell` for the parts of one process."""

    def __init__(self) -> None:
        self._rung: set[str] = set()
        self._waiting: dict[asyncio.Future[None], frozenset[str]] = {}

    def ring(self, topic: str) -> None:
        """Ring; never waits and never fails."""
        self._rung.add(topic)
        for waiting, topics in self._waiting.items():
            if topic in topics and not waiting.done():
                waiting.set_result(None)

    async def heard(self, topics: Sequence[str], within_s: float) -> None:
        """Return when one of the topics has been rung since the last call for it, or after `within_s`."""
        if self._rung.isdisjoint(topics):
            waiting = asyncio.get_running_loop().create_future()
            self._waiting[waiting] = frozenset(topics)
            try:
                await asyncio.wait((waiting,), timeout=within_s)
            finally:
                del self._waiting[waiting]
        self._rung.difference_update(topics)


class Opened(msgspec.Struct, frozen=True):
    """What a place has open, and until when that is believed."""

    until: float
    operators: dict[str, tuple[str, ...]]
    alarms: frozenset[str]


class AlonePresence:
    """Implements the port `Presence` in memory; `time` gives seconds that never go back."""

    def __init__(self, time: Callable[[], float] = loop_time) -> None:
        self._time = time
        self._places: dict[str, Opened] = {}

    async def show(self, place: str, operators: Mapping[str, Sequence[str]], alarms: Sequence[str], for_s: float) -> None:
        """What a web process has open, in place of what it said before."""
        named = {tenant: tuple(names) for tenant, names in operators.items()}
        self._places[place] = Opened(self._time() + for_s, named, frozenset(alarms))

    async def on_screen(self, alarm: str) -> bool:
        """Whether an open page shows an alarm."""
        return any(alarm in opened.alarms for opened in self._open())

    async def operators(self, tenant: str) -> list[str]:
        """Operators of a tenant with an open page, in order."""
        return sorted({name for opened in self._open() for name in opened.operators.get(tenant, ())})

    def _open(self) -> list[Opened]:
        now = self._time()
        self._places = {place: opened for place, opened in self._places.items() if opened.until > now}
        return list(self._places.values())
