"""A set of homes judged: every life through the real machines, every fixed limit beside them, all of it added up."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from loadtests.evaluate.homes.fixed import LIMITS_S, PLAIN, families, pieces, raised, stretches
from loadtests.evaluate.homes.lives import INACTIVITY, OUT_OF_BED, WHOLE, Life, Span
from loadtests.evaluate.homes.replayed import RAISING, Said, of, replay
from loadtests.evaluate.homes.rules import ALWAYS, FIXED, LEARNED, NIGHTLY, Asked
from loadtests.evaluate.homes.score import Named, Score, score
from loadtests.evaluate.homes.verdict import Truth, Verdict, of_machines, of_reference
from loadtests.evaluate.replayed import Heard

Say = Callable[[str], None]

SAME_S: Final = 0.002
"""Replay writes milliseconds."""

TOGETHER: Final = 300_000
"""Readings that are replayed at once, about: the lines of one replay are held in memory."""

VIEWS: Final = ((OUT_OF_BED, NIGHTLY), (OUT_OF_BED, ALWAYS), (INACTIVITY, ALWAYS))
"""What is judged: a kind of rule, and the hours in which it watches."""

MAIN: Final = ((OUT_OF_BED, NIGHTLY), (INACTIVITY, ALWAYS))
"""As they are meant to watch; what is drawn, and shown home by home."""


class Check(msgspec.Struct, frozen=True):
    """Of lives watched by a fixed limit, in how many the reference raised exactly what `alarmcore replay` did."""

    rule: str
    same: int
    of: int


class Judged(msgspec.Struct, frozen=True):
    """Everything about one set: scores and verdicts by rule, how well the references agree, alarms of rules nobody asked for."""

    name: str
    homes: tuple[str, ...]
    scores: tuple[Score, ...]
    verdicts: dict[str, tuple[Verdict, ...]]
    checks: tuple[Check, ...]
    others: dict[str, int]
    sort: str
    took_s: float

    def ours(self, kind: str, hours: str) -> list[Score]:
        """The curve of the learned limit."""
        return [one for one in self.scores if (one.kind, one.hours, one.family) == (kind, hours, LEARNED)]

    def references(self, kind: str, hours: str) -> list[Score]:
        """The curves of all fixed limits."""
        return [one for one in self.scores if (one.kind, one.hours) == (kind, hours) and one.family not in (LEARNED, FIXED)]

    def default(self, kind: str, hours: str) -> Score:
        """The learned limit as a site file gets it that does not say how sensitive it shall be."""
        return next(one for one in self.ours(kind, hours) if one.default)

    def by_home(self, kind: str, hours: str, seed: int) -> dict[str, Score]:
        """The same, home by home."""
        one = self.default(kind, hours)
        found: dict[str, list[Verdict]] = defaultdict(list)
        for verdict in self.verdicts[one.rule]:
            found[verdict.home].append(verdict)
        named = Named(one.rule, one.kind, one.hours, one.family, one.parameter, default=True)
        return {home: score(named, verdicts, seed) for home, verdicts in found.items()}


class Setup(msgspec.Struct, frozen=True):
    """What is asked of all lives. `every`: of the references' limits, by kind of rule, so many are one step."""

    asked: tuple[Asked, ...]
    window: tuple[str, str]
    every: dict[str, int]
    seed: int

    def hours(self, named: str) -> tuple[str, str] | None:
        """From when until when a rule watches; None if always."""
        return self.window if named == NIGHTLY else None


