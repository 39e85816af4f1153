"""Where it can be told what was meant, a geometry that can be used is proposed, and what it would change is said."""

from __future__ import annotations

import math
import random
from itertools import pairwise
from typing import Any

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geofence import AreaInvalid, distance_m, region, repair, vertices_of
from geofence.geojson import VERTICES_MAX
from tests.geofence.drawing import BOW_TIE, INNER, SQUARE, near_lats, near_lons, polygon, reaches, star

BACKWARDS = SQUARE[::-1]
SHIFTED = [[lon + 0.01, lat + 0.005] for lon, lat in SQUARE]
SPIKE_INTO_AN_EDGE = [SQUARE[0], [12.75, 58.33], *SQUARE[1:]]

WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "crossing itself": (polygon(BOW_TIE), "2 polygons of 649,069 m², where what was drawn cancels itself out"),
    "not closed": (polygon(SQUARE[:-1]), "1 polygon of 1,298,137 m², as large as drawn"),
    "a hole that crosses its outer ring": (polygon(SQUARE, [[lon + 0.01, lat] for lon, lat in INNER]), "1 polygon of"),
    "polygons that overlap": ({"type": "MultiPolygon", "coordinates": [[SQUARE], [SHIFTED]]}, "-13 % of what was drawn"),
    "a polygon in a polygon": ({"type": "MultiPolygon", "coordinates": [[SQUARE], [INNER]]}, "1 polygon of"),
    "a spike along an edge": (polygon(SPIKE_INTO_AN_EDGE), "as large as drawn"),
    "over 180 degrees": (
        polygon([[179.9, 10], [-179.9, 10], [-179.9, 10.2], [179.9, 10.2], [179.9, 10]]),
        "2 polygons of 487 km²",
    ),
    "longitudes that run on": (
        polygon([[179.9, 10], [180.1, 10], [180.1, 10.2], [179.9, 10.2], [179.9, 10]]),
        "2 polygons of 487 km²",
    ),
    "around the pole": (polygon([[0, 80], [90, 80], [180, 80], [-90, 80], [0, 80]]), "1 polygon of 3,874,523 km²"),
    "longitudes for latitudes": (polygon([[10, 120], [10, 121], [11, 121], [10, 120]]), "as large as drawn"),
}


def proposed(drawn: dict[str, Any]) -> tuple[dict[str, Any], str]:
    with pytest.raises(AreaInvalid) as caught:
        region(drawn)
    assert caught.value.repair is not None
    return caught.value.repair, str(caught.value)


@pytest.mark.parametrize("wrong", WRONG)
def test_a_repair_can_be_used_and_says_what_it_changes(wrong: str) -> None:
    drawn, words = WRONG[wrong]
    geometry, said = proposed(drawn)
    assert words in said
    assert region(geometry).geojson() == geometry


@pytest.mark.parametrize("wrong", WRONG)
def test_outer_rings_of_a_repair_turn_against_the_clock_and_holes_with_it(wrong: str) -> None:
    geometry, _ = proposed(WRONG[wrong][0])
    polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
    for outer, *holes in polygons:
        assert turn(outer) > 0
        assert all(turn(hole) < 0 for hole in holes)


def turn(ring: list[list[float]]) -> float:
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring))


def test_both_lobes_of_a_bow_tie_are_inside() -> None:
    area = region(proposed(polygon(BOW_TIE))[0])
    assert distance_m(area, 58.335, 12.672) < 0
    assert distance_m(area, 58.335, 12.688) < 0
    assert distance_m(area, 58.331, 12.68) > 0


@pytest.mark.parametrize("wrong", ["over 180 degrees", "longitudes that run on"])
def test_an_area_that_was_cut_has_no_border_where_it_was_cut(wrong: str) -> None:
    area = region(proposed(WRONG[wrong][0])[0])
    middle = [distance_m(area, 10.1, lon) for lon in (180.0, -180.0)]
    assert middle == pytest.approx([-10_960.6] * 2, abs=5)
    assert distance_m(area, 10.1, 179.95) == pytest.approx(-5_480, abs=5)
    assert distance_m(area, 10.1, -179.95) == pytest.approx(-5_480, abs=5)
    assert distance_m(area, 10.1, 179.8) == pytest.approx(10_960, abs=10)
    assert distance_m(area, 10.1, 0.0) > 1e7


def test_a_pole_that_was_led_over_is_inside() -> None:
    area = region(proposed(WRONG["around the pole"][0])[0])
    assert distance_m(area, 90.0, 0.0) < -1e6
    assert all(distance_m(area, 85.0, lon) < -5e5 for lon in (-180.0, -90.0, 12.0, 180.0))
    assert all(distance_m(area, 79.0, lon) > 1e5 for lon in (-179.0, 0.0, 12.0, 179.0))


