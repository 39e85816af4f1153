"""Who is told next when channels fail, answer late, or are taken out of the site while they are being tried."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from alarmcore.model.alarm import AlarmEvent, ContinueChain, DeclineLink, StopChain
from alarmcore.model.site import Site
from alarmcore.outcome import Outcome
from dispatch import chain
from dispatch.chain import ChainState, Shown, TurnCame
from dispatch.plan import chain_book
from dispatch.telling import CONSOLE_S, RETRY_S, Settle, Tell, Told
from tests.alarms import SLOT
from tests.chains import NOW, PRESS, Walked, chains

CENTRE = "{id: standard, links: [{tell: [unit:centre], wait_s: 300}]}"
TWICE = "{id: standard, links: [{tell: [contact:eva], wait_s: 60}, {tell: [contact:eva, unit:centre], wait_s: 60}]}"
PAIR = "{id: standard, links: [{tell: [contact:adam, contact:eva], wait_s: 60}, {tell: [unit:centre], wait_s: 60}]}"
BRIEF = "{id: standard, links: [{tell: [unit:centre], wait_s: 5}]}"


def s(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def told(tell: Tell, **more: Any) -> Told:
    said = {"ok": False, **more}
    return Told(slot=SLOT, alarm=tell.alarm.id, id=tell.id, ref=tell.ref, number=tell.number, channel=tell.channel, **said)


def centre(*kinds: str) -> Site:
    """A site whose only link is a centre with these channels."""
    addresses = {"voice": ', to: "+46100000000"', "webhook": ', to: "http://127.0.0.1:9/hook"', "console": ""}
    channels = ", ".join(f"{{kind: {kind}{addresses[kind]}}}" for kind in kinds)
    return chains(CENTRE, units=f"[{{id: centre, name: Larmcentralen, kind: centre, channels: [{channels}]}}]")


def only(walked: Walked) -> Tell:
    (tell,) = walked.tells()
    return tell


def moved(walked: Walked, site: Site) -> None:
    """The site was changed while the chain was under way."""
    walked.state = replace(walked.state, book=chain_book(site))


# -- what the timeline says -----------------------------------------------------------------------------------------------


def test_a_failed_try_is_written_down_with_who_by_what_and_in_which_words() -> None:
    walked = Walked()
    walked.step(told(only(walked), text="mailbox full"), s(2))
    (event,) = (d for d in walked.decisions if isinstance(d, AlarmEvent))
    assert (event.event, event.at, event.link, event.to) == ("alarm.telling_failed", s(2), 0, "contact:eva")
    assert (event.channel, event.why, event.text) == ("sms", "not_handed_over", "mailbox full")


def test_a_look_at_the_console_is_written_down_as_such_once() -> None:
    walked = Walked(centre("console", "voice"))
    for at in (2, 3):
        walked.step(Shown(SLOT, walked.alarm.id, "operator:anna", s(at)), s(at))
        events = [d for d in walked.decisions if isinstance(d, AlarmEvent)]
        assert [(e.event, e.to, e.channel, e.link) for e in events] == [("alarm.told", "unit:centre", "console", 0)][: at == 2]
    assert walked.state.tellings[0].handed_by == "console"


def test_a_look_from_before_a_telling_began_does_not_count_for_it() -> None:
    """It may be said late, again and again until it is kept: the page may have been closed since."""
    walked = Walked(chains(BRIEF))
    walked.step(Shown(SLOT, walked.alarm.id, "operator:anna", s(-1)), s(2))
    assert walked.events() == []
    walked.step(Shown(SLOT, walked.alarm.id, "operator:anna", s(0)), s(2))
    assert [event for event, *_ in walked.events()] == ["alarm.told"]


def test_a_look_at_the_console_tells_nobody_who_has_none() -> None:
    walked = Walked()
    walked.step(Shown(SLOT, walked.alarm.id, "operator:anna", s(2)), s(2))
    assert walked.decisions == ()
    assert walked.state.tellings[0].pending


def test_which_channel_handed_over_is_kept() -> None:
    walked = Walked()
    walked.answer(only(walked), 1, ok=True)
    assert (walked.state.tellings[0].handed_by, walked.state.tellings[0].handed_at) == ("sms", s(1))


# -- time -----------------------------------------------------------------------------------------------------------------


def test_hand_over_in_the_very_last_moment_still_gives_them_their_time() -> None:
    walked = Walked()
    walked.answer(only(walked), 15, ok=True)
    assert walked.state.wake_at == s(75)


def test_the_last_link_repeats_as_fast_as_it_says_once_it_was_told() -> None:
    walked = Walked(chains(BRIEF))
    walked.step(Shown(SLOT, walked.alarm.id, "operator:anna", s(1)), s(1))
    assert walked.state.wake_at == s(6)


def test_the_last_link_is_not_repeated_before_hand_over_had_its_time() -> None:
    walked = Walked(chains(BRIEF), usable=frozenset({"voice"}))
    assert walked.state.wake_at == s(15)


def test_a_step_that_changes_nothing_gives_back_the_very_state() -> None:
    """A state that is another object is stored again: a wake-up that decides nothing must not cost a commit."""
    walked = Walked()
    before = walked.state
    for event in (TurnCame(), Shown(SLOT, "other", "operator:anna", s(1)), DeclineLink(SLOT, "contact:adam")):
        walked.step(event, s(1))
        assert walked.state is before


def test_at_the_last_link_too_the_wait_counts_from_the_last_hand_over() -> None:
    walked = Walked(chains("{id: standard, links: [{tell: [contact:adam, unit:centre], wait_s: 60}]}"))
    adam, _ = walked.tells()
    walked.step(Shown(SLOT, walked.alarm.id, "operator:anna", s(2)), s(2))
    walked.answer(adam, 9, ok=True)
    assert walked.state.wake_at == s(69)


def test_one_who_cannot_be_reached_does_not_cost_the_other_their_time() -> None:
    walked = Walked(chains(PAIR))
    adam, eva = walked.tells()
    walked.answer(adam, 1, permanent=True)
    assert walked.tells() == []
    assert walked.state.wake_at == s(15)
    walked.answer(eva, 3, ok=True)
    assert walked.state.wake_at == s(63)
    assert walked.wake() == s(63)
    assert [(t.ref, t.why) for t in walked.state.tellings if t.link == 1] == [("unit:centre", "no_answer")]


# -- channels that do not answer, or too late -----------------------------------------------------------------------------


def test_a_try_of_which_nothing_is_heard_gives_way_when_their_turn_has_come_again() -> None:
    walked = Walked(chains(TWICE))
    first = only(walked)
    assert walked.wake() == s(15)
    assert [t.ref for t in walked.tells()] == ["unit:centre"]
    walked.step(Shown(SLOT, walked.alarm.id, "operator:anna", s(16)), s(16))
    assert walked.wake() == s(30)
    assert (only(walked).channel, only(walked).telling) == ("email", first.telling)


def test_a_call_of_which_nothing_is_heard_is_not_waited_for_though_a_console_is_there_too() -> None:
    walked = Walked(centre("console", "voice"))
    walked.wake()
    assert only(walked).channel == "voice"
    assert walked.wake() == s(300)
    assert walked.tells() == []
    tried = []
    while (walked.state.wake_at or NOW) < s(600):
        walked.wake()
        tried += [t.channel for t in walked.tells()]
    assert "voice" in tried


def test_a_console_that_is_alone_is_waited_for_however_often_its_turn_comes() -> None:
    walked = Walked(centre("console"))
    for turn in range(1, 4):
        assert walked.wake() == s(300 * turn)
        assert walked.tells() == []


def test_a_console_that_gave_way_is_tried_again_when_the_others_have_failed() -> None:
    walked = Walked(centre("console", "voice"))
    assert walked.wake() == s(CONSOLE_S)
    walked.answer(only(walked), 6)
    assert walked.wake() == s(6 + RETRY_S[0])
    assert only(walked).channel == "console"


def test_a_console_that_comes_last_gives_way_to_the_first_after_a_wait() -> None:
    walked = Walked(centre("voice", "console"))
    walked.answer(only(walked), 1)
    assert only(walked).channel == "console"
    assert walked.wake() == s(1 + CONSOLE_S)
    assert walked.tells() == []
    assert walked.wake() == s(1 + CONSOLE_S + RETRY_S[0])
    assert only(walked).channel == "voice"


def test_a_channel_that_failed_for_good_gets_another_chance_when_the_turn_comes_again() -> None:
    walked = Walked(centre("console", "voice"))
    walked.wake()
    walked.answer(only(walked), 6, permanent=True)
    while (walked.state.wake_at or NOW) < s(300):
        walked.wake()
        assert {t.channel for t in walked.tells()} <= {"console"}
    while not (voices := [t for t in walked.tells() if t.channel == "voice"]):
        assert walked.wake() < s(400)
    walked.answer(voices[0], 400, permanent=True)
    assert walked.state.tellings[0].pending, "the console is still there"


def test_a_failure_of_a_try_that_gave_way_does_not_count_against_the_next() -> None:
    walked = Walked(centre("console", "voice"))
    console = only(walked)
    walked.wake()
    voice, before = only(walked), walked.state
    walked.answer(console, 6)
    assert walked.tells() == []
    assert walked.state is before
    walked.answer(voice, 7, ok=True)
    assert walked.events() == [("alarm.told", "unit:centre", "chain_turn")]


def test_a_failure_after_it_was_given_up_changes_nothing_more() -> None:
    walked = Walked()
    first = only(walked)
    walked.answer(first, 1, permanent=True)
    walked.answer(only(walked), 2, permanent=True)
    wake_at = walked.state.wake_at
    walked.answer(first, 3)
    assert walked.tells() == []
    assert walked.state.wake_at == wake_at
    assert next(t for t in walked.state.tellings if t.ref == "contact:eva").given_up


def test_a_message_about_an_earlier_alarm_that_arrives_late_is_no_hand_over_of_the_new_one() -> None:
    walked = Walked()
    before = walked.state
    walked.step(replace(told(only(walked), ok=True), alarm="earlier"), s(1))
    assert walked.state is before
    assert [type(d) for d in walked.decisions] == [Settle]


def test_an_answer_about_a_telling_that_was_followed_by_a_newer_one_only_settles_its_try() -> None:
    walked = Walked(chains(BRIEF), usable=frozenset({"voice"}))
    first = only(walked)
    walked.answer(first, 1, ok=True)
    walked.wake()
    assert only(walked).number == 1
    before = walked.state
    walked.answer(first, 7)
    assert walked.state is before
    assert walked.decisions == (Settle(first.id),)


def test_an_answer_about_an_alarm_of_which_the_chain_knows_nothing_only_settles_its_try() -> None:
    tell = only(Walked())
    outcome = chain.step(ChainState(chain_book(PRESS)), told(tell, ok=True), s(1))
    assert outcome.decisions == (Settle(tell.id),)
    assert outcome.state.alarm is None


def test_a_look_at_an_alarm_of_which_the_chain_knows_nothing_hands_nothing_over() -> None:
    state = ChainState(chain_book(PRESS))
    assert chain.step(state, Shown(SLOT, "other", "operator:anna", s(1)), s(1)).state is state


def test_a_chain_that_never_began_neither_stops_nor_goes_on() -> None:
    state = ChainState(chain_book(PRESS))
    for event in (StopChain(SLOT), StopChain(SLOT, final=True), ContinueChain(SLOT, "asked"), TurnCame()):
        assert chain.step(state, event, s(1)) == Outcome(state)


def test_stopping_leaves_what_was_handed_over_as_it_is() -> None:
    walked = Walked()
    walked.answer(only(walked), 1, ok=True)
    tellings = walked.state.tellings
    walked.step(StopChain(SLOT), s(2))
    assert walked.decisions == ()
    assert walked.state.tellings == tellings


def test_a_finished_chain_stays_finished_whatever_comes_late() -> None:
    walked = Walked()
    walked.step(StopChain(SLOT, final=True), s(1))
    for event in (StopChain(SLOT), Shown(SLOT, walked.alarm.id, "operator:anna", s(1)), ContinueChain(SLOT, "asked"), TurnCame()):
        walked.step(event, s(2))
        assert walked.decisions == ()
        assert walked.state.state == "done"


# -- a site that changes meanwhile ----------------------------------------------------------------------------------------


def test_whoever_is_no_longer_in_the_chain_is_not_tried_again() -> None:
    walked = Walked()
    walked.answer(only(walked), 1)
    email = only(walked)
    moved(walked, chains("{id: standard, links: [{tell: [contact:adam], wait_s: 60}, {tell: [unit:centre], wait_s: 60}]}"))
    walked.answer(email, 2)
    assert walked.tells() == []
    assert (walked.state.tellings[0].given_up, walked.state.tellings[0].next_at) == (True, None)


def test_a_try_that_is_due_for_somebody_who_has_left_the_chain_is_given_up_and_settled() -> None:
    walked = Walked()
    first = only(walked)
    walked.answer(first, 1)
    walked.answer(only(walked), 2)
    moved(walked, chains("{id: standard, links: [{tell: [contact:adam], wait_s: 60}, {tell: [unit:centre], wait_s: 60}]}"))
    walked.step(TurnCame(), s(7))
    assert walked.state.tellings[0].given_up
    assert Settle(first.id) in walked.decisions
    assert "contact:eva" not in [t.ref for t in walked.tells()]
    assert walked.state.wake_at is not None
    assert walked.state.wake_at > s(7)


def test_a_try_that_is_due_for_somebody_who_has_no_channel_left_is_given_up() -> None:
    walked = Walked()
    walked.answer(only(walked), 1)
    walked.answer(only(walked), 2)
    walked.state = replace(walked.state, book=chain_book(PRESS, frozenset({"webhook"})))
    walked.step(TurnCame(), s(7))
    assert next(t for t in walked.state.tellings if t.ref == "contact:eva").given_up
    assert [t.ref for t in walked.tells()] == ["unit:patrol"]


def test_a_try_whose_channel_was_taken_out_meanwhile_goes_by_one_that_is_left() -> None:
    walked = Walked()
    walked.answer(only(walked), 1)
    email = only(walked)
    walked.state = replace(walked.state, book=chain_book(PRESS, frozenset({"sms", "webhook"})))
    walked.answer(email, 2)
    assert walked.wake() == s(7)
    assert (only(walked).ref, only(walked).channel) == ("contact:eva", "sms")
