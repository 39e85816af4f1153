"""Somebody stays in another municipality, whose operators see and answer their alarms meanwhile: from outside, both ways."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from importing import import_into, taken_up
from test_serve_live import heard, screen, until_event
from test_serve_track import walk

from tests.servers.scene import Scene, scene
from tests.servers.serving import until

AGREED = {
    "grastorp": [{"with": "tanum", "they_may": ["receive", "respond"]}],
    "tanum": [{"with": "grastorp", "we_may": ["receive", "respond"]}],
}
STAY = {"from": "2020-01-01", "until": "2099-12-31", "host": "tanum"}
OVER = {"from": "2020-01-01", "until": "2020-12-31", "host": "tanum"}
GUEST, FORMER, NEIGHBOUR, MOVED, LOST, SEEN = 1, 2, 3, 4, 5, 6


@pytest.fixture(scope="module")
def abroad(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with scene(tmp_path_factory.mktemp("abroad"), residents=9) as made:
        for tenant, agreements in AGREED.items():
            arranged(made, tenant, agreements, {GUEST: STAY, FORMER: OVER, LOST: STAY})
        yield made


def arranged(made: Scene, tenant: str, agreements: list[Any], stays: dict[int, Any]) -> None:
    """Import a site with these agreements and, at home, stays; return when it counts."""
    number = 0 if tenant == "grastorp" else 1
    site: dict[str, Any] = json.loads(made.service.sites[number].read_text("utf-8")) | {"agreements": agreements}
    if tenant == "grastorp":
        site["units"][0]["channels"].insert(0, {"kind": "console"})
    for person, stay in stays.items() if tenant == "grastorp" else ():
        site["residents"][person - 1]["stays"] = [stay]
    before = taken_up(made.service)
    import_into(made.service, site)
    until(lambda: taken_up(made.service) > before, "the changed site is taken up")


def listed(client: httpx.Client) -> set[str]:
    return {alarm["id"] for alarm in client.get("/api/v1/alarms?state=open").json()["items"]}


def test_the_host_sees_the_guests_alarm_and_handles_it_under_a_name_of_its_own(abroad: Scene) -> None:
    alarm = abroad.press(GUEST)
    assert alarm["id"] in listed(abroad.away)
    one = abroad.away.get(f"/api/v1/alarms/{alarm['id']}")
    assert (one.status_code, one.json()["tenant"], one.json()["resident"]) == (200, "grastorp", f"r{GUEST}")
    taken = abroad.away.post(f"/api/v1/alarms/{alarm['id']}/take")
    assert (taken.status_code, taken.json()["taken_by"]) == (200, "operator:cilla@tanum")
    other = abroad.home.post(f"/api/v1/alarms/{alarm['id']}/take")
    assert (other.status_code, other.json()["taken_by"]) == (409, "operator:cilla@tanum")
    resolved = abroad.away.post(f"/api/v1/alarms/{alarm['id']}/resolve", json={"outcome": "helped"})
    assert (resolved.status_code, resolved.json()["state"]) == (200, "resolved")
    timeline = abroad.home.get(f"/api/v1/alarms/{alarm['id']}").json()["timeline"]
    assert [line["to"] for line in timeline if line["event"] == "alarm.resolved"] == ["operator:cilla@tanum"]


@pytest.mark.parametrize("person", [FORMER, NEIGHBOUR])
def test_of_whoever_is_not_staying_there_now_the_host_sees_nothing(abroad: Scene, person: int) -> None:
    alarm = abroad.press(person)["id"]
    assert alarm not in listed(abroad.away)
    looks = [abroad.away.get(f"/api/v1/alarms/{alarm}{path}").status_code for path in ("", "/track")]
    acts = [abroad.away.post(f"/api/v1/alarms/{alarm}/{act}").status_code for act in ("take", "decline", "arrive", "escalate")]
    said = [
        abroad.away.post(f"/api/v1/alarms/{alarm}/note", json={"text": "x"}).status_code,
        abroad.away.post(f"/api/v1/alarms/{alarm}/resolve", json={"outcome": "helped"}).status_code,
    ]
    assert {*looks, *acts, *said} == {404}
    assert abroad.home.get(f"/api/v1/alarms/{alarm}").json()["state"] == "open"


def test_the_owner_sees_nothing_of_its_hosts_own_residents(abroad: Scene) -> None:
    alarm = abroad.press(GUEST, "tanum")["id"]
    assert alarm not in listed(abroad.home)
    assert abroad.home.get(f"/api/v1/alarms/{alarm}").status_code == 404


def told_by(scene_: Scene, alarm: str) -> set[str]:
    """The channels that have told the owner's alarm centre."""
    timeline = scene_.home.get(f"/api/v1/alarms/{alarm}").json()["timeline"]
    return {line["channel"] for line in timeline if line["event"] == "alarm.told"}


