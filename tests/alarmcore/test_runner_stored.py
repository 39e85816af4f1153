"""What the runner stores and says of a turn, and what it does with timers nobody wants any more."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any, NoReturn

import pytest
from flaky_journal import FlakyJournal
from test_runner import NOON, SLOT, Stage, Woken

from alarmcore.errors import CommitFailed
from alarmcore.intake import Raw, prepare
from alarmcore.model.alarm import AnswerAlarm, Slot
from alarmcore.ports import Batch, StoredState
from alarmcore.runner import STUCK_S, Item
from alarmcore.timers import HEAP_SLACK


async def test_every_state_is_stored_under_the_tenant_that_owns_it() -> None:
    """Position fixes first, so that each machine has something to store."""
    stage = Stage()
    later = NOON + timedelta(seconds=1)
    fix = b'{"lat": 58.3345, "lon": 12.6784, "accuracy_m": 5}'
    prepared = await prepare([Raw("grastorp", "gps-1", "position", fix, NOON)], stage.registry, stage.journal, NOON)
    await stage.runner.run([item for item in prepared.items if item is not None], NOON)
    await stage.press(later)
    stored = [state for batch in stage.journal.batches for state in batch.states]
    assert {state.machine for state in stored} == {"watch", "lifecycle", "chain", "track"}
    assert {state.tenant for state in stored} == {"grastorp"}


async def test_identities_and_what_could_not_be_read_are_stored_with_the_rest() -> None:
    stage = Stage()
    raws = [
        Raw("grastorp", "pendant-1", "button", b'{"id": "one", "at": "2026-01-14T12:00:00Z"}', NOON),
        Raw("grastorp", "gps-1", "position", b"not json", NOON),
    ]
    prepared = await prepare(raws, stage.registry, stage.journal, NOON)
    items = [item for item in prepared.items if item is not None]
    await stage.runner.run(items, NOON, prepared.identities, prepared.quarantined)
    (batch,) = stage.journal.batches
    assert batch.now == NOON
    assert len(batch.identities) == 1
    assert [one.reason for one in batch.quarantined] == ["not_json"]


async def test_what_cannot_be_read_is_stored_also_when_nothing_else_happened() -> None:
    stage = Stage()
    prepared = await prepare([Raw("grastorp", "gps-1", "position", b"[", NOON)], stage.registry, stage.journal, NOON)
    await stage.runner.run([], NOON, prepared.identities, prepared.quarantined)
    assert [one.device for one in stage.journal.quarantine] == ["gps-1"]


async def test_screens_are_told_every_event_with_its_place_and_every_alarm_that_changed() -> None:
    stage = Stage()
    await stage.press()
    await stage.press(NOON + timedelta(seconds=1), 2, 3)
    committed = stage.published[1]
    assert [one.seq for one in committed.events] == [2, 3]
    assert [one.event.resident for one in committed.events] == ["r2", "r3"]
    assert [alarm.slot.resident for alarm in committed.alarms] == ["r2", "r3"]
    assert stage.published[0].events[0].seq == 1


async def test_a_turn_in_which_nothing_happened_is_no_news() -> None:
    stage = Stage()
    await stage.runner.run([], NOON)
    assert stage.published == []


async def test_an_alarm_that_is_resolved_asks_for_nothing_more() -> None:
    stage = Stage()
    await stage.press()
    assert stage.runner.next_wake_at() is not None
    await stage.answer("resolve", "operator:anna", NOON + timedelta(seconds=9), outcome="test")
    assert stage.runner.next_wake_at() is None
    assert stage.runner.due(NOON + timedelta(days=1), 10) == []


async def test_an_alarm_that_was_taken_is_asked_about_once_at_its_follow_up() -> None:
    stage = Stage()
    await stage.press()
    await stage.answer("take", "operator:anna", NOON + timedelta(seconds=9))
    due_at = NOON + timedelta(seconds=9 + 1800)
    assert stage.runner.next_wake_at() == due_at
    assert [item.machine for item in stage.runner.due(due_at, 10)] == ["lifecycle"]


async def test_asking_what_is_due_takes_nothing_off() -> None:
    stage = Stage()
    await stage.press(NOON, 1, 2, 3)
    late = NOON + timedelta(hours=1)
    first = [item.key for item in stage.runner.due(late, 10)]
    assert [item.key for item in stage.runner.due(late, 10)] == first
    assert len(first) == 3


async def test_only_the_timer_that_is_stuck_is_put_off() -> None:
    stage = Stage()
    await stage.press(NOON, 1, 2)
    for tell in list(stage.performed):
        await stage.told(tell, NOON)
    due_at = NOON + timedelta(seconds=60)
    stuck, other = stage.runner.due(due_at, 10)
    stage.runner.postpone(stuck, due_at)
    assert [item.key for item in stage.runner.due(due_at, 10)] == [other.key]
    put_off = stage.runner.due(due_at + timedelta(seconds=STUCK_S), 10)
    assert {item.key for item in put_off} == {stuck.key, other.key}


async def test_a_timer_that_has_moved_is_not_put_off() -> None:
    stage = Stage()
    await stage.press()
    await stage.told(stage.performed[0], NOON)
    due_at = NOON + timedelta(seconds=60)
    (item,) = stage.runner.due(due_at, 10)
    await stage.runner.run([item], due_at)
    moved_to = stage.runner.next_wake_at()
    stage.runner.postpone(item, due_at)
    assert stage.runner.next_wake_at() == moved_to


class Stopped(FlakyJournal):
    """A journal in the middle of whose commit the service is told to stop."""

    async def commit(self, batch: Batch) -> int:
        del batch
        raise asyncio.CancelledError


async def test_a_stop_in_the_middle_of_a_commit_forgets_what_was_not_stored() -> None:
    stage = Stage(Stopped())
    with pytest.raises(asyncio.CancelledError):
        await stage.press()
    assert stage.runner.state("lifecycle", SLOT) is None
    assert stage.runner.next_wake_at() is None


class Mute(FlakyJournal):
    """A journal that fails in words of its own when it is read."""

    async def reread(self, keys: list[tuple[str, str]]) -> NoReturn:
        raise OSError(5, str(keys))


async def test_a_journal_that_can_neither_store_nor_read_says_in_our_words_that_nothing_was_kept() -> None:
    """What has no retry would be taken for a fault of the reading, and the reading given up."""
    stage = Stage(Mute())
    stage.journal.fails.append("before")
    with pytest.raises(CommitFailed, match="nothing was kept"):
        await stage.press()


class Counted(FlakyJournal):
    """A journal that counts how often it was read anew."""

    reads = 0

    async def reread(self, keys: list[tuple[str, str]]) -> list[StoredState]:
        self.reads += 1
        return await super().reread(keys)


async def test_what_was_forgotten_is_read_once() -> None:
    journal = Counted()
    stage = Stage(journal)
    journal.fails.append("before")
    with pytest.raises(CommitFailed):
        await stage.press()
    for second in range(3):
        await stage.press(NOON + timedelta(seconds=second))
    assert journal.reads == 1


async def test_a_journal_that_keeps_nothing_is_spared_what_it_would_not_keep() -> None:
    """So does a replay, which would else spend most of its time on it."""
    stage = Stage()
    stage.journal.keep = False
    await stage.press()
    (batch,) = stage.journal.batches
    assert (batch.states, batch.effects, batch.settled) == ([], [], [])
    assert [event.event for event in batch.events] == ["alarm.raised"]
    assert len(stage.performed) == 1


async def test_a_performer_that_fails_is_asked_once_and_again_after_a_restart() -> None:
    stage = Stage()
    asked: list[Any] = []

    def broken(tell: Any) -> None:
        asked.append(tell)
        raise ZeroDivisionError

    stage.runner.perform = broken
    await stage.press()
    await stage.press(NOON + timedelta(seconds=1))
    assert len(asked) == 1
    again = await stage.restarted()
    assert [tell.id for tell in again.performed] == [asked[0].id]


async def test_the_answer_of_each_item_is_its_own() -> None:
    stage = Stage()
    await stage.press()
    name = stage.runner.state("lifecycle", SLOT).id
    takes = [
        Item("lifecycle", SLOT, AnswerAlarm(slot=SLOT, alarm=name, answer="take", by=by, via="console"))
        for by in ("operator:anna", "operator:bo", "operator:anna")
    ]
    await stage.runner.run(takes, NOON)
    assert [take.answer and take.answer.code for take in takes] == [None, "taken_by_other", None]


def scheduled(stage: Stage, resident: str, at: datetime) -> None:
    """The chain of a resident's alarm wants to be asked at another moment."""
    slot = Slot("grastorp", resident, "press")
    stage.runner.schedule(stage.runner.machines["chain"], slot, Woken(at))


