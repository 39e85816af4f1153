"""The processes that are measured, each private to a run: Mosquitto, `alarmcore serve`, the C subscriber."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import httpx

START_WITHIN_S: Final = 60.0
STOP_WITHIN_S: Final = 15.0
POLL_S: Final = 0.05


class NotStarted(Exception):
    """A process that should be measured did not come up; the text has the end of its output."""


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def program(name: str) -> str:
    """Where a program is, Debian's server folders included."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if found is None:
        raise NotStarted(f"{name} is not installed; install Debian's packages mosquitto and mosquitto-clients")
    return found


@contextlib.contextmanager
def process(command: Sequence[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A running process whose output goes to `log`; it is asked to end, then made to."""
    with log.open("wb") as out:
        running = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    try:
        yield running
    finally:
        if running.poll() is None:
            running.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                running.wait(STOP_WITHIN_S)
        if running.poll() is None:
            running.kill()
            running.wait()


@contextlib.contextmanager
def mosquitto(folder: Path) -> Iterator[int]:
    """A broker that keeps everything in memory and queues without limit; gives its port."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    config = folder / "mosquitto.conf"
    config.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nmax_inflight_messages 1000\n"
        "max_queued_messages 0\nset_tcp_nodelay true\nlog_type error\n"
    )
    log = folder / "mosquitto.log"
    with process([program("mosquitto"), "-c", str(config)], log) as running:
        _wait_for_port(port, running, log)
        yield port


def _wait_for_port(port: int, running: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_WITHIN_S
    while time.monotonic() < deadline and running.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(POLL_S)
    raise NotStarted(f"{running.args!r} did not start: {_tail(log)}")


KEPT: Final = re.compile(r'^alarmcore_readings_total\{[^}]*outcome="kept"[^}]*\} ([0-9.e+]+)', re.MULTILINE)


class Served:
    """A running `alarmcore serve`."""

    def __init__(self, url: str, running: subprocess.Popen[bytes]) -> None:
        self.url = url
        self.pid = running.pid
        self._http = httpx.Client(base_url=url, timeout=30)

    def kept(self) -> int:
        """How many readings it has kept. What it turned away does not count: it is no work that was done."""
        text = self._http.get("/metrics").text
        return int(sum(float(v) for v in KEPT.findall(text)))


def command() -> list[str]:
    """How to run `alarmcore`: as installed beside this Python, else from the source."""
    beside = Path(sys.executable).with_name("alarmcore")
    return [str(beside)] if beside.exists() else [sys.executable, "-c", "from dashboard.cli import main; main()"]


@contextlib.contextmanager
def alarmcore(
    folder: Path, *sites: Path, broker: int | None = None, mqtt: int | None = None, arguments: Sequence[str] = ()
) -> Iterator[Served]:
    """`alarmcore serve --open` on a free port, with an external broker or with its own listener; started when it says `ready`."""
    folder.mkdir(parents=True, exist_ok=True)
    door = ["--mqtt-broker", f"mqtt://127.0.0.1:{broker}"] if broker else ["--mqtt", f"127.0.0.1:{mqtt}"]
    given = [part for site in sites for part in ("--site", str(site))]
    line = [*command(), "serve", *given, "--data", str(folder / "data"), "--http", f"127.0.0.1:{free_port()}", *door, *arguments]
    log = folder / "alarmcore.log"
    with process([*line, "--open"], log) as running:
        yield Served(_wait_for_ready(running, log), running)


def _wait_for_ready(running: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + START_WITHIN_S
    while time.monotonic() < deadline and running.poll() is None:
        said = re.search(r"^ready (\S+)", log.read_text(errors="replace"), flags=re.MULTILINE)
        if said:
            return said[1]
        time.sleep(POLL_S)
    raise NotStarted(f"alarmcore serve said no ready line within {START_WITHIN_S:g} s: {_tail(log)}")


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-2000:].strip() or "it said nothing"


class Usage:
    """CPU seconds and memory of a process, from the kernel."""

    def __init__(self, pid: int) -> None:
        self._folder = Path(f"/proc/{pid}")

    def cpu_s(self) -> float:
        """User and system time so far."""
        fields = (self._folder / "stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def rss_mb(self) -> float:
        """Resident memory now."""
        said = re.search(r"VmRSS:\s+(\d+) kB", (self._folder / "status").read_text())
        return int(said[1]) / 1024 if said else 0.0


def machine() -> dict[str, object]:
    """What the figures were measured on."""
    return {"cores": os.cpu_count(), "python": sys.version.split()[0], "threads": threading.active_count()}
