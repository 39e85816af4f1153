"""The numbers behind a finding about zones: how far, for how long, by how many positions, of which zones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from alarmcore import lifecycle, watch
from alarmcore.model.alarm import AlarmEvent, Facts, RaiseAlarm
from alarmcore.model.site import Site
from alarmcore.rules.base import Memory, Setting
from alarmcore.rules.zone_exit import ZoneExit
from geofence.belief import Belief
from tests.alarms import raised
from tests.observed import observed
from tests.stories import told, town

NOW = datetime(2026, 1, 14, 12, tzinfo=UTC)
DEGREE_M = 111_363.0  # of latitude at the home of the story's town


def north(metres: float) -> tuple[float, float]:
    """So far north of the home, whose zone reaches 150 m."""
    return 58.3345 + metres / DEGREE_M, 12.6784


def found(site: Site, fixes: list[tuple[float, tuple[float, float], float | None]]) -> list[RaiseAlarm]:
    """What the watch finds of fixes: (minute, place, accuracy)."""
    state = watch.fresh(watch.plan_for(site, site.residents[0]))
    decisions: list[Any] = []
    for minute, (lat, lon), accuracy_m in fixes:
        now = NOW + timedelta(minutes=minute)
        fields: dict[str, Any] = {"at": now.isoformat(), "lat": lat, "lon": lon}
        event = observed(site, "position", fields if accuracy_m is None else {**fields, "accuracy_m": accuracy_m}, now)
        assert event is not None
        outcome = watch.step(state, event, now)
        state, decisions = outcome.state, [*decisions, *outcome.decisions]
    if state.wake_at is not None:
        decisions += watch.step(state, watch.WOKE, state.wake_at).decisions
    return [one for one in decisions if isinstance(one, RaiseAlarm)]


EXIT = town("[{id: wander, kind: zone_exit, zones: [home]}]")


def test_an_exit_says_how_far_outside_for_how_long_and_by_how_many_positions() -> None:
    (alarm,) = found(EXIT, [(0, north(0), 10), (1, north(155), 100), (2, north(160), 100), (4, north(340), 12.4)])
    assert alarm.facts == Facts("outside", ("home",), 190, 180, 3, 12, age_s=0)


def test_a_position_that_says_no_accuracy_is_taken_to_be_poor() -> None:
    (alarm,) = found(EXIT, [(0, north(700), None), (1, north(700.5), None)])
    assert alarm.facts is not None
    assert alarm.facts.accuracy_m == 50


def test_entering_what_is_to_be_kept_out_of_says_how_far_inside() -> None:
    lake = (58.36, 12.6784)
    (alarm,) = found(town("[{id: water, kind: zone_enter, zones: [lake]}]"), [(0, lake, 10), (2, (58.3601, 12.6784), 10)])
    assert alarm.facts is not None
    assert (alarm.facts.side, alarm.facts.zones, alarm.facts.for_s) == ("inside", ("lake",), 120)
    assert alarm.facts.distance_m is not None
    assert 385 <= alarm.facts.distance_m <= 392


def test_the_nearest_of_several_zones_is_what_counts() -> None:
    site = town("[{id: wander, kind: zone_exit, zones: [lake, home]}]")
    (alarm,) = found(site, [(0, north(340), 10), (1, north(341), 10)])
    assert alarm.facts is not None
    assert (alarm.facts.zones, alarm.facts.distance_m) == (("lake", "home"), 191)


def test_during_a_stay_it_is_about_the_zones_of_the_stay() -> None:
    stay = "stays: [{from: 2026-01-14, until: 2026-01-15, zones: [cottage]}]"
    site = town("[{id: wander, kind: zone_exit, zones: [home]}]", stay)
    (alarm,) = found(site, [(0, north(0), 10), (1, north(1), 10)])
    assert alarm.facts is not None
    assert alarm.facts.zones == ("cottage",)


def test_a_last_position_on_the_other_side_says_no_distance() -> None:
    site = town('[{id: night, kind: zone_exit, zones: [home], active: [{from: "14:00", to: "15:00"}]}]')
    (alarm,) = found(site, [(0, north(600), 10), (1, north(620), 10), (2, north(140), 10)])
    assert alarm.facts is not None
    assert alarm.facts.distance_m is None
    assert (alarm.facts.side, alarm.facts.fixes) == ("outside", 2)


def test_after_a_silence_it_says_by_the_clock_how_long_ago_the_first_and_the_newest_came() -> None:
    site = town('[{id: night, kind: zone_exit, zones: [home], active: [{from: "14:00", to: "15:00"}]}]')
    (alarm,) = found(site, [(0, north(600), 10), (1, north(620), 10), (3, north(640), 10)])
    assert alarm.facts is not None
    assert (alarm.facts.for_s, alarm.facts.age_s) == (3600, 3600 - 180)
    assert alarm.facts.fixes == 3, "in all, not only as many as it took to believe it"


def test_a_position_of_a_clock_that_is_ahead_is_not_younger_than_now() -> None:
    rule, fix = (
        EXIT.residents[0].rules[0],
        Belief("outside", NOW + timedelta(seconds=5), NOW + timedelta(seconds=9), 2, 40.0, 10.0),
    )
    assert isinstance(rule, ZoneExit)
    facts = rule.facts(Memory(belief=fix), Setting(ZoneInfo("UTC"), (0,)), NOW)
    assert facts is not None
    assert (facts.for_s, facts.age_s) == (0, 0)


LOST = town("[{id: wander, kind: zone_exit, zones: [home], lost_s: 900}]")


def test_whoever_is_missed_was_last_so_far_outside_by_how_many_positions() -> None:
    *_, alarm = found(LOST, [(0, north(600), 10), (1, north(620), 10)])
    assert alarm.why == "position_lost"
    assert alarm.facts == Facts("outside", ("home",), 470, 0, 2, 10, age_s=900, lost=True)


def test_a_last_position_that_nothing_confirms_is_said_with_its_side_and_as_unconfirmed() -> None:
    (alarm,) = found(LOST, [(0, north(0), 10), (1, north(5), 10), (2, north(620), 10)])
    assert alarm.why == "position_lost"
    assert alarm.facts == Facts("outside", ("home",), 470, 0, 0, 10, age_s=900, lost=True)


def test_a_finding_about_something_else_has_none() -> None:
    state = watch.fresh(watch.plan_for(site := town("[{id: press, kind: button}]"), site.residents[0]))
    event = observed(site, "button", {}, NOW)
    assert event is not None
    (alarm,) = watch.step(state, event, NOW).decisions
    assert alarm.facts is None


FACTS = Facts("outside", ("home",), 190, 180, 3, 12)


def test_the_alarm_and_its_event_carry_the_facts_and_a_repeat_brings_newer_ones() -> None:
    first = lifecycle.step(None, raised(facts=FACTS), NOW)
    assert first.state is not None
    assert first.state.facts == FACTS
    assert told_of(first.decisions) == FACTS
    farther = replace(FACTS, distance_m=900)
    second = lifecycle.step(first.state, raised(facts=farther), NOW)
    assert second.state is not None
    assert second.state.facts == farther
    assert told_of(second.decisions) == farther
    third = lifecycle.step(second.state, raised(), NOW)
    assert third.state is not None
    assert third.state.facts == farther
    assert told_of(third.decisions) is None


def told_of(decisions: tuple[Any, ...]) -> Facts | None:
    return next(one.facts for one in decisions if isinstance(one, AlarmEvent))


def test_replay_says_no_more_than_its_promised_keys() -> None:
    said = told(
        town("[{id: wander, kind: zone_exit, zones: [home], chain: quiet}]"),
        """
        >> 12:00 gps-1 position @away
        >> 12:01 gps-1 position @away speed_mps=1
        << 12:01 alarm.raised wander why=outside_all_zones
        << 12:01 alarm.told wander unit:centre
        """,
    )
    assert all("facts" not in line and "reason" not in line for line in said)
