"""The clock of the machine we run on."""

from __future__ import annotations

from datetime import UTC, datetime


class SystemClock:
    """This moment, as the operating system knows it."""

    def now(self) -> datetime:
        """This moment, aware, UTC."""
        return datetime.now(UTC)
