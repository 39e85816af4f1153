"""What is believed of durations: exact tails, and a belief that data narrow."""

from __future__ import annotations

import math

import pytest

from alarmcore.usual.spread import BEYOND_MIN, LOG, ROOT, Part, Scale, Spread, Sums, student, student_beyond, within
from tests.diary import luck

PRIOR = Spread(mean=5.7, worth=4.0, shape=3.0, variance=0.8)


@pytest.mark.parametrize(
    ("t", "freedom", "beyond"),
    [(2.776, 4, 0.025), (4.604, 4, 0.005), (1.782, 12, 0.05), (3.930, 12, 0.001), (0.0, 8, 0.5), (-2.447, 6, 0.975)],
)
def test_tails_of_student_are_those_of_the_tables(t: float, freedom: int, beyond: float) -> None:
    """Table values to three decimals of t."""
    assert student_beyond(t, freedom) == pytest.approx(beyond, rel=2e-3)


def sums(values: list[float]) -> Sums:
    return Sums(len(values), sum(values), sum(value * value for value in values))


def test_nothing_observed_changes_nothing() -> None:
    assert PRIOR.given(Sums(0.0, 0.0, 0.0)) == PRIOR


def test_it_does_not_matter_whether_data_come_at_once_or_one_by_one() -> None:
    values = [4.8, 5.1, 6.3, 5.0]
    at_once, one_by_one = PRIOR.given(sums(values)), PRIOR
    for value in values:
        one_by_one = one_by_one.given(sums([value]))
    assert one_by_one == pytest.approx(at_once)


def test_many_data_leave_little_of_what_was_believed_before() -> None:
    rng = luck(1)
    known = PRIOR.given(sums([rng.gauss(7.0, 0.3) for _ in range(500)]))
    assert known.mean == pytest.approx(7.0, abs=0.05)
    assert math.sqrt(known.variance) == pytest.approx(0.3, abs=0.05)


def test_a_limit_far_out_begins_wide_and_narrows_as_somebody_becomes_known() -> None:
    rng = luck(2)
    values = [rng.gauss(5.7, 0.4) for _ in range(100)]
    limits = [within(0.99, LOG, (Part(1.0, PRIOR.given(sums(values[:n]))),)) for n in (0, 5, 20, 100)]
    assert limits == sorted(limits, reverse=True)
    assert limits[0] > 3 * limits[-1]


def test_a_limit_is_kept_by_as_many_as_it_says() -> None:
    """The next observation, drawn anew each time together with the data it is judged by, is beyond as often as it says."""
    rng = luck(3)
    beyond = 0
    for _ in range(4000):
        variance = PRIOR.shape * PRIOR.variance / rng.gammavariate(PRIOR.shape, 1.0)
        mean = rng.gauss(PRIOR.mean, math.sqrt(variance / PRIOR.worth))
        known = PRIOR.given(sums([rng.gauss(mean, math.sqrt(variance)) for _ in range(3)]))
        beyond += rng.gauss(mean, math.sqrt(variance)) > LOG.of(within(0.95, LOG, (Part(1.0, known),)))
    assert beyond / 4000 == pytest.approx(0.05, abs=0.012)


def test_of_several_ways_the_slow_one_counts_as_much_as_it_is_likely() -> None:
    fast, slow = Spread(4.0, 50.0, 25.0, 0.01), Spread(8.0, 50.0, 25.0, 0.01)
    assert within(0.95, LOG, (Part(0.99, fast), Part(0.01, slow))) < math.exp(4.6)
    assert within(0.995, LOG, (Part(0.99, fast), Part(0.01, slow))) > math.exp(7.5)


@pytest.mark.parametrize("scale", [LOG, ROOT])
def test_scales_lead_back(scale: object) -> None:
    assert isinstance(scale, type(LOG))
    assert scale.seconds(scale.of(1234.5)) == pytest.approx(1234.5)


def test_what_is_believed_after_data_is_what_the_textbook_says() -> None:
    """The conjugate analysis, worked out from single observations instead of from their sums."""
    values = [4.8, 5.1, 6.3, 5.0]
    n, mean = len(values), sum(values) / len(values)
    inside = sum((value - mean) ** 2 for value in values)
    apart = 4.0 * n / (4.0 + n) * (mean - 5.7) ** 2
    known = PRIOR.given(sums(values))
    assert known.mean == pytest.approx((4.0 * 5.7 + sum(values)) / 8.0)
    assert known.worth == 8.0
    assert known.shape == 5.0
    assert known.variance == pytest.approx((3.0 * 0.8 + inside / 2.0 + apart / 2.0) / 5.0)


def test_rounding_of_alike_observations_makes_no_spread_less_than_none() -> None:
    known = PRIOR.given(Sums(1.0, 5.7, 5.7**2 - 1e-6))
    assert known.variance == pytest.approx(3.0 * 0.8 / 3.5)


@pytest.mark.parametrize(("shape", "freedom"), [(0.2, 4), (2.4, 4), (2.6, 6), (4.0, 8), (6.0, 12), (300.0, 12)])
def test_the_tails_are_those_of_as_many_degrees_as_are_known_and_never_thinner(shape: float, freedom: int) -> None:
    spread = Spread(5.0, 4.0, shape, 0.8)
    breadth = math.sqrt(0.8 * 1.25)
    assert spread.beyond(5.0 + 2.0 * breadth) == pytest.approx(student_beyond(2.0, freedom))
    assert spread.beyond(5.0) == pytest.approx(0.5)
    assert spread.reached(0.99) == pytest.approx(5.0 + student(0.99, freedom) * breadth)


