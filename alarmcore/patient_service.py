"""A service that stops between two turns, so that what was handed in before is decided and answered, if that goes soon."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from alarmcore.admission import Registry
from alarmcore.ports import Clock, Journal
from alarmcore.runner import Runner
from alarmcore.service import Service

STOP_S: Final = 2.0
"""How long the end waits, for what was handed in and for the last turn: less than the time that an owner has to close. A commit
that takes longer is broken off; it may be stored or not, and nobody has been told that it is."""

PAUSE_S: Final = 0.005
"""Between two looks whether anything waits."""


class PatientService(Service):
    """Everything else is the service's."""

    def __init__(self, runner: Runner, journal: Journal, clock: Clock, registry: Registry) -> None:
        super().__init__(runner, journal, clock, registry)
        self.turning = asyncio.Lock()

    async def turn(self) -> None:
        """One turn, and no end in the middle of it."""
        async with self.turning:
            await super().turn()

    async def decided(self) -> None:
        """Return when nothing that was handed in waits any more, or nothing can be kept, or after a while."""
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_S):
                while self._waiting() and self.healthy():  # noqa: ASYNC110 - the service says to nobody that it has nothing to do
                    await asyncio.sleep(PAUSE_S)

    async def close(self) -> None:
        """Stop after the turn that is under way."""
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_S):
                await self.turning.acquire()
        await super().close()
