"""A machine's clock that is set while a process runs: libfaketime, loaded into that process alone."""

from __future__ import annotations

from pathlib import Path
from typing import Final

LIBRARY: Final = next(
    (
        str(path)
        for place in ("/usr/lib", "/usr/local/lib")
        for path in sorted(Path(place).glob("**/faketime/libfaketimeMT.so.1"))
    ),
    None,
)
"""The variant for processes with several threads, where Debian's package `libfaketime` puts it."""


class WrongClock:
    """`env` gives a process this clock, `set` sets it within a second. Only the time of day: durations are measured rightly."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "clock"
        self.set(0)
        assert LIBRARY is not None, "libfaketime is not installed; install Debian's package faketime"
        self.env = {
            "LD_PRELOAD": LIBRARY,
            "FAKETIME_TIMESTAMP_FILE": str(self.path),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DONT_RESET": "1",
            # Meant for an old C library; with a newer one every thread that waits for a lock with a time limit spins.
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",
        }

    def set(self, ahead_s: int) -> None:
        """From now on it is so far ahead of the true time (behind, if negative)."""
        new = self.path.with_suffix(".new")
        new.write_text(f"{ahead_s:+d}s\n")
        new.rename(self.path)  # at once, never half of it
