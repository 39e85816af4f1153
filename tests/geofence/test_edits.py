"""However the same area is drawn, it gives the same answers; and the answers are distances."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geofence import Area, distance_m, distances_m, ground_m, region
from tests.geofence.drawing import areas, areas_with_points, near_lats, near_lons, offsets, polygon, reaches, star, subdivided

Ring = list[list[float]]


def rotated(ring: Ring, by: int) -> Ring:
    start = by % (len(ring) - 1)
    opened = ring[:-1]
    turned = opened[start:] + opened[:start]
    return [*turned, turned[0]]


def doubled(ring: Ring, by: int) -> Ring:
    place = by % len(ring)
    return ring[:place] + [ring[place]] * (by % 3 + 1) + ring[place:]


def spiked(ring: Ring, by: int) -> Ring:
    """Out to some point and straight back."""
    place = by % (len(ring) - 1)
    lon, lat = ring[place]
    return [*ring[: place + 1], [lon + 0.3, lat + 0.2], [lon + 0.7, lat + 0.1], [lon + 0.3, lat + 0.2], *ring[place:]]


def spiked_at_its_beginning(ring: Ring, _by: int) -> Ring:
    tip = [ring[0][0] + 0.1, ring[0][1] + 0.2]
    return [tip, *ring, tip]


EDITS: dict[str, Callable[[Ring, int], Ring]] = {
    "begun elsewhere": rotated,
    "the other way round": lambda ring, _by: ring[::-1],
    "positions twice": doubled,
    "a spike": spiked,
    "a spike at its beginning": spiked_at_its_beginning,
}


@pytest.mark.parametrize("edit", EDITS)
@settings(max_examples=40)
@given(near_lats, near_lons, reaches, st.integers(0, 100), offsets, offsets)
def test_an_area_drawn_otherwise_gives_the_same_answer(
    edit: str, lat: float, lon: float, far: list[float], by: int, up: float, right: float
) -> None:
    drawn = star(lat, lon, far)
    other = polygon(EDITS[edit](drawn["coordinates"][0], by))
    expected = distance_m(region(drawn), lat + up, lon + right)
    assert distance_m(region(other), lat + up, lon + right) == pytest.approx(expected, abs=0.05)


@settings(max_examples=40, deadline=None)
@given(near_lats, near_lons, reaches, st.integers(2, 8), offsets, offsets)
def test_positions_added_on_its_edges_change_nothing(
    lat: float, lon: float, far: list[float], pieces: int, up: float, right: float
) -> None:
    drawn = star(lat, lon, far)
    expected = distance_m(region(drawn), lat + up, lon + right)
    found = distance_m(region(subdivided(drawn, pieces)), lat + up, lon + right)
    # An edge is cut where it would bend by five centimetres, and an edge in pieces bends less.
    assert found == pytest.approx(expected, abs=0.15)


@settings(max_examples=30)
@given(st.permutations(range(3)), near_lats, near_lons, offsets, offsets)
def test_the_order_of_its_polygons_changes_nothing(order: list[int], lat: float, lon: float, up: float, right: float) -> None:
    parts = [star(lat, lon + n * 0.05, [400.0, 300.0, 500.0])["coordinates"] for n in range(3)]
    one = region({"type": "MultiPolygon", "coordinates": parts})
    other = region({"type": "MultiPolygon", "coordinates": [parts[n] for n in order]})
    assert distance_m(one, lat + up, lon + right) == pytest.approx(distance_m(other, lat + up, lon + right), abs=0.001)


@given(areas_with_points(), st.floats(-0.01, 0.01), st.floats(-0.01, 0.01))
def test_no_step_changes_the_distance_by_more_than_its_length(asked: tuple[Area, float, float], up: float, right: float) -> None:
    """So that a position's error in metres is an error of the distance in metres, and no more."""
    area, lat, lon = asked
    step_m = ground_m(lat, lon, lat + up, lon + right)
    changed = distance_m(area, lat + up, lon + right) - distance_m(area, lat, lon)
    assert abs(changed) <= step_m * 1.001 + 0.01


@given(areas_with_points())
def test_whoever_walks_to_where_the_sign_changes_meets_the_border(asked: tuple[Area, float, float]) -> None:
    area, lat, lon = asked
    corner = area.geojson()["coordinates"][0][0]
    shares = np.linspace(0.0, 1.0, 60)
    lats, lons = lat + (corner[1] - lat) * shares, lon + (corner[0] - lon) * shares
    signed = distances_m([area] * len(shares), lats, lons)
    pace_m = ground_m(lats[0], lons[0], lats[1], lons[1])
    changes = np.flatnonzero(np.diff(np.sign(signed)) != 0)
    assert all(min(abs(signed[n]), abs(signed[n + 1])) <= pace_m * 1.001 + 0.01 for n in changes)


@settings(max_examples=60)
@given(st.lists(areas_with_points(), min_size=1, max_size=40), st.integers(0, 40))
def test_an_answer_does_not_depend_on_who_else_is_asked(asked: list[tuple[Area, float, float]], where: int) -> None:
    others, alone = [*asked], asked[where % len(asked)]
    found = distances_m(*columns(others))[where % len(asked)]
    assert found == pytest.approx(distance_m(*alone), abs=1e-3)


def columns(asked: list[tuple[Area, float, float]]) -> tuple[list[Area], Any, Any]:
    return [one[0] for one in asked], np.array([one[1] for one in asked]), np.array([one[2] for one in asked])


@given(areas())
def test_an_area_that_was_asked_is_still_the_same_value(area: Area) -> None:
    before = hash(area)
    distances_m([area] * 20, np.full(20, 58.0), np.full(20, 12.0))
    distance_m(area, 58.0, 12.0)
    assert hash(area) == before
