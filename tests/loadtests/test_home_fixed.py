"""Fixed limits in plain Python: when they count from, when they have passed, and that `alarmcore replay` says the same."""

from __future__ import annotations

import math
import random
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from loadtests.evaluate.homes.fixed import (
    AT_HOME,
    JOINED,
    LEAVING,
    LIMITS_S,
    PLAIN,
    families,
    inactive,
    joined_out_of_bed,
    out_of_bed,
    pieces,
    raised,
    stretches,
    windows,
)
from loadtests.evaluate.homes.home import Home
from loadtests.evaluate.homes.lives import INACTIVITY, KINDS, OUT_OF_BED, WHOLE, Life, Span
from loadtests.evaluate.homes.nights import Told
from loadtests.evaluate.homes.replayed import RAISING, replay
from loadtests.evaluate.homes.rules import ALWAYS, NIGHTLY, WINDOW, Asked

TZ = ZoneInfo("Europe/Stockholm")
NOON = datetime(2026, 1, 10, 11, tzinfo=UTC).timestamp()
HOUR = 3600.0


def bed(at_s: float, occupied: bool, device: str = "bed") -> Told:
    return Told(at_s, device, "bed", {"occupied": occupied})


def motion(at_s: float) -> Told:
    return Told(at_s, "m", "motion", {})


def front(at_s: float, is_open: bool) -> Told:
    return Told(at_s, "d", "door", {"open": is_open, "door": "front"})


def test_the_newest_word_of_any_mat_says_whether_the_bed_is_empty() -> None:
    told = [bed(10, True), bed(20, False), bed(30, True), bed(31, True, "two"), bed(40, False), bed(50, False, "two")]
    assert out_of_bed(told) == [(20, 30), (40, math.inf)]


def test_joined_the_bed_is_empty_when_all_mats_are_and_for_a_minute_at_least() -> None:
    told = [
        bed(0, True),
        bed(1, True, "two"),
        bed(40, False),
        bed(50, False, "two"),
        bed(109.5, True),
        bed(200, False),
        bed(260, True),
    ]
    assert joined_out_of_bed(told) == [(200, 260)]


def test_signs_of_life_are_motion_and_switches_that_change() -> None:
    told = [motion(0), bed(10, False), bed(20, False), front(30, True), front(31, False), motion(90)]
    assert inactive(told, after_front=True) == [(0, 10), (10, 30), (30, 31), (31, 90), (90, math.inf)]
    assert inactive(told, after_front=False) == [(0, 10), (10, 90 - 60), (90, math.inf)]


def span(from_h: float = 0, until_h: float = 24) -> Span:
    return Span(WHOLE, KINDS, NOON + from_h * HOUR, NOON + until_h * HOUR)


def alarms(
    found: list[tuple[float, float]], limit_h: float, of: Span, family: str = PLAIN, window: tuple[str, str] | None = WINDOW
) -> list[float]:
    """In hours since noon, as the stretches are given."""
    lasting = [(NOON + off * HOUR, NOON + on * HOUR) for off, on in found]
    parts = pieces(lasting, of, family, window, TZ)
    return [(at_s - NOON) / HOUR for at_s in raised(parts, limit_h * HOUR, of.from_s).times]


def test_a_limit_is_counted_from_the_later_of_the_leaving_and_the_beginning_of_the_hours() -> None:
    assert alarms([(-2, 12)], 0.5, span()) == [9.5]  # the rule begins to watch at nine in the evening
    assert alarms([(15, 16)], 0.5, span()) == [15.5]
    assert alarms([(15, 15.5)], 0.5, span()) == []  # back at the very moment
    assert alarms([(20.8, 24)], 0.5, span()) == []  # the hours end first, at nine in the morning
    assert alarms([(20.8, 24)], 0.5, span(), window=None) == [pytest.approx(21.3)]


