"""Verdicts on what the machines said: false exits, exits found, and which fix it was."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from loadtests.evaluate.replayed import Heard, Part
from loadtests.evaluate.rules import ONE_FIX
from loadtests.evaluate.scenario import Fix, Scenario, moved
from loadtests.evaluate.verdict import Verdict, apart, decided, lived, of_rule

LAT, LON = 58.38, 13.0
RAISED, AGAIN, ENDED = "alarm.raised", "alarm.repeated", "alarm.condition_ended"


def fix(at_s: float, east_m: float, received_s: float | None = None, accuracy_m: float = 10.0) -> Fix:
    return Fix(at_s, at_s if received_s is None else received_s, *moved(LAT, LON, east_m, 0.0), accuracy_m)


FIXES = (fix(1100, 0), fix(1500, 0), fix(2030, 300), fix(2060, 400, received_s=2100), fix(2200, 500))
LIFE = Scenario("t/f", "t", LAT, LON, 1000, 2000, 3000, True, FIXES, crosses_s=2020.0)
TRIP = Part(LIFE, "exit", LIFE.leaving(), 3000)


def heard(*events: tuple[float, str]) -> list[Heard]:
    return [Heard(at_s, event) for at_s, event in events]


def judged(*, stay: Sequence[tuple[float, str]] = (), trip: Sequence[tuple[float, str]] = ()) -> Verdict:
    return apart(LIFE, LIFE.seen(LIFE.leaving()), heard(*stay), heard(*trip), TRIP)


def as_one_life(*events: tuple[float, str]) -> Verdict:
    return lived(LIFE, LIFE.seen(LIFE.leaving()), heard(*events), FIXES)


def test_silence_is_no_false_exit_and_no_exit_found() -> None:
    one = judged()
    assert (one.false, one.found, one.exit, one.firm, one.clean) == (False, False, True, True, True)
    assert (one.delay_s, one.received_delay_s, one.crossing_delay_s) == (None, None, None)
    assert one.hours == pytest.approx(1000 / 3600)


def test_an_alarm_during_the_stay_is_a_false_exit_and_finds_nothing() -> None:
    one = judged(stay=[(1500, RAISED)])
    assert (one.false, one.found) == (True, False)


def test_delay_is_between_the_fix_that_decided_and_the_first_outside_by_both_clocks() -> None:
    one = judged(trip=[(2100.001, RAISED), (2200, AGAIN)])
    assert (one.false, one.found, one.delay_s) == (False, True, 30)
    assert one.received_delay_s == pytest.approx(70.001)
    assert one.crossing_delay_s == pytest.approx(80.001)


def test_the_end_of_a_condition_finds_nothing() -> None:
    assert not judged(stay=[(1500, ENDED)]).false
    assert not judged(trip=[(2100, ENDED)]).found


def test_a_timer_decides_at_its_own_moment() -> None:
    assert judged(trip=[(2150, RAISED)]).delay_s == 120
    assert decided(Heard(2150, RAISED), FIXES).at_s == 2150


def test_what_came_late_was_received_when_the_clock_had_moved_on() -> None:
    fixes = (fix(10, 0, received_s=100), fix(20, 0, received_s=90))
    assert decided(Heard(100, RAISED), fixes).at_s == 20


def test_an_exit_of_which_no_fix_tells_is_not_counted() -> None:
    hidden = Scenario("t/f", "t", LAT, LON, 1000, 2000, 3000, True, (fix(2100, 100),))
    one = apart(hidden, hidden.seen(hidden.leaving()), [], [], Part(hidden, "exit", hidden.leaving(), 3000))
    assert (one.exit, one.firm, one.found) == (False, False, False)


def test_a_rule_is_judged_as_the_machines_are() -> None:
    one = of_rule(ONE_FIX, LIFE, LIFE.seen(LIFE.staying()), LIFE.seen(LIFE.leaving()))
    assert (one.false, one.found, one.delay_s, one.received_delay_s, one.crossing_delay_s) == (False, True, 0, 0, 10)


def test_as_one_life_an_alarm_after_leaving_is_the_exit_found() -> None:
    one = as_one_life((2100, RAISED))
    assert (one.false, one.found, one.delay_s) == (False, True, 30)


def test_as_one_life_a_false_alarm_that_ended_does_not_find_the_exit() -> None:
    one = as_one_life((1100, RAISED), (1500, ENDED))
    assert (one.false, one.found) == (True, False)


def test_as_one_life_a_repeat_after_a_false_alarm_that_ended_finds_the_exit() -> None:
    one = as_one_life((1100, RAISED), (1500, ENDED), (2200, AGAIN))
    assert (one.false, one.found, one.delay_s) == (True, True, 170)


@pytest.mark.parametrize("later", [(), ((2200, ENDED),), ((2200, AGAIN),)])
def test_as_one_life_a_false_alarm_that_still_holds_finds_the_exit_at_once(later: tuple[tuple[float, str], ...]) -> None:
    one = as_one_life((1100, RAISED), *later)
    assert (one.false, one.found, one.delay_s) == (True, True, 0)
