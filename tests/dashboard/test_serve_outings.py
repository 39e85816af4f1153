"""Somebody is taken out, through the front door of a running service only."""

from __future__ import annotations

import html
import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from test_serve_alarms import PATIENT, mail_link

from tests.servers.scene import Scene
from tests.servers.serving import serving, until
from tests.servers.town import PRIVATE, town

HOME, AWAY = (58.3345, 12.6784), (58.3500, 12.7000)
MAILED = 30
"""A resident whose relatives are told first."""

UNUSED = 20
"""A resident whom nobody takes out."""


def seen(scene: Scene, number: int, place: tuple[float, float], minutes_ago: tuple[int, ...] = (2, 1)) -> None:
    """The person's device says where it was."""
    fixes = [
        {"kind": "position", "lat": place[0], "lon": place[1], "accuracy_m": 10, "at": time.time() - 60 * ago}
        for ago in minutes_ago
    ]
    with scene.device_client(f"gps-{number}") as client:
        answer = client.post("/api/v1/readings", json=fixes)
    assert [one["status"] for one in answer.json()["readings"]] == ["kept"] * len(fixes)


def path(number: int) -> str:
    return f"/api/v1/residents/r{number}/outing"


def ahead(**much: float) -> str:
    return (datetime.now(UTC) + timedelta(**much)).isoformat()


def open_alarms(scene: Scene, number: int) -> list[dict[str, Any]]:
    return [a for a in scene.home.get("/api/v1/alarms?state=open").json()["items"] if a["resident"] == f"r{number}"]


def test_who_is_out_is_no_alarm_until_somebody_ends_the_outing(town_scene: Scene) -> None:
    number = town_scene.number()
    assert town_scene.home.get(path(number)).json()["state"] == "none"
    begun = town_scene.home.post(path(number), json={"until": ahead(hours=2), "with": "eva"})
    assert begun.status_code == 200, begun.text
    view = begun.json()
    assert (view["state"], view["with"], view["with_name"]) == ("out", "contact:eva", "Eva Andersson")
    assert (view["begun_by"], view["ended_at"]) == ("operator:anna", None)
    seen(town_scene, number, AWAY)
    assert open_alarms(town_scene, number) == []
    ended = town_scene.colleague.delete(path(number)).json()
    assert (ended["state"], ended["ended_by"]) == ("ended", "operator:bo")
    (alarm,) = open_alarms(town_scene, number)
    assert (alarm["rule"], alarm["why"]) == ("wander", "outing_over outside_all_zones")
    assert town_scene.home.delete(path(number)).json() == ended
    assert town_scene.home.get(path(number)).json() == ended


def test_an_outing_that_nobody_ends_lapses_and_says_so(town_scene: Scene) -> None:
    number = town_scene.number()
    town_scene.home.post(path(number), json={"until": ahead(seconds=2), "with": "Grannen"})
    seen(town_scene, number, AWAY)
    (alarm,) = until(lambda: open_alarms(town_scene, number), "the outing lapses")
    assert alarm["why"] == "outing_over outside_all_zones"
    view = town_scene.home.get(path(number)).json()
    assert (view["state"], view["ended_by"], view["with_name"]) == ("lapsed", None, "Grannen")
    assert view["ended_at"] >= view["until"]


def test_an_open_alarm_stays_open_and_its_condition_ends(town_scene: Scene) -> None:
    number = town_scene.number()
    seen(town_scene, number, AWAY)
    (alarm,) = open_alarms(town_scene, number)
    town_scene.home.post(path(number), json={"until": ahead(hours=1), "with": "Grannen"})
    found = town_scene.home.get(f"/api/v1/alarms/{alarm['id']}").json()
    assert (found["state"], found["ended_at"] is not None) == ("open", True)
    ended = [e for e in found["timeline"] if e["event"] == "alarm.condition_ended"]
    assert [e["why"] for e in ended] == ["outing_begun"]
    end = town_scene.home.delete(path(number))
    timeline = town_scene.home.get(f"/api/v1/alarms/{alarm['id']}").json()["timeline"]
    begun, over = (e for e in timeline if e["event"].startswith("alarm.outing_"))
    assert (begun["event"], begun["with"], begun["to"], "text" in begun) == (
        "alarm.outing_begun",
        "Grannen",
        "operator:anna",
        False,
    )
    assert (over["event"], over["with_name"], over["until"]) == ("alarm.outing_ended", "Grannen", None)
    assert begun["until"] == end.json()["until"]


