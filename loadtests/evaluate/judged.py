"""One set of scenarios, with every rule and the real machines judged on it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from loadtests.evaluate.replayed import Heard, Part, parts, replay
from loadtests.evaluate.rules import CURVES, REFERENCES, Rule
from loadtests.evaluate.scenario import Scenario, Seen, in_order_of_measurement
from loadtests.evaluate.score import Score, beaten, score
from loadtests.evaluate.verdict import Verdict, apart, lived, of_rule

OURS: Final = "alarmcore"
LIVED: Final = "alarmcore, stay and exit as one life"
MEASURED: Final = "alarmcore, in order of measurement"

Say = Callable[[str], None]
Sight = tuple[tuple[Seen, ...], tuple[Seen, ...]]
"""The fixes of a stay and of the trip after it."""


class Judged(msgspec.Struct, frozen=True):
    """Verdicts and scores by name of rule; what the machines said, by scenario and part; scores by sort of scenario."""

    name: str
    scenarios: tuple[Scenario, ...]
    sights: dict[str, Sight]
    verdicts: dict[str, tuple[Verdict, ...]]
    scores: dict[str, Score]
    heard: dict[tuple[str, str], tuple[Part, list[Heard]]]

    def ours(self) -> tuple[Score, ...]:
        """The machines' scores: the one they are judged by, then two by which that one can be doubted."""
        return tuple(self.scores[name] for name in (OURS, LIVED, MEASURED))

    def references(self) -> tuple[Score, ...]:
        """Those of the five rules whose results are known."""
        return tuple(self.scores[rule.name] for rule in REFERENCES)

    def better(self) -> list[str]:
        """Rules, parameters chosen with hindsight, that are better than the machines in something and worse in nothing."""
        return beaten(self.scores[OURS], [one for name, one in self.scores.items() if name not in (OURS, LIVED, MEASURED)])

    def curves(self) -> dict[str, list[Score]]:
        """All rules' scores by family, in order of their parameter."""
        found: dict[str, list[Score]] = defaultdict(list)
        for rule in sorted((*REFERENCES, *CURVES), key=lambda rule: (rule.family, rule.parameter)):
            found[rule.family].append(self.scores[rule.name])
        return found

    def by_group(self, rule: str, seed: int) -> dict[str, Score]:
        """One rule's scores, by recording or by sort of walk."""
        found: dict[str, list[Verdict]] = defaultdict(list)
        for one in self.verdicts[rule]:
            found[one.group].append(one)
        return {group: score(rule, "", None, verdicts, seed) for group, verdicts in found.items()}


def judge(name: str, scenarios: Sequence[Scenario], folder: Path, seed: int, say: Say) -> Judged:
    """Let every rule and the machines have their turn. Files of the replays stay in `folder`.

    Raises:
        NotReplayed: if `alarmcore replay` does not do what it should.
    """
    sights = {one.name: (one.seen(one.staying()), one.seen(one.leaving())) for one in scenarios}
    say(f"{name}: {len(scenarios)} scenarios, {sum(len(one.fixes) for one in scenarios)} fixes")
    heard = _replayed(scenarios, folder)
    say(f"{name}: replayed in order of receipt")
    sorted_ = [msgspec.structs.replace(one, fixes=in_order_of_measurement(one.fixes)) for one in scenarios]
    measured = _replayed(sorted_, folder / "measured")
    say(f"{name}: replayed in order of measurement")
    verdicts = {rule.name: tuple(of_rule(rule, one, *sights[one.name]) for one in scenarios) for rule in (*REFERENCES, *CURVES)}
    verdicts[OURS] = tuple(_apart(one, sights, heard) for one in scenarios)
    verdicts[LIVED] = tuple(lived(one, sights[one.name][1], heard[one.name, "lived"][1], one.fixes) for one in scenarios)
    verdicts[MEASURED] = tuple(_apart(one, sights, measured) for one in sorted_)
    rules: dict[str, Rule] = {rule.name: rule for rule in (*REFERENCES, *CURVES)}
    scores = {
        rule: score(
            rule, rules[rule].family if rule in rules else OURS, rules[rule].parameter if rule in rules else None, of, seed
        )
        for rule, of in verdicts.items()
    }
    say(f"{name}: {len(scores)} rules scored")
    return Judged(name, tuple(scenarios), sights, verdicts, scores, heard)


def _replayed(scenarios: Sequence[Scenario], folder: Path) -> dict[tuple[str, str], tuple[Part, list[Heard]]]:
    lives = parts(scenarios)
    said = replay(lives, folder)
    return {(part.scenario.name, part.kind): (part, events) for part, events in zip(lives, said, strict=True)}


def _apart(scenario: Scenario, sights: dict[str, Sight], heard: dict[tuple[str, str], tuple[Part, list[Heard]]]) -> Verdict:
    part, trip = heard.get((scenario.name, "exit"), (None, []))
    return apart(scenario, sights[scenario.name][1], heard[scenario.name, "stay"][1], trip, part)


class Goal(msgspec.Struct, frozen=True):
    """One thing that is wanted of the machines, and whether it is so."""

    wanted: str
    found: str
    met: bool


FALSE_MAX: Final = 1
WORST_MAX_S: Final = 600.0
"""What is asked of the shared part of the recordings: clean stays with a false exit, and the latest exit."""


LIMITING: Final = ("accuracy ≤ 100 m", "distance − accuracy > radius")
"""The better of these two is the limit of the delay at p95."""


def seconds(value: float | None) -> str:
    """As people read it; a delay that never ended is no number."""
    return "never" if value is None else f"{value:,.0f} s"


def goals(judged: Judged) -> list[Goal]:
    """What is asked of detection, held against the references on the same scenarios."""
    ours = judged.scores[OURS]
    limits = [one.firm.p95 for one in judged.references() if one.name in LIMITING and one.firm.p95 is not None]
    limit, p95, worst = min(limits, default=0.0), ours.firm.p95, ours.firm.worst
    better = beaten(ours, judged.references())
    return [
        Goal(f"at most {FALSE_MAX} clean stay with a false exit", str(ours.clean.false), ours.clean.false <= FALSE_MAX),
        Goal("every firm exit found", f"{ours.firm.found} of {ours.firm.count}", ours.firm.found == ours.firm.count),
        Goal(f"p95 of the delay at most {limit:.0f} s", seconds(p95), p95 is not None and p95 <= limit),
        Goal(f"worst delay under {WORST_MAX_S:.0f} s", seconds(worst), worst is not None and worst < WORST_MAX_S),
        Goal("no reference better in one thing and worse in none", ", ".join(better) or "none is", not better),
    ]
