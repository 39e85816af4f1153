"""A stored document gives the same site as a check of it, though most of it is read only when it is asked for."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from alarmcore.admission import registry_of
from alarmcore.errors import SiteInvalid
from alarmcore.model.roll import Roll
from alarmcore.model.site import Site
from alarmcore.sitefile import check_document, read_site, require
from alarmcore.sitefile.stored import stored_site
from alarmcore.watch import plan_for
from loadtests.site import bench_site

HERE = Path(__file__).parent
POLYGON = {"type": "Polygon", "coordinates": [[[12.67, 58.33, 80], [12.69, 58.33, 80], [12.69, 58.34, 80], [12.67, 58.33, 80]]]}
LINE = {"type": "LineString", "coordinates": [[12.67, 58.33, 80], [12.69, 58.33, 81], [12.69, 58.34, 82]]}
LINES = {"type": "MultiLineString", "coordinates": [[[12.67, 58.33], [12.69, 58.33]], [[12.7, 58.34], [12.71, 58.34]]]}
MULTI = {
    "type": "MultiPolygon",
    "coordinates": [
        [[[12, 58], [12.01, 58], [12.01, 58.01], [12, 58]]],
        [
            [[13, 58], [13.03, 58], [13.03, 58.03], [13, 58]],
            [[13.019, 58.005], [13.02, 58.005], [13.02, 58.01], [13.019, 58.005]],
        ],
    ],
}


def complete() -> dict[str, Any]:
    return copy.deepcopy(require(read_site(HERE / "complete.yaml")).source)


def bare(document: dict[str, Any]) -> Site:
    return msgspec.structs.replace(require(check_document(document, "checked")), source={})


def told(document: dict[str, Any]) -> bytes:
    return msgspec.json.Encoder(order="sorted").encode(document)


def with_person(**fields: Any) -> dict[str, Any]:
    document = bench_site(1)
    document["residents"][0].update(fields)
    return document


DOCUMENTS: dict[str, dict[str, Any]] = {
    "everything there is": complete(),
    "many who share": bench_site(40),
    "nobody": bench_site(0),
    "a residents field that is empty": {**bench_site(0), "residents": None},
    "areas with heights, holes and several parts": with_person(
        zones=[
            {"id": "home", "area": POLYGON},
            {"id": "village", "area": MULTI},
            {"id": "c", "circle": {"lat": 58, "lon": 12, "radius_m": 80}},
        ]
    ),
    "corridors and municipalities": with_person(
        zones=[
            {"id": "home", "corridor": {"line": LINE, "width_m": 120}},
            {"id": "shop", "corridor": {"line": LINES, "width_m": 100.5}},
            {"id": "town", "municipality": "Grästorps kommun"},
            {"id": "village", "municipality": "1480"},
        ]
    ),
    "zones with names": with_person(
        zones=[
            {"id": "home", "name": "Hemzonen", "circle": {"lat": 58, "lon": 12, "radius_m": 80}},
            {"id": "village", "name": None, "circle": {"lat": 58.1, "lon": 12, "radius_m": 80}},
        ]
    ),
    "zones with hours": with_person(
        zones=[
            {"id": "home", "circle": {"lat": 58, "lon": 12, "radius_m": 80}, "active": None},
            {"id": "village", "circle": {"lat": 58.1, "lon": 12, "radius_m": 80}, "active": [{"from": "09:00", "to": "15:00"}]},
            {"id": "club", "area": POLYGON, "active": [{"from": "18:00", "to": "02:00", "days": ["fri"]}]},
        ],
        rules=[
            {"id": "wander", "kind": "zone_exit", "zones": ["home", "village", "club"], "lost_s": 3600},
            {"id": "water", "kind": "zone_enter", "zones": ["club"]},
        ],
    ),
    "fields that are null": with_person(home=None, consent=None, responsible=None, stays=None, technical_chain=None),
    "nothing but rules": with_person(devices=None, zones=[], rules=[{"id": "press", "kind": "button"}]),
    "no rules": with_person(rules=None),
    "a device that was handed on": {
        **bench_site(2),
        "residents": [
            {"id": "a", "name": "A", "chain": "standard", "devices": [{"id": "g", "kind": "gps", "until": "2026-01-02"}]},
            {
                "id": "b",
                "name": "B",
                "chain": "standard",
                "devices": [
                    {"id": "g", "kind": "gps", "from": "2026-01-03", "until": "2026-02-01"},
                    {"id": "g", "kind": "gps", "from": "2026-03-01"},
                ],
            },
        ],
    },
    "stays with zones that are there and some that are not": with_person(
        stays=[
            {"from": "2026-07-01", "until": "2026-07-14", "zones": ["village", "cottage"], "chain": "nowhere"},
            {"from": "2026-08-01", "until": "2026-08-14T12:00:00+02:00", "chain": "technical"},
        ]
    ),
}


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
def test_a_stored_document_means_what_a_check_says_that_it_means(document: dict[str, Any]) -> None:
    checked, stored = bare(document), stored_site(told(document), "stored")
    assert isinstance(stored.residents, Roll)
    assert tuple(stored.residents) == checked.residents
    assert stored == checked
    assert checked == stored
    assert dict(stored.resident_by_id) == dict(checked.resident_by_id)


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
def test_a_stored_site_is_watched_as_the_checked_one_is(document: dict[str, Any]) -> None:
    checked = bare(document)
    tenant, registry, stored = checked.tenant.id, registry_of([checked]), registry_of([stored_site(told(document), "stored")])
    devices = {device.id: resident.devices for resident in checked.residents for device in resident.devices}
    moments = [at for having in devices.values() for one in having for at in (one.from_, one.until) if at is not None]
    for resident in checked.residents:
        person = (tenant, resident.id)
        assert registry.plans[person] == stored.plans[person] == plan_for(checked, resident)
    for device in devices:
        for at in moments:
            assert registry.assignment(tenant, device, at) == stored.assignment(tenant, device, at)


def test_a_text_that_a_database_gives_is_read_as_its_bytes_are() -> None:
    document = with_person(name="Åsa Öberg")
    assert stored_site(told(document).decode(), "stored") == stored_site(told(document), "stored")


@pytest.mark.parametrize("place", [-1, 0, 1, 2, slice(0, 2), slice(None, None, -1)])
def test_a_roll_is_indexed_as_a_tuple_is(place: Any) -> None:
    document = bench_site(3)
    assert stored_site(told(document), "stored").residents[place] == bare(document).residents[place]


def test_a_roll_ends_where_its_residents_do() -> None:
    residents = stored_site(told(bench_site(3)), "stored").residents
    with pytest.raises(IndexError):
        residents[3]
    assert residents != bare(bench_site(2)).residents
    assert residents != list(residents)


MISTAKES: dict[str, dict[str, Any]] = {
    "a chain that is not there": with_person(chain="nowhere"),
    "a rule that is none": with_person(rules=[{"id": "x", "kind": "nothing"}]),
    "a consent without a day": with_person(consent={"given": "soon", "by": "kin", "basis": "sol"}),
    "a responsible unit that is not there": with_person(responsible={"search": "unit:nobody"}),
    "a device since a day that is none": with_person(devices=[{"id": "gps-00000", "kind": "gps", "from": "2026-02-30"}]),
    "a home at words": with_person(home={"lat": "here", "lon": "there"}),
    "a unit of no kind": {
        **bench_site(1),
        "units": [{"id": "centre", "name": "L", "kind": "x", "channels": [{"kind": "console"}]}],
    },
    "another version": {**bench_site(1), "version": 2},
    "a municipality that the map no longer has": with_person(
        zones=[{"id": "home", "municipality": "9999"}, {"id": "village", "municipality": "1444"}]
    ),
    "two of one id": {**bench_site(1), "residents": [*bench_site(1)["residents"], *bench_site(1)["residents"]]},
    "no mapping": [],  # type: ignore[dict-item]
}


@pytest.mark.parametrize("document", MISTAKES.values(), ids=MISTAKES)
def test_a_document_that_no_import_would_have_stored_is_refused_with_what_a_check_finds(document: dict[str, Any]) -> None:
    with pytest.raises(SiteInvalid) as refused:
        stored_site(told(document), "stored")
    assert sorted(map(str, refused.value.mistakes)) == sorted(
        map(str, check_document(json.loads(told(document)), "stored").mistakes)
    )


@pytest.mark.parametrize("text", [b"", b"{", b"\xff", "nothing"])
def test_what_is_no_document_at_all_is_refused_with_advice(text: bytes | str) -> None:
    with pytest.raises(SiteInvalid, match="grastorp has 1 mistake") as refused:
        stored_site(text, "grastorp")
    assert "import the site file again" in str(refused.value.mistakes[0])
