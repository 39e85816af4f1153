"""Hundreds of worlds full of faults keep every promise, and every planted bug is found in them."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.simulation.faults import Weather
from tests.simulation.plants import PLANTS, Patch, Plant
from tests.simulation.quiet import unheard
from tests.simulation.seeds import live, live_all

SEEDS: Final = 120
"""Worlds in one run of the tests: about half a minute. More, and other ones, are lived by `make simulate`."""

GROUPS: Final = 8
"""Parts in which they are run, so that no test comes near its time limit on a slow machine."""

PLANT_SEEDS: Final = 40
"""Worlds within which a planted bug must be found."""

ASK: Final = """
from tests.simulation.quiet import unheard
from tests.simulation.seeds import live
with unheard():
    print(live(7)[0].history.digest())
"""

ROOT: Final = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with unheard():
        yield


@pytest.mark.parametrize("group", range(GROUPS))
def test_every_promise_holds_in_every_world(group: int) -> None:
    broken = [(lived.seed, lived.broken) for lived in live_all(range(1 + group, SEEDS + 1, GROUPS)) if lived.broken]
    assert broken == [], "see one again with: alarmcore simulate --seeds 1 --story --from SEED"


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__)
def test_a_planted_bug_is_found(plant: Plant, monkeypatch: Patch) -> None:
    plant(monkeypatch)
    assert any(lived.broken for lived in live_all(range(1, PLANT_SEEDS + 1)))


def test_the_worlds_have_every_fault_that_they_can_have() -> None:
    """Guards the tests above against worlds in which nothing goes wrong."""
    met: Counter[str] = Counter()
    for lived in live_all(range(1, 21)):
        met.update(lived.faults)
        assert lived.presses > 10, "hardly anything was reported"
    durations = {"gap_s", "full_s", "jump_s", "silent_people", "wrong_clocks"}
    assert set(Weather.__struct_fields__) - durations - set(met) == set()


def test_the_same_seed_is_the_same_story_in_another_process() -> None:
    here = live(7)[0].history.digest()
    done = subprocess.run([sys.executable, "-c", ASK], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert (done.stdout.strip(), live(7)[0].history.digest()) == (here, here)


def test_another_seed_is_another_story() -> None:
    assert live(7)[0].history.digest() != live(8)[0].history.digest()
