"""`alarmcore simulate`: worlds from seeds, until they are done or the time is up; which promises broke, and how to see it."""

from __future__ import annotations

import argparse
import itertools
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from tests.simulation.quiet import unheard
from tests.simulation.seeds import DAY_S, Lived, live
from tests.simulation.world import TROUBLE_S

TELL_EVERY_S: Final = 10.0
"""Seconds between lines of progress."""


class Tally:
    """What all worlds together lived through."""

    def __init__(self) -> None:
        self.begun = self.told = time.monotonic()
        self.worlds = self.failed = self.readings = self.commits = 0
        self.resident_days = 0.0
        self.faults: Counter[str] = Counter()

    def add(self, lived: Lived) -> None:
        """One more."""
        self.worlds += 1
        self.failed += bool(lived.broken)
        self.readings += lived.presses
        self.commits += lived.commits
        self.resident_days += lived.resident_days
        self.faults.update(lived.faults)

    def text(self) -> str:
        """In one line."""
        passed_s = max(time.monotonic() - self.begun, 1e-9)
        return (
            f"{self.worlds} worlds, {self.failed} broke a promise; {self.resident_days:.1f} resident-days, "
            f"{self.readings} readings, {self.commits} commits, {self.faults.total()} faults in {passed_s:.0f} s "
            f"({self.resident_days / passed_s:.2f} resident-days/s)"
        )

    def progress(self) -> None:
        """Say how it goes, now and then."""
        if time.monotonic() - self.told >= TELL_EVERY_S:
            self.told = time.monotonic()
            print(self.text(), flush=True)


def parsed(given: Sequence[str] | None) -> argparse.Namespace:
    """The command's options."""
    parser = argparse.ArgumentParser("alarmcore simulate", description="Worlds that try to break every promise.")
    parser.add_argument("--seeds", type=int, default=100, help="how many worlds (default 100)")
    parser.add_argument("--from", dest="first", type=int, default=1, help="the first one's seed (default 1)")
    parser.add_argument(
        "--days", type=float, default=TROUBLE_S / DAY_S, help="days of trouble in each world (default 20 minutes)"
    )
    parser.add_argument("--hours", type=float, help="go on with new seeds for so many hours of real time, instead of --seeds")
    parser.add_argument("--story", action="store_true", help="print everything that happened in each world")
    return parser.parse_args(given)


def seeds_of(options: argparse.Namespace) -> Iterator[int]:
    """Which seeds: a number of them, or as many as the time allows."""
    until = None if options.hours is None else time.monotonic() + options.hours * 3600
    for seed in itertools.count(options.first):
        if seed >= options.first + options.seeds if until is None else time.monotonic() >= until:
            return
        yield seed


def main(given: Sequence[str] | None = None) -> int:
    """Run the worlds; 1 if any broke a promise."""
    options = parsed(given)
    tally = Tally()
    with unheard():
        for seed in seeds_of(options):
            world, lived = live(seed, options.days * DAY_S)
            tally.add(lived)
            if options.story:
                print(*world.history.lines(), sep="\n")
            if lived.broken:
                tell(lived, options.days)
            tally.progress()
    print(tally.text())
    for name, count in sorted(tally.faults.items()):
        print(f"  {name} {count}")
    return 1 if tally.failed else 0


def tell(lived: Lived, days: float) -> None:
    """The promises that one world broke, and how to see it again."""
    again = f"alarmcore simulate --from {lived.seed} --seeds 1 --days {days!r} --story"
    print(f"seed {lived.seed} broke a promise; see it again with: {again}")
    for broken in lived.broken:
        print(f"  at {broken.t:.3f} s: {broken.what}", flush=True)
