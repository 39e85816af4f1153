"""What is said of zones can be followed: a repair, taken, leaves nothing to say; and what many share is there once."""

from __future__ import annotations

import copy
import json
import math
from pathlib import Path
from typing import Any

import msgspec
import pytest

from alarmcore.sitefile import Checked, check_document, difference, dump_site, read_site, require
from alarmcore.sitefile.document import parse_document, read_document
from alarmcore.sitefile.municipalities import MunicipalityUnknown, code_of, is_shared, municipality
from alarmcore.sitefile.stored import stored_site
from geofence import Circle, Corridor, Region, distance_m, vertices_of
from loadtests.site import bench_site

BROKEN = Path(__file__).parent / "broken"

REPAIRED = {
    "zone_area_crosses_itself",
    "zone_area_not_closed",
    "zone_area_over_180",
    "zone_area_spike",
    "zone_area_swapped",
    "zone_circle_swapped",
    "zone_circle_swapped_by_the_home",
    "zone_corridor_swapped",
    "home_swapped",
}
"""Files of which it can be told what was meant."""


def site_with(*zones: dict[str, Any], **fields: Any) -> dict[str, Any]:
    document = bench_site(1)
    document["residents"][0].update({"zones": [*zones], "rules": [{"id": "press", "kind": "button"}], **fields})
    return document


def taken(document: Any, checked: Checked) -> Any:
    """The document with every repair, as a program that knows JSON Patch would change it."""
    changed = copy.deepcopy(document)
    for operation in json.loads(msgspec.json.encode(checked.repairs)):
        assert operation["op"] == "replace"
        *steps, last = operation["path"].split("/")[1:]
        place = changed
        for step in steps:
            place = place[int(step)] if isinstance(place, list) else place[step]
        assert last in place
        place[last] = operation["value"]
    return changed


@pytest.mark.parametrize("name", sorted(REPAIRED))
def test_a_file_with_its_repairs_has_nothing_more_to_be_said_of_it(name: str) -> None:
    path = BROKEN / f"{name}.yaml"
    checked = read_site(path)
    assert checked.mistakes
    assert checked.repairs
    again = check_document(taken(read_document(path).value, checked), name)
    assert again.mistakes == []