def test_a_stretch_is_raised_once() -> None:
    assert alarms([(19, math.inf)], 0.5, span(0, 72)) == [19.5]
    assert alarms([(19, math.inf)], 3, span(0, 72)) == [36]  # not before the next evening is the limit long enough
    assert alarms([(19, math.inf)], 0.5, span(20, 72)) == []


def test_an_alarm_from_before_that_still_holds_is_said() -> None:
    of = span(16)
    still = raised(pieces([(NOON + 15 * HOUR, NOON + 17 * HOUR)], of, PLAIN, WINDOW, TZ), 0.5 * HOUR, of.from_s)
    assert (still.times, still.holds) == ([], True)
    over = raised(pieces([(NOON + 15 * HOUR, NOON + 15.9 * HOUR)], of, PLAIN, WINDOW, TZ), 0.5 * HOUR, of.from_s)
    assert (over.times, over.holds) == ([], False)


def test_of_leavings_only_means_not_of_those_who_have_not_yet_gone_to_bed() -> None:
    assert alarms([(-2, 12)], 0.5, span(), LEAVING) == []
    assert alarms([(15, 16)], 0.5, span(), LEAVING) == [15.5]


def test_hours_follow_the_clock_on_the_wall() -> None:
    autumn = datetime(2026, 10, 24, 12, tzinfo=UTC).timestamp()
    ((starts, ends),) = windows(autumn, autumn + 18 * HOUR, ("21:00", "09:00"), TZ)
    assert ends - starts == 13 * HOUR
    assert len(windows(autumn, autumn + 12 * HOUR, ("08:00", "20:00"), TZ)) == 1


def test_the_curves_have_every_minute_and_every_quarter() -> None:
    assert LIMITS_S[OUT_OF_BED][:: len(LIMITS_S[OUT_OF_BED]) - 1] == (300, 14_400)
    assert len(LIMITS_S[OUT_OF_BED]) == 236
    assert LIMITS_S[INACTIVITY][:: len(LIMITS_S[INACTIVITY]) - 1] == (3600, 43_200)
    assert families(OUT_OF_BED, NIGHTLY) == (PLAIN, JOINED, LEAVING)
    assert families(OUT_OF_BED, ALWAYS) == (PLAIN, JOINED)
    assert families(INACTIVITY, ALWAYS) == (PLAIN, AT_HOME)


def test_the_real_machines_raise_what_the_references_do(tmp_path: Path) -> None:
    rng = random.Random(7)  # noqa: S311 - the same every time is what is wanted
    told, at_s = [], NOON - 20 * HOUR
    while at_s < NOON + 60 * HOUR:
        at_s += rng.choice((40, 600, 2400, 5000, 9000))
        told.append(rng.choice((bed(at_s, True), bed(at_s, False), motion(at_s), front(at_s, rng.random() < 0.5))))
    life = Life(Home("kullen", TZ, (("bed", "bed"), ("m", "motion"), ("d", "door")), (), ()), told, (span(0, 60),))
    rules = [
        Asked("o-n", OUT_OF_BED, "", NIGHTLY, 1800, False, {"limit_s": 1800, "active": [{"from": "21:00", "to": "09:00"}]}),
        Asked("o-a", OUT_OF_BED, "", ALWAYS, 900, False, {"limit_s": 900}),
        Asked("i-a", INACTIVITY, "", ALWAYS, 3600, False, {"limit_s": 3600}),
    ]
    (said,) = replay([life], rules, tmp_path, Counter())
    for rule in rules:
        hours = WINDOW if rule.hours == NIGHTLY else None
        parts = pieces(stretches(life, rule.kind, PLAIN), life.spans[0], PLAIN, hours, TZ)
        expected = raised(parts, rule.parameter, NOON).times
        found = [one.at_s for one in said[rule.id] if one.event in RAISING and one.at_s > NOON]
        assert expected
        assert found == pytest.approx(expected, abs=0.002)
