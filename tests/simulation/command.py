"""`alarmcore simulate`: worlds from seeds, until they are done or the time is up; which promises broke, and how that came."""

from __future__ import annotations

import argparse
import itertools
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from tests.simulation.cover import EVERY, Cover
from tests.simulation.quiet import unheard
from tests.simulation.scale import LIVES, SCALES, STORM, Scale
from tests.simulation.seeds import Lived, live
from tests.simulation.shrink import Shrunk, Unbroken, replayed, shrink
from tests.simulation.words import told

TELL_EVERY_S: Final = 10.0
"""Seconds between lines of progress."""

LIVES_EVERY: Final = 10
"""Of this many seeds one is two municipalities' days and nights; the others are storms, which are a hundred times as short."""

SHRUNK_MAX: Final = 1
"""Failing seeds that are made small at once: one takes minutes, and mostly all have the same cause. The others are named."""

TRIED_MAX: Final = {STORM.name: 600, LIVES.name: 100}
"""Worlds that are tried for one story, by their scale."""


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
        return f"{name}: {len(self.lived)} worlds, {failed} broke a promise; {days:,.1f} resident-days, {speed:,.1f} a second"

    def density(self) -> str:
        """How much happens."""
        days, events, alarms = self.sum("resident_days"), self.sum("events"), self.sum("alarms")
        return (
            f"  {self.sum('readings') / days:,.0f} readings a resident-day, {alarms / days:,.2f} alarms, "
            f"{1000 * self.faults().total() / events:,.1f} faults per 1,000 events, {self.sum('commits'):,.0f} commits"
        )


def parsed(given: Sequence[str] | None) -> argparse.Namespace:
    """The command's options."""
    parser = argparse.ArgumentParser("alarmcore simulate", description="Worlds that try to break every promise.")
    parser.add_argument("--seeds", type=int, default=100, help="how many worlds (default 100)")
    parser.add_argument("--from", dest="first", type=int, default=1, help="the first one's seed (default 1)")
    parser.add_argument("--hours", type=float, help="go on with new seeds for so many hours of real time, instead of --seeds")
    parser.add_argument(
        "--scale",
        choices=[*SCALES, "both"],
        default="both",
        help=f"storm: twenty minutes in a few homes; lives: days of two towns; both (default): one in {LIVES_EVERY} is lives",
    )
    parser.add_argument("--story", action="store_true", help="print everything that happened in each world")
    parser.add_argument("--only", metavar="LABELS", help="of the world --from, live the story in which only this happens")
    parser.add_argument("--until", metavar="S", type=float, help="with --only: end the trouble after so many seconds")
    return parser.parse_args(given)


def seeds_of(options: argparse.Namespace) -> Iterator[int]:
    """Which seeds: a number of them, or as many as the time allows."""
    until = None if options.hours is None else time.monotonic() + options.hours * 3600
    for seed in itertools.count(options.first):
        if seed >= options.first + options.seeds if until is None else time.monotonic() >= until:
            return
        yield seed


def scale_of(seed: int, chosen: str) -> Scale:
    """Which kind of world a seed is."""
    if chosen != "both":
        return SCALES[chosen]
    return STORM if seed % LIVES_EVERY else LIVES


class Run:
    """One use of the command."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.tallies: defaultdict[str, Tally] = defaultdict(Tally)
        self.cover = Cover()
        self.said_at = time.monotonic()
        self.failed = 0

    def live(self, seed: int) -> None:
        """One world."""
        scale = scale_of(seed, self.options.scale)
        began = time.monotonic()
        with self.cover.measured(seed) as measured:
            world, lived = live(seed, scale)
        self.tallies[scale.name].add(lived, None if measured else time.monotonic() - began)
        if self.options.story:
            print(*world.history.lines(), sep="\n")
        if lived.broken:
            self.tell(lived, scale)
        if time.monotonic() - self.said_at >= TELL_EVERY_S:
            self.said_at = time.monotonic()
            print(*(tally.text(name) for name, tally in self.tallies.items()), sep="\n", flush=True)

    def tell(self, lived: Lived, scale: Scale) -> None:
        """The promises that one world broke, how to see it again, and how it came about."""
        self.failed += 1
        again = f"alarmcore simulate --scale {scale.name} --from {lived.seed} --seeds 1"
        print(f"seed {lived.seed} ({scale.name}) broke a promise; see all of it with: {again} --story")
        for broken in lived.broken:
            print(f"  at {broken.t:.3f} s: {broken.what}", flush=True)
        if self.failed <= SHRUNK_MAX and not self.options.story:
            print("making it small:", flush=True)
            say(shrink(lived.seed, scale, TRIED_MAX[scale.name], lambda line: print(f"  {line}", flush=True)))

    def end(self) -> None:
        """What it all came to."""
        for name, tally in self.tallies.items():
            print(tally.text(name), tally.density(), sep="\n")
            print(*(f"  {fault} {count:,}" for fault, count in sorted(tally.faults().items())), sep="\n")
        lines = list(self.cover.lines())
        print(*(lines or [f"branches of the machines: measured in every {EVERY}th seed, and there was none"]), sep="\n")


def say(shrunk: Shrunk) -> None:
    """A story in words."""
    print(*told(shrunk), sep="\n", flush=True)


def main(given: Sequence[str] | None = None) -> int:
    """Run the worlds; 1 if any broke a promise."""
    options = parsed(given)
    with unheard():
        if options.only is not None:
            try:
                only = [label for label in options.only.split(",") if label]
                say(replayed(options.first, scale_of(options.first, options.scale), options.until, only))
            except Unbroken as held:
                print(held)
                return 0
            return 1
        run = Run(options)
        for seed in seeds_of(options):
            run.live(seed)
    run.end()
    return 1 if run.failed else 0
