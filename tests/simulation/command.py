"""`alarmcore simulate`: worlds from seeds, until they are done or the time is up; which promises broke, and how that came."""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Iterator, Sequence
from typing import Final

from tests.simulation.quiet import unheard
from tests.simulation.scale import LIVES, SCALES, SHARED, STORM, Scale
from tests.simulation.seeds import Lived
from tests.simulation.shrink import Shrunk, Unbroken, replayed, shrink
from tests.simulation.tally import Totals
from tests.simulation.words import told

TELL_EVERY_S: Final = 10.0
"""Seconds between lines of progress."""

LIVES_EVERY: Final = 10
"""Of this many seeds one is two municipalities' days and nights; the others are storms, which are a hundred times as short."""

SHARED_EVERY: Final = 5
"""Every so many seeds that are not so long are several workers' worlds: with the long ones, one of ten."""

SHRUNK_MAX: Final = 1
"""Failing seeds that are made small at once: one takes minutes, and mostly all have the same cause. The others are named."""

TRIED_MAX: Final = {STORM.name: 600, LIVES.name: 100, SHARED.name: 300}
"""Worlds that are tried for one story, by their scale."""


def parsed(given: Sequence[str] | None) -> argparse.Namespace:
    """The command's options."""
    parser = argparse.ArgumentParser("alarmcore simulate", description="Worlds that try to break every promise.")
    parser.add_argument("--seeds", type=int, default=100, help="how many worlds (default 100)")
    parser.add_argument("--from", dest="first", type=int, default=1, help="the first one's seed (default 1)")
    parser.add_argument("--hours", type=float, help="go on with new seeds for so many hours of real time, instead of --seeds")
    parser.add_argument(
        "--scale",
        choices=[*SCALES, "both", "all"],
        default="all",
        help="storm: twenty minutes in a few homes; lives: days of two towns; both: storms and lives; shared: several workers; "
        "all (default): some of each",
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
    if chosen in SCALES:
        return SCALES[chosen]
    if seed % LIVES_EVERY == 0:
        return LIVES
    return SHARED if chosen == "all" and seed % SHARED_EVERY == 0 else STORM


class Run:
    """One use of the command."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.totals = Totals()
        self.said_at = time.monotonic()
        self.failed = 0

    def live(self, seed: int) -> None:
        """One world."""
        scale = scale_of(seed, self.options.scale)
        world, lived = self.totals.live(seed, scale)
        if self.options.story:
            print(*world.history.lines(), sep="\n")
        if lived.broken:
            self.tell(lived, scale)
        if time.monotonic() - self.said_at >= TELL_EVERY_S:
            self.said_at = time.monotonic()
            print(*self.totals.so_far(), sep="\n", flush=True)

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
        print(*self.totals.lines(), sep="\n")
        for name, tally in self.totals.tallies.items():
            print(f"faults ({name}): " + ", ".join(f"{fault} {count:,}" for fault, count in sorted(tally.faults().items())))


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
