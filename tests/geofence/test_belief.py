"""The belief keeps its promises about every sequence of fixes, and about the ones that hurt."""

from __future__ import annotations

from datetime import timedelta
from math import inf, nan

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from geofence import Belief, Fix, step
from geofence.belief import (
    ACCURACY_FLOOR_M,
    ACCURACY_UNKNOWN_M,
    BURST_S,
    DOUBT,
    ENOUGH,
    EVIDENCE_MAX,
    IMPLAUSIBLE,
    ROUGH_FACTOR,
    ROUGH_M,
    ROUGH_MAX,
    ROUGH_SAME_S,
    SAME_S,
    SPEED_MAX_MPS,
    STALE_S,
    WEIGHT,
    error_of,
    standing,
)
from tests.beliefs import INSIDE, NOON, OUTSIDE, after, fix

accuracies = st.none() | st.sampled_from([nan, inf, -1.0, 0.0]) | st.floats(0, 3_000)
fixes = st.builds(fix, st.integers(0, 1000), st.floats(-2_000, 2_000), accuracies)
histories = st.lists(fixes, max_size=30)
orderly = histories.map(lambda found: sorted({one.at: one for one in found}.values(), key=lambda one: one.at))
beliefs = histories.map(lambda history: after(*history))


# -- how many fixes it takes ----------------------------------------------------------------------------------------------


@given(beliefs, fixes)
def test_one_fix_alone_never_changes_what_is_believed(belief: Belief, one: Fix) -> None:
    settled = Belief(belief.side, belief.since_at, belief.last_at, belief.agreed, unrest=belief.unrest)
    assert step(settled, one).side == settled.side


def test_two_that_agree_change_it_and_it_holds_since_the_first() -> None:
    belief = after(fix(0, 80), fix(30, 90), start=INSIDE)
    assert (belief.side, belief.since_at, belief.agreed) == ("outside", NOON, 2)


def test_two_settle_what_was_never_known() -> None:
    assert after(fix(0, 80)).side == "unknown"
    assert after(fix(0, 80), fix(30, 81)).side == "outside"
    assert after(fix(0, -80), fix(30, -81)).side == "inside"


def test_the_more_doubtful_the_more_of_them_it_takes() -> None:
    """Each says 1.1: together enough with the third."""
    doubtful = [fix(n * 60, 40 + n, 100.0) for n in range(3)]
    assert after(*doubtful[:2], start=INSIDE).side == "inside"
    belief = after(*doubtful, start=INSIDE)
    assert (belief.side, belief.since_at, belief.agreed) == ("outside", NOON, 3)


def test_fixes_that_say_little_are_one_run_from_the_first_of_them_on() -> None:
    little = [fix(n * 60, 20 + n / 100, 100.0) for n in range(4)]
    runs = [after(*little[: n + 1], start=INSIDE) for n in range(4)]
    assert [(one.run, one.run_at) for one in runs] == [(1, NOON), (2, NOON), (3, NOON), (4, NOON)]


def test_a_fix_on_the_border_agrees_with_none() -> None:
    """Else one wild fix and one that says nothing would be two that agree."""
    belief = after(fix(0, 400), fix(30, 0.0), start=INSIDE)
    assert (belief.side, belief.run) == ("inside", 1)
    assert 0.9 * ENOUGH < belief.evidence < ENOUGH


def test_what_is_believed_holds_since_the_same_moment_however_many_confirm_it() -> None:
    belief = after(fix(0, 80), fix(30, 81), fix(60, 82), fix(90, 83), start=INSIDE)
    assert (belief.side, belief.since_at, belief.agreed) == ("outside", NOON, 4)
    assert (belief.last_at, belief.distance_m) == (NOON + timedelta(seconds=90), 83)


def test_a_wild_fix_moves_nothing_and_is_forgotten() -> None:
    belief = after(fix(0, 5_000), fix(30, -80), fix(60, -81), start=INSIDE)
    assert (belief.side, belief.evidence, belief.run) == ("inside", 0.0, 0)
    assert after(fix(90, 5_000), start=belief).side == "inside"


