"""Which positions of a track are good, and where the person was seen last."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from alarmcore.kept import Kept
from alarmcore.model.alarm import KeepFix
from alarmcore.track import EMPTY, FIXES_MAX, Track, confirmed, seen
from tests.tracks import NOW, OPENED, at, metres, told


def walked(*events: KeepFix) -> Track:
    """Somebody who has been seen at one place three times, and then so."""
    return told(OPENED, at(-60), at(-30), at(0), *events)


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
        (at(300, lat=58.1), False),  # 11 km in five minutes: a train, or wild; the next will tell
        (at(1200, lat=58.1), True),  # in twenty
        (at(30, lat=58.1, accuracy_m=199.0), False),
        (at(-45, lat=58.1), False),
    ],
)
def test_a_position_is_good_when_others_agree_with_it_in_place_and_time(event: KeepFix, good: bool) -> None:
    state = walked(event)
    place = (round(event.fix.lat * 1e6), event.fix.at)
    assert next(kept for kept in state.fixes() if (kept.lat_e6, kept.at) == place).good is good


def test_the_last_confirmed_position_is_the_newest_good_one() -> None:
    state = walked(at(60), at(90, accuracy_m=900.0), at(30))
    assert state.last is not None
    assert state.last.at == NOW + timedelta(seconds=60)
    assert told(state, *(at(100 + 10 * n, accuracy_m=900.0) for n in range(2 * FIXES_MAX))).last == state.last


def test_one_position_or_two_confirm_nothing() -> None:
    assert told(OPENED, at(0)).last is None
    assert told(OPENED, at(0), at(30)).last is None
    assert told(OPENED, at(0), at(30), at(60)).last is not None


def test_a_wild_position_takes_nothing_from_those_that_follow_it() -> None:
    """One twenty kilometres away, as the first that is known, and then somebody who walks on where they were."""
    state = told(OPENED, at(0, lat=metres(20_000), accuracy_m=8.0))
    true = [at(30 * n, lat=metres(400 + 12 * n), device="gps-1") for n in range(1, 13)]
    state = told(state, *true)
    assert [kept.good for kept in state.fixes()] == [False] + [True] * 12
    assert state.last is not None
    assert state.last.lat == pytest.approx(metres(544), abs=1e-6)


@pytest.mark.parametrize("every_s", [10, 30, 60, 300])
@pytest.mark.parametrize("wild", [1, 2, 3])
def test_what_was_wrongly_confirmed_is_taken_back(every_s: int, wild: int) -> None:
    there = [at(every_s * n, lat=metres(5 * n)) for n in range(4)]
    astray = [at(every_s * (4 + n), lat=metres(60 * every_s + 100_000), accuracy_m=8.0) for n in range(wild)]
    back = [at(every_s * (4 + wild + n), lat=metres(5 * n)) for n in range(3)]
    state = told(OPENED, *there, *astray, *back)
    assert [kept.good for kept in state.fixes()] == [True] * 4 + [False] * wild + [True] * 3
    assert state.last is not None
    assert state.last.at == back[-1].fix.at


def test_a_run_of_reflections_is_taken_back_by_a_longer_run_of_others() -> None:
    """Three reflections in a row are believed for as long as nothing else is known of so much time."""
    state = told(OPENED, at(0, lat=metres(9_000)), at(30, lat=metres(9_000)), at(60, lat=metres(9_000)))
    assert state.last is not None
    assert state.last.lat == pytest.approx(metres(9_000), abs=1e-6)
    state = told(state, *(at(90 + 10 * n) for n in range(4)))
    assert [kept.good for kept in state.fixes()] == [False] * 3 + [True] * 4
    assert state.last == state.fixes()[-1]


def test_somebody_who_walks_rides_or_sits_in_a_train_is_confirmed_all_the_way() -> None:
    for speed in (0.0, 1.4, 5.0, 14.0, 25.0, 50.0):
        way = [at(30 * n, lat=metres(speed * 30 * n)) for n in range(20)]
        goods = [kept.good for kept in told(OPENED, *way).fixes()]
        assert all(goods), (speed, goods)


def test_the_first_position_across_the_border_waits_for_the_next() -> None:
    state = walked(at(30, lat=metres(40), agrees=False))
    assert state.last is not None
    assert state.last.at == NOW
    state = told(state, at(60, lat=metres(80), agrees=False))
    assert state.last is not None
    assert state.last.at == NOW + timedelta(seconds=60), "two of them say so: the belief lags"
    assert all(kept.good for kept in state.fixes())


def test_devices_are_judged_apart_and_one_left_at_home_takes_nothing_from_the_other() -> None:
    state = OPENED
    for n in range(40):
        state = told(state, at(30 * n, device="phone"), at(30 * n + 1, device="phone"))
        if n % 5 == 0:
            state = told(state, at(30 * n + 2, lat=metres(3_000 + 10 * n), device="bracelet"))
    by_device = {name: [kept for kept in state.fixes() if state.device(kept) == name] for name in ("phone", "bracelet")}
    assert len(by_device["bracelet"]) == 8
    assert all(kept.good for kept in by_device["bracelet"][-2:])
    assert all(kept.good for kept in by_device["phone"])
    here = seen(state, "bracelet")
    assert here is not None
    assert here.lat == pytest.approx(metres(3_350), abs=1e-6)
    assert seen(state, "phone") == by_device["phone"][-1]
    assert seen(state, "neither") == state.last == by_device["phone"][-1]


def test_somebody_is_seen_where_most_speaks_for_as_long_as_nothing_is_confirmed() -> None:
    assert seen(EMPTY) is None
    one = told(OPENED, at(0, known=True))
    assert seen(one, "gps-1") == one.fixes()[0]
    wild = told(one, at(30, lat=59.0, device="gps-1"))
    assert seen(wild, "gps-1") == wild.fixes()[0], "the older one, until a third speaks for one of them"
    third = told(wild, at(60, device="gps-1"))
    assert seen(third, "gps-1") == third.fixes()[-1]
    rough = told(OPENED, at(0, accuracy_m=900.0))
    assert seen(rough) == rough.fixes()[0], "better than nothing"


def test_a_device_that_reports_seldom_is_judged_by_its_own_positions_however_often_another_does() -> None:
    state = OPENED
    for n in range(100):
        state = told(state, at(30 * n, device="phone"))
        if n % 30 == 5:
            state = told(state, at(30 * n + 2, lat=metres(3_000 + n), device="bracelet"))
    assert sum(state.device(kept) == "bracelet" for kept in state.recent) == 1
    assert [kept.good for kept in state.fixes() if state.device(kept) == "bracelet"][-1]


def test_what_comes_late_can_take_back_what_is_newer_than_all_that_is_good() -> None:
    state = told(OPENED, *(at(30 * n, lat=metres(9_000)) for n in range(3)))
    state = told(state, *(at(-100 + 20 * n) for n in range(5)))
    assert [kept.good for kept in state.fixes()] == [True] * 5 + [False] * 3
    assert state.last is not None
    assert state.last.at == NOW - timedelta(seconds=20)


def test_the_last_good_position_of_a_long_track_is_known_when_it_has_been_left_out() -> None:
    rough = told(OPENED, at(0, accuracy_m=900.0, device="gps-1"))
    old = Kept(1, 58_000_000, 12_000_000, 10, True, 1)
    long = msgspec.structs.replace(rough, last=old)
    assert confirmed(long, "gps-1") == confirmed(long, "other") == seen(long) == old
    two = msgspec.structs.replace(long, devices=("phone", "gps-1"))
    assert confirmed(two, "gps-1") is None, "it was another device's"
