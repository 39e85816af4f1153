"""An asyncio event loop in which time passes only when nobody has anything left to do: no sleeping, and every run the same."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context
from heapq import heappop, heappush
from typing import Any, Final

TURNS_MAX: Final = 200_000
"""Turns of the loop without any time passing. A commit, however large, takes some hundreds; more is a task that spins."""

Due = tuple[float, int, Callable[..., Any], tuple[Any, ...]]
"""When, which of those of one instant, and what."""


class VirtualLoop(asyncio.BaseEventLoop):
    """Runs what is ready in the order in which it became so; when nothing is, jumps to the next timer.

    Timers are tuples in a heap of its own: a world sets several for each message, and comparing asyncio's handles costs more than
    all that asyncio does besides.
    """

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0
        self.turns = 0
        self.count = 0
        self.due: list[Due] = []

    def time(self) -> float:
        """Seconds since the world began."""
        return self.now_s

    def at(self, when: float, call: Callable[..., Any], *given: Any) -> None:
        """Let something happen at a moment, for sure: nobody can cancel it."""
        self.count += 1
        heappush(self.due, (when, self.count, call, given))

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """As asyncio asks for it: it can be cancelled."""
        timer = asyncio.TimerHandle(when, callback, args, self, context)
        self.at(when, _run, timer)
        return timer

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """It is passed over when its moment comes."""

    def _run_once(self) -> None:
        """One turn: everything that is ready, then everything that is due.

        Raises:
            Stuck: nothing will ever happen again, or much happens in no time.
        """
        ready: Any = self._ready  # type: ignore[attr-defined]
        if not ready and not self._stopping:  # type: ignore[attr-defined]
            self._jump()
        self.turns += 1
        if self.turns > TURNS_MAX:
            raise Stuck(f"a task spins: {TURNS_MAX} turns of the loop in no time")
        for _ in range(len(ready)):
            handle = ready.popleft()
            if not handle._cancelled:
                handle._run()

    def _jump(self) -> None:
        """Where a real loop would wait for the network, time jumps ahead; whatever is due then happens, in order."""
        if not self.due:
            raise Stuck("nothing is left that could ever happen")
        when = self.due[0][0]
        if when > self.now_s:
            self.now_s, self.turns = when, 0
        while self.due and self.due[0][0] <= self.now_s:
            _, _, call, given = heappop(self.due)
            call(*given)

    def _process_events(self, event_list: list[Any]) -> None:
        """There is no network."""

    def _write_to_self(self) -> None:
        """There are no other threads."""


def _run(timer: asyncio.TimerHandle) -> None:
    if not timer.cancelled():
        timer._run()


class Stuck(Exception):
    """The world stands still, or a task of it spins without letting time pass."""
