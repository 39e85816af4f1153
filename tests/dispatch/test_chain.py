"""Who is told next, until somebody answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from alarmcore.model.alarm import AlarmEvent, ContinueChain, DeclineLink, Slot, StartChain, StopChain
from alarmcore.model.site import Site
from dispatch import chain
from dispatch.chain import ChainState, Shown, TurnCame
from dispatch.plan import chain_book
from dispatch.telling import Settle, Tell, Told
from tests.alarmcore.test_lifecycle import opened
from tests.stories import told, town

NOW = datetime(2026, 1, 14, 23, tzinfo=UTC)
SLOT = Slot("grastorp", "r1", "press")
PRESS = town("[{id: press, kind: button}]")


def chains(text: str, **parts: str) -> Site:
    quiet = "{id: technical, links: [{tell: [unit:centre], wait_s: 86400}]}"
    return town("[{id: press, kind: button}]", chains=f"[{text}, {quiet}]", **parts)


# -- as stories, where every channel hands over at once -------------------------------------------------------------------


def test_each_link_has_its_time_and_the_last_one_repeats() -> None:
    told(
        PRESS,
        """
        >> 22:00 gps-1 button
        << 22:00 alarm.raised press
        << 22:00 alarm.told press contact:eva link=0 channel=sms why=chain_turn
        << 22:01 alarm.told press unit:patrol link=1 channel=webhook why=no_answer
        << 22:03 alarm.told press unit:centre link=2 channel=console why=no_answer
        << 22:08 alarm.told press unit:centre link=2 why=last_link_repeats
        << 22:13 alarm.told press unit:centre link=2 why=last_link_repeats
        >> 22:18 tick
        """,
    )


def test_a_link_with_nobody_on_duty_is_skipped_at_once() -> None:
    told(
        PRESS,
        """
        >> 12:00 gps-1 button
        << 12:00 alarm.raised press
        << 12:00 alarm.told press contact:eva link=0
        << 12:01 chain.skipped press link=1 why=nobody_on_duty
        << 12:01 alarm.told press unit:centre link=2
        >> 12:02 tick
        """,
    )


def test_several_links_with_nobody_on_duty_are_skipped_in_order_at_one_instant() -> None:
    told(
        chains(
            "{id: standard, links: [{tell: [unit:patrol], wait_s: 60}, {tell: [unit:patrol], wait_s: 60},"
            " {tell: [contact:eva, unit:patrol], wait_s: 60}, {tell: [unit:patrol], wait_s: 60}, {tell: [unit:centre], wait_s: 60}]}"
        ),
        """
        >> 12:00 gps-1 button
        << 12:00 alarm.raised press
        << 12:00 chain.skipped press link=0 why=nobody_on_duty
        << 12:00 chain.skipped press link=1 why=nobody_on_duty
        << 12:00 alarm.told press contact:eva link=2
        << 12:01 chain.skipped press link=3
        << 12:01 alarm.told press unit:centre link=4
        >> 12:01:30 tick
        """,
    )


def test_duty_ends_and_begins_by_the_wall_clock() -> None:
    told(
        chains("{id: standard, links: [{tell: [unit:patrol], wait_s: 60}, {tell: [unit:centre], wait_s: 86400}]}"),
        """
        >> 05:59:59 gps-1 button
        << 05:59:59 alarm.raised press
        << 05:59:59 alarm.told press unit:patrol
        >> 06:00 unit:patrol resolve
        << 06:00 alarm.resolved press unit:patrol
        >> 06:00 gps-1 button                  # 07:00: the patrol has gone home
        << 06:00 alarm.raised press
        << 06:00 chain.skipped press link=0
        << 06:00 alarm.told press unit:centre link=1
        """,
    )


def test_the_recipients_of_a_link_are_told_at_once() -> None:
    told(
        chains("{id: standard, links: [{tell: [contact:adam, contact:eva], wait_s: 60}, {tell: [unit:centre], wait_s: 60}]}"),
        """
        >> 12:00 gps-1 button
        << 12:00 alarm.raised press
        << 12:00 alarm.told press contact:adam link=0
        << 12:00 alarm.told press contact:eva link=0
        << 12:01 alarm.told press unit:centre link=1
        >> 12:01:30 tick
        """,
    )


def test_the_next_link_waits_until_all_who_were_told_have_declined() -> None:
    told(
        chains("{id: standard, links: [{tell: [contact:adam, contact:eva], wait_s: 60}, {tell: [unit:centre], wait_s: 60}]}"),
        """
        >> 12:00 gps-1 button
        << 12:00 alarm.raised press
        << 12:00 alarm.told press contact:adam
        << 12:00 alarm.told press contact:eva
        >> 12:00:10 contact:adam decline
        << 12:00:10 alarm.declined press contact:adam
        >> 12:00:20 contact:eva decline
        << 12:00:20 alarm.declined press contact:eva
        << 12:00:20 alarm.told press unit:centre link=1 why=all_declined
        """,
    )


def test_a_decline_of_one_of_two_leaves_the_other_their_time() -> None:
    told(
        chains("{id: standard, links: [{tell: [contact:adam, contact:eva], wait_s: 60}, {tell: [unit:centre], wait_s: 60}]}"),
        """
        >> 12:00 gps-1 button
        << 12:00 alarm.raised press
        << 12:00 alarm.told press contact:adam
        << 12:00 alarm.told press contact:eva
        >> 12:00:10 contact:adam decline
        << 12:00:10 alarm.declined press contact:adam
        << 12:01 alarm.told press unit:centre link=1 why=no_answer
        >> 12:01:30 tick
        """,
    )


def test_a_decline_of_a_link_that_has_had_its_turn_does_not_hurry_the_chain() -> None:
    told(
        PRESS,
        """
        >> 22:00 gps-1 button
        << 22:00 alarm.raised press
        << 22:00 alarm.told press contact:eva
        << 22:01 alarm.told press unit:patrol
        >> 22:01:30 contact:eva decline
        << 22:01:30 alarm.declined press contact:eva
        << 22:03 alarm.told press unit:centre
        >> 22:04 tick
        """,
    )


def test_a_decline_at_the_last_link_does_not_end_its_repeating() -> None:
    told(
        PRESS,
        """
        >> 22:00 gps-1 button
        << 22:00 alarm.raised press
        << 22:00 alarm.told press contact:eva
        << 22:01 alarm.told press unit:patrol
        << 22:03 alarm.told press unit:centre
        >> 22:04 unit:centre decline
        << 22:04 alarm.declined press unit:centre
        << 22:08 alarm.told press unit:centre why=last_link_repeats
        >> 22:10 tick
        """,
    )


def test_taking_stops_the_chain() -> None:
    told(
        PRESS,
        """
        >> 22:00 gps-1 button
        << 22:00 alarm.raised press
        << 22:00 alarm.told press contact:eva
        >> 22:00:30 contact:eva take
        << 22:00:30 alarm.taken press contact:eva
        >> 22:20 contact:eva resolve outcome=helped
        << 22:20 alarm.resolved press contact:eva why=helped
        >> 23:59 tick
        """,
    )


def test_an_answer_at_the_instant_of_the_next_turn_comes_first() -> None:
    told(
        PRESS,
        """
        >> 22:00 gps-1 button
        << 22:00 alarm.raised press
        << 22:00 alarm.told press contact:eva
        >> 22:01 contact:eva take
        << 22:01 alarm.taken press contact:eva
        >> 22:05 tick
        """,
    )


def test_a_lapsed_follow_up_goes_on_with_the_next_link_and_the_last_one_repeats() -> None:
    told(
        chains(
            "{id: standard, links: [{tell: [contact:eva], wait_s: 60}, {tell: [unit:centre], wait_s: 600}], follow_up_s: 300}"
        ),
        """
        >> 12:00 gps-1 button
        << 12:00 alarm.raised press
        << 12:00 alarm.told press contact:eva link=0
        >> 12:00:30 contact:eva take
        << 12:00:30 alarm.taken press contact:eva
        << 12:05:30 alarm.reopened press why=follow_up_lapsed
        << 12:05:30 alarm.told press unit:centre link=1 why=follow_up_lapsed
        >> 12:06 unit:centre take
        << 12:06 alarm.taken press unit:centre
        << 12:11 alarm.reopened press
        << 12:11 alarm.told press unit:centre link=1 why=follow_up_lapsed
        << 12:21 alarm.told press unit:centre link=1 why=last_link_repeats
        >> 12:30 tick
        """,
    )


def test_a_follow_up_that_lapses_skips_those_off_duty() -> None:
    told(
        chains(
            "{id: standard, follow_up_s: 300, links: [{tell: [contact:eva], wait_s: 60}, {tell: [unit:patrol], wait_s: 60},"
            " {tell: [unit:centre], wait_s: 86400}]}"
        ),
        """
        >> 12:00 gps-1 button
        << 12:00 alarm.raised press
        << 12:00 alarm.told press contact:eva
        >> 12:00:30 contact:eva take
        << 12:00:30 alarm.taken press contact:eva
        << 12:05:30 alarm.reopened press
        << 12:05:30 chain.skipped press link=1
        << 12:05:30 alarm.told press unit:centre link=2 why=follow_up_lapsed
        >> 12:06 tick
        """,
    )


def test_technical_alarms_walk_the_technical_chain_and_a_rules_own_chain_comes_before_all() -> None:
    told(
        town("[{id: flat, kind: battery_low}, {id: own, kind: battery_low, chain: standard}, {id: dose, kind: missed_medication}]"),
        """
        >> 12:00 gps-1 status battery_pct=5
        << 12:00 alarm.raised flat priority=technical
        << 12:00 alarm.raised own priority=technical
        << 12:00 alarm.told flat unit:centre
        << 12:00 alarm.told own contact:eva
        >> 12:00:10 motion-1 medication taken=false
        << 12:00:10 alarm.raised dose
        << 12:00:10 alarm.told dose contact:eva
        """,
    )


def test_a_repeat_tells_nobody_anew() -> None:
    told(
        PRESS,
        """
        >> 22:00 gps-1 button
        << 22:00 alarm.raised press
        << 22:00 alarm.told press contact:eva
        >> 22:00:59 gps-1 button
        << 22:00:59 alarm.repeated press
        << 22:01 alarm.told press unit:patrol
        >> 22:02 tick
        """,
    )


def test_a_new_alarm_starts_its_chain_from_the_first_link() -> None:
    told(
        PRESS,
        """
        >> 22:00 gps-1 button
        << 22:00 alarm.raised press
        << 22:00 alarm.told press contact:eva link=0
        << 22:01 alarm.told press unit:patrol link=1
        >> 22:02 unit:patrol resolve
        << 22:02 alarm.resolved press unit:patrol
        >> 22:03 gps-1 button
        << 22:03 alarm.raised press
        << 22:03 alarm.told press contact:eva link=0
        """,
    )


# -- step by step, where channels fail ------------------------------------------------------------------------------------


class Walked:
    """A chain under test, with what it decided last."""

    def __init__(self, site: Site = PRESS, usable: frozenset[str] | None = None) -> None:
        self.alarm = opened()
        self.state = ChainState(chain_book(site, usable))
        self.decisions: tuple[Any, ...] = ()
        self.step(StartChain(SLOT, self.alarm), NOW)

    def step(self, event: chain.Event, at: datetime) -> None:
        outcome = chain.step(self.state, event, at)
        self.state, self.decisions = outcome.state, outcome.decisions

    def wake(self) -> datetime:
        assert self.state.wake_at is not None
        at = self.state.wake_at
        self.step(TurnCame(), at)
        return at

    def answer(self, tell: Tell, after_s: float = 0.0, *, ok: bool = False, permanent: bool = False) -> None:
        told = Told(
            slot=SLOT,
            alarm=tell.alarm.id,
            id=tell.id,
            ref=tell.ref,
            number=tell.number,
            channel=tell.channel,
            ok=ok,
            permanent=permanent,
        )
        self.step(told, NOW + timedelta(seconds=after_s))

    def tells(self) -> list[Tell]:
        return [d for d in self.decisions if isinstance(d, Tell)]

    def events(self) -> list[tuple[str, str | None, str | None]]:
        return [(d.event, d.to, d.why) for d in self.decisions if isinstance(d, AlarmEvent)]


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
    walked = Walked(chains("{id: standard, links: [{tell: [contact:adam, contact:eva], wait_s: 60}, {tell: [unit:centre], wait_s: 60}]}"))
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
    looked.step(Shown(SLOT, looked.alarm.id, "operator:anna"), s(2))
    assert looked.events() == [("alarm.told", "unit:centre", "chain_turn")]
    assert Settle(tell.id) in looked.decisions
    assert looked.state.wake_at == s(302)


def test_a_look_at_another_alarm_hands_nothing_over() -> None:
    looked = Walked(chains("{id: standard, links: [{tell: [unit:centre], wait_s: 300}]}"))
    before = looked.state
    looked.step(Shown(SLOT, "other", "operator:anna"), s(2))
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
