"""A private Mosquitto for tests: own port, own folder, killed and started again at will."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

START_WITHIN_S = 30.0
STOP_WITHIN_S = 30.0

PROGRAM = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")

DURABLE = "autosave_on_changes true\nautosave_interval 1\n"
"""Save after every change: what a broker must have so that it does not forget what it acknowledged."""


class Mosquitto:
    """One broker on 127.0.0.1. `extra` is added to its configuration; `users` turn anonymous access off.

    One that does not persist has forgotten everything when it comes back.
    """

    def __init__(
        self,
        folder: Path,
        *,
        extra: str = "",
        users: dict[str, str] | None = None,
        queued_max: int = 100_000,
        persistent: bool = True,
    ) -> None:
        if PROGRAM is None:
            raise FileNotFoundError("mosquitto is not installed; install Debian's package mosquitto")
        self.folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._config = folder / "mosquitto.conf"
        folder.mkdir(parents=True, exist_ok=True)
        access = "allow_anonymous true" if users is None else f"allow_anonymous false\npassword_file {self._passwords(users)}"
        self._config.write_text(
            f"listener {self.port} 127.0.0.1\n{access}\n"
            f"persistence {str(persistent).lower()}\npersistence_location {folder}/\n"
            f"max_inflight_messages 1000\nmax_queued_messages {queued_max}\nset_tcp_nodelay true\nlog_type error\n"
            # Started as root it would become another user, who may not write into this folder.
            f"user {'root' if folder.owner() == 'root' else folder.owner()}\n{extra}\n"
        )

    @property
    def url(self) -> str:
        """Where it listens, as an address of the front door."""
        return f"mqtt://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Process number of the running broker."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Return once it accepts connections."""
        assert PROGRAM is not None
        with (self.folder / "mosquitto.log").open("ab") as log:
            self._process = subprocess.Popen([PROGRAM, "-c", str(self._config)], stdout=log, stderr=log)
        deadline = time.monotonic() + START_WITHIN_S
        while not accepts(self.port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError("mosquitto did not start: " + (self.folder / "mosquitto.log").read_text()[-500:])
            time.sleep(0.02)

    def stop(self) -> None:
        """End it in good order; it saves its database."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                self.kill()
            self._process = None

    def kill(self) -> None:
        """End it as a power cut would: no saving."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(STOP_WITHIN_S)
            self._process = None

    def _passwords(self, users: dict[str, str]) -> Path:
        path = self.folder / "passwords"
        path.touch(mode=0o600)
        for name, password in users.items():
            subprocess.run(["mosquitto_passwd", "-b", str(path), name, password], check=True, capture_output=True)
        return path


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def accepts(port: int) -> bool:
    """Whether somebody listens on this port."""
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def running(folder: Path, **options: object) -> Iterator[Mosquitto]:
    """A started broker that is gone afterwards."""
    broker = Mosquitto(folder, **options)  # type: ignore[arg-type]
    broker.start()
    try:
        yield broker
    finally:
        broker.kill()
