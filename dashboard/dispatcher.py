"""Tells people on behalf of owners that do not do so themselves: claims stored effects, tries them, says what came of it.

A claim is short and renewed while its telling is under way, so that a killed dispatcher is replaced soon. A dispatcher may also
be stopped in its tracks, or the database be away, for longer than a claim lasts, and somebody else claims what it has begun:

- A try that has not begun to go out when its claim has lapsed never does: somebody else may be telling it.
- One that has gone out cannot be called back. That it was handed over is said in any case: the owner counts a telling once, under
  the one id that a receiver of webhooks sees too. That it failed is not said: another one's try counts, or the next, and the
  chain must not go on to another channel for a try that merely outlived its claim.
- What was tried is held once more, for longer: its owner may just be being replaced, and has yet to settle it.
- When the database has been away, what others hold is left alone for as long as a claim lasts: who lives renews theirs first.

So somebody is told twice only by a dispatcher that dies between handing over and saying so, or that outlives its claim in the
middle of a try.
"""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from alarmcore.errors import Unavailable, fault
from alarmcore.shared import Bell, Claims
from dispatch.binding import EFFECT_CODEC
from dispatch.teller import Teller
from dispatch.telling import Tell, Told

log = structlog.get_logger(__name__)

LOOK_S: Final = 0.5
"""How often it is looked for effects when nobody rings."""

HOLD_S: Final = 2.5
"""How long a claim lasts: with `LOOK_S`, a killed dispatcher's tellings wait three seconds, as a killed worker's alarms do. A
process that its machine does not let run for a second keeps what it has."""

RENEW_S: Final = 0.8
"""How often claims are renewed, at the next look after it: twice before they lapse."""

GAP_S: Final = HOLD_S / 2
"""The database has not answered for so long: others' claims may have lapsed though they live."""

SETTLE_S: Final = 15.0
"""How long what was tried is held for its owner to settle: that takes moments, or until another one has taken over and loaded.
What a console must still show is looked at again after it."""

TRIED_MAX: Final = 10_000
"""Tries that wait for that hold, while the database is away; of more the oldest may be told twice."""

END_S: Final = 1.0
"""How long a dispatcher that is to end waits for tellings it has begun; what takes longer is let go, for another one."""

UNDER_WAY_MAX: Final = 256
"""Tellings begun and not ended here; what is more waits for this dispatcher or another one."""


