"""From positions in degrees to edges in metres: cut where they would bend, and freed of what encloses nothing.

GeoJSON's edges are straight in longitude and latitude, so that a long one bends on the ground; it is cut into pieces that do not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import ceil, hypot, sqrt
from struct import Struct as Packing
from typing import Final

from geofence.earth import Frame

BEND_MAX_M: Final = 0.05
"""How far an edge may leave GeoJSON's straight line between two positions; well below what any receiver resolves."""

PIECES_MAX: Final = 64
"""Pieces one edge is cut into at most, so that a country-sized polygon stays cheap; reached by edges of about 80 km."""

STRAIGHT_M: Final = 150.0
STRAIGHT_LAT: Final = 75.0
"""An edge that reaches less far to the east and to the north, between these latitudes, bends by less than two centimetres (the
square of its length, times the latitude's tangent, by two radii of the earth) and is not asked: nearly all that people draw."""

POSITION: Final = Packing("<2d")
"""How a position lies in a packed path: longitude, latitude."""

Edge = tuple[float, float, float, float, float]
"""Start to the east and north, step to the east and north, and one over the step's squared length."""

Place = tuple[float, float]
"""Metres to the east and to the north in a frame."""

Position = tuple[float, float]
"""Longitude and latitude."""


def edges_of(paths: Sequence[bytes], frame: Frame, *, rings: bool = True) -> Iterator[Edge]:
    """The edges of packed paths."""
    for run in runs_of(paths, frame, rings=rings):
        for (x1, y1), (x2, y2) in pairwise(run):
            dx, dy = x2 - x1, y2 - y1
            yield x1, y1, dx, dy, 1.0 / (dx * dx + dy * dy)


def runs_of(paths: Sequence[bytes], frame: Frame, *, rings: bool = True) -> Iterator[list[Place]]:
    """The corners of packed paths in the frame, with those at which edges are cut, in runs without a gap and without repeats.

    Of rings, what is no border is left out: spikes, and the seam at which an area was cut at the antimeridian.
    """
    drawn: list[list[Position]] = [list(POSITION.iter_unpack(path)) for path in paths]
    if rings:
        drawn = [without_spikes(ring) for ring in drawn]
    seam = _seam(drawn) if rings else set()
    for positions in drawn:
        for piece in _without(positions, seam):
            run = _run(piece, frame)
            if len(run) > 1:
                yield run


def without_spikes(positions: list[Position]) -> list[Position]:
    """A path without the parts that run out and straight back over the same positions: they enclose nothing."""
    kept: list[Position] = []
    for position in positions:
        kept.append(position)
        # a, a is a position that stands twice; a, b, a is a spike with its tip at b, of which a, a may be left over.
        if kept[-2:-1] == [position]:
            del kept[-1]
        elif kept[-3:-2] == [position]:
            del kept[-2:]
    while len(kept) > 4 and kept[0] == kept[-1] and kept[1] == kept[-2]:
        kept = kept[1:-1]
    return kept


def _run(positions: Sequence[Position], frame: Frame) -> list[Place]:
    # One name for the antimeridian, so that parts that were cut there meet to the last bit.
    places = [frame.place(lat, 180.0 if lon == -180.0 else lon) for lon, lat in positions]
    run = places[:1]
    for ((lon1, lat1), here), ((lon2, lat2), there) in pairwise(zip(positions, places, strict=True)):
        pieces = _pieces(lat1, lon1, lat2, lon2, here, there, frame)
        for share in (n / pieces for n in range(1, pieces)):
            _reach(run, frame.place(lat1 + (lat2 - lat1) * share, lon1 + (lon2 - lon1) * share))
        _reach(run, there)
    return run


def _reach(run: list[Place], place: Place) -> None:
    if place != run[-1]:
        run.append(place)


def _pieces(lat1: float, lon1: float, lat2: float, lon2: float, here: Place, there: Place, frame: Frame) -> int:
    """Into how many pieces an edge must be cut; its bend falls with the square of that."""
    (x1, y1), (x2, y2) = here, there
    if abs(x2 - x1) < STRAIGHT_M and abs(y2 - y1) < STRAIGHT_M and abs(lat1) < STRAIGHT_LAT and abs(lat2) < STRAIGHT_LAT:
        return 1
    x, y = frame.place((lat1 + lat2) / 2.0, (lon1 + lon2) / 2.0)
    bend = hypot(x - (x1 + x2) / 2.0, y - (y1 + y2) / 2.0)
    return min(PIECES_MAX, max(1, ceil(sqrt(bend / BEND_MAX_M))))


Seam = set[tuple[float, float]]


def _seam(drawn: Sequence[Sequence[Position]]) -> Seam:
    """Latitudes between which an area was cut at the antimeridian: borders of its two parts, and no border of the whole."""
    sides: dict[float, Seam] = {180.0: set(), -180.0: set()}
    for positions in drawn:
        for (lon1, lat1), (lon2, lat2) in pairwise(positions):
            if lon1 == lon2 and lon1 in sides:
                sides[lon1].add((min(lat1, lat2), max(lat1, lat2)))
    return sides[180.0] & sides[-180.0]


def _without(positions: list[Position], seam: Seam) -> Iterator[list[Position]]:
    """The parts of a path that are a border: not a seam, nor a pole, which is a point however far its longitudes reach."""
    part = positions[:1]
    for (lon1, lat1), (lon2, lat2) in pairwise(positions):
        cut = seam and lon1 == lon2 and abs(lon1) == 180.0 and (min(lat1, lat2), max(lat1, lat2)) in seam
        if cut or (abs(lat1) == 90.0 and lat1 == lat2):
            yield part
            part = []
        part.append((lon2, lat2))
    yield part
