"""Areas from what a person drew or typed: every way in which a circle or a GeoJSON geometry can be wrong, said in words.

Messages name rings, positions and edges by number (counted from 0, as in the file) and never repeat a coordinate: the area
around somebody's home is personal data.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import isfinite
from typing import Any, Final

import shapely

from geofence.area import POSITION, Area, Circle, Region

RADIUS_MAX_M: Final = 1_000_000.0
"""Beyond it no zone of a person makes sense, and a radius was probably given in other units."""

VERTICES_MAX: Final = 10_000
"""Vertices of one area: twice what a municipality's border has in national maps; one evaluation then takes 0.1 ms."""

LAT_MAX: Final = 90.0
LON_MAX: Final = 180.0

_Ring = list[tuple[float, float]]

_FAULTS: Final = {
    "Hole lies outside shell": "a hole lies outside its outer ring; put it inside, or make it a polygon of its own",
    "Holes are nested": "a hole lies inside another hole; leave the inner one out",
    "Nested shells": "one polygon lies inside another; leave the inner one out, or make it a hole",
    "Interior is disconnected": "its holes cut it in two; draw the parts as polygons of a MultiPolygon",
    "Duplicate Rings": "the same ring stands there twice; leave one out",
}
"""What the geometry library calls a fault, and what to do about it."""


class AreaInvalid(ValueError):
    """An area cannot be used: the text says what is wrong and what to do, without coordinates."""


def circle(lat: float, lon: float, radius_m: float) -> Area:
    """A circle around a point.

    Raises:
        AreaInvalid: a number is missing, not finite or out of range.
    """
    lat, lon = _number(lat, "the centre's latitude"), _number(lon, "the centre's longitude")
    _check_range(lon, lat, "the centre")
    radius_m = _number(radius_m, "radius_m")
    if radius_m <= 0.0:
        raise AreaInvalid("radius_m must be above 0; give the radius in metres")
    if radius_m > RADIUS_MAX_M:
        raise AreaInvalid(f"radius_m is above {RADIUS_MAX_M:.0f}; give the radius in metres")
    return Circle(lat, lon, radius_m)


def region(geojson: dict[str, Any]) -> Area:
    """The area of a GeoJSON Polygon or MultiPolygon (RFC 7946, so longitude first), with holes.

    Raises:
        AreaInvalid: it is another type, or its rings cannot enclose an area.
    """
    polygons = [[_ring(ring, where) for ring, where in rings] for rings in _polygons(geojson)]
    vertices = sum(len(ring) - 1 for rings in polygons for ring in rings)
    if vertices > VERTICES_MAX:
        raise AreaInvalid(f"has {vertices} vertices and may have {VERTICES_MAX}; simplify it in a map tool")
    _check_shape(polygons)
    return Region(tuple(tuple(b"".join(POSITION.pack(*p) for p in ring) for ring in rings) for rings in polygons))


def _polygons(geojson: Any) -> Iterator[Iterator[tuple[Any, str]]]:
    """The rings of each polygon, each with the words that name it."""
    if not isinstance(geojson, dict):
        raise AreaInvalid("is not a GeoJSON object; give a geometry with type and coordinates")
    kind, coordinates = geojson.get("type"), geojson.get("coordinates")
    if kind not in ("Polygon", "MultiPolygon"):
        advice = "give its geometry alone" if kind in ("Feature", "FeatureCollection") else "draw it as one of these"
        raise AreaInvalid(f"type must be Polygon or MultiPolygon; {advice}")
    members = [coordinates] if kind == "Polygon" else coordinates
    if not isinstance(members, list | tuple) or not members:
        raise AreaInvalid("coordinates are empty or not a list; give at least one polygon")
    for n, member in enumerate(members):
        prefix = "" if kind == "Polygon" else f"polygon {n} "
        if not isinstance(member, list | tuple) or not member:
            raise AreaInvalid(f"{prefix or 'the polygon '}has no ring; give its outer ring as a list of positions")
        yield ((ring, f"{prefix}ring {k}") for k, ring in enumerate(member))


def _ring(ring: Any, where: str) -> _Ring:
    """One ring, checked position by position."""
    if not isinstance(ring, list | tuple):
        raise AreaInvalid(f"{where} is not a list; give a list of [longitude, latitude] positions")
    positions = [_position(p, f"{where} position {n}") for n, p in enumerate(ring)]
    if len(positions) < 4:
        raise AreaInvalid(f"{where} has {len(positions)} positions; at least 4 are needed, the first repeated as the last")
    if positions[0] != positions[-1]:
        raise AreaInvalid(f"{where} is not closed; repeat its first position as its last")
    return positions


def _position(position: Any, where: str) -> tuple[float, float]:
    """Longitude and latitude; a height behind them is allowed by GeoJSON and left out."""
    if not isinstance(position, list | tuple) or len(position) < 2:
        raise AreaInvalid(f"{where} is not a position; give [longitude, latitude]")
    lon, lat = _number(position[0], f"{where} longitude"), _number(position[1], f"{where} latitude")
    _check_range(lon, lat, where)
    return lon, lat


def _number(value: Any, what: str) -> float:
    """A finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise AreaInvalid(f"{what} is not a number; give degrees or metres as a number")
    try:
        number = float(value)
    except OverflowError:
        number = float("inf")
    if not isfinite(number):
        raise AreaInvalid(f"{what} is not finite; give a number")
    return number


def _check_range(lon: float, lat: float, where: str) -> None:
    """Refuse what cannot be WGS 84 degrees."""
    if abs(lat) > LAT_MAX:
        raise AreaInvalid(f"{where} has a latitude outside -90 to 90; give WGS 84 degrees, in GeoJSON longitude first")
    if abs(lon) > LON_MAX:
        raise AreaInvalid(f"{where} has a longitude outside -180 to 180; give WGS 84 degrees, cut at the antimeridian")


def _check_shape(polygons: list[list[_Ring]]) -> None:
    """Refuse rings that cross themselves or each other, lie wrongly in each other, or enclose nothing."""
    shape = shapely.MultiPolygon([(rings[0], rings[1:]) for rings in polygons])
    reason = shapely.is_valid_reason(shape)
    if reason == "Valid Geometry":
        return
    fault = str(reason).split("[", 1)[0].strip()
    crossing = _crossing(polygons)
    if crossing is not None:
        raise AreaInvalid(f"{crossing}; draw it without crossings, or cut it into polygons of a MultiPolygon")
    if fault in _FAULTS:
        raise AreaInvalid(_FAULTS[fault])
    raise AreaInvalid("its rings touch or overlap along a line, or enclose nothing; draw it anew without that")


def _crossing(polygons: list[list[_Ring]]) -> str | None:
    """The first two edges that cross, in words; None when no two do (they may still touch)."""
    named = [
        (f"{'' if len(polygons) == 1 else f'polygon {p} '}ring {r} edge {n}", edge)
        for p, rings in enumerate(polygons)
        for r, ring in enumerate(rings)
        for n, edge in enumerate(pairwise(ring))
    ]
    lines = shapely.linestrings([edge for _, edge in named])
    pairs = shapely.STRtree(lines).query(lines, predicate="crosses").T.tolist()
    first = min((pair for pair in pairs if pair[0] < pair[1]), default=None)
    if first is None:
        return None
    return f"{named[first[0]][0]} crosses {named[first[1]][0]}"
