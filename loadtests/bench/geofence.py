"""Inside and distance of many persons at once, against the bare geometry library on the same areas in the same run."""

from __future__ import annotations

import math
import random
import time
import tracemalloc
from collections.abc import Callable
from typing import Any, Final

import msgspec
import numpy as np
import shapely

from geofence import Area, Circle, circle, corridor, distance_m, distances_m, region
from loadtests.site import CENTRE_LAT, CENTRE_LON, HOME_M, Home, homes, moved

BATCHES: Final = (1, 64, 128, 256, 512)
"""Points taken together: one alone, and what a commit takes."""

KINDS: Final = ("12 vertices", "64 vertices", "12 and 64 in turn", "1,000 vertices", "circles", "corridors of 8 positions")
"""What each person's area is. The bare library has no circles and no corridors, and gets polygons of as many corners."""

ROUNDS: Final = 15
"""Rounds of which the best counts, since the others are what the machine did besides; we and the library take turns."""

NEAR_M: Final = 400.0
"""Points lie within this distance of the middle of their area, to the east and to the north: inside and outside."""

UNEVEN: Final = 0.15
"""Share by which corners lie nearer or farther than the mean."""

Floats = np.ndarray[Any, np.dtype[np.float64]]


class Asked(msgspec.Struct):
    """Each point with its own area, for us and for the library."""

    areas: list[Area]
    shapes: Any
    borders: Any
    lats: Floats
    lons: Floats


def ask(kind: str, persons: int, seed: int) -> Asked:
    """The areas of so many persons, and where each of them is."""
    rng = random.Random(f"{kind}-{seed}")
    areas, shapes, points = [], [], []
    for number, home in enumerate(homes(persons, seed)):
        area, ring = _area(kind, number, home, rng)
        areas.append(area)
        shapes.append(shapely.Polygon(ring))
        points.append(moved(home, rng.uniform(-NEAR_M, NEAR_M), rng.uniform(-NEAR_M, NEAR_M)))
    lats, lons = np.array(points).T.copy()
    drawn = np.array(shapes, object)
    borders = shapely.boundary(drawn)
    # All that the library can do beforehand is done, and none of it is counted.
    shapely.prepare(drawn)
    shapely.prepare(borders)
    return Asked(areas, drawn, borders, lats, lons)


def _area(kind: str, number: int, home: Home, rng: random.Random) -> tuple[Area, list[list[float]]]:
    """An area, and a polygon for the library."""
    if kind == "circles":
        area = circle(home.lat, home.lon, HOME_M)
        return area, area.geojson()["coordinates"][0]
    if kind.startswith("corridors"):
        line = [moved(home, 80.0 * n, rng.uniform(-40, 40)) for n in range(8)]
        area = corridor({"type": "LineString", "coordinates": [[lon, lat] for lat, lon in line]}, 120.0)
        return area, area.geojson()["coordinates"][0]
    vertices = {"1": 12, "6": 64}[kind[0]] if "1,000" not in kind else 1000
    if "turn" in kind and number % 2:
        vertices = 64
    ring = []
    for n in range(vertices):
        far, angle = HOME_M * rng.uniform(1 - UNEVEN, 1 + UNEVEN), 2 * math.pi * n / vertices
        lat, lon = moved(home, far * math.cos(angle), far * math.sin(angle))
        ring.append([round(lon, 7), round(lat, 7)])
    ring.append(ring[0])
    return region({"type": "Polygon", "coordinates": [ring]}), ring


def ours(asked: Asked, part: slice) -> Floats:
    """One vectorised call."""
    return distances_m(asked.areas[part], asked.lats[part], asked.lons[part])


def bare(asked: Asked, part: slice) -> Floats:
    """The same from the library, in degrees, which it takes for a plane."""
    lons, lats = asked.lons[part], asked.lats[part]
    inside = shapely.contains_xy(asked.shapes[part], lons, lats)
    far = shapely.distance(asked.borders[part], shapely.points(lons, lats))
    return np.where(inside, -far, far)


