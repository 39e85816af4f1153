"""Worlds in which workers share partitions keep every promise, and every bug that only shows there is found in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Final

import pytest

from tests.simulation import history as seen
from tests.simulation.plants_shared import SHARED_PLANTS, Patch, Plant
from tests.simulation.quiet import unheard
from tests.simulation.scale import SHARED
from tests.simulation.seeds import Lived, live
from tests.simulation.shared_weather import SharedWeather
from tests.simulation.tally import IN_TESTS

SEEDS: Final = 20
"""Worlds in one run of the tests; more, and other ones, are lived by `make simulate`."""

GROUPS: Final = 4
"""Parts in which they are run, so that no test comes near its time limit on a slow machine."""

met: Counter[str] = Counter()


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with unheard():
        yield


@cache
def lived_in(seed: int) -> Lived:
    """A world is lived once, whoever asks what came of it, and what workers did there is counted."""
    world, lived = IN_TESTS.live(seed, SHARED)
    met.update(type(record).__name__ for record in world.history.records)
    return lived


@pytest.mark.timeout(300)
@pytest.mark.parametrize("group", range(GROUPS))
def test_every_promise_holds_however_partitions_wander(group: int) -> None:
    broken = [(seed, lived_in(seed).broken) for seed in range(1 + group, SEEDS + 1, GROUPS) if lived_in(seed).broken]
    assert broken == [], "make one small with: alarmcore simulate --scale shared --seeds 1 --from SEED"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("plant", SHARED_PLANTS, ids=lambda plant: plant.__name__)
def test_a_bug_of_many_workers_is_found(plant: Plant, monkeypatch: Patch) -> None:
    plant(monkeypatch)
    assert any(live(seed, SHARED)[1].broken for seed in range(1, SEEDS + 1))


@pytest.mark.timeout(300)
def test_workers_are_killed_paused_cut_off_and_fenced_often_enough_to_mean_something() -> None:
    """Guards the tests above against worlds in which one worker has everything in peace."""
    struck: Counter[str] = Counter()
    for seed in range(1, SEEDS + 1):
        struck.update(lived_in(seed).faults)
    special = {name for name in SharedWeather.__struct_fields__ if name.endswith("_every_s")}
    assert {name for name in special if struck[name] < 5} == set()
    assert met[seen.Claimed.__name__] > 20 * SEEDS
    assert met[seen.FencedOff.__name__] > 2 * SEEDS
    assert met[seen.Died.__name__] > 3 * SEEDS
    assert met[seen.BegunLate.__name__] + met[seen.NotOpened.__name__] > SEEDS


def test_the_same_seed_is_the_same_story_of_many_workers() -> None:
    assert live(3, SHARED)[0].history.digest() == live(3, SHARED)[0].history.digest()
