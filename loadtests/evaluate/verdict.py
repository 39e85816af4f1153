"""What a rule, or the real machines, did about one scenario: a false exit during the stay, an exit found and how late."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from loadtests.evaluate.replayed import Heard, Part
from loadtests.evaluate.rules import Rule
from loadtests.evaluate.scenario import MARGIN_S, ROUNDING_S, Fix, Scenario, Seen, first_outside, is_firm

SAME_S: Final = 0.002
"""Replay writes milliseconds: a decision this close to a receipt was made because of it."""

RAISING: Final = ("alarm.raised", "alarm.repeated")


class Verdict(msgspec.Struct, frozen=True):
    """Of one scenario.

    Delays of an exit that was found: since the first fix outside, by the times of measurement and of receipt; since the true
    crossing, to the moment of the decision.
    """

    scenario: str
    group: str
    hours: float
    clean: bool
    false: bool
    exit: bool
    firm: bool
    found: bool
    delay_s: float | None = None
    received_delay_s: float | None = None
    crossing_delay_s: float | None = None


class Decision(msgspec.Struct, frozen=True):
    """The moment an exit was found: by measurement and by receipt."""

    at_s: float
    received_s: float


def of_rule(rule: Rule, scenario: Scenario, staying: Sequence[Seen], leaving: Sequence[Seen]) -> Verdict:
    """A reference rule's, stay and exit apart."""
    raised = rule.raises(leaving)
    decision = None if raised is None else Decision(raised.at_s, raised.received_s)
    return _verdict(scenario, leaving, rule.raises(staying) is not None, decision)


def apart(
    scenario: Scenario, leaving: Sequence[Seen], stay: Sequence[Heard], trip: Sequence[Heard], part: Part | None
) -> Verdict:
    """The machines', stay and exit apart; `part` is the exit's."""
    raised = next((one for one in trip if one.event in RAISING), None)
    decision = None if raised is None or part is None else decided(raised, part.fixes)
    return _verdict(scenario, leaving, any(one.event in RAISING for one in stay), decision)


def lived(scenario: Scenario, leaving: Sequence[Seen], events: Sequence[Heard], fixes: Sequence[Fix]) -> Verdict:
    """The machines', stay and exit as one life: what is believed of the stay goes along.

    An alarm from the stay that still holds when the person leaves counts as false, and as an exit found at once.
    """
    border_s = scenario.leaves_s - MARGIN_S + ROUNDING_S
    false, holds, decision = False, False, None
    for event, made in ((event, decided(event, fixes)) for event in events):
        if made.at_s > border_s and (holds or event.event in RAISING):
            decision = decision or (Decision(border_s, border_s) if holds else made)
        elif event.event in RAISING:
            false = True  # the minute after arriving counts too: an alarm from it would hold through the stay
        holds = event.event in RAISING
    if holds and decision is None:
        decision = Decision(border_s, border_s)
    return _verdict(scenario, leaving, false, decision if scenario.exits else None)


def decided(event: Heard, fixes: Sequence[Fix]) -> Decision:
    """What a decision was made by: the fix that was received then, else a timer, for which the two clocks are one."""
    at_s = event.at_s
    for fix, clock_s in clocked(fixes):
        if abs(clock_s - event.at_s) <= SAME_S:
            at_s = fix.at_s
    return Decision(at_s, event.at_s)


def clocked(fixes: Sequence[Fix]) -> Iterator[tuple[Fix, float]]:
    """Each fix and the service's clock when it came."""
    clock_s = float("-inf")
    for fix in fixes:
        clock_s = max(clock_s, fix.received_s)
        yield fix, clock_s


def _verdict(scenario: Scenario, leaving: Sequence[Seen], false: bool, decision: Decision | None) -> Verdict:
    first = first_outside(leaving)
    delay_s = received_delay_s = crossing_delay_s = None
    if decision is not None and first is not None:
        delay_s = max(0.0, decision.at_s - first.at_s)
        received_delay_s = max(0.0, decision.received_s - first.received_s)
    if decision is not None and scenario.crosses_s is not None:
        crossing_delay_s = decision.received_s - scenario.crosses_s
    return Verdict(
        scenario=scenario.name,
        group=scenario.group,
        hours=scenario.stay_s / 3600,
        clean=scenario.clean,
        false=false,
        exit=first is not None,
        firm=is_firm(leaving),
        found=decision is not None,
        delay_s=delay_s,
        received_delay_s=received_delay_s,
        crossing_delay_s=crossing_delay_s,
    )
