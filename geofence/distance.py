"""Signed distance from a point to an area's border: negative inside, positive outside; one point at a time, or many at once.

All ways use the same prepared numbers, so that they agree to far less than a centimetre. Measured here, plain Python is the
fastest one for a lone point up to `PLAIN_MAX` edges; numpy over all edges of a batch is the fastest one for areas as people draw
them, since a general geometry library's calls cost more than the arithmetic on so few edges; and that library, which searches in
an index, is the fastest one from `LARGE_MIN` corners on.

Up to 50 km from the border a distance is within 0.1 % of the geodesic of WGS 84, or within the 5 cm that an edge of up to 80 km
may bend. So it is for circles of any size and for other areas up to 500 km across, beyond which the frame's scale is no longer
the same everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import inf, sqrt
from typing import Any, Final, cast

import numpy as np
import shapely

from geofence.area import PLAIN_MAX, Area, Circle, Corridor, Traced
from geofence.earth import all_in_space, arc_m, in_space
from geofence.edges import Edge

LONE_MAX: Final = 16
"""Areas up to which a call may be cheaper one by one; with more, even asking would cost what it could save."""

CIRCLE_EDGES: Final = 3
"""What a circle costs, in edges."""

EDGES_MAX: Final = 3072
"""Corners taken at once: the columns of one round stay in the processor's second-level cache, and below the size from which on
each array is memory that the system hands out anew (measured: with 8,192, a batch takes twice as long)."""

LARGE_MIN: Final = 128
"""Corners from which on an area is looked up in an index."""

Floats = np.ndarray[Any, np.dtype[np.float64]]
Complexes = np.ndarray[Any, np.dtype[np.complex128]]
Ints = np.ndarray[Any, np.dtype[np.int64]]


def distance_m(area: Area, lat: float, lon: float) -> float:
    """Metres over the ground from a point (degrees) to the border of `area`: negative inside, positive outside."""
    if type(area) is Circle:
        (ox, oy, oz), diameter = area.prepared
        x, y, z = in_space(lat, lon)
        x -= ox
        y -= oy
        z -= oz
        return arc_m(sqrt(x * x + y * y + z * z), diameter) - area.radius_m
    traced = cast("Traced", area)
    edges = traced.edges
    if edges is None:
        return float(_traced((traced,), all_in_space(np.array([lat]), np.array([lon])))[0])
    x, y = traced.frame.place(lat, lon)
    half = traced.half_width_m
    return abs(_to_edges(edges, x, y)) - half if half else _to_edges(edges, x, y)


def distances_m(areas: Sequence[Area], lats: Floats, lons: Floats) -> Floats:
    """`distance_m` of each area and the point at the same place in `lats` and `lons`, in one vectorised call."""
    if len(areas) <= LONE_MAX and sum(map(_cost, areas)) <= PLAIN_MAX:
        return np.array([distance_m(*asked) for asked in zip(areas, lats.tolist(), lons.tolist(), strict=True)])
    space = all_in_space(lats, lons)
    kinds = set(map(type, areas))
    if Circle not in kinds:
        return _traced(cast("Sequence[Traced]", areas), space)
    if len(kinds) == 1:
        return _circles(cast("Sequence[Circle]", areas), space)
    result = np.empty(len(areas))
    round_ones = [n for n, area in enumerate(areas) if type(area) is Circle]
    rest = [n for n, area in enumerate(areas) if type(area) is not Circle]
    result[round_ones] = _circles([cast("Circle", areas[n]) for n in round_ones], space[:, round_ones])
    result[rest] = _traced([cast("Traced", areas[n]) for n in rest], space[:, rest])
    return result


def _cost(area: Area) -> int:
    """What one plain evaluation costs, in edges; those that are cut into many are rare, and then ask numpy by themselves."""
    return CIRCLE_EDGES if type(area) is Circle else cast("Traced", area).vertices


def _to_edges(edges: tuple[Edge, ...], x: float, y: float) -> float:
    """Signed distance to the nearest edge; each edge that a ray to the east crosses changes the side."""
    nearest = inf
    inside = False
    for x1, y1, dx, dy, per_square in edges:
        ax, ay = x - x1, y - y1
        rises = ay < dy
        if (ay < 0.0) is not rises and (ax * dy < dx * ay) is rises:
            inside = not inside
        share = (ax * dx + ay * dy) * per_square
        if share > 0.0:
            if share > 1.0:  # noqa: PLR1730 - a call of min() costs more than the rest of this line's branch
                share = 1.0
            ax -= share * dx
            ay -= share * dy
        square = ax * ax + ay * ay
        if square < nearest:  # noqa: PLR1730 - as above
            nearest = square
    return -sqrt(nearest) if inside else sqrt(nearest)


def _circles(areas: Sequence[Circle], space: Floats) -> Floats:
    """Signed distances to the borders of circles."""
    rows = np.frombuffer(b"".join([area.row for area in areas])).reshape(-1, 5)
    dx, dy, dz = space - rows[:, :3].T
    diameter = rows[:, 3]
    ratio = np.minimum(np.sqrt(dx * dx + dy * dy + dz * dz) / diameter, 1.0)
    return cast("Floats", diameter * np.arcsin(ratio) - rows[:, 4])


def _traced(areas: Sequence[Traced], space: Floats) -> Floats:
    """Signed distances to the borders of regions and corridors, in rounds of at most `EDGES_MAX` corners (at least one area)."""
    rows, corner_counts, corners = zip(*[area.packed for area in areas], strict=True)
    counts = np.array(corner_counts)
    numbers = np.frombuffer(b"".join(rows)).reshape(-1, 14)
    here = _places(numbers, space)
    half = numbers[:, 13] if Corridor in set(map(type, areas)) else None
    if max(corner_counts, default=0) < LARGE_MIN:
        return _signed(_rounds(corners, counts, here), half)
    result = np.empty(len(areas))
    large, small = np.flatnonzero(counts >= LARGE_MIN), np.flatnonzero(counts < LARGE_MIN)
    result[large] = _indexed([areas[n] for n in large.tolist()], here[large])
    if len(small):
        result[small] = _rounds([corners[n] for n in small.tolist()], counts[small], here[small])
    return _signed(result, half)


def _places(numbers: Floats, space: Floats) -> Complexes:
    """Each point in its own area's frame: `Frame.place`, many at once, the east real and the north imaginary."""
    from_origin = space.T - numbers[:, :3]
    east, north, up = np.einsum("nij,nj->in", numbers[:, 3:12].reshape(-1, 3, 3), from_origin)
    scale = 1.0 / (1.0 + up / numbers[:, 12])
    here = np.empty(len(scale), complex)
    np.multiply(east, scale, out=here.real)
    np.multiply(north, scale, out=here.imag)
    return here


