"""Who is told next, until somebody answers: step by step, where channels fail."""

from __future__ import annotations

from datetime import datetime, timedelta

from alarmcore.model.alarm import ContinueChain, DeclineLink, StopChain
from dispatch.chain import Shown, TurnCame
from dispatch.telling import Settle
from tests.alarms import SLOT
from tests.chains import NOW, Walked, chains


def s(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_a_channel_that_fails_gives_way_to_the_next_at_once() -> None:
    walked = Walked()
    (first,) = walked.tells()
    assert (first.channel, first.to) == ("sms", "+46700000001")
    walked.answer(first, 2)
    (second,) = walked.tells()
    assert (second.channel, second.telling) == ("email", first.telling)
    assert second.id != first.id
    walked.answer(second, 4, ok=True)
    assert walked.events() == [("alarm.told", "contact:eva", "chain_turn")]
    assert walked.state.wake_at == s(64)


def test_hand_over_that_has_not_worked_after_fifteen_seconds_does_not_hold_the_chain_up() -> None:
    walked = Walked()
    assert walked.wake() == s(15)
    (tell,) = walked.tells()
    assert tell.ref == "unit:patrol"
    walked.answer(tell, 16, ok=True)
    assert walked.events() == [("alarm.told", "unit:patrol", "not_handed_over")]


def test_when_no_channel_can_ever_reach_them_the_next_link_is_told_at_once() -> None:
    walked = Walked()
    walked.answer(walked.tells()[0], 1, permanent=True)
    walked.answer(walked.tells()[0], 2, permanent=True)
    assert [t.ref for t in walked.tells()] == ["unit:patrol"]


def test_a_try_that_failed_is_made_again_from_the_first_channel() -> None:
    walked = Walked()
    walked.answer(walked.tells()[0], 1)
    walked.answer(walked.tells()[0], 2)
    assert walked.wake() == s(7)
    assert [(t.ref, t.channel) for t in walked.tells()] == [("contact:eva", "sms")]


def test_a_hand_over_after_the_turn_is_told_and_does_not_turn_the_chain_back() -> None:
    walked = Walked()
    (late,) = walked.tells()
    walked.wake()
    walked.answer(walked.tells()[0], 16, ok=True)
    before = walked.state.wake_at
    walked.answer(late, 30, ok=True)
    assert walked.events() == [("alarm.told", "contact:eva", "chain_turn")]
    assert (walked.state.link, walked.state.wake_at) == (1, before)


def test_every_answer_of_a_channel_settles_its_try_also_a_second_one() -> None:
    walked = Walked()
    (tell,) = walked.tells()
    walked.answer(tell, 1, ok=True)
    assert Settle(tell.id) in walked.decisions
    walked.answer(tell, 2, ok=True)
    assert walked.decisions == (Settle(tell.id),)


def test_the_wait_counts_from_the_last_hand_over_of_the_link() -> None:
    walked = Walked(
        chains("{id: standard, links: [{tell: [contact:adam, contact:eva], wait_s: 60}, {tell: [unit:centre], wait_s: 60}]}")
    )
    adam, eva = walked.tells()
    walked.answer(adam, 1, ok=True)
    walked.answer(eva, 9, ok=True)
    assert walked.state.wake_at == s(69)


def test_a_console_nobody_looks_at_gives_way_to_the_voice_and_a_look_is_a_hand_over() -> None:
    site = chains("{id: standard, links: [{tell: [unit:centre], wait_s: 300}]}")
    walked = Walked(site)
    assert [t.channel for t in walked.tells()] == ["console"]
    assert walked.wake() == s(5)
    assert [t.channel for t in walked.tells()] == ["voice"]
    looked = Walked(site)
    (tell,) = looked.tells()
    looked.step(Shown(SLOT, looked.alarm.id, "operator:anna", s(2)), s(2))
    assert looked.events() == [("alarm.told", "unit:centre", "chain_turn")]
    assert Settle(tell.id) in looked.decisions
    assert looked.state.wake_at == s(302)


def test_a_look_at_another_alarm_hands_nothing_over() -> None:
    looked = Walked(chains("{id: standard, links: [{tell: [unit:centre], wait_s: 300}]}"))
    before = looked.state
    looked.step(Shown(SLOT, "other", "operator:anna", s(2)), s(2))
    assert (looked.state, looked.decisions) == (before, ())


def test_a_channel_kind_that_is_not_configured_is_skipped() -> None:
    walked = Walked(usable=frozenset({"email", "webhook"}))
    assert [t.channel for t in walked.tells()] == ["email"]


def test_a_link_whose_people_have_no_channel_is_skipped_and_says_so() -> None:
    walked = Walked(usable=frozenset({"webhook"}))
    assert walked.events() == [("chain.skipped", None, "no_channel")]
    assert [t.ref for t in walked.tells()] == ["unit:patrol"]


def test_a_chain_that_can_tell_nobody_at_all_keeps_trying() -> None:
    walked = Walked(usable=frozenset())
    assert [why for _, _, why in walked.events()] == ["no_channel"] * 3
    assert walked.wake() == s(300)
    assert [why for _, _, why in walked.events()] == ["no_channel"]
    assert walked.state.wake_at == s(600)


def test_stopping_gives_up_what_is_under_way_and_settles_it() -> None:
    walked = Walked()
    (tell,) = walked.tells()
    walked.step(StopChain(SLOT), s(1))
    assert walked.decisions == (Settle(tell.id),)
    assert walked.state.wake_at is None
    walked.answer(tell, 2)
    assert walked.tells() == []


def test_a_stopped_chain_goes_on_when_it_is_asked_to_and_a_finished_one_never() -> None:
    walked = Walked()
    walked.answer(walked.tells()[0], 1, ok=True)
    walked.step(StopChain(SLOT), s(2))
    walked.step(DeclineLink(SLOT, "contact:eva"), s(3))
    assert walked.tells() == []
    walked.step(ContinueChain(SLOT, "asked"), s(4))
    assert [t.ref for t in walked.tells()] == ["unit:patrol"]
    walked.step(StopChain(SLOT, final=True), s(5))
    walked.step(ContinueChain(SLOT, "asked"), s(6))
    assert (walked.tells(), walked.state.wake_at) == ([], None)


def test_somebody_whose_telling_is_still_under_way_is_not_told_twice() -> None:
    twice = "{id: standard, links: [{tell: [contact:eva], wait_s: 60}, {tell: [contact:eva, unit:centre], wait_s: 60}]}"
    walked = Walked(chains(twice))
    walked.wake()
    assert [t.ref for t in walked.tells()] == ["unit:centre"]
    assert {t.ref: t.link for t in walked.state.tellings} == {"contact:eva": 1, "unit:centre": 1}


def test_a_wake_up_before_its_time_changes_nothing() -> None:
    walked = Walked()
    before = walked.state
    walked.step(TurnCame(), s(14))
    assert (walked.state, walked.decisions) == (before, ())