def looks(scene_: Scene, alarm: str) -> list[tuple[str, str, str | None]]:
    """Who looked at where the person of an alarm went, by whose record."""
    lines = [json.loads(line) for line in scene_.service.log.splitlines() if "position_seen" in line]
    return [(line["tenant"], line["by"], line.get("of")) for line in lines if line["alarms"] == [alarm] and "track" in line]


def test_a_look_of_the_host_at_the_track_stands_in_both_records(abroad: Scene) -> None:
    walk(abroad, LOST, [0, 40, 190, 240, 290, 340])
    alarm = abroad.alarm_of(f"r{LOST}")["id"]
    found = abroad.away.get(f"/api/v1/alarms/{alarm}/track")
    assert (found.status_code, len(found.json()["fixes"]) > 1) == (200, True)
    assert looks(abroad, alarm) == [("grastorp", "operator:cilla@tanum", None), ("tanum", "operator:cilla", "grastorp")]
    abroad.home.get(f"/api/v1/alarms/{alarm}/track")
    assert looks(abroad, alarm)[2:] == [("grastorp", "operator:anna", None)]


def test_a_screen_of_the_host_follows_the_guest_and_nobody_else_until_the_stay_is_over(abroad: Scene) -> None:
    with screen(abroad, abroad.away_secret) as page:
        heard(page, "snapshot")
        neighbour, guest = abroad.press(NEIGHBOUR), abroad.press(GUEST)
        changes = until_event(page, guest["id"], "alarm.raised")
        assert neighbour["id"] not in {change["alarm"]["id"] for change in changes}
        page.send(json.dumps({"type": "shown", "alarms": [guest["id"], neighbour["id"]]}))
        seq = changes[-1]["seq"]
        arranged(abroad, "grastorp", AGREED["grastorp"], {MOVED: STAY})
        gone = until(lambda: (said := heard(page, "snapshot"))["type"] and guest["id"] not in str(said) and said, "it is gone")
        assert {alarm["tenant"] for alarm in gone["alarms"]} <= {"tanum"}
    assert abroad.away.get(f"/api/v1/alarms/{guest['id']}").status_code == 404
    channels = until(lambda: told_by(abroad, guest["id"]), "the owner's alarm centre is told")
    assert channels == {"webhook"}, "a page of the host is no alarm centre of the owner"
    with screen(abroad, abroad.away_secret, f"?since={seq - 1}") as page:
        after = abroad.press(MOVED)
        changes = until_event(page, after["id"], "alarm.raised")
        assert guest["id"] not in str(changes), "what was kept of it is sent to nobody who may not see it any more"


def test_who_may_only_receive_sees_and_is_told_that_answering_is_not_agreed(abroad: Scene) -> None:
    arranged(abroad, "grastorp", [{"with": "tanum", "they_may": ["receive"]}], {SEEN: STAY})
    alarm = abroad.press(SEEN)["id"]
    assert alarm in listed(abroad.away)
    refused = abroad.away.post(f"/api/v1/alarms/{alarm}/take")
    assert (refused.status_code, refused.json()["title"]) == (403, "not_agreed")
    assert abroad.home.get(f"/api/v1/alarms/{alarm}").json()["state"] == "open"
