"""Signed distances against bare shapely, measured side by side: `python -m loadtests.bench_geofence` prints the ratios.

Bare shapely is the least a programmer could write: points already in metres, one prepared polygon each, `contains_xy` and
`distance` to the polygon's ring. Ours starts from latitude and longitude. Each figure is the best of several interleaved
rounds, so that another program on the machine slows both alike.
"""

from __future__ import annotations

import math
import random
import sys
import time
from collections.abc import Callable

import numpy as np
import shapely

from geofence import Area, Fix, circle, distance_m, distances_m, region
from geofence.belief import Belief, step

ROUNDS = 15
AREAS = 2048
LAT, LON = 58.33, 12.68


def ring(vertices: int, chance: random.Random) -> list[list[float]]:
    """A wobbly ring some 500 m across, somewhere around the middle of the demo municipality."""
    lat, lon = LAT + chance.uniform(-0.1, 0.1), LON + chance.uniform(-0.2, 0.2)
    points = []
    for n in range(vertices):
        angle, reach = 2 * math.pi * n / vertices, 0.0025 * chance.uniform(0.7, 1.0)
        points.append([lon + 1.9 * reach * math.cos(angle), lat + reach * math.sin(angle)])
    return [*points, points[0]]


def best_s(*tasks: Callable[[], object]) -> list[float]:
    """Best time of each task, the tasks taking turns."""
    times = [math.inf] * len(tasks)
    for _ in range(ROUNDS):
        for n, task in enumerate(tasks):
            started = time.perf_counter()
            task()
            times[n] = min(times[n], time.perf_counter() - started)
    return times


def compare(vertices: int, batch: int) -> None:
    """Print ours, bare shapely and their ratio for one size of polygon and batch."""
    chance = random.Random(vertices)
    rings = [ring(vertices, chance) for _ in range(AREAS)]
    areas = [region({"type": "Polygon", "coordinates": [r]}) for r in rings]
    lons, lats = np.array([[r[0][0] + chance.uniform(-0.005, 0.005), r[0][1] + chance.uniform(-0.0025, 0.0025)] for r in rings]).T
    flat = [np.array(r) * [111_320 * math.cos(math.radians(LAT)), 111_320] for r in rings]
    polygons = np.asarray(shapely.polygons(flat))
    borders = np.asarray(shapely.get_exterior_ring(polygons))
    shapely.prepare(polygons)
    x, y = lons * 111_320 * math.cos(math.radians(LAT)), lats * 111_320

    def ours() -> None:
        for at in range(0, AREAS, batch):
            distances_m(areas[at : at + batch], lats[at : at + batch], lons[at : at + batch])

    def bare() -> None:
        for at in range(0, AREAS, batch):
            part = slice(at, at + batch)
            inside = shapely.contains_xy(polygons[part], x[part], y[part])
            far = shapely.distance(borders[part], shapely.points(x[part], y[part]))
            np.where(inside, -far, far)

    ours()
    mine, theirs = best_s(ours, bare)
    print_line(f"{vertices:5d} vertices, batch {batch:4d}", AREAS / mine, AREAS / theirs)


def print_line(what: str, ours: float, bare: float | None = None) -> None:
    """One line of the report."""
    ratio = "" if bare is None else f"   bare shapely {bare / 1e3:8.0f} k/s   ratio {ours / bare:5.2f}"
    sys.stdout.write(f"{what:28s} {ours / 1e3:8.0f} k/s{ratio}\n")


def lone_points() -> None:
    """One point at a time, as for a single reading, and the belief's step."""
    chance = random.Random(1)
    areas: list[tuple[str, Area]] = [("circle", circle(LAT, LON, 150.0))]
    areas += [(f"{n} vertices", region({"type": "Polygon", "coordinates": [ring(n, chance)]})) for n in (4, 12, 64, 1000)]
    for name, area in areas:
        (spent,) = best_s(lambda area=area: [distance_m(area, LAT, LON) for _ in range(500)])  # type: ignore[misc]
        print_line(f"{name}, lone point", 500 / spent)
    mixed = [areas[0][1]] * 512
    at = np.full(512, LAT), np.full(512, LON)
    (spent,) = best_s(lambda: distances_m(mixed, *at))
    print_line("circles, batch 512", 512 / spent)


def belief_steps() -> None:
    """How many fixes one core can weigh, all of them confirming the belief (the usual case) or too poor to tell."""
    from datetime import UTC, datetime, timedelta  # noqa: PLC0415 - only this part needs them

    start = datetime(2026, 1, 14, 12, tzinfo=UTC)
    for name, accuracy in (("confirming", 15.0), ("too poor to tell", 500.0)):
        fixes = [Fix(start + timedelta(seconds=n), -80.0, accuracy) for n in range(2000)]

        def run(fixes: list[Fix] = fixes) -> None:
            belief = Belief()
            for fix in fixes:
                belief = step(belief, fix)

        (spent,) = best_s(run)
        print_line(f"belief, {name}", 2000 / spent)


def main() -> None:
    """Print the whole report."""
    for vertices in (12, 64, 400):
        for batch in (1, 64, 128, 512, 2048):
            compare(vertices, batch)
    lone_points()
    belief_steps()


if __name__ == "__main__":
    main()
