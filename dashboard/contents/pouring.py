"""Rows from where they are to where they shall be, counted on the way."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final, Protocol

from dashboard.contents.tables import TABLES, Row, Table

SAY_EVERY_S: Final = 2.0
"""How often progress is said: often enough that nobody takes patience for a failure."""


class Contents(Protocol):
    """Where rows come from: a database at one moment, or an archive."""

    def rows(self) -> AsyncIterator[tuple[Table, Sequence[Row]]]:
        """All rows of all tables in the order of `TABLES`, some at a time."""


class Target(Protocol):
    """Where rows go: an archive, or an empty database in one transaction."""

    async def take(self, table: Table, rows: Sequence[Row]) -> None:
        """Take some rows of a table."""


class Progress:
    """Says how far something has come that may take long: each table when it is done, and now and then meanwhile."""

    def __init__(self, say: Callable[[str], object], what: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.counts = {table.name: 0 for table in TABLES}
        self._say = say
        self._what = what
        self._monotonic = monotonic
        self._said = monotonic()

    def add(self, table: Table, rows: int) -> None:
        """So many more rows of a table."""
        self.counts[table.name] += rows
        now = self._monotonic()
        if now - self._said >= SAY_EVERY_S:
            self._said = now
            self._say(f"{self._what}: {table.name}, {self.counts[table.name]:,} rows so far")


async def pour(contents: Contents, target: Target, progress: Progress) -> dict[str, int]:
    """Let the target take everything; how many rows of each table that was."""
    async for table, rows in contents.rows():
        await target.take(table, rows)
        progress.add(table, len(rows))
    return progress.counts


def summary(counts: dict[str, int]) -> str:
    """Counts for people, in order of the tables."""
    return ", ".join(f"{table.name} {counts.get(table.name, 0):,}" for table in TABLES)
