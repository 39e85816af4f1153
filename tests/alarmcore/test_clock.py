"""The clock that decisions live by: whatever is done to the machine's, it never goes back."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alarmcore.adapters.clock import LOOK_S, SLOWER, SteadyClock

BEGIN: Final = datetime(2026, 1, 14, 2, 0, tzinfo=UTC)


class Hands:
    """Both times of a machine. `shows` can be set, `runs` only goes on."""

    def __init__(self) -> None:
        self.shows = BEGIN.timestamp()
        self.runs = 1000.0
        self.clock = SteadyClock(lambda: self.shows, lambda: self.runs)

    def pass_s(self, seconds: float) -> None:
        self.shows += seconds
        self.runs += seconds

    def since_begin_s(self) -> float:
        return (self.clock.now() - BEGIN).total_seconds()


@pytest.fixture
def hands() -> Hands:
    return Hands()


def test_it_shows_what_the_machine_shows_as_long_as_nobody_sets_it(hands: Hands) -> None:
    for _ in range(1000):
        hands.pass_s(0.1)
        assert hands.clock.now().timestamp() == pytest.approx(hands.shows, abs=1e-5)
    assert hands.clock.ahead_s() == pytest.approx(0, abs=1e-5)


def test_a_step_forward_is_followed_at_once(hands: Hands) -> None:
    hands.shows += 3600
    assert hands.since_begin_s() == pytest.approx(3600)


def test_after_a_step_back_a_wait_is_late_by_a_ninth_of_itself_at_most(hands: Hands) -> None:
    hands.shows -= 3600
    hands.pass_s(60 / (1 - SLOWER))
    assert hands.since_begin_s() == pytest.approx(60, abs=1e-3)


def test_a_step_back_is_made_up_for_in_the_end(hands: Hands) -> None:
    hands.shows -= 60
    for _ in range(60):
        hands.clock.now()
        hands.pass_s(10)
    assert hands.clock.ahead_s() < 1e-3
    assert hands.since_begin_s() == pytest.approx(540, abs=1e-3)


@given(st.lists(st.tuples(st.floats(0, 1e5), st.floats(-1e5, 1e5)), max_size=50))
def test_it_never_goes_back_and_never_falls_behind_the_machine(story: list[tuple[float, float]]) -> None:
    hands = Hands()
    before = hands.clock.now()
    for passes_s, set_by_s in story:
        hands.pass_s(passes_s)
        hands.shows += set_by_s
        now = hands.clock.now()
        assert now >= before
        assert now.timestamp() >= hands.shows - 1e-5
        assert now - before >= timedelta(seconds=passes_s * (1 - SLOWER) - 1e-5)
        before = now


def test_after_a_restart_it_goes_on_from_what_was_decided_last(hands: Hands) -> None:
    hands.clock.begin_at(BEGIN + timedelta(minutes=5))
    assert hands.since_begin_s() == pytest.approx(300)
    assert hands.clock.ahead_s() == pytest.approx(300)


def test_a_decision_in_the_past_changes_nothing(hands: Hands) -> None:
    hands.clock.begin_at(BEGIN - timedelta(days=5))
    assert hands.since_begin_s() == pytest.approx(0)


async def test_whoever_waits_is_told_of_a_step_forward_and_of_nothing_else(hands: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[float] = []
    steps = iter([0.0, 0.001, -3600.0, 0.0, 90.0, 0.0])

    async def slept(seconds: float) -> None:
        assert seconds == LOOK_S
        try:
            hands.shows += next(steps)
        except StopIteration:
            raise asyncio.CancelledError from None
        hands.pass_s(seconds)

    monkeypatch.setattr("alarmcore.adapters.clock.asyncio.sleep", slept)
    hands.clock.begin_at(BEGIN + timedelta(seconds=1))
    with pytest.raises(asyncio.CancelledError):
        await hands.clock.watch(lambda: told.append(hands.shows - BEGIN.timestamp()))
    assert told == []
    steps = iter([4000.0])
    with pytest.raises(asyncio.CancelledError):
        await hands.clock.watch(lambda: told.append(hands.since_begin_s()))
    assert told == [pytest.approx(hands.shows - BEGIN.timestamp())]
