"""The demo municipality is whole, invented, and the same for the same seed."""

from __future__ import annotations

from typing import Any

import pytest

from geofence import circle, distance_m, region
from loadtests.fleet.town import RESIDENTS, town

KINDS = {
    "button", "fall", "zone_exit", "zone_enter", "out_of_bed", "on_floor", "door_open", "inactivity", "silent", "battery_low",
    "measurement", "missed_medication", "sensor_fault",
}  # fmt: skip


@pytest.fixture
def site() -> dict[str, Any]:
    return town(1)


def test_the_same_seed_builds_the_same_town() -> None:
    assert town(7) == town(7)
    assert town(7) != town(8)


def test_forty_residents_live_under_every_kind_of_rule(site: dict[str, Any]) -> None:
    assert len(site["residents"]) == RESIDENTS == 40
    assert {rule["kind"] for resident in site["residents"] for rule in resident["rules"]} == KINDS
    assert all({"button", "fall"} <= {rule["kind"] for rule in resident["rules"]} for resident in site["residents"])


def test_ids_and_names_are_unique(site: dict[str, Any]) -> None:
    for ids in (
        [resident["id"] for resident in site["residents"]],
        [device["id"] for resident in site["residents"] for device in resident["devices"]],
        [contact["id"] for contact in site["contacts"]],
        [chain["id"] for chain in site["chains"]],
        [one["name"] for one in (*site["residents"], *site["contacts"])],
    ):
        assert len(set(ids)) == len(ids)


def test_every_chain_ends_at_a_centre_that_is_always_there_and_reached_by_more_than_a_page(site: dict[str, Any]) -> None:
    units = {f"unit:{unit['id']}": unit for unit in site["units"]}
    known = {*units, *(f"contact:{contact['id']}" for contact in site["contacts"])}
    for chain in site["chains"]:
        assert all(told in known for link in chain["links"] for told in link["tell"])
        (last,) = chain["links"][-1]["tell"]
        assert units[last]["kind"] == "centre"
        assert "duty" not in units[last]
        assert {channel["kind"] for channel in units[last]["channels"]} > {"console"}
    chains = {chain["id"] for chain in site["chains"]}
    assert {resident["chain"] for resident in site["residents"]} <= chains


def test_patrols_cover_day_and_night_between_them(site: dict[str, Any]) -> None:
    duties = [unit["duty"][0] for unit in site["units"] if unit["kind"] == "patrol"]
    assert {(d["from"], d["to"]) for d in duties} == {("21:00", "07:00"), ("07:00", "21:00")}


def test_rules_name_zones_that_exist_and_everybody_lives_inside_what_they_may_not_leave(site: dict[str, Any]) -> None:
    for resident in site["residents"]:
        areas = {
            zone["id"]: circle(**zone["circle"]) if "circle" in zone else region(zone["area"])
            for zone in resident.get("zones", [])
        }
        at = resident["home"]["lat"], resident["home"]["lon"]
        for rule in resident["rules"]:
            for zone in rule.get("zones", []):
                side = distance_m(areas[zone], *at)
                assert side < -50 if rule["kind"] == "zone_exit" else side > 100


def test_phones_are_of_the_range_kept_for_fiction_and_mail_goes_nowhere(site: dict[str, Any]) -> None:
    channels = [channel for contact in site["contacts"] for channel in contact["channels"]]
    numbers = [int(channel["to"]) for channel in channels if channel["kind"] == "sms"]
    assert numbers
    assert all(46701740605 <= number <= 46701740699 for number in numbers)
    assert all(channel["to"].endswith("@example.org") for channel in channels if channel["kind"] == "email")


def test_webhooks_go_where_they_are_told() -> None:
    site = town(1, hook="http://127.0.0.1:1234/elsewhere")
    hooks = {c["to"] for one in (*site["units"], *site["contacts"]) for c in one["channels"] if c["kind"] == "webhook"}
    assert hooks == {"http://127.0.0.1:1234/elsewhere"}
