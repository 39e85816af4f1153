"""Municipal borders for the map."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.borders import CACHE_MAX, MunicipalityUnknown, borders, municipality_at


def by_role(found: dict[str, Any], role: str) -> set[str]:
    return {f["properties"]["name"] for f in found["features"] if f["properties"]["role"] == role}


def rings(feature: dict[str, Any]) -> list[list[tuple[float, float]]]:
    return [ring for polygon in feature["geometry"]["coordinates"] for ring in polygon]


def test_a_municipality_comes_with_those_that_touch_it() -> None:
    found = borders("Grästorp")
    assert by_role(found, "own") == {"Grästorp"}
    assert by_role(found, "neighbour") == {"Essunga", "Vara", "Vänersborg", "Trollhättan", "Lidköping"}


@pytest.mark.parametrize("asked", ["1444", "Grästorp", "Grästorps kommun", "grästorps Kommun", " Grästorp "])
def test_a_municipality_is_known_by_its_code_and_by_each_form_of_its_name(asked: str) -> None:
    assert by_role(borders(asked), "own") == {"Grästorp"}


@pytest.mark.parametrize(("asked", "name"), [("Västerås stad", "Västerås"), ("Göteborgs stad", "Göteborg"), ("Borås", "Borås")])
def test_a_name_that_ends_in_s_by_itself_keeps_it(asked: str, name: str) -> None:
    assert by_role(borders(asked), "own") == {name}


def test_several_municipalities_are_neighbours_of_nobody_among_themselves() -> None:
    found = borders(["1444", "Vara"])
    assert by_role(found, "own") == {"Grästorp", "Vara"}
    assert not by_role(found, "neighbour") & {"Grästorp", "Vara"}


def test_an_island_has_the_coast_across_the_sound_for_a_neighbour() -> None:
    assert by_role(borders("Öckerö"), "neighbour") == {"Göteborg", "Kungälv"}


def test_the_own_border_is_drawn_last_and_so_on_top() -> None:
    assert [f["properties"]["role"] for f in borders("Grästorp")["features"]][-1] == "own"


def test_outlines_are_closed_rings_of_degrees_inside_sweden() -> None:
    for feature in borders("Grästorp")["features"]:
        for ring in rings(feature):
            assert len(ring) >= 4
            assert ring[0] == ring[-1]
            assert all(10.5 < lon < 24.5 and 55 < lat < 69.5 for lon, lat in ring)


def test_the_outline_lies_where_the_municipality_lies() -> None:
    own = borders("Grästorp")["features"][-1]
    lons = [lon for ring in rings(own) for lon, _ in ring]
    lats = [lat for ring in rings(own) for _, lat in ring]
    assert min(lons) < 12.68 < max(lons)
    assert min(lats) < 58.33 < max(lats)
    assert max(lons) - min(lons) < 0.6


def test_the_same_question_is_answered_from_memory() -> None:
    assert borders("Grästorp") is borders(["1444"])


def test_the_memory_does_not_grow_without_end() -> None:
    first = borders("0114")
    for code in range(1400, 1400 + 2 * CACHE_MAX):
        try:
            borders(str(code))
        except MunicipalityUnknown:
            continue
    for code in range(500, 900):
        try:
            borders(str(code).zfill(4))
        except MunicipalityUnknown:
            continue
    assert borders("0114") is not first
    assert borders("0114") == first


def test_an_unknown_municipality_is_named_in_the_error() -> None:
    with pytest.raises(MunicipalityUnknown, match="'Ankeborg'"):
        borders("Ankeborg")


def test_a_point_tells_its_municipality() -> None:
    assert municipality_at(58.3345, 12.6784) == "1444"  # Grästorp
    assert municipality_at(57.7, 10.5) is None  # the Skagerrak
