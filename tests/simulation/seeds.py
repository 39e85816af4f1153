"""Worlds by the dozen: run each seed, say which broke a promise, and count what they lived through."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from tests.simulation.checkers import Broken
from tests.simulation.eventloop import Stuck
from tests.simulation.scale import STORM, Scale
from tests.simulation.world import World
from tests.simulation.worlds import world_of

DAY_S = 86_400.0


class Lived(msgspec.Struct, frozen=True):
    """What came of one seed."""

    seed: int
    broken: list[Broken]
    faults: Counter[str]
    resident_days: float
    readings: int
    alarms: int
    events: int
    commits: int


def live(seed: int, scale: Scale = STORM) -> tuple[World, Lived]:
    """One world, from its beginning to its end."""
    gc.collect()  # the world before: it is full of circles
    world = world_of(seed, scale)
    broken: list[Broken] = []
    gc.disable()  # a history only grows: looking through it again and again for garbage takes a third of the time
    try:
        world.run()
    except (Stuck, TimeoutError) as error:
        broken.append(Broken(world.t(), f"progress: {type(error).__name__} {error}"))
    finally:
        gc.enable()
    kinds = Counter(type(record).__name__ for record in world.history.records)
    people = sum(world.people_of.values())
    found = Lived(
        seed,
        world.checkers.broken + broken,
        world.faults.count,
        people * world.t() / DAY_S,
        kinds["Sent"],
        len(world.disk.alarms),
        len(world.history.records),
        kinds["Committed"],
    )
    return world, found


def live_all(seeds: Iterable[int]) -> Iterator[Lived]:
    """One storm after the other."""
    for seed in seeds:
        yield live(seed)[1]
