"""The watch and the consent: what is forgotten when it lapses, what is not, and what a renewed one begins with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from test_watch import EVERYTHING, PERSON, Watching, minutes, said

from alarmcore import lifecycle, watch
from alarmcore.admission import registry_of
from alarmcore.bindings import WatchMachine
from alarmcore.model.alarm import EndCondition, FollowPerson, KeepFix, RaiseAlarm, Slot
from alarmcore.model.outing import BeginOuting
from alarmcore.model.site import Consent
from alarmcore.rules.base import Span
from alarmcore.rules.voices import is_idle
from alarmcore.whereabouts import WHEREABOUTS
from tests.observed import observed

NOW = datetime(2026, 1, 14, 12, tzinfo=UTC)
END = NOW + timedelta(hours=1)
LIMITED = Consent(given=NOW - timedelta(days=1), by="resident", basis="sol", until=END)


class Consenting(Watching):
    """A watch of somebody whose consent ends at `END`, or as is said."""

    def __init__(self, consent: Consent | None = LIMITED) -> None:
        super().__init__()
        self.raised_at: list[datetime] = []
        self.consent(consent)

    def take(self, event: watch.Event) -> tuple[Any, ...]:
        decisions = super().take(event)
        self.raised_at += [self.now for decision in decisions if isinstance(decision, RaiseAlarm)]
        return decisions

    def consent(self, consent: Consent | None) -> None:
        """An import: the consent is another one, what is stored stays."""
        person = replace(EVERYTHING.residents[0], consent=consent)
        before = self.machine.encode(self.state)
        self.machine = WatchMachine(registry_of([replace(EVERYTHING, residents=(person,))]).plans.get)
        self.state = self.machine.decode(PERSON, before)

    def fix(self, minutes_: float, place: tuple[float, float] = (58.35, 12.70)) -> tuple[Any, ...]:
        self.now = NOW + timedelta(minutes=minutes_)
        fields = {"lat": place[0], "lon": place[1], "accuracy_m": 10, "at": self.now.isoformat()}
        event = observed(EVERYTHING, "position", fields, self.now)
        assert event is not None
        return self.take(event)

    def memory(self, rule: str) -> Any:
        return next(m for w, m in zip(self.state.plan.watched, self.state.memories, strict=True) if w.rule.id == rule)


def lapsing() -> Consenting:
    watching = Consenting()
    watching.fix(10)
    watching.fix(12)
    assert watching.memory("wander").found
    return watching


def test_the_last_moment_is_asked_for_exactly_and_ends_what_is_open_once() -> None:
    watching = lapsing()
    assert (watching.state.wake_at, watching.state.wake_rule) == (END, watch.UNCONSENTED)
    watching.now = END
    ends = [d for d in watching.take(watch.WOKE) if isinstance(d, EndCondition)]
    assert [(end.slot.rule, end.why) for end in ends] == [("wander", "consent_lapsed")]
    assert watching.take(watch.WOKE) == ()
    assert watching.state.lapsed
    assert watching.state.wake_rule != watch.UNCONSENTED


def test_nothing_that_positions_said_is_known_any_more() -> None:
    watching = lapsing()
    watching.now = END
    watching.take(watch.WOKE)
    assert watching.state.fix is None
    for watched, memory in zip(watching.state.plan.watched, watching.state.memories, strict=True):
        if watched.rule.kind in WHEREABOUTS:
            assert (memory.belief, memory.holds, memory.found, memory.due_at, memory.again_at) == (None, None, False, None, None)


def test_which_devices_nobody_wears_is_still_known() -> None:
    watching = lapsing()
    off = observed(EVERYTHING, "status", {"worn": False}, watching.now)
    assert off is not None
    watching.take(off)
    watching.now = END
    watching.take(watch.WOKE)
    assert is_idle(watching.memory("wander").sources, "gps-1", END)


def test_a_position_whose_turn_comes_after_the_end_says_nothing_and_goes_into_no_track() -> None:
    watching = lapsing()
    watching.take(FollowPerson(Slot(*PERSON, "wander"), follow=True))
    assert any(isinstance(d, KeepFix) for d in watching.fix(59))
    assert watching.fix(60) != ()
    kept = watching.fix(61)
    assert [d for d in kept if isinstance(d, KeepFix)] == []
    assert watching.state.fix is None
    press = observed(EVERYTHING, "button", {"lat": 58.4, "lon": 12.7}, watching.now)
    assert press is not None
    raised = [d for d in watching.take(press) if isinstance(d, RaiseAlarm)]
    assert [one.fix.lat for one in raised if one.fix is not None] == [58.4]


def test_a_press_knows_no_position_of_before_the_end() -> None:
    watching = lapsing()
    watching.now = END + timedelta(minutes=5)
    press = observed(EVERYTHING, "button", {}, watching.now)
    assert press is not None
    raised = [d for d in watching.take(press) if isinstance(d, RaiseAlarm)]
    assert [(one.slot.rule, one.fix) for one in raised] == [("press", None)]


def test_given_again_it_begins_undecided_and_finds_anew_under_another_id() -> None:
    watching = lapsing()
    watching.now = END
    watching.take(watch.WOKE)
    watching.consent(Consent(given=LIMITED.given, by="resident", basis="sol", until=END + timedelta(days=1)))
    assert [d for d in watching.fix(70) if isinstance(d, RaiseAlarm)] == []
    assert not watching.state.lapsed
    assert [d.slot.rule for d in watching.fix(72) if isinstance(d, RaiseAlarm)] == ["wander"]
    watching.wait(END + timedelta(days=1))
    assert watching.state.lapsed, "it ends as the first one did"
    ids = [lifecycle.alarm_id(raised) for raised in watching.raised]
    assert len(set(ids)) == len(ids)


def test_one_that_is_taken_back_by_an_import_ends_at_once() -> None:
    watching = lapsing()
    watching.consent(Consent(given=LIMITED.given, by="resident", basis="sol", until=NOW))
    assert watching.state.wake_at == NOW
    assert [d.why for d in watching.take(watch.WOKE) if isinstance(d, EndCondition)] == ["consent_lapsed"]


def test_without_an_end_nothing_is_asked_for_and_without_one_at_all_everything_goes_on() -> None:
    for consent in (None, Consent(given=LIMITED.given, by="resident", basis="sol")):
        watching = Consenting(consent)
        watching.fix(10)
        watching.fix(12)
        assert watching.state.wake_rule != watch.UNCONSENTED
        watching.now = END + timedelta(days=400)
        assert [d for d in watching.take(watch.WOKE) if isinstance(d, EndCondition)] == []


happenings = st.lists(
    st.tuples(st.integers(0, 40), minutes, said | st.sampled_from(["wake", "forgive", "outing"])), min_size=1, max_size=30
)


@settings(max_examples=100, deadline=None)
@given(happenings)
def test_whatever_happens_no_rule_about_whereabouts_decides_anything_from_the_end_on(events: list[Any]) -> None:
    limited, free = Consenting(), Consenting(None)
    for watching in (limited, free):
        for wait_min, shift_min, what in events:
            if what == "outing":
                watching.wait(watching.now + timedelta(minutes=wait_min))
                watching.take(BeginOuting(watching.now + timedelta(minutes=30), "Eva", "contact:eva", "test"))
            else:
                watching.happen(wait_min, shift_min, what)
        watching.wait(watching.now + timedelta(days=2))

    def found(watching: Consenting, until: datetime | None) -> list[Any]:
        return [
            (at, raised.slot.rule, raised.why)
            for at, raised in zip(watching.raised_at, watching.raised, strict=True)
            if raised.cause in WHEREABOUTS and (until is None or at < until)
        ]

    assert found(limited, None) == found(free, END)
    assert limited.state.plan.consent == Span(LIMITED.given, END)
