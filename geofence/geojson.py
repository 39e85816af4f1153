"""Areas from what a person drew or typed: every way in which a circle or a GeoJSON geometry can be wrong, said in words.

Where it can be told what was meant, the error carries a repair (`geofence.repair`) and says what it would change. Messages
name rings, positions and edges by number (counted from 0, as in the file) and never repeat a coordinate: the area around
somebody's home is personal data.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import cos, isfinite, radians
from typing import Any, Final

import shapely

from geofence.area import Area, Circle, Corridor, Region
from geofence.crossings import crossings
from geofence.edges import POSITION, without_spikes
from geofence.repair import METRES_PER_DEGREE, cut_line, repaired

RADIUS_MAX_M: Final = 1_000_000.0
"""Beyond it no zone of a person makes sense, and a radius was probably given in other units."""

VERTICES_MAX: Final = 10_000
"""Vertices of one area: twice what a municipality's border has in national maps. Measured, preparing one takes 60 ms, once, and
each look then 0.07 ms."""

AREA_MIN_M2: Final = 1.0
"""Below it nobody has a place to be in, and edges may be too short to have a direction."""

WIDTH_MAX_M: Final = 100_000.0
"""Beyond it no way is meant, and a width was probably given in other units."""

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
    """An area cannot be used: the text says what is wrong and what to do, without coordinates.

    `repair` is a GeoJSON geometry that can be used and was probably meant; None where that cannot be told.
    """

    def __init__(self, text: str, repair: dict[str, Any] | None = None) -> None:
        super().__init__(text)
        self.repair = repair


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

    Rings may turn either way, positions may stand twice, and a spike, which runs out and back over the same positions, counts
    for nothing.

    Raises:
        AreaInvalid: it is another type, or its rings cannot enclose an area.
    """
    try:
        return _region(geojson)
    except AreaInvalid as problem:
        raise _with_repair(problem, geojson) from None


def _with_repair(problem: AreaInvalid, geojson: Any) -> AreaInvalid:
    """The same mistake with a repair, if there is one that can be used."""
    repair = repaired(geojson, VERTICES_MAX)
    if repair is None:
        return problem
    try:
        _region(repair.geometry)
    except AreaInvalid:
        return problem
    return AreaInvalid(f"{problem} (a repair is proposed: {repair.words()})", repair.geometry)


def _region(geojson: dict[str, Any]) -> Area:
    polygons = [[_ring(ring, where) for ring, where in rings] for rings in _polygons(geojson)]
    _check_size(sum(len(ring) - 1 for rings in polygons for ring in rings))
    _check_spans([(f"{_prefix(polygons, p)}ring {r}", ring) for p, rings in enumerate(polygons) for r, ring in enumerate(rings)])
    _check_shape(polygons)
    return Region(tuple(tuple(_packed(ring) for ring in rings) for rings in polygons))


def corridor(geojson: dict[str, Any], width_m: float) -> Area:
    """Everything within half of `width_m` of a GeoJSON LineString or MultiLineString.

    Raises:
        AreaInvalid: it is another type, has no length, or the width makes no sense.
    """
    width_m = _number(width_m, "width_m")
    if not 0.0 < width_m <= WIDTH_MAX_M:
        raise AreaInvalid(f"width_m must be above 0 and at most {WIDTH_MAX_M:.0f}; give the whole width in metres")
    try:
        return _corridor(geojson, width_m)
    except AreaInvalid as problem:
        repair = cut_line(geojson)
        try:
            _corridor(repair, width_m)
        except AreaInvalid:
            raise problem from None
        raise AreaInvalid(f"{problem} (a line that is cut there is proposed)", repair) from None


def _corridor(geojson: Any, width_m: float) -> Area:
    named = [(_line(line, where), where) for line, where in _lines(geojson)]
    _check_size(sum(len(line) for line, _ in named))
    _check_spans([(where, line) for line, where in named])
    return Corridor(tuple(_packed(line) for line, _ in named), width_m)


def _packed(path: _Ring) -> bytes:
    return b"".join(POSITION.pack(*p) for p in path)


def _prefix(polygons: list[list[_Ring]], number: int) -> str:
    return "" if len(polygons) == 1 else f"polygon {number} "


def _check_size(vertices: int) -> None:
    if vertices > VERTICES_MAX:
        raise AreaInvalid(f"has {vertices} vertices and may have {VERTICES_MAX}; simplify it in a map tool")


def _check_spans(named: list[tuple[str, _Ring]]) -> None:
    """Refuse an edge that goes the long way round the earth: it was meant to cross the antimeridian."""
    for where, path in named:
        for n, ((lon1, lat1), (lon2, lat2)) in enumerate(pairwise(path)):
            if abs(lon2 - lon1) > LON_MAX and not (lat1 == lat2 and abs(lat1) == LAT_MAX):
                raise AreaInvalid(f"{where} edge {n} reaches over more than 180 degrees of longitude; cut it at the antimeridian")


def _lines(geojson: Any) -> Iterator[tuple[Any, str]]:
    """The lines, each with the words that name it."""
    if not isinstance(geojson, dict):
        raise AreaInvalid("is not a GeoJSON object; give a geometry with type and coordinates")
    kind, coordinates = geojson.get("type"), geojson.get("coordinates")
    if kind not in ("LineString", "MultiLineString"):
        raise AreaInvalid("type must be LineString or MultiLineString; draw the way as one of these")
    members = [coordinates] if kind == "LineString" else coordinates
    if not isinstance(members, list | tuple) or not members:
        raise AreaInvalid("coordinates are empty or not a list; give at least one line")
    yield from ((member, "the line" if kind == "LineString" else f"line {n}") for n, member in enumerate(members))


def _line(line: Any, where: str) -> _Ring:
    if not isinstance(line, list | tuple):
        raise AreaInvalid(f"{where} is not a list; give a list of [longitude, latitude] positions")
    positions = [_position(p, f"{where} position {n}") for n, p in enumerate(line)]
    # What lies within a centimetre is one place: an edge of no length has no direction.
    if len({(round(lon, 7), round(lat, 7)) for lon, lat in positions}) < 2:
        raise AreaInvalid(f"{where} has no length; give at least two different positions")
    return positions


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
    clean = [[without_spikes(ring) for ring in rings] for rings in polygons]
    if any(len(ring) < 4 for rings in clean for ring in rings):
        raise AreaInvalid("a ring encloses nothing; draw it anew, or give a line as a corridor with a width")
    shape = shapely.MultiPolygon([(rings[0], rings[1:]) for rings in clean])
    reason = shapely.is_valid_reason(shape)
    if reason == "Valid Geometry":
        if shape.area * METRES_PER_DEGREE**2 * cos(radians(polygons[0][0][0][1])) < AREA_MIN_M2:
            raise AreaInvalid("encloses less than a square metre; draw it larger")
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
        (f"{_prefix(polygons, p)}ring {r} edge {n}", edge)
        for p, rings in enumerate(polygons)
        for r, ring in enumerate(rings)
        for n, edge in enumerate(pairwise(ring))
    ]
    first = next(crossings([edge for _, edge in named]), None)
    if first is None:
        return None
    return f"{named[first[0]][0]} crosses {named[first[1]][0]}"
