"""One thing that `alarmcore check` has looked at."""

from __future__ import annotations

import msgspec


class Finding(msgspec.Struct, frozen=True):
    """One thing looked at: `ok`, `warning` or `error`, and what to do."""

    level: str
    text: str

    def __str__(self) -> str:
        return f"{self.level}: {self.text}"
