"""A seed that breaks a promise becomes a short story of what matters, which breaks the same promise and can be lived again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from random import Random
from typing import Final

import pytest

from tests.simulation.checkers import Broken
from tests.simulation.faults import Faults, Weather
from tests.simulation.plants import (
    Patch,
    Plant,
    failure_is_an_answer,
    follow_up_forgotten,
    lost_wake_up,
    second_press_swallowed,
)
from tests.simulation.quiet import unheard
from tests.simulation.shrink import Life, Shrunk, Unbroken, lived, needed, promise_of, replayed, shrink
from tests.simulation.words import LINES_MAX, clock, folded, shortened, told
from tests.simulation.world import World

SEEDS: Final = 10
"""Worlds within which these bugs must be found."""

LINES: Final = 40
"""Lines of a story that is read without scrolling."""


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with unheard():
        yield


@cache
def shrunk(plant: Plant) -> Shrunk:
    """Once for all tests: each shrinking lives some dozens of worlds."""
    with pytest.MonkeyPatch.context() as patch:
        plant(patch)
        for seed in range(1, SEEDS + 1):
            with suppress(Unbroken):
                return shrink(seed)
    raise AssertionError(f"{plant.__name__} breaks no promise in {SEEDS} worlds")


@pytest.mark.parametrize(
    ("plant", "matters"),
    [
        (lost_wake_up, "The process is gone."),
        (failure_is_an_answer, "The disk"),
        (follow_up_forgotten, "is taken by"),
        (second_press_swallowed, "reports: "),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_a_planted_bug_becomes_a_short_story_that_says_what_matters(plant: Plant, matters: str, monkeypatch: Patch) -> None:
    found = shrunk(plant)
    plant(monkeypatch)
    first = lived(found.seed)
    story = list(told(found))
    assert promise_of(found.broken) == promise_of(first.broken[0])
    assert len(story) < LINES
    assert len(found.only) <= 5
    assert any(matters in line for line in story)
    assert "A promise is broken: " in story[-2]
    assert f"--from {found.seed} " in story[-1]
    assert f"--only '{','.join(found.only)}'" in story[-1]


def test_a_story_lived_again_from_its_line_is_the_same_world(monkeypatch: Patch) -> None:
    found = shrunk(failure_is_an_answer)
    failure_is_an_answer(monkeypatch)
    again = replayed(found.seed, found.scale, found.trouble_s, found.only)
    assert again.life.world.history.digest() == found.life.world.history.digest()
    assert again.broken == found.broken
    assert tuple(again.life.labels()) == found.only
    assert list(told(again))[1:] == list(told(found))[1:]


def test_a_story_whose_bug_is_mended_says_so() -> None:
    found = shrunk(failure_is_an_answer)
    with pytest.raises(Unbroken, match="mended"):
        replayed(found.seed, found.scale, found.trouble_s, found.only)


def test_a_promise_is_found_among_others_that_broke_with_it() -> None:
    life = Life(World(1), [], [Broken(1.0, "one: of a"), Broken(2.0, "two: of b"), Broken(3.0, "two: of c")])
    assert life.breach("two") == Broken(2.0, "two: of b")
    assert life.breach("three") is None


def test_the_same_seed_is_shrunk_to_the_same_story(monkeypatch: Patch) -> None:
    one = shrunk(second_press_swallowed)
    second_press_swallowed(monkeypatch)
    assert list(told(one)) == list(told(shrink(one.seed)))


def test_without_any_one_of_what_is_left_the_promise_holds(monkeypatch: Patch) -> None:
    found = shrunk(failure_is_an_answer)
    failure_is_an_answer(monkeypatch)
    assert found.only
    for label in found.only:
        without = lived(found.seed, found.scale, found.trouble_s, [one for one in found.only if one != label])
        assert without.breach(promise_of(found.broken)) is None, label


def test_a_world_in_which_everything_is_kept_is_the_world_itself() -> None:
    everything = lived(3)
    again = lived(3, only=everything.labels())
    assert len(everything.labels()) > 100
    assert again.world.history.digest() == everything.world.history.digest()


def test_a_world_in_which_nothing_is_kept_has_no_faults_and_no_reports_until_it_is_healed() -> None:
    bare = lived(3, only=())
    assert (bare.struck, bare.broken) == ([], [])
    assert not bare.world.faults.count


def test_a_world_that_keeps_its_promises_is_not_shrunk() -> None:
    with pytest.raises(Unbroken, match="seed 3"):
        shrink(3)


def test_no_more_worlds_are_tried_than_is_said(monkeypatch: Patch) -> None:
    lost_wake_up(monkeypatch)
    said: list[str] = []
    found = shrink(1, worlds_max=5, progress=said.append)
    assert found.worlds == 5
    assert said


@pytest.mark.parametrize("wanted", [set[int](), {3}, {0, 1}, {7, 40, 63}, set(range(64))])
def test_delta_debugging_leaves_what_is_needed_and_nothing_else(wanted: set[int]) -> None:
    assert set(needed(list(range(64)), lambda some: wanted <= set(some))) == wanted


def test_delta_debugging_asks_again_for_what_could_be_left_out_only_together_with_something_else() -> None:
    assert list(needed([0, 3, 9], lambda some: 3 in some and (9 in some or 0 not in some))) == [3]


def faults_in(weather: Weather) -> Faults:
    return Faults(weather, Random(1))  # noqa: S311 - any seed will do


def test_a_muted_fault_changes_nothing_about_the_others() -> None:
    free, muted = faults_in(Weather(lose=0.3)), faults_in(Weather(lose=0.3))
    muted.muted = frozenset({"lose a#2"})
    before = [free.strikes("lose", "a") for _ in range(100)]
    after = [muted.strikes("lose", "a") for _ in range(100)]
    second = [place for place, struck in enumerate(before) if struck][1]
    assert [place for place in range(100) if before[place] != after[place]] == [second]


def test_faults_of_one_device_do_not_depend_on_another() -> None:
    alone, together = faults_in(Weather(lose=0.3)), faults_in(Weather(lose=0.3))
    apart = [alone.strikes("lose", "a") for _ in range(100)]
    mixed = [(together.strikes("lose", "a"), together.strikes("lose", "b")) for _ in range(100)]
    assert apart == [one for one, _ in mixed]
    assert apart != [other for _, other in mixed]


@pytest.mark.parametrize("chance", [0.02, 0.3, 0.9])
def test_faults_strike_as_often_as_the_weather_says(chance: float) -> None:
    faults = faults_in(Weather(lose=chance))
    struck = sum(faults.strikes("lose", str(device)) for device in range(20) for _ in range(1000))
    assert struck / 20_000 == pytest.approx(chance, rel=0.1)


def test_a_pinned_fault_strikes_once_at_the_first_occasion_from_its_moment_on() -> None:
    faults, moments = faults_in(Weather(blind=1.0)), iter([1.0, 2.0, 2.5, 3.0])
    faults.only(["blind@2.0"], lambda: next(moments))
    assert [faults.strikes("blind") for _ in range(4)] == [False, True, False, False]


def test_in_a_healed_world_nothing_that_is_reported_can_be_left_out() -> None:
    faults = faults_in(Weather())
    faults.only([], lambda: 0.0)
    assert not faults.happens("bed a")
    faults.healed = True
    assert faults.happens("bed a")


def test_what_is_said_again_and_again_is_said_once() -> None:
    lines = [(float(t), f"Next step in {t} s.") for t in range(5)] + [(9.0, "Over.")]
    assert list(folded(lines)) == ["00:00:00.0  Next step in 0 s. (5 times like this until 00:00:04.0)", "00:00:09.0  Over."]


def test_a_death_is_told_each_time() -> None:
    assert len(list(folded([(float(t), "The process is gone.") for t in range(5)]))) == 5


def test_a_long_story_keeps_its_beginning_and_its_end() -> None:
    kept = shortened(str(number) for number in range(1000))
    assert len(kept) == LINES_MAX + 1
    assert (kept[0], kept[-1]) == ("0", "999")
    assert "940 lines are left out" in kept[LINES_MAX // 2]


def test_times_are_told_in_hours_minutes_and_seconds() -> None:
    assert clock(3 * 3600 + 25 * 60 + 7.26) == "03:25:07.3"
