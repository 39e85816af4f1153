"""How much of the machines the worlds reach: branches, since a rule that nobody enters guards nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import coverage

ROOT: Final = Path(__file__).parents[2]

MACHINES: Final = (
    "alarmcore/watch.py",
    "alarmcore/rules/*.py",
    "alarmcore/lifecycle.py",
    "alarmcore/runner.py",
    "geofence/belief.py",
    "dispatch/chain.py",
    "dispatch/telling.py",
    "dispatch/plan.py",
)
"""What decides. The screens' machine is not among them: no screen is part of a world."""

EVERY: Final = 20
"""Of this many worlds one is measured: it takes twice its time."""

UNREACHED_MAX: Final = 12
"""Places that are named; a run that leaves more unreached has other worries."""


class Cover:
    """Measures while `measured`, over as many worlds as are given to it."""

    def __init__(self) -> None:
        include = [str(ROOT / pattern) for pattern in MACHINES]
        self.coverage = coverage.Coverage(branch=True, data_file=None, include=include, config_file=False)
        self.worlds = 0

    @contextmanager
    def measured(self, seed: int) -> Iterator[bool]:
        """Measure this world, if it is its turn; say whether."""
        if seed % EVERY:
            yield False
            return
        self.worlds += 1
        self.coverage.start()
        try:
            yield True
        finally:
            self.coverage.stop()

    def lines(self) -> Iterator[str]:
        """How many branches were taken, and which were not."""
        if not self.worlds:
            return
        taken = possible = 0
        unreached: list[str] = []
        for name in sorted(self.coverage.get_data().measured_files()):
            branches = self.coverage.branch_stats(name)
            possible += sum(all_ for all_, _ in branches.values())
            taken += sum(met for _, met in branches.values())
            where = Path(name).relative_to(ROOT)
            unreached += [f"  {where}:{line} takes {met} of {all_} ways" for line, (all_, met) in branches.items() if met < all_]
        share = 100 * taken / possible if possible else 0.0
        yield f"branches of the machines: {taken} of {possible} ({share:.1f} %) in {self.worlds} worlds that were measured"
        yield from unreached[:UNREACHED_MAX]
        if len(unreached) > UNREACHED_MAX:
            yield f"  and {len(unreached) - UNREACHED_MAX} more places"
