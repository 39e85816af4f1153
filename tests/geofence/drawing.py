"""Areas for tests, drawn as people draw them."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any, Final

from hypothesis import strategies as st

from geofence import Area, circle, corridor, region

M_PER_DEGREE: Final = 111_320.0

SQUARE: Final = [[12.67, 58.33], [12.69, 58.33], [12.69, 58.34], [12.67, 58.34], [12.67, 58.33]]
INNER: Final = [[12.675, 58.332], [12.685, 58.332], [12.685, 58.338], [12.675, 58.338], [12.675, 58.332]]
BOW_TIE: Final = [SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3], SQUARE[0]]

near_lats = st.floats(55, 69)
near_lons = st.floats(10, 24)
reaches = st.lists(st.floats(50, 3_000), min_size=4, max_size=40)
offsets = st.floats(-0.05, 0.05)


def polygon(*rings: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def star(lat: float, lon: float, reaches_m: list[float]) -> dict[str, Any]:
    """A polygon with one vertex on each ray, at the given reach; it never crosses itself."""
    ring = []
    for n, reach in enumerate(reaches_m):
        angle = 2 * math.pi * n / len(reaches_m)
        east = reach * math.cos(angle) / (M_PER_DEGREE * math.cos(math.radians(lat)))
        ring.append([lon + east, lat + reach * math.sin(angle) / M_PER_DEGREE])
    return polygon([*ring, ring[0]])


def way(lat: float, lon: float, norths_m: list[float]) -> dict[str, Any]:
    """A line that leads to the east in steps of 100 m, so far to the north of its beginning at each of them."""
    step = 100.0 / (M_PER_DEGREE * math.cos(math.radians(lat)))
    return {"type": "LineString", "coordinates": [[lon + n * step, lat + far / M_PER_DEGREE] for n, far in enumerate(norths_m)]}


def subdivided(drawn: dict[str, Any], pieces: int) -> dict[str, Any]:
    """The same polygon with each edge in so many pieces."""
    rings = []
    for ring in drawn["coordinates"]:
        fine = [
            [lon1 + (lon2 - lon1) * n / pieces, lat1 + (lat2 - lat1) * n / pieces]
            for (lon1, lat1), (lon2, lat2) in pairwise(ring)
            for n in range(pieces)
        ]
        rings.append([*fine, fine[0]])
    return polygon(*rings)


norths = st.lists(st.floats(-300, 300), min_size=2, max_size=12)


@st.composite
def areas(draw: st.DrawFn) -> Area:
    """An area of any kind, somewhere in Sweden."""
    lat, lon, kind = draw(near_lats), draw(near_lons), draw(st.integers(0, 2))
    if kind == 0:
        return circle(lat, lon, draw(st.floats(1, 20_000)))
    if kind == 1:
        return region(star(lat, lon, draw(reaches)))
    return corridor(way(lat, lon, draw(norths)), draw(st.floats(1, 500)))


@st.composite
def areas_with_points(draw: st.DrawFn) -> tuple[Area, float, float]:
    """An area of any kind and a point near it."""
    area = draw(areas())
    lon, lat = area.geojson()["coordinates"][0][0]
    return area, lat + draw(offsets), lon + draw(offsets)
