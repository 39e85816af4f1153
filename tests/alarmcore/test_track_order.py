"""The track of a search: which of its positions lie where, and which go first when there are too many."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from alarmcore import track
from alarmcore.kept import Kept, packed, unpacked
from alarmcore.model.alarm import CloseTrack, Fix, OpenTrack
from alarmcore.track import FIXES_MAX, RECENT_MAX, Track, sighting
from geofence.belief import Belief
from tests.tracks import NOW, OPENED, SLOT, WHO, at, seconds, told


def test_late_positions_among_few_are_put_in_order_at_once() -> None:
    """Which of them is the newest is asked of the last one."""
    state = told(OPENED, at(0), at(60), at(30))
    assert [round((kept.at - NOW).total_seconds()) for kept in state.recent] == [0, 30, 60]
    assert state.fixes() == list(state.recent)
    assert told(state, at(45, standings=(("wander", "inside"),))).standings == ()
    assert state.sealed == b""


def test_as_many_as_may_be_lie_as_they_are_and_one_more_is_packed_with_others() -> None:
    full = told(OPENED, *(at(10 * n) for n in range(RECENT_MAX)))
    assert (len(full.recent), full.sealed) == (RECENT_MAX, b"")
    assert len(told(full, at(10 * RECENT_MAX)).recent) == RECENT_MAX // 2


def test_a_track_that_gets_few_again_has_no_others_packed() -> None:
    walked = told(OPENED, *(at(10 * n) for n in range(2 * RECENT_MAX)))
    state = track.step(walked, OpenTrack(SLOT, "a2"), NOW + timedelta(seconds=620)).state
    left = told(state, CloseTrack(SLOT, "a1"))
    assert seconds(left) == [610, 620, 630]
    assert len(left.sealed) == len(packed(left.fixes()))


def test_an_empty_track_that_is_closed_is_the_very_same() -> None:
    empty = Track()
    assert track.step(empty, CloseTrack(SLOT, "a1"), NOW).state is empty


def test_what_is_thinned_out_are_the_positions_closest_between_their_neighbours() -> None:
    regular = [Kept(1_000 * n, 0, 0, None, True) for n in range(FIXES_MAX)]
    crowded = sorted([*regular, Kept(10_001, 0, 0, None, True), Kept(20_001, 0, 0, None, True)])
    left = track.thinned(crowded)
    assert len(left) == FIXES_MAX
    gone = {kept.at_s for kept in crowded} - {kept.at_s for kept in left}
    assert gone == {10_001, 20_001}, "a second nearer than those before them"
    assert track.thinned(left) == left


def test_a_rule_that_has_heard_of_no_position_leaves_the_others_their_say() -> None:
    differs = Belief("inside", NOW, NOW, 3, 50.0, 10.0)
    made = sighting(WHO, Fix(58.0, 12.0, NOW), [("lake", Belief()), ("wander", differs)], {"wander"}, "gps-1")
    assert not made.agrees
    assert made.standings == (("wander", "inside"),)


def test_of_whom_nothing_is_believed_no_position_is_doubted_wherever_it_lies() -> None:
    belief = Belief(last_at=NOW, distance_m=5.0)
    assert sighting(WHO, Fix(58.0, 12.0, NOW), [("wander", belief)], {"wander"}, "gps-1").agrees


@pytest.mark.parametrize(("side", "far_m", "agrees"), [("outside", 0.5, True), ("outside", 0.0, False), ("inside", 0.0, True)])
def test_the_border_itself_is_inside(side: Any, far_m: float, agrees: bool) -> None:
    belief = Belief(side, NOW, NOW, 3, far_m, 10.0)
    assert sighting(WHO, Fix(58.0, 12.0, NOW), [("wander", belief)], {"wander"}, "gps-1").agrees is agrees


@pytest.mark.parametrize("early_s", [1, 2, 15])
def test_one_that_came_late_may_be_older_than_what_is_packed_and_is_judged_in_its_place(early_s: int) -> None:
    walked = told(OPENED, *(at(10 * n, lat=58.0 + 5e-5 * n) for n in range(RECENT_MAX + 1)))
    packed_until = unpacked(walked.sealed)[-1]
    assert packed_until.at_s < walked.recent[0].at_s
    second = packed_until.at_s - int(NOW.timestamp()) - early_s
    state = track.judged(told(walked, at(second, lat=58.0 + 5e-6 * second)))
    late = next(kept for kept in state.recent if kept.at_s == packed_until.at_s - early_s)
    assert late.good
    assert all(kept.good for kept in state.recent)
