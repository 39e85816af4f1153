"""Which faults a world has, and how often. Each seed turns some of them off, so that no fault hides behind another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable
from math import log
from random import Random
from typing import Final

import msgspec
import xxhash

CALM: Final = 0.35
"""How likely a kind of fault is absent from a world."""

NEVER: Final = 1 << 62
"""More often than anything is asked in a world."""


class Weather(msgspec.Struct):
    """How likely each fault is. Probabilities are per message, commit or call; `…_every_s` are mean times between."""

    often: float = 0.5
    """How many of those things take long that ever do."""
    # the way from a device to the service and back
    lose: float = 0.0
    double: float = 0.0
    delay_s: float = 0.0
    forget_every_s: float = 0.0
    gap_every_s: float = 0.0
    gap_s: float = 0.0
    wrong_clocks: bool = False
    # the disk
    commit_before: float = 0.0
    commit_during: float = 0.0
    commit_after: float = 0.0
    blind: float = 0.0
    slow_s: float = 0.0
    full_every_s: float = 0.0
    full_s: float = 0.0
    # the process and its clock
    die_every_s: float = 0.0
    stop_every_s: float = 0.0
    site_changes: float = 0.0
    die_before_commit: float = 0.0
    die_after_commit: float = 0.0
    die_telling: float = 0.0
    jump_every_s: float = 0.0
    jump_s: float = 0.0
    # channels and people
    channel_fails: float = 0.0
    channel_permanent: float = 0.0
    channel_hangs: float = 0.0
    channel_lies: float = 0.0
    channel_twice: float = 0.0
    silent_people: float = 0.5
    page_open: float = 0.0


def weather_of(rng: Random) -> Weather:
    """A seed's weather."""

    def some(low: float, high: float) -> float:
        # Both are drawn always, so that one fault more does not change all those that follow.
        present, value = rng.random() >= CALM, rng.uniform(low, high)
        return value if present else 0.0

    return Weather(
        lose=some(0.02, 0.4),
        double=some(0.02, 0.4),
        delay_s=some(0.1, 40.0),
        forget_every_s=some(120, 900),
        gap_every_s=some(200, 900),
        gap_s=some(20, 7200),
        wrong_clocks=rng.random() >= CALM,
        commit_before=some(0.005, 0.15),
        commit_during=some(0.005, 0.1),
        commit_after=some(0.005, 0.15),
        blind=some(0.02, 0.5),
        slow_s=some(0.01, 2.0),
        full_every_s=some(200, 900),
        full_s=some(5, 120),
        die_every_s=some(60, 900),
        stop_every_s=some(200, 1200),
        site_changes=some(0.1, 0.9),
        die_before_commit=some(0.002, 0.03),
        die_after_commit=some(0.002, 0.05),
        die_telling=some(0.01, 0.1),
        jump_every_s=some(100, 900),
        jump_s=some(1, 300),
        channel_fails=some(0.05, 0.6),
        channel_permanent=some(0.02, 0.3),
        channel_hangs=some(0.02, 0.3),
        channel_lies=some(0.02, 0.3),
        channel_twice=some(0.02, 0.3),
        silent_people=rng.uniform(0.1, 0.95),
        page_open=some(0.1, 0.9),
    )


