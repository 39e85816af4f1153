"""An alarm from the press to its end, through the front door of a running service only."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time
from typing import Any

import httpx
import pytest

from tests.servers.scene import Scene
from tests.servers.serving import alarmcore, until

PENDANT_10, PENDANT_20, PENDANT_30 = 10, 20, 30
"""Residents whose relatives are told first."""

PATIENT: dict[str, Any] = {"trust_env": False, "timeout": 20.0}
"""For requests that are no client's of the scene: the library gives up after five seconds."""


@pytest.mark.parametrize("version", [4, 5], ids=["mqtt-3.1.1", "mqtt-5"])
def test_a_press_is_confirmed_and_stands_in_the_api(town_scene: Scene, version: int) -> None:
    number = town_scene.number()
    with town_scene.device(f"pendant-{number}", version=version) as device:
        device.send("button", id="one", at=time.time())
        assert device.confirmed("one") == {"id": "one", "status": "kept"}
    alarm = town_scene.alarm_of(f"r{number}")
    assert (alarm["rule"], alarm["cause"], alarm["priority"], alarm["state"]) == ("press", "button", "critical", "open")
    assert alarm["tenant"] == "grastorp"
    assert alarm["taken_by"] is None
    assert alarm["late_s"] is None
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,32}", alarm["id"])
    assert alarm["next_step_at"] is not None


def test_a_repeated_press_of_one_id_is_confirmed_again_and_adds_nothing(town_scene: Scene) -> None:
    number = town_scene.number()
    with town_scene.device(f"pendant-{number}") as device:
        for _ in range(3):
            device.send("button", id="same", at=1_790_000_000)
        until(lambda: len(device.heard) == 3, "three confirmations")
        assert {said["status"] for said in device.heard} == {"kept"}
    assert town_scene.alarm_of(f"r{number}")["repeats"] == 0


def test_a_second_press_is_added_to_the_open_alarm(town_scene: Scene) -> None:
    number = town_scene.number()
    first = town_scene.press(number)
    again = town_scene.press(number)
    assert again["id"] == first["id"]
    assert again["repeats"] == 1


def test_the_webhook_is_signed_with_the_tenants_secret(town_scene: Scene) -> None:
    alarm = town_scene.press()
    hook = town_scene.hook_of(alarm["id"])
    made = alarmcore("token", "webhook", "--tenant", "grastorp", *town_scene.service.where)
    secret = base64.b64decode(made.stdout.strip().removeprefix("whsec_"))
    signed = f"{hook.headers['webhook-id']}.{hook.headers['webhook-timestamp']}.".encode() + hook.body
    expected = "v1," + base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
    assert hook.headers["webhook-signature"] == expected
    assert hook.data["recipient"] == "unit:centre"
    until(lambda: town_scene.home.get(f"/api/v1/alarms/{alarm['id']}").json()["told"], "the hand-over is shown")
    timeline = town_scene.home.get(f"/api/v1/alarms/{alarm['id']}").json()["timeline"]
    told = [e for e in timeline if e["event"] == "alarm.told"]
    assert [(e["to"], e["channel"], e["link"], e["why"]) for e in told] == [("unit:centre", "webhook", 0, "chain_turn")]


def mail_link(scene: Scene, alarm: str) -> str:
    """The link in the mail about an alarm."""

    def found() -> str | None:
        for mail in list(scene.mails.mails):
            text = mail.get_body(("plain",))
            link = re.search(r"http\S+/a/\S+", text.get_content() if text else "")
            if link and f".{alarm}." in link[0]:
                return link[0]
        return None

    return str(until(found, f"mail of {alarm}"))


def test_the_mails_link_takes_the_alarm_by_post_only(town_scene: Scene) -> None:
    alarm = town_scene.press(PENDANT_10)
    link = mail_link(town_scene, alarm["id"])
    for method in ("GET", "HEAD", "OPTIONS"):
        httpx.request(method, link, **PATIENT)
    page = httpx.get(link, **PATIENT)
    assert page.status_code == 200
    assert "Karin Svensson 10" in page.text
    assert town_scene.alarm_of("r10")["state"] == "open"
    for method in ("PUT", "DELETE", "PATCH"):
        assert httpx.request(method, link, **PATIENT).status_code == 405
    assert town_scene.alarm_of("r10")["state"] == "open"
    taken = httpx.post(link, data={"answer": "take"}, **PATIENT)
    assert taken.status_code == 303
    found = town_scene.alarm_of("r10")
    assert (found["state"], found["taken_by"], found["taken_via"]) == ("taken", "contact:eva", "link")
    assert found["follow_up_at"] is not None


def test_a_link_ends_with_its_alarm(town_scene: Scene) -> None:
    alarm = town_scene.press(PENDANT_20)
    link = mail_link(town_scene, alarm["id"])
    ended = httpx.post(link, data={"answer": "resolve", "outcome": "no_need"}, **PATIENT)
    assert ended.status_code == 303
    assert httpx.get(link, **PATIENT).status_code == 410
    late = httpx.post(link, data={"answer": "take"}, **PATIENT)
    assert late.status_code in {303, 410}
    assert town_scene.home.get(f"/api/v1/alarms/{alarm['id']}").json()["taken_by"] is None


