"""Who may try now: the places of one channel, shared fairly between tenants, and between the receivers of each."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import urlsplit

AT_ONCE_MAX: Final = 64
"""Tries under way in one channel: a gateway that hangs holds up its own channel and no other."""

EACH_TENANT: Final = 2
"""One tenant may have one of so many parts of a channel's places: whatever hangs there, the others' alarms go out."""

RECEIVER_MAX: Final = 8
"""Tries of one tenant under way at one receiver: one that hangs must not hold up the tenant's others."""


class Places:
    """Tenants who wait take turns, and so do the receivers of each; those of one receiver go in their order."""

    def __init__(self, at_once: int = AT_ONCE_MAX) -> None:
        self.at_once = at_once
        self.each_tenant = max(1, at_once // EACH_TENANT)
        self.tenants: Counter[str] = Counter()
        self.receivers: Counter[tuple[str, str]] = Counter()
        self.waiting: dict[str, dict[str, deque[asyncio.Future[None]]]] = {}

    @asynccontextmanager
    async def place(self, tenant: str, receiver: str, within_s: float) -> AsyncIterator[None]:
        """Have a place for as long as the context lasts.

        Raises:
            TimeoutError: there was none in time.
        """
        await self._enter(tenant, receiver, within_s)
        try:
            yield
        finally:
            self._leave(tenant, receiver)

    async def _enter(self, tenant: str, receiver: str, within_s: float) -> None:
        if not self.waiting.get(tenant, {}).get(receiver) and self._free(tenant, receiver):
            self._take(tenant, receiver)
            return
        granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.setdefault(tenant, {}).setdefault(receiver, deque()).append(granted)
        try:
            async with asyncio.timeout(within_s):
                await granted
        except BaseException:
            if granted.done() and not granted.cancelled():
                self._leave(tenant, receiver)  # it came at the very moment at which nobody waited any more
            else:
                self._forget(tenant, receiver, granted)
            raise

    def _free(self, tenant: str, receiver: str) -> bool:
        return (
            self.tenants.total() < self.at_once
            and self.tenants[tenant] < self.each_tenant
            and self.receivers[tenant, receiver] < RECEIVER_MAX
        )

    def _take(self, tenant: str, receiver: str) -> None:
        self.tenants[tenant] += 1
        self.receivers[tenant, receiver] += 1

    def _leave(self, tenant: str, receiver: str) -> None:
        self.tenants -= Counter((tenant,))
        self.receivers -= Counter(((tenant, receiver),))
        while self._let_one_in():
            pass

    def _let_one_in(self) -> bool:
        """Give a place to whose turn it is, if anybody who waits may have one."""
        for tenant, receivers in self.waiting.items():
            for receiver, line in receivers.items():
                if self._free(tenant, receiver):
                    granted = line.popleft()
                    self._take(tenant, receiver)
                    granted.set_result(None)
                    self._to_the_end(tenant, receiver)
                    return True
        return False

    def _to_the_end(self, tenant: str, receiver: str) -> None:
        receivers = self.waiting.pop(tenant)
        line = receivers.pop(receiver)
        if line:
            receivers[receiver] = line
        if receivers:
            self.waiting[tenant] = receivers

    def _forget(self, tenant: str, receiver: str, granted: asyncio.Future[None]) -> None:
        """Somebody waits no longer; an entry goes when nobody is in it, so that the table cannot grow."""
        receivers = self.waiting[tenant]
        receivers[receiver].remove(granted)
        if not receivers[receiver]:
            del receivers[receiver]
        if not receivers:
            del self.waiting[tenant]


def receiver_of(to: str | None) -> str:
    """What an address is held up with: the host of a URL; for all others the channel's own gateway."""
    if to is None or "://" not in to:
        return ""
    try:
        return urlsplit(to).hostname or ""
    except ValueError:
        return ""
