"""The published mix of readings: 60 % positions, 25 % motion and bed, 14 % status, 1 % that raise something.

Of every hundred readings exactly so many are of each sort, in random order, from random persons. Positions walk at a
walking pace, mostly inside the person's zones; a few persons walk away for a while and come back. The one per cent are
presses of the alarm button. The same seed gives the same readings.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from loadtests.site import Home, device_id, homes, moved

SHARES: Final = {"position": 60, "motion": 15, "bed": 10, "status": 14, "button": 1}
"""Readings of each kind in a hundred."""

FIRST_AT: Final = datetime(2026, 1, 14, 8, 0, tzinfo=UTC)
"""When the first reading happens, unless told otherwise."""

EVERY_S: Final = 0.1
"""Seconds between two readings of the whole population, unless told otherwise: of 1,000 persons, each reports every 100 s."""

PACE_MPS: Final = (0.3, 1.4)
"""How fast people walk, slowest and fastest."""

PAUSE_S: Final = 600.0
"""A step is never longer than this much walking, however long the device was silent."""

NEAR_M: Final = 90.0
"""Most walks have their goals within this distance of the home: inside the smaller zone."""

AWAY_M: Final = 1700.0
AWAY_SHARE: Final = 0.02
"""Share of walks whose goal lies this far off: outside both zones."""

ACCURACIES_M: Final = (4.0, 5.0, 8.0, 10.0, 12.0, 15.0, 25.0, 40.0, 65.0)
"""What the devices say of their accuracy; the rest of the fix is off by about half of it."""

ROOMS: Final = ("kitchen", "hall", "bathroom", "bedroom", "living_room")


class _Walker:
    """One person on foot, in metres from home."""

    __slots__ = ("_at", "_east", "_goal", "_home", "_north", "_pace", "_rng", "battery", "in_bed")

    def __init__(self, home: Home, rng: random.Random) -> None:
        self._rng = rng
        self._home = home
        self._at: float | None = None
        self._east = self._north = 0.0
        self._pace = rng.uniform(*PACE_MPS)
        self._goal = (0.0, 0.0)
        self.battery = rng.uniform(40, 100)
        self.in_bed = False

    def fix(self, at_s: float) -> tuple[float, float, float, float]:
        """Latitude, longitude, accuracy and speed at that second; each call walks on towards the goal."""
        rng = self._rng
        time_s = 0.0 if self._at is None else min(PAUSE_S, at_s - self._at)
        self._at = at_s
        east, north = self._goal[0] - self._east, self._goal[1] - self._north
        far = (east * east + north * north) ** 0.5
        step = self._pace * time_s
        if step >= far:
            self._east, self._north = self._goal
            reach = AWAY_M if rng.random() < AWAY_SHARE else NEAR_M
            self._goal = (rng.uniform(-1, 1) * reach, rng.uniform(-1, 1) * reach)
        else:
            self._east += east / far * step
            self._north += north / far * step
        accuracy = rng.choice(ACCURACIES_M)
        lat, lon = moved(self._home, self._east + rng.gauss(0, accuracy / 2), self._north + rng.gauss(0, accuracy / 2))
        return lat, lon, accuracy, self._pace if far > 0 else 0.0


def mix(
    persons: int,
    readings: int,
    seed: int,
    with_ids: bool,
    *,
    first_at: datetime = FIRST_AT,
    every_s: float = EVERY_S,
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """`(device, kind, fields)` of each reading in order of time; `bench_site` with the same persons and seed knows them."""
    rng = random.Random(f"mix-{seed}")
    walkers = [_Walker(home, rng) for home in homes(persons, seed)]
    order: list[str] = []
    for number in range(readings):
        if not order:
            order = [kind for kind, share in SHARES.items() for _ in range(share)]
            rng.shuffle(order)
        kind, person = order.pop(), rng.randrange(persons)
        at_s = number * every_s
        source, fields = _reading(kind, walkers[person], at_s, rng)
        said: dict[str, Any] = {"at": stamp(first_at + timedelta(seconds=at_s)), **fields}
        if with_ids:
            said["id"] = f"{seed}-{number}"
        yield device_id(source, person), kind, said


def stamp(moment: datetime) -> str:
    """A moment as the front door wants it, with microseconds: two readings of one person never look the same."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _reading(kind: str, walker: _Walker, at_s: float, rng: random.Random) -> tuple[str, dict[str, Any]]:
    """Which device says it, and what."""
    if kind == "position":
        lat, lon, accuracy, speed = walker.fix(at_s)
        return "gps", {"lat": round(lat, 6), "lon": round(lon, 6), "accuracy_m": accuracy, "speed_mps": round(speed, 1)}
    if kind == "motion":
        return "motion", {"room": rng.choice(ROOMS)}
    if kind == "bed":
        walker.in_bed = not walker.in_bed
        return "bed", {"occupied": walker.in_bed}
    if kind == "status":
        walker.battery = walker.battery - 0.01 if walker.battery > 30 else 100.0
        return "gps", {"battery_pct": round(walker.battery, 1), "signal_dbm": rng.randrange(-110, -60), "worn": True}
    return "gps", {}
