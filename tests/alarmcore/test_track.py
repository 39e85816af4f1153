"""The track of a search: kept while an alarm is open and not a moment longer, in order of time, bounded, small."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alarmcore import track, watch
from alarmcore.adapters.memory_journal import MemoryJournal
from alarmcore.admission import registry_of
from alarmcore.bindings import NoTrackMachine, TrackMachine
from alarmcore.model.alarm import AnswerAlarm, CloseTrack, Fix, FollowPerson, KeepFix, OpenTrack, Slot
from alarmcore.model.site import Site
from alarmcore.outcome import Outcome
from alarmcore.runner import Item, Runner
from alarmcore.track import BACK_S, EMPTY, FIXES_MAX, RECENT_MAX, WHOLE, Kept, Track, sighting
from dashboard.machines import machines_for
from dispatch.binding import EFFECT_CODEC
from geofence.belief import Belief
from tests.observed import observed
from tests.stories import PLACES, town

NOW = datetime(2026, 1, 14, 12, tzinfo=UTC)
SLOT = Slot("grastorp", "r1", "wander")
WHO = Slot("grastorp", "r1", "")
OPENED = track.step(EMPTY, OpenTrack(SLOT, "a1"), NOW).state


def at(second: float, lat: float = 58.0, lon: float = 12.0, accuracy_m: float | None = 10.0, **more: Any) -> KeepFix:
    given = {"agrees": True, **more}
    return KeepFix(slot=WHO, fix=Fix(lat, lon, NOW + timedelta(seconds=second), accuracy_m), **given)


def told(state: Track, *events: Any) -> Track:
    for event in events:
        state = track.step(state, event, NOW).state
    return state


def seconds(state: Track) -> list[int]:
    return [round((kept.at - NOW).total_seconds()) for kept in state.fixes()]


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
    walked = told(OPENED, *(at(n, standings=(("wander", "outside"),)) for n in range(2 * RECENT_MAX)))
    assert walked.sealed
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
    state = told(OPENED, at(0), at(30, agrees=False), at(60, agrees=False))
    state = track.step(state, OpenTrack(SLOT, "a2"), NOW + timedelta(seconds=70)).state
    state = told(state, CloseTrack(SLOT, "a1"))
    assert seconds(state) == [60]
    assert state.last is None


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
    assert seconds(told(OPENED, at(-5 * BACK_S))) == [-5 * BACK_S]


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


@pytest.mark.parametrize(("claimed", "kept"), [(65_533.5, 65_534), (65_534.0, None), (65_535.5, None), (65_536.0, None)])
def test_an_accuracy_beyond_what_is_packed_is_none(claimed: float, kept: int | None) -> None:
    fixes = told(OPENED, at(0, accuracy_m=claimed)).fixes()
    assert fixes[0].accuracy_m == kept
    assert track.unpacked(track.packed(fixes)) == fixes


@pytest.mark.parametrize(
    ("event", "good"),
    [
        (at(30), True),
        (at(30, accuracy_m=None), True),
        (at(30, accuracy_m=200.0), True),
        (at(30, accuracy_m=201.0), False),
        (at(30, accuracy_m=float("nan")), False),
        (at(30, agrees=False), False),
        (at(30, lat=58.1), False),  # 11 km in half a minute
        (at(300, lat=58.1), True),  # in five minutes, by train
        (at(1100, lon=13.0), True),  # 59 km to the east, though a degree at the equator is more
        (at(900, lon=13.0), False),
        (at(30, lat=58.1, accuracy_m=199.0), False),
        (at(-30, lat=58.1), False),
    ],
)
def test_a_position_is_good_when_nothing_contradicts_it(event: KeepFix, good: bool) -> None:
    state = told(OPENED, at(0), event)
    assert next(kept for kept in state.fixes() if kept.at == event.fix.at).good is good


def test_the_last_confirmed_position_is_the_newest_good_one() -> None:
    state = told(OPENED, at(0), at(60), at(90, agrees=False), at(30))
    assert state.last is not None
    assert state.last.at == NOW + timedelta(seconds=60)
    assert told(state, *(at(90 + n, agrees=False) for n in range(2 * FIXES_MAX))).last == state.last


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
    assert sighting(WHO, Fix(58.0, 12.0, NOW), [("wander", belief)]).agrees is (side == lies)


def test_a_late_position_and_one_of_which_nothing_is_believed_contradict_nothing() -> None:
    belief = Belief("outside", NOW, NOW, 3, -50.0, 10.0)
    late = sighting(WHO, Fix(58.0, 12.0, NOW - timedelta(seconds=1)), [("wander", belief)])
    unknown = sighting(WHO, Fix(58.0, 12.0, NOW), [("wander", Belief(last_at=NOW, distance_m=-5.0)), ("lake", Belief())])
    assert late.agrees
    assert unknown.agrees
    assert unknown.standings == (("wander", "unknown"),)


def test_one_rule_that_is_contradicted_is_enough() -> None:
    fits, differs = Belief("outside", NOW, NOW, 3, 50.0, 10.0), Belief("inside", NOW, NOW, 3, 50.0, 10.0)
    made = sighting(WHO, Fix(58.0, 12.0, NOW), [("wander", fits), ("lake", differs), ("night", fits)])
    assert not made.agrees
    assert made.standings == (("wander", "outside"), ("lake", "inside"), ("night", "outside"))


# -- with the watch, the lifecycle and the runner -----------------------------------------------------------------------------

SITE = town("[{id: wander, kind: zone_exit, zones: [home]}, {id: press, kind: button}]")
PERSON = ("grastorp", "r1")


class Life:
    """One person under the real runner."""

    def __init__(self, site: Site = SITE) -> None:
        self.site = site
        self.journal = MemoryJournal()
        self.runner = self.started()
        self.now = NOW

    def started(self) -> Runner:
        machines = machines_for([self.site], registry_of([self.site]))
        return Runner(machines, self.journal, lambda _: None, lambda _: None, EFFECT_CODEC)

    async def report(self, minute: float, kind: str, place: str = "", **fields: Any) -> None:
        self.now = max(self.now, NOW + timedelta(minutes=minute))
        if place:
            fields |= {"lat": PLACES[place][0], "lon": PLACES[place][1], "accuracy_m": 10}
        fields = {"at": (NOW + timedelta(minutes=minute)).isoformat(), **fields}
        # It has an event loop of its own.
        event = await asyncio.to_thread(observed, self.site, kind, fields, self.now)
        assert event is not None
        await self.runner.run([Item("watch", PERSON, event)], self.now)

    async def resolve(self, rule: str) -> None:
        alarm = self.runner.state("lifecycle", Slot(*PERSON, rule))
        act = AnswerAlarm(slot=alarm.slot, alarm=alarm.id, answer="resolve", by="operator:anna", via="console", outcome="helped")
        await self.runner.run([Item("lifecycle", alarm.slot, act)], self.now)

    def stored(self) -> Track:
        found = self.journal.stored.get(("track", "/".join(PERSON)))
        return EMPTY if found is None else msgspec.msgpack.decode(found.data, type=Track)

    def minutes(self) -> list[float]:
        return [(kept.at - NOW).total_seconds() / 60 for kept in self.stored().fixes()]


async def test_positions_are_kept_while_an_alarm_is_open_and_not_outside_it() -> None:
    life = Life()
    await life.report(0, "position", "@home")
    await life.report(1, "position", "@home")
    assert life.minutes() == []
    await life.report(2, "button")
    assert life.minutes() == [1], "where the person was known to be"
    await life.report(3, "position", "@home")
    await life.report(2.5, "position", "@home")
    await life.report(4, "fall", "@home")
    assert life.minutes() == [1, 2.5, 3, 4]
    await life.resolve("press")
    assert life.stored() == EMPTY
    await life.report(5, "position", "@home")
    assert life.stored() == EMPTY


async def test_the_track_goes_on_after_a_restart() -> None:
    life = Life()
    await life.report(0, "button")
    await life.report(1, "position", "@home")
    life.runner = life.started()
    await life.runner.load()
    await life.report(2, "position", "@home")
    assert life.minutes() == [1, 2]


async def test_the_finding_and_its_first_position_are_one_commit() -> None:
    life = Life()
    for minute in range(4):
        await life.report(minute, "position", "@away")
    assert life.runner.state("lifecycle", Slot(*PERSON, "wander")) is not None
    assert life.minutes() == [1, 2, 3]
    assert all(kept.good for kept in life.stored().fixes())
    assert dict(life.stored().standings) == {"wander": "outside"}


async def test_a_rule_that_finds_again_follows_the_person_again() -> None:
    life = Life(town("[{id: wander, kind: zone_exit, zones: [home], again_s: 60}]"))
    for minute in range(3):
        await life.report(minute, "position", "@away")
    await life.resolve("wander")
    await life.report(2.5, "position", "@away")
    assert life.stored() == EMPTY
    life.now = NOW + timedelta(minutes=3)
    await life.runner.run(life.runner.due(life.now, 10), life.now)
    await life.report(4, "position", "@away")
    assert life.minutes() == [2.5, 4]


async def test_a_position_without_consent_is_not_kept() -> None:
    life = Life()
    await life.report(0, "button")
    lat, lon = PLACES["@home"]
    fields = {"at": NOW.isoformat(), "lat": lat, "lon": lon, "accuracy_m": 10}
    event = await asyncio.to_thread(observed, SITE, "position", fields, NOW)
    assert event is not None
    refused = msgspec.structs.replace(event, positioned=False)
    await life.runner.run([Item("watch", PERSON, refused)], NOW)
    assert life.stored().fixes() == []
    await life.runner.run([Item("watch", PERSON, event)], NOW)
    assert len(life.stored().fixes()) == 1


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
    assert said == KeepFix(slot=WHO, fix=Fix(lat, lon, NOW, 10.0), agrees=True, standings=(("wander", "unknown"),))


def test_where_nobody_can_look_nothing_is_kept() -> None:
    machine = NoTrackMachine()
    for event in (OpenTrack(SLOT, "a1"), at(0), CloseTrack(SLOT, "a1")):
        assert machine.step(EMPTY, event, NOW) == Outcome(EMPTY)


def test_a_position_packs_into_few_bytes_at_the_ends_of_the_earth() -> None:
    ends = [Kept(0, 90_000_000, -180_000_000, None, False), Kept(track.MOMENT_MAX, -90_000_000, 180_000_000, 65_533, True)]
    assert track.unpacked(track.packed(ends)) == ends
