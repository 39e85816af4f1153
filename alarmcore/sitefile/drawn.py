"""The zones of a stored document: read back without a check, since every mistake was ruled out when they were imported."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from struct import pack
from typing import Any, Final

import msgspec

from alarmcore.model.site import Zone
from alarmcore.sitefile.ledger import Entry, Ledger
from alarmcore.sitefile.municipalities import municipality
from alarmcore.sitefile.values import Windows
from geofence import Area, Circle, Corridor, Region

NAMED: Final = b'"municipality"'
"""What stands in zones that name a municipality."""

Path = Sequence[tuple[float, ...]]


class Ground(msgspec.Struct, gc=False):
    """The circle of a zone."""

    lat: float
    lon: float
    radius_m: float


class Shape(msgspec.Struct, gc=False):
    """The GeoJSON geometry of a zone."""

    type: str
    coordinates: msgspec.Raw


class Way(msgspec.Struct, gc=False):
    """The corridor of a zone."""

    line: Shape
    width_m: float


class Drawn(msgspec.Struct, gc=False):
    """A zone as it stands in a document."""

    id: str
    circle: Ground | None = None
    area: Shape | None = None
    corridor: Way | None = None
    municipality: str | None = None
    active: list[dict[str, Any]] | None = None
    name: str | None = None


_zones = msgspec.json.Decoder(list[Drawn]).decode
_line = msgspec.json.Decoder(list[tuple[float, float]]).decode
_high_line = msgspec.json.Decoder(list[tuple[float, ...]]).decode
_polygon = msgspec.json.Decoder(list[list[tuple[float, float]]]).decode
_polygons = msgspec.json.Decoder(list[list[list[tuple[float, float]]]]).decode
_high_polygon = msgspec.json.Decoder(list[list[tuple[float, ...]]]).decode
_high_polygons = msgspec.json.Decoder(list[list[list[tuple[float, ...]]]]).decode


def check_named(zones: bytes) -> None:
    """Look up the municipalities that zones name.

    Another edition of the map may have other municipalities: that is said at the start, and not when a person is missing.

    Raises:
        MunicipalityUnknown: one of them is not there.
    """
    if NAMED not in zones:
        return
    for zone in _zones(zones):
        if zone.municipality is not None:
            municipality(zone.municipality)


def drawn_zones(text: bytes, windows: Windows) -> Iterator[Zone]:
    """The zones of a person. Their shapes and hours were checked when they were imported."""
    for zone in _zones(text):
        area: Area
        if zone.circle is not None:
            area = Circle(zone.circle.lat, zone.circle.lon, zone.circle.radius_m)
        elif zone.area is not None:
            area = Region(tuple(tuple(map(_path, rings)) for rings in _rings(zone.area)))
        elif zone.corridor is not None:
            area = Corridor(tuple(map(_path, _lines(zone.corridor.line))), zone.corridor.width_m)
        elif zone.municipality is not None:
            area = municipality(zone.municipality)
        else:
            continue
        active = windows.read(Entry({"active": zone.active}, Ledger()), "active") if zone.active else ()
        yield Zone(zone.id, area, active, zone.name)


def _rings(shape: Shape) -> Sequence[Sequence[Path]]:
    """Each polygon's rings, of longitudes and latitudes; heights behind them are left out."""
    flat, high = (_polygon, _high_polygon) if shape.type == "Polygon" else (_polygons, _high_polygons)
    try:
        found: Any = flat(shape.coordinates)
    except msgspec.ValidationError:
        found = high(shape.coordinates)
    return [found] if shape.type == "Polygon" else found


def _lines(shape: Shape) -> Sequence[Path]:
    """Each line's longitudes and latitudes; as for `_rings`."""
    flat, high = (_line, _high_line) if shape.type == "LineString" else (_polygon, _high_polygon)
    try:
        found: Any = flat(shape.coordinates)
    except msgspec.ValidationError:
        found = high(shape.coordinates)
    return [found] if shape.type == "LineString" else found


def _path(path: Path) -> bytes:
    """The positions of a ring or line, packed as `geofence` packs them."""
    return pack(f"<{2 * len(path)}d", *chain.from_iterable(position[:2] for position in path))
