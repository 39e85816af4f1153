"""Near and far timers come in the very order in which one heap of all of them would give them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alarmcore import shelf as shelf_module
from alarmcore import timers as timers_module
from alarmcore.shelf import Shelf
from alarmcore.timers import FOREVER, PAST, UNREADABLE, Timers, Wake

NOON = datetime(2026, 1, 14, 12, tzinfo=UTC)
PERSONS = [("borg", f"r{n}") for n in range(7)] + [("arboga", f"r{n}") for n in range(7)]
STRANGER = ("borg", "moved-away")
Key = tuple[str, str]


class Book:
    """Rows of the persons there are."""

    persons = len(PERSONS)

    def row(self, person: Key, /) -> int | None:
        return PERSONS.index(person) if person in PERSONS else None

    def person(self, row: int, /) -> Key:
        return PERSONS[row]


class Patience:
    """A machine whose state is nothing but when it wants to be asked, and for which rule."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.woke = None
        self.broken: set[Key] = set()

    def decode(self, key: Key, data: bytes) -> Any:
        if key in self.broken:
            raise ValueError("unreadable")
        return msgspec.json.decode(data, type=tuple[datetime | None, str])

    def wake(self, key: Key, state: tuple[datetime | None, str]) -> Any:
        return None if state[0] is None else (state[0], (*key, state[1]))


class Clockwork:
    """The timers of two machines; with `shelved`, states of the first lie on a shelf."""

    def __init__(self, *, shelved: bool) -> None:
        self.machines: list[Any] = [Patience("watch"), Patience("chain")]
        self.timers = Timers(self.machines)
        self.shelf = Shelf(self.machines[0], Book())
        if shelved:
            self.timers.cache["watch"] = self.timers.shelves["watch"] = self.shelf

    def set(self, machine: int, key: Key, at: datetime | None, rule: str) -> None:
        """A turn that moves one state, and its commit."""
        state = (at, rule)
        self.timers.cache[self.machines[machine].name][key] = state
        self.timers.schedule(self.machines[machine], key, state)
        if machine == 0:
            self.shelf.keep(key, msgspec.json.encode(state), at)
            self.shelf.settle()

    def restarted(self) -> Clockwork:
        """A process that begins with what is stored."""
        after = Clockwork(shelved=True)
        after.timers.horizon = PAST
        for key in PERSONS:
            data = self.shelf.data[PERSONS.index(key)]
            if data is not None:
                after.shelf.load(key, data, msgspec.json.decode(data, type=tuple[datetime | None, str])[0])
        for name, states in self.timers.cache.items():
            for key, state in states.items():
                if name == "chain" or key not in PERSONS:
                    after.timers.cache[name][key] = state
                    after.timers.schedule(after.timers.machines[name], key, state)
        return after

    def due(self, now: datetime, limit: int) -> list[Wake]:
        return self.timers.take_due(now, limit)


