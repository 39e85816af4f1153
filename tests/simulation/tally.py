"""What worlds have lived through, added up: seeds, days, faults, density, speed."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterator

from tests.simulation.cover import EVERY, Cover
from tests.simulation.scale import Scale
from tests.simulation.seeds import Lived, live
from tests.simulation.world import World


class Tally:
    """What all worlds of a scale together lived through."""

    def __init__(self) -> None:
        self.lived: list[Lived] = []
        self.took_s = 0.0

        self.timed_days = 0.0

    def add(self, lived: Lived, took_s: float | None) -> None:
        """One more; None as time where measuring branches has made it slow."""
        self.lived.append(lived)
        if took_s is not None:
            self.took_s += took_s
            self.timed_days += lived.resident_days

    def sum(self, name: str) -> float:
        """Of one figure, over all worlds."""
        return float(sum(getattr(lived, name) for lived in self.lived))

    def faults(self) -> Counter[str]:
        """How often each fault struck."""
        return sum((lived.faults for lived in self.lived), Counter())

    def text(self, name: str) -> str:
        """In one line."""
        days, failed = self.sum("resident_days"), sum(bool(lived.broken) for lived in self.lived)
        speed = self.timed_days / max(self.took_s, 1e-9)
        seeds = [lived.seed for lived in self.lived]
        worlds = f"{len(seeds)} worlds (seeds {min(seeds)} to {max(seeds)})"
        return f"{name}: {worlds}, {failed} broke a promise; {days:,.1f} resident-days, {speed:,.1f} a second"

    def density(self) -> str:
        """How much happens."""
        days, events, alarms = self.sum("resident_days"), self.sum("events"), self.sum("alarms")
        return (
            f"  {self.sum('readings') / days:,.0f} readings a resident-day, {alarms / days:,.2f} alarms, "
            f"{1000 * self.faults().total() / events:,.1f} faults per 1,000 events, {self.sum('commits'):,.0f} commits"
        )


class Totals:
    """What a whole run has lived through, scale by scale, and how much of the machines it reached."""

    def __init__(self) -> None:
        self.tallies: defaultdict[str, Tally] = defaultdict(Tally)
        self.cover = Cover()

    def live(self, seed: int, scale: Scale) -> tuple[World, Lived]:
        """One world, counted."""
        began = time.monotonic()
        with self.cover.measured(seed) as measured:
            world, lived = live(seed, scale)
        self.tallies[scale.name].add(lived, None if measured else time.monotonic() - began)
        return world, lived

    def so_far(self) -> Iterator[str]:
        """A line for each scale."""
        return (tally.text(name) for name, tally in self.tallies.items())

    def lines(self) -> Iterator[str]:
        """All of it."""
        for name, tally in self.tallies.items():
            yield tally.text(name)
            yield tally.density()
        measured = list(self.cover.lines())
        yield from measured or [f"branches of the machines: measured in every {EVERY}th seed, and there was none"]


IN_TESTS = Totals()
"""Of the suite's own worlds: said at its end."""
