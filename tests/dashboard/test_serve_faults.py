"""A running service whose store fails: nothing is said to be kept, readiness says so, and it mends itself."""

from __future__ import annotations

import resource
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.servers.device import device
from tests.servers.receivers import receiving
from tests.servers.serving import Serving, serving, until
from tests.servers.town import PRIVATE, town

HANGING = 20
"""Alarms told to a receiver that hangs: more than there are places at one host."""

TELLING = {"alarm.told", "alarm.telling_failed"}


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Serving]:
    with receiving() as hooks, serving(tmp_path, town(hook=hooks.url)) as running:
        yield running


def ready(service: Serving) -> int:
    with service.client() as client:
        return client.get("/health/ready").status_code


def test_nothing_is_kept_while_the_store_is_locked_and_all_is_well_afterwards(service: Serving) -> None:
    secret = service.token("device", "grastorp", "pendant-1")
    operator = service.token("operator", "grastorp", "anna")
    holder = sqlite3.connect(service.database, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    answers: list[httpx.Response] = []
    press = {"kind": "button", "id": "one", "at": time.time()}

    def pressing() -> None:
        with service.client(secret) as client:
            answers.append(client.post("/api/v1/readings", json=press))

    sending = threading.Thread(target=pressing)
    sending.start()
    sending.join(60)
    assert [answer.status_code for answer in answers] == [503]
    assert int(answers[0].headers["retry-after"]) >= 1
    assert answers[0].headers["content-type"] == "application/problem+json"
    assert ready(service) == 503
    with service.client(operator) as client:
        assert client.get("/api/v1/alarms").json()["items"] == []
        assert client.get("/health/live").status_code == 200
    holder.execute("ROLLBACK")
    holder.close()
    until(lambda: ready(service) == 200, "ready again by itself")
    pressing()
    assert answers[1].json()["readings"] == [{"id": "one", "status": "kept"}]
    with service.client(operator) as client:
        (alarm,) = client.get("/api/v1/alarms").json()["items"]
    assert alarm["repeats"] == 0
    assert "commit_failed" in service.log
    assert not [word for word in PRIVATE if word in service.log]


@pytest.mark.parametrize("version", [4, 5])
def test_a_device_is_not_confirmed_while_the_store_is_locked_and_its_repeat_is(service: Serving, version: int) -> None:
    secret = service.token("device", "grastorp", "pendant-1")
    holder = sqlite3.connect(service.database, isolation_level=None)
    with device(service.mqtt_port, "grastorp", "pendant-1", secret, version) as one:
        one.listen()
        holder.execute("BEGIN IMMEDIATE")
        one.send("button", id="one", at=time.time())
        until(lambda: "commit_failed" in service.log, "the failing commit")
        assert one.heard == []
        holder.execute("ROLLBACK")
        holder.close()
        if version == 5:  # told that it was not kept, the device repeats; an older one is hung up on, and does it by itself
            one.send("button", id="one", at=time.time())
        until(lambda: one.heard, "the confirmation")
        assert one.heard[0] == {"id": "one", "status": "kept"}


class Cramped(Serving):
    """A service whose files may not grow beyond `BYTES`, as on a disk that is full."""

    BYTES = 1_500_000

    def start(self) -> Serving:
        super().start()
        assert self.process is not None
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (self.BYTES, resource.RLIM_INFINITY))
        return self

    def relieve(self) -> None:
        """Make room."""
        assert self.process is not None
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def test_a_full_disk_is_answered_503_and_what_was_kept_before_is_still_there(tmp_path: Path) -> None:
    service = Cramped(tmp_path, town(residents=4))
    kept: set[str] = set()
    try:
        service.start()
        secret = service.token("device", "grastorp", "gps-1")
        operator = service.token("operator", "grastorp", "anna")
        with service.client(secret) as client:
            refused: httpx.Response | None = None
            for part in range(200):
                readings: list[dict[str, Any]] = [
                    {"kind": "status", "id": f"{part}-{n}", "firmware": "x" * 200, "extra": "y" * 500} for n in range(200)
                ]
                answer = client.post("/api/v1/readings", json=[*readings, {"kind": "button", "id": f"press-{part}"}])
                if answer.status_code != 200:
                    refused = answer
                    break
                kept |= {r["id"] for r in answer.json()["readings"] if r["status"] == "kept"}
            assert refused is not None, "the disk was never full"
            assert refused.status_code == 503
            assert kept
            until(lambda: ready(service) == 503, "not ready")
            with service.client(operator) as looking:
                assert looking.get("/api/v1/alarms").status_code == 200
            service.relieve()
            until(lambda: ready(service) == 200, "ready again")
            again = client.post("/api/v1/readings", json=[{"kind": "status", "id": "after"}])
            assert again.json()["readings"] == [{"id": "after", "status": "kept"}]
        assert service.stop() == 0
    finally:
        service.kill()
    count = sqlite3.connect(service.database).execute("SELECT count(*) FROM identity").fetchone()[0]
    assert count >= len(kept)


def said(operator: httpx.Client, path: str) -> list[dict[str, Any]]:
    """What an alarm's timeline says of tries to tell somebody."""
    return [event for event in operator.get(path).json()["timeline"] if event["event"] in TELLING]


def test_a_webhook_that_hangs_holds_up_no_other_alarm(tmp_path: Path) -> None:
    """One municipality's receiver takes connections and never answers; the other's alarm is told as ever, by its first try."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as deaf, receiving() as hooks:
        deaf_url = f"http://127.0.0.1:{deaf.getsockname()[1]}/hook"
        # By name another host: tries at one host share its places, so that it would have to wait for them.
        well_url = hooks.url.replace("127.0.0.1", "localhost")
        sites = [town("grastorp", hook=deaf_url, residents=HANGING), town("tanum", hook=well_url)]
        with serving(tmp_path, *sites, opened=True) as service:
            # All in one turn, so that every try has just begun when the last of them does.
            presses = [{"tenant": "grastorp", "device": f"pendant-{n}"} for n in range(1, HANGING + 1)]
            presses.append({"tenant": "tanum", "device": "pendant-1"})
            with service.client() as client:
                answer = client.post("/api/v1/readings", json=[press | {"kind": "button", "id": "x"} for press in presses])
            assert {reading["status"] for reading in answer.json()["readings"]} == {"kept"}
            hook = until(lambda: hooks.hooks and hooks.hooks[0], "the other's webhook")
            with service.client(service.token("operator", "tanum", "anna")) as operator:
                path = f"/api/v1/alarms/{hook.data['alarm']}"
                events = [event["event"] for event in until(lambda: said(operator, path), "what is known of it")]
            assert events == ["alarm.told"], "a try had to wait until it was given up"
