"""Areas are values: equal, hashable, drawable, and silent about where they lie."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geofence import Area, Circle, Region, circle, distance_m, region
from geofence.area import CORNERS

SQUARE = [[12.67, 58.33], [12.69, 58.33], [12.69, 58.34], [12.67, 58.34], [12.67, 58.33]]
HOLE = [[12.675, 58.332], [12.685, 58.332], [12.685, 58.338], [12.675, 58.338], [12.675, 58.332]]


@given(st.floats(-89, 89), st.floats(-180, 180), st.floats(1, 50_000))
def test_a_drawn_circle_has_all_its_corners_on_the_circle(lat: float, lon: float, radius: float) -> None:
    area = circle(lat, lon, radius)
    ring = area.geojson()["coordinates"][0]
    assert len(ring) == CORNERS + 1
    assert ring[0] == ring[-1]
    assert [distance_m(area, corner[1], corner[0]) for corner in ring] == pytest.approx([0.0] * len(ring), abs=1e-3)


def test_a_drawn_circle_is_an_area_itself() -> None:
    drawn = region(circle(58.3, 12.7, 300.0).geojson())
    assert distance_m(drawn, 58.3, 12.7) == pytest.approx(-300.0, rel=0.002)


def test_a_drawn_circle_runs_against_the_clock_as_geojson_asks() -> None:
    ring = circle(58.3, 12.7, 300.0).geojson()["coordinates"][0]
    doubled = sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring))
    assert doubled > 0


@pytest.mark.parametrize(
    "drawn",
    [
        {"type": "Polygon", "coordinates": [SQUARE, HOLE]},
        {"type": "MultiPolygon", "coordinates": [[SQUARE], [[[lon + 1, lat] for lon, lat in SQUARE]]]},
    ],
)
def test_a_region_gives_back_the_geometry_it_was_given(drawn: dict[str, object]) -> None:
    assert region(drawn).geojson() == drawn


def test_equal_areas_are_one_key_whether_or_not_they_were_asked() -> None:
    first, second = region({"type": "Polygon", "coordinates": [SQUARE]}), region({"type": "Polygon", "coordinates": [SQUARE]})
    distance_m(first, 58.3, 12.7)
    assert first == second
    assert {first: 1}[second] == 1
    assert first != region({"type": "Polygon", "coordinates": [SQUARE, HOLE]})
    assert circle(58.3, 12.7, 10.0) != circle(58.3, 12.7, 11.0)


def test_an_area_survives_being_stored() -> None:
    for area in (circle(58.3, 12.7, 10.0), region({"type": "Polygon", "coordinates": [SQUARE, HOLE]})):
        distance_m(area, 58.3, 12.7)
        assert msgspec.json.decode(msgspec.json.encode(area), type=Circle | Region) == area


def test_an_area_is_shown_without_coordinates() -> None:
    areas: list[Area] = [circle(58.3345, 12.6784, 150.0), region({"type": "Polygon", "coordinates": [SQUARE, HOLE]})]
    assert [repr(area) for area in areas] == ["<Circle of 150 m>", "<Region of 8 vertices>"]


def test_an_area_that_nobody_asks_prepares_nothing() -> None:
    area = region({"type": "Polygon", "coordinates": [SQUARE]})
    assert vars(area) == {}
    distance_m(area, 58.3, 12.7)
    assert vars(area) != {}
