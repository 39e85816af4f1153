"""What was probably meant by a drawing that cannot be used as it is, or could be drawn better: pure proposals, never applied.

Rings are closed, longitudes cut at the antimeridian, latitude and longitude exchanged where only that lies on the earth,
crossings taken apart, and very many vertices thinned out. Whoever asks shows the proposal to a person, who decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, pairwise
from math import cos, floor, isfinite, pi, radians, sin
from typing import Any, Final

import msgspec
import shapely
from shapely import affinity

from geofence.crossings import is_tangle
from geofence.edges import Position, without_spikes

REPAIR_MAX: Final = 100_000
"""Vertices of a drawing for which a repair is sought: ten times what an area may have; taking more apart could take minutes."""

CROSSINGS_MAX: Final = 1_000
"""Crossings of a drawing that is still taken apart, which takes some 30 ms; nobody drew a tangle of more, and one of 600,000
takes half a minute."""

TOLERANCES_M: Final = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
"""How far a simplified border may lie from the drawn one, tried in order; positions are hardly better than the first three."""

DECIMALS: Final = 7
"""Of a proposed longitude or latitude: a centimetre, so that a person can still read the file."""

METRES_PER_DEGREE: Final = 111_195.0
"""Of latitude, on a sphere of `RADIUS_M`."""

RADIUS_M: Final = 6_371_008.8
"""Mean radius of the earth; areas on this sphere are right within half a per cent, and are only shown."""

Geometry = dict[str, Any]
Ring = list[Position]


class Repair(msgspec.Struct, frozen=True):
    """A GeoJSON geometry that was probably meant, and the square metres before and after."""

    geometry: Geometry
    before_m2: float
    after_m2: float

    def words(self) -> str:
        """What it would change."""
        parts = len(self.geometry["coordinates"]) if self.geometry["type"] == "MultiPolygon" else 1
        what = "1 polygon" if parts == 1 else f"{parts} polygons"
        return f"{what} of {_shown(self.after_m2)}, {_change(self)}"


def _change(repair: Repair) -> str:
    if abs(repair.after_m2 - repair.before_m2) < max(1.0, 1e-6 * repair.after_m2):
        return "as large as drawn"
    if repair.before_m2 < 1.0:
        return "where what was drawn cancels itself out"
    percent = 100.0 * (repair.after_m2 / repair.before_m2 - 1.0)
    return "within 1 % as large as drawn" if abs(percent) < 1.0 else f"{percent:+.0f} % of what was drawn"


def _shown(square_m: float) -> str:
    """An area in whole numbers."""
    return f"{square_m / 1e6:,.0f} km²" if square_m >= 1e7 else f"{square_m:,.0f} m²"


def repaired(geojson: Any, most: int) -> Repair | None:
    """A repair of a Polygon or MultiPolygon with at most `most` vertices; None when it cannot be told what was meant."""
    polygons = _read(geojson)
    if polygons is None:
        return None
    polygons = [[_unwrapped(ring) for ring in rings] for rings in polygons]
    before_m2 = _area_m2(polygons)
    edges = [edge for rings in polygons for ring in rings for edge in pairwise(ring)]
    if is_tangle(edges, CROSSINGS_MAX):
        return None
    try:
        shape = _thinned_below(_mended(polygons), most)
        if shape.is_empty:
            return None
        shape = _cut(shape)
    except shapely.errors.GEOSException:
        return None
    geometry = _written(shape)
    return Repair(geometry, before_m2, _area_m2(_rings_of(geometry)))


def cut_line(geojson: Any) -> Geometry | None:
    """A LineString or MultiLineString cut at the antimeridian; None when it cannot be read."""
    kind, coordinates = (geojson.get("type"), geojson.get("coordinates")) if isinstance(geojson, dict) else (None, None)
    members = [coordinates] if kind == "LineString" else coordinates
    lines = _positions_of(members)
    if kind not in ("LineString", "MultiLineString") or not lines:
        return None
    drawn = [shapely.LineString(_unwrapped(line, closed=False)) for line in lines if len(line) > 1]
    found = [_rounded(part.coords) for line in drawn for part in _windows(line, "LineString")]
    if len(found) == 1:
        return {"type": "LineString", "coordinates": found[0]}
    return {"type": "MultiLineString", "coordinates": found}


def tidied(geojson: Geometry) -> Repair | None:
    """A usable geometry without spikes, and then without positions that stand twice; None when it has no spike."""
    polygons = _rings_of(geojson)
    tidy = [[without_spikes(ring) for ring in rings] for rings in polygons]
    if tidy == [[[p for p, _ in groupby(ring)] for ring in rings] for rings in polygons]:
        return None
    area_m2 = _area_m2(polygons)
    return Repair(_geometry([[[list(p) for p in ring] for ring in rings] for rings in tidy]), area_m2, area_m2)


def thinned(geojson: Geometry, tolerance_m: float) -> Repair | None:
    """A usable geometry with fewer vertices and a border at most so far from the drawn one; None when it does not get simpler."""
    polygons = _rings_of(geojson)
    shape = shapely.MultiPolygon([(rings[0], rings[1:]) for rings in polygons])
    simple = _thin(shape, tolerance_m)
    if simple.is_empty or not simple.is_valid or shapely.get_num_coordinates(simple) >= shapely.get_num_coordinates(shape):
        return None
    geometry = _written(simple)
    return Repair(geometry, _area_m2(polygons), _area_m2(_rings_of(geometry)))


def vertices_of(geojson: Geometry) -> int:
    """Vertices of a usable Polygon or MultiPolygon."""
    return sum(len(ring) - 1 for rings in _rings_of(geojson) for ring in rings)


def exchanged(geojson: Geometry) -> Geometry:
    """A geometry with latitude and longitude in each other's place."""
    return {"type": geojson["type"], "coordinates": _exchanged(geojson["coordinates"])}


