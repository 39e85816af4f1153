"""The watch: which rules see what, when they want to be asked, and what becomes of the state."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from alarmcore import watch
from alarmcore.admission import registry_of
from alarmcore.bindings import WatchMachine
from alarmcore.model.alarm import EndCondition, ForgiveRule, RaiseAlarm, Slot
from alarmcore.rules.base import Span
from alarmcore.watch import WatchState
from tests.observed import observed
from tests.stories import PLACES, told, town

NOW = datetime(2026, 1, 14, 12, tzinfo=UTC)

EVERYTHING = town(
    """
    - {id: press, kind: button}
    - {id: fell, kind: fall}
    - {id: wander, kind: zone_exit, zones: [home, lake]}
    - {id: night, kind: zone_exit, zones: [home], active: [{from: "22:00", to: "06:00"}]}
    - {id: water, kind: zone_enter, zones: [lake]}
    - {id: up, kind: out_of_bed, limit_s: 1800, active: [{from: "22:00", to: "06:00"}], again_s: 900}
    - {id: lies, kind: on_floor, limit_s: 60}
    - {id: draught, kind: door_open, limit_s: 600}
    - {id: still, kind: inactivity, limit_s: 7200}
    - {id: lost, kind: silent, limit_s: 3600}
    - {id: flat, kind: battery_low}
    - {id: temp, kind: measurement, quantity: temp, above: 38, below: 35, clear: 37}
    - {id: dose, kind: missed_medication}
    """,
    "stays: [{from: 2026-01-15, until: 2026-01-15, zones: [cottage], chain: quiet}]",
)
PERSON = ("grastorp", "r1")


def test_rules_due_at_one_instant_are_asked_by_their_ids() -> None:
    told(
        town(
            "[{id: zulu, kind: on_floor, limit_s: 60, chain: quiet}, {id: alpha, kind: on_floor, limit_s: 60, chain: quiet},"
            " {id: mike, kind: out_of_bed, limit_s: 60, chain: quiet}]"
        ),
        """
        >> 12:00 bed-1 bed occupied=false
        >> 12:00 floor-1 floor on_floor=true
        << 12:01 alarm.raised alpha
        << 12:01 alarm.told alpha unit:centre
        << 12:01 alarm.raised mike
        << 12:01 alarm.told mike unit:centre
        << 12:01 alarm.raised zulu
        << 12:01 alarm.told zulu unit:centre
        >> 12:02 tick
        """,
    )


def test_what_several_rules_find_in_one_reading_is_all_raised() -> None:
    told(
        town(
            "[{id: wander, kind: zone_exit, zones: [home], chain: quiet},"
            " {id: far, kind: zone_exit, zones: [home, lake], chain: quiet}]"
        ),
        """
        >> 12:00 gps-1 position @away
        >> 12:01 gps-1 position @away
        << 12:01 alarm.raised wander
        << 12:01 alarm.raised far
        << 12:01 alarm.told wander unit:centre
        << 12:01 alarm.told far unit:centre
        """,
    )


def test_the_position_of_an_alarm_is_the_newest_that_is_known() -> None:
    state = watch.fresh(watch.plan_for(EVERYTHING, EVERYTHING.residents[0]))
    for kind, fields in (
        ("position", {"lat": 58.0, "lon": 12.0, "at": "2026-01-14T11:50:00Z"}),
        ("position", {"lat": 57.0, "lon": 12.0, "at": "2026-01-14T11:40:00Z"}),
    ):
        event = observed(EVERYTHING, kind, fields, NOW)
        assert event is not None
        state = watch.step(state, event, NOW).state
    press = observed(EVERYTHING, "button", {}, NOW)
    assert press is not None
    raised = next(d for d in watch.step(state, press, NOW).decisions if isinstance(d, RaiseAlarm))
    assert raised.fix is not None
    assert (raised.fix.lat, raised.fix.at) == (58.0, NOW - timedelta(minutes=10))
    placed = observed(EVERYTHING, "button", {"lat": 59.0, "lon": 12.0}, NOW)
    assert placed is not None
    there = next(d for d in watch.step(state, placed, NOW).decisions if isinstance(d, RaiseAlarm))
    assert there.fix is not None
    assert there.fix.lat == 59.0


def test_the_position_of_an_alarm_says_how_far_off_it_may_be() -> None:
    """Whoever searches there must know whether it is a house or a village."""
    state = watch.fresh(watch.plan_for(EVERYTHING, EVERYTHING.residents[0]))
    press = observed(EVERYTHING, "button", {"lat": 58.0, "lon": 12.0, "accuracy_m": 700}, NOW)
    assert press is not None
    (raised,) = (d for d in watch.step(state, press, NOW).decisions if isinstance(d, RaiseAlarm))
    assert raised.fix is not None
    assert raised.fix.accuracy_m == 700


def test_the_home_is_known_to_the_rule_that_needs_it_among_others_that_do_not() -> None:
    resident = EVERYTHING.residents[0]
    plan = watch.plan_for(EVERYTHING, resident)
    still = next(w for w in plan.watched if w.rule.kind == "inactivity")
    assert still.setting.home == len(resident.zones)
    assert len(plan.areas) == len(resident.zones) + 1


def test_what_is_somebodys_from_a_moment_until_another_is_theirs_at_the_first_and_no_longer_at_the_last() -> None:
    span = Span(NOW, NOW + timedelta(days=1))
    assert span.holds(NOW)
    assert not span.holds(NOW - timedelta(microseconds=1))
    assert not span.holds(NOW + timedelta(days=1))


def test_a_position_without_consent_is_not_kept_at_all() -> None:
    site = town(
        "[{id: wander, kind: zone_exit, zones: [home]}]", "consent: {given: 2020-01-01, by: kin, basis: sol, until: 2021-01-01}"
    )
    state = watch.fresh(watch.plan_for(site, site.residents[0]))
    event = observed(site, "position", {"lat": 58.0, "lon": 12.0}, NOW)
    assert event is not None
    assert watch.step(state, event, NOW).state is state


def test_a_reset_is_for_every_rule_and_only_that_device() -> None:
    state = watch.fresh(watch.plan_for(EVERYTHING, EVERYTHING.residents[0]))
    event = observed(EVERYTHING, "reset", {}, NOW)
    assert event is not None
    ends = [d for d in watch.step(state, event, NOW).decisions if isinstance(d, EndCondition)]
    assert [(e.slot.rule, e.device) for e in ends] == [(rule.id, "gps-1") for rule in EVERYTHING.residents[0].rules]
    assert {e.why for e in ends} == {"device_reset"}


def test_an_alarm_names_the_device_and_is_followed_up_as_its_chain_says() -> None:
    state = watch.fresh(watch.plan_for(EVERYTHING, EVERYTHING.residents[0]))
    press = observed(EVERYTHING, "button", {}, NOW)
    assert press is not None
    (raised,) = watch.step(state, press, NOW).decisions
    assert isinstance(raised, RaiseAlarm)
    assert (raised.device, raised.chain, raised.follow_up_s) == ("gps-1", "standard", 1800.0)


def test_a_follow_up_comes_from_the_chain_that_is_walked() -> None:
    plan = watch.plan_for(EVERYTHING, EVERYTHING.residents[0])
    press = plan.watched[0]
    assert press.path_at(NOW).chain == "standard"
    assert press.path_at(NOW + timedelta(days=1)).chain == "quiet"
    flat = next(w for w in plan.watched if w.rule.id == "flat")
    assert flat.path_at(NOW + timedelta(days=1)).chain == "technical"


# -- any readings in any order --------------------------------------------------------------------------------------------

minutes = st.integers(-300, 300)
said = st.one_of(
    st.builds(
        lambda place, accuracy: ("position", {"lat": PLACES[place][0], "lon": PLACES[place][1], "accuracy_m": accuracy}),
        st.sampled_from(sorted(PLACES)),
        st.sampled_from([None, 5, 500]),
    ),
    st.builds(lambda on: ("bed", {"occupied": on, "device": "bed-1"}), st.booleans()),
    st.builds(lambda on: ("floor", {"on_floor": on, "device": "floor-1"}), st.booleans()),
    st.builds(lambda on, door: ("door", {"open": on, "device": "door-1", "door": door}), st.booleans(), st.sampled_from("ab")),
    st.builds(
        lambda pct, on: ("status", {"battery_pct": pct, "device": on}),
        st.sampled_from([5, 25, 90]),
        st.sampled_from(["gps-1", "bed-1"]),
    ),
    st.builds(lambda value: ("measurement", {"quantity": "temp", "value": value}), st.sampled_from([34, 36, 37.5, 39])),
    st.sampled_from(
        [
            ("button", {}),
            ("fall", {}),
            ("motion", {"device": "motion-1"}),
            ("reset", {}),
            ("heartbeat", {}),
            ("medication", {"taken": False}),
        ]
    ),
)
happenings = st.lists(st.tuples(st.integers(0, 90), minutes, said | st.sampled_from(["wake", "forgive"])), max_size=40)


class Watching:
    """A watch that is told of one thing after the other."""

    def __init__(self) -> None:
        self.now = NOW
        self.registry = registry_of([EVERYTHING])
        self.machine = WatchMachine(self.registry.plans.get)
        self.state: WatchState = self.machine.initial(PERSON)
        self.raised: list[RaiseAlarm] = []

    def take(self, event: watch.Event) -> tuple[Any, ...]:
        outcome = watch.step(self.state, event, self.now)
        self.state = outcome.state
        self.raised += [d for d in outcome.decisions if isinstance(d, RaiseAlarm)]
        return outcome.decisions

    def wait(self, until: datetime) -> None:
        """Answer every timer until then, at its moment. However many there are, each must move on."""
        for _ in range(2000):
            wake_at = self.state.wake_at
            if wake_at is None or wake_at > until:
                self.now = until
                return
            assert wake_at >= self.now, "a timer may not lie in the past"
            self.now = wake_at
            before = (self.state.wake_at, self.state.wake_rule)
            self.take(watch.WOKE)
            assert (self.state.wake_at, self.state.wake_rule) != before, "a timer that is answered must move"
        raise AssertionError("timers without end")

    def happen(self, wait_min: int, shift_min: int, what: Any) -> None:
        self.wait(self.now + timedelta(minutes=wait_min))
        if what == "wake":
            self.take(watch.WOKE)
        elif what == "forgive":
            self.take(ForgiveRule(self.raised[-1].slot if self.raised else Slot(*PERSON, "press")))
        else:
            kind, fields = what
            at = (self.now + timedelta(minutes=min(shift_min, 5))).isoformat()
            event = observed(EVERYTHING, kind, {**fields, "at": at}, self.now)
            if event is not None:
                self.take(event)


@settings(max_examples=60, deadline=None)
@given(happenings)
def test_any_order_of_readings_is_borne_and_every_timer_moves_on(events: list[tuple[int, int, Any]]) -> None:
    watching = Watching()
    for event in events:
        watching.happen(*event)
    watching.wait(watching.now + timedelta(days=2))


@settings(max_examples=60, deadline=None)
@given(happenings, happenings)
def test_a_state_that_was_stored_behaves_as_the_one_that_was_not(before: list[Any], after: list[Any]) -> None:
    kept, stored = Watching(), Watching()
    for event in before:
        kept.happen(*event)
        stored.happen(*event)
    stored.state = stored.machine.decode(PERSON, stored.machine.encode(stored.state))
    assert stored.state == kept.state
    for event in after:
        kept.happen(*event)
        stored.happen(*event)
    assert stored.state == kept.state
    assert stored.raised == kept.raised


@settings(max_examples=60, deadline=None)
@given(happenings)
def test_nothing_that_must_last_is_found_before_it_has_lasted(events: list[Any]) -> None:
    limits = {rule.id: getattr(rule, "limit_s", 0.0) for rule in EVERYTHING.residents[0].rules}
    watching = Watching()
    for event in events:
        before = len(watching.raised)
        watching.happen(*event)
        for raised in watching.raised[before:]:
            assert raised.happened_at + timedelta(seconds=limits[raised.slot.rule]) <= watching.now


@settings(max_examples=40, deadline=None)
@given(happenings)
def test_what_is_told_twice_counts_once(events: list[Any]) -> None:
    """Without identities to help: the rules themselves are not moved by hearing the same again."""
    for wait_min, shift_min, what in events:
        if isinstance(what, str) or what[0] in {"button", "fall", "medication", "motion"}:
            continue
        watching = Watching()
        watching.happen(wait_min, shift_min, what)
        once = watching.state
        watching.happen(0, shift_min, what)
        assert watching.state == once
