"""What an alarm's timeline and record say of each answer: who, when, by which channel, with which words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from alarmcore import lifecycle
from alarmcore.model.alarm import (
    Alarm,
    AlarmEvent,
    CloseTrack,
    ContinueChain,
    DeclineLink,
    EndCondition,
    Facts,
    Fix,
    ForgiveRule,
    NoteOuting,
    OpenTrack,
    Refuse,
    StopChain,
)
from alarmcore.outcome import Outcome
from alarmcore.rules import RULES
from tests.alarms import NOW, SLOT, after, answer, opened, raised

LATER = NOW + timedelta(seconds=20)
FIX = Fix(58.0, 12.0, NOW, 8.0)


def line(alarm: Alarm, event: str, **more: Any) -> AlarmEvent:
    return AlarmEvent(
        at=LATER,
        event=event,
        tenant="grastorp",
        alarm=alarm.id,
        resident="r1",
        rule="press",
        cause="button",
        priority="critical",
        **more,
    )


def taken() -> Alarm:
    """Taken by Eva when it was raised."""
    return after(opened(), "take")


def said(alarm: Alarm, word: str, by: str = "contact:eva", **more: str) -> tuple[Alarm | None, tuple[Any, ...]]:
    outcome = lifecycle.step(alarm, answer(alarm, word, by, **more), LATER)
    return outcome.state, outcome.decisions


def test_the_same_reading_has_the_same_alarm_id_in_every_release() -> None:
    """Else a replay of what was recorded would not say the same after an upgrade."""
    assert opened().id == "horpdopeconsbnqw"


def test_an_alarm_carries_where_the_person_was() -> None:
    alarm = lifecycle.step(None, raised(fix=FIX), NOW).state
    assert alarm is not None
    assert alarm.fix == FIX


def test_a_repeat_brings_a_newer_position_and_one_without_keeps_the_older() -> None:
    there = Fix(58.5, 12.0, LATER, 8.0)
    first = lifecycle.step(None, raised(fix=FIX), NOW).state
    moved = lifecycle.step(first, raised(reading=8, fix=there), LATER).state
    still = lifecycle.step(moved, raised(reading=9), LATER).state
    assert moved is not None
    assert still is not None
    assert (moved.fix, still.fix) == (there, there)


PERSONS = [
    "button",
    "fall",
    "on_floor",
    "zone_exit",
    "zone_enter",
    "door_open",
    "out_of_bed",
    "inactivity",
    "measurement",
    "internal",
]
THINGS = ["silent", "battery_low", "sensor_fault", "missed_medication", "unknown_device"]


def test_of_every_cause_it_is_known_whether_somebody_may_have_to_be_searched_for() -> None:
    assert {*PERSONS, *THINGS} == set(RULES) | {"internal", "unknown_device"}


@pytest.mark.parametrize(
    ("cause", "priority", "sought"),
    [
        *((cause, "normal", True) for cause in PERSONS),
        *((cause, "critical", False) for cause in THINGS),
        ("measurement", "technical", False),
    ],
)
def test_only_an_alarm_about_somebody_who_may_be_searched_for_knows_where_they_are(
    cause: str, priority: str, sought: bool
) -> None:
    first = lifecycle.step(None, raised(cause=cause, priority=priority, fix=FIX), NOW)
    assert first.state is not None
    assert (first.state.fix is not None) is sought
    assert (OpenTrack(SLOT, first.state.id) in first.decisions) is sought
    again = lifecycle.step(first.state, raised(cause=cause, priority=priority, fix=Fix(58.5, 12.0, LATER, 8.0)), LATER).state
    assert again is not None
    assert (again.fix is not None) is sought


def test_what_counts_from_the_finding_carries_when_that_was() -> None:
    aged, plain = Facts("outside", ("home",), age_s=60), Facts(quantity="pulse", value=120.0)
    for facts, at in ((aged, True), (plain, False)):
        first = lifecycle.step(None, raised(facts=facts), NOW)
        second = lifecycle.step(first.state, raised(facts=facts, reading=8), LATER)
        for outcome, moment in ((first, NOW), (second, LATER)):
            assert outcome.state is not None
            told = next(one.facts for one in outcome.decisions if isinstance(one, AlarmEvent))
            assert told == outcome.state.facts == (replace(facts, at=moment) if at else facts)


def test_whatever_alarm_is_resolved_its_track_is_closed() -> None:
    """One that was raised by an older version has one, whatever it was about."""
    alarm = lifecycle.step(None, raised(cause="battery_low"), NOW).state
    assert alarm is not None
    assert CloseTrack(SLOT, alarm.id) in said(alarm, "resolve", outcome="technical")[1]


def test_a_repeat_says_which_device_and_that_the_condition_holds_again() -> None:
    alarm = lifecycle.step(opened(), EndCondition(SLOT, "device_reset"), NOW).state
    assert alarm is not None
    assert alarm.ended_at == NOW
    outcome = lifecycle.step(alarm, raised(reading=8, device="pendant-2", late_s=90), LATER)
    assert outcome.decisions == (line(alarm, "alarm.repeated", why="pressed", late_s=90, device="pendant-2"),)
    assert outcome.state == replace(alarm, repeats=1, last_repeat_at=LATER, ended_at=None)


def test_a_repeat_that_is_not_late_and_names_no_device_says_neither() -> None:
    alarm = opened()
    outcome = lifecycle.step(alarm, raised(reading=8, device=""), LATER)
    assert outcome.decisions == (line(alarm, "alarm.repeated", why="pressed"),)


def test_the_condition_of_a_resolved_alarm_ends_in_silence() -> None:
    alarm = after(opened(), "resolve")
    assert lifecycle.step(alarm, EndCondition(SLOT, "device_reset"), LATER) == Outcome(alarm)


def test_who_took_it_when_and_by_which_channel_is_kept() -> None:
    alarm = opened()
    state, decisions = said(alarm, "take", text="on my way")
    followed_up_at = LATER + timedelta(seconds=600)
    assert state == replace(
        alarm, state="taken", taken_by="contact:eva", taken_at=LATER, taken_via="link", wake_at=followed_up_at
    )
    told = line(alarm, "alarm.taken", to="contact:eva", via="link", text="on my way")
    assert decisions == (told, StopChain(SLOT))


def test_arriving_keeps_who_took_it_and_when() -> None:
    alarm = taken()
    state, decisions = said(alarm, "arrive", "unit:patrol")
    assert state == replace(alarm, state="arrived", wake_at=LATER + timedelta(seconds=600))
    assert decisions == (line(alarm, "alarm.arrived", to="unit:patrol", via="link"), StopChain(SLOT))


def test_arriving_at_what_nobody_took_says_both() -> None:
    alarm = opened()
    state, decisions = said(alarm, "arrive")
    assert state is not None
    assert (state.state, state.taken_by, state.taken_at) == ("arrived", "contact:eva", LATER)
    both = (line(alarm, name, to="contact:eva", via="link") for name in ("alarm.taken", "alarm.arrived"))
    assert decisions == (*both, StopChain(SLOT))


def test_a_decline_by_somebody_else_is_written_down_and_leaves_it_with_whoever_took_it() -> None:
    alarm = taken()
    state, decisions = said(alarm, "decline", "contact:adam")
    assert state is alarm
    assert decisions == (line(alarm, "alarm.declined", to="contact:adam", via="link"),)


def test_a_decline_of_what_nobody_took_leaves_it_open() -> None:
    alarm = opened()
    state, decisions = said(alarm, "decline")
    assert state is alarm
    assert decisions == (line(alarm, "alarm.declined", to="contact:eva", via="link"), DeclineLink(SLOT, "contact:eva"))


def test_the_takers_decline_leaves_no_trace_of_them_in_the_open_alarm() -> None:
    state, decisions = said(taken(), "decline")
    assert state == opened()
    told = line(opened(), "alarm.declined", to="contact:eva", via="link")
    reopened = line(opened(), "alarm.reopened", why="taker_declined")
    assert decisions == (told, reopened, ContinueChain(SLOT, "taker_declined"))


def test_a_lapsed_follow_up_leaves_no_trace_of_whoever_took_it() -> None:
    alarm = taken()
    assert alarm.wake_at is not None
    outcome = lifecycle.step(alarm, lifecycle.FollowUp(), alarm.wake_at)
    assert outcome.state == opened()


def test_a_follow_up_of_what_is_not_taken_or_not_there_changes_nothing() -> None:
    alarm = opened()
    assert lifecycle.step(alarm, lifecycle.FollowUp(), LATER) == Outcome(alarm)
    assert lifecycle.step(None, lifecycle.FollowUp(), LATER) == Outcome(None)


def test_escalating_says_who_asked_and_when() -> None:
    alarm = taken()
    state, decisions = said(alarm, "escalate", "unit:patrol", text="two of us are needed")
    assert state == opened()
    told = line(alarm, "alarm.escalated", to="unit:patrol", via="link", why="asked", text="two of us are needed")
    assert decisions == (told, ContinueChain(SLOT, "asked"))


def test_a_note_says_who_wrote_it_and_when() -> None:
    alarm = taken()
    assert said(alarm, "note", text="the door is locked") == (
        alarm,
        (line(alarm, "alarm.noted", to="contact:eva", via="link", text="the door is locked"),),
    )


def test_an_outing_stands_on_the_timeline_of_an_open_alarm_and_changes_nothing_of_it() -> None:
    note = NoteOuting(slot=SLOT, event="alarm.outing_begun", to="contact:eva", via="link", text="Adam", until=LATER)
    told = {"to": "contact:eva", "via": "link", "text": "Adam", "until": LATER}
    for alarm in (opened(), taken(), after(opened(), "take")):
        outcome = lifecycle.step(alarm, note, LATER)
        assert outcome.state is alarm
        assert outcome.decisions == (line(alarm, "alarm.outing_begun", **told),)
    for ended in (None, after(opened(), "resolve")):
        assert lifecycle.step(ended, note, LATER) == Outcome(ended)


def test_how_it_ended_is_kept_with_the_words_of_whoever_resolved_it() -> None:
    alarm = taken()
    state, decisions = said(alarm, "resolve", "unit:patrol", outcome="helped", text="back in bed")
    assert state == replace(alarm, state="resolved", outcome="helped", resolved_at=LATER, wake_at=None)
    told = line(alarm, "alarm.resolved", to="unit:patrol", via="link", text="back in bed", why="helped", outcome="helped")
    assert decisions == (told, StopChain(SLOT, final=True), ForgiveRule(SLOT), CloseTrack(SLOT, alarm.id))


def test_an_outcome_said_with_another_answer_is_written_down_with_it() -> None:
    _, decisions = said(opened(), "take", outcome="test")
    assert decisions[0].outcome == "test"


@pytest.mark.parametrize(
    ("word", "about", "code"), [("take", "other", "alarm_unknown"), ("take", "", "alarm_closed"), ("resolve", "", None)]
)
def test_an_answer_that_does_not_fit_leaves_the_alarm_as_it_was(word: str, about: str, code: str | None) -> None:
    alarm = after(opened(), "resolve")
    event = answer(alarm, word, outcome="other")
    outcome = lifecycle.step(alarm, replace(event, alarm=about or alarm.id), LATER)
    assert outcome == Outcome(alarm, (Refuse(code),) if code else ())
