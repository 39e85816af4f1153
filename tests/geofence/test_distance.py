"""Signed distances: against an independent geodesic, against shapely, and one by one against many at once."""

from __future__ import annotations

from itertools import zip_longest

import numpy as np
import pytest
import shapely
from geographiclib.geodesic import Geodesic
from hypothesis import given, settings
from hypothesis import strategies as st

from geofence import Area, circle, distance_m, distances_m, region
from geofence.area import PLAIN_MAX
from geofence.distance import EDGES_MAX, LARGE_MIN, LONE_MAX
from tests.geofence.drawing import areas_with_points, near_lats, near_lons, offsets, reaches, star, subdivided


@given(near_lats, near_lons, st.floats(0, 360), st.floats(1, 50_000), st.floats(10, 20_000))
def test_a_circle_is_as_far_as_the_geodesic_says(lat: float, lon: float, bearing: float, far_m: float, radius: float) -> None:
    there = Geodesic.WGS84.Direct(lat, lon, bearing, far_m)
    signed = distance_m(circle(lat, lon, radius), there["lat2"], there["lon2"])
    assert signed == pytest.approx(far_m - radius, abs=1e-4 + 2e-5 * far_m)


@given(near_lats, near_lons, reaches, offsets, offsets)
def test_a_region_has_the_side_shapely_gives_it(lat: float, lon: float, far: list[float], up: float, right: float) -> None:
    drawn = star(lat, lon, far)
    signed = distance_m(region(drawn), lat + up, lon + right)
    shape = shapely.Polygon(drawn["coordinates"][0])
    point = shapely.Point(lon + right, lat + up)
    # Within a metre of the border the two may differ: an edge is cut where it bends by more than a few centimetres.
    if abs(signed) > 1.0:
        assert (signed < 0) == shape.contains(point)


@given(near_lats, near_lons, reaches, offsets, offsets)
def test_a_region_is_as_far_as_its_nearest_border_point(
    lat: float, lon: float, far: list[float], up: float, right: float
) -> None:
    """The nearest of many border points, by geodesic, is as far away as we say, within their spacing."""
    drawn = star(lat, lon, far)
    border = shapely.LinearRing(drawn["coordinates"][0])
    stops = [border.interpolate(n / 400, normalized=True) for n in range(400)]
    geodesic = min(Geodesic.WGS84.Inverse(lat + up, lon + right, p.y, p.x)["s12"] for p in stops)
    signed = abs(distance_m(region(drawn), lat + up, lon + right))
    # Two stops lie at most a hundred and eleven metres per thousandth of a degree apart.
    spacing = border.length / 400 * 111_700
    assert geodesic - spacing <= signed <= geodesic * 1.001 + 0.1


@settings(max_examples=50)
@given(st.lists(areas_with_points(), min_size=1, max_size=3 * LONE_MAX))
def test_many_at_once_agree_with_one_by_one(asked: list[tuple[Area, float, float]]) -> None:
    areas, lats, lons = zip(*asked, strict=True)
    many = distances_m(areas, np.array(lats), np.array(lons))
    assert many == pytest.approx([distance_m(*one) for one in asked], abs=0.01)


@pytest.mark.parametrize("others", [0, 40], ids=["alone", "among regions"])
def test_many_circles_at_once_agree_with_one_by_one(others: int) -> None:
    """So many that they are worked out together, from within to the other side of the earth."""
    circles: list[Area] = [circle(58.3 - n, 12.7 + 3 * n, 50.0 + 100 * n) for n in range(LONE_MAX + 30)]
    regions: list[Area] = [region(star(58.3, 12.7 + n / 100, [500.0 + n] * 12)) for n in range(others)]
    # One after the other, so that each must come back to its own place.
    areas = [area for pair in zip_longest(circles, regions) for area in pair if area is not None]
    assert len(areas) == len(circles) + others
    lats, lons = np.linspace(58.3, -58.3, len(areas)), np.linspace(12.7, 179.9, len(areas))
    one_by_one = [distance_m(a, lat, lon) for a, lat, lon in zip(areas, lats.tolist(), lons.tolist(), strict=True)]
    assert distances_m(areas, lats, lons) == pytest.approx(one_by_one, abs=0.01)
    assert min(one_by_one) < 0.0 < max(one_by_one)


def test_a_point_opposite_to_a_circle_is_half_way_around_the_earth_in_every_way_of_asking() -> None:
    areas = [circle(10.0, 12.7, 100.0)] * (4 * PLAIN_MAX)
    there = distances_m(areas, np.full(len(areas), -10.0), np.full(len(areas), -167.3))
    assert there == pytest.approx([distance_m(areas[0], -10.0, -167.3)] * len(areas), abs=1.0)
    assert there[0] > 1.9e7


