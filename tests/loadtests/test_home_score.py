"""What a rule did about a life, added up: sorts of false alarm, delays, intervals, curves, goals, and the tables of it."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from loadtests.evaluate.homes import plot, report
from loadtests.evaluate.homes.fixed import LEAVING, PLAIN, Raised
from loadtests.evaluate.homes.goals import RECORDED, goals
from loadtests.evaluate.homes.home import RETURNED, UP, Home, Leave, Sensed, Stretch
from loadtests.evaluate.homes.judged import Check, Judged
from loadtests.evaluate.homes.lives import ABSENCE, INACTIVITY, OUT_OF_BED, SILENCE, WHOLE, Span
from loadtests.evaluate.homes.rules import ALWAYS, LEARNED, NIGHTLY
from loadtests.evaluate.homes.score import Named, Score, beating, delays, interval, score
from loadtests.evaluate.homes.verdict import (
    ASLEEP,
    AWAKE,
    AWAY,
    DAY,
    EVENING,
    MORNING,
    RETURNED_LEAVE,
    Alarm,
    Truth,
    Verdict,
    of_machines,
    of_reference,
)
from loadtests.evaluate.plot import is_possible
from loadtests.evaluate.replayed import Heard

TZ = ZoneInfo("Europe/Stockholm")
NOON = datetime(2026, 1, 10, 11, tzinfo=UTC)


def hour(hours: float) -> datetime:
    return NOON + timedelta(hours=hours)


def stretch(from_h: float, until_h: float) -> Stretch:
    return Stretch(hour(from_h), hour(until_h))


HOME = Home(
    "kullen",
    TZ,
    (("m", "motion"),),
    tuple(Sensed(hour(n), "m", "motion", {}) for n in range(24)),
    (Leave(hour(15), hour(16), RETURNED), Leave(hour(17), hour(25), UP)),
    (stretch(10, 15), stretch(16, 17)),
    (stretch(21, 23),),
)


@pytest.mark.parametrize(
    ("at_h", "sort"),
    [(3, DAY), (9.5, EVENING), (12, ASLEEP), (15.5, RETURNED_LEAVE), (17.5, MORNING), (20, MORNING), (14.99, ASLEEP)],
)
def test_a_false_alarm_is_sorted_by_what_was_true(at_h: float, sort: str) -> None:
    assert Truth(HOME).sort(hour(at_h).timestamp(), OUT_OF_BED) == sort


def test_a_morning_is_one_by_the_labels_where_no_leaving_was_told() -> None:
    truth = Truth(HOME._replace(leaves=()))
    assert [truth.sort(hour(at_h).timestamp(), OUT_OF_BED) for at_h in (15.5, 19)] == [RETURNED_LEAVE, MORNING]


def test_up_for_hours_is_a_morning_also_when_she_goes_back_to_bed_after_it() -> None:
    back = HOME._replace(leaves=(Leave(hour(17), hour(20.5), UP),), sleeps=(*HOME.sleeps, stretch(20.5, 21)))
    assert Truth(back).sort(hour(18).timestamp(), OUT_OF_BED) == MORNING


@pytest.mark.parametrize(("at_h", "sort"), [(12, ASLEEP), (22, AWAY), (15.5, AWAKE)])
def test_somebody_silent_is_asleep_away_or_awake(at_h: float, sort: str) -> None:
    assert Truth(HOME).sort(hour(at_h).timestamp(), INACTIVITY) == sort


def test_alarms_count_within_their_span_only_and_repeats_count_too() -> None:
    span = Span(WHOLE, (OUT_OF_BED,), 100.0, 200.0)
    said = [
        Heard(90, "alarm.raised"),
        Heard(95, "alarm.condition_ended"),
        Heard(150, "alarm.repeated", "why"),
        Heard(250, "alarm.raised"),
    ]
    verdict = of_machines(span, said, OUT_OF_BED, Truth(HOME))
    assert [(one.at_s, one.why) for one in verdict.false] == [(150, "why")]
    assert verdict.delay_s is None


@pytest.mark.parametrize(
    ("said", "delay_s"),
    [
        ([Heard(130, "alarm.raised"), Heard(150, "alarm.repeated")], 30.0),
        ([Heard(90, "alarm.raised"), Heard(95, "alarm.condition_ended")], None),
        ([Heard(90, "alarm.raised")], 0.0),  # it had begun before, and holds
        ([Heard(200, "alarm.raised")], None),  # she is back
        ([Heard(201, "alarm.raised")], None),
    ],
)
def test_the_delay_is_that_of_the_first_alarm(said: list[Heard], delay_s: float | None) -> None:
    span = Span(ABSENCE, (OUT_OF_BED,), 100.0, 200.0)
    assert of_machines(span, said, OUT_OF_BED, Truth(HOME)).delay_s == delay_s


def test_a_reference_is_judged_in_the_same_way() -> None:
    truth = Truth(HOME)
    assert of_reference(Span(ABSENCE, (OUT_OF_BED,), 100.0, 200.0), Raised([160.0], False), OUT_OF_BED, truth).delay_s == 60.0
    assert of_reference(Span(ABSENCE, (OUT_OF_BED,), 100.0, 200.0), Raised([], True), OUT_OF_BED, truth).delay_s == 0.0
    whole = of_reference(Span(WHOLE, (OUT_OF_BED,), 0.0, 200.0), Raised([160.0], True), OUT_OF_BED, truth)
    assert (len(whole.false), whole.delay_s) == (1, None)


def test_what_was_not_found_is_infinitely_late() -> None:
    late = delays([60.0, None, 120.0])
    assert (late.count, late.found, late.p50, late.p90, late.worst) == (3, 2, 120.0, None, None)
    assert delays([]).p50 is None


def test_an_interval_is_of_nights_and_where_nothing_was_false_what_a_poisson_rate_could_be() -> None:
    low, high = interval([(1, 1.0)] * 10 + [(0, 1.0)] * 90, 100, 1)
    assert 2 <= low < 10 < high <= 20
    low, high = interval([(0, 1.0)] * 60, 100, 1)
    assert low == 0
    assert high == pytest.approx(-math.log(0.05) / 60 * 100)
    assert interval([], 100, 1) == (0.0, 0.0)


def whole(false: int, sort: str = MORNING) -> Verdict:
    return Verdict("kullen", WHOLE, "", 1.0, tuple(Alarm(float(n), sort) for n in range(false)))


def absent(delay_s: float | None, state: str = "", sort: str = ABSENCE) -> Verdict:
    return Verdict("kullen", sort, state, 1.0, (), delay_s)


def test_a_sleeper_whom_a_mat_let_go_of_and_who_was_never_seen_are_counted_apart() -> None:
    verdicts = [whole(1), whole(0), absent(60.0), absent(None, "asleep"), absent(None, "unseen")]
    one = score(Named("r", OUT_OF_BED, NIGHTLY, LEARNED, 100), verdicts, 1)
    assert (one.days, one.false, one.per) == (2, 1, 50)
    assert (one.late.count, one.late.found) == (1, 1)
    assert {state: late.count for state, late in one.by_state.items()} == {"": 1, "asleep": 1, "unseen": 1}
    assert one.sorts[MORNING] == 1


def test_of_silences_those_of_sleepers_count() -> None:
    verdicts = [whole(0), absent(60.0, "asleep", SILENCE), absent(None, "awake", SILENCE)]
    one = score(Named("r", INACTIVITY, ALWAYS, LEARNED, 100), verdicts, 1)
    assert (one.late.count, one.late.found) == (2, 1)


def made(family: str, parameter: float, false: int, delay_s: float | None, kind: str = OUT_OF_BED, **named: Any) -> Score:
    """A rule with so many false alarms in twenty nights, and one delay."""
    hours = named.pop("hours", NIGHTLY if kind == OUT_OF_BED else ALWAYS)
    sort = named.pop("sort", MORNING if kind == OUT_OF_BED else AWAKE)
    verdicts = [whole(false, sort), *[whole(0)] * 19, absent(delay_s, sort=ABSENCE if kind == OUT_OF_BED else SILENCE)]
    return score(Named(f"{kind} {hours} {family} {parameter}", kind, hours, family, parameter, **named), verdicts, 1)


def test_a_point_is_beaten_by_whoever_is_as_good_in_everything() -> None:
    ours = made(LEARNED, 100, 1, 1200)
    assert beating(ours, [made(PLAIN, 1200, 1, 1200)])
    assert beating(ours, [made(PLAIN, 600, 0, 600)])
    assert not beating(ours, [made(PLAIN, 1800, 0, 1800), made(PLAIN, 600, 2, 600), made(PLAIN, 600, 0, None)])
    assert beating(made(LEARNED, 100, 1, None), [made(PLAIN, 1200, 1, None)])


def judged(*ours: Score, name: str = RECORDED) -> Judged:
    quiet = made(LEARNED, 100, 0, 7200, INACTIVITY, default=True)
    always = made(LEARNED, 100, 0, 1200, hours=ALWAYS, default=True)
    halves = [
        made(family, minutes * 60, count, minutes * 60) for family in (PLAIN, LEAVING) for minutes, count in ((30, 6), (60, 2))
    ]
    fours = [made(PLAIN, 14_400, 1, 14_000, INACTIVITY), made(PLAIN, 28_800, 0, 28_000, INACTIVITY)]
    scores = (*ours, quiet, always, *halves, *fours)
    verdicts: dict[str, tuple[Verdict, ...]] = {one.rule: (whole(one.false), absent(one.late.p50)) for one in scores}
    return Judged(name, ("kullen",), scores, verdicts, (Check("o-f1800", 3, 4),), {"x": 1}, name, 1.0)


def met(*ours: Score, name: str = RECORDED) -> dict[str, bool]:
    return {goal.wanted.split(":")[0][:34]: goal.met for goal in goals(judged(*ours, name=name))}


GOOD = made(LEARNED, 100, 0, 900, default=True)


def test_goals_are_met_by_one_who_is_good() -> None:
    found = goals(judged(GOOD))
    assert [goal.met for goal in found] == [True] * 7
    assert any("0.50" in goal.found for goal in found)


@pytest.mark.parametrize(
    ("worse", "index"),
    [
        ((made(LEARNED, 100, 6, 2000, default=True, sort=EVENING),), 0),
        ((made(LEARNED, 100, 0, 1100, default=True),), 1),
        ((made(LEARNED, 100, 7, 600, default=True, sort=EVENING),), 1),
        ((made(LEARNED, 100, 1, 900, default=True),), 2),
        ((made(LEARNED, 100, 1, 900, default=True, sort=ASLEEP),), 3),
    ],
)
def test_each_goal_can_be_missed(worse: tuple[Score, ...], index: int) -> None:
    found = goals(judged(*worse))
    assert not found[index].met
    assert "not met" in report.scores(judged(*worse), 1)


def test_of_generated_residents_the_median_and_every_absence_count() -> None:
    assert [goal.met for goal in goals(judged(GOOD, name="generated"))][:2] == [True, True]
    missed = made(LEARNED, 100, 2, None, default=True)
    assert [goal.met for goal in goals(judged(missed, name="generated"))][:2] == [False, False]


def test_the_tables_have_every_rule_its_sorts_and_how_well_the_references_agree() -> None:
    text = report.as_markdown(judged(GOOD), 1)
    assert "| **alarmcore, learned: 100** | 0.0 (0.0–15.0) | 0 / 0 / 0 / 0 / 0 | 1 of 1 | 15 / 15 / 15 |" in text
    assert "fixed limit: 30 min" in text
    assert "in 3 of 4 lives. Unlike: o-f1800 3 of 4." in text
    assert "not asked for: x (1)" in text
    assert len({line.count("|") for line in text.split("\n\n")[0].splitlines()}) == 1


def test_everything_is_in_the_json_file() -> None:
    found = msgspec.json.decode(report.as_json([judged(GOOD)], 1, ["said"]))
    assert found["notes"] == ["said"]
    assert len(found["sets"][RECORDED]["scores"]) == 9
    assert found["sets"][RECORDED]["goals"][0]["met"] is True


def test_the_same_numbers_give_the_same_picture(tmp_path: Any, need: Any) -> None:
    need(is_possible(), "matplotlib")
    for name in ("one.svg", "two.svg"):
        plot.draw(judged(GOOD), OUT_OF_BED, NIGHTLY, tmp_path / name)
    text = (tmp_path / "one.svg").read_text()
    assert text == (tmp_path / "two.svg").read_text()
    assert "false alarms per 100 nights" in text
    assert "alarmcore, learned" in text