def _exchanged(coordinates: Any) -> Any:
    if coordinates and not isinstance(coordinates[0], list | tuple):
        return [coordinates[1], coordinates[0], *coordinates[2:]]
    return [_exchanged(one) for one in coordinates]


# -- reading -----------------------------------------------------------------------------------------------------------


def _read(geojson: Any) -> list[list[Ring]] | None:
    """The closed rings of each polygon, exchanged where only that lies on the earth; None when they cannot be read."""
    kind, coordinates = (geojson.get("type"), geojson.get("coordinates")) if isinstance(geojson, dict) else (None, None)
    members = [coordinates] if kind == "Polygon" else coordinates
    if kind not in ("Polygon", "MultiPolygon") or not isinstance(members, list | tuple):
        return None
    polygons = [_positions_of(member) for member in members]
    if not polygons or not all(polygons) or sum(len(ring) for rings in polygons for ring in rings or ()) > REPAIR_MAX:
        return None
    read = [[_closed(ring) for ring in rings] for rings in polygons if rings]
    positions = [p for rings in read for ring in rings for p in ring]
    wrong = sum(abs(lat) > 90.0 for _, lat in positions)
    if wrong:
        # One wrong position among right ones is a slip of the hand, and cannot be told from what was meant.
        if 2 * wrong < len(positions) or any(abs(lon) > 90.0 for lon, _ in positions):
            return None
        read = [[[(lat, lon) for lon, lat in ring] for ring in rings] for rings in read]
    return read


def _positions_of(member: Any) -> list[Ring] | None:
    """Lists of positions with finite numbers; None for anything else."""
    if not isinstance(member, list | tuple) or not member:
        return None
    found: list[Ring] = []
    for path in member:
        if not isinstance(path, list | tuple) or not path:
            return None
        positions = [_position(p) for p in path]
        if None in positions:
            return None
        found.append([p for p in positions if p is not None])
    return found


def _position(given: Any) -> Position | None:
    if not isinstance(given, list | tuple) or len(given) < 2:
        return None
    lon, lat = given[0], given[1]
    if not all(isinstance(n, int | float) and not isinstance(n, bool) and abs(n) < 1e6 and isfinite(n) for n in (lon, lat)):
        return None
    return float(lon), float(lat)


def _closed(ring: Ring) -> Ring:
    return ring if ring[0] == ring[-1] else [*ring, ring[0]]


# -- mending -----------------------------------------------------------------------------------------------------------


def _unwrapped(path: Ring, *, closed: bool = True) -> Ring:
    """A path whose longitudes run on where it crosses the antimeridian; a ring around a pole is led over that pole."""
    found = path[:1]
    for (lon1, _), (lon2, lat2) in pairwise(path):
        step = (lon2 - lon1 + 180.0) % 360.0 - 180.0 if abs(lon2 - lon1) > 180.0 else lon2 - lon1
        found.append((found[-1][0] + step, lat2))
    if closed and abs(found[-1][0] - found[0][0]) > 180.0:
        pole = 90.0 if sum(lat for _, lat in found) > 0.0 else -90.0
        found += [(found[-1][0], pole), (found[0][0], pole), found[0]]
    return found


