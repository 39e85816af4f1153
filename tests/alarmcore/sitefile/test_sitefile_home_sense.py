"""What is not warned of: rules about the home that work with the sensors that hang there, or may."""

from __future__ import annotations

from typing import Any

import pytest

from alarmcore.sitefile import check_document

BED: dict[str, Any] = {"id": "x", "kind": "out_of_bed", "usual": {"min_s": 600, "max_s": 5400}}
STILL: dict[str, Any] = {"id": "x", "kind": "inactivity", "usual": {"min_s": 3600, "max_s": 14_400}}
FAULT: dict[str, Any] = {"id": "x", "kind": "sensor_fault"}


def warned(rule: dict[str, Any], *devices: tuple[str, str]) -> list[str]:
    """What is said of a person with one rule."""
    resident = {
        "id": "r1",
        "name": "Boende Ett",
        "chain": "standard",
        "technical_chain": "standard",
        "devices": [{"id": name, "kind": kind} for name, kind in devices],
        "rules": [rule],
    }
    site = {
        "version": 1,
        "tenant": {"id": "exempel", "name": "Exempels kommun"},
        "units": [{"id": "centre", "name": "C", "kind": "centre", "channels": [{"kind": "voice", "to": "+46100000000"}]}],
        "chains": [{"id": "standard", "links": [{"tell": ["unit:centre"], "wait_s": 60}]}],
        "residents": [resident],
    }
    return [str(one) for one in check_document(site, "site").mistakes]


@pytest.mark.parametrize(
    ("rule", "device"),
    [
        (FAULT, ("m-1", "motion")),
        (FAULT, ("scale-1", "measurement")),
        (FAULT, ("dose-1", "medication")),
        (FAULT, ("hub-1", "hub")),
        (BED, ("bed-1", "bed")),
        (BED, ("radar-1", "radar")),
        (BED, ("unit-1", "unit")),
        (BED, ("s-1", "sensor")),
        (STILL, ("bed-1", "bed")),
        (STILL, ("floor-1", "floor")),
        (STILL | {"outside_doors": ["entré", "altan"]}, ("d-1", "door")),
        (STILL | {"outside_doors": ["d-1"]}, ("d-1", "door")),
        (STILL | {"outside_doors": ["balkong"]}, ("hub-1", "hub")),
        (STILL | {"outside_doors": ["front"]}, ("front-1", "door")),
        ({"id": "x", "kind": "door_open", "limit_s": 600, "doors": ["kylskåp", "d-1"]}, ("d-1", "door")),
    ],
)
def test_a_rule_that_can_work_is_not_warned_of(rule: dict[str, Any], device: tuple[str, str]) -> None:
    assert warned(rule, device) == []


def test_of_a_kind_of_device_that_is_not_known_nothing_is_said_of_rules() -> None:
    (only,) = warned(STILL | {"outside_doors": ["front"]}, ("x-1", "doorbell"))
    assert "doorbell" in only


def test_each_name_is_told_with_its_own_place() -> None:
    doors = ["hal-door", "m-1"]
    found = warned(STILL | {"outside_doors": doors}, ("hall-door", "door"), ("m-1", "motion"))
    assert [line.split(":")[1].strip() for line in found] == ["residents[0].rules[0]"] * 2
    assert "hal-door" in found[0]
    assert "did you mean hall-door?" in found[0]
    assert "m-1 in outside_doors is a device that gives no door" in found[1]


def test_only_one_thing_is_said_of_a_home_without_any_sensor() -> None:
    assert len(warned(STILL, ("g-1", "gps"))) == 1
    assert len(warned(FAULT, ("g-1", "gps"))) == 1
    assert len(warned(STILL, ("dose-1", "medication"))) == 1


@pytest.mark.parametrize("rule", [BED, STILL])
@pytest.mark.parametrize("kind", ["sensor", "of-a-new-kind"])
def test_bounds_in_minutes_are_warned_of_with_what_they_are_in_seconds(rule: dict[str, Any], kind: str) -> None:
    (text,) = [one for one in warned(rule | {"usual": {"min_s": 10, "max_s": 90}}, ("s-1", kind)) if "max_s" in one]
    assert "max_s of usual is 90" in text
    assert "if minutes are meant, 5400" in text
    assert not [one for one in warned(rule | {"usual": {"min_s": 10, "max_s": 300}}, ("s-1", kind)) if "max_s" in one]


def test_doors_that_lead_out_are_warned_of_where_nothing_is_learned() -> None:
    (text,) = warned({"id": "x", "kind": "inactivity", "limit_s": 3600, "outside_doors": ["front"]}, ("s-1", "sensor"))
    assert "outside_doors says nothing beside limit_s" in text


def test_doses_at_hours_at_which_the_rule_never_watches_are_warned_of() -> None:
    dose = {"id": "x", "kind": "missed_medication", "times": ["08:00", "20:00", "22:30"], "within_s": 600}
    evenings = [{"from": "18:00", "to": "20:30", "days": ["sun"]}]
    (text,) = warned(dose | {"active": evenings}, ("m-1", "medication"))
    assert "a dose at 08:00, 22:30 lies outside active" in text
    assert warned(dose | {"active": [{"from": "20:00", "to": "08:01"}]}, ("m-1", "medication")) == []
    assert warned(dose, ("m-1", "medication")) == []