def test_a_pole_that_somebody_led_the_border_over_is_inside() -> None:
    area = region(polygon([[-180, 80], [-60, 80], [60, 80], [180, 80], [180, 90], [-180, 90], [-180, 80]]))
    assert distance_m(area, 90.0, 0.0) < -1e6
    assert distance_m(area, 85.0, 180.0) < -5e5
    assert distance_m(area, 79.0, 180.0) > 1e5


@pytest.mark.parametrize(
    "drawn",
    [
        polygon([SQUARE[0]] * 5),
        polygon([[12.67, 158.33], *SQUARE[1:-1], [12.67, 158.33]]),
        polygon([["12.67", 58.33], *SQUARE[1:]]),
        polygon([[float("nan"), 58.33], *SQUARE[1:]]),
        polygon(SQUARE, []),
        polygon(),
        {"type": "Point", "coordinates": [12, 58]},
    ],
)
def test_where_it_cannot_be_told_what_was_meant_nothing_is_proposed(drawn: dict[str, Any]) -> None:
    with pytest.raises(AreaInvalid) as caught:
        region(drawn)
    assert caught.value.repair is None
    assert "proposed" not in str(caught.value)


@pytest.mark.parametrize("edges", [150, 2_000])
def test_a_tangle_is_refused_and_not_taken_apart(edges: int) -> None:
    """Two thousand edges cross six hundred thousand times, and to take them apart took half a minute."""
    rng = random.Random(1)  # noqa: S311 - a made-up tangle
    ring = [[rng.uniform(12, 13), rng.uniform(58, 59)] for _ in range(edges)]
    with pytest.raises(AreaInvalid, match="crosses") as caught:
        region(polygon([*ring, ring[0]]))
    assert caught.value.repair is None


def test_a_drawing_that_is_traced_over_and_over_is_refused() -> None:
    triangle = [SQUARE[0], SQUARE[1], SQUARE[2]]
    with pytest.raises(AreaInvalid):
        region(polygon([*(triangle * 3_000), SQUARE[0]]))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(12, 13), st.floats(58, 59)), min_size=3, max_size=12))
def test_any_ring_is_an_area_or_has_a_repair_that_is_one_or_has_none(corners: list[tuple[float, float]]) -> None:
    ring = [[round(lon, 3), round(lat, 3)] for lon, lat in corners]
    try:
        region(polygon([*ring, ring[0]]))
    except AreaInvalid as problem:
        if problem.repair is not None:
            region(problem.repair)
            return
        # Without a repair, it encloses next to nothing: less than what rounding to a centimetre may take away.
        assert shapely.make_valid(shapely.Polygon([*ring, ring[0]])).area < 1e-6


# -- what could be drawn better ------------------------------------------------------------------------------------------


def test_a_spike_is_left_out_and_doubled_positions_alone_are_no_reason() -> None:
    spiked = polygon([SQUARE[0], SQUARE[1], [12.75, 58.33], SQUARE[1], *SQUARE[2:]])
    tidy = repair.tidied(region(spiked).geojson())
    assert tidy is not None
    assert tidy.geometry == polygon(SQUARE)
    assert repair.tidied(polygon([SQUARE[0], *SQUARE])) is None
    assert repair.tidied(polygon(SQUARE)) is None


@settings(max_examples=30, deadline=None)
@given(near_lats, near_lons, reaches, st.floats(1, 50))
def test_a_thinned_border_stays_within_its_tolerance(lat: float, lon: float, far: list[float], tolerance_m: float) -> None:
    drawn = star(lat, lon, far)
    simple = repair.thinned(drawn, tolerance_m)
    if simple is None:
        return
    assert vertices_of(simple.geometry) < vertices_of(drawn)
    area = region(simple.geometry)
    assert all(abs(distance_m(area, corner[1], corner[0])) <= tolerance_m * 1.01 + 0.1 for corner in drawn["coordinates"][0])


def test_too_many_vertices_are_thinned_out() -> None:
    count = VERTICES_MAX + 100
    ring = [
        [12.7 + 0.01 * math.cos(2 * math.pi * n / count), 58.3 + 0.005 * math.sin(2 * math.pi * n / count)] for n in range(count)
    ]
    geometry, said = proposed(polygon([*ring, ring[0]]))
    assert "within 1 % as large as drawn" in said or "as large as drawn" in said
    assert vertices_of(geometry) <= VERTICES_MAX


def test_exchanging_twice_changes_nothing() -> None:
    drawn = {"type": "MultiPolygon", "coordinates": [[SQUARE, INNER], [[[13.0, 58.0, 17.0]]]]}
    assert repair.exchanged(drawn)["coordinates"][1] == [[[58.0, 13.0, 17.0]]]
    assert repair.exchanged(repair.exchanged(drawn)) == drawn
