"""The watch during an outing: whatever happens in whatever order, nothing is found then, and nothing is lost by it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from test_watch import EVERYTHING, NOW, PERSON, Watching, minutes, said

from alarmcore import lifecycle, watch
from alarmcore.admission import registry_of
from alarmcore.bindings import WatchMachine, stored_outing
from alarmcore.model.alarm import AlarmEvent, EndCondition, FollowPerson, NoteOuting, RaiseAlarm, Refuse
from alarmcore.model.outing import OUTING_MAX, BeginOuting, EndOuting
from alarmcore.model.reasons import VOCABULARY
from alarmcore.model.site import Site
from alarmcore.rules.base import Memory
from alarmcore.rules.zone import ZoneRule
from alarmcore.watch import WHEREABOUTS
from tests.observed import observed
from tests.stories import town

LOSING = town(
    """
    - {id: press, kind: button}
    - {id: wander, kind: zone_exit, zones: [home, lake], lost_s: 2400, again_s: 1200}
    - {id: night, kind: zone_exit, zones: [home], active: [{from: "22:00", to: "06:00"}]}
    - {id: water, kind: zone_enter, zones: [lake]}
    - {id: still, kind: inactivity, limit_s: 7200}
    """,
    "stays: [{from: 2026-01-15, until: 2026-01-15, zones: [cottage], chain: quiet}]",
)


def away(watching: Watching, minute: int) -> tuple[Any, ...]:
    """A fix far away, in that minute."""
    watching.now = NOW + timedelta(minutes=minute)
    event = observed(EVERYTHING, "position", {"lat": 58.35, "lon": 12.7, "accuracy_m": 10}, watching.now)
    assert event is not None
    return watching.take(event)


def names(decisions: tuple[Any, ...]) -> list[str]:
    return [d.event if isinstance(d, AlarmEvent) else type(d).__name__ for d in decisions]


def test_an_outing_whose_timer_was_not_asked_ends_with_the_next_thing_that_happens() -> None:
    watching = Watching()
    watching.take(BeginOuting(NOW + timedelta(minutes=10), "Eva", "contact:eva", "link"))
    away(watching, 1)
    away(watching, 2)
    wander = watching.state.memories[[rule.id for rule in EVERYTHING.residents[0].rules].index("wander")]
    assert (wander.holds, wander.found) == (True, False)
    assert names(away(watching, 10)) == [], "at the very moment what comes in goes before it"
    decisions = away(watching, 11)
    assert names(decisions) == ["outing.lapsed", "RaiseAlarm"]
    assert (decisions[0].to, decisions[0].via) == (None, None), "nobody ended it"
    assert decisions[1].why == "outing_over outside_all_zones"
    assert watching.state.outing is not None
    assert watching.state.outing.ended_at == watching.now


def test_what_says_nothing_new_during_an_outing_changes_nothing_that_would_have_to_be_stored() -> None:
    watching = Accompanied()
    watching.take(BeginOuting(NOW + timedelta(hours=10), "Eva", "contact:eva", "link"))
    away(watching, 1)
    away(watching, 2)
    before = watching.state
    watching.now = NOW + timedelta(minutes=20)
    worn = observed(LOSING, "status", {"worn": True}, watching.now)
    assert worn is not None
    watching.take(worn)
    assert watching.state is before


def test_what_is_no_matter_of_whereabouts_is_found_during_an_outing_at_its_time() -> None:
    """An outing that began takes no timer away from the other rules, nor forgets what they found."""
    watching = Watching()
    floor = observed(EVERYTHING, "floor", {"device": "floor-1", "on_floor": True}, NOW)
    assert floor is not None
    watching.take(floor)
    before = watching.state
    assert (before.wake_at, before.wake_rule) == (NOW + timedelta(seconds=60), "lies")
    watching.take(BeginOuting(NOW + timedelta(hours=1), "Eva", "contact:eva", "link"))
    assert (watching.state.wake_at, watching.state.wake_rule) == (before.wake_at, before.wake_rule)
    watching.wait(NOW + timedelta(minutes=2))
    assert [raised.slot.rule for raised in watching.raised] == ["lies"]
    found = watching.state.memories
    decisions = watching.take(BeginOuting(watching.now + timedelta(hours=1), "Eva", "contact:eva", "link"))
    assert names(decisions) == ["outing.begun"]
    assert watching.state.memories == found


def test_what_was_found_before_an_outing_has_been_raised_once_and_waits_for_no_moment_of_its_own() -> None:
    watching = Watching()
    away(watching, 1)
    away(watching, 2)
    place = [rule.id for rule in EVERYTHING.residents[0].rules].index("wander")
    assert watching.state.memories[place].found
    watching.take(BeginOuting(watching.now + timedelta(hours=1), "Eva", "contact:eva", "link"))
    put_off = watching.state.memories[place]
    assert (put_off.found, put_off.again, put_off.due_at, put_off.again_at) == (False, 1, None, None)
    away(watching, 3)
    away(watching, 4)
    assert watching.state.memories[place].found is False


def test_what_was_resolved_before_an_outing_does_not_wait_for_its_moment_after_it() -> None:
    watching = Watching()
    away(watching, 1)
    place = [rule.id for rule in EVERYTHING.residents[0].rules].index("wander")
    memories = list(watching.state.memories)
    memories[place] = msgspec.structs.replace(memories[place], again=1, again_at=watching.now + timedelta(hours=5))
    watching.state = msgspec.structs.replace(watching.state, memories=tuple(memories))
    watching.take(BeginOuting(watching.now + timedelta(hours=1), "Eva", "contact:eva", "link"))
    assert (watching.state.memories[place].again, watching.state.memories[place].again_at) == (1, None)


def test_a_press_that_comes_after_the_time_is_found_beside_what_the_end_of_the_outing_finds() -> None:
    watching = Watching()
    watching.take(BeginOuting(NOW + timedelta(minutes=10), "Eva", "contact:eva", "link"))
    away(watching, 1)
    away(watching, 2)
    watching.now = NOW + timedelta(minutes=11)
    press = observed(EVERYTHING, "button", {}, watching.now)
    assert press is not None
    raised = [d.slot.rule for d in watching.take(press) if isinstance(d, RaiseAlarm)]
    assert raised == ["wander", "press"]


def test_a_wake_before_the_time_ends_no_outing_and_the_wake_at_it_does() -> None:
    watching = Watching()
    until = NOW + timedelta(minutes=10)
    watching.take(BeginOuting(until, "Eva", "contact:eva", "link"))
    watching.now = until - timedelta(microseconds=1)
    watching.take(watch.WOKE)
    assert watching.state.wake_at == until
    watching.now = until
    assert names(watching.take(watch.WOKE)) == ["outing.lapsed", "RaiseAlarm"]
    assert watching.state.wake_rule == watch.LAPSE, "the rule of the night has yet to ask"


def test_what_was_begun_and_ended_says_by_whom_how_and_with_whom() -> None:
    watching = Watching()
    (begun,) = watching.take(BeginOuting(NOW + timedelta(hours=2), "Eva, grannen", "operator:anna", "console"))
    assert (begun.to, begun.via, begun.text, begun.until) == (
        "operator:anna",
        "console",
        "Eva, grannen",
        NOW + timedelta(hours=2),
    )
    (ended,) = watching.take(EndOuting("contact:eva", "link"))
    assert (ended.event, ended.to, ended.via, ended.text) == ("outing.ended", "contact:eva", "link", "Eva, grannen")
    assert (ended.tenant, ended.resident, ended.alarm) == (*PERSON, None)
    assert watching.state.outing is not None
    assert (watching.state.outing.ended_at, watching.state.outing.ended_by) == (NOW, "contact:eva")
    assert watching.take(EndOuting("contact:eva", "link")) == ()


def test_an_outing_of_a_whole_day_is_the_longest() -> None:
    watching = Watching()
    (refused,) = watching.take(BeginOuting(NOW + OUTING_MAX + timedelta(microseconds=1), "Eva", "contact:eva", "link"))
    assert refused == Refuse("outing_too_long")
    assert watching.take(BeginOuting(NOW, "Eva", "contact:eva", "link")) == (Refuse("outing_past"),)
    assert watching.state.outing is None
    watching.take(BeginOuting(NOW + OUTING_MAX, "Eva", "contact:eva", "link"))
    assert watching.state.wake_at == NOW + OUTING_MAX


def test_what_a_rule_was_waiting_for_is_not_asked_during_an_outing() -> None:
    watching = Accompanied()
    away(watching, 1)
    assert watching.state.wake_rule == "wander", "it waits whether another position comes"
    watching.take(BeginOuting(NOW + timedelta(hours=10), "Eva", "contact:eva", "link"))
    assert (watching.state.wake_at, watching.state.wake_rule) == (NOW + timedelta(hours=10), watch.LAPSE)


def test_a_refused_second_outing_leaves_the_first_as_it_was() -> None:
    watching = Watching()
    watching.take(BeginOuting(NOW + timedelta(hours=1), "Eva", "contact:eva", "link"))
    before = watching.state
    watching.take(BeginOuting(NOW - timedelta(hours=1), "Adam", "contact:adam", "link"))
    assert watching.state is before


def test_only_what_was_found_is_said_to_have_ended() -> None:
    watching = Watching()
    away(watching, 1)
    away(watching, 2)
    decisions = watching.take(BeginOuting(watching.now + timedelta(hours=1), "Eva", "contact:eva", "link"))
    assert [d.slot.rule for d in decisions if isinstance(d, EndCondition)] == ["wander"]
    again = watching.take(BeginOuting(watching.now + timedelta(hours=2), "Eva", "contact:eva", "link"))
    assert names(again) == ["outing.begun"]


class FormerStoredWatch(msgspec.Struct, frozen=True, array_like=True):
    """What was stored before there were outings."""

    fix: Any
    memories: list[tuple[str, str, Memory]]


def test_a_state_of_before_there_were_outings_is_read_and_one_with_an_outing_is_read_by_the_version_before() -> None:
    watching = Watching()
    away(watching, 1)
    data = watching.machine.encode(watching.state)
    former = msgspec.msgpack.decode(data, type=FormerStoredWatch)
    found = watching.machine.decode(PERSON, msgspec.msgpack.encode(former))
    assert found == watching.state
    watching.take(BeginOuting(watching.now + timedelta(hours=1), "Eva", "contact:eva", "link"))
    data = watching.machine.encode(watching.state)
    assert msgspec.msgpack.decode(data, type=FormerStoredWatch).fix is not None
    assert stored_outing(data) == watching.state.outing
    assert watching.machine.decode(PERSON, data).wake_at == watching.now + timedelta(hours=1)


def test_the_outing_of_somebody_who_was_removed_ends_all_the_same() -> None:
    watching = Watching()
    watching.take(BeginOuting(NOW + timedelta(hours=1), "Eva", "contact:eva", "link"))
    gone = WatchMachine(lambda _: None)
    state = gone.decode(PERSON, watching.machine.encode(watching.state))
    outcome = gone.step(state, watch.WOKE, NOW + timedelta(hours=1))
    assert names(outcome.decisions) == ["outing.lapsed"]
    assert gone.wake(PERSON, outcome.state) is None


# -- any readings, and outings, in any order --------------------------------------------------------------------------------

outings = st.one_of(st.builds(lambda minutes: ("out", minutes), st.integers(1, 200)), st.just("over"))
happenings = st.lists(st.tuples(st.integers(0, 90), minutes, said | outings | st.sampled_from(["wake", "forgive"])), max_size=40)


class Accompanied(Watching):
    """A watch that also hears of outings; what each moment found is checked at once."""

    def __init__(self, site: Site = LOSING) -> None:
        super().__init__()
        self.site = site
        self.machine = WatchMachine(registry_of([site]).plans.get)
        self.state = self.machine.initial(PERSON)

    def take(self, event: watch.Event) -> tuple[Any, ...]:
        out = self.state.outing is not None and self.state.outing.lasts and self.now <= self.state.outing.until
        lapses = out and self.state.outing and self.now == self.state.outing.until and isinstance(event, type(watch.WOKE))
        decisions = super().take(event)
        found = [d for d in decisions if isinstance(d, RaiseAlarm) and d.cause in WHEREABOUTS]
        assert not out or lapses or isinstance(event, EndOuting) or found == [], "found during an outing"
        assert all(word in VOCABULARY for d in found for word in d.why.split())
        self.check()
        return decisions

    def check(self) -> None:
        """Whoever is out is asked at the end at the latest; of whoever is not, what holds is found or waited for."""
        outing = self.state.outing
        if outing is not None and outing.lasts:
            assert self.state.wake_at is not None
            assert self.state.wake_at <= outing.until <= outing.begun_at + OUTING_MAX
            named = zip(self.state.plan.watched, self.state.memories, strict=True)
            assert {memory.due_at for watched, memory in named if watched.rule.kind in WHEREABOUTS} <= {None}
            return
        for watched, memory in zip(self.state.plan.watched, self.state.memories, strict=True):
            if isinstance(watched.rule, ZoneRule) and memory.holds and not memory.found:
                due_at = watched.rule.due(memory, watched.setting)
                assert due_at is None or (memory.due_at is not None and memory.due_at <= due_at), f"{watched.rule.id} is lost"

    def happen(self, wait_min: int, shift_min: int, what: Any) -> None:
        if what == "over":
            self.wait(self.now + timedelta(minutes=wait_min))
            self.take(EndOuting("contact:eva", "test"))
        elif what[0] == "out":
            self.wait(self.now + timedelta(minutes=wait_min))
            self.take(BeginOuting(self.now + timedelta(minutes=what[1]), "Eva", "contact:eva", "test"))
        elif isinstance(what, str):
            super().happen(wait_min, shift_min, what)
        else:
            self.wait(self.now + timedelta(minutes=wait_min))
            at = (self.now + timedelta(minutes=min(shift_min, 5))).isoformat()
            event = observed(self.site, what[0], {**what[1], "at": at}, self.now)
            if event is not None:
                self.take(event)


@settings(max_examples=100, deadline=None)
@given(happenings)
def test_nothing_is_found_during_an_outing_and_nothing_is_lost_by_it(events: list[tuple[int, int, Any]]) -> None:
    watching = Accompanied()
    for event in events:
        watching.happen(*event)
    watching.wait(watching.now + timedelta(days=3))
    assert watching.state.outing is None or not watching.state.outing.lasts
    for watched, memory in zip(watching.state.plan.watched, watching.state.memories, strict=True):
        if isinstance(watched.rule, ZoneRule) and memory.holds:
            assert memory.found or watched.rule.due(memory, watched.setting) is None
    ids = [lifecycle.alarm_id(raised) for raised in watching.raised if raised.cause in WHEREABOUTS]
    assert len(set(ids)) == len(ids), "an alarm that was resolved may not be raised again under its id"


@settings(max_examples=100, deadline=None)
@given(happenings)
def test_what_is_believed_goes_on_during_an_outing_as_it_does_without(events: list[tuple[int, int, Any]]) -> None:
    accompanied, alone = Accompanied(), Accompanied()
    for wait_min, shift_min, what in events:
        accompanied.happen(wait_min, shift_min, what)
        if what == "over" or what[0] == "out":
            alone.wait(alone.now + timedelta(minutes=wait_min))
        elif what != "forgive":
            alone.happen(wait_min, shift_min, what)
        else:
            alone.wait(accompanied.now)
        for watched, mine, other in zip(alone.state.plan.watched, accompanied.state.memories, alone.state.memories, strict=True):
            if watched.rule.kind in WHEREABOUTS:
                assert (mine.belief, mine.holds, mine.since_at) == (other.belief, other.holds, other.since_at)


@settings(max_examples=60, deadline=None)
@given(happenings, happenings)
def test_a_state_that_was_stored_during_an_outing_behaves_as_the_one_that_was_not(before: list[Any], after: list[Any]) -> None:
    kept, stored = Accompanied(), Accompanied()
    for event in before:
        kept.happen(*event)
        stored.happen(*event)
    stored.state = stored.machine.decode(PERSON, stored.machine.encode(stored.state))
    assert stored.state == kept.state
    for event in after:
        kept.happen(*event)
        stored.happen(*event)
    assert (stored.state, stored.raised) == (kept.state, kept.raised)


def test_while_an_alarm_is_open_each_of_the_persons_alarms_is_told_of_the_outing_and_otherwise_none() -> None:
    watching = Watching()
    begin = BeginOuting(NOW + timedelta(hours=1), "Eva", "contact:eva", "link")
    assert [d for d in watching.take(begin) if isinstance(d, NoteOuting)] == []
    slot = watching.state.plan.watched[0].slot
    watching.take(FollowPerson(slot, follow=True))
    notes = [d for d in watching.take(EndOuting("operator:anna", "console")) if isinstance(d, NoteOuting)]
    assert [note.slot.rule for note in notes] == [rule.id for rule in EVERYTHING.residents[0].rules]
    assert {(note.event, note.to, note.via, note.text) for note in notes} == {
        ("alarm.outing_ended", "operator:anna", "console", "Eva")
    }
    watching.take(begin)
    watching.take(FollowPerson(slot, follow=False))
    assert [d for d in watching.take(EndOuting("operator:anna", "console")) if isinstance(d, NoteOuting)] == []