@pytest.fixture(autouse=True, scope="module")
def few() -> Any:
    """So few near timers and decoded states that a handful of persons has far ones."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timers_module, "NEAR_MAX", 4)
        patch.setattr(timers_module, "HEAP_SLACK", 3)
        patch.setattr(shelf_module, "IN_USE_MAX", 3)
        yield


moves = st.tuples(
    st.just("set"),
    st.sampled_from([0, 0, 0, 1]),
    st.sampled_from([*PERSONS, STRANGER]),
    st.one_of(st.none(), st.integers(0, 40)),
    st.sampled_from(["a", "b", "c"]),
)
looks = st.tuples(st.sampled_from(["due", "due", "restart", "prepare"]), st.integers(0, 50), st.integers(1, 20))


@settings(max_examples=400, deadline=None)
@given(st.lists(st.one_of(moves, moves, looks), max_size=60))
def test_far_timers_change_nothing_of_what_is_due_when(story: list[Any]) -> None:
    plain, shelved = Clockwork(shelved=False), Clockwork(shelved=True)
    for what, *more in story:
        if what == "set":
            machine, key, minute, rule = more
            at = None if minute is None else NOON + timedelta(minutes=minute)
            plain.set(machine, key, at, rule)
            shelved.set(machine, key, at, rule)
        elif what == "prepare":
            shelved.timers.prepare(NOON + timedelta(minutes=more[0]), more[1])
        elif what == "restart":
            shelved = shelved.restarted()
        else:
            now = NOON + timedelta(minutes=more[0])
            assert shelved.due(now, more[1]) == plain.due(now, more[1])
        assert shelved.timers.next_wake_at() == plain.timers.next_wake_at()
        for name in ("watch", "chain"):
            for key in PERSONS:
                assert shelved.timers.timer_at(name, key) == plain.timers.timer_at(name, key)


def test_timers_of_one_moment_are_near_together_and_in_order() -> None:
    clockwork = Clockwork(shelved=True)
    for key in reversed(PERSONS):
        clockwork.set(0, key, NOON, "a")
    again = clockwork.restarted()
    assert [wake[3] for wake in again.due(NOON, 99)] == sorted(PERSONS)
    assert again.timers.horizon is FOREVER


def test_with_many_timers_most_are_far() -> None:
    clockwork = Clockwork(shelved=True)
    for n, key in enumerate(PERSONS):
        clockwork.set(0, key, NOON + timedelta(minutes=n), "a")
    assert len(clockwork.timers.wakes) <= 4
    assert clockwork.timers.horizon < FOREVER


def test_a_timer_that_a_changed_site_has_done_away_with_is_not_asked() -> None:
    """What is stored says when; the state, decoded on the site of today, says that nothing is to be asked, or later."""
    clockwork = Clockwork(shelved=True)
    clockwork.shelf.load(PERSONS[0], msgspec.json.encode((None, "")), NOON)
    clockwork.shelf.load(PERSONS[1], msgspec.json.encode((NOON + timedelta(hours=1), "b")), NOON)
    clockwork.timers.horizon = PAST
    assert clockwork.timers.next_wake_at() == NOON + timedelta(hours=1)
    assert list(clockwork.shelf.wants(0, 99)) == [PERSONS[1]]


def test_a_state_that_cannot_be_read_holds_up_no_other_timer() -> None:
    """It is asked in its turn, and its step fails as any step that fails."""
    clockwork = Clockwork(shelved=True)
    for n in (0, 1, 2):
        clockwork.shelf.load(PERSONS[n], msgspec.json.encode((NOON, "a")), NOON)
    clockwork.timers.horizon = PAST
    clockwork.machines[0].broken = {PERSONS[1]}
    assert [wake[1][1:] for wake in clockwork.due(NOON, 9)] == [("r0", "a"), ("r1", UNREADABLE), ("r2", "a")]


def test_a_lost_far_timer_is_seen_and_can_be_set_again() -> None:
    clockwork = Clockwork(shelved=True)
    for n, key in enumerate(PERSONS):
        clockwork.set(0, key, NOON + timedelta(minutes=n), "a")
    last = PERSONS[-1]
    assert clockwork.timers.timer_at("watch", last) == NOON + timedelta(minutes=13)
    clockwork.shelf.put_far(last, None)
    assert clockwork.timers.timer_at("watch", last) is None
    clockwork.timers.remind("watch", last)
    assert clockwork.timers.timer_at("watch", last) == NOON + timedelta(minutes=13)


def test_timers_come_in_order_and_no_more_than_are_asked_for_however_often_they_were_changed() -> None:
    """So often that the heap is built anew, from entries in the order in which they were made."""
    clockwork = Clockwork(shelved=False)
    for again in range(3):
        for n, key in enumerate(PERSONS):
            clockwork.set(0, key, NOON + timedelta(minutes=60 - n, seconds=again), "a")
    moments = [wake[0] for wake in clockwork.due(NOON + timedelta(hours=2), 99)]
    assert moments == sorted(moments)
    assert len(moments) == len(PERSONS)
    assert [wake[0] for wake in clockwork.due(NOON + timedelta(hours=2), 3)] == moments[:3]
    assert clockwork.due(moments[0] - timedelta(microseconds=1), 3) == []


def test_a_timer_of_another_machine_can_be_set_when_most_are_far() -> None:
    clockwork = Clockwork(shelved=True)
    for n, key in enumerate(PERSONS):
        clockwork.set(0, key, NOON + timedelta(minutes=n), "a")
    for n, key in enumerate(PERSONS):
        clockwork.set(1, key, NOON + timedelta(minutes=n, seconds=30), "b")
    assert [wake[2] for wake in clockwork.due(NOON + timedelta(hours=1), 99)] == [0, 1] * len(PERSONS)


def test_a_timer_whose_state_was_forgotten_before_it_was_asked_for_is_none() -> None:
    clockwork = Clockwork(shelved=True)
    for n in (0, 1):
        clockwork.shelf.load(PERSONS[n], msgspec.json.encode((NOON + timedelta(minutes=n), "a")), NOON + timedelta(minutes=n))
    clockwork.timers.horizon = PAST
    assert clockwork.timers.next_wake_at() == NOON
    clockwork.shelf.pop(PERSONS[1])
    assert [wake[3] for wake in clockwork.due(NOON + timedelta(hours=1), 9)] == [PERSONS[0]]


def test_preparing_passes_over_timers_that_were_done_away_with_meanwhile() -> None:
    before = Clockwork(shelved=True)
    for n, key in enumerate(PERSONS[:3]):
        before.set(0, key, NOON + timedelta(minutes=10 * n), "a")
    clockwork = before.restarted()
    assert clockwork.timers.next_wake_at() == NOON
    assert len(clockwork.timers.unasked) == 2, "some more are near"
    clockwork.set(0, PERSONS[0], None, "")
    clockwork.timers.prepare(NOON + timedelta(minutes=5), 2)
    assert [wake[3] for wake in clockwork.due(NOON + timedelta(hours=1), 9)] == PERSONS[1:3]


def test_a_near_timer_that_the_heap_has_lost_is_seen_and_can_be_set_again() -> None:
    clockwork = Clockwork(shelved=False)
    clockwork.set(0, PERSONS[0], NOON, "a")
    clockwork.set(0, PERSONS[1], NOON + timedelta(hours=1), "a")
    lost = [entry for entry in clockwork.timers.heap if entry[3] == PERSONS[0]]
    clockwork.timers.heap = [entry for entry in clockwork.timers.heap if entry not in lost]
    assert clockwork.timers.timer_at("watch", PERSONS[0]) is None
    assert clockwork.timers.timer_at("watch", PERSONS[1]) == NOON + timedelta(hours=1)
    clockwork.timers.remind("watch", PERSONS[0])
    assert clockwork.timers.timer_at("watch", PERSONS[0]) == NOON
    clockwork.timers.heap.clear()
    assert clockwork.timers.timer_at("watch", PERSONS[1]) is None


def test_nobody_is_reminded_of_a_state_that_is_not_there() -> None:
    clockwork = Clockwork(shelved=False)
    clockwork.timers.remind("watch", PERSONS[0])
    assert clockwork.timers.next_wake_at() is None


def test_a_timer_that_is_moved_is_asked_at_the_other_moment_and_for_the_same_rule() -> None:
    clockwork = Clockwork(shelved=False)
    clockwork.set(0, PERSONS[0], NOON, "a")
    clockwork.timers.move((0, PERSONS[0]), NOON + timedelta(minutes=5))
    assert clockwork.timers.next_wake_at() == NOON + timedelta(minutes=5)
    (wake,) = clockwork.due(NOON + timedelta(hours=1), 9)
    assert wake[1] == (*PERSONS[0], "a")


# -- states ---------------------------------------------------------------------------------------------------------------


def test_states_that_are_not_in_use_are_bytes_and_come_back_as_they_were() -> None:
    clockwork = Clockwork(shelved=True)
    for n, key in enumerate(PERSONS):
        clockwork.set(0, key, NOON + timedelta(minutes=n), "a")
    assert len(clockwork.shelf._young) + len(clockwork.shelf._old) <= 6
    assert [clockwork.shelf.get(key) for key in PERSONS] == [(NOON + timedelta(minutes=n), "a") for n in range(14)]
    assert set(clockwork.shelf) == set(PERSONS)
    assert len(clockwork.shelf) == 14


def test_a_state_without_bytes_stays_however_many_others_are_used() -> None:
    """Of somebody who is in no site nothing could be read again; nor of a state that has not been stored."""
    clockwork = Clockwork(shelved=True)
    clockwork.set(0, STRANGER, NOON, "a")
    for _ in range(3):
        for n, key in enumerate(PERSONS):
            clockwork.set(0, key, NOON + timedelta(minutes=n), "a")
    assert clockwork.shelf.get(STRANGER) == (NOON, "a")
    assert clockwork.timers.timer_at("watch", STRANGER) == NOON


def test_what_is_forgotten_is_gone_until_it_is_read_again() -> None:
    clockwork = Clockwork(shelved=True)
    clockwork.set(0, PERSONS[0], NOON, "a")
    assert clockwork.shelf.pop(PERSONS[0]) == (NOON, "a")
    assert clockwork.shelf.get(PERSONS[0]) is None
    assert PERSONS[0] not in clockwork.shelf
    assert list(clockwork.shelf.wants(0, 99)) == []


def test_looking_at_states_keeps_none_of_them_in_use() -> None:
    clockwork = Clockwork(shelved=True)
    for key in PERSONS:
        clockwork.shelf.load(key, msgspec.json.encode((NOON, "a")), NOON)
    assert {state for _, state in clockwork.shelf.items()} == {(NOON, "a")}
    assert SimpleNamespace(young=clockwork.shelf._young, old=clockwork.shelf._old) == SimpleNamespace(young={}, old={})


def test_timers_are_prepared_ahead_of_their_time_and_no_further() -> None:
    before = Clockwork(shelved=True)
    for n, key in enumerate(PERSONS):
        before.set(0, key, NOON + timedelta(minutes=n), "a")
    clockwork = before.restarted()
    assert clockwork.timers.prepare(NOON + timedelta(minutes=3), 2)
    assert len(clockwork.shelf._young) == 2
    while clockwork.timers.prepare(NOON + timedelta(minutes=3), 2):
        pass
    assert set(clockwork.shelf._young) == set(PERSONS[:3])
    assert [wake[3] for wake in clockwork.due(NOON + timedelta(hours=1), 99)] == PERSONS
