"""Stays, trips, fences and distances: what is judged is what the definitions say."""

from __future__ import annotations

import math

import pytest
from geographiclib.geodesic import Geodesic
from hypothesis import given
from hypothesis import strategies as st

from loadtests.evaluate.scenario import (
    Fix,
    Scenario,
    Seen,
    distance_m,
    first_outside,
    in_order_of_measurement,
    in_order_of_receipt,
    is_firm,
    moved,
)

LAT, LON = 58.38, 13.0


def scenario(*fixes: Fix, exits: bool = True) -> Scenario:
    return Scenario("t/f", "t", LAT, LON, 1000.0, 2000.0, 3000.0, True, fixes, exits)


def at(at_s: float) -> Fix:
    return Fix(at_s, at_s, LAT, LON, 10.0)


@given(lat=st.floats(-70, 70), lon=st.floats(-180, 180), far=st.floats(1, 50_000), azimuth=st.floats(0, 360))
def test_distance_is_that_of_the_ellipsoid(lat: float, lon: float, far: float, azimuth: float) -> None:
    other = Geodesic.WGS84.Direct(lat, lon, azimuth, far)
    assert distance_m(lat, lon, other["lat2"], other["lon2"]) == pytest.approx(far, rel=1e-3)


@given(lat=st.floats(-70, 70), azimuth=st.floats(0, 360))
def test_distance_to_the_border_of_a_fence_is_right_to_a_millimetre(lat: float, azimuth: float) -> None:
    other = Geodesic.WGS84.Direct(lat, 179.999, azimuth, 200.0)
    assert distance_m(lat, 179.999, other["lat2"], other["lon2"]) == pytest.approx(200, abs=1e-3)


@given(east=st.floats(-3000, 3000), north=st.floats(-3000, 3000))
def test_moving_so_far_is_being_so_far_away(east: float, north: float) -> None:
    assert distance_m(LAT, LON, *moved(LAT, LON, east, north)) == pytest.approx(math.hypot(east, north), rel=1e-3, abs=1e-6)


def test_a_minute_at_each_end_is_not_part_of_a_stay() -> None:
    one = scenario(*(at(t) for t in (1000, 1059.9, 1060, 1500, 1940, 1940.1, 2000)))
    assert [fix.at_s for fix in one.staying()] == [1060, 1500, 1940]
    assert one.stay_s == 1000


def test_a_trip_is_from_leaving_to_its_end() -> None:
    one = scenario(*(at(t) for t in (1999.9, 1999.96, 2000, 3000, 3000.04, 3000.1)))
    assert [fix.at_s for fix in one.leaving()] == [1999.96, 2000, 3000, 3000.04]


def test_somebody_who_stays_has_no_trip() -> None:
    assert scenario(at(2500), exits=False).leaving() == ()


def test_a_fence_sees_fixes_from_its_border() -> None:
    east = Fix(1.0, 2.0, *moved(LAT, LON, 230.0, 0.0), 7.0)
    (seen,) = scenario().seen([east])
    assert seen.outside_m == pytest.approx(30, abs=0.01)
    assert (seen.at_s, seen.received_s, seen.accuracy_m) == (1.0, 2.0, 7.0)


def test_an_exit_is_firm_from_three_fixes_on_that_are_outside_by_more_than_they_claim() -> None:
    sure, unsure, mute = Seen(0, 0, 51.0, 50.0), Seen(0, 0, 50.0, 50.0), Seen(0, 0, 5000.0, None)
    assert is_firm([sure, unsure, sure, mute, sure])
    assert not is_firm([sure, unsure, sure, mute, unsure])


def test_delays_count_from_the_first_measured_outside_not_from_the_first_received() -> None:
    late, soon, inside = Seen(10, 99, 5.0), Seen(20, 21, 5.0), Seen(1, 1, -5.0)
    assert first_outside([inside, soon, late]) is late
    assert first_outside([inside]) is None


def test_fixes_come_in_order_of_receipt_or_as_if_nothing_had_been_late() -> None:
    buffered, plain = Fix(10, 99, LAT, LON), Fix(20, 21, LAT, LON)
    assert in_order_of_receipt([buffered, plain]) == (plain, buffered)
    assert in_order_of_measurement([plain, buffered]) == (Fix(10, 10, LAT, LON), Fix(20, 20, LAT, LON))