def run(persons: int, seed: int, say: Callable[[str], None]) -> dict[str, Any]:
    """All kinds at all batches, and what an area takes in memory."""
    found: dict[str, Any] = {"evaluations": [], "memory": []}
    for kind in KINDS:
        say(kind)
        asked = ask(kind, persons, seed)
        _check(kind, asked)
        for batch in BATCHES:
            rates = _rates(asked, batch)
            found["evaluations"].append({"areas": kind, "batch": batch, **rates, "ratio": rates["ours"] / rates["bare"]})
    found["memory"] = [_memory(kind, seed) for kind in KINDS]
    return found


def _check(kind: str, asked: Asked) -> None:
    """Both must say the same of who is inside, or one of them does nothing."""
    everybody = slice(None)
    mine, theirs = ours(asked, everybody), bare(asked, everybody)
    # A circle's polygon and an edge on the ground lie a little beside a straight line in degrees.
    unsure = np.abs(mine) < 1.0
    agreed = float(np.mean(((mine < 0) == (theirs < 0)) | unsure))
    if agreed < 1.0 or not 0.05 < float(np.mean(mine < 0)) < 0.95:
        raise AssertionError(f"{kind}: both agree on a share of {agreed} only; there is a mistake in one of them")


def _rates(asked: Asked, batch: int) -> dict[str, float]:
    """Evaluations per second of both, side by side."""
    parts = [slice(start, start + batch) for start in range(0, len(asked.areas) - batch + 1, batch)]
    seconds: dict[str, list[float]] = {"ours": [], "bare": []}
    for _ in range(ROUNDS):
        for name, evaluate in (("ours", ours if batch > 1 else _lone), ("bare", bare)):
            began = time.perf_counter()
            for part in parts:
                evaluate(asked, part)
            seconds[name].append(time.perf_counter() - began)
    return {name: len(parts) * batch / min(taken) for name, taken in seconds.items()}


def _lone(asked: Asked, part: slice) -> Floats:
    """A lone point is not asked by way of an array."""
    at = part.start
    return np.array(distance_m(asked.areas[at], asked.lats[at], asked.lons[at]))


def _memory(kind: str, seed: int) -> dict[str, Any]:
    """Bytes of an area at rest, and after it was asked in a batch."""
    count = 20 if "1,000" in kind else 500
    rng = random.Random(seed)
    drawn = [_area(kind, n, Home(CENTRE_LAT, CENTRE_LON + n / 1e4), rng)[0] for n in range(count)]
    text = msgspec.msgpack.encode(drawn)
    sort: Any = type(drawn[0])
    tracemalloc.start()
    try:
        areas: list[Area] = msgspec.msgpack.decode(text, type=list[sort])
        rest = tracemalloc.get_traced_memory()[0]
        distances_m(areas, np.full(count, CENTRE_LAT), np.full(count, CENTRE_LON))
        asked = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    return {"areas": kind, "rest_bytes": rest / count, "asked_bytes": asked / count, "indexed": not _counted(areas)}


def _counted(areas: list[Area]) -> bool:
    """Whether all of their memory is Python's; the library's own index is not seen."""
    return all(isinstance(area, Circle) or "border" not in vars(area) for area in areas)


def table(result: dict[str, Any]) -> list[list[str]]:
    """One line per kind and batch, then memory."""
    rows = [["", "batch", "evaluations/s", "bare shapely", "ratio (goal: 0.7 at 64-512)"]]
    rows += [
        [one["areas"], f"{one['batch']}", f"{one['ours']:,.0f}", f"{one['bare']:,.0f}", f"{one['ratio']:.2f}"]
        for one in result["evaluations"]
    ]
    rows.append(["memory of one, bytes", "", "at rest", "once asked", ""])
    for one in result["memory"]:
        beside = "and the library's index" if one["indexed"] else ""
        rows.append([one["areas"], "", f"{one['rest_bytes']:,.0f}", f"{one['asked_bytes']:,.0f}", beside])
    return rows