class Faults:
    """Throws the dice, and counts what came of it. In a world that is `healed` nothing happens any more.

    Each fault, and each thing that somebody might as well not do, has a label that says what, about whom and the how manieth:
    `lose grastorp/pendant1#3`. Whether and how it happens follows from the seed and this label alone, so that one that is
    `muted` changes none of the others. Without `muted` (None) nobody asks for labels, and none are made.
    """

    def __init__(self, weather: Weather, rng: Random, muted: Container[str] | None = None) -> None:
        self.weather = weather
        self.seed = rng.getrandbits(64)
        self.muted = muted
        self.healed = False
        self.count: Counter[str] = Counter()
        self.heard: Callable[[str], None] = lambda _: None
        """Is told the label of everything that happens, as it does, if there is a `muted`."""
        self.now: Callable[[], float] = lambda: 0.0
        self.pins: dict[tuple[str, str], list[tuple[float, str]]] = {}
        self.spared: dict[tuple[str, str], int] = {}
        self.number: Counter[tuple[str, str]] = Counter()

    def strikes(self, name: str, who: str = "") -> bool:
        """Whether this fault happens now."""
        if self.healed:
            return False
        key = (name, who)
        if self.pins and self._pinned(key):
            return True
        left = self.spared.get(key)
        if left is None:
            left = self._spared(key, getattr(self.weather, name))
        if left:
            self.spared[key] = left - 1
            return False
        number = self._next(key)
        self.spared[key] = self._spared(key, getattr(self.weather, name))
        return self._comes(name, who, number)

    def delay(self, name: str, least_s: float, who: str = "") -> float:
        """How long something takes: mostly little, sometimes long."""
        longest: float = getattr(self.weather, name)
        if self.healed or longest <= 0:
            return least_s
        number = self._next((name, who))
        chance = self._chance(name, who, number)
        rarely = 1 - self.weather.often
        if chance < rarely or not self._comes(name, who, number):
            return least_s
        return least_s + longest * (chance - rarely) / self.weather.often

    def until(self, name: str, who: str = "") -> float | None:
        """Seconds until the next fault of a kind that comes by itself; None if it does not. When it is there, ask `comes`."""
        mean: float = getattr(self.weather, name)
        if self.healed or mean <= 0:
            return None
        return -mean * log(1 - self._chance("until " + name, who, self.number[name, who]))

    def comes(self, name: str, who: str = "") -> bool:
        """The moment of `until` is there: whether the fault really happens."""
        return self._comes(name, who, self._next((name, who)))

    def between(self, name: str, low: float, high: float, who: str = "") -> float:
        """How long, how far: something that a fault needs besides."""
        return low + (high - low) * self._chance(name, who, self._next((name, who)))

    def happens(self, what: str) -> bool:
        """Whether somebody does what they might as well leave: a device reports, a person answers. In a healed world they must:
        what is reported there is what the promises of progress are judged by."""
        return self.muted is None or self.healed or self._allowed(label(what, "", self._next((what, ""))))

    def only(self, labels: Iterable[str], now: Callable[[], float]) -> None:
        """Let nothing happen but this. `commit_before@61.204` strikes at the first occasion from that second on, whatever came
        before; `commit_before#3` where the third would strike."""
        kept = frozenset(labels)
        self.muted, self.now = AllBut(kept), now
        for one in kept:
            what, at, when = one.rpartition("@")
            if at:
                name, _, who = what.partition(" ")
                self.pins.setdefault((name, who), []).append((float(when), one))
        for pins in self.pins.values():
            pins.sort()

    def _pinned(self, key: tuple[str, str]) -> bool:
        pins = self.pins.get(key)
        if not pins or pins[0][0] > self.now():
            return False
        self.count[key[0]] += 1
        self.heard(pins.pop(0)[1])
        return True

    def _next(self, key: tuple[str, str]) -> int:
        """The how manieth of its kind."""
        self.number[key] += 1
        return self.number[key]

    def _comes(self, name: str, who: str, number: int) -> bool:
        if self.muted is not None and not self._allowed(label(name, who, number)):
            return False
        self.count[name] += 1
        return True

    def _allowed(self, one: str) -> bool:
        assert self.muted is not None
        if one in self.muted:
            return False
        self.heard(one)
        return True

    def _chance(self, name: str, who: str, number: int) -> float:
        """A number from 0 to 1, always the same for the same seed and label."""
        drawn: int = xxhash.xxh3_64_intdigest(label(name, who, number).encode(), self.seed)
        return (drawn >> 11) / (1 << 53)

    def _spared(self, key: tuple[str, str], chance: float) -> int:
        """How often a fault of this chance passes by before it strikes next: drawn once instead of every time."""
        if chance <= 0:
            return NEVER
        if chance >= 1:
            return 0
        return int(log(1 - self._chance(*key, self.number[key])) / log(1 - chance))


class AllBut:
    """Every label but some."""

    def __init__(self, kept: frozenset[str]) -> None:
        self.kept = kept

    def __contains__(self, one: object) -> bool:
        return one not in self.kept


def label(name: str, who: str, number: int) -> str:
    """What a fault or an act is called."""
    return f"{name} {who}#{number}" if who else f"{name}#{number}"
