"""The service behind a real broker: presses and telemetry through Mosquitto, and a broker that goes away and comes back."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.servers.device import device
from tests.servers.mosquitto import DURABLE, PROGRAM, Mosquitto, running
from tests.servers.receivers import HookReceiver, receiving
from tests.servers.serving import Serving, alarmcore, serving, until
from tests.servers.town import town


@pytest.fixture
def broker(need: Callable[[object, str], None], tmp_path: Path) -> Iterator[Mosquitto]:
    need(PROGRAM, "mosquitto")
    with running(tmp_path / "broker", extra=DURABLE) as one:
        yield one


@pytest.fixture
def hooks() -> Iterator[HookReceiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def service(broker: Mosquitto, hooks: HookReceiver, tmp_path: Path) -> Iterator[Serving]:
    with serving(tmp_path / "service", town(hook=hooks.url), arguments=["--mqtt-broker", broker.url]) as one:
        yield one


def residents(service: Serving) -> list[str]:
    with service.client(service.token("operator", "grastorp", f"o{time.time_ns()}")) as client:
        return [alarm["resident"] for alarm in client.get("/api/v1/alarms").json()["items"]]


def ready(service: Serving) -> bool:
    with service.client() as client:
        return client.get("/health/ready").status_code == 200


@pytest.mark.parametrize("version", [4, 5])
def test_a_press_through_a_broker_is_confirmed_and_told(
    broker: Mosquitto, service: Serving, hooks: HookReceiver, version: int
) -> None:
    with device(broker.port, "grastorp", "pendant-1", None, version) as one:
        one.listen()
        one.send("heartbeat", id="beat")
        one.send("button", id="press", at=time.time())
        assert one.confirmed("press") == {"id": "press", "status": "kept"}
        assert one.confirmed("beat") == {"id": "beat", "status": "kept"}
        time.sleep(0.2)
        assert len(one.heard) == 2, "both sessions have answered for the same reading"
    assert residents(service) == ["r1"]
    until(lambda: hooks.hooks, "the webhook")


def test_a_press_made_while_the_service_was_dead_waits_at_the_broker(broker: Mosquitto, service: Serving) -> None:
    service.kill()
    with device(broker.port, "grastorp", "pendant-2", None) as one:
        one.listen()
        one.send("button", id="press", at=time.time()).wait_for_publish(10)
        service.start()
        assert one.confirmed("press")["status"] == "kept"
    assert residents(service) == ["r2"]


def test_a_broker_that_dies_shows_in_readiness_and_is_found_again(broker: Mosquitto, service: Serving) -> None:
    assert ready(service)
    broker.kill()
    until(lambda: not ready(service), "not ready")
    broker.start()
    until(lambda: ready(service), "ready again")
    with device(broker.port, "grastorp", "pendant-1", None) as one:
        one.listen()
        one.send("button", id="press", at=time.time())
        assert one.confirmed("press")["status"] == "kept"


def test_a_phone_with_owntracks_is_heard_through_the_broker(broker: Mosquitto, service: Serving) -> None:
    with device(broker.port, "grastorp", "gps-1", None) as one:
        assert one.let_in
        for minute in range(5):
            fix = {"_type": "location", "tst": int(time.time()) - 300 + 60 * minute, "lat": 58.40, "lon": 12.68, "acc": 10}
            one.say("owntracks/grastorp/gps-1", json.dumps(fix).encode()).wait_for_publish(10)
        until(lambda: residents(service) == ["r1"], "the alarm that somebody has left")


def test_a_broker_that_is_not_there_is_said_and_ends_the_start(tmp_path: Path) -> None:
    site = tmp_path / "site.json"
    site.write_text(json.dumps(town()), "utf-8")
    nowhere = "mqtt://127.0.0.1:1"
    done = alarmcore("serve", "--site", site, "--data", tmp_path / "data", "--http", "127.0.0.1:0", "--mqtt-broker", nowhere)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "127.0.0.1:1" in done.stderr