def test_an_outing_that_ends_stands_on_the_alarms_that_came_meanwhile_and_on_no_resolved_one(town_scene: Scene) -> None:
    number = town_scene.number()
    town_scene.home.post(path(number), json={"until": ahead(hours=1), "with": "eva"})
    pressed = town_scene.press(number)["id"]
    town_scene.home.delete(path(number))

    def noted() -> list[tuple[str, str]]:
        timeline = town_scene.home.get(f"/api/v1/alarms/{pressed}").json()["timeline"]
        return [(e["event"], e["with_name"]) for e in timeline if e["event"].startswith("alarm.outing_")]

    assert noted() == [("alarm.outing_ended", "Eva Andersson")]
    resolved = town_scene.home.post(f"/api/v1/alarms/{pressed}/resolve", json={"outcome": "helped"})
    assert resolved.status_code == 200
    town_scene.home.post(path(number), json={"until": ahead(hours=1), "with": "eva"})
    assert noted() == [("alarm.outing_ended", "Eva Andersson")]


def test_a_press_during_an_outing_alarms(town_scene: Scene) -> None:
    number = town_scene.number()
    town_scene.home.post(path(number), json={"until": ahead(hours=1), "with": "Grannen"})
    assert town_scene.press(number)["rule"] == "press"


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"until": "2020-01-14T12:00:00Z", "with": "Eva"}, 422),
        ({"until": "2099-01-14T12:00:00Z", "with": "Eva"}, 422),
        ({"until": "soon", "with": "Eva"}, 422),
        ({"until": None, "with": "Eva"}, 422),
        ({"until": [], "with": "Eva"}, 422),
        ({"until": 1e300, "with": "Eva"}, 422),
        ({"until": "23:59"}, 422),
        ({"until": "23:59", "with": "E" * 81}, 422),
        ({"until": "23:59", "with": " \n "}, 422),
        ({"until": "23:59", "with": "Eva\u0007"}, 422),
        ({"until": "23:59", "with": "Eva", "more": 1}, 422),
    ],
)
def test_an_outing_that_cannot_be_is_refused_with_what_to_do(town_scene: Scene, wrong: dict[str, Any], status: int) -> None:
    answer = town_scene.home.post(path(UNUSED), json=wrong)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert town_scene.home.get(path(UNUSED)).json()["state"] == "none"


