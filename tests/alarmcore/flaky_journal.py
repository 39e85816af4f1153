"""A journal that fails when it is told to; it passes the contract when it is not (`test_runner.py`)."""

from __future__ import annotations

from collections import deque
from typing import Literal

from alarmcore.adapters.memory_journal import MemoryJournal
from alarmcore.errors import CommitFailed, Unavailable
from alarmcore.ports import Batch, StoredState

When = Literal["works", "before", "after"]


class FlakyJournal(MemoryJournal):
    """`fails` says of each commit to come whether it fails before or after anything was stored (SQLite stores all or nothing).

    `blind` is how many times what is stored cannot be read. `done` is what has happened, in order.
    """

    def __init__(self) -> None:
        super().__init__()
        self.fails: deque[When] = deque()
        self.blind = 0
        self.done: list[str] = []
        self.batches: list[Batch] = []

    async def commit(self, batch: Batch) -> int:
        fails = self.fails.popleft() if self.fails else "works"
        if fails == "before":
            raise CommitFailed("the disk is full; nothing of it is kept")
        first = await super().commit(batch)
        self.done.append("commit")
        self.batches.append(batch)
        if fails == "after":
            raise CommitFailed("the disk did not answer; nothing is known")
        return first

    async def reread(self, keys: list[tuple[str, str]]) -> list[StoredState]:
        if self.blind:
            self.blind -= 1
            raise Unavailable("the disk cannot be read")
        return await super().reread(keys)
