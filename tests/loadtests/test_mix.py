"""The mix is what the published figures say it is."""

from __future__ import annotations

import itertools
import json
import math
from collections import Counter
from datetime import datetime
from typing import Any

import pytest

from loadtests.mix import FIRST_AT, PACE_MPS, SHARES, mix
from loadtests.site import CENTRE_LAT, HOME_VERTICES, VILLAGE_VERTICES, bench_site, homes


def metres(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Distance of two near places."""
    north = (a[0] - b[0]) * 111_195
    return math.hypot(north, (a[1] - b[1]) * 111_195 * math.cos(math.radians(CENTRE_LAT)))


@pytest.mark.parametrize("with_ids", [True, False])
def test_every_hundred_readings_have_the_published_shares(with_ids: bool) -> None:
    made = list(mix(50, 1000, 3, with_ids))
    for start in range(0, 1000, 100):
        assert Counter(kind for _, kind, _ in made[start : start + 100]) == SHARES
    assert [("id" in fields) for _, _, fields in made] == [with_ids] * 1000


def test_the_shares_are_those_that_are_published() -> None:
    assert (SHARES["position"], SHARES["motion"] + SHARES["bed"], SHARES["status"], SHARES["button"]) == (60, 25, 14, 1)


def test_the_same_seed_gives_the_same_readings_and_another_seed_others() -> None:
    assert list(mix(20, 300, 7, True)) == list(mix(20, 300, 7, True))
    assert list(mix(20, 300, 7, True)) != list(mix(20, 300, 8, True))


def test_no_two_readings_are_the_same_so_that_none_is_taken_for_a_repetition() -> None:
    made = [json.dumps([d, k, f], sort_keys=True) for d, k, f in mix(5, 20_000, 1, False, every_s=0.00025)]
    assert len(set(made)) == len(made)
    ids = [f["id"] for _, _, f in mix(5, 500, 1, True)]
    assert len(set(ids)) == len(ids)


def test_times_begin_where_they_should_and_go_on_evenly() -> None:
    at = [datetime.fromisoformat(f["at"]) for _, _, f in mix(5, 50, 1, False, every_s=0.5)]
    assert at[0] == FIRST_AT
    assert {(b - a).total_seconds() for a, b in itertools.pairwise(at)} == {0.5}


def test_people_walk_no_faster_than_people_do_and_are_mostly_at_home() -> None:
    where: dict[str, list[tuple[float, tuple[float, float], float]]] = {}
    for device, kind, f in mix(20, 40_000, 5, False):
        if kind == "position":
            second = (datetime.fromisoformat(f["at"]) - FIRST_AT).total_seconds()
            where.setdefault(device, []).append((second, (f["lat"], f["lon"]), f["accuracy_m"]))
    near = away = 0
    for number, home in enumerate(homes(20, 5)):
        track = where[f"gps-{number:05d}"]
        for (t0, p0, a0), (t1, p1, a1) in itertools.pairwise(track):
            assert metres(p0, p1) <= PACE_MPS[1] * (t1 - t0) + 3 * (a0 + a1)
        far = [metres(p, home) for _, p, _ in track]
        near += sum(f < 400 for f in far)
        away += sum(f > 1400 for f in far)
    assert near > 0.6 * 24_000
    assert 0 < away < 0.2 * 24_000


def test_the_site_knows_every_device_and_has_the_published_zones_and_rules() -> None:
    site = bench_site(30, seed=2)
    known = {d["id"] for r in site["residents"] for d in r["devices"]}
    assert {device for device, _, _ in mix(30, 2000, 2, False)} <= known
    for resident in site["residents"]:
        corners = [len(z["area"]["coordinates"][0]) - 1 for z in resident["zones"]]
        assert corners == [HOME_VERTICES, VILLAGE_VERTICES] == [12, 64]
        assert len(resident["rules"]) == 6
        ring: Any = resident["zones"][0]["area"]["coordinates"][0]
        assert ring[0] == ring[-1]
    json.dumps(site)


def test_homes_do_not_move_when_there_are_more_of_them() -> None:
    assert homes(10, 1) == homes(20, 1)[:10]
