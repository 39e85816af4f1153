"""How deep an area is, where that is too little for receivers."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geofence import circle, corridor, distance_m, region
from geofence.depth import depth_below_m
from tests.geofence.drawing import near_lats, near_lons, reaches, star, way


def test_a_circle_is_as_deep_as_its_radius_and_a_corridor_as_half_its_width() -> None:
    assert depth_below_m(circle(58.3, 12.7, 40.0), 50.0) == 40.0
    assert depth_below_m(circle(58.3, 12.7, 50.0), 50.0) is None
    assert depth_below_m(corridor(way(58.3, 12.7, [0, 0]), 60.0), 50.0) == 30.0
    assert depth_below_m(corridor(way(58.3, 12.7, [0, 0]), 100.0), 50.0) is None


@pytest.mark.parametrize(("side_m", "depth_m"), [(60.0, 30.0), (98.0, 49.0), (110.0, None), (10_000.0, None)])
def test_a_square_is_half_as_deep_as_wide(side_m: float, depth_m: float | None) -> None:
    square = region(star(58.3, 12.7, [side_m / 2**0.5] * 4))
    assert depth_below_m(square, 50.0) == (None if depth_m is None else pytest.approx(depth_m, abs=1.5))


def test_a_long_narrow_area_is_shallow_however_large() -> None:
    strip = {"type": "Polygon", "coordinates": [[[12.6, 58.3], [12.8, 58.3], [12.8, 58.3005], [12.6, 58.3005], [12.6, 58.3]]]}
    assert depth_below_m(region(strip), 50.0) == pytest.approx(27.8, abs=1.5)


def strip(south: float, wide_m: float, long_degrees: float = 0.3) -> list[list[float]]:
    """A ring so wide to the north, and much longer to the east."""
    north = south + wide_m / 111_370
    east = 12.6 + long_degrees
    return [[12.6, south], [east, south], [east, north], [12.6, north], [12.6, south]]


def test_a_strip_just_below_what_is_asked_for_is_not_taken_for_deeper_by_the_quick_way() -> None:
    assert depth_below_m(region({"type": "Polygon", "coordinates": [strip(58.3, 97.0)]}), 50.0) == pytest.approx(48.5, abs=1.0)
    assert depth_below_m(region({"type": "Polygon", "coordinates": [strip(58.3, 120.0)]}), 50.0) is None


def test_many_shallow_parts_are_as_shallow_as_one() -> None:
    drawn = {"type": "MultiPolygon", "coordinates": [[strip(58.3 + n / 100, 60.0)] for n in range(12)]}
    assert depth_below_m(region(drawn), 50.0) == pytest.approx(30.0, abs=1.5)


def test_a_ring_around_a_hole_is_as_deep_as_half_its_width() -> None:
    outer, hole = (star(58.3, 12.7, [far] * 90)["coordinates"][0] for far in (1_000.0, 940.0))
    assert depth_below_m(region({"type": "Polygon", "coordinates": [outer, hole[::-1]]}), 50.0) == pytest.approx(30.0, abs=1.5)


@settings(max_examples=30, deadline=None)
@given(near_lats, near_lons, reaches, st.floats(-200, 200), st.floats(-200, 200))
def test_no_point_lies_deeper_than_an_area_is_said_to_be(
    lat: float, lon: float, far: list[float], up_m: float, right_m: float
) -> None:
    area = region(star(lat, lon, far))
    depth = depth_below_m(area, 200.0)
    if depth is not None:
        assert -distance_m(area, lat + up_m / 111_320, lon + right_m / 60_000) <= depth + 200.0 * 0.02 + 0.1
