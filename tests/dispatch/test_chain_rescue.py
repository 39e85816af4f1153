"""A chain from which nothing more would come: the centre is told at once, and everybody can see why."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from alarmcore.model.alarm import RescueChain, StopChain
from dispatch.chain import ChainState
from tests.alarms import SLOT
from tests.chains import NOW, Walked

LATER = NOW + timedelta(minutes=10)


def rescue(walked: Walked) -> None:
    walked.step(RescueChain(SLOT, walked.alarm), LATER)


def test_a_chain_that_walks_goes_on_as_it_was_and_is_stored_anew() -> None:
    walked = Walked()
    before = walked.state
    walked.step(RescueChain(SLOT, walked.alarm), NOW)
    assert walked.state == before
    assert walked.state is not before, "the runner stores what is another state"
    assert walked.decisions == ()


def test_a_chain_that_walks_without_its_moment_gets_it_back() -> None:
    walked = Walked()
    before = walked.state
    walked.state = replace(before, wake_at=None)
    walked.step(RescueChain(SLOT, walked.alarm), NOW)
    assert walked.state == before


@pytest.mark.parametrize("final", [False, True])
def test_a_chain_that_stands_goes_to_its_last_link_and_says_why(final: bool) -> None:
    walked = Walked()
    walked.step(StopChain(SLOT, final=final), NOW)
    rescue(walked)
    assert walked.events()[0] == ("alarm.reopened", None, "no_next_step")
    assert [tell.ref for tell in walked.tells()] == ["unit:centre"]
    assert walked.state.state == "walking"
    assert walked.state.link == walked.state.book.chain("standard").last
    assert walked.state.wake_at is not None
    assert walked.state.wake_at > LATER


def test_who_was_told_before_is_told_under_the_next_number() -> None:
    walked = Walked()
    walked.step(StopChain(SLOT), NOW)
    rescue(walked)
    walked.step(StopChain(SLOT), LATER)
    rescue(walked)
    assert [tell.number for tell in walked.tells()] == [1]


def test_when_nobody_knows_any_more_who_was_told_the_number_is_one_that_no_receiver_has_seen() -> None:
    walked = Walked()
    walked.state = ChainState(walked.state.book)
    rescue(walked)
    (tell,) = walked.tells()
    assert tell.ref == "unit:centre"
    assert tell.number == int(LATER.timestamp())


def test_what_stands_of_an_older_alarm_is_not_taken_for_this_ones() -> None:
    walked = Walked()
    assert walked.state.alarm is not None
    walked.state = replace(walked.state, alarm=replace(walked.state.alarm, id="older"))
    rescue(walked)
    assert walked.state.alarm == walked.alarm
    assert [telling.ref for telling in walked.state.tellings] == ["unit:centre"]


def test_a_rescued_chain_repeats_until_somebody_takes_the_alarm() -> None:
    walked = Walked()
    walked.state = ChainState(walked.state.book)
    rescue(walked)
    (tell,) = walked.tells()
    walked.answer(tell, 600.0, ok=True)
    assert walked.events() == [("alarm.told", "unit:centre", "no_next_step")]
    walked.wake()
    assert [tell.ref for tell in walked.tells()] == ["unit:centre"]
