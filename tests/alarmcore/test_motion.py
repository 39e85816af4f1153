"""Speed and direction from positions: right where they can be known, and not said where they cannot."""

from __future__ import annotations

from datetime import UTC, datetime
from math import atan2, cos, degrees, radians, sin
from random import Random

import pytest

from alarmcore.kept import Kept
from alarmcore.motion import SPAN_S, SURE, WINDOW_S, Motion, motion
from geofence.earth import frame_at

START_S = int(datetime(2026, 1, 14, 12, tzinfo=UTC).timestamp())


def walk(
    speed_mps: float, direction_deg: float, *, every_s: int = 30, count: int = 8, accuracy_m: int | None = 12, lat: float = 58.33
) -> list[Kept]:
    """Positions of somebody who goes evenly, without any error."""
    frame = frame_at(lat, 12.68)
    found = []
    for n in range(count):
        far = speed_mps * every_s * n
        where = frame.position(far * sin(radians(direction_deg)), far * cos(radians(direction_deg)))
        found.append(Kept(START_S + every_s * n, round(where[0] * 1e6), round(where[1] * 1e6), accuracy_m, True))
    return found


@pytest.mark.parametrize("direction", [0, 45, 90, 135, 180, 225, 270, 315])
@pytest.mark.parametrize("lat", [-70.0, 0.0, 58.33])
def test_an_even_walk_is_found_in_every_direction(direction: float, lat: float) -> None:
    found = motion(walk(1.2, direction, lat=lat))
    assert found is not None
    assert found.speed_mps == pytest.approx(1.2, abs=0.02)
    assert found.direction_deg is not None
    assert abs((found.direction_deg - direction + 180) % 360 - 180) < 1.0


def test_the_errors_are_those_of_a_straight_line_through_positions_of_that_accuracy() -> None:
    found = motion(walk(1.2, 0, count=3, every_s=60, accuracy_m=15))
    assert found is not None
    # Standard deviation along one direction, over the root of the spread of the three moments around their middle.
    assert found.speed_error_mps == pytest.approx(15 / 1.51 / (2 * 60**2) ** 0.5, rel=0.01)


@pytest.mark.parametrize(
    "fixes",
    [
        [],
        walk(1.2, 0, count=1),
        walk(1.2, 0, count=2),
        walk(1.2, 0, every_s=0),
        walk(1.2, 0, every_s=5, count=3),
        walk(1.2, 0, count=4, accuracy_m=150),
        walk(1.2, 0, every_s=int(WINDOW_S), count=3),
    ],
)
def test_nothing_is_said_where_the_positions_do_not_say_it(fixes: list[Kept]) -> None:
    assert motion(fixes) is None


def test_whoever_is_about_in_a_room_goes_nowhere_however_well_it_is_known() -> None:
    found = motion(walk(0.06, 359.99, count=11, accuracy_m=1))
    assert found is not None
    assert (found.speed_mps, found.direction_deg) == (0.0, None)


def test_a_slow_walk_is_one_where_it_is_known_well_enough() -> None:
    found = motion(walk(0.35, 90, count=11, accuracy_m=10))
    assert found is not None
    assert found.speed_mps == pytest.approx(0.35, abs=0.02)


def test_positions_of_one_moment_or_of_seconds_say_no_way_since_they_err_by_the_same() -> None:
    assert motion(walk(3.0, 0, every_s=1, count=int(SPAN_S), accuracy_m=3)) is None
    assert motion(walk(3.0, 0, every_s=1, count=int(SPAN_S) + 1, accuracy_m=3)) is not None


def test_many_positions_of_one_minute_are_no_surer_than_a_few() -> None:
    few, many = motion(walk(1.5, 0, every_s=30, count=3)), motion(walk(1.5, 0, every_s=1, count=61))
    assert few is not None
    assert many is not None
    assert many.speed_error_mps > 0.5 * few.speed_error_mps


def test_somebody_who_stays_has_no_direction() -> None:
    found = motion(walk(0.0, 0, count=11))
    assert found is not None
    assert (found.speed_mps, found.direction_deg, found.direction_error_deg) == (0.0, None, None)


def test_an_unknown_accuracy_counts_as_a_poor_one() -> None:
    known, unknown = motion(walk(1.2, 0, count=11, accuracy_m=12)), motion(walk(1.2, 0, count=11, accuracy_m=None))
    assert known is not None
    assert unknown is not None
    assert unknown.speed_error_mps == pytest.approx(known.speed_error_mps * 50 / 12, rel=0.01)