def test_a_local_time_is_one_of_the_municipality(town_scene: Scene) -> None:
    number = town_scene.number()
    wall = datetime.now(UTC) + timedelta(minutes=90)
    view = town_scene.home.post(path(number), json={"until": wall.isoformat(), "with": "Eva"}).json()
    assert datetime.fromisoformat(view["until"]) == wall.replace(microsecond=wall.microsecond // 1000 * 1000)
    later = town_scene.home.post(path(number), json={"until": "12:00", "with": "Eva"}).json()
    noon = datetime.fromisoformat(later["until"])
    assert noon.hour in {10, 11}
    assert noon.minute == 0
    assert datetime.now(UTC) < noon < datetime.now(UTC) + timedelta(hours=26)


def test_nobody_sees_or_begins_an_outing_of_another_municipality(town_scene: Scene) -> None:
    number = town_scene.number()
    town_scene.home.post(path(number), json={"until": ahead(hours=1), "with": "Grannen"})
    assert town_scene.away.get(path(number)).json()["state"] == "none", "tanum's own resident of that id"
    wanted = {"until": ahead(hours=1), "with": "Eva"}
    elsewhere, nobody = path(number) + "?tenant=grastorp", "/api/v1/residents/nobody/outing"
    for client, where in ((town_scene.away, elsewhere), (town_scene.home, nobody)):
        answers = (client.get(where), client.post(where, json=wanted), client.delete(where))
        assert [answer.status_code for answer in answers] == [404, 404, 404]
    with town_scene.service.client() as stranger, town_scene.device_client(f"gps-{number}") as device:
        assert [client.get(path(number)).status_code for client in (stranger, device)] == [401, 401]
        assert [client.post(path(number), json=wanted).status_code for client in (stranger, device)] == [401, 401]
        assert [client.delete(path(number)).status_code for client in (stranger, device)] == [401, 401]
    assert town_scene.home.get(path(number)).json()["state"] == "out"


def test_who_found_the_person_says_so_behind_their_link_and_has_the_alarm(town_scene: Scene) -> None:
    seen(town_scene, MAILED, AWAY)
    (alarm,) = open_alarms(town_scene, MAILED)
    link = mail_link(town_scene, alarm["id"])
    page = httpx.get(link, **PATIENT).text
    moments = re.findall(r'name="until" value="(\d+)"', page)
    assert len(moments) == 3
    assert open_alarms(town_scene, MAILED)[0]["state"] == "open"
    for wrong in ("", "soon", "0", "99999999999"):
        refused = httpx.post(link, data={"answer": "accompany", "until": wrong}, **PATIENT)
        assert refused.status_code == 422
    assert open_alarms(town_scene, MAILED)[0]["state"] == "open"
    answered = httpx.post(link, data={"answer": "accompany", "until": moments[1]}, **PATIENT)
    assert answered.status_code == 303
    taken = open_alarms(town_scene, MAILED)[0]
    assert (taken["state"], taken["taken_by"], taken["taken_via"]) == ("taken", "contact:eva", "link")
    view = town_scene.home.get(path(MAILED)).json()
    assert (view["state"], view["begun_by"], view["with"]) == ("out", "contact:eva", "contact:eva")
    assert datetime.fromisoformat(view["until"]).timestamp() == int(moments[1])
    assert "Ute med Eva Andersson till kl." in html.unescape(httpx.get(link, **PATIENT).text)
    again = httpx.post(link, data={"answer": "accompany", "until": moments[2]}, **PATIENT)
    assert again.status_code == 303
    assert datetime.fromisoformat(town_scene.home.get(path(MAILED)).json()["until"]).timestamp() == int(moments[2])
    ends_behind_the_link(town_scene, link, alarm["id"])


def ends_behind_the_link(scene: Scene, link: str, alarm: str) -> None:
    """Resolved or not, whoever began the outing ends it; one that an operator has put in its place is the operator's."""
    resolved = scene.home.post(f"/api/v1/alarms/{alarm}/resolve", json={"outcome": "helped"})
    assert resolved.status_code == 200, resolved.text
    assert 'value="bring_back"' in httpx.get(link, **PATIENT).text
    assert httpx.post(link, data={"answer": "bring_back"}, **PATIENT).status_code == 303
    view = scene.home.get(path(MAILED)).json()
    assert (view["state"], view["ended_by"]) == ("ended", "contact:eva")
    scene.home.post(path(MAILED), json={"until": ahead(hours=1), "with": "Grannen"})
    assert 'value="bring_back"' not in httpx.get(link, **PATIENT).text
    refused = httpx.post(link, data={"answer": "bring_back"}, **PATIENT)
    assert (refused.status_code, refused.headers["location"][-9:]) == (303, "r=refused")
    assert scene.home.get(path(MAILED)).json()["state"] == "out"


def test_the_log_names_nobody_who_is_along(town_scene: Scene) -> None:
    assert not [word for word in (*PRIVATE, "Grannen") if word in town_scene.service.log]


def test_an_outing_lapses_though_the_service_was_killed_meanwhile(tmp_path: Path) -> None:
    with serving(tmp_path, town(), town("tanum"), opened=True) as service:
        with service.client() as client:
            assert client.get(path(1)).status_code == 422, "which of the two is meant must be said"
            assert client.get(path(1) + "?tenant=nowhere").status_code == 404
            begun = client.post(path(1) + "?tenant=grastorp", json={"until": ahead(seconds=3), "with": "Grannen"})
            assert begun.json()["state"] == "out"
        service.kill()
        service.start()
        with service.client() as client:
            view = until(
                lambda: (found := client.get(path(1) + "?tenant=grastorp").json())["state"] == "lapsed" and found, "it lapses"
            )
        assert view["until"] == begun.json()["until"]


def test_the_routes_stand_in_the_description_of_the_front_door(town_scene: Scene) -> None:
    routes = town_scene.home.get("/openapi.json").json()["paths"]["/api/v1/residents/{resident}/outing"]
    assert sorted(routes) == ["delete", "get", "post"]
