"""What made-up residents live through: a recorded past and a night as it was, or cut off by an absence or by silence."""

from __future__ import annotations

import itertools
import random
from bisect import bisect_left
from collections.abc import Sequence
from typing import Final, NamedTuple

from loadtests.evaluate.homes import recording
from loadtests.evaluate.homes.home import Home, Leave, Stretch
from loadtests.evaluate.homes.labels import FRONT
from loadtests.evaluate.homes.nights import Night, Past, Told, halves, six, told

OUT_OF_BED: Final = "out_of_bed"
INACTIVITY: Final = "inactivity"

KINDS: Final = (OUT_OF_BED, INACTIVITY)

WHOLE: Final = "whole"
"""Nothing was done to it: every alarm in it is false."""
ABSENCE: Final = "absence"
"""Somebody left the bed and does not come back."""
SILENCE: Final = "silence"
"""All readings stop."""

UNSEEN: Final = "unseen"
NOTICED_S: Final = 300.0
"""A mat may let go so long before somebody has truly left."""

ABSENCE_S: Final = 4 * 3600.0
"""How long an absence is looked at."""
SILENCE_S: Final = 24 * 3600.0
"""How long a silence is looked at."""

TAUGHT_DAYS: Final = 14
"""Of a life that is lived in one piece; alarms before belong to learning and are not counted."""

SILENCES_EACH: Final = 1
"""Silences for each judged night, at most: more of them would be alike."""

SLEEPERS_MAX: Final = 3
"""Of a home whose mat lets go of the sleeper: each is a whole life, and they say little."""

LAST: Final = 10
"""One of so many last leavings is lengthened: at whatever hour it falls, and late, so that most of the life was as it was."""

AWAY_S: Final = 1800.0
"""Nothing for so long after the front door: nobody is at home."""

TRIES: Final = 50
"""Moments drawn for one silence: somebody who is never at home has none."""


class Span(NamedTuple):
    """Part of a life in which alarms count, after `from_s` and until `until_s`; `kinds` of rule are judged by it.

    `sort` says what was done to it; `state` how she was when all fell silent. Of an absence it is `asleep` where a mat took a
    sleeper for somebody who left, and `unseen` where no mat said that anybody had.
    """

    sort: str
    kinds: tuple[str, ...]
    from_s: float
    until_s: float
    state: str = ""
    days: float = 1.0


class Life(NamedTuple):
    """One resident's."""

    home: Home
    readings: Sequence[Told]
    spans: tuple[Span, ...]

    def watched(self) -> frozenset[str]:
        """By which kinds of rule."""
        return frozenset(kind for span in self.spans for kind in span.kinds)


def recorded(home: Home, seed: int, silences: int) -> list[Life]:
    """Each judged night by a resident of its own who has lived through the first half just before."""
    taught, judged = halves(home)
    if not taught or not judged:
        return []
    past = Past(home, _after(taught[-1]))
    moments = stops(home, judged, seed, min(silences, SILENCES_EACH * len(judged)))
    leaves = _leaves(home, judged[0].from_s, seed)
    found = []
    present = [told(one) for one in home.readings]
    times = [one.at_s for one in present]
    for night in judged:
        from_s = six(night, home.tz)
        before, tonight = past.before(night), present[bisect_left(times, from_s) :]
        before = [*before, *_beds(before, present[: bisect_left(times, from_s)], from_s)]
        whole = Span(WHOLE, KINDS, night.from_s, night.until_s)
        found.append(Life(home, _until(before, tonight, night.until_s), (whole,)))
        absent = (one for one in leaves if night.from_s <= one.left_at.timestamp() < night.until_s)
        found += [_absence(home, one, before, tonight) for one in absent]
        found += [_silence(home, at_s, before, tonight) for at_s in moments if night.from_s <= at_s < night.until_s]
    return found


def _beds(before: Sequence[Told], truly: Sequence[Told], at_s: float) -> list[Told]:
    """Where that past ends with another bed empty, or not, than the day before did in truth, the bed says so."""
    said, is_so = ({one.device: one for one in part if one.kind == "bed"} for part in (before, truly))
    return [one._replace(at_s=at_s) for device, one in is_so.items() if device in said and said[device].fields != one.fields]


