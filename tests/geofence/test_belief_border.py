"""When two fixes agree, how fast anybody can go, and whoever sits at the border."""

from __future__ import annotations

from datetime import timedelta
from math import exp, hypot, sqrt
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geofence import Belief, Fix, step
from geofence.belief import (
    AGED_S,
    ALONE,
    APART_S,
    BURST_S,
    CALM_S,
    DOUBT,
    ENOUGH,
    HALF_S,
    IMPLAUSIBLE,
    MARGIN_MAX_M,
    SETTLED_S,
    WEIGHT,
    standing,
)
from tests.beliefs import INSIDE, NOON, after, fix, place

# -- agreement ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("weak", [(1.0, 150.0), (1.2, 150.0), (2.0, 40.0), (26.0, 100.0)])
@pytest.mark.parametrize("after_s", [0.001, 30.0, 3_600.0, 5 * 86_400.0])
def test_the_fix_that_decides_must_say_so_by_itself(weak: tuple[float, float], after_s: float) -> None:
    assert after(fix(0, 400), fix(after_s, *weak), start=INSIDE).side == "inside"
    assert WEIGHT * weak[0] / weak[1] < ALONE


def test_the_strongest_of_them_does_not_decide_alone_against_what_was_believed_for_long() -> None:
    """The same two fixes change what has been believed for a minute."""
    slight = [fix(0, 12, 150.0), fix(30, 400)]
    long = after(fix(-2 * SETTLED_S, -80), *(fix(-SETTLED_S + n * 600, -81 + n % 3) for n in range(24)))
    assert after(*slight, start=INSIDE).side == "outside"
    assert after(*slight, start=long).side == "inside"
    assert after(fix(0, 90, 40.0), fix(30, 400), start=long).side == "outside"


@pytest.mark.parametrize(
    ("apart_s", "side"),
    [(APART_S - 0.1, "inside"), (60.0, "outside"), (HALF_S, "outside"), (AGED_S + 1, "inside"), (5 * 86_400.0, "inside")],
)
def test_two_that_are_too_near_or_too_far_apart_in_time_do_not_agree(apart_s: float, side: str) -> None:
    assert after(fix(0, 400), fix(apart_s, 410), start=INSIDE).side == side


def test_evidence_halves_with_time() -> None:
    doubted = step(INSIDE, fix(0, 20, 40.0))
    later = step(doubted, fix(HALF_S, 5e-4, 1e5))
    assert later.evidence == pytest.approx(doubted.evidence / 2, rel=0.02)


def test_an_old_fix_makes_uncertain_and_decides_nothing() -> None:
    old = [Fix(NOON + timedelta(seconds=n * 60), 400.0 + n, 10.0, old=True) for n in range(9)]
    belief = after(*old, start=INSIDE)
    assert (belief.side, standing(belief, NOON + timedelta(minutes=9))) == ("inside", "uncertain")
    assert step(belief, fix(600, 400)).side == "outside"
    assert step(belief, fix(600, -80)).evidence < DOUBT or standing(step(belief, fix(600, -80)), NOON) == "uncertain"
    assert after(*old).side == "unknown"


def test_a_way_is_too_fast_in_space_and_not_only_across_the_border() -> None:
    """From one side of a large zone to the other, at the same distance from its border."""
    start = after(place(-120, -80, -20_000), place(-60, -80, -20_005))
    assert step(start, place(0, 20, -20_100)).evidence == step(start, place(0, 20, -20_100)).evidence > 0.0
    assert step(start, place(0, 20, 20_000)).evidence == IMPLAUSIBLE * step(start, place(0, 20, -20_100)).evidence


def test_two_places_at_the_same_distance_are_not_the_same_place() -> None:
    one = step(Belief(), place(0, 20, 220, accuracy_m=40.0))
    assert step(one, place(BURST_S, 20, 0, 220, 40.0)).evidence == pytest.approx(2 * one.evidence, rel=0.05)
    assert step(one, place(BURST_S, 20, 220, 0, 40.0)).evidence == pytest.approx(1.5 * one.evidence, rel=0.05)


