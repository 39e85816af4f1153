"""Changes of measured values: two agree before, two after, and the order in which they come makes no difference."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from alarmcore.model.reading import Measurement
from alarmcore.rules.change import SLOTS_MAX, Samples, changed, noted

NOON = datetime(2026, 1, 14, 12, tzinfo=UTC)
WITHIN_S = 7200.0


def after(values: list[tuple[float, float]], unit: str | None = None, within_s: float = WITHIN_S) -> Samples:
    """The samples after some values, each with its minute."""
    samples: Samples = ()
    for minute, value in values:
        samples = noted(samples, Measurement("t", value, unit), NOON + timedelta(minutes=minute), within_s)
    return samples


def rise(*values: tuple[float, float]) -> float | None:
    found = changed(after(list(values)), 1.5, WITHIN_S, 1)
    return None if found is None else round(found.value - found.from_value, 2)


def test_a_rise_counts_once_two_values_agree_on_either_side() -> None:
    assert rise((0, 37.0), (30, 37.0), (60, 38.6)) is None, "one high value may be an outlier"
    assert rise((0, 37.0), (30, 37.0), (60, 38.6), (90, 38.7)) == 1.7
    assert rise((30, 37.0), (60, 38.6), (90, 38.7)) is None, "one low value may be one too"


def test_a_slow_rise_counts_as_soon_as_it_is_whole() -> None:
    assert rise((0, 37.0), (30, 37.5), (60, 38.0), (90, 38.4)) is None
    assert rise((0, 37.0), (30, 37.5), (60, 38.0), (90, 38.5)) == 1.5


def test_a_lone_value_is_never_believed_low_or_high() -> None:
    assert rise((0, 37.0), (20, 35.0), (40, 37.0), (60, 37.0), (80, 37.1)) is None
    assert rise((0, 37.0), (20, 37.0), (40, 41.0), (60, 37.0), (80, 37.1)) is None


def test_a_lone_low_value_does_not_hide_a_rise() -> None:
    assert rise((0, 37.0), (20, 37.0), (40, 35.0), (60, 38.6), (80, 38.7)) == 1.7


def test_what_rose_more_slowly_than_asked_for_is_no_change() -> None:
    assert rise((0, 37.0), (10, 37.0), (100, 37.8), (140, 38.4), (150, 38.5)) is None


def test_a_value_from_before_may_agree_but_is_not_counted_from() -> None:
    assert rise((-60, 37.0), (0, 37.0), (110, 38.6), (120, 38.6)) == 1.6, "the first agrees with the one two hours ago"
    assert rise((-60, 36.0), (0, 37.4), (110, 38.6), (120, 38.6)) is None
    assert rise((0, 36.9), (40, 37.05), (130, 38.4), (140, 38.5)) is None


def test_a_fall_is_the_same_downwards() -> None:
    samples = after([(0, 21.0), (20, 21.0), (40, 15.5), (60, 15.0)])
    found = changed(samples, 5.0, WITHIN_S, -1)
    assert found is not None
    assert (found.value, found.from_value, found.at - found.from_at) == (15.0, 21.0, timedelta(minutes=60))
    assert changed(samples, 5.0, WITHIN_S, 1) is None


def test_values_of_another_unit_are_not_compared() -> None:
    samples = after([(0, 37.0), (10, 37.0)], "Cel")
    for minute in (20, 30):
        samples = noted(samples, Measurement("t", 98.6, "[degF]"), NOON + timedelta(minutes=minute), WITHIN_S)
    assert changed(samples, 1.5, WITHIN_S, 1) is None


def test_a_thermometer_that_speaks_every_second_is_no_more_to_remember() -> None:
    samples = after([(second / 60, 37.0) for second in range(9000)])
    assert len(samples) <= SLOTS_MAX + 2


minutes = st.integers(0, 200)
readings = st.lists(st.tuples(minutes, st.sampled_from([36.0, 37.0, 38.0, 39.0])), min_size=1, max_size=5)


@given(readings)
def test_the_order_in_which_values_come_makes_no_difference(values: list[tuple[float, float]]) -> None:
    assert len({after(list(order)) for order in permutations(values)}) == 1


@given(readings, st.integers(0, 4))
def test_a_value_that_comes_twice_is_known(values: list[tuple[float, float]], which: int) -> None:
    samples = after(values)
    minute, value = values[which % len(values)]
    assert noted(samples, Measurement("t", value), NOON + timedelta(minutes=minute), WITHIN_S) is samples


@given(st.lists(st.tuples(minutes, st.floats(36.9, 37.1)), min_size=4, max_size=20), minutes, st.floats(20, 45))
def test_no_single_wrong_value_ever_makes_a_change(steady: list[tuple[float, float]], minute: float, wrong: float) -> None:
    """Told one after the other, at no moment."""
    samples: Samples = ()
    for at, value in sorted([*steady, (minute, wrong)]):
        samples = noted(samples, Measurement("t", value), NOON + timedelta(minutes=at), WITHIN_S)
        assert changed(samples, 1.5, WITHIN_S, 1) is None
        assert changed(samples, 1.5, WITHIN_S, -1) is None


def test_a_change_of_exactly_the_amount_counts_as_it_is_written_and_not_as_it_is_in_binary() -> None:
    """In binary 64.1 less 62.1 is not quite 2, and a scale that calculates in single precision sends 62.099998474121094."""
    for low, high in ((62.1, 64.1), (62.0, 64.0), (80.3, 82.3), (62.099998474121094, 64.0999984741211), (0.1, 2.1)):
        found = changed(after([(0, low), (20, low), (40, high), (60, high)]), 2.0, WITHIN_S, 1)
        assert found is not None, (low, high)
        found = changed(after([(0, high), (20, high), (40, low), (60, low)]), 2.0, WITHIN_S, -1)
        assert found is not None, (high, low)


def test_a_change_that_is_less_by_as_much_as_any_scale_shows_is_none() -> None:
    assert changed(after([(0, 62.1), (20, 62.1), (40, 64.09), (60, 64.09)]), 2.0, WITHIN_S, 1) is None
    assert changed(after([(0, 62.101), (20, 62.101), (40, 64.1), (60, 64.1)]), 2.0, WITHIN_S, 1) is None


def test_a_value_exactly_half_way_agrees_on_either_side() -> None:
    for half in (63.1, 63.0999999):
        assert changed(after([(0, 62.1), (20, half), (40, half), (60, 64.1)]), 2.0, WITHIN_S, 1) is not None
