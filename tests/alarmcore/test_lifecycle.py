"""What becomes of an alarm: raised, repeated, taken, arrived at, declined, reopened, escalated, resolved."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alarmcore import lifecycle
from alarmcore.model.alarm import (
    AlarmEvent,
    AnswerAlarm,
    CloseTrack,
    ContinueChain,
    DeclineLink,
    EndCondition,
    ForgiveRule,
    OpenTrack,
    Refuse,
    Slot,
    StartChain,
    StopChain,
)
from alarmcore.outcome import Outcome
from tests.alarms import NOW, SLOT, after, answer, opened, raised
from tests.stories import told, town

PRESS = town("[{id: press, kind: button}]")
QUIET = town("[{id: press, kind: button, chain: quiet}]")


def test_raising_starts_the_chain_in_the_same_step() -> None:
    outcome = lifecycle.step(None, raised(late_s=90), NOW + timedelta(seconds=90))
    event, start, track = outcome.decisions
    assert isinstance(event, AlarmEvent)
    assert (event.event, event.late_s, event.device) == ("alarm.raised", 90, "gps-1")
    assert isinstance(start, StartChain)
    assert start.alarm is outcome.state
    assert track == OpenTrack(SLOT, start.alarm.id)


def test_no_track_is_kept_where_nobody_is_known() -> None:
    slot = Slot("grastorp", "", "unknown", "gps-9")
    outcome = lifecycle.step(None, raised(slot=slot), NOW)
    assert [type(decision) for decision in outcome.decisions] == [AlarmEvent, StartChain]


def test_an_id_is_short_plain_and_the_same_for_the_same_reading() -> None:
    one = opened()
    assert one.id == opened().id
    assert len(one.id) <= 32
    assert one.id.isascii()
    assert one.id.isalnum()


@pytest.mark.parametrize(
    "other",
    [
        {"slot": Slot("tanum", "r1", "press")},
        {"slot": Slot("grastorp", "r2", "press")},
        {"slot": Slot("grastorp", "r1", "fall")},
        {"slot": Slot("grastorp", "", "unknown_device", "gps-1")},
        {"reading": 8},
        {"again": 1},
        {"happened_at": NOW + timedelta(days=8)},
    ],
)
def test_every_other_alarm_has_another_id(other: dict[str, object]) -> None:
    assert lifecycle.alarm_id(raised(**other)) != lifecycle.alarm_id(raised())


def test_taking_stops_the_chain_and_is_followed_up() -> None:
    outcome = lifecycle.step(opened(), answer(opened(), "take"), NOW)
    alarm = outcome.state
    assert alarm is not None
    assert (alarm.state, alarm.taken_by, alarm.taken_via) == ("taken", "contact:eva", "link")
    assert alarm.wake_at == NOW + timedelta(seconds=600)
    assert outcome.decisions[1:] == (StopChain(SLOT),)


def test_taking_twice_oneself_changes_nothing() -> None:
    alarm = after(opened(), "take")
    assert lifecycle.step(alarm, answer(alarm, "take"), NOW + timedelta(seconds=9)) == Outcome(alarm)


def test_taking_what_somebody_else_has_taken_is_refused_and_names_who() -> None:
    alarm = after(opened(), "take")
    outcome = lifecycle.step(alarm, answer(alarm, "take", "contact:adam"), NOW)
    assert outcome.state is alarm
    assert outcome.decisions == (Refuse("taken_by_other", "contact:eva"),)


def test_the_follow_up_opens_it_again_only_when_its_time_has_come() -> None:
    alarm = after(opened(), "take")
    early = lifecycle.step(alarm, lifecycle.FollowUp(), NOW + timedelta(seconds=599))
    assert early == Outcome(alarm)
    due = lifecycle.step(alarm, lifecycle.FollowUp(), NOW + timedelta(seconds=600))
    assert due.state is not None
    assert (due.state.state, due.state.taken_by, due.state.wake_at) == ("open", None, None)
    assert due.decisions[1] == ContinueChain(SLOT, "follow_up_lapsed")


def test_an_answer_about_another_alarm_is_refused() -> None:
    alarm = opened()
    other = AnswerAlarm(slot=SLOT, alarm="other", answer="take", by="contact:eva", via="link")
    assert lifecycle.step(alarm, other, NOW).decisions == (Refuse("alarm_unknown"),)
    assert lifecycle.step(None, other, NOW).decisions == (Refuse("alarm_unknown"),)


def test_a_resolved_alarm_takes_no_answer_but_a_double_tap_is_no_mistake() -> None:
    alarm = after(opened(), "resolve")
    assert lifecycle.step(alarm, answer(alarm, "take"), NOW).decisions == (Refuse("alarm_closed"),)
    assert lifecycle.step(alarm, answer(alarm, "resolve", outcome="other"), NOW).decisions == ()
    assert lifecycle.step(alarm, answer(alarm, "resolve", outcome="helped"), NOW).decisions == (Refuse("alarm_closed"),)


def test_resolving_ends_the_chain_and_forgives_the_rule() -> None:
    outcome = lifecycle.step(opened(), answer(opened(), "resolve", outcome="helped"), NOW)
    assert outcome.decisions[1:] == (StopChain(SLOT, final=True), ForgiveRule(SLOT), CloseTrack(SLOT, opened().id))


def test_a_note_is_written_down_and_changes_nothing() -> None:
    alarm = after(opened(), "take")
    outcome = lifecycle.step(alarm, answer(alarm, "note", text="on the way"), NOW)
    assert outcome.state is alarm
    assert [(d.event, d.text) for d in outcome.decisions] == [("alarm.noted", "on the way")]


def test_escalating_makes_it_nobodys_and_goes_on_at_once() -> None:
    alarm = after(opened(), "take")
    outcome = lifecycle.step(alarm, answer(alarm, "escalate"), NOW)
    assert outcome.state is not None
    assert (outcome.state.state, outcome.state.taken_by) == ("open", None)
    assert outcome.decisions[0].event == "alarm.escalated"
    assert outcome.decisions[1] == ContinueChain(SLOT, "asked")


def test_a_decline_of_somebody_who_has_not_taken_it_is_the_chains_to_judge() -> None:
    outcome = lifecycle.step(opened(), answer(opened(), "decline"), NOW)
    assert outcome.decisions[1] == DeclineLink(SLOT, "contact:eva")


def test_a_condition_ends_once_and_only_for_the_device_that_began_it() -> None:
    alarm = opened()
    assert lifecycle.step(alarm, EndCondition(SLOT, "device_reset", "bed-1"), NOW) == Outcome(alarm)
    ended = lifecycle.step(alarm, EndCondition(SLOT, "device_reset", "gps-1"), NOW)
    assert [d.event for d in ended.decisions] == ["alarm.condition_ended"]
    assert lifecycle.step(ended.state, EndCondition(SLOT, "device_reset", "gps-1"), NOW).decisions == ()
    assert lifecycle.step(None, EndCondition(SLOT, "device_reset"), NOW) == Outcome(None)


def test_what_is_found_meanwhile_is_added_and_counted() -> None:
    again = lifecycle.step(opened(), raised(reading=8, late_s=70), NOW + timedelta(seconds=5))
    assert again.state is not None
    assert (again.state.repeats, again.state.last_repeat_at) == (1, NOW + timedelta(seconds=5))
    assert [(d.event, d.late_s) for d in again.decisions] == [("alarm.repeated", 70)]


# -- as stories -----------------------------------------------------------------------------------------------------------


def test_a_taken_alarm_that_is_not_resolved_is_opened_again_and_the_next_link_told() -> None:
    told(
        QUIET,
        """
        >> 12:00 gps-1 button
        << 12:00 alarm.raised press
        << 12:00 alarm.told press unit:centre
        >> 12:01 unit:centre take
        << 12:01 alarm.taken press unit:centre
        << 12:31 alarm.reopened press why=follow_up_lapsed
        << 12:31 alarm.told press unit:centre link=0 why=follow_up_lapsed
        >> 12:40 tick
        """,
    )


def test_arriving_starts_the_follow_up_anew() -> None:
    told(
        QUIET,
        """
        >> 12:00 gps-1 button
        << 12:00 alarm.raised press
        << 12:00 alarm.told press unit:centre
        >> 12:01 unit:centre take
        << 12:01 alarm.taken press unit:centre
        >> 12:20 unit:centre arrive
        << 12:20 alarm.arrived press unit:centre
        << 12:50 alarm.reopened press
        << 12:50 alarm.told press unit:centre
        >> 13:00 tick
        """,
    )


def test_arriving_at_what_nobody_took_is_taking_it() -> None:
    told(
        QUIET,
        """
        >> 12:00 gps-1 button
        << 12:00 alarm.raised press
        << 12:00 alarm.told press unit:centre
        >> 12:01 unit:centre arrive
        << 12:01 alarm.taken press unit:centre
        << 12:01 alarm.arrived press unit:centre
        >> 12:20 unit:centre resolve outcome=moved_to_112
        << 12:20 alarm.resolved press unit:centre why=moved_to_112
        >> 20:00 tick
        """,
    )


def test_the_takers_decline_opens_it_again_and_the_next_link_is_told() -> None:
    told(
        PRESS,
        """
        >> 22:00 gps-1 button
        << 22:00 alarm.raised press
        << 22:00 alarm.told press contact:eva link=0
        >> 22:00:10 contact:eva take
        << 22:00:10 alarm.taken press contact:eva
        >> 22:10 contact:eva decline
        << 22:10 alarm.declined press contact:eva
        << 22:10 alarm.reopened press why=taker_declined
        << 22:10 alarm.told press unit:patrol link=1 why=taker_declined
        """,
    )


def test_a_reset_ends_the_condition_but_not_the_chain() -> None:
    told(
        PRESS,
        """
        >> 22:00 gps-1 button
        << 22:00 alarm.raised press
        << 22:00 alarm.told press contact:eva
        >> 22:00:10 bed-1 reset
        >> 22:00:20 gps-1 reset
        << 22:00:20 alarm.condition_ended press why=device_reset
        >> 22:00:30 gps-1 reset
        << 22:01 alarm.told press unit:patrol link=1
        >> 22:02 tick
        """,
    )


def test_one_open_alarm_for_each_rule_of_each_resident() -> None:
    found = told(
        town("[{id: press, kind: button, chain: quiet}, {id: also, kind: button, chain: quiet, priority: normal}]"),
        """
        >> 12:00 gps-1 button
        << 12:00 alarm.raised press priority=critical
        << 12:00 alarm.raised also priority=normal
        << 12:00 alarm.told press unit:centre
        << 12:00 alarm.told also unit:centre
        >> 12:01 gps-1 button
        << 12:01 alarm.repeated press
        << 12:01 alarm.repeated also
        """,
    )
    assert len({line["alarm"] for line in found}) == 2
