"""Composes `oracle.jsonl`: made-up areas and points, and how far each point is from the border by the geodesic of WGS 84.

python tests/geofence/compose_oracle.py > tests/geofence/oracle.jsonl

Nothing of `geofence` is used. An edge is straight in longitude and latitude; its nearest point is sought by geodesics alone, and
inside is what a ray in longitude and latitude crosses an odd number of times.
"""

from __future__ import annotations

import json
import math
import random
from itertools import pairwise
from typing import Any, Final

from geographiclib.geodesic import Geodesic

Point = tuple[float, float]

PER_KIND: Final = 30
GOLDEN: Final = (math.sqrt(5) - 1) / 2
STEPS: Final = 60
"""Narrowings of the golden section: an edge of 100 km is known to a micrometre."""

LATS: Final = (55.3, 58.3, 63.8, 68.4, -33.9, 0.0, 78.2)
"""From the south to the north of Sweden, the other half of the earth, the equator, and Svalbard."""


def geodesic_m(a: Point, b: Point) -> float:
    return float(Geodesic.WGS84.Inverse(a[1], a[0], b[1], b[0], Geodesic.DISTANCE)["s12"])


def ahead(start: Point, bearing: float, far_m: float) -> Point:
    there = Geodesic.WGS84.Direct(start[1], start[0], bearing, far_m)
    return round(there["lon2"], 7), round(there["lat2"], 7)


def to_edge_m(point: Point, a: Point, b: Point) -> float:
    """By golden section over the edge; there is one nearest point on an edge so short."""

    def far(share: float) -> float:
        return geodesic_m(point, (a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share))

    low, high = 0.0, 1.0
    for _ in range(STEPS):
        left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
        low, high = (low, right) if far(left) < far(right) else (left, high)
    return min(far(low), far(0.0), far(1.0))


def to_paths_m(point: Point, paths: list[list[Point]]) -> float:
    return min(to_edge_m(point, a, b) for path in paths for a, b in pairwise(path))


def is_inside(point: Point, rings: list[list[Point]]) -> bool:
    lon, lat = point
    crossed = 0
    for (lon1, lat1), (lon2, lat2) in (edge for ring in rings for edge in pairwise(ring)):
        if (lat1 > lat) != (lat2 > lat):
            crossed += lon < lon1 + (lon2 - lon1) * (lat - lat1) / (lat2 - lat1)
    return crossed % 2 == 1


def star(rng: random.Random, middle: Point, reach_m: float, corners: int) -> list[Point]:
    ring = [ahead(middle, -360.0 * n / corners, reach_m * rng.uniform(0.5, 1.0)) for n in range(corners)]
    return [*ring, ring[0]]


def row(kind: str, rng: random.Random) -> dict[str, Any]:
    middle = (round(rng.uniform(-179, 179), 7), rng.choice(LATS))
    reach_m = 150_000.0 if kind == "large" else 10 ** rng.uniform(2, 4.3)
    point = ahead(middle, rng.uniform(0, 360), reach_m * rng.choice([0.05, 0.2, 0.4, 0.5, 0.8, 1.2, 2.0]))
    if rng.random() < 0.2:
        point = ahead(middle, rng.uniform(0, 360), reach_m + 10 ** rng.uniform(3, 4.69))
    if kind == "circle":
        area: Any = {"lat": middle[1], "lon": middle[0], "radius_m": round(reach_m, 3)}
        signed = geodesic_m(middle, point) - area["radius_m"]
    elif kind == "corridor":
        line = [ahead(middle, 80.0 + rng.uniform(-15, 15), reach_m * n / 3) for n in range(4)]
        area = {"line": {"type": "LineString", "coordinates": line}, "width_m": round(reach_m / rng.uniform(4, 20), 3)}
        if rng.random() < 0.6:
            point = ahead(line[rng.randrange(4)], rng.uniform(0, 360), area["width_m"] * rng.uniform(0, 0.8))
        signed = to_paths_m(point, [line]) - area["width_m"] / 2
    else:
        rings = [star(rng, middle, reach_m, 12 if kind == "large" else rng.choice([3, 7, 12]))]
        if kind == "large":
            point = ahead(rng.choice(rings[0]), rng.uniform(0, 360), 10 ** rng.uniform(3, 4.69))
        if kind == "hole":
            rings.append(star(rng, middle, reach_m * 0.3, 5))
        area = {"type": "Polygon", "coordinates": rings}
        if kind == "parts":
            rings.append(star(rng, ahead(middle, 90.0, reach_m * 2.5), reach_m * 0.4, 6))
            area = {"type": "MultiPolygon", "coordinates": [[ring] for ring in rings]}
        signed = to_paths_m(point, rings) * (-1 if is_inside(point, rings) else 1)
    return {"kind": kind, "area": area, "lat": point[1], "lon": point[0], "signed_m": round(signed, 3)}


if __name__ == "__main__":
    rng = random.Random(20260114)  # noqa: S311 - made-up areas
    for kind in ("circle", "polygon", "hole", "parts", "corridor", "large"):
        for _ in range(PER_KIND):
            print(json.dumps(row(kind, rng), separators=(",", ":")))
