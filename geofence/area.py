"""Areas on the earth: circles, polygons and ways in WGS 84 degrees, compact at rest and prepared when first asked."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from math import cos, nan, pi, sin, sqrt
from struct import pack
from typing import Any, Final
from zlib import crc32

import msgspec
import shapely

from geofence.earth import Frame, Vector, arc_m, diameter_m, frame_at, in_space, on_ground
from geofence.edges import POSITION, Edge, Place, edges_of, runs_of

CORNERS: Final = 64
"""Corners of the polygon that stands for a circle on a map: its sides lie at most 0.12 % of the radius inside the circle."""

QUARTER: Final = CORNERS // 4
"""Corners of a quarter of a circle, where a corridor turns or ends."""

PLAIN_MAX: Final = 200
"""Edges up to which plain Python (0.13 µs an edge) beats numpy's fixed cost (some 30 µs)."""

Packed = tuple[bytes, int, bytes]
"""A frame's 13 numbers and half the width of a corridor (0 of a region), the number of corners, and the corners.

Corners are pairs of metres to the east and to the north; each run of them that hangs together ends with a pair that is no number.
"""


class Area(msgspec.Struct, frozen=True, dict=True):
    """Base of `Circle`, `Region` and `Corridor`. Equal and hashable by value; what it prepares for itself is no part of that."""

    def geojson(self) -> dict[str, Any]:
        """This area as a GeoJSON geometry to be drawn: a Polygon or MultiPolygon."""
        raise NotImplementedError

    def mark(self) -> int:
        """32 bits by which this drawing is told from another one, in every process alike."""
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

    def mark(self) -> int:
        """32 bits of the centre and the radius."""
        return crc32(pack("<3d", self.lat, self.lon, self.radius_m))

    def geojson(self) -> dict[str, Any]:
        """A polygon of `CORNERS` corners on the circle, for maps; across the antimeridian its longitudes run on past 180."""
        frame = frame_at(self.lat, self.lon)
        ring = [_ahead(frame, self.radius_m, -2.0 * pi * n / CORNERS) for n in range(CORNERS)]
        lons = [lon + 360.0 * round((self.lon - lon) / 360.0) for _, lon in ring]
        corners = [[lon, lat] for (lat, _), lon in zip(ring, lons, strict=True)]
        return {"type": "Polygon", "coordinates": [[*corners, list(corners[0])]]}


class Traced(Area, frozen=True, dict=True):
    """Base of the areas that are drawn position by position.

    Each path is packed as `POSITION`s. Packed, a vertex takes 16 bytes where a tuple of floats takes 104, and most areas of a
    large installation are seldom asked.
    """

    @property
    def paths(self) -> tuple[bytes, ...]:
        """All rings or lines."""
        raise NotImplementedError

    @property
    def half_width_m(self) -> float:
        """How far the border lies from the paths; 0 where they are the border."""
        return 0.0

    def mark(self) -> int:
        """32 bits of all positions, where each path ends, and the width."""
        found = crc32(pack("<d", self.half_width_m))
        for path in self.paths:
            found = crc32(path, crc32(pack("<q", len(path)), found))
        return found

    @property
    def vertices(self) -> int:
        """Positions of all paths."""
        return sum(len(path) for path in self.paths) // POSITION.size

    @cached_property
    def frame(self) -> Frame:
        """The metric frame around the middle of this area's bounding box, kept for plain Python."""
        return self._framed()

    def _framed(self) -> Frame:
        lons, lats = zip(*(p for path in self.paths for p in POSITION.iter_unpack(path)), strict=True)
        if max(lons) - min(lons) > 180.0:
            # Parts on both sides of the antimeridian: the middle is there, not on the other side of the earth.
            lons = tuple(lon % 360.0 for lon in lons)
        return frame_at((min(lats) + max(lats)) / 2.0, (min(lons) + max(lons)) / 2.0)

    def _runs(self) -> Iterator[list[Place]]:
        return runs_of(self.paths, self._framed(), rings=self.half_width_m == 0.0)

    @cached_property
    def edges(self) -> tuple[Edge, ...] | None:
        """All edges of all paths in the frame, cut where they would bend away from GeoJSON's straight lines.

        None if they are more than `PLAIN_MAX`: then numpy is asked, which wants them `packed`.
        """
        if self.vertices > PLAIN_MAX:
            return None
        found = tuple(edges_of(self.paths, self.frame, rings=self.half_width_m == 0.0))
        return found if len(found) <= PLAIN_MAX else None

    @cached_property
    def packed(self) -> Packed:
        """The edges, ready to be joined with those of others."""
        # Neither self.frame nor self.edges, which would then be kept: many times the memory, and only plain Python wants them.
        frame = self._framed()
        numbers: list[float] = []
        for run in runs_of(self.paths, frame, rings=self.half_width_m == 0.0):
            for place in run:
                numbers += place
            numbers += (nan, nan)
        row = pack("14d", *frame.numbers(), self.half_width_m)
        return row, len(numbers) // 2, pack(f"{len(numbers)}d", *numbers)

    @cached_property
    def border(self) -> Any:
        """The edges as a prepared geometry of the geometry library, for areas of very many corners."""
        drawn = shapely.MultiLineString(list(self._runs()))
        shapely.prepare(drawn)
        return drawn

    @cached_property
    def ground(self) -> Any:
        """What the paths enclose, prepared likewise; nothing for lines."""
        drawn = shapely.Polygon() if self.half_width_m else shapely.build_area(shapely.unary_union(self.border))
        shapely.prepare(drawn)
        return drawn