@pytest.mark.parametrize("freedom", [4, 6, 12])
@pytest.mark.parametrize("share", [0.5, 0.8, 0.99, 0.9998])
def test_a_quantile_is_where_the_tail_begins(share: float, freedom: int) -> None:
    assert student_beyond(student(share, freedom), freedom) == pytest.approx(1.0 - share, rel=1e-6)


def test_with_one_way_it_is_its_quantile_from_its_beginning_on() -> None:
    known = Spread(6.0, 5.0, 4.0, 0.3)
    assert within(0.9, LOG, (Part(1.0, known),)) == pytest.approx(math.exp(known.reached(0.9)))
    assert within(0.9, LOG, (Part(1.0, known, 500.0),)) == pytest.approx(math.exp(known.reached(0.9)) + 500.0)


@pytest.mark.parametrize("scale", [LOG, ROOT])
@pytest.mark.parametrize("share", [0.5, 0.9, 0.99, 0.9995])
def test_with_several_ways_just_as_many_as_asked_for_are_over_by_then(scale: Scale, share: float) -> None:
    fast, slow = Part(0.7, Spread(scale.of(300.0), 9.0, 5.0, 0.4)), Part(0.3, Spread(scale.of(2000.0), 3.0, 4.0, 0.9), 600.0)
    seconds = within(share, scale, (fast, slow))
    left = 0.7 * fast.spread.beyond(scale.of(seconds))
    left += 0.3 * (slow.spread.beyond(scale.of(seconds - 600.0)) if seconds >= 601.0 else 1.0)
    assert left == pytest.approx(1.0 - share, rel=2e-3)


def test_a_way_that_begins_later_is_over_no_sooner() -> None:
    """Also where that beginning is all there is to it."""
    sudden, other = Spread(math.log(2.0), 50.0, 25.0, 0.0001), Spread(math.log(100.0), 50.0, 25.0, 0.0001)
    assert within(0.6, LOG, (Part(0.5, other), Part(0.5, sudden, 900.0))) == pytest.approx(902.0, abs=0.5)


def test_what_never_ends_is_looked_for_within_ten_days() -> None:
    endless = Spread(math.log(1e9), 50.0, 25.0, 0.01)
    assert within(0.9, LOG, (Part(0.5, endless), Part(0.5, endless))) == pytest.approx(864_000.0)
    at_once = Spread(math.log(0.001), 50.0, 25.0, 0.0001)
    assert within(0.9, LOG, (Part(0.5, at_once), Part(0.5, at_once))) == pytest.approx(1.0, rel=1e-4)


# What had begun before, and is not over.


def lasting(spread: Spread, scale: Scale, already_s: float, seconds: float) -> float:
    """How likely it is, of what has lasted so long already, that it lasts for longer still."""
    return spread.beyond(scale.of(already_s + seconds)) / spread.beyond(scale.of(already_s))


@pytest.mark.parametrize("scale", [LOG, ROOT])
@pytest.mark.parametrize("share", [0.5, 0.9, 0.995])
@pytest.mark.parametrize("already_s", [60.0, 600.0, 9000.0])
def test_of_what_lasts_already_it_is_asked_how_much_longer(scale: Scale, share: float, already_s: float) -> None:
    spread = Spread(scale.of(1200.0), 9.0, 5.0, 0.4)
    seconds = within(share, scale, (Part(1.0, spread, -already_s),))
    assert lasting(spread, scale, already_s, seconds) == pytest.approx(1.0 - share, rel=2e-3)


def test_a_part_that_lasts_already_counts_among_others_as_far_as_it_is_likely() -> None:
    fresh, old = Spread(6.0, 9.0, 5.0, 0.4), Spread(8.0, 3.0, 4.0, 0.3)
    seconds = within(0.95, LOG, (Part(0.6, fresh), Part(0.4, old, -2000.0)))
    left = 0.6 * fresh.beyond(LOG.of(seconds)) + 0.4 * lasting(old, LOG, 2000.0, seconds)
    assert left == pytest.approx(0.05, rel=2e-3)


def test_what_is_nearly_over_is_over_sooner_than_what_begins() -> None:
    known = Spread(ROOT.of(25_000.0), 50.0, 25.0, 0.5)
    limits = [within(0.99, ROOT, (Part(1.0, known, -float(hours * 3600)),)) for hours in range(8)]
    assert limits == sorted(limits, reverse=True)
    assert limits[7] < limits[0] - 5 * 3600


def test_what_has_lasted_longer_than_can_be_reckoned_with_is_looked_for_at_once() -> None:
    spread = Spread(0.0, 1e9, 25.0, 1e-9)
    assert spread.beyond(ROOT.of(864_000.0)) < BEYOND_MIN
    share = 1.0 - 1e-6
    assert within(share, ROOT, (Part(1.0, spread, -864_000.0),)) == pytest.approx(1.0, rel=1e-3)
    likely = Spread(ROOT.of(800.0), 50.0, 25.0, 0.01)
    assert likely.beyond(ROOT.of(3000.0)) > 0.0
    assert within(0.5, ROOT, (Part(1.0, likely, -0.25),)) == pytest.approx(800.0, rel=1e-2)
