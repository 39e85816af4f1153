"""Arcs and frames hold against an independent geodesic."""

from __future__ import annotations

from math import dist, hypot

import numpy as np
import pytest
from geographiclib.geodesic import Geodesic
from hypothesis import given
from hypothesis import strategies as st

from geofence.earth import all_in_space, arc_m, diameter_m, frame_at, ground_m, in_space, on_ground

lats = st.floats(-89.9, 89.9)
lons = st.floats(-180, 180)
bearings = st.floats(0, 360)


def ahead(lat: float, lon: float, bearing: float, far_m: float) -> tuple[float, float]:
    there = Geodesic.WGS84.Direct(lat, lon, bearing, far_m)
    return there["lat2"], there["lon2"]


@given(lats, lons, bearings, st.floats(1, 50_000))
def test_an_arc_is_the_geodesic_up_to_fifty_kilometres(lat: float, lon: float, bearing: float, far_m: float) -> None:
    there = ahead(lat, lon, bearing, far_m)
    arc = arc_m(dist(in_space(lat, lon), in_space(*there)), diameter_m(lat))
    assert arc == pytest.approx(far_m, rel=2e-5, abs=1e-5)


@given(lats, lons, bearings, st.floats(1, 50_000))
def test_a_frame_shows_a_point_at_its_true_distance(lat: float, lon: float, bearing: float, far_m: float) -> None:
    east, north = frame_at(lat, lon).place(*ahead(lat, lon, bearing, far_m))
    assert hypot(east, north) == pytest.approx(far_m, rel=5e-5, abs=1e-5)


@given(st.floats(-80, 80), lons, bearings, st.floats(0, 50_000))
def test_a_place_in_a_frame_leads_back_to_its_point(lat: float, lon: float, bearing: float, far_m: float) -> None:
    there = ahead(lat, lon, bearing, far_m)
    frame = frame_at(lat, lon)
    assert ground_m(*frame.position(*frame.place(*there)), *there) == pytest.approx(0.0, abs=1e-3)


@given(lats, lons, bearings, st.floats(1, 50_000))
def test_two_points_are_as_far_apart_as_the_geodesic_says(lat: float, lon: float, bearing: float, far_m: float) -> None:
    assert ground_m(lat, lon, *ahead(lat, lon, bearing, far_m)) == pytest.approx(far_m, rel=2e-5, abs=1e-5)


@given(lats, lons)
def test_a_point_in_space_comes_back_to_the_same_place(lat: float, lon: float) -> None:
    back_lat, back_lon = on_ground(*in_space(lat, lon))
    assert back_lat == pytest.approx(lat, abs=1e-9)
    assert (back_lon - lon + 180.0) % 360.0 - 180.0 == pytest.approx(0.0, abs=1e-9)


@given(st.lists(st.tuples(lats, lons), min_size=1, max_size=20))
def test_many_points_at_once_are_the_same_points(points: list[tuple[float, float]]) -> None:
    many = all_in_space(*np.array(points).T).T
    assert many == pytest.approx(np.array([in_space(*p) for p in points]), abs=1e-7)


def test_the_far_side_of_the_earth_is_not_folded_onto_the_near_one() -> None:
    """A tangent plane would show this point, nearly opposite, some two hundred kilometres away."""
    assert hypot(*frame_at(58.3, 12.7).place(-57.0, -167.3)) > 1e7
