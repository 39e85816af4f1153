"""Starts `alarmcore serve` many times a minute: everything is imported once, and each start is a fork of that process.

What runs is the real command in a process of its own, which is killed as any other. Without this a start costs about a second of
imports. The imports happen before the first fork and open no file, socket or thread.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

START_WITHIN_S = 60.0

_PARENT = """
import os, sys
import dashboard.cli, dashboard.serve, dashboard.environment
for line in sys.stdin:
    verb, *rest = line.rstrip("\\n").split("\\t")
    if verb == "reap":
        os.waitpid(int(rest[0]), 0)
        print("reaped", flush=True)
        continue
    out, log, *arguments = rest
    child = os.fork()
    if child == 0:
        for path, number in ((out, 1), (log, 2)):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        sys.argv = ["alarmcore", *arguments]
        dashboard.cli.main()
        os._exit(0)
    print(child, flush=True)
"""


class Nursery:
    """The parent of all starts."""

    def __init__(self) -> None:
        env = os.environ | {"OPENBLAS_NUM_THREADS": "1"}  # a fork must not copy half of a thread pool
        self._parent = subprocess.Popen(
            [sys.executable, "-c", _PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env
        )

    def _say(self, *words: str) -> str:
        assert self._parent.stdin is not None
        assert self._parent.stdout is not None
        self._parent.stdin.write("\t".join(words) + "\n")
        self._parent.stdin.flush()
        return self._parent.stdout.readline().strip()

    def start(self, folder: Path, arguments: list[str]) -> Born:
        """A service that says that it can take alarms."""
        out, log = folder / "out", folder / "log"
        out.write_text("")
        before = log.stat().st_size if log.exists() else 0
        born = Born(self, int(self._say("start", str(out), str(log), *arguments)))
        deadline = time.monotonic() + START_WITHIN_S
        while True:
            ready = re.search(r"^ready (\S+?)/?$", out.read_text(), re.MULTILINE)
            if ready:
                break
            if time.monotonic() > deadline:
                born.kill()
                raise RuntimeError(f"no ready line: {log.read_text()[-1500:]}")
            time.sleep(0.002)
        born.url = ready[1]
        said = log.read_bytes()[before:].decode()
        born.mqtt_port = int(re.findall(r'"port": (\d+), "event": "mqtt_listening"', said)[-1])
        return born

    def close(self) -> None:
        """No more starts."""
        assert self._parent.stdin is not None
        self._parent.stdin.close()
        self._parent.wait(10)
        assert self._parent.stdout is not None
        self._parent.stdout.close()


class Born:
    """One running service."""

    def __init__(self, nursery: Nursery, pid: int) -> None:
        self.nursery = nursery
        self.pid = pid
        self.url = ""
        self.mqtt_port = 0
        self.alive = True

    def kill(self) -> None:
        """End it as a power cut would; it is gone when this returns."""
        if self.alive:
            self.alive = False
            os.kill(self.pid, signal.SIGKILL)
            assert self.nursery._say("reap", str(self.pid)) == "reaped"


@contextlib.contextmanager
def nursing() -> Iterator[Nursery]:
    """A nursery that is gone afterwards."""
    nursery = Nursery()
    try:
        yield nursery
    finally:
        nursery.close()
