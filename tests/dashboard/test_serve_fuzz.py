"""Anything at all, said to a running service at every door: never a 5xx, never a stop, and a press is an alarm afterwards."""

from __future__ import annotations

import json
import socket
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.sync.client import connect

from alarmcore.model.reading import BODIES
from tests.servers.scene import Scene
from tests.servers.serving import until

QUICK = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

NAMES = [
    "at", "id", "kind", "tenant", "device", "lat", "lon", "accuracy_m", "speed_mps", "battery_pct", "occupied", "on_floor",
    "room", "open", "door", "quantity", "value", "unit", "taken", "charging", "_type", "tst", "acc", "batt", "vel", "_id", "desc",
]  # fmt: skip
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        [
            "",
            "grastorp",
            "tanum",
            "pendant-1",
            "2026-01-14T12:00:00Z",
            "0001-01-01T00:00:00+23:59",
            "9999-12-31T23:59:59-23:59",
            "\x00",
            "#",
            "+",
            "a/b",
            "\ud83d",
            "x" * 70,
        ],
    )
    | st.sampled_from([0, -1, 1e308, -1e308, 2**63, 2**64, 10**40, 90.0001, 253402300800, -62135596801, 1e11, 0.1])
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3), max_leaves=6
)
READINGS = st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=6), VALUES, max_size=8)
KINDS = st.sampled_from([*BODIES, "owntracks", "tick", "", "Button", "\u00e5"])


@st.composite
def readings(draw: st.DrawFn) -> Any:
    """A reading that is nearly right, so that it comes far."""
    return draw(READINGS) | {"kind": draw(KINDS)} if draw(st.booleans()) else draw(VALUES)


@QUICK
@given(body=st.lists(readings(), max_size=5) | readings())
def test_any_json_sent_as_readings(town_scene: Scene, body: Any) -> None:
    with town_scene.device_client("gps-1") as client:
        answer = client.post("/api/v1/readings", content=json.dumps(body))
    assert answer.status_code in {200, 400}
    if answer.status_code == 200:
        said = answer.json()["readings"]
        assert len(said) == (len(body) if isinstance(body, list) else 1)
        assert {one["status"] for one in said} <= {"kept", "rejected"}
        assert "internal" not in {one.get("reason") for one in said}


@QUICK
@given(body=st.binary(max_size=200), route=st.sampled_from(["readings", "owntracks", "session"]))
def test_any_bytes_sent_to_a_door(town_scene: Scene, body: bytes, route: str) -> None:
    with town_scene.device_client("gps-1") as client:
        assert client.post(f"/api/v1/{route}", content=body).status_code < 500


@QUICK
@given(body=st.lists(readings(), max_size=3) | readings(), kind=st.sampled_from(["location", "transition", "lwt", "card", "x"]))
def test_any_json_sent_as_owntracks(town_scene: Scene, body: Any, kind: str) -> None:
    for one in body if isinstance(body, list) else [body]:
        if isinstance(one, dict):
            one["_type"] = kind
    with town_scene.device_client("gps-1") as client:
        assert client.post("/api/v1/owntracks", content=json.dumps(body)).status_code in {200, 400}


PARTS = st.text(st.characters(codec="utf-8", exclude_characters="/?#\\"), min_size=1, max_size=40) | st.sampled_from(
    ["..", "%00", "%ff", "a" * 5000]
)


@QUICK
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"]),
    start=st.sampled_from(["api/v1/alarms", "a", "api/v1/quarantine", "api/v1/live", "api/v1/map/borders", "health", ""]),
    parts=st.lists(PARTS, max_size=2),
    query=st.dictionaries(st.sampled_from(["state", "limit", "before", "since", "lang", "r"]), st.text(max_size=12), max_size=3),
    body=VALUES,
)
def test_any_request_of_an_operator(
    town_scene: Scene, method: str, start: str, parts: list[str], query: dict[str, str], body: Any
) -> None:
    path = "/" + "/".join([start, *parts])
    try:
        answer = town_scene.home.request(method, path, params=query, content=json.dumps(body))
    except (ValueError, httpx.InvalidURL):  # the client itself refuses to send such an address
        return
    assert answer.status_code < 500, path