class Region(Traced, frozen=True, dict=True, tag="region"):
    """One or several polygons with holes. Build it with `geofence.region`, which checks.

    Each polygon is its outer ring and then its holes; each ring is closed.
    """

    polygons: tuple[tuple[bytes, ...], ...]

    def __repr__(self) -> str:
        return f"<Region of {sum(len(ring) // POSITION.size - 1 for ring in self.rings)} vertices>"

    @property
    def rings(self) -> tuple[bytes, ...]:
        """All outer rings and holes."""
        return tuple(ring for polygon in self.polygons for ring in polygon)

    @property
    def paths(self) -> tuple[bytes, ...]:
        """The rings."""
        return self.rings

    def geojson(self) -> dict[str, Any]:
        """The geometry that was given, number by number."""
        polygons = [[_listed(ring) for ring in polygon] for polygon in self.polygons]
        if len(polygons) == 1:
            return {"type": "Polygon", "coordinates": polygons[0]}
        return {"type": "MultiPolygon", "coordinates": polygons}


class Corridor(Traced, frozen=True, dict=True, tag="corridor"):
    """Everything within half of `width_m` over the ground of a line. Build it with `geofence.corridor`, which checks.

    Inside, the distance to the border is counted from the line. Where the line comes back so near to itself that the corridor
    overlaps, the true border is farther away: somebody there is believed to be inside a little later, and never wrongly.
    """

    lines: tuple[bytes, ...]
    width_m: float

    def __repr__(self) -> str:
        return f"<Corridor of {self.vertices} positions, {self.width_m:g} m wide>"

    @property
    def paths(self) -> tuple[bytes, ...]:
        """The lines."""
        return self.lines

    @property
    def half_width_m(self) -> float:
        """Half the width."""
        return self.width_m / 2.0

    def line(self) -> dict[str, Any]:
        """The geometry that was given, number by number."""
        lines = [_listed(line) for line in self.lines]
        if len(lines) == 1:
            return {"type": "LineString", "coordinates": lines[0]}
        return {"type": "MultiLineString", "coordinates": lines}

    def geojson(self) -> dict[str, Any]:
        """Its outline, for maps; its ends and the outer sides of its turns are round."""
        drawn = shapely.buffer(self.border, self.half_width_m, quad_segs=QUARTER)
        parts = [drawn] if drawn.geom_type == "Polygon" else list(drawn.geoms)
        polygons = [[self._drawn(ring) for ring in (part.exterior, *part.interiors)] for part in map(shapely.normalize, parts)]
        if len(polygons) == 1:
            return {"type": "Polygon", "coordinates": polygons[0]}
        return {"type": "MultiPolygon", "coordinates": polygons}

    def _drawn(self, ring: Any) -> list[list[float]]:
        """A ring of the frame in degrees, against the clock if it is an outer one; its longitudes may run on past 180."""
        places: Iterator[Place] = iter(ring.coords[::-1])
        corners = [self.frame.position(*place) for place in places]
        middle = next(iter(POSITION.iter_unpack(self.lines[0])))[0]
        return [[lon + 360.0 * round((middle - lon) / 360.0), lat] for lat, lon in corners]


def _listed(path: bytes) -> list[list[float]]:
    return [list(p) for p in POSITION.iter_unpack(path)]


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