def test_what_was_long_ago_says_nothing_of_now() -> None:
    south, north = walk(1.2, 180, count=9), walk(1.2, 0, count=9)
    shifted = [Kept(k.at_s + 9 * 30 + int(WINDOW_S), k.lat_e6, k.lon_e6, k.accuracy_m, True) for k in north]
    assert motion(south + shifted) == motion(shifted)


def test_positions_that_claim_too_much_make_it_less_sure() -> None:
    fixes = walk(1.2, 0)
    jumping = [Kept(k.at_s, k.lat_e6 + (-1) ** n * 1500, k.lon_e6, k.accuracy_m, True) for n, k in enumerate(fixes)]
    sure, unsure = motion(fixes), motion(jumping)
    assert sure is not None
    assert unsure is None or unsure.speed_error_mps > 3 * sure.speed_error_mps


def test_standing_still_with_errors_seldom_seems_a_walk() -> None:
    """Errors as large as claimed: by the limit of two deviations, about one run in seven (two directions) seems to move."""
    dice, moving, runs = Random(5), 0, 400  # noqa: S311 - seeded errors of measurement
    for _ in range(runs):
        fixes = [
            Kept(k.at_s, k.lat_e6 + round(dice.gauss(0, 72)), k.lon_e6 + round(dice.gauss(0, 136)), 12, True)
            for k in walk(0.0, 0, count=10)
        ]
        found = motion(fixes)
        if isinstance(found, Motion) and found.speed_mps > 0.0:
            moving += 1
            assert found.speed_mps >= SURE * found.speed_error_mps
    assert moving < runs / 5


def shifted(fixes: list[Kept], metres: list[tuple[float, float]]) -> list[Kept]:
    """The same positions, each so far to the east and to the north."""
    frame = frame_at(fixes[0].lat, fixes[0].lon)
    moved = []
    for kept, (east, north) in zip(fixes, metres, strict=True):
        x, y = frame.place(kept.lat, kept.lon)
        lat, lon = frame.position(x + east, y + north)
        moved.append(Kept(kept.at_s, round(lat * 1e6), round(lon * 1e6), kept.accuracy_m, kept.good))
    return moved


@pytest.mark.parametrize("zigzag", [(60.0, 0.0), (0.0, 60.0)], ids=["sideways", "along"])
@pytest.mark.parametrize("count", [5, 9])
def test_how_much_less_sure_is_the_excess_of_the_squares_over_what_was_claimed(zigzag: tuple[float, float], count: int) -> None:
    """A zigzag around an even line, the same to both sides: by its squares in units of the claims, per number that is left."""
    even = walk(1.2, 0, count=count)
    sign = [(-1) ** n for n in range(count)]
    # What a zigzag of an odd number of positions adds to the middle is left out, so that the line is the same.
    off = [s - sum(sign) / count for s in sign]
    found, plain = motion(shifted(even, [(zigzag[0] * o, zigzag[1] * o) for o in off])), motion(even)
    assert found is not None
    assert plain is not None
    squares = sum((60.0 * o * 1.51 / 12) ** 2 for o in off)
    assert found.speed_error_mps == pytest.approx(plain.speed_error_mps * (squares / (2 * count - 4)) ** 0.5, rel=0.01)
    assert found.speed_mps == pytest.approx(plain.speed_mps, abs=0.01)


def test_the_direction_is_as_sure_as_the_speed_is_large_beside_its_error() -> None:
    found = motion(walk(1.2, 0, count=3, every_s=60, accuracy_m=15))
    assert found is not None
    assert found.direction_error_deg == pytest.approx(degrees(atan2(found.speed_error_mps, found.speed_mps)))
    still = motion(walk(0.0, 0, count=11))
    assert still is not None
    assert still.speed_error_mps == pytest.approx(12 / 1.51 / (sum((30 * n) ** 2 for n in range(-5, 6))) ** 0.5, rel=0.01)


def test_a_train_is_told_by_poor_positions_too() -> None:
    found = motion(walk(30.0, 90, count=3, every_s=60, accuracy_m=500))
    assert found is not None
    assert found.speed_mps == pytest.approx(30.0, abs=0.1)
    assert found.speed_error_mps > 1.0


def test_what_is_exactly_as_old_as_may_be_still_counts() -> None:
    assert motion(walk(1.2, 0, every_s=int(WINDOW_S) // 2, count=3)) is not None
    assert motion(walk(1.2, 0, every_s=int(WINDOW_S) // 2 + 1, count=3)) is None
