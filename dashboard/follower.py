"""Follows what all owners have stored, event by event, so that any web process shows it: rung for, else by looking."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from alarmcore.errors import Unavailable, fault
from alarmcore.ports import StoredEvent
from alarmcore.shared import Bell, Books
from dashboard.board import FollowedBoard

log = structlog.get_logger(__name__)

LOOK_S: Final = 0.5
"""How often it is looked for news when nobody rings: without Redis a screen is this much later, and no more."""

PAGE: Final = 500
"""Events read in one go."""


class Follower:
    """Keeps one board, and calls `publish` for each event in its order, after the board has it."""

    def __init__(self, books: Books, bell: Bell, board: FollowedBoard, publish: Callable[[StoredEvent], None]) -> None:
        self.books = books
        self.bell = bell
        self.board = board
        self.publish = publish
        self.seq = 0
        self.trouble = ""
        self.looking = asyncio.Lock()
        self.task: asyncio.Task[None] | None = None
        board.catch_up = self.catch_up  # type: ignore[method-assign]

    async def start(self) -> int:
        """Read what is open, and go on from there; the place of the newest event.

        Raises:
            Unavailable: it cannot be read.
        """
        self.seq, opened = await self.books.opened()
        self.board.fill(opened)
        self.task = asyncio.create_task(self._run(), name="alarmcore-follower")
        return self.seq

    async def close(self) -> None:
        """Stop."""
        if self.task is not None:
            self.task.cancel()
            await asyncio.wait([self.task])

    async def _run(self) -> None:
        while True:
            try:
                await self.catch_up()
                self.trouble = ""
            except Exception as error:  # noqa: BLE001 - screens show what they have; readiness says so
                why = str(error) if isinstance(error, Unavailable) else fault(error)
                if not self.trouble:
                    log.error("following_failed", error=why)  # noqa: TRY400
                self.trouble = "alarms cannot be read from the database"
            await self.bell.heard(["events"], LOOK_S)

    async def catch_up(self) -> None:
        """Take in all news there is.

        Raises:
            Unavailable: it cannot be read now.
        """
        async with self.looking:
            while True:
                news = await self.books.news(self.seq, PAGE)
                for one in news:
                    if one.shown is not None:
                        self.board.put(one.shown)
                    self.seq = one.stored.seq
                    self.publish(one.stored)
                if len(news) < PAGE:
                    return
