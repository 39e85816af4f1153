"""What counts as a finding, slot by slot."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alarmcore.audit import OVERDUE_S, WORDS, Case, Keeper, findings
from alarmcore.model.alarm import Slot

NOW = datetime(2026, 1, 14, 12, tzinfo=UTC)
SOON = NOW + timedelta(seconds=60)
SLOT = Slot("grastorp", "r1", "press")
ABOUT = "grastorp/r1/press/"

ASLEEP = Keeper("lifecycle", None, None, None)
WALKING = Keeper("chain", SOON, SOON, SOON)


def case(*keepers: Keeper, stored: str | None = "a1", remembered: str | None = "a1") -> Case:
    return Case(SLOT, stored, remembered, keepers)


def found(looked_at: Case, now: datetime = NOW) -> list[tuple[str, str]]:
    return [(finding.slip, finding.about) for finding in findings(looked_at, now)]


@pytest.mark.parametrize(
    "keepers",
    [(ASLEEP, WALKING), (Keeper("lifecycle", SOON, SOON, SOON), Keeper("chain", None, None, None))],
    ids=["told in turn", "in somebody's hands"],
)
def test_an_alarm_that_one_moment_keeps_going_is_well(keepers: tuple[Keeper, ...]) -> None:
    assert found(case(*keepers)) == []


def test_an_alarm_that_nothing_is_stored_for_has_no_next_step_whatever_memory_says() -> None:
    assert found(case(ASLEEP, Keeper("chain", SOON, SOON, None))) == [("no_next_step", ABOUT)]


def test_an_alarm_that_nothing_is_remembered_for_has_no_next_step_whatever_is_stored() -> None:
    assert found(case(ASLEEP, Keeper("chain", None, None, SOON))) == [("no_next_step", ABOUT)]


def test_a_moment_without_a_timer_is_a_lost_timer_also_beside_one_that_has_its_own() -> None:
    assert found(case(ASLEEP, Keeper("chain", SOON, None, SOON))) == [("timer_lost", f"chain {ABOUT}")]
    both = case(Keeper("lifecycle", SOON, None, SOON), WALKING)
    assert found(both) == [("timer_lost", f"lifecycle {ABOUT}")]


@pytest.mark.parametrize(("stored", "remembered"), [("a1", None), (None, "a1"), ("a1", "a2")])
def test_memory_and_journal_must_know_the_same_alarm(stored: str | None, remembered: str | None) -> None:
    (finding,) = findings(case(ASLEEP, WALKING, stored=stored, remembered=remembered), NOW)
    assert (finding.slip, finding.seen[:2]) == ("not_stored", (stored, remembered))


def test_memory_and_journal_must_know_the_same_moment_and_a_finding_says_which_they_know() -> None:
    one, two = (findings(case(ASLEEP, Keeper("chain", SOON, SOON, SOON + timedelta(microseconds=n))), NOW)[0] for n in (1, 2))
    assert one.slip == two.slip == "not_stored"
    assert one != two, "what moves on is not what stands"


def test_a_step_is_overdue_only_after_longer_than_can_be() -> None:
    late = SOON + timedelta(seconds=OVERDUE_S)
    assert found(case(ASLEEP, WALKING), late) == []
    assert found(case(ASLEEP, WALKING), late + timedelta(milliseconds=1)) == [("overdue", ABOUT)]


def test_a_stored_moment_that_nobody_remembers_is_overdue_too() -> None:
    past = NOW - timedelta(seconds=OVERDUE_S + 1)
    assert ("overdue", ABOUT) in found(case(ASLEEP, Keeper("chain", SOON, SOON, past)))


def test_every_finding_has_words() -> None:
    assert set(WORDS) == {"no_next_step", "not_stored", "timer_lost", "overdue", "unsettled"}
