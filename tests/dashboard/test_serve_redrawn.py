"""A zone is drawn anew while the service runs: what was believed of the old drawing says nothing of the new one."""

from __future__ import annotations

import copy
import time
from pathlib import Path
from typing import Any

from importing import import_into, taken_up

from tests.servers.serving import Serving, serving, until
from tests.servers.town import town

NORTH = 58.3345 + 400 / 111_400
"""Four hundred metres to the north of the home."""


def with_home(radius_m: float) -> dict[str, Any]:
    site = copy.deepcopy(town())
    site["residents"][1]["zones"][0]["circle"]["radius_m"] = radius_m
    return site


def seen(service: Serving, ago_s: float) -> list[str]:
    """A fix there; the states of the person's alarms about it."""
    device = site_device()
    fix = {"tenant": "grastorp", "device": device, "kind": "position", "lat": NORTH, "lon": 12.6784, "accuracy_m": 10}
    with service.client() as client:
        answer = client.post("/api/v1/readings", json={**fix, "at": time.time() - ago_s})
        assert [one["status"] for one in answer.json()["readings"]] == ["kept"], answer.text
        alarms = client.get("/api/v1/alarms?state=open").json()["items"]
    return [alarm["why"] for alarm in alarms if alarm["rule"] == "wander"]


def site_device() -> str:
    return next(str(one["id"]) for one in town()["residents"][1]["devices"] if one["kind"] == "gps")


def redrawn(service: Serving, radius_m: float) -> None:
    before = taken_up(service)
    import_into(service, with_home(radius_m))
    until(lambda: taken_up(service) > before, "the changed site is taken up")


def test_who_stands_outside_of_a_zone_that_shrank_is_found_by_fixes_that_agree_and_back_when_it_grows(tmp_path: Path) -> None:
    with serving(tmp_path, with_home(600), opened=True) as service:
        assert [seen(service, ago_s) for ago_s in (50, 45, 40)] == [[], [], []]
        redrawn(service, 100)
        # Those before it may agree with the first that comes after: that depends on how long the import took.
        assert set(seen(service, 35)) <= {"outside_all_zones"}
        assert seen(service, 30) == ["outside_all_zones"]
        redrawn(service, 900)
        assert [seen(service, ago_s) for ago_s in (25, 20)] == [["outside_all_zones"]] * 2
        with service.client() as client:
            (alarm,) = (one for one in client.get("/api/v1/alarms?state=open").json()["items"] if one["rule"] == "wander")
        assert alarm["ended_at"] is not None