def test_a_good_fix_that_contradicts_takes_back_all_that_was_said_before() -> None:
    assert after(fix(0, 400), fix(30, -80), fix(60, 410), start=INSIDE).side == "inside"
    belief = after(fix(0, 400), fix(30, -80), fix(60, 410), fix(90, 420), start=INSIDE)
    assert (belief.side, belief.since_at, belief.agreed) == ("outside", NOON + timedelta(seconds=60), 2)


def test_a_poor_fix_that_contradicts_takes_back_as_much_as_it_says() -> None:
    before = after(fix(0, 400), start=INSIDE)
    belief = step(before, fix(30, -8, 100.0))
    assert 0.85 * ENOUGH < belief.evidence < before.evidence - WEIGHT * 0.08


def test_fixes_inside_that_outweigh_those_outside_leave_it_inside() -> None:
    assert after(fix(0, 80), fix(30, -80), fix(60, -81), fix(90, 80), start=INSIDE).side == "inside"


def test_that_somebody_may_have_been_inside_does_not_speak_against_their_leaving() -> None:
    """Where nothing is settled, a first fix outside begins anew; the other way round only one that says as much does."""
    assert after(fix(0, -80), fix(30, 80)).evidence == ENOUGH
    assert after(fix(0, 80), fix(30, -80)).evidence == -ENOUGH
    assert 0.0 < after(fix(0, 80), fix(30, -8, 40.0)).evidence < ENOUGH
    assert after(fix(0, -80), fix(30, 8, 40.0)).evidence == step(Belief(), fix(30, 8, 40.0)).evidence > 0.0
    assert after(fix(0, -80), fix(30, 0.0)).evidence == pytest.approx(-ENOUGH, rel=0.01)  # on the border is not outside


def test_what_speaks_for_leaving_adds_up_where_nothing_was_known() -> None:
    few = [fix(0, 8, 40.0), fix(30, 30, 40.0)]
    alone = [step(Belief(), one).evidence for one in few]
    assert alone[0] < 1.0 < alone[1]
    assert after(*few).evidence == pytest.approx(sum(alone), rel=0.01)


def test_the_newest_fix_is_remembered_whether_or_not_it_decides() -> None:
    first, second = after(fix(0, 80, 12.0), start=INSIDE), after(fix(0, 80, 12.0), fix(30, 90, 14.0), start=INSIDE)
    third = step(second, fix(60, 95, 16.0))
    assert [(one.side, one.distance_m, one.error_m) for one in (first, second, third)] == [
        ("inside", 80, 12.0),
        ("outside", 90, 14.0),
        ("outside", 95, 16.0),
    ]


# -- accuracy is a likelihood ---------------------------------------------------------------------------------------------


def test_a_fix_within_its_accuracy_says_a_little_and_a_far_one_much() -> None:
    said = [step(INSIDE, fix(0, far, 100.0)).evidence for far in (10, 50, 100, 1_000)]
    assert said == pytest.approx([WEIGHT * 0.1, WEIGHT * 0.5, WEIGHT, ENOUGH], rel=0.05)


@given(st.floats(1, 150), st.floats(10, 190), st.floats(10, 190))
def test_the_better_the_accuracy_the_more_a_fix_says(far: float, one: float, other: float) -> None:
    better, worse = sorted((one, other))
    assert step(INSIDE, fix(0, far, better)).evidence >= step(INSIDE, fix(0, far, worse)).evidence > 0.0


@pytest.mark.parametrize("missing", [None, 0.0, -1.0, -inf, nan])
def test_a_missing_or_meaningless_accuracy_is_unknown_never_perfect(missing: float | None) -> None:
    assert step(INSIDE, fix(0, 30, missing)) == step(INSIDE, fix(0, 30, ACCURACY_UNKNOWN_M))


def test_a_claim_below_the_floor_is_not_believed() -> None:
    assert step(INSIDE, fix(0, 8, 0.2)) == step(INSIDE, fix(0, 8, ACCURACY_FLOOR_M))


