"""The belief keeps its promises about every sequence of fixes, and about the ones that hurt."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geofence import Belief, Fix, step
from geofence.belief import ACCURACY_FLOOR_M, ACCURACY_UNKNOWN_M, ROUGH_FACTOR, ROUGH_M

NOON = datetime(2026, 1, 14, 12, tzinfo=UTC)


def fix(at_s: float, distance_m: float, accuracy_m: float | None = 15.0) -> Fix:
    return Fix(NOON + timedelta(seconds=at_s), distance_m, accuracy_m)


def after(*fixes: Fix, start: Belief | None = None) -> Belief:
    belief = start or Belief()
    for one in fixes:
        belief = step(belief, one)
    return belief


INSIDE = after(fix(-120, -80), fix(-60, -80))
OUTSIDE = after(fix(-120, 80), fix(-60, 80))

fixes = st.builds(
    fix,
    st.integers(0, 1000),
    st.floats(-2_000, 2_000),
    st.none() | st.just(float("nan")) | st.floats(-1, 3_000),
)
histories = st.lists(fixes, max_size=30)
beliefs = histories.map(lambda history: after(*history))


@given(beliefs, fixes)
def test_one_fix_alone_never_changes_a_settled_belief(belief: Belief, one: Fix) -> None:
    settled = Belief(belief.side, belief.since_at, belief.last_at)
    assert step(settled, one).side == settled.side


def test_two_agreeing_fixes_change_it_and_it_holds_since_the_first() -> None:
    belief = after(fix(0, 80), fix(30, 90), start=INSIDE)
    assert belief.side == "outside"
    assert belief.since_at == NOON


def test_two_fixes_settle_what_was_never_known() -> None:
    assert after(fix(0, 80)).side == "unknown"
    assert after(fix(0, 80), fix(30, 80)).side == "outside"
    assert after(fix(0, -80), fix(30, -80)).side == "inside"


def test_fixes_that_disagree_settle_nothing() -> None:
    assert after(fix(0, 80), fix(30, -80), fix(60, 80), fix(90, -80)).side == "unknown"


@given(beliefs, st.floats(0, 3_000), st.floats(0, 1), st.sampled_from([-1, 1]))
def test_a_fix_too_poor_to_tell_moves_nothing(belief: Belief, accuracy: float, share: float, side: int) -> None:
    assert step(belief, fix(2_000, side * share * accuracy, accuracy or 0.1)) is belief


def test_a_poor_fix_neither_breaks_nor_counts_for_a_run() -> None:
    assert after(fix(0, 80), fix(30, 40, 100), start=INSIDE).side == "inside"
    assert after(fix(0, 80), fix(30, -40, 100), fix(60, 80), start=INSIDE).side == "outside"


def test_a_good_fix_inside_breaks_a_run() -> None:
    assert after(fix(0, 80), fix(30, -80), fix(60, 80), start=INSIDE).side == "inside"


@given(beliefs, fixes)
def test_the_same_fix_twice_counts_once(belief: Belief, one: Fix) -> None:
    once = step(belief, one)
    assert step(once, one) is once


@given(beliefs, st.floats(-2_000, 2_000), st.floats(1, 100), st.integers(1, 2_000))
def test_a_fix_measured_earlier_than_the_last_used_one_moves_nothing(
    belief: Belief, distance: float, accuracy: float, earlier_s: int
) -> None:
    last_at = belief.last_at or NOON
    known = belief if belief.last_at else after(fix(0, 80))
    assert step(known, Fix(last_at - timedelta(seconds=earlier_s), distance, accuracy)) is known


def test_late_fixes_from_a_walk_do_not_take_home_somebody_who_is_back() -> None:
    home_again = after(fix(600, -80), fix(630, -80), start=OUTSIDE)
    assert after(fix(300, 500), fix(330, 500), fix(360, 500), start=home_again) is home_again


@given(histories, st.integers(-(10**6), 10**6))
def test_only_differences_in_time_matter(history: list[Fix], shift_s: int) -> None:
    shift = timedelta(seconds=shift_s)
    moved = after(*(Fix(f.at + shift, f.distance_m, f.accuracy_m) for f in history))
    still = after(*history)
    assert moved.side == still.side
    assert moved.since_at == (still.since_at + shift if still.since_at else None)


@given(histories)
def test_inside_and_outside_are_treated_alike(history: list[Fix]) -> None:
    mirror = {"inside": "outside", "outside": "inside", "unknown": "unknown"}
    mirrored = after(*(Fix(f.at, -f.distance_m, f.accuracy_m) for f in history))
    assert mirrored.side == mirror[after(*history).side]


@given(histories)
def test_since_is_the_time_of_a_fix_and_known_exactly_when_the_side_is(history: list[Fix]) -> None:
    belief = after(*history)
    assert (belief.since_at is None) == (belief.side == "unknown")
    assert belief.since_at is None or belief.since_at in {f.at for f in history}


@pytest.mark.parametrize("missing", [None, 0.0, -1.0, float("nan")])
def test_a_missing_or_meaningless_accuracy_is_unknown_never_perfect(missing: float | None) -> None:
    near, far = ACCURACY_UNKNOWN_M - 1, ACCURACY_UNKNOWN_M + 1
    assert after(fix(0, near, missing), fix(30, near, missing), start=INSIDE) is INSIDE
    assert after(fix(0, far, missing), fix(30, far, missing), start=INSIDE).side == "outside"


def test_a_claim_below_the_floor_is_not_believed() -> None:
    near, far = ACCURACY_FLOOR_M - 0.1, ACCURACY_FLOOR_M + 0.1
    assert after(fix(0, near, 0.2), fix(30, near, 0.2), start=INSIDE) is INSIDE
    assert after(fix(0, far, 0.2), fix(30, far, 0.2), start=INSIDE).side == "outside"


def test_a_network_s_guess_counts_only_from_far_away() -> None:
    guess = ROUGH_M + 100
    near, far = guess * ROUGH_FACTOR - 1, guess * ROUGH_FACTOR + 1
    assert after(fix(0, near, guess), fix(30, near, guess), start=INSIDE) is INSIDE
    assert after(fix(0, far, guess), fix(30, far, guess), start=INSIDE).side == "outside"


@given(st.lists(st.floats(-9.9, 9.9), max_size=30))
def test_jitter_at_the_border_changes_nothing(jitter: list[float]) -> None:
    assert after(*(fix(n * 10, d, 5.0) for n, d in enumerate(jitter)), start=INSIDE) is INSIDE


def test_a_distance_that_is_no_number_moves_nothing() -> None:
    assert step(INSIDE, fix(0, float("nan"))) is INSIDE
