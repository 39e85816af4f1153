"""Where the log goes: a stream that can fail in every way without the service failing with it.

A log on the disk that is full, a log collector that has died, one that no longer reads what we write: none of them may keep an
alarm from being told. What could not be written is counted, and said as soon as something can be written again.
"""

from __future__ import annotations

import io
import json
import os
import select
import threading
from typing import Final

PART_MAX: Final = 4096
"""Bytes written at once: a pipe that says it has room takes as many without blocking (Linux: PIPE_BUF)."""


class PatientStderr(io.TextIOBase):
    """Text for a file descriptor, 2 usually. Every line goes out at once or is lost: writing neither raises nor blocks.

    `lost` are the lines lost since something could be written last.
    """

    def __init__(self, number: int = 2) -> None:
        self._number = number
        self._lock = threading.Lock()
        self._held = ""
        self._broken_off = False
        self.lost = 0

    def write(self, text: str) -> int:
        """Write what can be written, a whole line at once."""
        with self._lock:
            self._held += text
            if text.endswith("\n"):
                self._out()
        return len(text)

    def flush(self) -> None:
        """Write what has no end of line yet."""
        with self._lock:
            self._out()

    def _out(self) -> None:
        held, self._held = self._held, ""
        if held and self.lost and self._put(self._report()):
            self.lost = 0
        if not self._put(held.encode("utf-8", "backslashreplace")):
            self.lost += 1

    def _report(self) -> bytes:
        line = json.dumps({"lost": self.lost, "level": "error", "event": "log_could_not_be_written"})
        # A line that was broken off must not run into this one.
        return f"{chr(10) if self._broken_off else ''}{line}\n".encode()

    def _put(self, data: bytes) -> bool:
        """Whether all of it was written."""
        done = 0
        while done < len(data):
            written = self._put_part(data[done : done + PART_MAX])
            if not written:
                return False
            done += written
            self._broken_off = not data[:done].endswith(b"\n")
        return True

    def _put_part(self, part: bytes) -> int:
        poll = select.poll()
        poll.register(self._number, select.POLLOUT)
        try:
            return os.write(self._number, part) if poll.poll(0) else 0
        except OSError:
            return 0

    def fileno(self) -> int:
        """The file descriptor."""
        return self._number

    def isatty(self) -> bool:
        """Whether somebody looks at it directly."""
        return os.isatty(self._number)

    def writable(self) -> bool:
        """It is there to be written to."""
        return True