def test_an_accuracy_without_end_says_nothing() -> None:
    assert after(*(fix(n * 60, 900 + n, inf) for n in range(9)), start=INSIDE).side == "inside"


def test_a_network_s_guess_is_taken_to_be_further_off_and_never_says_much() -> None:
    guess = ROUGH_M + 100
    assert error_of(guess) == (guess * ROUGH_FACTOR, ROUGH_MAX)
    assert step(INSIDE, fix(86_400, 1e6, guess)).evidence == ROUGH_MAX
    assert step(Belief(), fix(0, guess, guess)).evidence == pytest.approx(WEIGHT / ROUGH_FACTOR)
    assert error_of(ROUGH_M) == (ROUGH_M, ENOUGH)


def test_guesses_from_far_away_find_somebody_who_has_nothing_better() -> None:
    belief = after(*(fix(300 + n * 300, 9_000 + n, 1_500.0) for n in range(3)), start=INSIDE)
    assert belief.side == "outside"


@given(st.lists(st.tuples(st.floats(-9.9, 9.9), st.booleans()), max_size=30))
def test_one_step_to_and_fro_over_the_border_changes_nothing(steps: list[tuple[float, bool]]) -> None:
    """Each fix near the border is followed by one as far on the other side."""
    jitter = [fix(n * 10 + half * 5, -size if half else size, 30.0) for n, (size, _) in enumerate(steps) for half in (0, 1)]
    assert after(*jitter, start=INSIDE).side == "inside"


# -- the same place, and speed --------------------------------------------------------------------------------------------


def test_a_place_that_is_said_again_counts_by_the_time_that_it_has_stood() -> None:
    first = step(Belief(), fix(0, 20, 40.0))
    again = step(first, fix(SAME_S / 2, 20, 40.0))
    assert again.evidence - first.evidence == pytest.approx(first.evidence / 2, rel=0.05)
    assert step(first, fix(SAME_S, 20, 40.0)).evidence == pytest.approx(2 * first.evidence, rel=0.05)
    assert step(first, fix(10 * SAME_S, 20, 40.0)).evidence == pytest.approx(2 * first.evidence, rel=0.05)


def test_a_guess_that_is_repeated_counts_by_a_longer_time() -> None:
    first = step(Belief(), fix(0, 300, 300.0))
    again = step(first, fix(ROUGH_SAME_S / 3, 300, 300.0))
    assert again.evidence - first.evidence == pytest.approx(first.evidence / 3, rel=0.1)
    known = step(Belief(), fix(0, 100, ROUGH_M))  # the last one that is no guess
    assert step(known, fix(SAME_S, 100, ROUGH_M)).evidence == pytest.approx(2 * known.evidence, rel=0.05)


def test_a_thousand_fixes_of_one_place_in_one_second_are_hardly_more_than_one() -> None:
    once = after(*(fix(n / 1000, 20.0, 40.0) for n in range(1000)), start=INSIDE)
    assert once.side == "inside"
    assert once.evidence < 1.1 * step(INSIDE, fix(0, 20.0, 40.0)).evidence


@pytest.mark.parametrize("far_m", [400.0, 600.0, 5_000.0, 50_000.0])
def test_a_burst_is_one_observation_however_many_fixes_it_has(far_m: float) -> None:
    """A reflection of some seconds, as a receiver sees it that reports ten times a second, wobbling from one fix to the next."""
    first, settled = step(INSIDE, fix(0, far_m, 5.0)), after(fix(-7_200, -80), fix(-7_140, -81), fix(-1, -80))
    assert first.side == "inside"
    for start in (INSIDE, settled):
        assert after(*(fix(n / 10, far_m + n % 7, 5.0) for n in range(20)), start=start).side == "inside"


def test_a_receiver_that_reports_every_second_is_believed_once_it_has_said_so_for_as_long() -> None:
    home = after(*(fix(n - 60, -80 + n % 5, 5.0) for n in range(60)))
    walking = [fix(n, 1.3 * n, 5.0) for n in range(1, 90)]
    sides = [after(*walking[:n], start=home).side for n in range(len(walking) + 1)]
    found_s = sides.index("outside")
    assert BURST_S <= found_s <= 3 * BURST_S
    assert set(sides[found_s:]) == {"outside"}


