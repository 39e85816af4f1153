"""What is shown of a track: distances to the zones that counted then, the last confirmed position, what may be said now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from alarmcore import lifecycle
from alarmcore.model.alarm import Alarm, Slot
from alarmcore.track import EMPTY, Kept, Opened, Track, seconds
from dashboard.tracks import track_of, track_view
from tests.alarms import raised
from tests.stories import town

NOW = datetime(2026, 1, 14, 12, tzinfo=UTC)
RULES = "[{id: wander, kind: zone_exit, zones: [home]}, {id: water, kind: zone_enter, zones: [lake]}, {id: press, kind: button}]"
SITE = town(RULES)


def alarm(rule: str = "wander") -> Alarm:
    found = lifecycle.step(None, raised(slot=Slot("grastorp", "r1", rule)), NOW).state
    assert found is not None
    return found


def at(second: int, metres: float, *, good: bool = True) -> Kept:
    """So far north of the home, whose zone reaches 150 m."""
    return Kept(seconds(NOW) + second, round((58.3345 + metres / 111_363) * 1e6), 12_678_400, 10, good)


def track(
    *fixes: Kept, standings: tuple[tuple[str, str], ...] = (("wander", "outside"), ("water", "inside")), **more: Any
) -> Track:
    last = next((kept for kept in reversed(fixes) if kept.good), None)
    opened = (Opened(alarm().id, seconds(NOW)),)
    return replace(Track(opened, standings, last, fixes), **more)


def shown(of: Track, rule: str = "wander", after_s: float = 60.0, site: Any = SITE) -> dict[str, Any]:
    return track_view(of, alarm(rule), site, NOW + timedelta(seconds=after_s))


def test_each_position_says_how_far_from_the_border_of_the_rules_zones_it_is() -> None:
    found = shown(track(at(0, 100), at(30, 340)))
    assert [fix["distance_m"] for fix in found["fixes"]] == [-50, 190]
    assert found["last_confirmed"]["distance_m"] == 190


def test_a_rule_about_something_else_has_no_distances() -> None:
    found = shown(track(at(0, 100)), "press")
    assert "distance_m" not in found["fixes"][0]
    assert "distance_m" not in found["last_confirmed"]


@pytest.mark.parametrize("site", [None, town("[{id: press, kind: button}]")])
def test_a_rule_or_a_site_that_is_gone_has_no_distances(site: Any) -> None:
    assert "distance_m" not in shown(track(at(0, 100)), site=site)["fixes"][0]


def test_during_a_stay_distances_are_those_to_the_zones_of_the_stay() -> None:
    site = town(RULES, "stays: [{from: 2026-01-14, until: 2026-01-15, zones: [cottage]}]")
    before = at(-14 * 3600, 100)
    found = shown(track(before, at(0, 100)), site=site)
    assert found["fixes"][0]["distance_m"] == -50
    assert found["fixes"][1]["distance_m"] > 50_000


def test_a_moment_at_which_no_zone_counts_has_no_distance() -> None:
    hours = """
    zones: [{id: home, circle: {lat: 58.3345, lon: 12.6784, radius_m: 150}, active: [{from: "12:00", to: "13:00"}]}]
    """
    site = town("[{id: wander, kind: zone_exit, zones: [home]}]", hours)
    found = shown(track(at(-3600, 100), at(0, 100)), site=site)
    assert found["fixes"][0]["distance_m"] == -50
    assert "distance_m" not in found["fixes"][1]


def test_the_last_confirmed_position_has_its_age_and_a_wild_one_is_not_it() -> None:
    found = shown(track(at(0, 100), at(30, 900, good=False)), after_s=95.5)
    assert found["last_confirmed"]["at"] == "2026-01-14T12:00:00.000Z"
    assert found["last_confirmed"]["age_s"] == 95
    assert [fix["good"] for fix in found["fixes"]] == [True, False]


def test_an_age_is_never_below_nothing() -> None:
    assert shown(track(at(30, 100)), after_s=0)["last_confirmed"]["age_s"] == 0


def test_without_a_confirmed_position_there_is_none() -> None:
    found = shown(track(at(0, 100, good=False)))
    assert found["last_confirmed"] is None
    assert found["speed_mps"] is None


def test_speed_and_direction_rest_on_good_positions_only() -> None:
    walk = [at(30 * n, 40.0 * n) for n in range(6)]
    found = shown(track(*walk, at(155, -900, good=False)), after_s=200)
    assert found["speed_mps"] == pytest.approx(40 / 30, abs=0.02)
    assert found["direction_deg"] == pytest.approx(0, abs=1)
    assert found["speed_error_mps"] > 0
    assert found["direction_error_deg"] > 0


@pytest.mark.parametrize(("rule", "said"), [("wander", "outside"), ("water", "inside"), ("press", "outside")])
def test_what_may_be_said_is_that_of_the_alarms_rule_or_else_of_the_first(rule: str, said: str) -> None:
    assert shown(track(at(0, 340)), rule)["standing"] == said


@pytest.mark.parametrize(
    ("said", "after_s", "now"),
    [
        ("outside", 1799, "outside"),
        ("outside", 1800, "uncertain"),
        ("inside", 1800, "uncertain"),
        ("unknown", 1800, "unknown"),
        ("uncertain", 0, "uncertain"),
    ],
)
def test_after_half_an_hour_without_a_position_it_is_uncertain(said: str, after_s: int, now: str) -> None:
    assert shown(track(at(0, 340), standings=(("wander", said),)), after_s=after_s)["standing"] == now


def test_without_rules_about_zones_nothing_is_said() -> None:
    assert shown(track(at(0, 340), standings=()))["standing"] is None


def test_a_track_belongs_to_the_alarms_that_are_open() -> None:
    of = track(at(0, 340))
    data = msgspec.msgpack.encode(of)
    assert track_of(data, alarm()) == of
    assert track_of(data, alarm("press")) is EMPTY
    assert track_of(data, replace(alarm(), state="resolved")) is EMPTY
    assert track_of(None, alarm()) is EMPTY


def test_nothing_is_shown_of_an_empty_track() -> None:
    found = shown(EMPTY)
    assert found["fixes"] == []
    assert (found["last_confirmed"], found["standing"], found["speed_mps"]) == (None, None, None)