@pytest.mark.parametrize("change", ["token", "recipient", "alarm"])
def test_a_changed_link_opens_nothing(town_scene: Scene, change: str) -> None:
    number = town_scene.number()
    alarm = town_scene.press(number)
    link = town_scene.hook_of(alarm["id"]).data["answer_url"]
    wrong = {
        "token": link[:-1] + ("A" if link[-1] != "A" else "B"),
        "recipient": link.replace(".u.centre.", ".c.eva."),
        "alarm": link.replace(alarm["id"], "a" * len(alarm["id"])),
    }[change]
    assert wrong != link
    assert httpx.get(wrong, **PATIENT).status_code == 404
    assert httpx.post(wrong, data={"answer": "take"}, **PATIENT).status_code == 404
    assert town_scene.alarm_of(f"r{number}")["state"] == "open"


def test_what_somebody_else_took_is_a_conflict_that_names_them(town_scene: Scene) -> None:
    alarm = town_scene.press()
    path = f"/api/v1/alarms/{alarm['id']}"
    assert town_scene.home.post(f"{path}/take").status_code == 200
    assert town_scene.home.post(f"{path}/take").status_code == 200
    refused = town_scene.colleague.post(f"{path}/take")
    assert refused.status_code == 409
    assert refused.headers["content-type"] == "application/problem+json"
    assert "operator:anna" in refused.text
    assert town_scene.home.get(path).json()["taken_by"] == "operator:anna"


def test_an_alarm_is_taken_arrived_at_noted_and_resolved(town_scene: Scene) -> None:
    number = town_scene.number()
    alarm = town_scene.press(number)
    path = f"/api/v1/alarms/{alarm['id']}"
    bodies: dict[str, Any] = {"take": None, "arrive": None, "note": {"text": "vid liv"}, "resolve": {"outcome": "helped"}}
    for word, body in bodies.items():
        assert town_scene.home.post(f"{path}/{word}", json=body).status_code == 200, word
    found = town_scene.home.get(path).json()
    assert (found["state"], found["outcome"]) == ("resolved", "helped")
    events = [e["event"] for e in found["timeline"] if e["event"] != "alarm.told"]
    assert events == ["alarm.raised", "alarm.taken", "alarm.arrived", "alarm.noted", "alarm.resolved"]
    assert [e["seq"] for e in found["timeline"]] == sorted(e["seq"] for e in found["timeline"])
    assert town_scene.colleague.post(f"{path}/take").status_code == 409
    assert all(a["id"] != alarm["id"] for a in town_scene.home.get("/api/v1/alarms?state=open").json()["items"])
    assert any(a["id"] == alarm["id"] for a in town_scene.home.get("/api/v1/alarms?state=resolved").json()["items"])
    assert town_scene.press(number)["id"] != alarm["id"]


def test_declining_by_all_of_a_link_tells_the_next_at_once(town_scene: Scene) -> None:
    alarm = town_scene.press(PENDANT_30)
    link = mail_link(town_scene, alarm["id"])
    httpx.post(link, data={"answer": "decline"}, **PATIENT)
    hook = town_scene.hook_of(alarm["id"])
    assert hook.data["link"] == 1


@pytest.mark.parametrize(
    ("word", "body"),
    [("resolve", None), ("resolve", {}), ("resolve", {"outcome": "gone"}), ("note", None), ("note", {"text": ""})],
)
def test_an_answer_that_lacks_something_is_a_problem_and_changes_nothing(town_scene: Scene, word: str, body: Any) -> None:
    alarm = town_scene.press()
    answer = town_scene.home.post(f"/api/v1/alarms/{alarm['id']}/{word}", json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert town_scene.home.get(f"/api/v1/alarms/{alarm['id']}").json()["state"] == "open"


def test_no_alarm_is_without_a_next_step(town_scene: Scene) -> None:
    town_scene.press()
    text = town_scene.metrics()
    assert re.search(r"^alarmcore_alarms_without_next_step 0(\.0)?$", text, re.MULTILINE)
    assert float(re.search(r'^alarmcore_alarms_open\{priority="critical"\} (\S+)$', text, re.MULTILINE)[1]) >= 1  # type: ignore[index]


def test_resolved_alarms_are_listed_page_by_page(town_scene: Scene) -> None:
    made = []
    for _ in range(3):
        made.append(town_scene.press()["id"])
        assert town_scene.home.post(f"/api/v1/alarms/{made[-1]}/resolve", json={"outcome": "test"}).status_code == 200
    found: list[str] = []
    query = "state=resolved&limit=1"
    following = ""
    while following is not None:
        page = town_scene.home.get(f"/api/v1/alarms?{query}" + (f"&before={following}" if following else "")).json()
        found += [alarm["id"] for alarm in page["items"]]
        following = page["next"]
    assert found[:3] == made[::-1]
    assert len(found) == len(set(found))
