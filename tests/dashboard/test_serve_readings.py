"""Readings over HTTP and MQTT, our dialect and OwnTracks', and what cannot be used: answered, counted, in quarantine."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest

from tests.servers.scene import Scene
from tests.servers.serving import until
from tests.servers.town import PRIVATE


def test_one_reading_and_a_list_are_answered_each(town_scene: Scene) -> None:
    number = town_scene.number()
    with town_scene.device_client(f"pendant-{number}") as device:
        one = device.post("/api/v1/readings", json={"kind": "heartbeat", "id": "a"})
        assert one.json() == {"readings": [{"id": "a", "status": "kept"}]}
        many = [{"kind": "heartbeat", "id": "b"}, {"kind": "dance", "id": "c"}, {"kind": "button", "id": "d", "lat": "x"}, 7]
        answer = device.post("/api/v1/readings", json=many)
    assert answer.status_code == 200
    assert answer.json()["readings"] == [
        {"id": "b", "status": "kept"},
        {"id": "c", "status": "rejected", "reason": "unknown_kind"},
        {"id": "d", "status": "kept"},
        {"id": None, "status": "rejected", "reason": "unknown_kind"},
    ]
    assert "set_aside:lat" in town_scene.alarm_of(f"r{number}")["why"]


@pytest.mark.parametrize("body", [b"", b"{", b"nonsense", b'"text"', b"7", b"null", b"\xff\xfe", b"[" * 5000])
def test_a_body_that_cannot_be_read_is_400(town_scene: Scene, body: bytes) -> None:
    with town_scene.device_client("pendant-1") as device:
        answer = device.post("/api/v1/readings", content=body)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["title"] == "not_json"


def test_an_empty_list_is_answered_with_one(town_scene: Scene) -> None:
    with town_scene.device_client("pendant-1") as device:
        assert device.post("/api/v1/readings", json=[]).json() == {"readings": []}


def test_a_body_that_is_too_large_is_413_and_the_next_is_taken(town_scene: Scene) -> None:
    with town_scene.device_client("pendant-1") as device:
        answer = device.post("/api/v1/readings", content=b"[" + b"1," * 5_000_000 + b"1]")
        assert answer.status_code == 413
        assert device.post("/api/v1/readings", json=[{"kind": "heartbeat"}] * 10_001).status_code == 413
        assert device.post("/api/v1/readings", json={"kind": "heartbeat"}).status_code == 200


def test_a_reading_that_is_too_large_is_rejected_and_a_press_is_not(town_scene: Scene) -> None:
    number = town_scene.number()
    with town_scene.device_client(f"pendant-{number}") as device:
        big = {"kind": "heartbeat", "id": "big", "extra": "x" * 70_000}
        assert device.post("/api/v1/readings", json=big).json()["readings"][0]["reason"] == "too_large"
        assert device.post("/api/v1/readings", json=big | {"kind": "button"}).json()["readings"][0]["status"] == "kept"
    assert town_scene.alarm_of(f"r{number}")["state"] == "open"


def test_an_id_with_other_content_is_rejected_and_counts_for_a_press(town_scene: Scene) -> None:
    number = town_scene.number()
    with town_scene.device_client(f"pendant-{number}") as device:

        def sent(**reading: Any) -> dict[str, Any]:
            return dict(device.post("/api/v1/readings", json=reading).json()["readings"][0])

        assert sent(kind="status", id="x", battery_pct=50)["status"] == "kept"
        assert sent(kind="status", id="x", battery_pct=50)["status"] == "kept"
        assert sent(kind="status", id="x", battery_pct=40) == {"id": "x", "status": "rejected", "reason": "id_reused"}
        for at in (1_790_000_000, 1_790_000_001):
            assert sent(kind="button", id="p", at=at)["status"] == "kept"
    assert town_scene.alarm_of(f"r{number}")["repeats"] == 1


@pytest.mark.parametrize("at", [1_500_000_000, 0, "1970-01-01T00:00:00Z", 99_999_999_999, "yesterday", None, True, {"a": 1}])
def test_a_press_with_a_wrong_clock_is_an_alarm(town_scene: Scene, at: Any) -> None:
    number = town_scene.number()
    alarm = town_scene.press(number, at=at)
    assert alarm["state"] == "open"
    if at == 1_500_000_000:
        assert alarm["late_s"] > 60


def test_a_device_that_nobody_carries_raises_at_the_centre_when_pressed(town_scene: Scene) -> None:
    with town_scene.device_client("found-in-a-drawer") as device:
        beat = device.post("/api/v1/readings", json={"kind": "heartbeat", "id": "h"}).json()["readings"][0]
        assert beat == {"id": "h", "status": "rejected", "reason": "unknown_device"}
        assert device.post("/api/v1/readings", json={"kind": "button", "id": "p"}).json()["readings"][0]["status"] == "kept"
    items = town_scene.home.get("/api/v1/alarms").json()["items"]
    alarm = next(a for a in items if a["device"] == "found-in-a-drawer")
    assert (alarm["rule"], alarm["resident"], alarm["priority"]) == ("unknown_device", None, "critical")
    assert town_scene.hook_of(alarm["id"]).data["recipient"] == "unit:centre"


def outside(scene: Scene, number: int) -> None:
    """Wait for the alarm that somebody has left the zone."""
    until(
        lambda: [
            a for a in scene.home.get("/api/v1/alarms").json()["items"] if a["resident"] == f"r{number}" and a["rule"] == "wander"
        ],
        "alarm wander",
    )


def test_owntracks_over_http_moves_the_person(town_scene: Scene) -> None:
    number = town_scene.number()
    with town_scene.device_client(f"gps-{number}") as device:
        for minute in range(5):
            fix = {"_type": "location", "tst": int(time.time()) - 300 + 60 * minute, "lat": 58.40, "lon": 12.68, "acc": 10}
            answer = device.post("/api/v1/owntracks", json=fix)
            assert answer.status_code == 200
            assert answer.json() == []
    outside(town_scene, number)
    position = next(a for a in town_scene.home.get("/api/v1/alarms").json()["items"] if a["resident"] == f"r{number}")["position"]
    assert (position["lat"], position["lon"], position["accuracy_m"]) == (58.40, 12.68, 10)


def test_owntracks_over_http_signs_in_as_the_app_does(town_scene: Scene) -> None:
    secret = town_scene.password("grastorp", "gps-1")
    with town_scene.service.client() as client:
        beat = {"_type": "status"}
        assert client.post("/api/v1/owntracks", json=beat, auth=("grastorp/gps-1", secret)).status_code == 200
        assert client.post("/api/v1/owntracks", json=beat, auth=("grastorp/gps-2", secret)).status_code == 401
        assert client.post("/api/v1/owntracks", json=beat).status_code == 401
        assert client.post("/api/v1/owntracks", content=b"{", auth=("grastorp/gps-1", secret)).status_code == 400


def test_owntracks_over_mqtt_moves_the_person(town_scene: Scene) -> None:
    number = town_scene.number()
    with town_scene.device(f"gps-{number}") as device:
        for minute in range(5):
            fix = {"_type": "location", "tst": int(time.time()) - 300 + 60 * minute, "lat": 58.40, "lon": 12.68, "acc": 10}
            device.say(f"owntracks/grastorp/gps-{number}", json.dumps(fix).encode()).wait_for_publish(10)
    outside(town_scene, number)


GARBAGE = [b"", b"\x00", b"{", b"[]", b"null", b"\xff\xff", b'{"id": 7}', b'{"lat": "x", "lon": []}', b"{" * 3000, b"x" * 70_000]


@pytest.mark.parametrize("version", [4, 5])
def test_garbage_over_mqtt_is_acknowledged_and_what_follows_is_not_delayed(town_scene: Scene, version: int) -> None:
    number = town_scene.number()
    with town_scene.device(f"pendant-{number}", version=version) as device:
        topic = f"alarmcore/v1/grastorp/pendant-{number}"
        for place, payload in enumerate(GARBAGE):
            device.say(f"{topic}/{('position', 'bed', 'nonsense')[place % 3]}", payload)
        device.say("alarmcore/v1/odd", b"{}")
        device.say("elsewhere", b"{}")
        device.send("button", id="one")
        assert device.confirmed("one")["status"] == "kept"
        assert not device.gone.is_set()


def test_a_press_of_garbage_is_an_alarm(town_scene: Scene) -> None:
    number = town_scene.number()
    with town_scene.device(f"pendant-{number}") as device:
        device.say(f"alarmcore/v1/grastorp/pendant-{number}/button", b"\xff{ nonsense").wait_for_publish(10)
    assert town_scene.alarm_of(f"r{number}")["priority"] == "critical"


def test_what_could_not_be_used_is_in_quarantine_for_its_own_tenant(town_scene: Scene) -> None:
    number = town_scene.number()
    with town_scene.device_client(f"gps-{number}") as device:
        wrong = {"kind": "position", "id": "q", "lat": "Hemlig", "lon": 12.0}
        assert device.post("/api/v1/readings", json=wrong).json()["readings"][0]["reason"] == "bad_field"
    items = town_scene.home.get("/api/v1/quarantine").json()["items"]
    found = next(item for item in items if item["device"] == f"gps-{number}")
    assert (found["tenant"], found["kind"], found["reason"], found["field"]) == ("grastorp", "position", "bad_field", "lat")
    assert json.loads(found["payload"]) == wrong
    assert all(item["tenant"] == "tanum" for item in town_scene.away.get("/api/v1/quarantine?limit=1000").json()["items"])


def test_what_a_device_says_in_anothers_name_is_quarantined_with_its_own_tenant(town_scene: Scene) -> None:
    number = town_scene.number()
    with town_scene.device_client(f"gps-{number}") as device:
        foreign = {"kind": "button", "id": "f", "tenant": "tanum", "device": f"pendant-{number}"}
        assert device.post("/api/v1/readings", json=foreign).json()["readings"][0]["reason"] == "not_yours"
    assert all(a["resident"] != f"r{number}" for a in town_scene.away.get("/api/v1/alarms").json()["items"])
    mine = town_scene.home.get("/api/v1/quarantine").json()["items"]
    assert next(item for item in mine if item["device"] == f"gps-{number}")["reason"] == "not_yours"
    assert all(item["tenant"] == "tanum" for item in town_scene.away.get("/api/v1/quarantine").json()["items"])


def test_quarantine_is_bounded(town_scene: Scene) -> None:
    with town_scene.device_client("gps-1") as device:
        for part in range(4):
            wrong = [{"kind": "nonsense", "id": f"{part}-{n}"} for n in range(300)]
            assert device.post("/api/v1/readings", json=wrong).status_code == 200
    items = town_scene.home.get("/api/v1/quarantine?limit=1000").json()["items"]
    assert 300 <= len(items) <= 500
    assert json.loads(items[0]["payload"])["id"] == "3-299"


def test_readings_are_counted_by_kind_and_outcome(town_scene: Scene) -> None:
    def count(kind: str, outcome: str) -> float:
        label = rf'alarmcore_readings_total\{{kind="{kind}",outcome="{outcome}"\}} (\S+)'
        found = re.search(label, town_scene.metrics())
        return float(found[1]) if found else 0.0

    before = count("heartbeat", "kept"), count("unknown", "unknown_kind")
    with town_scene.device_client("gps-1") as device:
        device.post("/api/v1/readings", json=[{"kind": "heartbeat"}, {"kind": "Karin"}, {"kind": "Svensson"}])
    assert count("heartbeat", "kept") == before[0] + 1
    assert count("unknown", "unknown_kind") == before[1] + 2


METRICS = (
    "alarmcore_readings_total",
    "alarmcore_reading_to_commit_seconds",
    "alarmcore_reading_to_screen_seconds",
    "alarmcore_alarms_open",
    "alarmcore_alarm_to_told_seconds",
    "alarmcore_alarm_to_taken_seconds",
    "alarmcore_told_total",
    "alarmcore_alarms_without_next_step",
    "alarmcore_lane_backlog",
    "alarmcore_timer_lateness_seconds",
)


def test_the_promised_metrics_are_there_and_name_nobody(town_scene: Scene) -> None:
    alarm = town_scene.press()
    town_scene.home.post(f"/api/v1/alarms/{alarm['id']}/take")
    town_scene.hook_of(alarm["id"])
    text = until(
        lambda: (found := town_scene.metrics()) and 'alarmcore_told_total{channel="webhook"' in found and found, "metrics"
    )
    for name in METRICS:
        # A counter's family is written without its ending.
        assert re.search(rf"^# TYPE ({name}|{name.removesuffix('_total')}) ", text, re.MULTILINE), name
    assert 'alarmcore_alarm_to_taken_seconds_count{tenant="grastorp"}' in text
    assert not re.search(r"pendant-|gps-|\br\d+\b|operator:|contact:", text)
    assert not any(word in text for word in PRIVATE)


def test_zz_the_log_names_nobody(town_scene: Scene) -> None:
    """Last in this module: everything above has been said to this service."""
    log = town_scene.service.log
    assert "mqtt_listening" in log
    assert [word for word in (*PRIVATE, "58.4,", "nonsense", "yesterday") if word in log] == []
    assert "Traceback" not in log
