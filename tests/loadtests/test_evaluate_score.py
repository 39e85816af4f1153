"""Scores: rates with their intervals, delays with those that never ended, and who is better than whom."""

from __future__ import annotations

import math

import msgspec
import pytest

from loadtests.evaluate.score import Score, beaten, interval, score
from loadtests.evaluate.verdict import Verdict


def verdict(number: int = 0, **fields: object) -> Verdict:
    plain = Verdict(f"s{number}", f"g{number}", 2.0, True, False, True, True, True, 0.0, 0.0)
    return msgspec.structs.replace(plain, **fields)


def scored(*verdicts: Verdict, name: str = "rule") -> Score:
    return score(name, "", None, verdicts, 1)


def test_false_exits_are_counted_over_hours_and_clean_stays_apart() -> None:
    one = scored(verdict(0, false=True), verdict(1), verdict(2, clean=False, false=True))
    assert (one.clean.stays, one.clean.false, one.clean.hours, one.clean.per_100h) == (2, 1, 4, 25)
    assert (one.all.stays, one.all.false, one.all.hours) == (3, 2, 6)
    assert one.false_stays == ("s0", "s2")


def test_the_interval_holds_the_rate_and_is_the_same_each_time() -> None:
    many = [verdict(n, false=n % 10 == 0) for n in range(100)]
    one = scored(*many).clean
    assert 0 < one.low < one.per_100h < one.high
    assert interval(many, [v.group for v in many], 1) == (one.group_low, one.group_high)


def test_the_interval_is_near_what_the_normal_distribution_says() -> None:
    many = [verdict(n, false=n % 2 == 0) for n in range(400)]
    one = scored(*many).clean
    half = 1.96 * math.sqrt(0.25 / 400) / 2 * 100
    assert one.low == pytest.approx(25 - half, rel=0.02)
    assert one.high == pytest.approx(25 + half, rel=0.02)


def test_stays_that_hang_together_make_the_interval_wider() -> None:
    many = [verdict(n, group=f"g{n // 10}", false=n // 10 == 0) for n in range(100)]
    one = scored(*many).clean
    assert one.group_high > 1.5 * one.high


def test_nothing_false_does_not_mean_that_nothing_can_be() -> None:
    one = scored(*(verdict(n) for n in range(50))).clean
    assert (one.per_100h, one.low) == (0, 0)
    assert one.high == pytest.approx(3.0, abs=0.01)  # the rule of three: 3 in the 100 hours there are


def test_delays_are_some_that_happened() -> None:
    one = scored(*(verdict(n, delay_s=float(n)) for n in range(61))).firm
    assert (one.count, one.found, one.p50, one.p95, one.worst) == (61, 61, 30, 57, 60)


def test_an_exit_that_was_not_found_is_infinitely_late() -> None:
    missed = verdict(9, found=False, delay_s=None)
    one = scored(*(verdict(n, delay_s=1.0) for n in range(9)), missed)
    assert (one.firm.found, one.firm.p50, one.firm.p95, one.firm.worst) == (9, 1.0, None, None)
    assert one.missed == ("s9",)


def test_exits_that_are_not_firm_do_not_count_for_delays() -> None:
    one = scored(verdict(0, delay_s=5.0), verdict(1, delay_s=500.0, firm=False), verdict(2, exit=False, firm=False, found=False))
    assert (one.firm.count, one.firm.worst, one.seen.count, one.seen.worst) == (1, 5, 2, 500)
    assert one.missed == ()


def test_better_is_who_is_worse_in_nothing() -> None:
    good = scored(verdict(0), verdict(1, delay_s=10.0), name="good")
    slower = scored(verdict(0), verdict(1, delay_s=20.0), name="slower")
    noisier = scored(verdict(0, false=True), verdict(1, delay_s=5.0), name="noisier")
    deaf = scored(verdict(0), verdict(1, found=False, delay_s=None), name="deaf")
    equal = msgspec.structs.replace(good, name="equal")
    everybody = [good, equal, slower, noisier, deaf]
    assert [beaten(one, everybody) for one in everybody] == [[], [], ["good", "equal"], [], ["good", "equal", "slower"]]


def test_no_scenarios_at_all_give_no_figures() -> None:
    one = scored()
    assert (one.clean.per_100h, one.clean.high, one.firm.p95, one.firm.count) == (0, 0, None, 0)
