"""What one rule did about one life: alarms when nothing was wrong, sorted by what was true then, or how late it noticed."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec

from loadtests.evaluate.homes.fixed import Raised
from loadtests.evaluate.homes.home import RETURNED, UP, Home
from loadtests.evaluate.homes.lives import OUT_OF_BED, WHOLE, Span, away
from loadtests.evaluate.homes.nights import NOON, nights
from loadtests.evaluate.homes.replayed import RAISING
from loadtests.evaluate.replayed import Heard

ASLEEP: Final = "asleep"
RETURNED_LEAVE: Final = "up and back"
MORNING: Final = "morning"
EVENING: Final = "evening"
DAY: Final = "day"
AWAY: Final = "away"
AWAKE: Final = "awake"

SORTS: Final = {OUT_OF_BED: (ASLEEP, RETURNED_LEAVE, MORNING, EVENING, DAY), "inactivity": (ASLEEP, AWAKE, AWAY)}
"""Of false alarms: inside labelled sleep; up at night, and back later; up for the day; not yet in bed; any other."""

EVENING_FROM: Final = 18
"""The hour from which somebody who has not yet slept is said to be up in the evening."""


class Alarm(msgspec.Struct, frozen=True):
    """A false one: when, what was true then, and why it was raised."""

    at_s: float
    sort: str
    why: str = ""


class Verdict(msgspec.Struct, frozen=True):
    """Of one rule on one life. `delay_s`: None where nothing was to be found, or was not."""

    home: str
    sort: str
    state: str
    days: float
    false: tuple[Alarm, ...] = ()
    delay_s: float | None = None


def of_machines(span: Span, said: Sequence[Heard], kind: str, truth: Truth) -> Verdict:
    """What was heard from `alarmcore replay` of one of its rules."""
    before = [one for one in said if one.at_s <= span.from_s]
    # At its very end she is back, or the next night has begun: as for the references, that is too late.
    since = [one for one in said if span.from_s < one.at_s < span.until_s and one.event in RAISING]
    holds = bool(before) and before[-1].event in RAISING
    whys = {one.at_s: one.why for one in since}
    return _verdict(span, Raised([one.at_s for one in since], holds), kind, truth, whys)


def of_reference(span: Span, found: Raised, kind: str, truth: Truth) -> Verdict:
    """What a rule in Python raised."""
    return _verdict(span, found, kind, truth, {})


def _verdict(span: Span, found: Raised, kind: str, truth: Truth, whys: dict[float, str]) -> Verdict:
    if span.sort == WHOLE:
        false = tuple(Alarm(at_s, truth.sort(at_s, kind), whys.get(at_s, "")) for at_s in found.times)
        return Verdict(truth.home, span.sort, span.state, span.days, false)
    delay_s = 0.0 if found.holds else found.times[0] - span.from_s if found.times else None
    return Verdict(truth.home, span.sort, span.state, span.days, (), delay_s)


class Truth:
    """A home's, to be asked what was true at a moment."""

    def __init__(self, home: Home) -> None:
        self.home = home.name
        self._tz = home.tz
        self._sleeps = _Times((one.from_at, one.until_at) for one in home.sleeps)
        self._returned = _Times((one.left_at, one.back_at) for one in home.leaves if one.outcome == RETURNED)
        self._up = _Times((one.left_at, one.back_at) for one in home.leaves if one.outcome == UP)
        self._away = away(home)
        self._nights = [(one.from_s, one.until_s, self._sleeps.begun(one.from_s, one.until_s)) for one in nights(home)]

    def sort(self, at_s: float, kind: str) -> str:
        """Which sort of false alarm one would be then."""
        if self._sleeps.hold(at_s):
            return ASLEEP
        if kind == OUT_OF_BED:
            return self._out_of_bed(at_s)
        return AWAY if any(from_s <= at_s < until_s for from_s, until_s in self._away) else AWAKE

    def _out_of_bed(self, at_s: float) -> str:
        hour = datetime.fromtimestamp(at_s, UTC).astimezone(self._tz).hour
        if self._returned.hold(at_s):
            return RETURNED_LEAVE
        if self._up.hold(at_s) and hour < NOON.hour:
            return MORNING
        begun, ended = next((slept for from_s, until_s, slept in self._nights if from_s <= at_s <= until_s), NEVER)
        if at_s >= ended:
            return MORNING
        if at_s >= begun:
            return RETURNED_LEAVE
        return EVENING if hour >= EVENING_FROM or hour < NOON.hour else DAY


NEVER: Final = (math.inf, math.inf)


class _Times:
    """Stretches of time, the newest begun first asked."""

    def __init__(self, found: Iterable[tuple[datetime, datetime | None]]) -> None:
        spans = sorted((start.timestamp(), math.inf if end is None else end.timestamp()) for start, end in found)
        self._starts, self._ends = [start for start, _ in spans], [end for _, end in spans]

    def hold(self, at_s: float) -> bool:
        """Whether it lies within the one that began last before it."""
        index = bisect_right(self._starts, at_s) - 1
        return index >= 0 and at_s < self._ends[index]

    def begun(self, from_s: float, until_s: float) -> tuple[float, float]:
        """When the first of those that begin in this time begins, and the last ends."""
        found = slice(bisect_left(self._starts, from_s), bisect_left(self._starts, until_s))
        return (self._starts[found][0], max(self._ends[found])) if self._starts[found] else NEVER