@QUICK
@given(
    word=st.sampled_from(["take", "decline", "arrive", "note", "escalate", "resolve"]),
    body=st.dictionaries(st.sampled_from(["outcome", "text", "by"]), VALUES | st.sampled_from(["helped", "test"]), max_size=3),
)
def test_any_answer_to_an_alarm(town_scene: Scene, word: str, body: dict[str, Any]) -> None:
    open_ones = town_scene.home.get("/api/v1/alarms").json()["items"]
    alarm = open_ones[0] if open_ones else town_scene.press()
    answer = town_scene.home.post(f"/api/v1/alarms/{alarm['id']}/{word}", content=json.dumps(body))
    assert answer.status_code in {200, 400, 409, 422}


@QUICK
@given(
    header=st.sampled_from(["authorization", "cookie", "origin", "sec-fetch-site", "content-type", "x-limit-u"]),
    value=st.binary(max_size=60),
)
def test_any_header(town_scene: Scene, header: str, value: bytes) -> None:
    clean = bytes(byte for byte in value if byte >= 32 and byte != 127).strip()
    for prefix in (b"", b"Basic ", b"Bearer ", b"alarmcore="):
        with town_scene.service.client() as client:
            for method, path in (("GET", "/api/v1/alarms"), ("POST", "/api/v1/readings"), ("POST", "/api/v1/session")):
                assert (
                    client.request(method, path, headers={header.encode(): (prefix + clean).strip()}, content=b"{}").status_code
                    < 500
                )


@pytest.mark.parametrize("version", [4, 5])
def test_any_message_over_mqtt(town_scene: Scene, version: int) -> None:
    levels = st.text(st.characters(codec="utf-8", exclude_characters="+#\x00"), max_size=10)
    topics = st.builds(
        lambda kind, rest: f"alarmcore/v1/grastorp/gps-2/{kind}{rest}", KINDS, st.sampled_from(["", "", "", "/more"])
    ) | levels.filter(lambda text: bool(text) and not text.startswith("$"))
    payloads = st.binary(max_size=100) | st.builds(lambda one: json.dumps(one).encode(), readings())
    with town_scene.device("gps-2", version=version) as device:

        @QUICK
        @given(topic=topics, payload=payloads)
        def said(topic: str, payload: bytes) -> None:
            device.say(topic, payload).wait_for_publish(10)
            assert not device.gone.is_set(), topic

        said()
        device.send("heartbeat", id="last")
        assert device.confirmed("last")["status"] == "kept"


@pytest.mark.parametrize(
    "first", [b"\x00", b"\x10", b"\x10\x02\x00", b"\x30\xff\xff\xff\xff\x01", b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 100]
)
def test_what_is_no_mqtt_is_hung_up_on(town_scene: Scene, first: bytes) -> None:
    with socket.create_connection(("127.0.0.1", town_scene.service.mqtt_port), 5) as client:
        client.sendall(first)
        client.shutdown(socket.SHUT_WR)
        client.settimeout(10)
        while client.recv(4096):
            pass


@QUICK
@given(texts=st.lists(st.text(max_size=30) | st.builds(json.dumps, VALUES), min_size=1, max_size=5))
def test_any_text_from_a_screen(town_scene: Scene, texts: list[str]) -> None:
    url = town_scene.service.url.replace("http", "ws", 1) + "/api/v1/live"
    with connect(url, additional_headers={"authorization": f"Bearer {town_scene.home_secret}"}, proxy=None) as socket_:
        socket_.recv(timeout=10)
        for text in texts:
            socket_.send("".join(char for char in text if not "\ud800" <= char <= "\udfff"))
        socket_.send(b"\x00binary")


def test_zz_the_service_is_as_well_as_before(town_scene: Scene) -> None:
    """Last in this module."""
    assert town_scene.service.process is not None
    assert town_scene.service.process.poll() is None
    with town_scene.service.client() as client:
        assert client.get("/health/ready").status_code == 200
    alarm = town_scene.press()
    until(lambda: town_scene.hook_of(alarm["id"]), "its webhook")
    log = town_scene.service.log
    for word in (
        "Traceback",
        "step_failed",
        "turn_failed",
        "answer_failed",
        "timer_stuck",
        "publish_failed",
        "request_failed",
        "xception",
    ):
        assert word not in log, log[max(0, log.index(word) - 500) : log.index(word) + 3000]
