"""The console as a channel: a page tells somebody only when it has shown the alarm."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect

from tests.servers.receivers import HookReceiver, receiving
from tests.servers.serving import Serving, serving, until
from tests.servers.town import town

PATIENT = """
import sys
from dispatch import telling
telling.CONSOLE_S = 600.0
from dashboard.cli import main
sys.argv = sys.argv[sys.argv.index("serve") - 1 :]
main()
"""
"""Runs our command with a console that waits for a page longer than any test machine needs to ask it something."""


@contextmanager
def a_centre(folder: Path, *prefix: str) -> Iterator[tuple[Serving, HookReceiver]]:
    """A service whose alarm centre has the console first and a webhook behind it."""
    with receiving() as hooks:
        site = town(hook=hooks.url, residents=4)
        site["units"][0]["channels"].insert(0, {"kind": "console"})
        service = Serving(folder, site)
        service.prefix = [*prefix]
        try:
            yield service.start(), hooks
        finally:
            service.kill()


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[tuple[Serving, HookReceiver]]:
    with a_centre(tmp_path) as made:
        yield made


@pytest.fixture
def patient_centre(tmp_path: Path) -> Iterator[tuple[Serving, HookReceiver]]:
    with a_centre(tmp_path, sys.executable, "-c", PATIENT) as made:
        yield made


def told(service: Serving, secret: str, alarm: str) -> list[tuple[str, str]]:
    with service.client(secret) as client:
        timeline = client.get(f"/api/v1/alarms/{alarm}").json()["timeline"]
    return [(event["to"], event["channel"]) for event in timeline if event["event"] == "alarm.told"]


def pressed(service: Serving, number: int, secret: str) -> str:
    with service.client(service.token("device", "grastorp", f"pendant-{number}")) as device:
        assert device.post("/api/v1/readings", json={"kind": "button", "id": "one"}).status_code == 200
    with service.client(secret) as client:
        return str(next(a["id"] for a in client.get("/api/v1/alarms").json()["items"] if a["resident"] == f"r{number}"))


def test_an_alarm_that_a_page_has_shown_is_told_by_console_and_not_by_webhook(
    patient_centre: tuple[Serving, HookReceiver],
) -> None:
    service, hooks = patient_centre
    secret = service.token("operator", "grastorp", "anna")
    url = service.url.replace("http", "ws", 1) + "/api/v1/live"
    with connect(url, additional_headers={"authorization": f"Bearer {secret}"}, proxy=None) as socket:
        alarm = pressed(service, 1, secret)
        # A page that is open, and that has been sent the alarm, has not shown it yet.
        while alarm not in str(socket.recv(timeout=60)):
            pass
        assert told(service, secret, alarm) == []
        socket.send(json.dumps({"type": "shown", "alarms": [alarm]}))
        until(lambda: told(service, secret, alarm), "hand-over by console")
    assert told(service, secret, alarm) == [("unit:centre", "console")]
    assert all(hook.data["alarm"] != alarm for hook in hooks.hooks)


def test_an_alarm_that_no_page_shows_is_told_by_the_next_channel(centre: tuple[Serving, HookReceiver]) -> None:
    service, _ = centre
    secret = service.token("operator", "grastorp", "bo")
    began = time.monotonic()
    alarm = pressed(service, 2, secret)
    until(lambda: told(service, secret, alarm), "hand-over by webhook")
    assert told(service, secret, alarm) == [("unit:centre", "webhook")]
    assert time.monotonic() - began < 15


def test_a_page_of_another_tenant_or_a_device_cannot_say_that_it_has_shown(tmp_path: Path) -> None:
    with receiving() as hooks:
        sites: list[dict[str, Any]] = [town(tenant, hook=hooks.url) for tenant in ("grastorp", "tanum")]
        for site in sites:
            site["units"][0]["channels"].insert(0, {"kind": "console"})
        with serving(tmp_path, *sites) as service:
            mine = service.token("operator", "grastorp", "anna")
            other = service.token("operator", "tanum", "cilla")
            alarm = pressed(service, 1, mine)
            url = service.url.replace("http", "ws", 1) + "/api/v1/live"
            with connect(url, additional_headers={"authorization": f"Bearer {other}"}, proxy=None) as socket:
                socket.send(json.dumps({"type": "shown", "alarms": [alarm]}))
                until(lambda: told(service, mine, alarm), "hand-over")
            assert told(service, mine, alarm) == [("unit:centre", "webhook")]
