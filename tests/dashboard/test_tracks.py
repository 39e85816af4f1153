"""What is shown of a track: distances to the zones that counted then, the last confirmed position, what may be said now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from alarmcore import lifecycle
from alarmcore.kept import Kept, seconds
from alarmcore.model.alarm import Alarm, Slot
from alarmcore.track import EMPTY, Opened, Track, judged
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
    assert found["seen"]["lat"] == pytest.approx(58.3345 + 100 / 111_363)
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


@pytest.mark.parametrize(
    ("rule", "said", "zones"),
    [("wander", "outside", "hemzonen"), ("water", "inside", "området lake"), ("press", "outside", "hemzonen")],
)
def test_what_may_be_said_is_that_of_the_alarms_rule_or_else_of_where_the_person_is_to_be(
    rule: str, said: str, zones: str
) -> None:
    found = shown(track(at(0, 340)), rule)
    assert (found["standing"], found["standing_zones"]["sv"]) == (said, zones)


def test_whoever_presses_at_home_is_not_said_to_be_outside_of_what_they_are_to_keep_out_of() -> None:
    site = town("[{id: a, kind: zone_enter, zones: [lake]}, {id: b, kind: zone_exit, zones: [home]}, {id: press, kind: button}]")
    found = shown(track(at(0, 10), standings=(("a", "outside"), ("b", "inside"))), "press", site=site)
    assert (found["standing"], found["standing_zones"]["en"]) == ("inside", "the home zone")
    only_lake = shown(track(at(0, 10), standings=(("a", "outside"),)), "press", site=site)
    assert only_lake["standing"] is None


def test_of_several_rules_about_where_the_person_is_to_be_one_that_knows_is_asked() -> None:
    rules = "[{id: a, kind: zone_exit, zones: [cottage]}, {id: b, kind: zone_exit, zones: [home]}, {id: press, kind: button}]"
    site = town(rules)
    found = shown(track(at(0, 10), standings=(("a", "unknown"), ("b", "inside"))), "press", site=site)
    assert (found["standing"], found["standing_zones"]["sv"]) == ("inside", "hemzonen")
    unknown = shown(track(at(0, 10), standings=(("a", "unknown"), ("b", "unknown"))), "press", site=site)
    assert (unknown["standing"], unknown["standing_zones"]["sv"]) == ("unknown", "området cottage")


def device(kept: Kept, place: int) -> Kept:
    return replace(kept, device=place)


def test_the_device_that_raised_the_alarm_says_where_the_person_is_and_another_one_that_it_says_otherwise() -> None:
    home = [device(at(30 * n, 0), 1) for n in range(8)]
    away = [device(at(60 * n + 1, 3_000 + 60 * n), 2) for n in range(4)]
    of = track(*sorted([*home, *away], key=lambda kept: kept.at_s), devices=("phone", "gps-1"))
    found = track_view(of, replace(alarm(), device="gps-1"), SITE, NOW + timedelta(seconds=300))
    assert found["last_confirmed"]["distance_m"] == pytest.approx(3_180 - 150, abs=2)
    assert (found["last_confirmed"]["device"], found["seen"]) == ("gps-1", found["last_confirmed"])
    assert [(other["device"], other["age_s"]) for other in found["elsewhere"]] == [("phone", 90)]
    assert found["speed_mps"] == pytest.approx(1.0, abs=0.1), "of one device: between two nobody has gone"
    other = track_view(of, replace(alarm(), device="phone"), SITE, NOW + timedelta(seconds=300))
    assert other["seen"]["device"] == "phone"


def test_two_devices_in_one_place_or_one_that_was_heard_of_long_before_do_not_say_otherwise() -> None:
    here = device(at(3600, 340), 1)
    near, long_ago = device(at(3600, 400), 2), device(at(1700, 3_000), 2)
    for other, count in ((near, 0), (long_ago, 0), (device(at(1900, 3_000), 2), 1)):
        of = track(*sorted([here, other], key=lambda kept: kept.at_s), devices=("gps-1", "phone"))
        found = track_view(of, replace(alarm(), device="gps-1"), SITE, NOW + timedelta(seconds=3600))
        assert len(found["elsewhere"]) == count


def test_as_long_as_nothing_is_confirmed_the_likeliest_position_is_where_to_go() -> None:
    found = shown(track(at(0, 340, good=False)), after_s=30)
    assert found["last_confirmed"] is None
    assert (found["seen"]["distance_m"], found["seen"]["good"], found["seen"]["age_s"]) == (190, False, 30)


def test_a_direction_is_below_three_hundred_and_sixty_degrees() -> None:
    for east in (-0.0001, 0.0, 0.0001):
        walk = [replace(at(30 * n, 40.0 * n), lon_e6=12_678_400 + round(east * n)) for n in range(6)]
        assert 0.0 <= shown(track(*walk))["direction_deg"] < 360.0
    # So little to the west that it rounds to the full circle.
    ride = [replace(at(30 * n, 1500.0 * n), lon_e6=12_678_400 - 2 * n) for n in range(7)]
    assert shown(track(*ride))["direction_deg"] == 0.0


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
    assert track_of(data, alarm()) == judged(of)
    assert track_of(data, alarm("press")) is EMPTY
    assert track_of(data, replace(alarm(), state="resolved")) is EMPTY
    assert track_of(None, alarm()) is EMPTY


def test_nothing_is_shown_of_an_empty_track() -> None:
    found = shown(EMPTY)
    assert found["fixes"] == []
    assert (found["last_confirmed"], found["standing"], found["speed_mps"]) == (None, None, None)
    assert (found["seen"], found["elsewhere"]) == (None, [])
