"""The track of a search: kept while an alarm is open and not a moment longer, in order of time, bounded, small."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alarmcore import track, watch
from alarmcore.bindings import NoTrackMachine, TrackMachine
from alarmcore.kept import MOMENT_MAX, PACKED, Kept, packed, unpacked
from alarmcore.model.alarm import CloseTrack, Fix, FollowPerson, KeepFix, OpenTrack
from alarmcore.outcome import Outcome
from alarmcore.track import BACK_S, CLOSE_S, DEVICES_MAX, EMPTY, FIXES_MAX, RECENT_MAX, WHOLE, Track, sighting
from geofence.belief import Belief
from tests.observed import observed
from tests.stories import PLACES, town
from tests.tracks import NOW, OPENED, SLOT, WHO, at, seconds, told

SITE = town("[{id: wander, kind: zone_exit, zones: [home]}, {id: press, kind: button}]")


def test_the_person_is_followed_from_the_first_alarm_until_the_last_is_resolved() -> None:
    first = track.step(EMPTY, OpenTrack(SLOT, "a1"), NOW)
    assert first.decisions == (FollowPerson(WHO, follow=True),)
    second = track.step(first.state, OpenTrack(SLOT, "a2"), NOW)
    still = track.step(second.state, CloseTrack(SLOT, "a1"), NOW)
    assert still.decisions == ()
    assert [one.alarm for one in still.state.opened] == ["a2"]
    over = track.step(still.state, CloseTrack(SLOT, "a2"), NOW)
    assert over.decisions == (FollowPerson(WHO, follow=False),)


def test_nothing_is_left_of_a_track_when_its_alarm_is_resolved() -> None:
    walked = told(OPENED, *(at(10 * n, device="gps-1", standings=(("wander", "outside"),)) for n in range(2 * RECENT_MAX)))
    assert walked.sealed
    assert walked.last is not None
    assert told(walked, CloseTrack(SLOT, "a1")) == EMPTY == Track()


def test_a_position_without_an_open_alarm_is_not_kept_and_the_following_ends() -> None:
    outcome = track.step(EMPTY, at(0), NOW)
    assert outcome.state is EMPTY
    assert outcome.decisions == (FollowPerson(WHO, follow=False),)


def test_of_an_earlier_alarm_only_what_the_next_one_has_too_is_left() -> None:
    state = told(OPENED, at(0), at(30), at(60))
    state = track.step(state, OpenTrack(SLOT, "a2"), NOW + timedelta(seconds=70)).state
    state = told(state, at(90), at(120), CloseTrack(SLOT, "a1"))
    assert seconds(state) == [60, 90, 120]
    assert state.last is not None
    assert state.last.at == NOW + timedelta(seconds=120)


def test_a_position_of_the_very_moment_of_the_next_alarm_belongs_to_it() -> None:
    state = track.step(told(OPENED, at(0), at(60)), OpenTrack(SLOT, "a2"), NOW + timedelta(seconds=60)).state
    assert seconds(told(state, CloseTrack(SLOT, "a1"))) == [0, 60]


def test_a_confirmed_position_goes_with_the_alarm_that_it_was_kept_for() -> None:
    state = told(OPENED, at(0), at(30), at(60), at(90, accuracy_m=900.0))
    assert state.last is not None
    state = track.step(state, OpenTrack(SLOT, "a2"), NOW + timedelta(seconds=100)).state
    state = told(state, CloseTrack(SLOT, "a1"))
    assert seconds(state) == [90]
    assert state.last is None


def test_what_is_left_of_an_earlier_alarm_has_its_newest_good_position() -> None:
    state = told(OPENED, *(at(30 * n) for n in range(4)))
    state = track.step(state, OpenTrack(SLOT, "a2"), NOW + timedelta(seconds=70)).state
    state = told(state, at(120, accuracy_m=900.0), CloseTrack(SLOT, "a1"))
    assert state.last is not None
    assert seconds(state) == [60, 90, 120]
    assert state.last.at == NOW + timedelta(seconds=90)


def test_an_alarm_that_is_not_open_closes_nothing() -> None:
    state = told(OPENED, at(0))
    assert track.step(state, CloseTrack(SLOT, "other"), NOW).state is state


def test_opening_one_alarm_twice_keeps_it_once() -> None:
    again = track.step(OPENED, OpenTrack(SLOT, "a1"), NOW)
    assert again.state is OPENED
    assert again.decisions == (FollowPerson(WHO, follow=True),)


@given(st.permutations(range(0, 100 * 30, 30)))
@settings(max_examples=30, deadline=None)
def test_late_positions_are_put_where_they_belong_in_time(order: list[int]) -> None:
    assert seconds(told(OPENED, *(at(second) for second in order))) == sorted(order)


def test_the_same_position_is_kept_once() -> None:
    state = told(OPENED, at(0), at(30))
    assert told(state, at(30), at(0)) is state


def test_two_positions_of_one_moment_are_both_kept() -> None:
    assert len(told(OPENED, at(0), at(0, lat=58.1)).fixes()) == 2


def test_what_was_measured_long_before_the_alarm_is_not_kept() -> None:
    state = told(OPENED, at(0))
    assert told(state, at(-BACK_S - 1)) is state
    assert seconds(told(state, at(-BACK_S))) == [-BACK_S, 0]


def test_where_the_person_was_known_to_be_is_kept_however_old_it_is() -> None:
    assert seconds(told(OPENED, at(-5 * BACK_S, known=True))) == [-5 * BACK_S]


def test_what_was_measured_long_before_is_not_kept_either_where_nothing_was_known() -> None:
    assert told(OPENED, at(-BACK_S - 1)) is OPENED


def test_where_the_person_was_known_to_be_is_kept_once_however_many_alarms_ask() -> None:
    state = told(OPENED, at(-60, device="gps-1"), at(0, device="gps-1"))
    assert told(state, at(0, known=True)) is state
    first = told(OPENED, at(0, known=True))
    assert told(first, at(0, device="gps-1")).fixes() == first.fixes()


def test_of_many_positions_in_few_seconds_the_first_and_the_newest_are_kept() -> None:
    state = OPENED
    for n in range(1000):
        state = told(state, at(n / 100, lat=58.0 + n * 1e-6, device="gps-1"))
    assert seconds(state) == [0, CLOSE_S, 9]
    state = told(state, *(at(30 * n, device="gps-1") for n in range(1, 9)))
    assert seconds(state) == [0, CLOSE_S, *range(30, 270, 30)], "what was the newest is not any more"


def test_a_long_track_keeps_the_newest_whole_and_the_older_evenly() -> None:
    count = 3 * FIXES_MAX
    state = told(OPENED, *(at(30 * n) for n in range(count)))
    kept = seconds(state)
    assert len(kept) <= FIXES_MAX + RECENT_MAX
    assert kept[-WHOLE:] == [30 * n for n in range(count - WHOLE, count)]
    assert kept[0] == 0
    older = kept[: FIXES_MAX - WHOLE]
    gaps = [b - a for a, b in pairwise(older)]
    even = (older[-1] - older[0]) / len(gaps)
    assert max(gaps) <= 3 * even


def test_a_state_stays_small_and_comes_back_from_storage_as_it_was() -> None:
    state, machine = OPENED, TrackMachine()
    for n in range(2 * FIXES_MAX):
        state = told(state, at(30 * n, 58.0 + n * 1e-4, -12.0 - n * 1e-5, 3.2 if n % 3 else None, agrees=n % 7 != 0))
        if n % 50 == 0:
            assert machine.decode(("grastorp", "r1"), machine.encode(state)) == state
    assert len(machine.encode(state)) < 10_000
    assert len(machine.encode(EMPTY)) < 16


@pytest.mark.parametrize("accuracy", [float("nan"), float("inf"), -1.0, 0.0, 1e9])
def test_an_accuracy_that_says_nothing_is_none(accuracy: float) -> None:
    assert told(OPENED, at(0, accuracy_m=accuracy)).fixes()[0].accuracy_m is None


def test_an_accuracy_is_never_made_better_than_claimed() -> None:
    assert told(OPENED, at(0, accuracy_m=10.01)).fixes()[0].accuracy_m == 11
    assert told(OPENED, at(0, accuracy_m=0.4)).fixes()[0].accuracy_m == 1


@pytest.mark.parametrize(("claimed", "kept"), [(65_533.5, 65_534), (65_534.0, None), (65_535.5, None), (65_536.0, None)])
def test_an_accuracy_beyond_what_is_packed_is_none(claimed: float, kept: int | None) -> None:
    fixes = told(OPENED, at(0, accuracy_m=claimed)).fixes()
    assert fixes[0].accuracy_m == kept
    assert unpacked(packed(fixes)) == fixes


def test_more_devices_than_anybody_carries_are_not_told_apart_but_kept() -> None:
    state = told(OPENED, *(at(10 * n, device=f"gps-{n}") for n in range(2 * DEVICES_MAX)))
    assert len(state.devices) == DEVICES_MAX
    assert len(state.fixes()) == 2 * DEVICES_MAX
    assert unpacked(packed(state.fixes())) == state.fixes()


def test_a_track_that_was_stored_before_there_were_devices_still_loads() -> None:
    fixes = [(1, 58_000_000, 12_000_000, 10, True), (31, 58_000_000, 12_000_000, None, False)]
    data = b"".join(PACKED.pack(*fix[:3], 0xFFFF if fix[3] is None else fix[3], fix[4]) for fix in fixes)
    stored = msgspec.msgpack.encode([[["a1", 1]], [["wander", "outside"]], fixes[0], fixes, data])
    state = TrackMachine().decode(("grastorp", "r1"), stored)
    assert sorted(kept.good for kept in state.fixes()) == [False, False, True, True]
    assert state.last == Kept(1, 58_000_000, 12_000_000, 10, True)
    assert (state.devices, state.device(state.last)) == ((), "")
    after = told(state, at(0, device="gps-1"))
    assert after.fixes()[-1].device == 1


def test_what_is_said_of_the_person_is_that_of_the_newest_position() -> None:
    state = told(OPENED, at(60, standings=(("wander", "outside"),)), at(30, standings=(("wander", "inside"),)))
    assert state.standings == (("wander", "outside"),)


def test_a_late_position_changes_nothing_that_is_said_however_the_newer_ones_are_stored() -> None:
    state = OPENED
    for n in range(3 * RECENT_MAX):
        state = told(state, at(30 * n, standings=(("wander", "outside"),)))
        assert 0 < len(state.recent) <= RECENT_MAX
        late = told(state, at(30 * n - 1, standings=(("wander", "inside"),)))
        assert late.standings == (("wander", "outside"),)
        assert seconds(late)[-2:] == [30 * n - 1, 30 * n]


SIDES = {"outside": 1.0, "inside": -1.0}


@pytest.mark.parametrize("side", ["outside", "inside"])
@pytest.mark.parametrize("lies", ["outside", "inside"])
def test_a_position_agrees_when_it_lies_where_the_person_is_believed_to_be(side: Any, lies: str) -> None:
    belief = Belief(side, NOW, NOW, 3, 50.0 * SIDES[lies], 10.0)
    fix = Fix(58.0, 12.0, NOW)
    assert sighting(WHO, fix, [("wander", belief)], {"wander"}, "gps-1").agrees is (side == lies)
    assert sighting(WHO, fix, [("lake", belief)], {"wander"}, "gps-1").agrees, "where somebody is not to be is no doubt"


def test_a_late_position_and_one_of_which_nothing_is_believed_contradict_nothing() -> None:
    belief = Belief("outside", NOW, NOW, 3, -50.0, 10.0)
    late = sighting(WHO, Fix(58.0, 12.0, NOW - timedelta(seconds=1)), [("wander", belief)], {"wander"}, "gps-1")
    nothing = [("wander", Belief(last_at=NOW, distance_m=-5.0)), ("lake", Belief())]
    unknown = sighting(WHO, Fix(58.0, 12.0, NOW), nothing, {"wander", "lake"}, None)
    assert late.agrees
    assert unknown.agrees
    assert unknown.standings == (("wander", "unknown"),)
    assert (late.device, late.known) == ("gps-1", False)
    assert (unknown.device, unknown.known) == ("", True)


def test_one_rule_that_is_contradicted_is_enough() -> None:
    fits, differs = Belief("outside", NOW, NOW, 3, 50.0, 10.0), Belief("inside", NOW, NOW, 3, 50.0, 10.0)
    made = sighting(WHO, Fix(58.0, 12.0, NOW), [("wander", fits), ("lake", differs), ("night", fits)], {"wander", "lake"}, "a")
    assert not made.agrees
    assert made.standings == (("wander", "outside"), ("lake", "inside"), ("night", "outside"))


def test_being_followed_is_said_once_and_ends() -> None:
    state = watch.fresh(watch.plan_for(SITE, SITE.residents[0]))
    assert watch.step(state, FollowPerson(WHO, follow=True), NOW).decisions == (), "nothing is known yet"
    followed = watch.step(state, FollowPerson(WHO, follow=True), NOW).state
    assert followed.followed
    assert watch.step(followed, FollowPerson(WHO, follow=True), NOW).state is followed
    assert watch.step(followed, FollowPerson(WHO, follow=False), NOW).state == state


async def test_positions_of_somebody_who_is_not_followed_are_said_to_nobody() -> None:
    lat, lon = PLACES["@home"]
    fields = {"at": NOW.isoformat(), "lat": lat, "lon": lon, "accuracy_m": 10}
    event = await asyncio.to_thread(observed, SITE, "position", fields, NOW)
    assert event is not None
    state = watch.fresh(watch.plan_for(SITE, SITE.residents[0]))
    assert watch.step(state, event, NOW).decisions == ()
    followed = watch.step(state, FollowPerson(WHO, follow=True), NOW).state
    (said,) = watch.step(followed, event, NOW).decisions
    assert said == KeepFix(
        slot=WHO, fix=Fix(lat, lon, NOW, 10.0), agrees=True, standings=(("wander", "unknown"),), device="gps-1"
    )


def test_where_nobody_can_look_nothing_is_kept() -> None:
    machine = NoTrackMachine()
    for event in (OpenTrack(SLOT, "a1"), at(0), CloseTrack(SLOT, "a1")):
        assert machine.step(EMPTY, event, NOW) == Outcome(EMPTY)


def test_a_position_packs_into_few_bytes_at_the_ends_of_the_earth() -> None:
    ends = [
        Kept(0, 90_000_000, -180_000_000, None, False, DEVICES_MAX, True, True),
        Kept(1, 0, 0, 0, False, 0, False, True),
        Kept(MOMENT_MAX, -90_000_000, 180_000_000, 65_533, True, 1, True, False),
    ]
    assert unpacked(packed(ends)) == ends
