"""Performs tellings: gives each message to its channel within a bounded time and reports what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import structlog

from alarmcore import metrics
from alarmcore.errors import HandoverFailed
from dispatch.channels.port import ChannelPort, Message
from dispatch.telling import Tell, Told

log = structlog.get_logger(__name__)

CONSOLE: Final = "console"
"""The channel that nobody sends by: the alarm stands on every screen, and a screen that shows it reports that itself."""

TRY_S: Final = 12.0
"""Time for one try, whatever the channel: less than the 15 s in which hand-over must work."""

AT_ONCE_MAX: Final = 64
"""Tries under way in one channel: a gateway that hangs holds up its own channel and no other."""


class Teller:
    """Begins tellings without waiting. `report` gets the result of each; `on_screen` says whether an open page shows an alarm.

    A telling that has been stopped is dropped without a report: whoever it was for performs it anew.
    """

    def __init__(
        self,
        channels: Mapping[str, ChannelPort],
        message_of: Callable[[Tell], Message],
        report: Callable[[Told], None],
        on_screen: Callable[[str], Awaitable[bool]],
    ) -> None:
        self.channels = channels
        self.message_of = message_of
        self.report = report
        self.on_screen = on_screen
        self.free = {kind: asyncio.Semaphore(AT_ONCE_MAX) for kind in channels}
        self.tasks: set[asyncio.Task[None]] = set()

    def perform(self, tell: Tell) -> None:
        """Begin one try."""
        work = self._look(tell) if tell.channel == CONSOLE else self._try(tell)
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _look(self, tell: Tell) -> None:
        """A screen that shows the alarm already does not say so again when its chain comes round."""
        if await self.on_screen(tell.alarm.id):
            self.report(told(tell, None))

    async def _try(self, tell: Tell) -> None:
        text, permanent = None, False
        try:
            await self._hand_over(tell)
        except HandoverFailed as error:
            text, permanent = str(error), error.permanent
        except TimeoutError:
            text = f"{tell.channel} did not answer within {TRY_S:.0f} s"
        except Exception as error:  # noqa: BLE001 - whatever a channel does, the chain must hear of it
            # The type alone: a library's message may hold an address.
            text = f"{tell.channel} failed: {type(error).__name__}"
        if text is not None:
            log.warning("telling_failed", channel=tell.channel, alarm=tell.alarm.id, to=tell.ref, why=text)
        metrics.TOLD.labels(tell.channel, "handed_over" if text is None else "failed").inc()
        self.report(told(tell, text, permanent=permanent))

    async def _hand_over(self, tell: Tell) -> None:
        channel = self.channels.get(tell.channel)
        if channel is None:
            raise HandoverFailed(f"{tell.channel} is not configured here; configure it or take it out", permanent=True)
        async with asyncio.timeout(TRY_S), self.free[tell.channel]:
            await channel.hand_over(self.message_of(tell))

    async def close(self) -> None:
        """Stop; what is under way stays stored and is tried again after a restart."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        for channel in self.channels.values():
            await channel.close()


def told(tell: Tell, text: str | None, *, permanent: bool = False) -> Told:
    """What became of a try: handed over (`text` None), or why not."""
    return Told(
        slot=tell.slot,
        alarm=tell.alarm.id,
        id=tell.id,
        ref=tell.ref,
        number=tell.number,
        channel=tell.channel,
        ok=text is None,
        permanent=permanent,
        text=text,
    )
