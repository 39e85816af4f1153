"""The difference between two sites, as a person reads it who decides whether it was meant."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from alarmcore.model.site import Site
from alarmcore.sitefile import check_document, difference, read_site, require

COMPLETE = Path(__file__).parent / "complete.yaml"


@pytest.fixture(scope="module")
def site() -> Site:
    return require(read_site(COMPLETE))


@pytest.fixture
def source(site: Site) -> Any:
    return copy.deepcopy(site.source)


def compared(site: Site, source: Any) -> list[str]:
    return difference(site, require(check_document(source, "new")))


def test_the_same_file_has_no_difference(site: Site, source: Any) -> None:
    assert compared(site, source) == []


def test_a_default_that_is_written_out_is_no_difference(site: Site, source: Any) -> None:
    source["residents"][0]["rules"][0]["priority"] = "critical"
    source["chains"][1]["follow_up_s"] = 1800
    assert compared(site, source) == []


def test_a_changed_limit_is_shown_with_both_values(site: Site, source: Any) -> None:
    source["residents"][0]["rules"][4]["limit_s"] = 900
    assert compared(site, source) == ["residents[r1].rules[night].limit_s: changed from 1800 to 900"]


def test_private_values_are_named_and_not_shown(site: Site, source: Any) -> None:
    source["residents"][0]["name"] = "Någon Annan"
    source["contacts"][0]["channels"][1]["to"] = "+46700000009"
    source["residents"][0]["home"]["lat"] = 58.3346
    source["residents"][0]["zones"][3]["area"]["coordinates"][0][0][0] = 12.741
    source["residents"][0]["zones"][3]["area"]["coordinates"][0][3][0] = 12.741
    assert compared(site, source) == [
        "contacts[eva].channels[1].to: changed",
        "residents[r1].name: changed",
        "residents[r1].home.lat: changed",
        "residents[r1].zones[lake].area.coordinates: changed",
    ]


def test_what_has_an_id_is_added_removed_and_moved_by_it(site: Site, source: Any) -> None:
    rules = source["residents"][0]["rules"]
    del rules[1]
    rules.append({"id": "new", "kind": "button"})
    source["contacts"].reverse()
    del source["residents"][0]["responsible"]
    assert compared(site, source) == [
        "contacts: order changed",
        "residents[r1].responsible: removed",
        "residents[r1].rules[fall]: removed",
        "residents[r1].rules[new]: added",
    ]


def test_a_list_that_appears_is_named_entry_by_entry(site: Site, source: Any) -> None:
    source["residents"][1]["zones"] = [{"id": "a", "circle": {"lat": 58.3, "lon": 12.6, "radius_m": 100}}]
    assert compared(site, source) == ["residents[r2].zones[a]: added"]


def test_links_are_compared_by_their_place(site: Site, source: Any) -> None:
    source["chains"][0]["links"].insert(0, {"tell": ["contact:bo"], "wait_s": 30})
    assert compared(site, source) == [
        "chains[standard].links[0].tell[0]: changed from contact:eva to contact:bo",
        "chains[standard].links[0].tell[1]: removed",
        "chains[standard].links[0].wait_s: changed from 60 to 30",
        "chains[standard].links[1].tell[0]: changed from unit:patrol to contact:eva",
        "chains[standard].links[1].tell[1]: added",
        "chains[standard].links[1].wait_s: changed from 120 to 60",
        "chains[standard].links[2].tell[0]: changed from unit:centre to unit:patrol",
        "chains[standard].links[2].wait_s: changed from 60 to 120",
        "chains[standard].links[3]: added",
    ]


def test_times_of_day_are_shown_since_they_are_nobodys_private_matter(site: Site, source: Any) -> None:
    source["residents"][0]["rules"].append({"id": "doses", "kind": "missed_medication", "times": ["08:00", "20:00"]})
    before = require(check_document(copy.deepcopy(source), "before"))
    source["residents"][0]["rules"][-1]["times"][0] = "09:04"
    assert compared(before, source) == ["residents[r1].rules[doses].times[0]: changed from 08:00 to 09:04"]