def test_more_edges_than_one_round_takes_agree_with_one_by_one() -> None:
    count = EDGES_MAX // 40
    areas = [region(star(58.3, 12.7 + n / 1000, [500.0 + n] * (n % 100 + 5))) for n in range(count)]
    assert sum(n % 100 + 5 for n in range(count)) > EDGES_MAX
    lats, lons = np.full(count, 58.303), np.linspace(12.6, 13.4, count)
    one_by_one = [distance_m(a, lat, lon) for a, lat, lon in zip(areas, lats.tolist(), lons.tolist(), strict=True)]
    assert distances_m(areas, lats, lons) == pytest.approx(one_by_one, abs=0.01)


def test_a_polygon_of_many_vertices_answers_a_lone_point_as_its_coarse_twin_does() -> None:
    coarse = region(star(58.3, 12.7, [1_000.0] * 100))
    fine = region(star(58.3, 12.7, [1_000.0] * (PLAIN_MAX * 3)))
    assert distance_m(fine, 58.31, 12.7) == pytest.approx(distance_m(coarse, 58.31, 12.7), abs=1.0)
    assert distance_m(fine, 58.3, 12.7) < -990


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.integers(3, 30), st.floats(100, 3_000), offsets, offsets), min_size=17, max_size=40))
def test_areas_looked_up_in_an_index_agree_with_those_that_are_gone_through(asked: list[tuple[int, float, float, float]]) -> None:
    """The same polygon twice, once with so many more vertices on its edges that it is looked up."""
    few = [region(star(58.3, 12.7, [reach] * count)) for count, reach, _, _ in asked]
    many = [region(subdivided(area.geojson(), LARGE_MIN // 3)) for area in few]
    lats, lons = np.array([58.3 + up for *_, up, _ in asked]), np.array([12.7 + right for *_, right in asked])
    assert distances_m(few, lats, lons) == pytest.approx(distances_m(many, lats, lons), abs=0.1)


def test_no_areas_have_no_distances() -> None:
    assert distances_m([], np.array([]), np.array([])).shape == (0,)


def test_a_hole_is_outside_and_its_rim_is_a_border() -> None:
    outer, inner = star(58.3, 12.7, [2_000.0] * 32), star(58.3, 12.7, [500.0] * 32)
    ring = region({"type": "Polygon", "coordinates": [outer["coordinates"][0], inner["coordinates"][0]]})
    # A side of a 32-gon lies up to half a per cent inside its corners.
    assert distance_m(ring, 58.3, 12.7) == pytest.approx(500.0, abs=5)
    assert distance_m(ring, 58.3 + 1_000 / 111_320, 12.7) == pytest.approx(-500.0, abs=5)


def test_several_polygons_count_as_one_area() -> None:
    here, there = star(58.3, 12.7, [500.0] * 16), star(58.4, 12.7, [500.0] * 16)
    both = region({"type": "MultiPolygon", "coordinates": [here["coordinates"], there["coordinates"]]})
    assert distance_m(both, 58.3, 12.7) < 0
    assert distance_m(both, 58.4, 12.7) < 0
    assert distance_m(both, 58.35, 12.7) > 4_000


@given(st.floats(-1, 1), st.floats(1, 20_000))
def test_moving_everything_around_the_earth_changes_nothing(turn: float, far_m: float) -> None:
    """At one latitude the ellipsoid looks the same everywhere, so a shift in longitude must not matter."""
    far = far_m / 111_320
    still = distance_m(region(star(58.0, 12.0, [900.0, 300.0, 700.0, 500.0])), 58.0 + far, 12.0 + far)
    moved = distance_m(region(star(58.0, 12.0 + turn, [900.0, 300.0, 700.0, 500.0])), 58.0 + far, 12.0 + turn + far)
    assert moved == pytest.approx(still, abs=1e-3)


@given(near_lats, near_lons, st.floats(1, 5_000), st.floats(0, 360))
def test_two_points_are_as_far_from_each_other_both_ways(lat: float, lon: float, far_m: float, bearing: float) -> None:
    there = Geodesic.WGS84.Direct(lat, lon, bearing, far_m)
    to = distance_m(circle(lat, lon, 1.0), there["lat2"], there["lon2"])
    back = distance_m(circle(there["lat2"], there["lon2"], 1.0), lat, lon)
    assert to == pytest.approx(back, abs=0.01)


def test_a_long_edge_follows_the_straight_line_of_geojson() -> None:
    """The middle of a 60 km edge along a parallel is on the border, though the shortest way between its ends is not."""
    box = region({"type": "Polygon", "coordinates": [[[12, 58], [13, 58], [13, 58.5], [12, 58.5], [12, 58]]]})
    assert distance_m(box, 58.5, 12.5) == pytest.approx(0.0, abs=0.1)
    assert distance_m(box, 58.5 + 100 / 111_400, 12.3) == pytest.approx(100.0, abs=0.5)


def test_a_circle_across_the_antimeridian_is_whole() -> None:
    assert distance_m(circle(0.0, 179.999, 500.0), 0.0, -179.999) == pytest.approx(222.6 - 500.0, abs=0.1)
