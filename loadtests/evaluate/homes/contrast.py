"""Two residents who differ in nothing but how long they are up at night: what is learned of each within a month, hour by hour.

A learned limit is seen from outside as the delay after which an absence is found: nothing else is heard then.
"""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from loadtests.evaluate.homes.home import Home
from loadtests.evaluate.homes.lives import Life, lengthened
from loadtests.evaluate.homes.replayed import replay
from loadtests.evaluate.homes.rules import Asked
from loadtests.evaluate.homes.score import delays
from loadtests.evaluate.homes.verdict import Truth, of_machines
from loadtests.evaluate.judged import Goal
from loadtests.evaluate.report import table

TAUGHT_S: Final = 30 * 86_400.0
"""What they have lived when the first absence comes."""
WITHIN_S: Final = 15 * 86_400.0
"""In which all absences lie: what is learned meanwhile changes little."""
EACH: Final = 12
"""Absences of each, unless said otherwise: a life of a month for every one."""

PARTS: Final = (("21–24", 21, 24), ("0–3", 0, 3), ("3–7", 3, 7))
"""Of the night, by the clock on the wall."""

APART: Final = 3.0


class Found(msgspec.Struct, frozen=True):
    """One absence: whose, at which hour of the wall clock she left, and how late it was found (None: not)."""

    home: str
    hour: int
    delay_s: float | None


def lives_of(home: Home, seed: int, each: int = EACH) -> list[Life]:
    """A month of a life and then an absence, for each of some leavings."""
    first_s = home.readings[0].at.timestamp() + TAUGHT_S
    leaves = [one for one in home.leaves if first_s <= one.left_at.timestamp() < first_s + WITHIN_S]
    rng = random.Random(f"contrast-{seed}-{home.name}")
    return lengthened(home, sorted(rng.sample(leaves, min(each, len(leaves)))))


def judge(homes: Sequence[Home], rule: Asked, seed: int, each: int, folder: Path) -> list[Found]:
    """What the rule makes of them.

    Raises:
        NotReplayed: if `alarmcore replay` does not do what it should.
    """
    lives = [life for home in homes for life in lives_of(home, seed, each)]
    truths = {home.name: Truth(home) for home in homes}
    found = []
    for life, said in zip(lives, replay(lives, [rule], folder, Counter()), strict=True):
        (span,) = life.spans
        hour = datetime.fromtimestamp(span.from_s, UTC).astimezone(life.home.tz).hour
        verdict = of_machines(span, said[rule.id], rule.kind, truths[life.home.name])
        found.append(Found(life.home.name, hour, verdict.delay_s))
    return found


def goals(found: Sequence[Found]) -> list[Goal]:
    """Whether the two are told apart, and the hours of the night."""
    medians = sorted(_median([one for one in found if one.home == home]) for home in _homes(found))
    ratio = medians[-1] / medians[0] if len(medians) > 1 and 0 < medians[0] < math.inf else 0.0
    by_part = [_median(part) for home in _homes(found) for part in _parts(found, home).values()]
    differ = len({round(value / 60) for value in by_part if math.isfinite(value)}) > len(medians)
    return [
        Goal(f"limits at least {APART:g} times apart within 30 days", f"{ratio:.1f}", math.inf > ratio >= APART),
        Goal("differing by hour", " / ".join(_minutes(value) for value in by_part), differ),
    ]


def as_markdown(found: Sequence[Found]) -> str:
    """A line for each, with the median delay by part of the night, and the goals."""
    rows = []
    for home in _homes(found):
        parts = _parts(found, home)
        cells = [f"{_minutes(_median(parts[name]))} ({len(parts[name])})" if name in parts else "" for name, _, _ in PARTS]
        mine = [one for one in found if one.home == home]
        rows.append([home, f"{sum(one.delay_s is not None for one in mine)} of {len(mine)}", _minutes(_median(mine)), *cells])
    header = ["absences after a month of", "found", "median delay, min", *(f"left {name}" for name, _, _ in PARTS)]
    said = "\n".join(f"- {'met' if one.met else '**not met**'}: {one.wanted} ({one.found})" for one in goals(found))
    return f"{table(header, rows)}\n\n{said}"


def _homes(found: Sequence[Found]) -> list[str]:
    return list(dict.fromkeys(one.home for one in found))


def _parts(found: Sequence[Found], home: str) -> dict[str, list[Found]]:
    parts: dict[str, list[Found]] = defaultdict(list)
    for name, from_h, until_h in PARTS:
        parts[name] = [one for one in found if one.home == home and from_h <= one.hour < until_h]
    return {name: of for name, of in parts.items() if of}


def _median(found: Sequence[Found]) -> float:
    value = delays(one.delay_s for one in found).p50
    return math.inf if value is None else value


def _minutes(value: float) -> str:
    return f"{value / 60:,.0f}" if math.isfinite(value) else "–"
