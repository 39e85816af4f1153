"""Areas on the earth: circles and polygons in WGS 84 degrees, compact at rest and prepared when first asked."""

from __future__ import annotations

from functools import cached_property
from itertools import pairwise
from math import ceil, cos, hypot, pi, sin, sqrt
from struct import Struct as Packing
from struct import pack
from typing import Any, Final

import msgspec

from geofence.earth import Frame, Vector, arc_m, diameter_m, frame_at, in_space, on_ground

CORNERS: Final = 64
"""Corners of the polygon that stands for a circle on a map: its sides lie at most 0.12 % of the radius inside the circle."""

BEND_MAX_M: Final = 0.05
"""How far an edge may leave GeoJSON's straight line between two positions; well below what any receiver resolves."""

PIECES_MAX: Final = 64
"""Pieces one edge is cut into at most, so that a country-sized polygon stays cheap; reached by edges of about 80 km."""

STRAIGHT_M: Final = 150.0
STRAIGHT_LAT: Final = 75.0
"""An edge that reaches less far to the east and to the north, between these latitudes, bends by less than two centimetres (the
square of its length, times the latitude's tangent, by two radii of the earth) and is not asked: nearly all that people draw."""

POSITION: Final = Packing("<2d")
"""How a position lies in a packed ring: longitude, latitude."""

Edge = tuple[float, float, float, float, float]
"""Start to the east and north, step to the east and north, and one over the step's squared length."""

Place = tuple[float, float]
"""Metres to the east and to the north in a frame."""

Packed = tuple[bytes, int, bytes, bytes, bytes, bytes, bytes]
"""A frame's 13 numbers, the number of edges, and the five columns of the edges."""


class Area(msgspec.Struct, frozen=True, dict=True):
    """Base of `Circle` and `Region`. Equal and hashable by value; what it prepares for itself is no part of that."""

    def geojson(self) -> dict[str, Any]:
        """This area as a GeoJSON geometry."""
        raise NotImplementedError


class Circle(Area, frozen=True, dict=True, tag="circle"):
    """Everything within `radius_m` over the ground of a point. Build it with `geofence.circle`, which checks."""

    lat: float
    lon: float
    radius_m: float

    def __repr__(self) -> str:
        # Coordinates of a person's home have no place in a log.
        return f"<Circle of {self.radius_m:g} m>"

    @cached_property
    def prepared(self) -> tuple[Vector, float]:
        """Centre in space and the earth's diameter there."""
        return in_space(self.lat, self.lon), diameter_m(self.lat)

    @cached_property
    def row(self) -> bytes:
        """`prepared` and the radius, five packed numbers."""
        centre, diameter = self.prepared
        return pack("5d", *centre, diameter, self.radius_m)

    def geojson(self) -> dict[str, Any]:
        """A polygon of `CORNERS` corners on the circle, for maps; across the antimeridian its longitudes run on past 180."""
        frame = frame_at(self.lat, self.lon)
        ring = [_ahead(frame, self.radius_m, -2.0 * pi * n / CORNERS) for n in range(CORNERS)]
        lons = [lon + 360.0 * round((self.lon - lon) / 360.0) for _, lon in ring]
        corners = [[lon, lat] for (lat, _), lon in zip(ring, lons, strict=True)]
        return {"type": "Polygon", "coordinates": [[*corners, list(corners[0])]]}