def _leaves(home: Home, from_s: float, seed: int) -> list[Leave]:
    """Those to be lengthened: the true ones, and a few that a mat made of somebody asleep, to see what those would show."""
    slept = [one for one in home.leaves if recording.is_asleep(home, one) and one.left_at.timestamp() >= from_s]
    rng = random.Random(f"sleeper-{seed}-{home.name}")
    return recording.true_leaves(home) + rng.sample(slept, min(SLEEPERS_MAX, len(slept)))


def _after(night: Night) -> Night:
    """The noon at which a night ends, as the beginning of the next."""
    return night._replace(day=night.day.fromordinal(night.day.toordinal() + 1), from_s=night.until_s)


def generated(home: Home, seed: int) -> Life | None:
    """A life in one piece until one of its last leavings, from which she does not come back; None if there is none.

    The absence is the silence too: nothing is heard from the moment at which she came back in truth.
    """
    present = [told(one) for one in home.readings]
    first_s = present[0].at_s + TAUGHT_DAYS * 86_400
    leaves = [one for one in recording.true_leaves(home) if one.left_at.timestamp() > first_s][-LAST:]
    if not leaves:
        return None
    absent = _absence(home, random.Random(f"absence-{seed}-{home.name}").choice(leaves), (), present)
    left_s, stops_s = absent.spans[0].from_s, absent.readings[-1].at_s
    whole = Span(WHOLE, KINDS, first_s, left_s, days=(left_s - first_s) / 86_400)
    silent = Span(SILENCE, (INACTIVITY,), stops_s, stops_s + SILENCE_S, "awake")
    return absent._replace(spans=(whole, *absent.spans, silent))


def lengthened(home: Home, leaves: Sequence[Leave]) -> list[Life]:
    """A life up to each of those leavings, from which she does not come back."""
    present = [told(one) for one in home.readings]
    return [_absence(home, one, (), present) for one in leaves]


def _until(before: Sequence[Told], present: Sequence[Told], at_s: float) -> list[Told]:
    return [*before, *itertools.takewhile(lambda one: one.at_s < at_s, present)]


def _absence(home: Home, leave: Leave, before: Sequence[Told], present: Sequence[Told]) -> Life:
    """Her return, and everything after it, taken away."""
    left_s = leave.left_at.timestamp()
    back_s = left_s if leave.back_at is None else leave.back_at.timestamp()
    lived = _until(before, present, back_s)
    state = "asleep" if recording.is_asleep(home, leave) else "" if _is_seen(lived, left_s) else UNSEEN
    return Life(home, lived, (Span(ABSENCE, (OUT_OF_BED,), left_s, left_s + ABSENCE_S, state),))


def _is_seen(lived: Sequence[Told], left_s: float) -> bool:
    """Whether a mat said anything of the leaving: one that is dead does not, nor one on which somebody else lies."""
    recent = itertools.takewhile(lambda one: one.at_s >= left_s - NOTICED_S, reversed(lived))
    return any(one.kind == "bed" and not one.fields["occupied"] for one in recent)


def _silence(home: Home, at_s: float, before: Sequence[Told], present: Sequence[Told]) -> Life:
    state = "asleep" if _within(home.sleeps, at_s) else "awake"
    span = Span(SILENCE, (INACTIVITY,), at_s, at_s + SILENCE_S, state)
    return Life(home, _until(before, present, at_s), (span,))


def stops(home: Home, spans: Sequence[Night], seed: int, wanted: int) -> list[float]:
    """Moments of those spans at which somebody is at home, evenly drawn."""
    rng = random.Random(f"silence-{seed}-{home.name}")
    out = away(home)
    found: list[float] = []
    for _ in range(wanted * TRIES):
        if len(found) == wanted:
            break
        span = rng.choices(spans, [one.until_s - one.from_s for one in spans])[0]
        at_s = float(round(rng.uniform(span.from_s, span.until_s)))
        if not any(from_s <= at_s < until_s for from_s, until_s in out):
            found.append(at_s)
    return sorted(found)


def away(home: Home) -> list[tuple[float, float]]:
    """When nobody was at home: by the labels, or the front door and then nothing for long."""
    labelled = [(one.from_at.timestamp(), one.until_at.timestamp()) for one in home.away]
    silent = [
        (one.at.timestamp(), after.at.timestamp())
        for one, after in itertools.pairwise(home.readings)
        if one.fields.get("door") == FRONT and (after.at - one.at).total_seconds() >= AWAY_S
    ]
    return labelled + silent


def _within(stretches: Sequence[Stretch], at_s: float) -> bool:
    return any(one.from_at.timestamp() <= at_s < one.until_at.timestamp() for one in stretches)
