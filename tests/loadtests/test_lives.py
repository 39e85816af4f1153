"""Lives are the same for the same seed; something happens soon, and every kind of rule gets its turn."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise, takewhile
from typing import Any

import msgspec
import pytest

from alarmcore.model.reading import BODIES
from geofence import Belief, Fix, circle, distance_m, region, step
from loadtests.fleet.incidents import CYCLE_S, SCRIPT, Cast
from loadtests.fleet.lives import readings
from loadtests.fleet.town import town

NOON = datetime(2026, 1, 14, 11, tzinfo=UTC)
MIDNIGHT = datetime(2026, 1, 14, 23, tzinfo=UTC)
SITE = town(1)
Said = tuple[float, str, str, dict[str, Any]]


def lived(for_s: float, start: datetime = NOON, seed: int = 1, site: dict[str, Any] | None = None) -> list[Said]:
    every = (
        (((due - start).total_seconds()), device, kind, said) for due, device, kind, said in readings(site or SITE, seed, start)
    )
    return list(takewhile(lambda one: one[0] < for_s, every))


ROUND = lived(CYCLE_S)


def of(device: str, kind: str, said: list[Said] = ROUND) -> list[tuple[float, dict[str, Any]]]:
    return [(at_s, fields) for at_s, one, what, fields in said if one == device and what == kind]


def test_the_same_seed_lives_the_same_life() -> None:
    assert lived(300) == lived(300)
    assert lived(300) != lived(300, seed=2)


def test_readings_come_in_order_with_unique_ids_per_device_and_their_time() -> None:
    assert all(a[0] <= b[0] for a, b in pairwise(ROUND))
    ids = [(device, said["id"]) for _, device, _, said in ROUND]
    assert len(set(ids)) == len(ids)
    assert all(len(said["id"]) <= 64 for _, _, _, said in ROUND)
    assert all(
        datetime.fromisoformat(said["at"]).timestamp() == pytest.approx(NOON.timestamp() + at, abs=0.002)
        for at, _, _, said in ROUND
    )


def test_a_restarted_demo_repeats_no_id() -> None:
    later = {said["id"] for _, _, _, said in lived(60, MIDNIGHT)}
    assert later.isdisjoint(said["id"] for _, _, _, said in lived(60))


def test_every_reading_has_the_fields_of_its_kind_and_no_others() -> None:
    for _, _, kind, said in ROUND:
        body = {name: value for name, value in said.items() if name not in ("at", "id")}
        names = {field.name for field in msgspec.structs.fields(BODIES[kind])}
        assert body.keys() <= names
        msgspec.convert(body, BODIES[kind])


def test_something_raises_within_half_a_minute() -> None:
    assert [kind for at_s, _, kind, _ in ROUND if at_s < 30 and kind in ("button", "fall")] == ["button", "fall"]


def test_the_one_who_pressed_presses_again_within_the_minute() -> None:
    first, second = [device for at_s, device, kind, _ in ROUND if kind == "button" and at_s < 60]
    assert first == second


def test_never_more_than_two_minutes_without_something_happening() -> None:
    starts = sorted(offset for offset, _ in SCRIPT)
    assert max(b - a for a, b in pairwise([*starts, CYCLE_S + starts[0]])) < 120


def acts(kind: str) -> Any:
    return next(one for one in Cast(SITE, 1).round(0) if one.kind == kind)


@pytest.mark.parametrize("kind", sorted({word.removesuffix(" again") for _, word in SCRIPT}))
def test_every_kind_of_rule_has_an_incident_in_the_first_round(kind: str) -> None:
    incident = acts(kind)
    assert incident.rule["kind"] == kind
    assert incident.start_s < CYCLE_S


def zones_of(resident_id: str, rule: dict[str, Any]) -> list[Any]:
    resident = next(r for r in SITE["residents"] if r["id"] == resident_id)
    zones = [zone for zone in resident["zones"] if zone["id"] in rule["zones"]]
    return [circle(**zone["circle"]) if "circle" in zone else region(zone["area"]) for zone in zones]


def believed(incident: Any, said: list[Said] = ROUND) -> list[tuple[float, str]]:
    areas, belief = zones_of(incident.resident, incident.rule), Belief()
    seen: list[tuple[float, str]] = []
    for at_s, fields in of(incident.device, "position", said):
        far = min(distance_m(area, fields["lat"], fields["lon"]) for area in areas)
        belief = step(belief, Fix(datetime.fromisoformat(fields["at"]), far, fields.get("accuracy_m")))
        seen.append((at_s, belief.side))
    return seen


def test_somebody_leaves_the_zone_within_the_first_minute_and_comes_home() -> None:
    incident = acts("zone_exit")
    sides = believed(incident)
    assert any(side == "outside" and at_s < 75 for at_s, side in sides)
    assert sides[-1][1] == "inside"


def test_somebody_enters_the_zone_that_must_not_be_entered() -> None:
    incident = acts("zone_enter")
    inside = [at_s for at_s, side in believed(incident) if side == "inside"]
    assert inside
    assert all(incident.start_s < at_s < incident.end_s + 60 for at_s in inside)


@pytest.mark.parametrize("start", [NOON, MIDNIGHT])
def test_ordinary_life_leaves_no_zone_in_six_hours(start: datetime) -> None:
    quiet: dict[str, Any] = {**SITE, "residents": [r for r in SITE["residents"] if r["id"] in ("r17", "r21", "r25")]}
    said = lived(6 * 3600, start, site=quiet)
    for resident in quiet["residents"]:
        rule = next(rule for rule in resident["rules"] if rule["kind"] == "zone_exit")
        device = next(d["id"] for d in resident["devices"] if d["kind"] == "gps")
        areas = zones_of(resident["id"], rule)
        fixes = of(device, "position", said)
        assert len(fixes) > 1_000
        assert all(min(distance_m(area, f["lat"], f["lon"]) for area in areas) < 0 for _, f in fixes)


def holds(kind: str, field: str, value: Any, reading: str) -> float:
    """For how long a condition holds in its incident, from the reading that begins it to the one that ends it."""
    incident = acts(kind)
    told = [(at_s, fields[field]) for at_s, fields in of(incident.device, reading)]
    began = next(at_s for at_s, now in told if now == value)
    return next(at_s for at_s, now in told if at_s > began and now != value) - began


CONDITIONS: dict[str, Callable[[], float]] = {
    "out_of_bed": lambda: holds("out_of_bed", "occupied", False, "bed"),
    "on_floor": lambda: holds("on_floor", "on_floor", True, "floor"),
    "door_open": lambda: holds("door_open", "open", True, "door"),
}


@pytest.mark.parametrize("kind", CONDITIONS)
def test_a_condition_holds_longer_than_its_limit_and_then_ends(kind: str) -> None:
    assert acts(kind).rule["limit_s"] < CONDITIONS[kind]() < CYCLE_S


@pytest.mark.parametrize(("kind", "reading"), [("silent", None), ("inactivity", "motion")])
def test_a_silence_is_longer_than_its_limit_and_never_so_long_otherwise(kind: str, reading: str | None) -> None:
    incident = acts(kind)
    times = [at_s for at_s, device, what, _ in ROUND if device == incident.device and reading in (None, what)]
    gaps = [(b - a, a) for a, b in pairwise(times)]
    longest, began = max(gaps)
    assert longest > incident.rule["limit_s"]
    assert began == pytest.approx(incident.start_s, abs=60)
    assert sorted(gap for gap, _ in gaps)[-2] < incident.rule["limit_s"] / 2


def test_a_battery_runs_low_and_is_charged_again() -> None:
    told = [f["battery_pct"] for _, f in of(acts("battery_low").device, "position")]
    assert 17.0 in told
    assert told[-1] > 30
    assert min(f["battery_pct"] for _, d, k, f in ROUND if k == "status" and d != acts("battery_low").device) > 30


def test_beds_are_slept_in_at_night_with_a_visit_or_two_to_the_bathroom() -> None:
    night = lived(6 * 3600, MIDNIGHT)
    beds = {d["id"] for r in SITE["residents"] for d in r["devices"] if d["kind"] == "bed"} - Cast(SITE, 1).devices
    for bed in sorted(beds):
        told = of(bed, "bed", night)
        assert told[0][1]["occupied"] is True
        away = [b[0] - a[0] for a, b in pairwise(told) if not a[1]["occupied"]]
        assert all(180 <= gone <= 600 for gone in away)
    assert sum(len(of(bed, "bed", night)) for bed in beds) > len(beds)
