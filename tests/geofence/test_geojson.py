"""Every way in which an area can be wrong is said in words, and without coordinates."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geofence import Area, AreaInvalid, circle, region
from geofence.geojson import RADIUS_MAX_M, VERTICES_MAX

SQUARE = [[12.67, 58.33], [12.69, 58.33], [12.69, 58.34], [12.67, 58.34], [12.67, 58.33]]
INNER = [[12.675, 58.332], [12.685, 58.332], [12.685, 58.338], [12.675, 58.338], [12.675, 58.332]]
FAR = [[lon + 1, lat] for lon, lat in SQUARE]
BOW_TIE = [SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3], SQUARE[0]]


def polygon(*rings: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def with_first(*position: Any) -> dict[str, Any]:
    return polygon([list(position), *SQUARE[1:-1], list(position)])


MISTAKES: dict[str, tuple[Any, str]] = {
    "not_an_object": ([SQUARE], "not a GeoJSON object"),
    "a_point": ({"type": "Point", "coordinates": [12.67, 58.33]}, "type must be Polygon or MultiPolygon"),
    "a_feature": ({"type": "Feature", "geometry": polygon(SQUARE)}, "give its geometry alone"),
    "no_type": ({"coordinates": [SQUARE]}, "type must be Polygon or MultiPolygon"),
    "no_coordinates": ({"type": "Polygon"}, "coordinates are empty|has no ring"),
    "no_rings": (polygon(), "has no ring"),
    "no_polygons": ({"type": "MultiPolygon", "coordinates": []}, "coordinates are empty"),
    "an_empty_polygon": ({"type": "MultiPolygon", "coordinates": [[SQUARE], []]}, "polygon 1 has no ring"),
    "an_empty_ring": (polygon([]), "ring 0 has 0 positions; at least 4"),
    "a_ring_that_is_a_word": (polygon("home"), "ring 0 is not a list"),
    "three_positions": (polygon([SQUARE[0], SQUARE[1], SQUARE[0]]), "ring 0 has 3 positions; at least 4"),
    "not_closed": (polygon(SQUARE[:-1]), "ring 0 is not closed; repeat its first position"),
    "a_hole_not_closed": (polygon(SQUARE, INNER[:-1]), "ring 1 is not closed"),
    "one_number": (with_first(12.6), "ring 0 position 0 is not a position"),
    "a_word": (with_first("12.6", 58.3), "ring 0 position 0 longitude is not a number"),
    "a_truth": (with_first(True, 58.3), "ring 0 position 0 longitude is not a number"),
    "nothing": (with_first(12.6, None), "ring 0 position 0 latitude is not a number"),
    "not_a_number": (with_first(float("nan"), 58.3), "longitude is not finite"),
    "endless": (with_first(12.6, float("inf")), "latitude is not finite"),
    "huge_integer": (with_first(10**400, 58.3), "longitude is not finite"),
    "latitude_first": (with_first(12.6, 158.3), "position 0 has a latitude outside -90 to 90.*longitude first"),
    "longitude_out_of_range": (with_first(212.6, 58.3), "position 0 has a longitude outside -180 to 180"),
    "crossing_itself": (polygon(BOW_TIE), "ring 0 edge 0 crosses ring 0 edge 2"),
    "hole_crossing": (polygon(SQUARE, [[lon + 0.01, lat] for lon, lat in INNER]), "ring 0 edge 1 crosses ring 1 edge 0"),
    "hole_outside": (polygon(SQUARE, FAR), "a hole lies outside its outer ring"),
    "polygon_in_polygon": ({"type": "MultiPolygon", "coordinates": [[SQUARE], [INNER]]}, "one polygon lies inside another"),
    "overlapping": (
        {"type": "MultiPolygon", "coordinates": [[SQUARE], [[[lon + 0.01, lat + 0.005] for lon, lat in SQUARE]]]},
        "polygon 0 ring 0 edge 1 crosses polygon 1 ring 0 edge 0",
    ),
    "a_line": (polygon([SQUARE[0], SQUARE[1], SQUARE[0], SQUARE[0]]), "encloses nothing"),
    "one_point": (polygon([SQUARE[0]] * 5), "encloses nothing"),
    "smaller_than_a_person": (
        polygon([[12.67, 58.33], [12.670001, 58.33], [12.670001, 58.330001], [12.67, 58.33]]),
        "less than a square metre",
    ),
    "too_many_vertices": (polygon([SQUARE[0]] * (VERTICES_MAX + 2)), f"{VERTICES_MAX + 1} vertices and may have {VERTICES_MAX}"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_said_in_words_and_without_coordinates(mistake: str) -> None:
    drawn, words = MISTAKES[mistake]
    with pytest.raises(AreaInvalid, match=words) as caught:
        region(drawn)
    assert not re.search(r"\d\.\d|12\b|58\b", str(caught.value))
    assert ";" in str(caught.value), "what to do is missing"


@pytest.mark.parametrize(
    ("lat", "lon", "radius", "words"),
    [
        (91, 12, 100, "centre has a latitude outside"),
        (58, 181, 100, "centre has a longitude outside"),
        (float("nan"), 12, 100, "latitude is not finite"),
        (58, "12", 100, "longitude is not a number"),
        (58, 12, 0, "radius_m must be above 0"),
        (58, 12, -5, "radius_m must be above 0"),
        (58, 12, float("inf"), "radius_m is not finite"),
        (58, 12, None, "radius_m is not a number"),
        (58, 12, RADIUS_MAX_M * 2, "radius_m is above"),
    ],
)
def test_a_wrong_circle_is_refused(lat: Any, lon: Any, radius: Any, words: str) -> None:
    with pytest.raises(AreaInvalid, match=words):
        circle(lat, lon, radius)


def test_heights_are_left_out_and_doubled_positions_are_kept() -> None:
    high = region(polygon([[*p, 17.0] for p in SQUARE]))
    assert high == region(polygon(SQUARE))
    doubled = [SQUARE[0], *SQUARE]
    assert region(polygon(doubled)).geojson()["coordinates"] == [doubled]


def test_a_hole_may_touch_its_outer_ring_in_one_point() -> None:
    touching = [SQUARE[0], INNER[1], INNER[2], SQUARE[0]]
    assert isinstance(region(polygon(SQUARE, touching)), Area)


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=3), lambda x: st.lists(x, max_size=5)))
def test_rubbish_is_refused_and_nothing_else_happens(rubbish: Any) -> None:
    for kind in ("Polygon", "MultiPolygon"):
        with pytest.raises(AreaInvalid):
            region({"type": kind, "coordinates": rubbish})