def judge(name: str, sort: str, lives: Iterable[Life], setup: Setup, folder: Path, say: Say) -> Judged:
    """Let the machines and every fixed limit have their turn. Files of the replays stay in `folder`.

    Raises:
        NotReplayed: if `alarmcore replay` does not do what it should.
    """
    began_s = time.monotonic()
    found: dict[Named, list[Verdict]] = defaultdict(list)
    tallies: dict[str, list[bool]] = defaultdict(list)
    others: Counter[str] = Counter()
    homes: dict[str, None] = {}
    for number, batch in enumerate(together(lives), 1):
        said = replay(batch, setup.asked, folder / str(number), others)
        homes |= dict.fromkeys(life.home.name for life in batch)
        _add(batch, said, setup, found, tallies)
        took_s, told = time.monotonic() - began_s, sum(len(life.readings) for life in batch)
        say(f"{name}: {len(homes)} homes after {took_s:.0f} s; {len(batch)} lives of {told} readings more")
    scores = tuple(score(named, verdicts, setup.seed) for named, verdicts in found.items())
    checks = tuple(Check(rule, sum(same), len(same)) for rule, same in tallies.items())
    kept = {named.rule: tuple(verdicts) for named, verdicts in found.items() if named.family == LEARNED}
    say(f"{name}: {len(scores)} rules scored after {time.monotonic() - began_s:.0f} s")
    return Judged(name, tuple(homes), scores, kept, checks, dict(others), sort, time.monotonic() - began_s)


def together(lives: Iterable[Life]) -> Iterable[list[Life]]:
    """Lives of one time zone, in replays of a bearable size; those of a home are not parted needlessly."""
    batch: list[Life] = []
    held = 0
    for life in lives:
        if batch and (held >= TOGETHER or batch[0].home.tz.key != life.home.tz.key):
            yield batch
            batch, held = [], 0
        batch.append(life)
        held += len(life.readings)
    if batch:
        yield batch


def _add(
    lives: Sequence[Life],
    said: Sequence[Said],
    setup: Setup,
    found: dict[Named, list[Verdict]],
    tallies: dict[str, list[bool]],
) -> None:
    truths: dict[str, Truth] = {}
    for number, (life, heard) in enumerate(zip(lives, said, strict=True)):
        truth = truths.get(life.home.name) or truths.setdefault(life.home.name, Truth(life.home))
        for rule in of(number, life, setup.asked):
            for span in (one for one in life.spans if rule.kind in one.kinds):
                if rule.family == LEARNED:
                    found[_named(rule)].append(of_machines(span, heard[rule.id], rule.kind, truth))
                else:
                    tallies[rule.id].append(_agrees(life, span, heard[rule.id], rule, setup))
        for kind, hours in VIEWS:
            _references(life, kind, hours, setup, truth, found)


def _references(life: Life, kind: str, hours: str, setup: Setup, truth: Truth, found: dict[Named, list[Verdict]]) -> None:
    spans = [one for one in life.spans if kind in one.kinds]
    for family in families(kind, hours) if spans else ():
        held = stretches(life, kind, family)
        for span in spans:
            parts = pieces(held, span, family, setup.hours(hours), life.home.tz)
            for limit_s in LIMITS_S[kind][:: setup.every[kind]]:
                named = Named(f"{kind} {hours} {family} {limit_s:g}", kind, hours, family, limit_s)
                found[named].append(of_reference(span, raised(parts, limit_s, span.from_s), kind, truth))


def _named(rule: Asked) -> Named:
    return Named(rule.id, rule.kind, rule.hours, rule.family, rule.parameter, rule.default)


def _agrees(life: Life, span: Span, heard: Sequence[Heard], rule: Asked, setup: Setup) -> bool:
    parts = pieces(stretches(life, rule.kind, PLAIN), span, PLAIN, setup.hours(rule.hours), life.home.tz)
    ours = raised(parts, rule.parameter, span.from_s).times
    theirs = [one.at_s for one in heard if one.event in RAISING and span.from_s < one.at_s < span.until_s]
    return len(ours) == len(theirs) and all(abs(a - b) <= SAME_S for a, b in zip(ours, theirs, strict=True))


def nights_by_home(judged: Judged, rule: str) -> dict[str, float]:
    """False alarms of each home per 100 nights."""
    days: Counter[str] = Counter()
    false: Counter[str] = Counter()
    for one in judged.verdicts[rule]:
        if one.sort == WHOLE:
            days[one.home] += one.days  # type: ignore[assignment]
            false[one.home] += len(one.false)
    return {home: 100 * false[home] / length for home, length in days.items() if length}