def test_a_jump_is_measured_from_where_the_person_is_believed_to_be() -> None:
    """Else the second fix of a glitch would be as good as any: it is near the first."""
    home = after(place(-120, -80, 0), place(-60, -80, 5))
    belief = after(place(0, 49_800, 50_000), place(30, 49_810, 50_010), start=home)
    assert (belief.side, belief.run) == ("inside", 2)
    assert belief.evidence == pytest.approx(2 * IMPLAUSIBLE * ENOUGH, rel=0.01)


@pytest.mark.parametrize("lon", [179.9999, -179.9999, 0.0])
@pytest.mark.parametrize("lat", [89.9999, -89.9999, 0.0, 58.0])
def test_nobody_is_too_fast_over_the_date_line_or_beside_a_pole(lat: float, lon: float) -> None:
    start = after(*(Fix(NOON + timedelta(seconds=n), -80.0, 10.0, lat, lon) for n in (-90, -60)))
    other = Fix(NOON, 30.0, 10.0, lat, -lon if lon else 0.0001)
    assert step(start, other).evidence > IMPLAUSIBLE * ENOUGH


# -- at the border ------------------------------------------------------------------------------------------------------------


def sitting(middle_m: float, spread_m: float, claim_m: float, chance: Random, hours: float = 24.0) -> list[Fix]:
    """A fix a minute of somebody who sits still, with errors that last about ten minutes."""
    keeps, east, north = exp(-60 / 570), 0.0, 0.0
    fixes = []
    for n in range(int(hours * 60)):
        east, north = (keeps * one + chance.gauss(0, spread_m * sqrt(1 - keeps * keeps)) for one in (east, north))
        off_m = hypot(middle_m + east, north)
        fixes.append(place(n * 60, off_m - 200.0, middle_m + east, north, claim_m * chance.lognormvariate(0, 0.3)))
    return fixes


@pytest.mark.parametrize(
    ("middle_m", "spread_m", "claim_m"), [(170, 20, 20), (185, 15, 20), (195, 15, 20), (200, 15, 20), (190, 10, 8)]
)
def test_somebody_who_sits_at_the_border_for_a_day_is_found_outside_a_few_times_at_most(
    middle_m: float, spread_m: float, claim_m: float
) -> None:
    """The rule "outside by more than the accuracy, armed again inside" finds them up to twenty-five times."""
    for seed in range(3):
        belief, found = after(fix(-600, -200), fix(-300, -199)), 0
        for one in sitting(middle_m, spread_m, claim_m, Random(seed)):  # noqa: S311 - the same walk each time
            after_it = step(belief, one)
            found += after_it.side == "outside" != belief.side
            belief = after_it
        assert found <= 3


@given(st.floats(0.0, 3.0), st.floats(10.0, 200.0), st.floats(0.0, 86_400.0))
def test_however_restless_whoever_is_well_outside_is_found_by_two(unrest: float, accuracy_m: float, believed_s: float) -> None:
    since_at = NOON - timedelta(seconds=believed_s)
    start = Belief("inside", since_at, NOON - timedelta(seconds=60), 2, -80.0, 10.0, unrest=unrest)
    far = MARGIN_MAX_M + 1.2 * accuracy_m
    assert after(fix(0, far, accuracy_m), fix(60, far + 1, accuracy_m), start=start).side == "outside"


@given(st.integers(1, 10), st.floats(10.0, 60.0))
def test_each_change_of_mind_takes_the_border_farther_away(times: int, accuracy_m: float) -> None:
    belief, said = INSIDE, []
    for n in range(times):
        doubt = step(belief, fix(n * 600, 40.0, accuracy_m))
        said.append(doubt.evidence)
        belief = after(*(fix(n * 600 + k * 60, s * 500.0 + k, 10.0) for k, s in ((1, 1), (2, 1), (3, -1), (4, -1))), start=belief)
        assert belief.side == "inside"
    assert said == sorted(said, reverse=True)


def test_a_day_or_two_without_a_change_of_mind_calms() -> None:
    restless = msgspec.structs.replace(INSIDE, unrest=2.0)
    assert step(restless, fix(CALM_S - 60, -80)).unrest == pytest.approx(1.0)
