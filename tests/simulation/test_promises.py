"""Hundreds of worlds full of faults keep every promise, and every planted bug is found in them."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from tests.simulation.faults import Weather
from tests.simulation.plants import PLANTS, Patch, Plant
from tests.simulation.quiet import unheard
from tests.simulation.scale import LIVES, SCALES, STORM
from tests.simulation.seeds import Lived, live, live_all
from tests.simulation.tally import IN_TESTS

SEEDS: Final = 200
"""Storms in one run of the tests: a minute or two. More, and other ones, are lived by `make simulate`."""

LIVES_SEEDS: Final = range(2, 5)
"""Worlds of many days and nights besides: together more than a thousand resident-days."""

GROUPS: Final = 8
"""Parts in which they are run, so that no test comes near its time limit on a slow machine."""

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


@cache
def lived_in(seed: int, scale: str = STORM.name) -> Lived:
    """A world is lived once, whoever asks what came of it, and counted."""
    return IN_TESTS.live(seed, SCALES[scale])[1]


@pytest.mark.parametrize("group", range(GROUPS))
def test_every_promise_holds_in_every_world(group: int) -> None:
    broken = [(seed, lived_in(seed).broken) for seed in range(1 + group, SEEDS + 1, GROUPS) if lived_in(seed).broken]
    assert broken == [], "make one small with: alarmcore simulate --scale storm --seeds 1 --from SEED"


def test_the_days_and_nights_of_two_municipalities_keep_every_promise_and_are_dense_enough_to_mean_something() -> None:
    found = [lived_in(seed, LIVES.name) for seed in LIVES_SEEDS]
    broken = [(lived.seed, lived.broken) for lived in found if lived.broken]
    assert broken == [], "make one small with: alarmcore simulate --scale lives --seeds 1 --from SEED"
    days = sum(lived.resident_days for lived in found)
    assert days > 1000
    assert sum(lived.readings for lived in found) >= 60 * days
    assert sum(lived.alarms for lived in found) >= days / 20
    assert sum(lived.faults.total() for lived in found) >= sum(lived.events for lived in found) / 1000


@pytest.mark.timeout(300)
@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__)
def test_a_planted_bug_is_found(plant: Plant, monkeypatch: Patch) -> None:
    plant(monkeypatch)
    assert any(lived.broken for lived in live_all(range(1, SEEDS + 1)))


def test_the_worlds_have_every_fault_that_they_can_have() -> None:
    """Guards the tests above against worlds in which nothing goes wrong."""
    met: Counter[str] = Counter()
    for lived in map(lived_in, range(1, 21)):
        met.update(lived.faults)
        assert lived.readings > 100, "hardly anything was reported"
    durations = {"gap_s", "full_s", "jump_s", "silent_people", "wrong_clocks", "often"}
    assert set(Weather.__struct_fields__) - durations - set(met) == set()


def test_the_same_seed_is_the_same_story_in_another_process() -> None:
    here = live(7)[0].history.digest()
    done = subprocess.run([sys.executable, "-c", ASK], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert (done.stdout.strip(), live(7)[0].history.digest()) == (here, here)


def test_another_seed_is_another_story() -> None:
    assert live(7)[0].history.digest() != live(8)[0].history.digest()
