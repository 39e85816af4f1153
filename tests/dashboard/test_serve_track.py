"""The track of a search through the front door: there while the alarm is open, gone with it, and never looked at unseen."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx
import pytest

from tests.servers.scene import Scene
from tests.servers.serving import until

HOME = (58.3345, 12.6784)
NORTH = 1 / 111_363
"""Degrees of latitude in a metre."""


def walk(scene: Scene, number: int, metres: list[float], every_s: float = 30.0, ago_s: float = 0.0) -> None:
    """Positions so many metres north of the home, the newest so long ago."""
    began = time.time() - ago_s - every_s * (len(metres) - 1)
    with scene.device_client(f"gps-{number}") as gps:
        for n, far in enumerate(metres):
            fix = {"lat": HOME[0] + far * NORTH, "lon": HOME[1], "accuracy_m": 10, "at": began + n * every_s}
            answer = gps.post("/api/v1/readings", json={"kind": "position", "id": f"{number}-{n}-{began}", **fix})
            assert answer.json()["readings"][0]["status"] == "kept", answer.text


def track(client: httpx.Client, alarm: str) -> dict[str, Any]:
    answer = client.get(f"/api/v1/alarms/{alarm}/track")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def lost(scene: Scene) -> tuple[int, dict[str, Any]]:
    """Somebody who has walked 340 m to the north; their alarm."""
    number = scene.number()
    walk(scene, number, [0, 40, 190, 240, 290, 340])
    return number, scene.alarm_of(f"r{number}")


def test_the_track_shows_where_the_person_went_and_how_fast(town_scene: Scene) -> None:
    _, alarm = lost(town_scene)
    found = track(town_scene.home, alarm["id"])
    assert [fix["distance_m"] for fix in found["fixes"]][-3:] == [90, 140, 190]
    assert all(fix["good"] for fix in found["fixes"])
    assert [fix["at"] for fix in found["fixes"]] == sorted(fix["at"] for fix in found["fixes"])
    last = found["last_confirmed"]
    assert (last["distance_m"], last["accuracy_m"]) == (190, 10)
    assert 0 <= last["age_s"] < 600
    assert abs(found["speed_mps"] - 50 / 30) < 0.1
    assert min(found["direction_deg"], 360 - found["direction_deg"]) < 2
    assert found["standing"] == "outside"


def test_the_alarm_says_its_reason_in_numbers(town_scene: Scene) -> None:
    _, alarm = lost(town_scene)
    assert alarm["facts"]["zones"] == ["home"]
    assert alarm["facts"]["side"] == "outside"
    assert alarm["reason"]["sv"].endswith("positioner stämmer överens")
    assert "m utanför hemzonen i" in alarm["reason"]["sv"]
    assert "m outside the home zone for" in alarm["reason"]["en"]
    assert alarm["why"] == "outside_all_zones"
    (event,) = town_scene.home.get(f"/api/v1/alarms/{alarm['id']}").json()["timeline"][:1]
    assert (event["event"], event["reason"]) == ("alarm.raised", alarm["reason"])
    page = httpx.get(town_scene.hook_of(alarm["id"]).data["answer_url"], timeout=20, trust_env=False).text
    assert alarm["reason"]["sv"] in page


def test_a_late_position_stands_where_it_belongs_in_time(town_scene: Scene) -> None:
    number, alarm = lost(town_scene)
    before = track(town_scene.home, alarm["id"])
    with town_scene.device_client(f"gps-{number}") as gps:
        late = {"lat": HOME[0] + 265 * NORTH, "lon": HOME[1], "accuracy_m": 10, "at": time.time() - 45}
        assert gps.post("/api/v1/readings", json={"kind": "position", "id": f"late-{number}", **late}).status_code == 200
    after = track(town_scene.home, alarm["id"])
    assert [fix["distance_m"] for fix in after["fixes"]][-4:] == [90, 115, 140, 190]
    assert after["last_confirmed"]["at"] == before["last_confirmed"]["at"]


def test_whoever_comes_by_their_link_and_whoever_is_told_later_gets_the_newest_good_position(town_scene: Scene) -> None:
    number = town_scene.number()
    walk(town_scene, number, [0, 40, 190, 240, 290, 340], ago_s=100)
    alarm = town_scene.alarm_of(f"r{number}")
    first = town_scene.hook_of(alarm["id"])
    raised_at = alarm["position"]
    walk(town_scene, number, [400, 450, 500], ago_s=5)
    with town_scene.device_client(f"gps-{number}") as gps:
        wild = {"lat": HOME[0] + 20_000 * NORTH, "lon": HOME[1], "accuracy_m": 8, "at": time.time()}
        assert gps.post("/api/v1/readings", json={"kind": "position", "id": f"wild-{number}", **wild}).status_code == 200
    found = track(town_scene.home, alarm["id"])
    assert found["fixes"][-1]["good"] is False
    assert found["last_confirmed"]["distance_m"] == 350
    page = httpx.get(first.data["answer_url"], timeout=20, trust_env=False).text
    newest = f"{HOME[0] + 500 * NORTH:.5f}, {HOME[1]:.5f}"
    assert newest in page
    assert "Sågs senast" in page
    assert "nyss, ungefär" in page or "min sedan, ungefär" in page
    assert f"geo:{newest.replace(', ', ',')}" in page
    town_scene.home.post(f"/api/v1/alarms/{alarm['id']}/escalate", json={})
    later = until(
        lambda: next((h for h in list(town_scene.hooks.hooks) if h.data["alarm"] == alarm["id"] and h.data["told_before"]), None),
        "the next telling",
    )
    assert later.data["position"]["lat"] == pytest.approx(HOME[0] + 500 * NORTH, abs=1e-5)
    assert later.data["position"]["age_s"] >= 0
    assert first.data["position"]["lat"] == pytest.approx(raised_at["lat"]), "what was said stays said"
    assert town_scene.home.get(f"/api/v1/alarms/{alarm['id']}").json()["position"] == raised_at, (
        "the record is where it was raised"
    )


def test_a_look_by_link_at_a_position_that_came_after_the_alarm_is_logged(town_scene: Scene) -> None:
    number = town_scene.number()
    alarm = town_scene.press(number)
    url = town_scene.hook_of(alarm["id"]).data["answer_url"]

    def looks() -> int:
        lines = [json.loads(line) for line in town_scene.service.log.splitlines() if "position_seen" in line]
        return sum(line["alarms"] == [alarm["id"]] and line["by"].startswith(("unit:", "contact:")) for line in lines)

    assert "Sågs senast" not in httpx.get(url, timeout=20, trust_env=False).text
    assert looks() == 0, "no position was given"
    walk(town_scene, number, [40])
    assert "Sågs senast" in httpx.get(url, timeout=20, trust_env=False).text
    assert looks() == 1
    done = town_scene.home.post(f"/api/v1/alarms/{alarm['id']}/resolve", json={"outcome": "helped"})
    assert done.status_code == 200
    closed = httpx.get(url, timeout=20, trust_env=False)
    assert closed.status_code == 410
    assert f"{HOME[1]:.4f}" not in closed.text


def test_an_alarm_of_another_tenant_has_no_track_here(town_scene: Scene) -> None:
    _, alarm = lost(town_scene)
    for path in (f"/api/v1/alarms/{alarm['id']}/track", "/api/v1/alarms/nothing/track"):
        answer = town_scene.away.get(path)
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
    with town_scene.service.client() as nobody:
        assert nobody.get(f"/api/v1/alarms/{alarm['id']}/track").status_code == 401


def test_every_look_at_a_track_is_logged_and_the_positions_are_not(town_scene: Scene) -> None:
    _, alarm = lost(town_scene)

    def looks() -> int:
        lines = [json.loads(line) for line in town_scene.service.log.splitlines() if "position_seen" in line]
        return sum(line["alarms"] == [alarm["id"]] and line["by"] == "operator:bo" and "track" in line for line in lines)

    assert looks() == 0
    for count in (1, 2):
        found = track(town_scene.colleague, alarm["id"])
        assert looks() == count
    assert str(found["fixes"][-1]["lat"]) not in town_scene.service.log


def test_a_press_of_somebody_who_is_at_home_has_a_track_too(town_scene: Scene) -> None:
    number = town_scene.number()
    walk(town_scene, number, [0, 5])
    alarm = town_scene.press(number)
    walk(town_scene, number, [3])
    found = track(town_scene.home, alarm["id"])
    assert len(found["fixes"]) == 2
    assert "distance_m" not in found["fixes"][0], "the rule is not about zones"
    assert found["standing"] == "inside"


def test_somebody_without_positions_has_an_empty_track(town_scene: Scene) -> None:
    found = track(town_scene.home, town_scene.press()["id"])
    assert found["fixes"] == []
    assert found["last_confirmed"] is None
    assert (found["speed_mps"], found["direction_deg"], found["standing"]) == (None, None, None)


def test_when_the_alarm_is_resolved_no_position_is_left_but_the_one_in_its_record(town_scene: Scene) -> None:
    number, alarm = lost(town_scene)
    assert len(track(town_scene.home, alarm["id"])["fixes"]) > 2
    done = town_scene.home.post(f"/api/v1/alarms/{alarm['id']}/resolve", json={"outcome": "helped"})
    assert done.status_code == 200
    assert track(town_scene.home, alarm["id"])["fixes"] == []
    walk(town_scene, number, [400])
    assert track(town_scene.home, alarm["id"])["fixes"] == []
    assert town_scene.home.get(f"/api/v1/alarms/{alarm['id']}").json()["position"] is not None
