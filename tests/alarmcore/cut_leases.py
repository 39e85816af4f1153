"""A way to a store of leases that is cut, slow or lossy when it is told to be; else it is the store (`test_alone.py`)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal, TypeVar

from alarmcore.errors import Unavailable
from alarmcore.shared import Lease, Leases, Standing

T = TypeVar("T")

Way = Literal["open", "cut", "deaf"]
"""`cut`: nothing gets there. `deaf`: it is done, but the answer is lost."""


class CutLeases:
    """Implements the port `Leases` over another one; each call lets others run before and after it."""

    def __init__(self, store: Leases, way: Callable[[], Way] = lambda: "open") -> None:
        self.store = store
        self.way = way
        self.asked: list[str] = []

    async def look(self) -> Standing:
        return await self._over("look", self.store.look)

    async def remember(self) -> None:
        await self._over("remember", self.store.remember)

    async def appear(self, worker: str, lease_s: float) -> None:
        await self._over("appear", lambda: self.store.appear(worker, lease_s))

    async def leave(self, worker: str) -> None:
        await self._over("leave", lambda: self.store.leave(worker))

    async def take(self, partition: str, lease: Lease, lease_s: float) -> bool:
        return await self._over("take", lambda: self.store.take(partition, lease, lease_s))

    async def release(self, partition: str, owner: str) -> None:
        await self._over("release", lambda: self.store.release(partition, owner))

    async def _over(self, name: str, call: Callable[[], Awaitable[T]]) -> T:
        self.asked.append(name)
        await asyncio.sleep(0)
        way = self.way()
        if way == "cut":
            raise Unavailable("the way is cut; it may be open again later")
        answer = await call()
        await asyncio.sleep(0)
        if way == "deaf":
            raise Unavailable("the answer was lost; it may be open again later")
        return answer
