"""Which edges of a drawing cross each other, found bit by bit, since a tangle has more crossings than there is time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import shapely

from geofence.edges import Position

CHUNK: Final = 64
"""Edges that are looked up at once: in a tangle of 10,000 edges, each of them may cross every other."""

CANDIDATES_MAX: Final = 300_000
"""Pairs of edges that are looked at, about a second's work: a drawing of 10,000 edges by a person has some 50,000 that lie near
enough, and one that is traced over and over again has a hundred million."""


def crossings(edges: Sequence[tuple[Position, Position]]) -> Iterator[tuple[int, int]]:
    """Pairs of edges, by their places, that cross; the first ones first. Edges that only touch do not."""
    lines = shapely.linestrings(edges)
    tree = shapely.STRtree(lines)
    looked_at = 0
    for start in range(0, len(lines), CHUNK):
        mine, others = tree.query(lines[start : start + CHUNK])
        mine += start
        looked_at += len(mine)
        if looked_at > CANDIDATES_MAX:
            return
        ahead = mine < others
        mine, others = mine[ahead], others[ahead]
        found = shapely.crosses(lines[mine], lines[others])
        yield from sorted(zip(mine[found].tolist(), others[found].tolist(), strict=True))


def is_tangle(edges: Sequence[tuple[Position, Position]], most: int) -> bool:
    """Whether so many edges cross, or lie so near each other, that it would take long to take them apart."""
    lines = shapely.linestrings(edges)
    tree = shapely.STRtree(lines)
    near = crossed = 0
    for start in range(0, len(lines), CHUNK):
        pairs = tree.query(lines[start : start + CHUNK])
        near += pairs.shape[1]
        if near > CANDIDATES_MAX:
            return True
        crossed += int(shapely.crosses(lines[start + pairs[0]], lines[pairs[1]]).sum())
        # Each pair is met from both ends.
        if crossed > 2 * most:
            return True
    return False
