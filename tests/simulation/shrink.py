"""Makes a failing world small: of all that struck and was done in it, the little without which the promise would not break."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import ceil, floor
from typing import Final, TypeVar

import msgspec
from msgspec.structs import replace

from tests.simulation.checkers import Broken
from tests.simulation.eventloop import Stuck
from tests.simulation.faults import Weather
from tests.simulation.history import Record
from tests.simulation.scale import STORM, Scale
from tests.simulation.world import World
from tests.simulation.worlds import world_of

T = TypeVar("T")

WORLDS_MAX: Final = 600
"""Worlds that are tried for one story: a minute or two. Most need a hundred; what is left then is short enough to be read."""

LABELS_MAX: Final = 100
"""Things in one story that are named in the line that lives it again; where more are needed, nothing much could be left out."""

STRIKING: Final = frozenset(name for name in Weather.__struct_fields__ if not name.endswith("_s"))
"""Faults that are asked for at occasions; the others come by themselves, or say how long something takes."""

HALF: Final = 0.5
"""How much of them may be tried before faults are pinned to their time, after which much more can be left out."""

CUTS: Final = (0.02, 0.1, 0.3, 0.6, 0.8)
"""Parts of the trouble that are tried, where the promise breaks only after it."""


class Struck(msgspec.Struct, frozen=True):
    """Something that might as well not have happened; `place` is how many records there were before it."""

    t: float
    label: str
    place: int


class Life(msgspec.Struct, frozen=True):
    """One world that was lived, as far as a story of it needs."""

    world: World
    struck: list[Struck]
    broken: list[Broken]

    @property
    def records(self) -> list[Record]:
        """What happened."""
        return self.world.history.records

    def labels(self) -> list[str]:
        """What struck and was done, in order."""
        return list(dict.fromkeys(one.label for one in self.struck))

    def breach(self, promise: str) -> Broken | None:
        """Where a promise was broken first."""
        return next((one for one in self.broken if promise_of(one) == promise), None)


class Shrunk(msgspec.Struct, frozen=True):
    """A failing world made small. `only` is what still happens in it, `met` how many such things the first one had."""

    seed: int
    scale: Scale
    trouble_s: float
    only: tuple[str, ...]
    broken: Broken
    life: Life
    met: int
    worlds: int

    def again(self) -> str:
        """The line that lives exactly this story again."""
        world = f"--scale {self.scale.name} --from {self.seed} --seeds 1"
        if len(self.only) > LABELS_MAX:
            return f"alarmcore simulate {world} --story"
        return f"alarmcore simulate {world} --until {self.trouble_s!r} --only '{','.join(self.only)}'"


class Unbroken(Exception):
    """There is nothing to be shrunk."""


def promise_of(broken: Broken) -> str:
    """Which promise: what is said before the colon."""
    return broken.what.partition(":")[0]


def lived(seed: int, scale: Scale = STORM, trouble_s: float | None = None, only: Iterable[str] | None = None) -> Life:
    """A world in which `only` this happens of all that could be left out, and which takes note of it; None: everything.

    `trouble_s` ends the trouble sooner than its scale would; all that comes before stays as it was.
    """
    world = world_of(seed, scale)
    if trouble_s is not None:
        world.scale = replace(scale, trouble_s=trouble_s)
    struck: list[Struck] = []
    world.faults.muted = frozenset()
    if only is not None:
        world.faults.only(only, world.t)
    world.faults.heard = lambda label: struck.append(Struck(world.t(), label, len(world.history.records)))
    stuck: list[Broken] = []
    try:
        world.run()
    except (Stuck, TimeoutError) as error:
        stuck.append(Broken(world.t(), f"progress: {type(error).__name__} {error}"))
    return Life(world, struck, world.checkers.broken + stuck)


def shrink(
    seed: int,
    scale: Scale = STORM,
    worlds_max: int = WORLDS_MAX,
    progress: Callable[[str], None] = lambda _: None,
) -> Shrunk:
    """The shortest story found in which a seed breaks the promise that it breaks first. The same every time.

    Raises:
        Unbroken: it keeps them all.
    """
    first = lived(seed, scale)
    if not first.broken:
        raise Unbroken(f"seed {seed} breaks no promise; name one that does")
    search = Search(seed, scale, first, worlds_max, progress)
    search.cut()
    search.share = HALF
    for group in (kind, subject, str):
        search.drop(group)
    search.share = 1.0
    search.cut()
    search.pin()
    search.drop(str)
    life = search.best
    broken = life.breach(search.promise) or first.broken[0]
    return Shrunk(seed, scale, search.trouble_s, tuple(life.labels()), broken, life, len(first.labels()), search.worlds)


def replayed(seed: int, scale: Scale, trouble_s: float | None, only: Iterable[str]) -> Shrunk:
    """A story lived again, from what its line says.

    Raises:
        Unbroken: it keeps every promise, as it should once the bug is mended.
    """
    labels = tuple(only)
    life = lived(seed, scale, trouble_s, labels)
    if not life.broken:
        raise Unbroken(f"seed {seed} breaks no promise when only this happens; the bug is mended, or the worlds have changed")
    ends_s = scale.trouble_s if trouble_s is None else trouble_s
    return Shrunk(seed, scale, ends_s, labels, life.broken[0], life, len(labels), 1)


def kind(label: str) -> str:
    """What kind of thing a label names."""
    return subject(label).partition(" ")[0]


def pin(struck: Struck) -> str:
    """The label by which a fault strikes at the first occasion from its moment on."""
    return f"{subject(struck.label)}@{floor(struck.t * 1000) / 1000}"


def subject(label: str) -> str:
    """What it is, and about whom."""
    return label.partition("#")[0].partition("@")[0]


class Search:
    """Delta debugging: leaves out more and more, as long as the same promise breaks. `best` is the smallest world so far."""

    def __init__(self, seed: int, scale: Scale, first: Life, worlds_max: int, progress: Callable[[str], None]) -> None:
        self.seed = seed
        self.scale = scale
        self.trouble_s = scale.trouble_s
        self.best = first
        self.promise = promise_of(first.broken[0])
        self.worlds_max = worlds_max
        self.share = 1.0
        self.worlds = 1
        self.progress = progress

    def breaks(self, labels: Iterable[str], trouble_s: float | None = None) -> bool:
        """Whether the promise still breaks when only this happens, for so long; if so, go on from there."""
        if self.worlds >= self.worlds_max * self.share:
            return False
        self.worlds += 1
        wanted_s = self.trouble_s if trouble_s is None else trouble_s
        life = lived(self.seed, self.scale, wanted_s, labels)
        if life.breach(self.promise) is None:
            return False
        self.best, self.trouble_s = life, wanted_s
        self.progress(f"{self.worlds} worlds: {len(life.labels())} things still happen in {wanted_s:.0f} s of trouble")
        return True

    def cut(self) -> None:
        """Less time in trouble: until the promise was broken, until the last thing that struck, or part of it."""
        breach = self.best.breach(self.promise)
        ends = [ceil(one.t) + 1.0 for one in self.best.struck[-1:]]
        ends += [ceil(breach.t) + 1.0] if breach else []
        ends += [part * self.trouble_s for part in CUTS]
        for end_s in sorted(end_s for end_s in ends if end_s < self.trouble_s):
            if self.breaks(self.best.labels(), end_s):
                return

    def pin(self) -> None:
        """Let faults strike at their time, not after so many others: what only led up to them is then no longer needed."""
        pinned = {one.label: pin(one) for one in self.best.struck if "#" in one.label and kind(one.label) in STRIKING}
        if not pinned or self.breaks(pinned.get(label, label) for label in self.best.labels()):
            return
        for label, at in pinned.items():
            self.breaks(at if one == label else one for one in self.best.labels())

    def drop(self, group_of: Callable[[str], str]) -> None:
        """Leave out whole groups of labels, as many as can be."""
        labels = self.best.labels()
        groups: dict[str, list[str]] = {}
        for label in labels:
            groups.setdefault(group_of(label), []).append(label)
        needed(list(groups.values()), lambda some: self.breaks(label for group in some for label in group))


def needed(parts: Sequence[T], still: Callable[[Sequence[T]], bool]) -> Sequence[T]:
    """The parts without any one of which it is `still` so no longer (delta debugging, Zeller and Hildebrandt 2002)."""
    if not parts or still([]):
        return []
    size = max(1, len(parts) // 2)
    while True:
        before = len(parts)
        place = before
        while place > 0:
            fewer = [*parts[: max(0, place - size)], *parts[place:]]
            if fewer and still(fewer):
                parts = fewer
            place -= size
        if size == 1 and len(parts) == before:
            return parts
        size = max(1, size // 2)
