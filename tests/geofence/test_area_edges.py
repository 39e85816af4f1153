"""The edges that are prepared quickly are those that asking for every bend gives, to the last bit."""

from __future__ import annotations

from itertools import pairwise
from math import ceil, hypot, sqrt
from struct import pack

from hypothesis import given, settings
from hypothesis import strategies as st

from geofence.area import PLAIN_MAX, Region
from geofence.earth import Frame
from geofence.edges import BEND_MAX_M, PIECES_MAX, POSITION, Edge, edges_of, without_spikes


def edges_asked_one_by_one(ring: bytes, frame: Frame) -> list[Edge]:
    found: list[Edge] = []
    for (lon1, lat1), (lon2, lat2) in pairwise(without_spikes(list(POSITION.iter_unpack(ring)))):
        (x1, y1), (x2, y2) = frame.place(lat1, lon1), frame.place(lat2, lon2)
        x, y = frame.place((lat1 + lat2) / 2.0, (lon1 + lon2) / 2.0)
        bend = hypot(x - (x1 + x2) / 2.0, y - (y1 + y2) / 2.0)
        pieces = min(PIECES_MAX, max(1, ceil(sqrt(bend / BEND_MAX_M))))
        shares = [n / pieces for n in range(pieces)]
        stops = [frame.place(lat1 + (lat2 - lat1) * s, lon1 + (lon2 - lon1) * s) for s in shares]
        stops.append(frame.place(lat2, lon2))
        for (x1, y1), (x2, y2) in pairwise(stops):
            dx, dy = x2 - x1, y2 - y1
            if dx or dy:
                found.append((x1, y1, dx, dy, 1.0 / (dx * dx + dy * dy)))
    return found


steps = st.tuples(st.floats(-1, 1), st.floats(-1, 1))


@settings(max_examples=400, deadline=None)
@given(
    st.floats(-89, 89),
    st.floats(-170, 170),
    st.sampled_from([0.00001, 0.0005, 0.0015, 0.003, 0.02, 0.3]),
    st.lists(steps, min_size=3, max_size=12),
)
def test_edges_are_those_of_asking_for_every_bend(
    lat: float, lon: float, reach: float, corners: list[tuple[float, float]]
) -> None:
    ring = [(round(lon + east * reach, 9), round(lat + north * reach, 9)) for east, north in corners]
    packed = b"".join(pack("<2d", *position) for position in [*ring, ring[0]])
    # Not those of the area itself, which keeps none where they are very many.
    frame = Region(((packed,),)).frame
    assert list(edges_of([packed], frame)) == edges_asked_one_by_one(packed, frame)


def test_an_area_of_few_corners_keeps_no_edges_when_they_must_be_cut_into_very_many() -> None:
    """Seven corners, thirty kilometres apart."""
    corners = [(0.3, 51.075), (0.0, 51.15), (-0.3, 51.0), (0.3, 51.3), (-0.3, 51.3), (0.3, 51.0), (0.0, 51.3), (0.3, 51.075)]
    packed = b"".join(pack("<2d", *position) for position in corners)
    region = Region(((packed,),))
    assert len(list(edges_of([packed], region.frame))) > PLAIN_MAX
    assert region.edges is None