def test_a_fix_that_nobody_can_have_reached_counts_half() -> None:
    start = after(fix(-90, -79), fix(-60, -80), fix(-30, -81))
    near, far = -81 + 10 * SPEED_MAX_MPS + 29, -81 + 10 * SPEED_MAX_MPS + 31
    once = ENOUGH * 10 / BURST_S  # by the time since the one before
    assert step(start, Fix(NOON - timedelta(seconds=20), near, 15.0)).evidence == once
    assert step(start, Fix(NOON - timedelta(seconds=20), (near + far) / 2, 15.0)).evidence == once
    assert step(start, Fix(NOON - timedelta(seconds=20), far, 15.0)).evidence == once * IMPLAUSIBLE


# -- order, doubles, clocks -----------------------------------------------------------------------------------------------


@given(histories)
def test_every_fix_delivered_twice_is_every_fix_once(history: list[Fix]) -> None:
    assert after(*(one for one in history for _ in range(2))) == after(*history)


@given(beliefs, fixes, st.integers(0, 2_000))
def test_a_fix_no_newer_than_the_last_one_is_as_if_it_had_not_come(belief: Belief, one: Fix, earlier_s: int) -> None:
    assume(belief.last_at is not None)
    assert belief.last_at is not None
    assert step(belief, Fix(belief.last_at - timedelta(seconds=earlier_s), one.distance_m, one.accuracy_m)) is belief


@given(orderly, st.data())
def test_late_fixes_never_move_the_present(history: list[Fix], data: st.DataObject) -> None:
    """Any of them again at any time: only those that are newer than what is known count."""
    delivered: list[Fix] = []
    for place, one in enumerate(history):
        delivered += [one, *data.draw(st.lists(st.sampled_from(history[: place + 1]), max_size=2))]
    assert after(*delivered) == after(*history)


@given(histories.filter(len), st.randoms())
def test_whatever_the_order_the_newest_fix_is_the_last_one(history: list[Fix], chance: object) -> None:
    shuffled = sorted(history, key=lambda _: chance.random())  # type: ignore[attr-defined]
    assert after(*shuffled).last_at == max(one.at for one in history)


def test_late_fixes_from_a_walk_do_not_take_out_somebody_who_is_back() -> None:
    home_again = after(fix(600, -80), fix(630, -81), start=OUTSIDE)
    assert home_again.side == "inside"
    assert after(fix(300, 500), fix(330, 501), fix(360, 502), start=home_again) is home_again


@given(histories, st.integers(-(10**6), 10**6))
def test_a_clock_that_is_off_shifts_times_and_nothing_else(history: list[Fix], shift_s: int) -> None:
    shift = timedelta(seconds=shift_s)
    moved = after(*(Fix(one.at + shift, one.distance_m, one.accuracy_m) for one in history))
    still = after(*history)
    times = {name: getattr(still, name) for name in ("since_at", "last_at", "run_at", "told_at")}
    assert moved == msgspec.structs.replace(still, **{name: at + shift if at else None for name, at in times.items()})


# -- what must hold of every history --------------------------------------------------------------------------------------


@given(orderly)
def test_evidence_against_what_is_believed_has_one_sign_and_never_enough(history: list[Fix]) -> None:
    belief = Belief()
    for one in history:
        belief = step(belief, one)
        assert belief.evidence >= 0.0 if belief.side == "inside" else True
        assert belief.evidence <= 0.0 if belief.side == "outside" else True
        assert abs(belief.evidence) <= EVIDENCE_MAX
        assert (belief.run == 0) == (belief.evidence == 0.0) == (belief.run_at is None)


@given(histories)
def test_since_is_the_time_of_a_fix_and_known_exactly_when_the_side_is(history: list[Fix]) -> None:
    belief = after(*history)
    assert (belief.since_at is None) == (belief.side == "unknown") == (belief.agreed == 0)
    assert belief.since_at is None or belief.since_at in {one.at for one in history}
    assert belief.agreed == 0 or 2 <= belief.agreed <= len(history)


