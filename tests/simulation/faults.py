"""Which faults a world has, and how often. Each seed turns some of them off, so that no fault hides behind another."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Final

import msgspec

CALM: Final = 0.35
"""How likely a kind of fault is absent from a world."""


class Weather(msgspec.Struct):
    """How likely each fault is. Probabilities are per message, commit or call; `…_every_s` are mean times between."""

    # the way from a device to the service and back
    lose: float = 0.0
    double: float = 0.0
    delay_s: float = 0.0
    forget_every_s: float = 0.0
    gap_every_s: float = 0.0
    gap_s: float = 0.0
    wrong_clocks: bool = False
    # the disk
    commit_before: float = 0.0
    commit_during: float = 0.0
    commit_after: float = 0.0
    blind: float = 0.0
    slow_s: float = 0.0
    full_every_s: float = 0.0
    full_s: float = 0.0
    # the process and its clock
    die_every_s: float = 0.0
    stop_every_s: float = 0.0
    site_changes: float = 0.0
    die_before_commit: float = 0.0
    die_after_commit: float = 0.0
    die_telling: float = 0.0
    jump_every_s: float = 0.0
    jump_s: float = 0.0
    # channels and people
    channel_fails: float = 0.0
    channel_permanent: float = 0.0
    channel_hangs: float = 0.0
    channel_lies: float = 0.0
    channel_twice: float = 0.0
    silent_people: float = 0.5
    page_open: float = 0.0


def weather_of(rng: Random) -> Weather:
    """A seed's weather."""

    def some(low: float, high: float) -> float:
        # Both are drawn always, so that one fault more does not change all those that follow.
        present, value = rng.random() >= CALM, rng.uniform(low, high)
        return value if present else 0.0

    return Weather(
        lose=some(0.02, 0.4),
        double=some(0.02, 0.4),
        delay_s=some(0.1, 40.0),
        forget_every_s=some(120, 900),
        gap_every_s=some(200, 900),
        gap_s=some(20, 7200),
        wrong_clocks=rng.random() >= CALM,
        commit_before=some(0.005, 0.15),
        commit_during=some(0.005, 0.1),
        commit_after=some(0.005, 0.15),
        blind=some(0.02, 0.5),
        slow_s=some(0.01, 2.0),
        full_every_s=some(200, 900),
        full_s=some(5, 120),
        die_every_s=some(60, 900),
        stop_every_s=some(200, 1200),
        site_changes=some(0.1, 0.9),
        die_before_commit=some(0.002, 0.03),
        die_after_commit=some(0.002, 0.05),
        die_telling=some(0.01, 0.1),
        jump_every_s=some(100, 900),
        jump_s=some(1, 300),
        channel_fails=some(0.05, 0.6),
        channel_permanent=some(0.02, 0.3),
        channel_hangs=some(0.02, 0.3),
        channel_lies=some(0.02, 0.3),
        channel_twice=some(0.02, 0.3),
        silent_people=rng.uniform(0.1, 0.95),
        page_open=some(0.1, 0.9),
    )


class Faults:
    """Throws the dice, and counts what came of it. In a world that is `healed` nothing happens any more."""

    def __init__(self, weather: Weather, rng: Random) -> None:
        self.weather = weather
        self.rng = rng
        self.healed = False
        self.count: Counter[str] = Counter()

    def strikes(self, name: str) -> bool:
        """Whether this fault happens now."""
        chance: float = getattr(self.weather, name)
        if self.healed or chance <= 0 or self.rng.random() >= chance:
            return False
        self.count[name] += 1
        return True

    def delay(self, name: str, least_s: float) -> float:
        """How long something takes: mostly little, sometimes long."""
        longest: float = getattr(self.weather, name)
        if self.healed or longest <= 0 or self.rng.random() < 0.5:
            return least_s
        self.count[name] += 1
        return self.rng.uniform(least_s, least_s + longest)

    def until(self, name: str) -> float | None:
        """Seconds until the next fault of a kind that comes by itself; None if it does not."""
        mean: float = getattr(self.weather, name)
        return None if self.healed or mean <= 0 else self.rng.expovariate(1 / mean)
