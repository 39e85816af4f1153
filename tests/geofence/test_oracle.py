"""Composed rows whose distances come from geodesics alone (`compose_oracle.py`): every kind of area agrees with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from geofence import Area, circle, corridor, distance_m, distances_m, region

ROWS: list[dict[str, Any]] = [
    json.loads(line) for line in (Path(__file__).parent / "oracle.jsonl").read_text(encoding="utf-8").splitlines()
]
KINDS = sorted({row["kind"] for row in ROWS})

SHARE = 1e-3
"""What is promised, of the distance."""

LEAST_M = 0.06
"""And what an edge may bend (`BEND_MAX_M`), which is more than that within fifty metres of a border."""


def area_of(row: dict[str, Any]) -> Area:
    given = row["area"]
    if row["kind"] == "circle":
        return circle(**given)
    return corridor(given["line"], given["width_m"]) if row["kind"] == "corridor" else region(given)


@pytest.mark.parametrize("kind", KINDS)
def test_a_point_is_as_far_from_the_border_as_the_geodesic_says(kind: str) -> None:
    rows = [row for row in ROWS if row["kind"] == kind]
    assert {row["signed_m"] < 0 for row in rows} == {True, False}
    for row in rows:
        signed = distance_m(area_of(row), row["lat"], row["lon"])
        assert signed == pytest.approx(row["signed_m"], rel=SHARE, abs=LEAST_M)


def test_all_of_them_at_once_are_as_far() -> None:
    lats, lons = np.array([row["lat"] for row in ROWS]), np.array([row["lon"] for row in ROWS])
    expected = [row["signed_m"] for row in ROWS]
    assert distances_m([area_of(row) for row in ROWS], lats, lons) == pytest.approx(expected, rel=SHARE, abs=LEAST_M)
