"""What was asked for lately is there; the rest is made again."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alarmcore.recent import Recent


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 30), max_size=200))
def test_whatever_is_asked_for_is_given_and_little_is_kept(asked: list[int]) -> None:
    made: list[int] = []

    def make(key: int) -> str | None:
        made.append(key)
        return None if key == 7 else f"number {key}"

    recent = Recent(make, 5)
    for place, key in enumerate(asked):
        began = len(made)
        assert recent.get(key) == (None if key == 7 else f"number {key}")
        assert len(recent) <= 10
        if key != 7 and key in asked[max(0, place - 5) : place]:
            assert made[began:] == [], "it was asked for a moment ago"


def test_what_is_not_there_is_a_key_error() -> None:
    recent: Recent[int, str] = Recent({1: "one"}.get, 5)
    assert recent[1] == "one"
    with pytest.raises(KeyError, match="2"):
        recent[2]
