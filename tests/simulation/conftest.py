"""The journals' contract is found by its name, as in its own folder, also when only these tests are run.

At the end of a run it is said what the simulated worlds lived through.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from tests.simulation.tally import IN_TESTS

sys.path.append(str(Path(__file__).parents[1] / "alarmcore"))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Seeds, days, faults, coverage, speed."""
    if IN_TESTS.tallies:
        terminalreporter.section("simulated worlds")
        for line in IN_TESTS.lines():
            terminalreporter.write_line(line)
