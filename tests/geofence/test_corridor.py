"""A corridor is everything within half of its width of a line."""

from __future__ import annotations

import math
import re
from itertools import pairwise
from typing import Any

import pytest
import shapely
from geographiclib.geodesic import Geodesic
from hypothesis import given, settings
from hypothesis import strategies as st

from geofence import Area, AreaInvalid, corridor, distance_m, region
from geofence.geojson import VERTICES_MAX, WIDTH_MAX_M
from tests.geofence.drawing import M_PER_DEGREE, SQUARE, near_lats, near_lons, norths, offsets, way

LINE = {"type": "LineString", "coordinates": [[12.67, 58.33], [12.68, 58.335], [12.70, 58.33]]}
LINES = {"type": "MultiLineString", "coordinates": [LINE["coordinates"], [[12.8, 58.33], [12.81, 58.33]]]}


@given(near_lats, near_lons, norths, offsets, offsets, st.floats(1, 500))
def test_a_corridor_is_as_far_as_the_nearest_point_of_its_line_less_half_its_width(
    lat: float, lon: float, far: list[float], up: float, right: float, width: float
) -> None:
    drawn = way(lat, lon, far)
    line = shapely.LineString(drawn["coordinates"])
    stops = [line.interpolate(n / 300, normalized=True) for n in range(301)]
    nearest = min(Geodesic.WGS84.Inverse(lat + up, lon + right, p.y, p.x)["s12"] for p in stops)
    # Two stops lie at most a hundred and eleven metres per thousandth of a degree apart.
    spacing = line.length / 300 * 111_700
    signed = distance_m(corridor(drawn, width), lat + up, lon + right) + width / 2
    assert nearest - spacing - 0.1 <= signed <= nearest * 1.001 + 0.1


@given(near_lats, near_lons, st.floats(0, 360), st.floats(0, 200), st.floats(10, 500))
def test_its_ends_are_round(lat: float, lon: float, bearing: float, beyond_m: float, width: float) -> None:
    start = Geodesic.WGS84.Direct(lat, lon, bearing, 1_000.0)
    end = Geodesic.WGS84.Direct(lat, lon, bearing + 180.0, beyond_m)
    area = corridor({"type": "LineString", "coordinates": [[start["lon2"], start["lat2"]], [lon, lat]]}, width)
    assert distance_m(area, end["lat2"], end["lon2"]) == pytest.approx(beyond_m - width / 2, abs=0.06)


def test_the_middle_of_each_line_is_half_a_width_inside() -> None:
    area = corridor(LINES, 80.0)
    assert distance_m(area, 58.335, 12.68) == pytest.approx(-40.0, abs=0.01)
    assert distance_m(area, 58.33, 12.805) == pytest.approx(-40.0, abs=0.06)
    between = 12.75 - 12.70
    expected = between * M_PER_DEGREE * math.cos(math.radians(58.33)) - 40.0
    assert distance_m(area, 58.33, 12.75) == pytest.approx(expected, rel=0.005)


def test_a_way_there_and_back_is_a_way() -> None:
    there_and_back = {"type": "LineString", "coordinates": [[12.67, 58.33], [12.68, 58.33], [12.67, 58.33]]}
    assert distance_m(corridor(there_and_back, 60.0), 58.33, 12.675) == pytest.approx(-30.0, abs=0.06)


def test_a_line_may_cross_itself() -> None:
    loop = {"type": "LineString", "coordinates": [[12.67, 58.33], [12.69, 58.34], [12.69, 58.33], [12.67, 58.34]]}
    assert distance_m(corridor(loop, 60.0), 58.335, 12.68) == pytest.approx(-30.0, abs=0.06)


@settings(max_examples=40, deadline=None)
@given(st.floats(-80, 80), st.floats(-180, 180), norths, st.floats(10, 500))
def test_a_drawn_corridor_has_all_its_corners_on_the_border(lat: float, lon: float, far: list[float], width: float) -> None:
    drawn = way(lat, min(lon, 178.0), far)
    area = corridor(drawn, width)
    outline = area.geojson()
    assert outline["type"] == "Polygon"
    for ring in outline["coordinates"]:
        assert ring[0] == ring[-1]
        # Where the outline turns, it is a chord of the round border.
        assert [distance_m(area, corner[1], corner[0]) for corner in ring] == pytest.approx([0.0] * len(ring), abs=0.01 * width)


