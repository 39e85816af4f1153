"""The clock of the machine we run on, and a steady one made of it, which decisions live by."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import structlog

from alarmcore import metrics

log = structlog.get_logger(__name__)

SLOWER: Final = 0.1
"""A clock that was set back is waited for by running this much slower: a wait is then late by a ninth of itself at most; if the
step were followed, by all of it. Half an hour is made up for in five hours."""

LOOK_S: Final = 1.0
"""How often the machine's clock is looked at, so that one that was set forward makes no timer late."""

STEP_S: Final = 0.5
"""What counts as having been set, rather than being steered by the network's time (which moves half a millisecond a second)."""


class SystemClock:
    """This moment, as the operating system knows it."""

    def now(self) -> datetime:
        """This moment, aware, UTC."""
        return datetime.now(UTC)


class SteadyClock:
    """Never goes back. A step forward is followed at once: time has passed (a machine that slept), or had been missing.

    A step back is not: what waits for a moment would wait for it again, and somebody on the floor with it. Time goes on from
    where it was, a tenth slower, until the machine's clock has come up. `system` (seconds since 1970) and `monotonic` are where
    both times come from.
    """

    def __init__(self, system: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.system = system
        self.monotonic = monotonic
        self._looked = monotonic()
        self._shows = system()

    def now(self) -> datetime:
        """This moment, aware, UTC; never before one that was given out earlier."""
        return datetime.fromtimestamp(self._seconds(), UTC)

    def _seconds(self) -> float:
        looked, system = self.monotonic(), self.system()
        passed, self._looked = looked - self._looked, looked
        steady = self._shows + passed
        ahead = steady - system
        self._shows = system if ahead <= 0 else steady - min(ahead, passed * SLOWER)
        return self._shows

    def ahead_s(self) -> float:
        """How far it is ahead of the machine's clock, which was set back; 0 usually."""
        return max(0.0, self._seconds() - self.system())

    def begin_at(self, at: datetime) -> None:
        """Go on from a moment at which something was decided before: a restart is no reason to go back either."""
        self._shows = max(self._seconds(), at.timestamp())
        if (ahead_s := self.ahead_s()) > STEP_S:
            log.warning("clock_behind", by_s=round(ahead_s, 1), hint="the machine's clock is behind what was decided last")

    async def watch(self, stepped: Callable[[], None]) -> None:
        """Call `stepped` whenever the machine's clock was set forward, for those who wait for a moment; never ends."""
        while True:
            looked, shown = self.monotonic(), self._seconds()
            await asyncio.sleep(LOOK_S)
            ahead_s = self.ahead_s()
            metrics.CLOCK_AHEAD.set(ahead_s)
            if self._seconds() - shown - (self.monotonic() - looked) > STEP_S:
                log.warning("clock_set_forward", by_s=round(self._shows - shown, 1))
                stepped()