def _mended(polygons: list[list[Ring]]) -> Any:
    """Everything that the polygons enclose, less their holes; what crosses itself is taken apart, what encloses nothing goes."""
    shapes = []
    for rings in polygons:
        outer, *holes = [without_spikes(ring) for ring in rings]
        if len(outer) < 4:
            continue
        middle = outer[0][0]
        near = [[(lon + 360.0 * round((middle - ring[0][0]) / 360.0), lat) for lon, lat in ring] for ring in holes]
        shape = shapely.Polygon(outer, [ring for ring in near if len(ring) >= 4])
        shapes.append(shapely.make_valid(shape, method="structure", keep_collapsed=False))
    return shapely.union_all(shapes) if shapes else shapely.Polygon()


def _thinned_below(shape: Any, most: int) -> Any:
    """The shape with fewer vertices, if it has too many."""
    if shapely.get_num_coordinates(shape) <= most:
        return shape
    for tolerance_m in TOLERANCES_M:
        simple = _thin(shape, tolerance_m)
        if shapely.get_num_coordinates(simple) <= most:
            return simple
    return shapely.Polygon()


def _thin(shape: Any, tolerance_m: float) -> Any:
    """Simplified by a tolerance in metres: longitudes are shortened to latitudes' scale and stretched again."""
    _, south, _, north = shape.bounds
    narrow = max(cos(radians((south + north) / 2.0)), 1e-3)
    flat = shapely.transform(shape, lambda xy: xy * (narrow, 1.0))
    return shapely.transform(flat.simplify(tolerance_m / METRES_PER_DEGREE), lambda xy: xy / (narrow, 1.0))


def _cut(shape: Any) -> Any:
    return shapely.union_all(list(_windows(shape, "Polygon")))


def _windows(shape: Any, kind: str) -> Iterator[Any]:
    """The parts of a shape between -180 and 180 degrees, moved there."""
    west, _, east, _ = shape.bounds
    for turn in range(floor((west + 180.0) / 360.0), floor((east + 180.0) / 360.0) + 1):
        window = shapely.box(360.0 * turn - 180.0, -90.0, 360.0 * turn + 180.0, 90.0)
        parts = [part for part in shapely.get_parts(shape.intersection(window)) if part.geom_type == kind]
        yield from (affinity.translate(part, -360.0 * turn) for part in parts)


# -- writing -----------------------------------------------------------------------------------------------------------


def _written(shape: Any) -> Geometry:
    """GeoJSON: outer rings against the clock, rounded if it stays valid."""
    parts = [part for part in shapely.get_parts(shapely.orient_polygons(shape)) if part.geom_type == "Polygon"]
    for decimals in (DECIMALS, 17):
        polygons = [[_rounded(ring.coords, decimals) for ring in (part.exterior, *part.interiors)] for part in parts]
        if decimals == 17 or shapely.MultiPolygon([(rings[0], rings[1:]) for rings in polygons]).is_valid:
            break
    return _geometry(polygons)


def _rounded(coordinates: Any, decimals: int = DECIMALS) -> list[list[float]]:
    return [[round(lon, decimals), round(lat, decimals)] for lon, lat in coordinates]


def _geometry(polygons: list[Any]) -> Geometry:
    if len(polygons) == 1:
        return {"type": "Polygon", "coordinates": polygons[0]}
    return {"type": "MultiPolygon", "coordinates": polygons}


def _rings_of(geojson: Geometry) -> list[list[Ring]]:
    members = [geojson["coordinates"]] if geojson["type"] == "Polygon" else geojson["coordinates"]
    return [[[(float(p[0]), float(p[1])) for p in ring] for ring in rings] for rings in members]


def _area_m2(polygons: list[list[Ring]]) -> float:
    """What outer rings enclose less their holes, on the sphere."""
    return sum(_ring_m2(outer) - sum(map(_ring_m2, holes)) for outer, *holes in polygons)


def _ring_m2(ring: Ring) -> float:
    """By the trapezoids under each edge of an equal-area cylinder; the parts of a ring that crosses itself cancel out."""
    flat = [(lon * pi / 180.0, sin(radians(lat))) for lon, lat in ring]
    middle = flat[0][1]
    doubled = sum((x2 - x1) * (y1 + y2 - 2.0 * middle) for (x1, y1), (x2, y2) in pairwise(flat))
    return abs(doubled) / 2.0 * RADIUS_M * RADIUS_M