class Dispatcher:
    """One process's part of the telling. Its tries share their places with those that `teller` makes for owners in this process.

    `until`: for each try under way, the moment (of the event loop's clock) before which nobody else can have claimed it: a
    process that was stopped in its tracks finds it in the past. `tried`: what is to be held once more.
    """

    def __init__(self, name: str, claims: Claims, bell: Bell, teller: Teller) -> None:
        self.name = name
        self.claims = claims
        self.bell = bell
        self.result = teller.report
        self.still_wanted = teller.wanted
        self.teller = Teller(teller.channels, teller.message_of, self._report, teller.on_screen, self._wanted, teller.seen)
        self.teller.places = teller.places
        self.trouble = ""
        self.begun: dict[asyncio.Task[None], str] = {}
        self.until: dict[str, float] = {}
        self.tried: dict[str, None] = {}
        self.renewed_at = self.back_at = float("-inf")
        self.answered_at = float("inf")
        self.task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self.task = asyncio.create_task(self._run(), name="alarmcore-dispatcher")

    async def close(self) -> None:
        """Stop claiming, and let go what was begun and has no result, so that nobody's telling waits for the end of a claim."""
        if self.task is not None:
            self.task.cancel()
            await asyncio.wait([self.task])
        begun = dict(self.begun)
        if begun:
            await asyncio.wait(begun, timeout=END_S)
        for task in begun:
            task.cancel()
        await asyncio.gather(*begun, return_exceptions=True)
        unheard = [name for task, name in begun.items() if task.cancelled()]
        try:
            if unheard:
                await self.claims.let_go(unheard, self.name)
            await self._hold_tried()
        except Exception as error:  # noqa: BLE001 - somebody else claims them when their time is up
            log.warning("effects_not_let_go", effects=len(unheard), error=fault(error))

    async def _run(self) -> None:
        while True:
            more = False
            try:
                if now() - self.renewed_at >= RENEW_S:
                    await self.renew()
                more = await self.take()
                self.trouble = ""
            except Exception as error:  # noqa: BLE001 - effects are stored, and claimed with the next look
                why = str(error) if isinstance(error, Unavailable) else fault(error)
                if not self.trouble:
                    log.error("claiming_failed", error=why)  # noqa: TRY400
                self.trouble = "effects cannot be claimed"
            if not more:
                await self.bell.heard(["effects"], LOOK_S)

    # -- claims -----------------------------------------------------------------------------------------------------------

    async def take(self) -> bool:
        """Claim and begin what there is, as far as there is room; whether there may be more."""
        room = UNDER_WAY_MAX - len(self.begun)
        if room <= 0:
            ended, _ = await asyncio.wait(self.begun, timeout=LOOK_S, return_when=asyncio.FIRST_COMPLETED)
            return bool(ended)
        asked_at = now()
        lapsed = asked_at - self.answered_at < GAP_S and asked_at - self.back_at >= HOLD_S
        claimed = await self.claims.claim(self.name, room, HOLD_S, lapsed=lapsed)
        self._answered()
        for name, data in claimed:
            self._begin(name, data, asked_at + HOLD_S)
        return len(claimed) == room

    def _answered(self) -> None:
        if now() - self.answered_at >= GAP_S:
            self.back_at = now()
        self.answered_at = now()

    async def renew(self) -> None:
        """Go on holding what is under way, and hold once more what was tried."""
        asked_at = now()
        await self._hold_tried()
        if self.until:
            for name in await self.claims.hold(list(self.until), self.name, HOLD_S):
                if name in self.until:
                    self.until[name] = asked_at + HOLD_S
            self._answered()
        self.renewed_at = asked_at

    async def _hold_tried(self) -> None:
        if tried := list(self.tried):
            await self.claims.hold(tried, self.name, SETTLE_S)
            for name in tried:
                self.tried.pop(name, None)

    # -- tellings ---------------------------------------------------------------------------------------------------------

    def _begin(self, name: str, data: bytes, until: float) -> None:
        if name in self.until:
            self.until[name] = until  # under way here: its claim had lapsed, and nobody else had it
            return
        if name in self.tried:
            return
        _, decode = EFFECT_CODEC
        before = set(self.teller.tasks)
        try:
            tell = decode(data)
            self.until[name] = until
            self.teller.perform(tell)
        except Exception as error:  # noqa: BLE001 - of a newer version: another dispatcher can read it
            log.error("effect_unreadable", effect=name, error=fault(error))  # noqa: TRY400
            self.until.pop(name, None)
            self._was_tried(name)
        for task in self.teller.tasks - before:
            self.begun[task] = name
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        name = self.begun.pop(task)
        if self.until.pop(name, None) is not None and not task.cancelled():
            self._was_tried(name)

    def _was_tried(self, name: str) -> None:
        self.tried[name] = None
        if len(self.tried) > TRIED_MAX:
            del self.tried[next(iter(self.tried))]

    def _ours(self, name: str) -> bool:
        """Whether nobody else can have claimed it."""
        return now() < self.until.get(name, float("-inf"))

    def _wanted(self, tell: Tell) -> bool:
        """What `Teller` asks when a place has been found. What is another one's by now is stopped, and nothing said of it."""
        if not self._ours(tell.id):
            log.info("telling_left_to_others", alarm=tell.alarm.id, to=tell.ref)
            raise asyncio.CancelledError
        return self.still_wanted(tell)

    def _report(self, told: Told) -> None:
        if told.ok or self._ours(told.id):
            self.result(told)
            return
        log.info("telling_left_to_others", alarm=told.alarm, to=told.ref)
        self.until.pop(told.id, None)


def now() -> float:
    """The event loop's clock."""
    return asyncio.get_running_loop().time()
