"""Screens of a running service: the whole picture, every change, coming back, and one that is slow."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.servers.scene import Scene
from tests.servers.serving import until

WITHIN_S = 60.0


@contextmanager
def screen(scene: Scene, secret: str | None, query: str = "", **options: Any) -> Iterator[ClientConnection]:
    """A page's socket."""
    headers = {"authorization": f"Bearer {secret}"} if secret else {}
    url = scene.service.url.replace("http://", "ws://") + "/api/v1/live" + query
    with connect(url, additional_headers=headers, proxy=None, **options) as socket_:
        yield socket_


def heard(socket_: ClientConnection, *types: str) -> dict[str, Any]:
    """The next message of one of these types."""
    deadline = time.monotonic() + WITHIN_S
    while time.monotonic() < deadline:
        said: dict[str, Any] = json.loads(socket_.recv(timeout=WITHIN_S))
        if said["type"] in types:
            return said
    raise AssertionError(f"no {types} within {WITHIN_S} s")


def until_event(socket_: ClientConnection, alarm: str, event: str) -> list[dict[str, Any]]:
    """Every change up to one of an alarm."""
    changes = []
    while True:
        changes.append(heard(socket_, "change"))
        if changes[-1]["alarm"]["id"] == alarm and changes[-1]["event"]["event"] == event:
            return changes


def test_a_screen_gets_a_snapshot_and_then_every_change_in_order(town_scene: Scene) -> None:
    before = town_scene.press()
    with screen(town_scene, town_scene.home_secret) as socket_:
        snapshot = heard(socket_, "snapshot")
        assert before["id"] in {alarm["id"] for alarm in snapshot["alarms"]}
        alarm = town_scene.press()
        town_scene.home.post(f"/api/v1/alarms/{alarm['id']}/take")
        changes = until_event(socket_, alarm["id"], "alarm.taken")
        mine = [c["event"]["event"] for c in changes if c["alarm"]["id"] == alarm["id"]]
        assert [e for e in mine if e != "alarm.told"] == ["alarm.raised", "alarm.taken"]
        seqs = [snapshot["seq"], *(c["seq"] for c in changes)]
        assert seqs == sorted(set(seqs))
        assert changes[-1]["alarm"]["state"] == "taken"
        assert changes[-1]["alarm"]["taken_by"] == "operator:anna"


def test_a_screen_that_comes_back_is_sent_what_it_missed_and_nothing_else(town_scene: Scene) -> None:
    with screen(town_scene, town_scene.home_secret) as socket_:
        since = heard(socket_, "snapshot")["seq"]
    alarm = town_scene.press()
    town_scene.home.post(f"/api/v1/alarms/{alarm['id']}/take")
    with screen(town_scene, town_scene.home_secret, f"?since={since}") as socket_:
        changes = until_event(socket_, alarm["id"], "alarm.taken")
    assert all(change["seq"] > since for change in changes)
    assert next(c["event"]["event"] for c in changes if c["alarm"]["id"] == alarm["id"]) == "alarm.raised"
    with screen(town_scene, town_scene.home_secret, "?since=999999999") as socket_:
        assert heard(socket_, "snapshot", "change")["type"] == "snapshot"


def test_a_screen_sees_its_own_tenant_only(town_scene: Scene) -> None:
    with screen(town_scene, town_scene.away_secret) as socket_:
        assert {alarm["tenant"] for alarm in heard(socket_, "snapshot")["alarms"]} <= {"tanum"}
        town_scene.press()
        alarm = town_scene.press(tenant="tanum")
        changes = until_event(socket_, alarm["id"], "alarm.raised")
        assert {change["alarm"]["tenant"] for change in changes} == {"tanum"}


@pytest.mark.parametrize("who", ["nobody", "wrong", "device"])
def test_a_screen_needs_an_operators_secret(town_scene: Scene, who: str) -> None:
    secret = {"nobody": None, "wrong": "aco_wrong", "device": town_scene.password("grastorp", "pendant-1")}[who]
    with pytest.raises(InvalidStatus) as refused, screen(town_scene, secret) as socket_:
        socket_.recv(timeout=WITHIN_S)
    assert refused.value.response.status_code == 403


def test_nonsense_from_a_screen_is_no_reason_to_end_it(town_scene: Scene) -> None:
    with screen(town_scene, town_scene.home_secret) as socket_:
        heard(socket_, "snapshot")
        for text in (
            "",
            "null",
            "[]",
            "{",
            '{"type": 7}',
            '{"type": "shown", "alarms": "x"}',
            "[" * 10_000,
            '{"type":"shown","alarms":["nobody"]}',
        ):
            socket_.send(text)
        alarm = town_scene.press()
        until_event(socket_, alarm["id"], "alarm.raised")


def test_a_slow_screen_holds_up_nobody_and_gets_a_new_snapshot(town_scene: Scene) -> None:
    """It reads nothing while more happens than its socket and its queue can hold."""
    number = town_scene.number()
    small = socket.socket()
    small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    host, port = re.fullmatch(r"http://(.+):(\d+)", town_scene.service.url).groups()  # type: ignore[union-attr]
    small.connect((host, int(port)))
    with (
        screen(town_scene, town_scene.home_secret, sock=small, max_queue=1, compression=None) as slow,
        screen(town_scene, town_scene.home_secret) as quick,
        town_scene.device_client(f"pendant-{number}") as device,
    ):
        heard(slow, "snapshot")
        heard(quick, "snapshot")
        for part in range(60):
            presses = [{"kind": "button", "id": f"slow-{part}-{n}"} for n in range(100)]
            assert device.post("/api/v1/readings", json=presses).status_code == 200
        alarm = town_scene.alarm_of(f"r{number}")
        assert alarm["repeats"] == 5999
        began = time.monotonic()
        newest = 0
        while newest < 5999:
            said = heard(quick, "change", "snapshot")
            seen = said["alarms"] if said["type"] == "snapshot" else [said["alarm"]]
            newest = max([newest, *(a["repeats"] for a in seen if a["id"] == alarm["id"])])
        assert time.monotonic() - began < WITHIN_S
        kinds = set()
        newest = 0
        while newest < 5999:
            said = heard(slow, "change", "snapshot")
            kinds.add(said["type"])
            seen = said["alarms"] if said["type"] == "snapshot" else [said["alarm"]]
            newest = max([newest, *(a["repeats"] for a in seen if a["id"] == alarm["id"])])
        assert "snapshot" in kinds


def test_metrics_say_how_long_screens_waited(town_scene: Scene) -> None:
    with screen(town_scene, town_scene.home_secret) as socket_:
        heard(socket_, "snapshot")
        until_event(socket_, town_scene.press()["id"], "alarm.raised")

        def measured() -> bool:
            found = re.search(r"^alarmcore_reading_to_screen_seconds_count (\S+)", town_scene.metrics(), re.MULTILINE)
            return found is not None and float(found[1]) >= 1

        until(measured, "the time to the screen")