class Region(Area, frozen=True, dict=True, tag="region"):
    """One or several polygons with holes. Build it with `geofence.region`, which checks.

    Each polygon is its outer ring and then its holes; each ring is packed, closed, as `POSITION`s. Packed, a vertex takes 16
    bytes where a tuple of floats takes 104, and most polygons of a large installation are seldom asked.
    """

    polygons: tuple[tuple[bytes, ...], ...]

    def __repr__(self) -> str:
        return f"<Region of {sum(len(ring) // POSITION.size - 1 for ring in self.rings)} vertices>"

    @property
    def rings(self) -> tuple[bytes, ...]:
        """All outer rings and holes."""
        return tuple(ring for polygon in self.polygons for ring in polygon)

    @cached_property
    def frame(self) -> Frame:
        """The metric frame around the middle of this area's bounding box."""
        lons, lats = zip(*(p for ring in self.rings for p in POSITION.iter_unpack(ring)), strict=True)
        return frame_at((min(lats) + max(lats)) / 2.0, (min(lons) + max(lons)) / 2.0)

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """All edges of all rings in the frame, cut where they would bend away from GeoJSON's straight lines."""
        return tuple(edge for ring in self.rings for edge in _edges(ring, self.frame))

    @property
    def edge_count(self) -> int:
        """Edges after cutting."""
        return self.packed[1]

    @cached_property
    def packed(self) -> Packed:
        """`frame` and `edges`, ready to be joined with those of others."""
        # Not self.edges, which would then be kept: thirteen times the memory, and only plain Python wants it.
        edges = [edge for ring in self.rings for edge in _edges(ring, self.frame)]
        x1, y1, dx, dy, per_square = (pack(f"{len(edges)}d", *column) for column in zip(*edges, strict=True))
        return pack("13d", *self.frame.numbers()), len(edges), x1, y1, dx, dy, per_square

    def geojson(self) -> dict[str, Any]:
        """The geometry that was given, number by number."""
        polygons = [[[list(p) for p in POSITION.iter_unpack(ring)] for ring in polygon] for polygon in self.polygons]
        if len(polygons) == 1:
            return {"type": "Polygon", "coordinates": polygons[0]}
        return {"type": "MultiPolygon", "coordinates": polygons}


def _ahead(frame: Frame, distance_m: float, bearing: float) -> tuple[float, float]:
    """Latitude and longitude of the point at a distance and bearing (radians) from the frame's origin."""
    (ox, oy, oz), (ex, ey, _), (nx, ny, nz), (ux, uy, uz) = frame.origin, frame.east, frame.north, frame.up
    reach = distance_m
    lat = lon = 0.0
    # The sphere of the frame misses the ellipsoid a little; each round takes away all but a thousandth of what is left.
    for _ in range(3):
        angle = 2.0 * reach / frame.diameter
        out, down = frame.diameter / 2.0 * sin(angle), frame.diameter / 2.0 * (1.0 - cos(angle))
        e, n = out * sin(bearing), out * cos(bearing)
        lat, lon = on_ground(ox + ex * e + nx * n - ux * down, oy + ey * e + ny * n - uy * down, oz + nz * n - uz * down)
        x, y, z = in_space(lat, lon)
        reach *= distance_m / arc_m(sqrt((x - ox) ** 2 + (y - oy) ** 2 + (z - oz) ** 2), frame.diameter)
    return lat, lon


def _edges(ring: bytes, frame: Frame) -> list[Edge]:
    """The edges of one ring; repeated positions make none."""
    found: list[Edge] = []
    positions = list(POSITION.iter_unpack(ring))
    places = [frame.place(lat, lon) for lon, lat in positions]
    for ((lon1, lat1), here), ((lon2, lat2), there) in pairwise(zip(positions, places, strict=True)):
        pieces = _pieces(lat1, lon1, lat2, lon2, here, there, frame)
        shares = (n / pieces for n in range(1, pieces + 1))
        x1, y1 = here
        for lat, lon in ((lat1 + (lat2 - lat1) * s, lon1 + (lon2 - lon1) * s) for s in shares):
            x2, y2 = there if lat == lat2 and lon == lon2 else frame.place(lat, lon)
            dx, dy = x2 - x1, y2 - y1
            if dx or dy:
                found.append((x1, y1, dx, dy, 1.0 / (dx * dx + dy * dy)))
            x1, y1 = x2, y2
    return found


def _pieces(lat1: float, lon1: float, lat2: float, lon2: float, here: Place, there: Place, frame: Frame) -> int:
    """Into how many pieces an edge must be cut; its bend falls with the square of that."""
    (x1, y1), (x2, y2) = here, there
    if abs(x2 - x1) < STRAIGHT_M and abs(y2 - y1) < STRAIGHT_M and abs(lat1) < STRAIGHT_LAT and abs(lat2) < STRAIGHT_LAT:
        return 1
    x, y = frame.place((lat1 + lat2) / 2.0, (lon1 + lon2) / 2.0)
    bend = hypot(x - (x1 + x2) / 2.0, y - (y1 + y2) / 2.0)
    return min(PIECES_MAX, max(1, ceil(sqrt(bend / BEND_MAX_M))))
