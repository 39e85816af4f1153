"""How far inside its border an area reaches: whether receivers, with their errors, can tell its inside from its outside."""

from __future__ import annotations

from itertools import pairwise
from math import cos, hypot, radians
from typing import Final, cast

import shapely

from geofence.area import Area, Circle, Region, Traced
from geofence.edges import POSITION, Position
from geofence.repair import METRES_PER_DEGREE

CLOSE: Final = 0.02
"""How exactly the deepest point is sought, as a share of the depth that is asked for."""


UNSURE: Final = 0.05
"""By how much the quick way may be wrong: the earth is no sphere, and no plane."""


def depth_below_m(area: Area, than_m: float) -> float | None:
    """How far the deepest point of an area lies from its border, if that is less than `than_m`; None if it is not."""
    if isinstance(area, Circle):
        depth = area.radius_m
    elif isinstance(area, Region):
        depth = _depth_m(area, than_m)
    else:
        depth = cast("Traced", area).half_width_m
    return depth if depth < than_m else None


def _least_m(area: Region) -> float:
    """A depth that the area has at least, quickly found.

    Everything lies within the depth of a border, so that the area is at most the border's length times the depth.
    """
    inside = length = 0.0
    for rings in area.polygons:
        for n, ring in enumerate(rings):
            enclosed, around = _measured(list(POSITION.iter_unpack(ring)))
            inside += enclosed if n == 0 else -enclosed
            length += around
    return (1.0 - UNSURE) * inside / length if length else 0.0


def _measured(ring: list[Position]) -> tuple[float, float]:
    """Square metres and metres of a ring, on a plane that touches the sphere."""
    lon0, lat0 = ring[0]
    narrow = cos(radians(lat0))
    flat = [((lon - lon0) * narrow, lat - lat0) for lon, lat in ring]
    doubled = length = 0.0
    for (x1, y1), (x2, y2) in pairwise(flat):
        doubled += x1 * y2 - x2 * y1
        length += hypot(x2 - x1, y2 - y1)
    return abs(doubled) / 2.0 * METRES_PER_DEGREE**2, length * METRES_PER_DEGREE


def _depth_m(area: Region, than_m: float) -> float:
    """Exact where it is small; else some depth that is not."""
    least = _least_m(area)
    if least >= than_m:
        return least
    ground = area.ground
    deepest = shapely.maximum_inscribed_circle(ground, tolerance=than_m * CLOSE)
    return float(deepest.length)
