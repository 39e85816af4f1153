"""The task that takes up what is imported while the process runs: looks for changed sites, and lets all parts go on with them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import structlog

from alarmcore.errors import Unavailable, fault

log = structlog.get_logger(__name__)

LOOK_S: Final = 1.0
"""How often it is looked: at a few hundred short rows, in a millisecond. Nobody needs to ring."""

PAUSE_S: Final = 0.25
"""Between two looks, though somebody asks for one: what is sent for a municipality that there is not must cost nothing."""


class Renewal:
    """`look` reads what has changed, `renew` lets everything go on with it."""

    def __init__(self, look: Callable[[], Awaitable[None]], renew: Callable[[], Awaitable[None]]) -> None:
        self.look = look
        self.renew = renew
        self.wanted = asyncio.Event()
        self.looked = asyncio.Event()
        self.said = ""

    async def heard_of(self) -> None:
        """Return when a look that begins after now is done: who is still not known then has not been imported yet."""
        self.wanted.set()
        await self.looked.wait()

    async def run(self) -> None:
        """Look, for ever."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self.wanted.wait()
            self.wanted.clear()
            # Whoever asks from here on waits for the next look.
            looked, self.looked = self.looked, asyncio.Event()
            await self._once()
            looked.set()
            await asyncio.sleep(PAUSE_S)

    async def _once(self) -> None:
        try:
            await self.look()
            await self.renew()
            self.said = ""
        except Exception as error:  # noqa: BLE001 - what was read before serves on; tried again with the next look
            why = str(error) if isinstance(error, Unavailable) else fault(error)
            if why != self.said:
                log.error("sites_not_taken_up", error=why)  # noqa: TRY400 - its text may hold what somebody gave
            self.said = why
