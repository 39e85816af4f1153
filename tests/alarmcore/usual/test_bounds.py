"""What a municipality says of a learned limit, what an incident teaches, and what a sentence may say."""

from __future__ import annotations

from msgspec.structs import replace

from alarmcore.usual.bounds import FOUND_FACTOR, FOUND_WEIGHT, KNOWN_MIN, Usual, said, taught

BOUNDS = Usual(60.0, 3600.0, 90.0)


def test_what_was_found_teaches_a_third_and_at_most_a_third_more_than_its_limit() -> None:
    assert (FOUND_WEIGHT, FOUND_FACTOR) == (0.3, 1.35)
    assert taught(9000.0, None) == (9000.0, 1.0)
    assert taught(9000.0, 1000.0) == (1350.0, 0.3)
    assert taught(1200.0, 1000.0) == (1200.0, 0.3)


def test_other_bounds_have_another_key() -> None:
    assert BOUNDS.key() == (60.0, 3600.0, 90.0)
    others = (replace(BOUNDS, min_s=61.0), replace(BOUNDS, max_s=61.0), replace(BOUNDS, once_in_days=91.0))
    assert len({BOUNDS.key(), *(one.key() for one in others)}) == 4


def test_a_limit_is_in_whole_seconds_and_within_the_bounds() -> None:
    assert BOUNDS.bounded(700.4, 3600.0) == 700.0
    assert BOUNDS.bounded(700.6, 3600.0) == 701.0
    assert BOUNDS.bounded(7.0, 3600.0) == 60.0
    assert BOUNDS.bounded(9000.0, 3600.0) == 3600.0
    assert BOUNDS.bounded(9000.0, 7200.0) == 7200.0


def test_what_is_usual_is_said_only_of_somebody_who_is_known_and_where_it_lasted_longer() -> None:
    assert said(600.4, KNOWN_MIN - 0.1, 900.0, BOUNDS) == (None, "new")
    assert said(600.4, KNOWN_MIN, 900.0, BOUNDS) == (600, None)
    assert said(900.0, KNOWN_MIN, 900.0, BOUNDS) == (None, None)
    assert said(4000.0, KNOWN_MIN, 3599.0, BOUNDS) == (None, None)
    assert said(4000.0, KNOWN_MIN, 3600.0, BOUNDS) == (None, "most")
