"""What the composition root asks of one process alone, and of one among many."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AsyncExitStack
from typing import Protocol

from alarmcore.front import Front
from alarmcore.shared import Books
from dashboard.board import Board
from dashboard.runtime import Runtime


class Share(Protocol):
    """How this process and others, if there are any, divide the work."""

    @property
    def front(self) -> Front:
        """Where doors, screens and channels hand in what they have."""

    @property
    def books(self) -> Books:
        """What is stored."""

    @property
    def board(self) -> Board:
        """What is open."""

    @property
    def runtimes(self) -> Iterable[Runtime]:
        """All owners in this process."""

    async def on_screen(self, alarm: str) -> bool:
        """Whether an open page shows an alarm."""

    async def start(self, stack: AsyncExitStack) -> None:
        """Take up what is this process's part, and leave it in good order when the stack ends."""

    async def renew(self) -> None:
        """Let everything here go on with the sites as they are now, where it does not yet. Never waits for other processes.

        Raises:
            Unavailable: that does not work now; said again, it goes on with what is left to do.
        """

    async def sweep(self, part: int) -> None:
        """Forget what is older than it need be, a part at a time."""

    def troubles(self) -> list[str]:
        """What is wrong, in plain words."""
