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

HOLD_S: Final = 15.0
"""How long a claim lasts: a try takes at most 12 s, and its result is stored within moments. So long does a telling wait that a
dispatcher had begun when it died; if the owner that settles it has to be replaced first, it is told twice under one id."""

END_S: Final = 1.0
"""How long a dispatcher that is to end waits for tellings it has begun; what takes longer is let go, for another one."""

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
        self.begun: dict[asyncio.Task[None], str] = {}
        self.task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self.task = asyncio.create_task(self._run(), name="alarmcore-dispatcher")

    async def close(self) -> None:
        """Stop claiming, and let go what was begun and has no result, so that nobody's telling waits for the end of a claim."""
        if self.task is not None:
            self.task.cancel()
            await asyncio.wait([self.task])
        begun = self.begun
        if not begun:
            return
        await asyncio.wait(begun, timeout=END_S)
        for task in begun:
            task.cancel()
        await asyncio.gather(*begun, return_exceptions=True)
        unheard = [name for task, name in begun.items() if task.cancelled()]
        if unheard:
            try:
                await self.claims.let_go(unheard, self.name)
            except Exception as error:  # noqa: BLE001 - somebody else claims them when their time is up
                log.warning("effects_not_let_go", effects=len(unheard), error=fault(error))

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
            before = set(self.teller.tasks)
            try:
                self.teller.perform(decode(data))
            except Exception as error:  # noqa: BLE001 - of a newer version: another dispatcher can read it
                log.error("effect_unreadable", effect=name, error=fault(error))  # noqa: TRY400
            self.begun |= dict.fromkeys(self.teller.tasks - before, name)
        self.begun = {task: name for task, name in self.begun.items() if task.cancelled() or not task.done()}
        return len(claimed) == room