@pytest.mark.parametrize("path", sorted(BROKEN.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_repair_is_proposed_only_where_it_can_be_told_what_was_meant(path: Path) -> None:
    assert bool(read_site(path).repairs) == (path.stem in REPAIRED)


def test_a_repair_says_where_in_the_file_it_goes() -> None:
    (repair,) = read_site(BROKEN / "zone_area_crosses_itself.yaml").repairs
    assert (repair.op, repair.path) == ("replace", "/residents/0/zones/0/area")


def test_an_area_of_very_many_vertices_is_accepted_and_fewer_are_proposed() -> None:
    ring = [[12.7 + 0.02 * math.cos(n * math.pi / 1000), 58.3 + 0.01 * math.sin(n * math.pi / 1000)] for n in range(2000)]
    document = site_with({"id": "home", "area": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}}, home=None)
    checked = check_document(document, "many")
    (text,) = [mistake.text for mistake in checked.warnings if mistake.path.startswith("residents[0].zones")]
    assert text.startswith("has 2000 vertices, of which ")
    (repair,) = checked.repairs
    assert vertices_of(repair.value) < 200
    assert check_document(taken(document, checked), "fewer").repairs == []


def test_each_kind_of_zone_becomes_an_area() -> None:
    line = {"type": "LineString", "coordinates": [[12.67, 58.33], [12.69, 58.33]]}
    document = site_with(
        {"id": "home", "circle": {"lat": 58.33, "lon": 12.68, "radius_m": 150}},
        {"id": "shop", "corridor": {"line": line, "width_m": 120}},
        {"id": "town", "municipality": "1444"},
    )
    home, shop, town = (zone.area for zone in require(check_document(document, "kinds")).residents[0].zones)
    assert isinstance(home, Circle)
    assert isinstance(shop, Corridor)
    assert isinstance(town, Region)
    assert (shop.line(), shop.width_m) == (line, 120.0)
    assert distance_m(town, 58.3345, 12.6784) < 0


NAMED = {"id": "home", "name": "Hemzonen", "circle": {"lat": 58.33, "lon": 12.68, "radius_m": 150}}


def test_a_zone_is_called_what_the_file_says_and_comes_out_with_it() -> None:
    checked = require(check_document(site_with(NAMED, {**NAMED, "id": "other", "name": None}), "names"))
    assert [zone.name for zone in checked.residents[0].zones] == ["Hemzonen", None]
    assert "{id: home, name: Hemzonen, circle:" in dump_site(checked)


@pytest.mark.parametrize("name", ["", "  ", 7, "två\nrader", "x" * 201], ids=["empty", "blank", "number", "two lines", "long"])
def test_a_zone_s_name_is_one_line_of_text_as_every_name_is(name: Any) -> None:
    (mistake,) = [
        one for one in check_document(site_with({**NAMED, "name": name}), "names").mistakes if one.path.endswith("name")
    ]
    assert mistake.path == "residents[0].zones[0].name"
    assert str(name) not in mistake.text or len(str(name).strip()) < 2


def test_a_changed_name_is_a_difference_that_does_not_repeat_it() -> None:
    one, other = (require(check_document(site_with({**NAMED, "name": name}), "names")) for name in ("Hemzonen", "Trädgården"))
    (line,) = difference(one, other)
    assert line.endswith(".zones[home].name: changed")


def test_a_home_in_one_of_a_rule_s_zones_is_where_it_should_be() -> None:
    document = bench_site(1)
    home = document["residents"][0]["home"]
    document["residents"][0]["zones"] = [
        {"id": "home", "circle": {**home, "radius_m": 150}},
        {"id": "village", "circle": {"lat": home["lat"] + 0.1, "lon": home["lon"], "radius_m": 150}},
    ]
    assert not [mistake for mistake in check_document(document, "home").mistakes if mistake.path.endswith("home")]


def test_a_corridor_and_a_municipality_are_exported_as_they_were_given() -> None:
    line = {"type": "MultiLineString", "coordinates": [[[12.67, 58.33], [12.69, 58.33]]]}
    zones: list[dict[str, Any]] = [
        {"id": "shop", "corridor": {"line": line, "width_m": 120}},
        {"id": "town", "municipality": "1444"},
    ]
    site = require(check_document(site_with(*zones), "given"))
    text = dump_site(site)
    assert 'municipality: "1444"' in text
    assert parse_document(text).value["residents"][0]["zones"] == zones


def test_all_residents_of_a_municipality_share_one_area() -> None:
    document = bench_site(3)
    for resident, asked in zip(document["residents"], ("1444", "Grästorp", "grästorps kommun"), strict=True):
        resident["zones"] = [{"id": "home", "municipality": asked}, {"id": "village", "municipality": "1444"}]
    checked = require(check_document(document, "shared"))
    stored = stored_site(msgspec.json.encode(document), "shared")
    areas = [zone.area for site in (checked, stored) for resident in site.residents for zone in resident.zones]
    assert len(areas) == 12
    assert len({id(area) for area in areas}) == 1
    assert is_shared(areas[0])


@pytest.mark.parametrize("asked", ["1444", "Grästorp", "Grästorps kommun", "grästorps Kommun", " Grästorp "])
def test_a_municipality_is_known_by_its_code_and_by_each_form_of_its_name(asked: str) -> None:
    assert code_of(asked) == "1444"


@pytest.mark.parametrize("asked", ["", "kommun", "9999", "Atlantis", "144"])
def test_another_name_is_nobody_s(asked: str) -> None:
    with pytest.raises(MunicipalityUnknown, match="no municipality"):
        municipality(asked)


def test_neighbours_share_a_border_and_no_ground() -> None:
    """A point in one is outside the other, and as far from it as from the border between them, or nearer to another border."""
    here, there = municipality("Grästorp"), municipality("Vara")
    for n in range(40):
        lat, lon = 58.2 + n * 0.006, 12.7 + n * 0.004
        first, second = distance_m(here, lat, lon), distance_m(there, lat, lon)
        assert not (first < 0 and second < 0)
        if first < 0:
            assert second >= -first - 0.2
