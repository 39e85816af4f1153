"""Ways to reach people, as they are: they hang, fail, lie about having failed, and answer twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from alarmcore.errors import HandoverFailed
from dispatch.channels.port import Message, Receipt
from tests.simulation.faults import Faults
from tests.simulation.storage import Owner

USUAL_S: Final = 0.5
SLOW_S: Final = 10.0
FOREVER_S: Final = 1e6


class FaultyChannel:
    """One way, for one process. `begun` and `delivered` tell the world."""

    def __init__(
        self,
        kind: str,
        owner: Owner,
        faults: Faults,
        begun: Callable[[Message, str], None],
        delivered: Callable[[Message, str], None],
    ) -> None:
        self.kind = kind
        self.owner = owner
        self.faults = faults
        self.begun = begun
        self.delivered = delivered

    async def hand_over(self, message: Message) -> Receipt:
        """Hand over, or not, or do it and say otherwise."""
        if not self.owner.alive:
            raise asyncio.CancelledError
        self.begun(message, self.kind)
        who = f"{message.tenant}/{message.recipient}/{self.kind}"
        if self.faults.strikes("die_telling", who):
            self.owner.die()
        await asyncio.sleep(self.faults.between("usual", 0.01, USUAL_S, who))
        if self.faults.strikes("channel_permanent", who):
            raise HandoverFailed("no such recipient", permanent=True)
        if self.faults.strikes("channel_fails", who):
            await asyncio.sleep(self.faults.between("slow", 0.0, SLOW_S, who))
            raise HandoverFailed("the gateway is down")
        lies = self.faults.strikes("channel_lies", who)
        if not self.faults.strikes("channel_hangs", who):
            self.delivered(message, self.kind)
        else:
            await asyncio.sleep(FOREVER_S)
        if lies:
            raise HandoverFailed("the gateway did not answer")
        return Receipt()

    async def close(self) -> None:
        """Nothing to give back."""
