"""An area goes out as a feature that a page can draw, and comes back as the very same area."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings

from geofence import Area, AreaInvalid, area_of, circle, corridor, feature, region
from tests.geofence.drawing import INNER, SQUARE, areas, polygon

LINE = {"type": "LineString", "coordinates": [[12.67, 58.33], [12.68, 58.335]]}


@settings(max_examples=50, deadline=None)
@given(areas())
def test_an_area_comes_back_as_it_was_with_its_properties(area: Area) -> None:
    properties = {"id": "home", "name": "Hemzonen", "priority": 3, "note": None, "tags": ["a"]}
    drawn = feature(area, properties)
    assert drawn["geometry"]["type"] in {"Polygon", "MultiPolygon"}
    assert area_of(json.loads(json.dumps(drawn))) == (area, properties)


def test_the_properties_given_are_not_changed() -> None:
    properties = {"id": "home"}
    feature(circle(58.3, 12.7, 100.0), properties)
    assert properties == {"id": "home"}


def test_what_others_draw_is_read_as_well() -> None:
    point = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [12.7, 58.3]}, "properties": {"radius_m": 100}}
    line = {"type": "Feature", "geometry": LINE, "properties": {"width_m": 80, "id": "shop"}}
    plain = {"type": "Feature", "geometry": polygon(SQUARE, INNER), "properties": None}
    assert area_of(point) == (circle(58.3, 12.7, 100.0), {})
    assert area_of(line) == (corridor(LINE, 80.0), {"id": "shop"})
    assert area_of(plain) == (region(polygon(SQUARE, INNER)), {})


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (polygon(SQUARE), "is not a GeoJSON Feature"),
        ([], "is not a GeoJSON Feature"),
        ({"type": "Feature", "geometry": None}, "is not a GeoJSON object"),
        ({"type": "Feature", "geometry": {"type": "Point", "coordinates": [12.7, 58.3]}}, "radius_m is not a number"),
        ({"type": "Feature", "geometry": {"type": "Point", "coordinates": []}}, "the centre is not a position"),
        ({"type": "Feature", "geometry": LINE, "properties": {}}, "width_m is not a number"),
        ({"type": "Feature", "geometry": {"type": "GeometryCollection"}}, "type must be Polygon or MultiPolygon"),
    ],
)
def test_what_is_no_area_is_refused(given: Any, words: str) -> None:
    with pytest.raises(AreaInvalid, match=words):
        area_of(given)
