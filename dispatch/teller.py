"""Performs tellings: gives each message to its channel within a bounded time and reports what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from typing import Final

import structlog
from msgspec.structs import replace

from alarmcore import metrics
from alarmcore.busy import turned_away
from alarmcore.errors import HandoverFailed, fault
from alarmcore.model.alarm import Alarm, Fix
from dispatch.channels.port import ChannelPort, Message
from dispatch.places import AT_ONCE_MAX, Places, receiver_of
from dispatch.telling import Tell, Told

log = structlog.get_logger(__name__)

CONSOLE: Final = "console"
"""The channel that nobody sends by: the alarm stands on every screen, and a screen that shows it reports that itself."""

TRY_S: Final = 12.0
"""Time for one try, whatever the channel: less than the 15 s in which hand-over must work."""

WAIT_S: Final = 15.0
"""How long a place at the receiver is waited for before the chain hears that there is none: by then it goes on without. With
`TRY_S` it is less than the minute that the auditor gives every try."""

SEEN_S: Final = 2.0
"""How long it may take to look where the person was seen last: whoever is to be told is told without it then, and finds it behind
their link."""

CLAIMED_WAIT_S: Final = 2.0
"""The same for a telling that is another process's and whose claim must be renewed meanwhile: the chain's own repetitions are the
queue then."""

TELLINGS_MAX: Final = 10_000
"""Tellings begun and not ended in one process, most of them waiting: a storm over a whole region, in some tens of megabytes.
Beyond it the chain hears at once that there is no place, and tries the next channel or again later."""


class Teller:
    """Begins tellings without waiting. `report` gets the result of each; `on_screen` says whether an open page shows an alarm.

    `wanted` is asked when a place has been found, which may be a while later: nobody is told of an alarm that somebody has taken
    meanwhile. A telling that has been stopped is dropped without a report: whoever it was for performs it anew. `seen` says where
    the person was seen last, which goes into the message in place of where the alarm was raised.
    """

    def __init__(
        self,
        channels: Mapping[str, ChannelPort],
        message_of: Callable[[Tell], Message],
        report: Callable[[Told], None],
        on_screen: Callable[[str], Awaitable[bool]],
        wanted: Callable[[Tell], bool] = lambda _: True,
        seen: Callable[[Alarm], Awaitable[Fix | None]] | None = None,
    ) -> None:
        self.channels = channels
        self.message_of = message_of
        self.report = report
        self.on_screen = on_screen
        self.wanted = wanted
        self.seen = seen
        self.places = {kind: Places(getattr(channel, "at_once_max", AT_ONCE_MAX)) for kind, channel in channels.items()}
        self.tasks: set[asyncio.Task[None]] = set()

    def perform(self, tell: Tell, wait_s: float = CLAIMED_WAIT_S) -> None:
        """Begin one try; a place at its receiver is waited for so long."""
        if len(self.tasks) >= TELLINGS_MAX:
            turned_away("tellings", tenant=tell.slot.tenant)
            self.report(told(tell, f"{TELLINGS_MAX} tellings wait here already; it is tried again"))
            return
        work = self._look(tell) if tell.channel == CONSOLE else self._try(tell, wait_s)
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _look(self, tell: Tell) -> None:
        """A screen that shows the alarm already does not say so again when its chain comes round."""
        if await self.on_screen(tell.alarm.id):
            self.report(told(tell, None))

    async def _try(self, tell: Tell, wait_s: float) -> None:
        text, permanent = None, False
        try:
            await self._hand_over(tell, wait_s)
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

    async def _hand_over(self, tell: Tell, wait_s: float) -> None:
        channel = self.channels.get(tell.channel)
        if channel is None:
            raise HandoverFailed(f"{tell.channel} is not configured here; configure it or take it out", permanent=True)
        place = self.places[tell.channel].place(tell.slot.tenant, receiver_of(tell.to), wait_s)
        async with AsyncExitStack() as held:
            try:
                await held.enter_async_context(place)
            except TimeoutError:
                turned_away("places", tenant=tell.slot.tenant, channel=tell.channel)
                text = f"{tell.channel} had no place for it within {wait_s:g} s, so many others are under way; it is tried again"
                raise HandoverFailed(text) from None
            if not self.wanted(tell):
                raise HandoverFailed("somebody has taken the alarm meanwhile, or it is over; nobody is told of it")
            # From here on it is a try: waiting for others has cost it nothing.
            async with asyncio.timeout(TRY_S):
                await channel.hand_over(self.message_of(await self._newest(tell)))

    async def _newest(self, tell: Tell) -> Tell:
        """The telling with where the person was seen last. What cannot be looked up keeps nobody waiting."""
        if self.seen is None:
            return tell
        try:
            async with asyncio.timeout(SEEN_S):
                fix = await self.seen(tell.alarm)
        except Exception as error:  # noqa: BLE001 - the alarm is what must be told; where it was raised is in it
            log.warning("position_not_read", alarm=tell.alarm.id, error=fault(error))
            return tell
        return replace(tell, alarm=replace(tell.alarm, fix=fix))

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
