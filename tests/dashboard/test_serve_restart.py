"""What a service that was killed takes up again: messages not handed over, timers, chains; and screens that come back."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect

from tests.servers.mosquitto import free_port
from tests.servers.receivers import receiving
from tests.servers.serving import Serving, alarmcore, serving, until
from tests.servers.town import town


@pytest.fixture
def hook_port() -> int:
    return free_port()


@pytest.fixture
def service(tmp_path: Path, hook_port: int) -> Iterator[Serving]:
    """A service whose webhook receiver is not there yet, and whose chain is impatient."""
    site = town(hook=f"http://127.0.0.1:{hook_port}/hook")
    chain = next(chain for chain in site["chains"] if chain["id"] == "centre")
    chain["links"][0]["wait_s"], chain["follow_up_s"] = 10, 10
    with serving(tmp_path, site) as running:
        yield running


def pressed(service: Serving) -> dict[str, Any]:
    with service.client(service.token("device", "grastorp", "pendant-1")) as device:
        assert device.post("/api/v1/readings", json={"kind": "button", "id": "one", "at": time.time()}).status_code == 200
    return alarm_of(service)


def alarm_of(service: Serving) -> dict[str, Any]:
    with service.client(service.token("operator", "grastorp", f"o{time.time_ns()}")) as client:
        (alarm,) = client.get("/api/v1/alarms").json()["items"]
        return dict(client.get(f"/api/v1/alarms/{alarm['id']}").json())


def test_a_message_that_could_not_be_handed_over_arrives_after_a_crash(service: Serving, hook_port: int) -> None:
    alarm = pressed(service)
    service.kill()
    with receiving(hook_port) as hooks:
        service.start()
        hook = until(lambda: hooks.hooks and hooks.hooks[0], "the webhook")
        assert hook.data["alarm"] == alarm["id"]
        until(lambda: [e for e in alarm_of(service)["timeline"] if e["event"] == "alarm.told"], "the hand-over is kept")
    after = alarm_of(service)
    assert (after["id"], after["state"], after["repeats"]) == (alarm["id"], "open", 0)


def test_a_turn_that_came_while_the_service_was_dead_is_taken_at_its_start(service: Serving, hook_port: int) -> None:
    with receiving(hook_port) as hooks:
        alarm = pressed(service)
        until(lambda: hooks.hooks, "the first webhook")
        until(lambda: alarm_of(service)["told"], "its hand-over is kept")
        due = alarm_of(service)["next_step_at"]
        service.kill()
        time.sleep(10.5)  # the chain's turn passes meanwhile, in real time
        service.start()
        until(lambda: len(hooks.hooks) >= 2, "the second webhook")
        second = hooks.hooks[1]
        assert second.data["alarm"] == alarm["id"]
        assert second.data["told_before"] == 1
        assert second.headers["webhook-id"] != hooks.hooks[0].headers["webhook-id"]
        assert alarm_of(service)["next_step_at"] > due


def test_a_press_that_was_confirmed_before_a_crash_is_no_second_press_after_it(service: Serving) -> None:
    secret = service.token("device", "grastorp", "pendant-1")
    reading = {"kind": "button", "id": "one", "at": time.time()}
    for _ in range(3):
        with service.client(secret) as device:
            assert device.post("/api/v1/readings", json=reading).json()["readings"] == [{"id": "one", "status": "kept"}]
        service.kill()
        service.start()
    assert alarm_of(service)["repeats"] == 0


def test_a_screen_that_was_cut_off_by_a_crash_comes_back_to_the_same_picture(service: Serving) -> None:
    alarm = pressed(service)
    secret = service.token("operator", "grastorp", "anna")
    headers = {"authorization": f"Bearer {secret}"}

    def first(query: str) -> dict[str, Any]:
        url = service.url.replace("http", "ws", 1) + f"/api/v1/live{query}"
        with connect(url, additional_headers=headers, proxy=None) as socket:
            return dict(json.loads(socket.recv(timeout=10)))

    before = first("")
    service.kill()
    service.start()
    after = first("")
    assert [a["id"] for a in after["alarms"]] == [a["id"] for a in before["alarms"]] == [alarm["id"]]
    assert after["seq"] >= before["seq"]
    # What happened before the crash cannot be sent one by one any more.
    assert first("?since=0")["type"] == "snapshot"


def test_a_stop_in_good_order_ends_with_zero_and_a_second_start_goes_on(service: Serving) -> None:
    alarm = pressed(service)
    assert service.stop() == 0
    assert "Traceback" not in service.log
    service.start()
    assert alarm_of(service)["id"] == alarm["id"]


def test_a_second_service_on_the_same_data_is_refused_while_the_first_runs(service: Serving) -> None:
    again = alarmcore(*service.line[1:])
    assert again.returncode == 2
    assert "another service" in again.stderr
    assert alarmcore("token", "operator", "--tenant", "grastorp", "--data", service.data).returncode == 0


def test_an_alarm_that_was_taken_and_not_resolved_is_opened_again_also_across_a_crash(service: Serving, hook_port: int) -> None:
    with receiving(hook_port) as hooks:
        alarm = pressed(service)
        until(lambda: hooks.hooks, "the first webhook")
        with service.client(service.token("operator", "grastorp", "anna")) as client:
            taken = client.post(f"/api/v1/alarms/{alarm['id']}/take").json()
        assert taken["follow_up_at"] is not None
        service.kill()
        service.start()
        until(lambda: alarm_of(service)["state"] == "open", "the follow-up")
        after = alarm_of(service)
        assert after["taken_by"] is None
        # That it was still taken when the service came back, which may last longer than the follow-up.
        story = [event for event in after["timeline"] if event["event"] in {"alarm.taken", "alarm.reopened"}]
        assert [(event["event"], event.get("to")) for event in story][:1] == [("alarm.taken", "operator:anna")]
        (reopened,) = story[1:]
        assert reopened["why"] == "follow_up_lapsed"
        assert reopened["at"] >= taken["follow_up_at"]
        until(lambda: len(hooks.hooks) >= 2, "the chain goes on")
