"""What becomes of an alarm that an auditor has found overlooked."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from alarmcore import lifecycle
from alarmcore.model.alarm import Alarm, Overlooked, RescueChain
from tests.alarms import NOW, SLOT, after, answer, opened


def overlooked(alarm: Alarm | None, stored: Alarm) -> lifecycle.Result:
    return lifecycle.step(alarm, Overlooked(SLOT, stored), NOW + timedelta(minutes=5))


def resolved() -> Alarm:
    found = lifecycle.step(opened(), answer(opened(), "resolve", outcome="helped"), NOW).state
    assert found is not None
    return found


def test_an_open_alarm_is_stored_anew_and_its_chain_is_looked_after() -> None:
    alarm = opened()
    outcome = overlooked(alarm, alarm)
    assert outcome.state == alarm
    assert outcome.state is not alarm, "the runner stores what is another state"
    assert outcome.decisions == (RescueChain(SLOT, alarm),)


def test_one_that_memory_has_lost_is_taken_up_as_it_is_stored() -> None:
    assert overlooked(None, opened()) == overlooked(opened(), opened())


def test_one_that_is_stored_as_open_behind_a_later_one_that_is_over_is_taken_up_too() -> None:
    later = replace(resolved(), id="later")
    assert overlooked(later, opened()).state == opened()


@pytest.mark.parametrize("words", [("take",), ("take", "arrive")])
def test_one_in_somebodys_hands_stays_there_if_it_will_be_followed_up(words: tuple[str, ...]) -> None:
    alarm = after(opened(), *words)
    outcome = overlooked(alarm, alarm)
    assert (outcome.state, outcome.decisions) == (alarm, ())
    assert outcome.state is not alarm


@pytest.mark.parametrize("words", [("take",), ("take", "arrive")])
def test_one_in_somebodys_hands_that_nobody_will_follow_up_is_opened_again(words: tuple[str, ...]) -> None:
    alarm = replace(after(opened(), *words), wake_at=None)
    outcome = overlooked(alarm, alarm)
    assert outcome.state == opened()
    assert outcome.decisions == (RescueChain(SLOT, opened()),)


def test_one_that_was_resolved_meanwhile_stays_so_and_is_stored_anew() -> None:
    alarm = resolved()
    outcome = overlooked(alarm, opened())
    assert (outcome.state, outcome.decisions) == (alarm, ())
    assert outcome.state is not alarm
