"""Speed and direction from positions: right where they can be known, and not said where they cannot."""

from __future__ import annotations

from datetime import UTC, datetime
from math import cos, radians, sin
from random import Random

import pytest

from alarmcore.motion import SURE, WINDOW_S, Motion, motion
from alarmcore.track import Kept
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
