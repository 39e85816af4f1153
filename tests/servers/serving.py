"""A private `alarmcore serve` for tests: own folder, free ports, stopped or killed and started again at will."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from dashboard.credentials import Role, digest
from dashboard.stores.opening import open_stores
from dashboard.tokens import issue_token
from tests.servers.postgres import in_thread

START_WITHIN_S = 60.0
STOP_WITHIN_S = 60.0
COMMAND_WITHIN_S = 60.0
READY = re.compile(r"ready (\S+)")


def program() -> list[str]:
    """How to run `alarmcore`: as installed beside this Python, else from the source."""
    beside = Path(sys.executable).with_name("alarmcore")
    return [str(beside)] if beside.exists() else [sys.executable, "-m", "dashboard.cli"]


def alarmcore(*arguments: str | Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    line = [*program(), *(str(a) for a in arguments)]
    return subprocess.run(line, capture_output=True, text=True, timeout=COMMAND_WITHIN_S, env=env, check=False)


def issued(data: Path, *wanted: tuple[Role, str, str], database: str | None = None) -> list[str]:
    """New secrets for some (role, tenant, name), for callers with or without an event loop."""

    async def work() -> list[str]:
        async with open_stores(data, database) as opened:
            return [await issue_token(opened.stores, *one, datetime.now(UTC)) for one in wanted]

    made: list[str] = in_thread(work())
    return made


class Serving:
    """One installation. `sites` are documents; they are written beside the data, unless that is to be elsewhere.

    `shared` is the URL of a database in which it keeps everything instead of in its folder. `env` is added to the environment of
    every start; `prefix` is a command that runs ours.
    """

    def __init__(
        self,
        folder: Path,
        *sites: dict[str, Any],
        arguments: Sequence[str] = (),
        opened: bool = False,
        data: Path | None = None,
        env: dict[str, str] | None = None,
        shared: str | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.data = data or folder / "data"
        self.shared = shared
        self.env = env or {}
        self.prefix: list[str] = []
        self.log_path = self.folder / "log"
        self.arguments = [*arguments, *(["--open"] if opened else [])]
        self.sites: list[Path] = []
        for site in sites:
            path = folder / f"{site['tenant']['id']}.json"
            path.write_text(json.dumps(site), "utf-8")
            self.sites.append(path)
        self.process: subprocess.Popen[str] | None = None
        self.url = ""

    @property
    def where(self) -> list[str]:
        """Where it keeps everything, as commands are told."""
        return ["--database", self.shared] if self.shared else ["--data", str(self.data)]

    @property
    def line(self) -> list[str]:
        """The command."""
        given = [part for site in self.sites for part in ("--site", str(site))]
        listening = ["--http", "127.0.0.1:0"]
        if "--mqtt-broker" not in self.arguments:
            listening += ["--mqtt", "127.0.0.1:0"]
        return [*self.prefix, *program(), "serve", *given, *self.where, *listening, *self.arguments]

    @property
    def pid(self) -> int:
        """Process number of the newest process."""
        assert self.process is not None
        return self.process.pid

    @property
    def alive(self) -> bool:
        """Whether the newest process has not ended."""
        return self.process is not None and self.process.poll() is None

    @property
    def log(self) -> str:
        """Everything said on stderr so far, by all its processes."""
        return self.log_path.read_text("utf-8", errors="replace")

    @property
    def database(self) -> Path:
        """Its file."""
        return self.data / "alarmcore.db"

    @property
    def mqtt_port(self) -> int:
        """Where the newest process listens for devices."""
        return int(re.findall(r'"port": (\d+), "event": "mqtt_listening"', self.log)[-1])

    def start(self) -> Serving:
        """Return when it says that it can take alarms."""
        with self.log_path.open("a") as log:
            self.process = subprocess.Popen(self.line, stdout=subprocess.PIPE, stderr=log, text=True, env=os.environ | self.env)
        assert self.process.stdout is not None
        readable, _, _ = select.select([self.process.stdout], [], [], START_WITHIN_S)
        said = READY.match(self.process.stdout.readline()) if readable else None
        if said is None:
            self.kill()
            raise RuntimeError(f"alarmcore serve said no ready line: {self.log[-1500:]}")
        self.url = said[1].rstrip("/")
        return self

    def stop(self) -> int:
        """End it in good order; its exit code."""
        assert self.process is not None
        self.process.terminate()
        try:
            return self.process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self) -> None:
        """End it as a power cut would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(STOP_WITHIN_S)
            assert self.process.stdout is not None
            self.process.stdout.close()

    def token(self, role: Role, tenant: str, name: str) -> str:
        """A new secret, made beside the running service as the command makes it (which takes a second to start)."""
        return issued(self.data, (role, tenant, name), database=self.shared)[0]

    def revoke(self, secret: str) -> None:
        """Let a secret open nothing any more."""

        async def work() -> bool:
            async with open_stores(self.data, self.shared) as opened:
                return await opened.stores.revoke(digest(secret), datetime.now(UTC))

        assert in_thread(work()), "a secret that is not kept cannot be revoked"

    def client(self, secret: str | None = None, **options: Any) -> httpx.Client:
        """HTTP with a bearer token."""
        headers = {"authorization": f"Bearer {secret}"} if secret else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=20, trust_env=False, **options)

    def look(self, path: str) -> tuple[int, dict[str, str]]:
        """Status and headers of a page: cheap enough to ask again and again."""
        asking = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=20)
        try:
            asking.request("GET", path)
            answer = asking.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}
        finally:
            asking.close()

    def ready(self) -> bool:
        """Whether it says that it can take alarms. It must answer."""
        return self.look("/health/ready")[0] == 200


@contextlib.contextmanager
def serving(folder: Path, *sites: dict[str, Any], **options: Any) -> Iterator[Serving]:
    """A started service that is gone afterwards."""
    service = Serving(folder, *sites, **options)
    try:
        yield service.start()
    finally:
        service.kill()


def until(look: Any, what: str, within_s: float = 60.0) -> Any:
    """What `look` gives once it gives something true."""
    deadline = time.monotonic() + within_s
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < deadline, f"not within {within_s} s: {what}"
        time.sleep(0.02)
