"""A person is forgotten: nothing of them is remembered, and what is stored in its place says nothing of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from alarmcore.admission import registry_of
from alarmcore.bindings import WatchMachine
from alarmcore.model.alarm import Fix
from alarmcore.model.outing import BeginOuting
from alarmcore.rules.base import Memory
from alarmcore.usual.bed import Past
from alarmcore.usual.habit import Habit
from alarmcore.watch import ForgetPerson, WatchState, fresh
from tests.stories import town

NOW = datetime(2026, 1, 14, 12, tzinfo=UTC)
SITE = town("[{id: up, kind: out_of_bed, usual: {min_s: 600, max_s: 5400}}, {id: flat, kind: battery_low}]")
PERSON = ("grastorp", "r1")
LEARNED = Memory(past=Past(habit=Habit().observed(0, 2.0, 6.0, NOW)))


def known(machine: WatchMachine) -> WatchState:
    """Somebody of whom much is known, and whom an alarm's track follows."""
    state = machine.initial(PERSON)
    out = machine.step(state, BeginOuting(NOW + timedelta(hours=2), "Grannen", "operator:anna", "console"), NOW).state
    memories = tuple(
        LEARNED if one.rule.id == "up" else memory for one, memory in zip(out.plan.watched, out.memories, strict=True)
    )
    return WatchState(out.plan, memories, Fix(58.3345, 12.6784, NOW, 10.0), out.wake_at, out.wake_rule, out.outing, followed=True)


def test_nothing_that_was_learned_is_remembered_or_stored() -> None:
    machine = WatchMachine(registry_of([SITE]).plans.get)
    state = known(machine)
    assert state.outing is not None
    before = machine.encode(state)
    outcome = machine.step(state, ForgetPerson(), NOW)
    assert outcome.decisions == ()
    assert outcome.state == WatchState(fresh(state.plan).plan, fresh(state.plan).memories, followed=True)
    after = machine.encode(outcome.state)
    assert b"Grannen" in before
    assert len(after) < 10 < len(before)


def test_of_somebody_who_is_set_up_no_more_even_the_same_state_is_stored_anew() -> None:
    machine = WatchMachine(lambda _: None)
    state = machine.decode(
        PERSON, WatchMachine(registry_of([SITE]).plans.get).encode(known(WatchMachine(registry_of([SITE]).plans.get)))
    )
    blank = machine.step(state, ForgetPerson(), NOW).state
    again = machine.step(blank, ForgetPerson(), NOW).state
    assert again is not blank, "a state that is the same object is not stored, and what is stored would stay"
    assert (blank.fix, blank.outing, blank.wake_at) == (None, None, None)