async def test_timers_stay_in_order_when_outdated_ones_are_thrown_away() -> None:
    """One timer is moved until the heap is built anew, among others that were set from the latest to the earliest."""
    stage = Stage()
    for n in range(50, 0, -1):
        scheduled(stage, f"r{n}", NOON + timedelta(minutes=n))
    for n in range(HEAP_SLACK + 200):
        scheduled(stage, "busy", NOON + timedelta(days=1, seconds=n))
    assert len(stage.runner.heap) <= HEAP_SLACK + 2 * 51
    due = stage.runner.due(NOON + timedelta(hours=1), 100)
    assert [item.key.resident for item in due] == [f"r{n}" for n in range(1, 51)]


async def test_a_timer_that_is_set_to_the_same_moment_again_takes_no_room() -> None:
    stage = Stage()
    for _ in range(10):
        scheduled(stage, "r1", NOON)
    assert len(stage.runner.heap) == 1


async def test_a_timer_is_known_by_its_moment_and_one_that_was_lost_by_having_none() -> None:
    stage = Stage()
    assert stage.runner.timer_at("chain", SLOT) is None
    stage.runner.remind("chain", SLOT)
    assert stage.runner.timer_at("chain", SLOT) is None
    await stage.press()
    due_at = stage.runner.next_wake_at()
    assert stage.runner.timer_at("chain", SLOT) == due_at
    stage.runner.wakes.clear()
    assert stage.runner.timer_at("chain", SLOT) is None
    stage.runner.remind("chain", SLOT)
    assert stage.runner.timer_at("chain", SLOT) == due_at


async def test_a_stored_effect_of_which_nothing_was_heard_is_begun_again_as_it_was() -> None:
    stage = Stage()
    await stage.press()
    (data,) = stage.journal.pending.values()
    stage.runner.begin_again(data)
    first, again = stage.performed
    assert first == again