def _signed(nearest: Floats, half: Floats | None) -> Floats:
    """From distances to rings those to regions, which they are; from distances to lines those to corridors."""
    return nearest if half is None else np.where(half > 0.0, np.abs(nearest) - half, nearest)


def _indexed(areas: Sequence[Traced], here: Complexes) -> Floats:
    """`_to_edges` for areas of many corners."""
    east, north = here.real, here.imag
    nearest = shapely.distance([area.border for area in areas], shapely.points(east, north))
    inside = shapely.contains_xy([area.ground for area in areas], east, north)
    return cast("Floats", np.where(inside, -nearest, nearest))


def _rounds(corners: Sequence[bytes], counts: Ints, here: Complexes) -> Floats:
    ends = np.cumsum(counts)
    if ends[-1] <= EDGES_MAX:
        return _round(corners, counts, ends, here)
    rounds = (ends - 1) // EDGES_MAX
    cuts = [0, *(np.flatnonzero(np.diff(rounds)) + 1).tolist(), len(counts)]
    parts = [slice(a, b) for a, b in pairwise(cuts)]
    return np.concatenate([_round(corners[p], counts[p], np.cumsum(counts[p]), here[p]) for p in parts])


def _round(corners: Sequence[bytes], counts: Ints, ends: Ints, here: Complexes) -> Floats:
    """`_to_edges` for several areas at once, over one array of all their corners.

    Each run of corners ends with one that is no number: what leads there or comes from there crosses nothing and is nearest to
    nothing, and needs no look-up of where one run ends and the next begins.
    """
    from_corner = np.repeat(here, counts)
    from_corner -= np.frombuffer(b"".join(corners), complex)
    ax, ay = from_corner.real.copy(), from_corner.imag.copy()
    above = ay < 0.0
    crossed = above[:-1] != above[1:]
    dx, dy = ax[:-1] - ax[1:], ay[:-1] - ay[1:]
    ax, ay = ax[:-1], ay[:-1]
    crossed &= (ax * dy - dx * ay) * dy < 0.0
    starts = ends - counts
    inside = np.logical_xor.reduceat(crossed, starts)
    share = (ax * dx + ay * dy) / (dx * dx + dy * dy)
    # Not np.clip, whose own Python costs more than both of these.
    np.maximum(share, 0.0, out=share)
    np.minimum(share, 1.0, out=share)
    ax -= share * dx
    ay -= share * dy
    nearest = np.sqrt(np.fmin.reduceat(ax * ax + ay * ay, starts))
    return np.where(inside, -nearest, nearest)
