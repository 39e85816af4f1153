"""Which positions of a device agree: the way that most of them lie on, whatever else it has said."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alarmcore.agreement import agreeing, likeliest
from alarmcore.kept import Kept

DEGREE_M = 111_363.0


def at(second: int, metres: float, accuracy_m: int | None = 10, *, rough: bool = False, doubted: bool = False) -> Kept:
    """So far north of somewhere."""
    return Kept(second, round((58.0 + metres / DEGREE_M) * 1e6), 12_000_000, accuracy_m, False, 1, rough, doubted)


def test_nothing_agrees_with_nothing_with_one_or_with_two() -> None:
    assert agreeing([]) == []
    assert likeliest([]) is None
    assert agreeing([at(0, 0)]) == [False]
    assert agreeing([at(0, 0), at(30, 0)]) == [False, False]
    assert agreeing([at(0, 0), at(30, 0), at(60, 0)]) == [True, True, True]


@pytest.mark.parametrize(
    ("every_s", "count", "enough"), [(1, 20, False), (1, 21, True), (5, 4, False), (5, 5, True), (10, 3, True)]
)
def test_what_is_said_within_seconds_counts_once(every_s: int, count: int, enough: bool) -> None:
    assert all(agreeing([at(every_s * n, 0) for n in range(count)])) is enough


def test_two_seconds_of_a_reflection_move_nothing() -> None:
    there = [at(30 * n, 0) for n in range(6)]
    astray = [at(180 + n, 600) for n in range(3)]
    assert agreeing([*there, *astray]) == [True] * 6 + [False] * 3
    back = [at(210, 5), at(240, 5)]
    assert agreeing([*there, *astray, *back]) == [True] * 6 + [False] * 3 + [True] * 2


@pytest.mark.parametrize("every_s", [10, 30, 60, 120, 600])
def test_one_far_position_among_others_is_passed_by_however_far_apart_they_are(every_s: int) -> None:
    """So far that both ways to it would have to be driven at over a hundred kilometres an hour."""
    walk = [at(every_s * n, 10 * n) for n in range(9)]
    wild = [*walk[:4], at(every_s * 4, 30 * every_s + 200), *walk[5:]]
    assert agreeing(wild) == [True] * 4 + [False] + [True] * 4


def test_a_rough_position_confirms_nothing_and_is_not_confirmed() -> None:
    fixes = [at(0, 0), at(30, 0, 900, rough=True), at(60, 0), at(90, 0, 900, rough=True)]
    assert agreeing(fixes) == [False] * 4
    assert likeliest(fixes) == 2
    assert agreeing([*fixes, at(120, 0)]) == [True, False, True, False, True]
    assert likeliest([at(0, 0, 900, rough=True)]) is None


def test_the_newest_that_lies_a_ride_away_waits_for_the_next() -> None:
    stood = [at(60 * n, 0) for n in range(5)]
    assert agreeing([*stood, at(300, 900)])[-1] is False, "54 km/h from one minute to the next"
    assert agreeing([*stood, at(300, 900), at(360, 1800)])[-2:] == [True, True]
    assert agreeing([*stood, at(300, 900), at(360, 0)])[-2:] == [False, True]
    assert agreeing([*stood, at(300, 400)])[-1] is True, "within a fast run of there"


def test_the_oldest_that_lies_a_ride_away_is_left_alone() -> None:
    assert agreeing([at(0, 2_000), *(at(60 + 60 * n, 0) for n in range(4))]) == [False] + [True] * 4
    assert all(agreeing([at(60 * n, 900 * n) for n in range(5)])), "but not that of a ride"


def test_a_doubted_position_counts_once_another_has_said_the_same() -> None:
    stood = [at(60 * n, 0) for n in range(4)]
    assert agreeing([*stood, at(240, 60, doubted=True)])[-1] is False
    assert agreeing([*stood, at(240, 60, doubted=True), at(300, 80, doubted=True)])[-2:] == [True, True]
    # A known network says "at home" in between.
    back = at(240, -250, doubted=True)
    assert agreeing([*stood, back, at(300, 5)])[-2:] == [False, True]


def test_one_moment_said_twice_at_two_places_breaks_nothing() -> None:
    assert agreeing([at(0, 0), at(0, 5_000), at(30, 0), at(60, 0)]) == [True, False, True, True]


def test_what_both_may_be_off_is_no_way_that_somebody_has_gone() -> None:
    apart = [0, 350, 0, 350, 0, 350]
    assert all(agreeing([at(10 * n, far, 180) for n, far in enumerate(apart)]))
    assert not all(agreeing([at(10 * n, far, 10) for n, far in enumerate(apart)]))
    assert not all(agreeing([at(10 * n, far, None) for n, far in enumerate(apart)])), "unknown is not as poor as that"


@pytest.mark.parametrize(("lat", "lon"), [(90.0, 0.0), (-90.0, 0.0), (0.0, 180.0), (58.0, -180.0)])
def test_the_poles_and_the_date_line_are_places_like_others(lat: float, lon: float) -> None:
    other = -lon if lon else 90.0
    fixes = [Kept(30 * n, round(lat * 1e6), round((lon if n % 2 else other) * 1e6), 10, False, 1) for n in range(6)]
    assert all(agreeing(fixes))


fixes_of = st.lists(
    st.tuples(
        st.integers(0, 900), st.integers(-30_000, 30_000), st.sampled_from([None, 5, 30, 200]), st.booleans(), st.booleans()
    ),
    max_size=16,
)


@given(fixes_of)
@settings(max_examples=150, deadline=None)
def test_what_agrees_lies_on_one_way_that_somebody_can_have_gone(given_: list[tuple[int, int, int | None, bool, bool]]) -> None:
    fixes = [at(s, m, a, rough=r, doubted=d) for s, m, a, r, d in sorted(given_, key=lambda one: one[0])]
    good = [fix for fix, agrees in zip(fixes, agreeing(fixes), strict=True) if agrees]
    assert not any(fix.rough for fix in good)
    for before, after in pairwise(good):
        far = abs(after.lat - before.lat) * DEGREE_M - (before.accuracy_m or 50) - (after.accuracy_m or 50)
        assert far <= 60.5 * (after.at_s - before.at_s + 1)
    assert agreeing(fixes) == agreeing(fixes)


@pytest.mark.parametrize("speed_mps", [0.0, 1.4, 6.0])
def test_of_a_walk_with_honest_errors_and_some_wild_ones_the_way_is_found(speed_mps: float) -> None:
    dice = Random(7)  # noqa: S311 - seeded errors of measurement
    lost = kept = 0
    for _ in range(60):
        wild = set(dice.sample(range(16), 4))
        truth = [speed_mps * 30 * n for n in range(16)]
        fixes = [
            at(30 * n, truth[n] + (dice.choice([-1, 1]) * dice.uniform(2_000, 20_000) if n in wild else dice.gauss(0, 8)))
            for n in range(16)
        ]
        found = agreeing(fixes)
        lost += sum(not found[n] for n in range(16) if n not in wild)
        kept += sum(found[n] for n in wild)
    assert lost < 0.02 * 60 * 12
    assert kept < 0.05 * 60 * 4
