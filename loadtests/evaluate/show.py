"""One scenario, fix by fix: how far outside, what each rule made of it, when the machines decided and why."""

from __future__ import annotations

from collections.abc import Iterator

from loadtests.evaluate.judged import Judged
from loadtests.evaluate.replayed import Heard, Part
from loadtests.evaluate.rules import REFERENCES, Rule
from loadtests.evaluate.scenario import Scenario, Seen
from loadtests.evaluate.verdict import decided

COLUMNS = "   from start   from leave      lag    outside   claims  " + " ".join(str(n + 1) for n in range(len(REFERENCES)))


def shown(judged: Judged, scenario: Scenario) -> Iterator[str]:
    """Lines for a terminal. A number marks a fix that this rule takes for outside, `!` the one at which it raises."""
    clean = "clean" if scenario.clean else "not clean"
    trip_min = (scenario.ends_s - scenario.leaves_s) / 60
    yield f"{scenario.name}: stay of {scenario.stay_s / 3600:.2f} h ({clean}), trip of {trip_min:.0f} min"
    if scenario.crosses_s is not None:
        yield f"the border is crossed {scenario.crosses_s - scenario.leaves_s:.0f} s after leaving"
    for number, rule in enumerate(REFERENCES, 1):
        yield f"  {number}: {rule.name}"
    for kind, seen in zip(("stay", "exit"), judged.sights[scenario.name], strict=True):
        if (scenario.name, kind) in judged.heard:
            yield ""
            yield from _part(kind, scenario, seen, *judged.heard[scenario.name, kind])
    yield ""
    yield "as one life:"
    part, events = judged.heard[scenario.name, "lived"]
    yield from (f"  {_said(event, part, scenario)}" for event in events)
    yield from () if events else ["  nothing"]


def _part(name: str, scenario: Scenario, seen: tuple[Seen, ...], part: Part, events: list[Heard]) -> Iterator[str]:
    raised = {rule.name: rule.raises(seen) for rule in REFERENCES}
    yield f"{name}:  metres outside the border, seconds"
    yield COLUMNS
    for one in seen:
        marks = " ".join(_mark(number, rule, one, raised[rule.name]) for number, rule in enumerate(REFERENCES, 1))
        claims = "     ?" if one.accuracy_m is None else f"{one.accuracy_m:6.0f}"
        lag = one.received_s - one.at_s
        times = f"{one.at_s - scenario.inside_s:13.1f}{one.at_s - scenario.leaves_s:13.1f}{lag:9.1f}"
        yield f"{times}{one.outside_m:11.0f}   {claims}  {marks}"
    yield from (f"  {_said(event, part, scenario)}" for event in events)
    if not events:
        yield "  alarmcore: nothing"


def _mark(number: int, rule: Rule, one: Seen, raised: Seen | None) -> str:
    if one is raised:
        return "!"
    return str(number) if rule.votes(one) else "."


def _said(event: Heard, part: Part, scenario: Scenario) -> str:
    at_s = decided(event, part.fixes).at_s
    when = f"{at_s - scenario.inside_s:.1f} s from start, {at_s - scenario.leaves_s:.1f} s from leaving"
    return f"alarmcore: {event.event} {event.why} by what was measured {when}"