@given(st.lists(st.floats(1, 500), min_size=1, max_size=20), st.floats(0, 300), st.sampled_from([15.0, 60.0, 150.0]))
def test_farther_outside_is_never_found_later(walk: list[float], farther: float, accuracy: float) -> None:
    """Of fixes that are all outside, a minute apart, with places and speeds that are possible."""

    def found_at(more: float) -> int:
        belief = INSIDE
        for place, far in enumerate(walk):
            belief = step(belief, fix(place * 60, far + more + place / 1000, accuracy))
            if belief.side == "outside":
                return place
        return len(walk)

    assert found_at(farther) <= found_at(0.0)


@given(beliefs, st.sampled_from([-1, 1]))
def test_whatever_was_believed_four_good_fixes_far_off_settle_it(belief: Belief, side: int) -> None:
    """As after a zone was drawn anew: distances to others say nothing for long."""
    good = [fix(10_000 + n * 300, side * (500.0 + n), 10.0) for n in range(4)]
    assert after(*good, start=belief).side == ("outside" if side > 0 else "inside")


@pytest.mark.parametrize("odd", [nan, -nan])
def test_a_distance_that_is_no_number_is_as_if_it_had_not_come(odd: float) -> None:
    assert step(INSIDE, fix(0, odd)) is INSIDE
    assert step(INSIDE, fix(0, odd, inf)) is INSIDE


@pytest.mark.parametrize("odd", [inf, -inf])
def test_a_distance_without_end_is_one_fix_like_any(odd: float) -> None:
    assert step(INSIDE, fix(0, odd)).side == "inside"
    assert step(OUTSIDE, fix(0, odd)).side == "outside"
    assert step(INSIDE, fix(0, odd, inf)) is INSIDE


# -- how sure --------------------------------------------------------------------------------------------------------------


def test_nobody_is_sure_of_what_was_never_known() -> None:
    assert standing(Belief(), NOON) == "unknown"
    assert standing(after(fix(0, 80)), NOON) == "unknown"


def test_what_was_seen_a_moment_ago_is_what_is_believed() -> None:
    assert (standing(INSIDE, NOON), standing(OUTSIDE, NOON)) == ("inside", "outside")


def test_much_that_speaks_against_it_makes_it_uncertain_until_it_is_taken_back() -> None:
    doubted = step(INSIDE, fix(0, 400))
    assert abs(doubted.evidence) >= DOUBT
    assert standing(doubted, NOON) == "uncertain"
    assert standing(step(INSIDE, fix(86_400, 1e6, ROUGH_M + 100)), NOON) == "uncertain"  # as much as a guess can say
    assert standing(after(fix(30, -80), fix(60, -81), start=doubted), NOON) == "inside"
    assert standing(step(INSIDE, fix(0, 20, 100.0)), NOON) == "inside"


def test_what_was_seen_long_ago_is_uncertain() -> None:
    seen_at = NOON - timedelta(seconds=60)
    assert standing(INSIDE, seen_at + timedelta(seconds=STALE_S - 1)) == "inside"
    assert standing(INSIDE, seen_at + timedelta(seconds=STALE_S)) == "uncertain"


# -- what was stored ------------------------------------------------------------------------------------------------------


@given(beliefs)
def test_what_is_stored_is_what_was_believed(belief: Belief) -> None:
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(belief), type=Belief) == belief


def test_beliefs_of_the_former_version_are_read_and_go_on() -> None:
    old = {"side": "inside", "since_at": NOON, "last_at": NOON, "run_side": "outside", "run_count": 1, "run_at": NOON}
    belief = msgspec.msgpack.decode(msgspec.msgpack.encode(old), type=Belief)
    assert (belief.side, belief.since_at, belief.last_at, belief.evidence, belief.run) == ("inside", NOON, NOON, 0.0, 0)
    assert step(belief, fix(0, 80)) is belief
    assert step(belief, fix(30, 80)).side == "inside"
    assert after(fix(30, 80), fix(60, 81), start=belief).side == "outside"
