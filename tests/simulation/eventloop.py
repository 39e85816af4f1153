"""An asyncio event loop in which time passes only when nobody has anything left to do: no sleeping, and every run the same."""

from __future__ import annotations

import asyncio
from typing import Any, Final

TURNS_MAX: Final = 200_000
"""Turns of the loop without any time passing. A commit, however large, takes some hundreds; more is a task that spins."""


class Stuck(Exception):
    """The world stands still, or a task of it spins without letting time pass."""


class VirtualLoop(asyncio.BaseEventLoop):
    """Runs what is ready in the order in which it became so; when nothing is, jumps to the next timer."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0
        self.turns = 0
        self._selector = self
        self._clock_resolution = 1e-6

    def time(self) -> float:
        """Seconds since the world began."""
        return self.now_s

    def select(self, timeout: float | None) -> list[Any]:
        """Where a real loop would wait for the network, time jumps ahead.

        Raises:
            Stuck: nothing will ever happen again, or much happens in no time.
        """
        if timeout is None:
            raise Stuck("nothing is left that could ever happen")
        self.turns = 0 if timeout > 0 else self.turns + 1
        if self.turns > TURNS_MAX:
            raise Stuck(f"a task spins: {TURNS_MAX} turns of the loop in no time")
        self.now_s += max(timeout, 0.0)
        return []

    def _process_events(self, event_list: list[Any]) -> None:
        """There is no network."""

    def _write_to_self(self) -> None:
        """There are no other threads."""
