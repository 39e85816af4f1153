"""Any edit of zones between any two fixes: what it must not change, and what it must forget."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from alarmcore.model.alarm import RaiseAlarm
from alarmcore.model.site import Site
from alarmcore.rules.base import Memory
from alarmcore.rules.witness import FRESH_S
from geofence.belief import ROUGH_SAME_S, Belief
from tests.drawings import LOST, NIGHTLY, PLAIN, STAY, WATER, Life, drawn

# -- any edit between any two fixes ---------------------------------------------------------------------------------------

ways = st.sampled_from([0, 60, 130, 250, 300, 420, 2000])
fixes = st.tuples(st.just("fix"), st.integers(1, 3000), ways, st.sampled_from([None, 5, 30, 150, 900]))
happenings = st.lists(fixes | st.tuples(st.just("resolve"), st.integers(1, 3000)), max_size=12)
radii = st.sampled_from([50.0, 100.0, 350.0])
SOME_HOURS: Final = ', active: [{from: "12:30", to: "13:10"}]'
MORE_HOURS: Final = ', active: [{from: "11:00", to: "15:00"}]'
backgrounds = st.sampled_from(
    [{}, {"more": STAY}, {"hours": SOME_HOURS}, {"hours": MORE_HOURS}, {"home": SOME_HOURS, "hours": SOME_HOURS}]
)
files = st.builds(lambda home_m, background: partial(drawn, home_m=home_m, **background), radii, backgrounds)


def lived(life: Life, events: Iterable[tuple[Any, ...]]) -> Life:
    for kind, after_s, *seen in events:
        if kind == "fix":
            life.seen(seen[0], seen[1], after_s)
        else:
            life.wait(after_s)
            life.resolve()
    return life


@pytest.mark.parametrize("rule", [PLAIN, NIGHTLY, WATER], ids=["exit", "nightly", "enter"])
@settings(max_examples=60, deadline=None)
@given(happenings, happenings, files, files)
def test_any_edit_between_any_two_fixes_is_as_if_nothing_had_been_known(
    rule: str, before: Any, after: Any, old: Callable[..., Site], new: Callable[..., Site]
) -> None:
    """Once the newest fix is too old to be judged by the new drawing."""
    life, edited = lived(Life(old(rule)), before), new(rule, garden_m=90.0, home_more_m=1.0)
    life.wait(ROUGH_SAME_S + FRESH_S)
    life.draw(edited)
    life.wait(1)
    newcomer, since = Life(edited, life.now), len(life.said)
    for place in range(len(after)):
        lived(life, after[place : place + 1])
        lived(newcomer, after[place : place + 1])
        if newcomer.belief is not None and newcomer.belief.side != "unknown":
            assert known(life.belief) == known(newcomer.belief)
    life.wait(4 * 3600)
    newcomer.wait(4 * 3600)
    assert raised(life.said[since:]) == raised(newcomer.said)


def known(belief: Belief) -> Any:
    """What is believed, and why; where somebody was before says how fast they went, and nothing else."""
    return belief.side, belief.since_at, belief.last_at, belief.agreed, belief.distance_m, belief.error_m, belief.evidence


def gist(memory: Memory) -> Memory:
    """Memory without how far off its fixes lie from areas that the rule is not about."""
    return replace(memory, drawn=0, devices=tuple(replace(one, recent=()) for one in memory.devices))


def raised(said: list[tuple[datetime, Any]]) -> list[tuple[Any, ...]]:
    found = [(now, one) for now, one in said if isinstance(one, RaiseAlarm)]
    return [(now, one.why, one.reading, one.happened_at, one.again, one.facts) for now, one in found]


every_rule = pytest.mark.parametrize("rule", [PLAIN, NIGHTLY, LOST, WATER], ids=["exit", "nightly", "lost", "enter"])


@every_rule
@settings(max_examples=40, deadline=None)
@given(happenings, happenings, files)
def test_zones_that_are_drawn_as_before_change_nothing(rule: str, before: Any, after: Any, file: Callable[..., Site]) -> None:
    """Whatever else of the file has changed, as the lake here has, which the rule is not about."""
    one, other = (lived(Life(file(rule)), before) for _ in range(2))
    other.draw(file(rule, lake_m=310.0))
    assert list(map(gist, other.state.memories)) == list(map(gist, one.state.memories))
    assert (other.state.wake_at, other.state.wake_rule) == (one.state.wake_at, one.state.wake_rule)
    lived(one, after)
    lived(other, after)
    assert other.said == one.said


@every_rule
@settings(max_examples=40, deadline=None)
@given(happenings, st.lists(radii, min_size=1, max_size=4))
def test_no_edit_by_itself_loses_what_was_found_or_when_it_was_heard_of(rule: str, before: Any, drawings: list[float]) -> None:
    life = lived(Life(drawn(rule, 200.0)), before)
    kept = [(memory.holds, memory.found, memory.heard_at, memory.again_at) for memory in life.state.memories]
    last = None if life.belief is None else life.belief.last_at
    for home_m in drawings:
        life.draw(drawn(rule, home_m))
        assert [(one.holds, one.found, one.heard_at, one.again_at) for one in life.state.memories] == kept
        assert last == (None if life.belief is None else life.belief.last_at)
