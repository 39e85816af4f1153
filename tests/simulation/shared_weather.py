"""What besides may happen where several workers share one database: to machines, to lines, to the store of leases."""

from __future__ import annotations

from random import Random
from typing import Any

import msgspec

from tests.simulation.faults import CALM, Weather


class SharedWeather(Weather):
    """Means between faults in seconds, and how long they last."""

    pause_every_s: float = 0.0
    pause_s: float = 0.0
    cut_store_every_s: float = 0.0
    cut_database_every_s: float = 0.0
    cut_s: float = 0.0
    store_lost_every_s: float = 0.0
    store_hangs_every_s: float = 0.0
    store_hangs_s: float = 0.0


def shared(weather: Weather, rng: Random) -> SharedWeather:
    """A seed's weather, with what is besides."""

    def some(low: float, high: float) -> float:
        present, value = rng.random() >= CALM, rng.uniform(low, high)
        return value if present else 0.0

    more: dict[str, Any] = {
        "pause_every_s": some(40, 300),
        "pause_s": some(2, 40),
        "cut_store_every_s": some(60, 400),
        "cut_database_every_s": some(60, 400),
        "cut_s": some(2, 90),
        "store_lost_every_s": some(60, 400),
        "store_hangs_every_s": some(100, 500),
        "store_hangs_s": some(2, 60),
    }
    return SharedWeather(**(msgspec.structs.asdict(weather) | more))
