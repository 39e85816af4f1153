"""The WGS 84 ellipsoid: points in space, arcs over the ground, and a local metric frame in which edges can be measured.

Points are handled as earth-centred coordinates, because a chord through the earth is exact at every latitude, at the poles
and across the antimeridian, and costs four sines. Up to 50 km the arc over a chord differs from the geodesic by less than
1 part in 100,000 (tests/geofence/test_earth.py holds it against an independent geodesic).
"""

from __future__ import annotations

from math import asin, atan2, cos, degrees, dist, hypot, pi, radians, sin, sqrt
from typing import Any, Final

import msgspec
import numpy as np

Vector = tuple[float, float, float]

ROUNDS: Final = 5
"""Rounds of a search for the point at a place: up to 100 km three are exact to a millimetre."""

SEMI_MAJOR_M: Final = 6378137.0
ECCENTRICITY_2: Final = 0.0066943799901413165
"""First eccentricity squared. Both constants define WGS 84 (EPSG 7030)."""


def in_space(lat: float, lon: float) -> Vector:
    """Earth-centred coordinates, in metres, of a point on the ellipsoid given in degrees."""
    phi, lam = radians(lat), radians(lon)
    sine = sin(phi)
    normal = SEMI_MAJOR_M / sqrt(1.0 - ECCENTRICITY_2 * sine * sine)
    out = normal * cos(phi)
    return out * cos(lam), out * sin(lam), normal * (1.0 - ECCENTRICITY_2) * sine


def all_in_space(lats: np.ndarray[Any, Any], lons: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """`in_space` of many points at once: an array of three rows."""
    # Latitudes and longitudes in one array: half the calls, and on a small batch calls are what costs.
    angles = np.array((lats, lons)) * (pi / 180.0)
    (sine, sin_lam), (cosine, cos_lam) = np.sin(angles), np.cos(angles)
    normal = SEMI_MAJOR_M / np.sqrt(1.0 - ECCENTRICITY_2 * sine * sine)
    space = np.empty((3, len(sine)))
    np.multiply(normal, cosine, out=space[0])
    np.multiply(space[0], sin_lam, out=space[1])
    space[0] *= cos_lam
    np.multiply(normal, (1.0 - ECCENTRICITY_2) * sine, out=space[2])
    return space


def on_ground(x: float, y: float, z: float) -> tuple[float, float]:
    """Latitude and longitude in degrees of a point near the surface, its height dropped (Bowring 1976, to nanometres)."""
    out = hypot(x, y)
    flat = sqrt(1.0 - ECCENTRICITY_2)
    theta = atan2(z, flat * out)
    up = z + ECCENTRICITY_2 / flat * SEMI_MAJOR_M * sin(theta) ** 3
    return degrees(atan2(up, out - ECCENTRICITY_2 * SEMI_MAJOR_M * cos(theta) ** 3)), degrees(atan2(y, x))


def diameter_m(lat: float) -> float:
    """Diameter of the sphere that fits the ellipsoid best at a latitude (twice the Gaussian radius of curvature)."""
    sine = sin(radians(lat))
    return 2.0 * SEMI_MAJOR_M * sqrt(1.0 - ECCENTRICITY_2) / (1.0 - ECCENTRICITY_2 * sine * sine)


def arc_m(chord_m: float, diameter: float) -> float:
    """Length over the ground of a straight line through the earth."""
    ratio = chord_m / diameter
    # At the antipode the ellipsoid is wider than the sphere; an arc longer than half a turn means nothing.
    return diameter * asin(min(ratio, 1.0))


def ground_m(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Metres over the ground between two points in degrees."""
    return arc_m(dist(in_space(lat1, lon1), in_space(lat2, lon2)), diameter_m(lat1))


class Frame(msgspec.Struct, frozen=True, gc=False):
    """A stereographic picture of the ground around one point: metres to the east and to the north.

    It is conformal and its scale grows with the distance from the point only by 1 + (d / 2R)², 1.5 parts in 100,000 at
    50 km; unlike a plain tangent plane it does not fold the far side of the earth onto the near one (but for the few kilometres
    around the point exactly opposite, which the ellipsoid leaves undefined).
    """

    origin: Vector
    east: Vector
    north: Vector
    up: Vector
    diameter: float

    def place(self, lat: float, lon: float) -> tuple[float, float]:
        """Where a point lies in this frame, in metres to the east and to the north."""
        x, y, z = in_space(lat, lon)
        ox, oy, oz = self.origin
        x -= ox
        y -= oy
        z -= oz
        ex, ey, _ = self.east
        nx, ny, nz = self.north
        ux, uy, uz = self.up
        scale = 1.0 / (1.0 + (ux * x + uy * y + uz * z) / self.diameter)
        return (ex * x + ey * y) * scale, (nx * x + ny * y + nz * z) * scale

    def position(self, east: float, north: float) -> tuple[float, float]:
        """Latitude and longitude of a place in this frame: the way back from `place`."""
        (ox, oy, oz), (ex, ey, _), (nx, ny, nz), (ux, uy, uz) = self.origin, self.east, self.north, self.up
        lat = lon = 0.0
        x, y = east, north
        # The sphere of the frame misses the ellipsoid a little; each round takes away all but a hundredth of what is left.
        for _ in range(ROUNDS):
            shrink = 1.0 / (1.0 + (x * x + y * y) / (self.diameter * self.diameter))
            e, n, down = x * shrink, y * shrink, (x * x + y * y) * shrink / self.diameter
            lat, lon = on_ground(ox + ex * e + nx * n - ux * down, oy + ey * e + ny * n - uy * down, oz + nz * n - uz * down)
            reached = self.place(lat, lon)
            x += east - reached[0]
            y += north - reached[1]
        return lat, lon

    def numbers(self) -> tuple[float, ...]:
        """Everything in one row of 13 numbers: origin, east, north, up, diameter."""
        return (*self.origin, *self.east, *self.north, *self.up, self.diameter)


def frame_at(lat: float, lon: float) -> Frame:
    """The frame around a point."""
    phi, lam = radians(lat), radians(lon)
    sin_phi, cos_phi, sin_lam, cos_lam = sin(phi), cos(phi), sin(lam), cos(lam)
    return Frame(
        in_space(lat, lon),
        (-sin_lam, cos_lam, 0.0),
        (-sin_phi * cos_lam, -sin_phi * sin_lam, cos_phi),
        (cos_phi * cos_lam, cos_phi * sin_lam, sin_phi),
        diameter_m(lat),
    )
