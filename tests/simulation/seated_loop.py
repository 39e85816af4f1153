"""The virtual loop with several machines in it: each can be stopped for a while, or for ever, between any two of its steps."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar, copy_context
from typing import Any, Final

from tests.simulation.eventloop import TURNS_MAX, Stuck, VirtualLoop


class Seat:
    """One machine's place in the loop. What is due while it does not run waits, and is done when it runs again."""

    def __init__(self) -> None:
        self.running = True
        self.held: list[asyncio.Handle] = []


SEAT: Final[ContextVar[Seat | None]] = ContextVar("seat", default=None)
"""Whose step it is: handed on to whatever a step begins. None: the world's own."""


class SeatedLoop(VirtualLoop):
    """Before anything of a machine is run it is looked whether that machine runs."""

    def seated(self, seat: Seat, story: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Let something go on in a machine."""
        context = copy_context()
        context.run(SEAT.set, seat)
        return self.create_task(story, context=context)

    def stop_seat(self, seat: Seat) -> None:
        """Nothing of it gets any further."""
        seat.running = False

    def run_seat(self, seat: Seat) -> None:
        """It goes on where it was."""
        seat.running = True
        ready: Any = self._ready  # type: ignore[attr-defined]
        ready.extend(seat.held)
        seat.held.clear()

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """A timer that a machine has set is its own too."""
        timer = asyncio.TimerHandle(when, callback, args, self, context)
        self.at(when, self._let, timer)
        return timer

    def _run_once(self) -> None:
        """As in a loop of one machine."""
        ready: Any = self._ready  # type: ignore[attr-defined]
        if not ready and not self._stopping:  # type: ignore[attr-defined]
            self._jump()
        self.turns += 1
        if self.turns > TURNS_MAX:
            raise Stuck(f"a task spins: {TURNS_MAX} turns of the loop in no time")
        for _ in range(len(ready)):
            self._let(ready.popleft())

    def _let(self, handle: asyncio.Handle) -> None:
        if handle._cancelled:
            return
        seat = handle._context.get(SEAT)  # type: ignore[attr-defined]
        if seat is None or seat.running:
            handle._run()
        else:
            seat.held.append(handle)
