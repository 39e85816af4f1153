"""Tells people on behalf of owners that do not do so themselves: claims stored effects, tries them, says what came of it."""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from alarmcore.errors import Unavailable, fault
from alarmcore.shared import Bell, Claims
from dispatch.binding import EFFECT_CODEC
from dispatch.teller import Teller

log = structlog.get_logger(__name__)

LOOK_S: Final = 0.5
"""How often it is looked for effects when nobody rings."""

HOLD_S: Final = 30.0
"""How long a claim lasts: a try takes at most 12 s, and the owner that settles it may have to be replaced first."""

UNDER_WAY_MAX: Final = 256
"""Tellings begun and not ended here; what is more waits for this dispatcher or another one."""


class Dispatcher:
    """One process's part of the telling."""

    def __init__(self, name: str, claims: Claims, bell: Bell, teller: Teller) -> None:
        self.name = name
        self.claims = claims
        self.bell = bell
        self.teller = teller
        self.trouble = ""
        self.task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self.task = asyncio.create_task(self._run(), name="alarmcore-dispatcher")

    async def close(self) -> None:
        """Stop claiming; what was begun ends with the teller, and is claimed by somebody else when its time is up."""
        if self.task is not None:
            self.task.cancel()
            await asyncio.wait([self.task])

    async def _run(self) -> None:
        while True:
            more = False
            try:
                more = await self.take()
                self.trouble = ""
            except Exception as error:  # noqa: BLE001 - effects are stored, and claimed with the next look
                why = str(error) if isinstance(error, Unavailable) else fault(error)
                if not self.trouble:
                    log.error("claiming_failed", error=why)  # noqa: TRY400
                self.trouble = "effects cannot be claimed"
            if not more:
                await self.bell.heard(["effects"], LOOK_S)

    async def take(self) -> bool:
        """Claim and begin what there is, as far as there is room; whether there may be more."""
        room = UNDER_WAY_MAX - len(self.teller.tasks)
        if room <= 0:
            return False
        claimed = await self.claims.claim(self.name, room, HOLD_S)
        _, decode = EFFECT_CODEC
        for name, data in claimed:
            try:
                self.teller.perform(decode(data))
            except Exception as error:  # noqa: BLE001 - of a newer version: another dispatcher can read it
                log.error("effect_unreadable", effect=name, error=fault(error))  # noqa: TRY400
        return len(claimed) == room
