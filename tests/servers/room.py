"""Ways to take the room for data away from a running service and to give it back.

A limit on the size of files works for everybody, and hits the log as well; a small file system of its own, filled to its end,
needs the right to mount.
"""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Protocol

from tests.servers.serving import Serving

SIZE_MB = 6
"""Of the small file system: a database and a write-ahead log that is not yet due to be written back (16 MB)."""

ANYTHING = resource.getrlimit(resource.RLIMIT_FSIZE)
NOTHING = (0, ANYTHING[1])

HELD = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[2])))
os.execv(sys.argv[3], sys.argv[3:])
"""
"""Runs a command that may write nothing."""


class Room(Protocol):
    """Where the data of a service lies. `data` may not exist yet."""

    data: Path

    def take(self, service: Serving) -> None:
        """From now on nothing more can be written."""

    def give(self, service: Serving) -> None:
        """There is room again."""


class Limit:
    """The kernel refuses every write beyond the first bytes of a file (EFBIG)."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"

    def take(self, service: Serving) -> None:
        """Forbid the running process to write, and every one that is started."""
        service.prefix = [sys.executable, "-c", HELD, *map(str, NOTHING)]
        if service.alive:
            resource.prlimit(service.pid, resource.RLIMIT_FSIZE, NOTHING)

    def give(self, service: Serving) -> None:
        """Allow it again."""
        service.prefix = []
        if service.alive:
            resource.prlimit(service.pid, resource.RLIMIT_FSIZE, ANYTHING)


class Disk:
    """A file system that is full (ENOSPC); the log lies on it too."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"

    @property
    def ballast(self) -> Path:
        """What it is filled with."""
        return self.folder / "ballast"

    def take(self, service: Serving) -> None:
        """Fill it to the last byte, the log's last page too."""
        fill(self.ballast, 1 << 20)
        fill(self.ballast, 1)
        fill(service.log_path, 1)

    def give(self, service: Serving) -> None:
        """Empty it."""
        del service
        self.ballast.unlink()


def fill(path: Path, size: int) -> None:
    """Write to the end of a file until there is no room for so many bytes."""
    with path.open("ab", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"\n" * size)


@contextlib.contextmanager
def mounted(folder: Path) -> Iterator[Path]:
    """A small file system of its own, gone afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m", "tmpfs", str(folder)], check=True, capture_output=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True, capture_output=True)


@cache
def may_mount() -> bool:
    """Whether this machine lets us: root, and not in a container without that right."""
    if os.geteuid() != 0:
        return False
    with tempfile.TemporaryDirectory() as folder:
        try:
            with mounted(Path(folder)):
                return True
        except (OSError, subprocess.CalledProcessError):
            return False


@contextlib.contextmanager
def room(kind: str, folder: Path) -> Iterator[Room]:
    """One of them, by name: `limit` or `disk`."""
    if kind == "limit":
        yield Limit(folder)
        return
    with mounted(folder / "disk") as disk:
        yield Disk(disk)


KINDS = ["limit", *(["disk"] if may_mount() else [])]
"""The ways that work here. The limit works everywhere, so that a machine without the other has nothing to skip."""
