"""`alarmcore demo`: the whole service in this process, and beside it a fleet of devices with the lives of some forty residents.

The fleet is a child process that knows only the front door: it signs in by MQTT as each device and waits for confirmations, as
devices do. So what the demo shows is what a municipality gets.
"""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import click
import structlog
import uvloop

from alarmcore.adapters.clock import SystemClock
from alarmcore.model.site import Site
from alarmcore.sitefile import read_site, require
from dashboard.options import Address, ServeOptions
from dashboard.serve import Installation
from dashboard.sites import put_site
from dashboard.stores import SqliteStores, Stores
from dashboard.stores.opening import Opened, open_file
from dashboard.tokens import issue_token

FLEET = [sys.executable, "-m", "loadtests.fleet"]
STOP_S = 5.0
"""How long the fleet may take to end."""


class Phone(BaseHTTPRequestHandler):
    """Takes what the demo's webhooks send, as a municipality's own system would."""

    def do_POST(self) -> None:
        """Take a message."""
        self.rfile.read(min(int(self.headers.get("content-length", 0)), 1 << 20))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        """Say nothing: a demo's terminal is for the sign-ins."""


def run_demo(http: Address, mqtt: Address, data: Path | None, seed: int) -> None:
    """Run until a signal comes."""
    # A demo's terminal is for its sign-ins; what goes wrong is still said.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory(prefix="alarmcore-demo-") as name:
        folder = data or Path(name)
        phones = ThreadingHTTPServer(("127.0.0.1", 0), Phone)
        threading.Thread(target=phones.serve_forever, daemon=True).start()
        try:
            _run(ServeOptions(sites=(), data=folder, http=http, mqtt=mqtt), seed, phones.server_address[1])
        finally:
            phones.shutdown()


def _run(options: ServeOptions, seed: int, hook_port: int) -> None:
    database = open_file(options.data)
    fleet: list[subprocess.Popen[bytes]] = []
    try:
        site_file, passwords = options.data / "demo-site.json", options.data / "demo-devices.json"
        _write_site(site_file, seed, hook_port)
        stores = SqliteStores(database)
        secret, by_device = asyncio.run(_settle(stores, require(read_site(site_file))))
        passwords.touch(0o600)
        passwords.write_text(json.dumps(by_device))
        installation = Installation(options, Opened(stores, sqlite=database))

        def ready(url: str) -> None:
            port = installation.mqtt_port
            arguments = ["--mqtt", f"127.0.0.1:{port}", "--site", str(site_file), "--credentials", str(passwords)]
            fleet.append(subprocess.Popen([*FLEET, *arguments, "--seed", str(seed)], stderr=subprocess.DEVNULL))
            _announce(url, secret, port)

        uvloop.run(installation.run(ready))
    finally:
        _stop(fleet)
        database.close()


def _write_site(site_file: Path, seed: int, hook_port: int) -> None:
    """Write the demo municipality."""
    subprocess.run([*FLEET, "--write-site", str(site_file), "--seed", str(seed)], check=True, timeout=60)
    # The residents' messages go to this process, on whatever port was free.
    document = json.loads(site_file.read_text("utf-8"))
    for party in (*document["contacts"], *document["units"]):
        for channel in party["channels"]:
            if channel["kind"] == "webhook":
                channel["to"] = f"http://127.0.0.1:{hook_port}/{party['id']}"
    site_file.write_text(json.dumps(document, ensure_ascii=False), "utf-8")


async def _settle(stores: Stores, site: Site) -> tuple[str, dict[str, str]]:
    """Store the demo municipality; an operator's secret and the devices' passwords."""
    now = SystemClock().now()
    tenant = site.tenant.id
    await put_site(stores, site, now)
    secret = await issue_token(stores, "operator", tenant, await _unused_name(stores, tenant), now)
    devices = sorted({device.id for resident in site.residents for device in resident.devices})
    return secret, {device: await issue_token(stores, "device", tenant, device, now) for device in devices}


async def _unused_name(stores: Stores, tenant: str) -> str:
    taken = set(await stores.subjects(tenant, "operator"))
    names = ("operator", *(f"operator-{n}" for n in range(2, len(taken) + 3)))
    return next(name for name in names if f"operator:{name}" not in taken)


def _announce(url: str, secret: str, mqtt_port: int) -> None:
    say: Callable[[str], None] = click.echo
    say(f"ready {url}")
    say(f"  operator's sign-in:  {secret}")
    say(f"  devices by MQTT:     127.0.0.1:{mqtt_port}, forty residents; something happens within half a minute")
    say("  end with Ctrl-C")


def _stop(fleet: list[subprocess.Popen[bytes]]) -> None:
    for process in fleet:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
