"""Signed distance from a point to an area's border: negative inside, positive outside; one point at a time, or many at once.

Both ways use the same prepared numbers, so that they agree to far less than a centimetre. Measured here, plain Python is the
faster one for a lone point up to `PLAIN_MAX` edges, and numpy over all edges of a batch is the faster one beyond and for every
batch; both beat a general geometry library, whose calls cost more than the arithmetic on polygons of this size.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import inf, sqrt
from typing import Any, Final, cast

import numpy as np

from geofence.area import Area, Circle, Edge, Region
from geofence.earth import all_in_space, arc_m, in_space

PLAIN_MAX: Final = 200
"""Edges, over all areas of a call, up to which plain Python (0.13 µs an edge) beats numpy's fixed cost (some 30 µs)."""

LONE_MAX: Final = 16
"""Areas up to which a call may be cheaper one by one; with more, even asking would cost what it could save."""

CIRCLE_EDGES: Final = 3
"""What a circle costs, in edges."""

EDGES_MAX: Final = 8192
"""Edges taken at once: the columns of one round then stay in the processor's second-level cache, and memory stays bounded."""

Floats = np.ndarray[Any, np.dtype[np.float64]]
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
    region = cast("Region", area)
    if region.edge_count > PLAIN_MAX:
        return float(_regions((region,), all_in_space(np.array([lat]), np.array([lon])))[0])
    return _to_edges(region.edges, *region.frame.place(lat, lon))


def distances_m(areas: Sequence[Area], lats: Floats, lons: Floats) -> Floats:
    """`distance_m` of each area and the point at the same place in `lats` and `lons`, in one vectorised call."""
    if len(areas) <= LONE_MAX and sum(map(_cost, areas)) <= PLAIN_MAX:
        return np.array([distance_m(*asked) for asked in zip(areas, lats.tolist(), lons.tolist(), strict=True)])
    space = all_in_space(lats, lons)
    round_ones = [n for n, area in enumerate(areas) if type(area) is Circle]
    if len(round_ones) == len(areas):
        return _circles(cast("Sequence[Circle]", areas), space)
    if not round_ones:
        return _regions(cast("Sequence[Region]", areas), space)
    result = np.empty(len(areas))
    rest = [n for n, area in enumerate(areas) if type(area) is not Circle]
    result[round_ones] = _circles([cast("Circle", areas[n]) for n in round_ones], space[:, round_ones])
    result[rest] = _regions([cast("Region", areas[n]) for n in rest], space[:, rest])
    return result


def _cost(area: Area) -> int:
    """What one plain evaluation costs, in edges."""
    return CIRCLE_EDGES if type(area) is Circle else cast("Region", area).edge_count


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


def _regions(areas: Sequence[Region], space: Floats) -> Floats:
    """Signed distances to the borders of regions, in rounds of at most `EDGES_MAX` edges (at least one region a round)."""
    rows, edge_counts, *columns = zip(*[area.packed for area in areas], strict=True)
    counts = np.array(edge_counts)
    east, north = _places(rows, space)
    ends = np.cumsum(counts)
    if ends[-1] <= EDGES_MAX:
        return _round(columns, counts, ends, east, north)
    rounds = (ends - 1) // EDGES_MAX
    cuts = [0, *(np.flatnonzero(np.diff(rounds)) + 1).tolist(), len(areas)]
    parts = [slice(a, b) for a, b in pairwise(cuts)]
    return np.concatenate([_round([c[p] for c in columns], counts[p], np.cumsum(counts[p]), east[p], north[p]) for p in parts])


def _places(rows: Sequence[bytes], space: Floats) -> tuple[Floats, Floats]:
    """Each point in its own region's frame: `Frame.place`, many at once."""
    numbers = np.frombuffer(b"".join(rows)).reshape(-1, 13)
    from_origin = space.T - numbers[:, :3]
    east, north, up = np.einsum("nij,nj->in", numbers[:, 3:12].reshape(-1, 3, 3), from_origin)
    scale = 1.0 / (1.0 + up / numbers[:, 12])
    return east * scale, north * scale


def _round(columns: Sequence[Sequence[bytes]], counts: Ints, ends: Ints, east: Floats, north: Floats) -> Floats:
    """`_to_edges` for several regions at once, over one array of all their edges."""
    x1, y1, dx, dy, per_square = [np.frombuffer(b"".join(column)) for column in columns]
    starts = ends - counts
    ax = np.repeat(east, counts) - x1
    ay = np.repeat(north, counts) - y1
    rises = ay < dy
    crossed = ((ay < 0.0) != rises) & ((ax * dy < dx * ay) == rises)
    inside = np.logical_xor.reduceat(crossed, starts)
    share = (ax * dx + ay * dy) * per_square
    # Not np.clip, whose own Python costs more than both of these.
    np.maximum(share, 0.0, out=share)
    np.minimum(share, 1.0, out=share)
    ax -= share * dx
    ay -= share * dy
    nearest = np.sqrt(np.minimum.reduceat(ax * ax + ay * ay, starts))
    return np.where(inside, -nearest, nearest)