def test_a_drawn_corridor_is_an_area_of_the_same_place() -> None:
    area = corridor(LINES, 80.0)
    drawn = region(area.geojson())
    assert area.geojson()["type"] == "MultiPolygon"
    for lat, lon in ((58.331, 12.672), (58.34, 12.68), (58.3301, 12.805), (58.33, 12.75)):
        assert distance_m(area, lat, lon) == pytest.approx(distance_m(drawn, lat, lon), rel=0.002, abs=1.0)


def test_a_drawn_corridor_turns_against_the_clock_and_its_holes_with_it() -> None:
    around = {"type": "LineString", "coordinates": [*SQUARE]}
    outer, hole = corridor(around, 80.0).geojson()["coordinates"]
    assert turn(outer) > 0
    assert turn(hole) < 0


def turn(ring: list[list[float]]) -> float:
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring))


def test_a_corridor_near_the_antimeridian_is_drawn_in_one_piece() -> None:
    (outline,) = corridor({"type": "LineString", "coordinates": [[179.9, 10], [180, 10]]}, 500.0).geojson()["coordinates"]
    assert max(lon for lon, _ in outline) > 180.0
    assert all(abs(b[0] - a[0]) < 0.2 for a, b in pairwise(outline))


def test_it_says_its_width_and_not_where_it_lies() -> None:
    assert repr(corridor(LINE, 80.0)) == "<Corridor of 3 positions, 80 m wide>"
    assert corridor(LINE, 80.0) == corridor(LINE, 80.0)
    assert corridor(LINE, 80.0) != corridor(LINE, 81.0)


MISTAKES: dict[str, tuple[Any, Any, str]] = {
    "no_object": ([1], 80, "not a GeoJSON object"),
    "a_polygon": ({"type": "Polygon", "coordinates": [[]]}, 80, "type must be LineString or MultiLineString"),
    "no_lines": ({"type": "MultiLineString", "coordinates": []}, 80, "coordinates are empty"),
    "a_word": ({"type": "LineString", "coordinates": "home"}, 80, "the line is not a list"),
    "one_position": ({"type": "LineString", "coordinates": [[12.67, 58.33]]}, 80, "the line has no length"),
    "one_position_twice": ({"type": "LineString", "coordinates": [[12.67, 58.33]] * 2}, 80, "the line has no length"),
    "second_line": (LINES | {"coordinates": [LINE["coordinates"], []]}, 80, "line 1 has no length"),
    "not_finite": ({"type": "LineString", "coordinates": [[12.67, float("nan")], [12, 58]]}, 80, "latitude is not finite"),
    "over_180": ({"type": "LineString", "coordinates": [[179.9, 10], [-179.9, 10]]}, 80, "edge 0 reaches over more than 180"),
    "beyond_180": ({"type": "LineString", "coordinates": [[179.9, 10], [180.1, 10]]}, 80, "longitude outside -180 to 180"),
    "long": ({"type": "LineString", "coordinates": [[n / 1e4, 58] for n in range(VERTICES_MAX + 1)]}, 80, "may have 10000"),
    "no_width": (LINE, None, "width_m is not a number"),
    "width_zero": (LINE, 0, "width_m must be above 0"),
    "width_endless": (LINE, float("inf"), "width_m is not finite"),
    "width_in_millimetres": (LINE, WIDTH_MAX_M + 1, "width_m must be above 0 and at most 100000"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_said_in_words_and_without_coordinates(mistake: str) -> None:
    line, width, words = MISTAKES[mistake]
    with pytest.raises(AreaInvalid, match=words) as caught:
        corridor(line, width)
    assert not re.search(r"\d\.\d|\b12\b|\b58\b", str(caught.value))
    assert ";" in str(caught.value), "what to do is missing"


@pytest.mark.parametrize("mistake", ["over_180", "beyond_180"])
def test_a_line_across_the_antimeridian_is_proposed_in_two_parts(mistake: str) -> None:
    line, width, _ = MISTAKES[mistake]
    with pytest.raises(AreaInvalid, match="cut there is proposed") as caught:
        corridor(line, width)
    assert caught.value.repair is not None
    area: Area = corridor(caught.value.repair, width)
    for lon in (179.95, 180.0, -180.0, -179.95):
        assert distance_m(area, 10.0, lon) == pytest.approx(-40.0, abs=0.06)
    assert distance_m(area, 10.0, 0.0) > 1e7
