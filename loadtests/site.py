"""A made-up municipality of any size for load tests: persons with devices, two zones and six rules each."""

from __future__ import annotations

import math
import random
from typing import Any, Final, NamedTuple

CENTRE_LAT: Final = 58.3345
CENTRE_LON: Final = 12.6784
"""Homes lie around here."""

SPREAD_M: Final = 4000.0
"""Homes lie within this distance of the middle."""

HOME_M: Final = 150.0
HOME_VERTICES: Final = 12
VILLAGE_M: Final = 1200.0
VILLAGE_VERTICES: Final = 64
"""The two zones of each person: how far their boundary is from the home, on the average, and in how many corners."""

UNEVEN: Final = 0.15
"""Share by which a corner may lie nearer or farther, so that the zones are no circles."""

M_PER_DEGREE: Final = 111_195.0
"""Length of a degree of latitude on a sphere of 6371 km."""


class Home(NamedTuple):
    """Where a person lives."""

    lat: float
    lon: float


def person_id(number: int) -> str:
    """The resident's id; its devices are `gps-`, `bed-` and `motion-` with the same number."""
    return f"r{number:05d}"


def device_id(kind: str, number: int) -> str:
    """The id of a person's device of that kind (`gps`, `bed`, `motion`)."""
    return f"{kind}-{number:05d}"


def moved(home: Home, east_m: float, north_m: float) -> tuple[float, float]:
    """Latitude and longitude so far from `home`."""
    lat = home.lat + north_m / M_PER_DEGREE
    return lat, home.lon + east_m / (M_PER_DEGREE * math.cos(math.radians(home.lat)))


def homes(persons: int, seed: int) -> list[Home]:
    """Where everybody lives; the same for the same seed, and a person's home does not depend on how many there are."""
    rng = random.Random(f"homes-{seed}")
    middle = Home(CENTRE_LAT, CENTRE_LON)
    found = []
    for _ in range(persons):
        far, angle = SPREAD_M * math.sqrt(rng.random()), rng.uniform(0, 2 * math.pi)
        found.append(Home(*moved(middle, far * math.cos(angle), far * math.sin(angle))))
    return found


def bench_site(persons: int, *, seed: int = 1, tenant: str = "bench") -> dict[str, Any]:
    """A whole site file. Its centre has a console only, which `serve` takes with `--open`."""
    rng = random.Random(f"zones-{seed}")
    return {
        "version": 1,
        "tenant": {"id": tenant, "name": "Load test", "timezone": "Europe/Stockholm", "language": "sv"},
        "units": [{"id": "centre", "name": "Larmcentralen", "kind": "centre", "channels": [{"kind": "console"}]}],
        "chains": [
            {"id": "standard", "links": [{"tell": ["unit:centre"], "wait_s": 600}], "follow_up_s": 1800},
            {"id": "technical", "links": [{"tell": ["unit:centre"], "wait_s": 3600}]},
        ],
        "residents": [_resident(n, home, rng) for n, home in enumerate(homes(persons, seed))],
    }


def _resident(number: int, home: Home, rng: random.Random) -> dict[str, Any]:
    return {
        "id": person_id(number),
        "name": f"Person {number}",
        "home": {"lat": round(home.lat, 6), "lon": round(home.lon, 6)},
        "consent": {"given": "2026-01-10", "by": "resident", "basis": "sol"},
        "responsible": {"reception": "unit:centre", "search": "unit:centre"},
        "chain": "standard",
        "technical_chain": "technical",
        "devices": [{"id": device_id(kind, number), "kind": kind, "from": "2026-01-10"} for kind in ("gps", "bed", "motion")],
        "zones": [
            {"id": "home", "area": _around(home, HOME_M, HOME_VERTICES, rng)},
            {"id": "village", "area": _around(home, VILLAGE_M, VILLAGE_VERTICES, rng)},
        ],
        "rules": [
            {"id": "press", "kind": "button", "priority": "critical"},
            {"id": "wander", "kind": "zone_exit", "zones": ["home", "village"], "priority": "high"},
            {
                "id": "night",
                "kind": "out_of_bed",
                "limit_s": 1800,
                "active": [{"from": "22:00", "to": "06:00"}],
                "priority": "high",
            },
            {"id": "still", "kind": "inactivity", "limit_s": 43200, "priority": "normal"},
            {"id": "lost", "kind": "silent", "limit_s": 86400, "priority": "technical"},
            {"id": "empty", "kind": "battery_low", "below_pct": 15, "clear_pct": 30, "priority": "technical"},
        ],
    }


def _around(home: Home, radius_m: float, vertices: int, rng: random.Random) -> dict[str, Any]:
    """A closed ring, counter-clockwise, whose corners lie unevenly far from `home`."""
    ring = []
    for corner in range(vertices):
        far = radius_m * rng.uniform(1 - UNEVEN, 1 + UNEVEN)
        angle = 2 * math.pi * corner / vertices
        lat, lon = moved(home, far * math.cos(angle), far * math.sin(angle))
        ring.append([round(lon, 6), round(lat, 6)])
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
