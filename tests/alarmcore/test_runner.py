"""The runner with the real machines and a journal that fails: what is not stored never came to be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flaky_journal import FlakyJournal, When
from journal_contract import JournalContract
from msgspec.structs import replace

from alarmcore.admission import registry_of
from alarmcore.errors import AlarmcoreError, CommitFailed
from alarmcore.intake import Raw, prepare
from alarmcore.model.alarm import Alarm, AlarmEvent, AnswerAlarm, Slot
from alarmcore.model.site import Site
from alarmcore.outcome import Outcome
from alarmcore.ports import Journal, Quarantined
from alarmcore.runner import STUCK_S, Committed, Item, Runner
from alarmcore.sitefile import check_document, require
from dashboard.machines import machines_for
from dispatch.binding import EFFECT_CODEC
from dispatch.telling import Tell, Told
from tests.servers.town import town

NOON = datetime(2026, 1, 14, 12, tzinfo=UTC)
SLOT = Slot("grastorp", "r1", "press")


class TestFlakyJournal(JournalContract):
    """The double keeps what it promises as long as nobody tells it to fail."""

    @pytest.fixture
    def journal(self) -> FlakyJournal:
        return FlakyJournal()

    async def again(self, journal: Any) -> Journal:
        found: Journal = journal
        return found

    async def alarms_of(self, journal: Any) -> dict[str, Alarm]:
        return dict(journal.alarms)

    async def events_of(self, journal: Any) -> list[AlarmEvent]:
        return list(journal.events)

    async def quarantine_of(self, journal: Any) -> list[Quarantined]:
        return list(journal.quarantine)


def small_site() -> Site:
    return require(check_document(town(residents=3), "test"))


class Stage:
    """A runner on a journal that may fail."""

    def __init__(self, journal: FlakyJournal | None = None) -> None:
        site = small_site()
        self.journal = journal or FlakyJournal()
        self.registry = registry_of([site])
        self.performed: list[Tell] = []
        self.published: list[Committed] = []
        self.runner = Runner(
            machines_for([site], self.registry), self.journal, self._perform, self.published.append, EFFECT_CODEC
        )

    def _perform(self, tell: Tell) -> None:
        self.journal.done.append("perform")
        self.performed.append(tell)

    async def press(self, now: datetime = NOON, *numbers: int) -> Committed:
        raws = [Raw("grastorp", f"pendant-{n}", "button", b"{}", now) for n in numbers or (1,)]
        prepared = await prepare(raws, self.registry, self.journal, now)
        items = [item for item in prepared.items if item is not None]
        return await self.runner.run(items, now, prepared.identities, prepared.quarantined)

    async def answer(self, answer: Any, by: str, now: datetime, **more: Any) -> Item:
        alarm = self.runner.state("lifecycle", SLOT)
        item = Item("lifecycle", SLOT, AnswerAlarm(slot=SLOT, alarm=alarm.id, answer=answer, by=by, via="console", **more))
        await self.runner.run([item], now)
        return item

    async def told(self, tell: Tell, now: datetime) -> None:
        told = Told(
            slot=tell.slot, alarm=tell.alarm.id, id=tell.id, ref=tell.ref, number=tell.number, channel=tell.channel, ok=True
        )
        await self.runner.run([Item("chain", tell.slot, told)], now)

    def events(self) -> list[str]:
        return [event.event for event in self.journal.events]

    async def restarted(self) -> Stage:
        again = Stage(self.journal)
        await again.runner.load()
        return again


@pytest.fixture
def stage() -> Stage:
    return Stage()


async def test_finding_alarm_first_telling_and_the_next_moment_are_one_commit(stage: Stage) -> None:
    await stage.press()
    (batch,) = stage.journal.batches
    assert [event.event for event in batch.events] == ["alarm.raised"]
    assert [alarm.slot for alarm in batch.alarms] == [SLOT]
    assert len(batch.effects) == 1
    chain = next(state for state in batch.states if state.machine == "chain")
    assert chain.wake_at is not None
    assert chain.wake_at > NOON


async def test_effects_are_performed_only_after_the_commit(stage: Stage) -> None:
    await stage.press()
    assert stage.journal.done == ["commit", "perform"]


async def test_a_commit_that_stored_nothing_leaves_no_trace_in_memory(stage: Stage) -> None:
    stage.journal.fails.append("before")
    with pytest.raises(CommitFailed):
        await stage.press()
    assert stage.runner.state("lifecycle", SLOT) is None
    assert stage.runner.next_wake_at() is None
    assert stage.performed == []
    assert stage.published == []
    await stage.press()
    assert stage.events() == ["alarm.raised"]
    assert len(stage.performed) == 1


async def test_states_after_a_failed_commit_are_those_that_are_stored(stage: Stage) -> None:
    await stage.press()
    before, wake_at = stage.runner.state("lifecycle", SLOT), stage.runner.next_wake_at()
    stage.journal.fails.append("before")
    with pytest.raises(CommitFailed):
        await stage.answer("take", "operator:anna", NOON + timedelta(seconds=5))
    assert stage.runner.state("lifecycle", SLOT) == before
    assert stage.runner.next_wake_at() == wake_at
    await stage.answer("take", "operator:bo", NOON + timedelta(seconds=6))
    assert stage.runner.state("lifecycle", SLOT).taken_by == "operator:bo"


async def test_what_was_stored_although_the_commit_failed_is_taken_up_and_told(stage: Stage) -> None:
    stage.journal.fails.append("after")
    with pytest.raises(CommitFailed):
        await stage.press()
    assert stage.runner.state("lifecycle", SLOT).state == "open"
    assert [tell.ref for tell in stage.performed] == ["unit:centre"]
    await stage.press(NOON + timedelta(seconds=1))
    assert stage.events() == ["alarm.raised", "alarm.repeated"]
    assert len(stage.performed) == 1


async def test_nothing_is_decided_while_what_is_stored_cannot_be_read(stage: Stage) -> None:
    """Else a person with an open alarm would look like one of whom nothing is known, and be raised again."""
    await stage.press()
    wake_at = stage.runner.next_wake_at()
    stage.journal.fails.append("before")
    stage.journal.blind = 2
    with pytest.raises(CommitFailed):
        await stage.press(NOON + timedelta(seconds=1))
    with pytest.raises(CommitFailed):
        await stage.press(NOON + timedelta(seconds=2))
    await stage.press(NOON + timedelta(seconds=3))
    assert stage.events() == ["alarm.raised", "alarm.repeated"]
    assert stage.runner.next_wake_at() == wake_at


@pytest.mark.parametrize("fails", ["before", "after"])
async def test_a_timer_fires_after_a_commit_of_it_failed(stage: Stage, fails: When) -> None:
    await stage.press()
    await stage.told(stage.performed[0], NOON)
    due = stage.runner.next_wake_at()
    assert due == NOON + timedelta(seconds=60)
    stage.journal.fails.append(fails)
    with pytest.raises(CommitFailed):
        await stage.runner.run(stage.runner.due(due, 10), due)
    for item in stage.runner.due(due, 10):
        await stage.runner.run([item], due)
    assert [tell.number for tell in stage.performed] == [0, 1]
    assert stage.runner.due(due, 10) == []


async def test_a_restart_takes_up_states_timers_and_what_was_not_settled(stage: Stage) -> None:
    await stage.press(NOON, 1, 2)
    await stage.told(stage.performed[0], NOON)
    again = await stage.restarted()
    assert again.runner.state("lifecycle", SLOT) == stage.runner.state("lifecycle", SLOT)
    assert again.runner.state("chain", SLOT) == stage.runner.state("chain", SLOT)
    assert again.runner.next_wake_at() == stage.runner.next_wake_at()
    assert [tell.slot.resident for tell in again.performed] == ["r2"]


async def test_a_restart_between_any_two_commits_changes_nothing(stage: Stage) -> None:
    async def life(restarting: bool) -> list[str]:
        now = Stage()
        steps: list[Any] = [
            lambda s: s.press(),
            lambda s: s.told(EFFECT_CODEC[1](next(iter(s.journal.pending.values()))), NOON),
            lambda s: s.runner.run(s.runner.due(NOON + timedelta(seconds=60), 9), NOON + timedelta(seconds=60)),
            lambda s: s.answer("take", "operator:anna", NOON + timedelta(seconds=70)),
            lambda s: s.runner.run(s.runner.due(NOON + timedelta(hours=1), 9), NOON + timedelta(hours=1)),
            lambda s: s.answer("resolve", "operator:anna", NOON + timedelta(hours=2), outcome="helped"),
            lambda s: s.press(NOON + timedelta(hours=3)),
        ]
        for step in steps:
            if restarting:
                now = await now.restarted()
            await step(now)
        return now.events()

    del stage
    events = await life(restarting=True)
    assert events == await life(restarting=False)
    assert events.count("alarm.raised") == 2
    assert "alarm.reopened" in events


async def test_an_alarm_resolved_and_raised_again_within_one_turn_is_stored_as_two(stage: Stage) -> None:
    await stage.press()
    first = stage.runner.state("lifecycle", SLOT)
    answer = AnswerAlarm(slot=SLOT, alarm=first.id, answer="resolve", by="operator:anna", via="console", outcome="test")
    later = NOON + timedelta(seconds=9)
    raws = [Raw("grastorp", "pendant-1", "button", b"{}", later)]
    prepared = await prepare(raws, stage.registry, stage.journal, later)
    (item,) = prepared.items
    assert item is not None
    await stage.runner.run([Item("lifecycle", SLOT, answer), item], later)
    states = {alarm.id: alarm.state for alarm in stage.journal.alarms.values()}
    assert sorted(states.values()) == ["open", "resolved"]
    assert states[first.id] == "resolved"


async def test_a_step_that_raises_leaves_what_is_stored(stage: Stage) -> None:
    await stage.press()
    before = dict(stage.runner.cache["lifecycle"])

    def broken(*_: Any) -> Any:
        raise ZeroDivisionError

    chain = stage.runner.machines["chain"]
    chain.step = broken  # type: ignore[method-assign, assignment]
    with pytest.raises(ZeroDivisionError):
        await stage.press(NOON, 1, 2)
    assert stage.runner.cache["lifecycle"] == before
    del chain.step
    await stage.press(NOON, 1, 2)
    assert stage.events() == ["alarm.raised", "alarm.repeated", "alarm.raised"]


async def test_an_endless_conversation_of_machines_is_cut_off(stage: Stage) -> None:
    lifecycle = stage.runner.machines["lifecycle"]
    lifecycle.step = lambda state, event, now: Outcome(state, (event,))  # type: ignore[method-assign]
    with pytest.raises(AlarmcoreError, match="steps follow"):
        await stage.press()
    assert stage.journal.batches == []


async def test_a_timer_that_moves_nothing_is_asked_again_later_and_does_not_spin(stage: Stage) -> None:
    await stage.press()
    await stage.told(stage.performed[0], NOON)
    due = stage.runner.next_wake_at()
    assert due is not None
    chain = stage.runner.machines["chain"]
    chain.step = lambda state, event, now: Outcome(state)  # type: ignore[method-assign]
    await stage.runner.run(stage.runner.due(due, 10), due)
    assert stage.runner.due(due, 10) == []
    assert stage.runner.next_wake_at() == due + timedelta(seconds=STUCK_S)
    del chain.step
    later = due + timedelta(seconds=STUCK_S)
    await stage.runner.run(stage.runner.due(later, 10), later)
    assert [tell.number for tell in stage.performed] == [0, 1]


async def test_a_screen_or_channel_that_fails_does_not_undo_what_is_stored(stage: Stage) -> None:
    def broken(_: Any) -> None:
        raise ZeroDivisionError

    stage.runner.perform = broken
    stage.runner.publish = broken
    await stage.press()
    assert stage.events() == ["alarm.raised"]
    assert stage.runner.state("lifecycle", SLOT).state == "open"


async def test_timers_are_due_in_the_order_of_moment_tenant_resident_and_rule(stage: Stage) -> None:
    await stage.press(NOON + timedelta(seconds=1), 2)
    await stage.press(NOON + timedelta(seconds=1), 1)
    await stage.press(NOON, 3)
    for tell in list(stage.performed):
        await stage.told(tell, NOON + timedelta(seconds=1 if tell.slot.resident != "r3" else 0))
    late = NOON + timedelta(hours=1)
    assert [item.key.resident for item in stage.runner.due(late, 10)] == ["r3", "r1", "r2"]
    assert [item.key.resident for item in stage.runner.due(late, 2)] == ["r3", "r1"]


async def test_outdated_timers_do_not_fill_memory(stage: Stage) -> None:
    await stage.press()
    for n in range(6000):
        stage.runner.schedule(stage.runner.machines["chain"], SLOT, Woken(NOON + timedelta(seconds=n)))
    assert len(stage.runner.heap) < 4200
    assert stage.runner.next_wake_at() == NOON + timedelta(seconds=5999)


class Woken:
    """A chain's state as far as timers see it."""

    def __init__(self, wake_at: datetime) -> None:
        self.wake_at = wake_at


async def test_an_empty_turn_stores_nothing(stage: Stage) -> None:
    await stage.runner.run([], NOON)
    assert stage.journal.batches == []


async def test_an_effect_that_is_under_way_is_not_begun_again_by_a_failed_commit(stage: Stage) -> None:
    await stage.press()
    stage.journal.fails.append("before")
    with pytest.raises(CommitFailed):
        await stage.press(NOON + timedelta(seconds=1))
    assert len(stage.performed) == 1


async def test_an_effect_that_is_settled_is_forgotten(stage: Stage) -> None:
    await stage.press()
    await stage.told(stage.performed[0], NOON)
    assert stage.journal.pending == {}
    assert stage.runner.begun == set()


async def test_an_effect_that_its_own_turn_makes_needless_is_not_performed(stage: Stage) -> None:
    reading = b'{"id": "one", "at": "2026-01-14T12:00:00Z"}'

    async def pressed(on: Stage, *more: Item) -> None:
        prepared = await prepare([Raw("grastorp", "pendant-1", "button", reading, NOON)], on.registry, on.journal, NOON)
        (item,) = prepared.items
        assert item is not None
        await on.runner.run([item, *more], NOON)

    other = Stage()
    await pressed(other)
    name = other.runner.state("lifecycle", SLOT).id
    answer = AnswerAlarm(slot=SLOT, alarm=name, answer="resolve", by="operator:anna", via="console", outcome="test")
    await pressed(stage, Item("lifecycle", SLOT, answer))
    assert stage.events() == ["alarm.raised", "alarm.resolved"]
    assert stage.performed == []
    assert stage.journal.pending == {}


async def test_a_refusal_of_a_turn_that_failed_is_not_kept_for_the_next(stage: Stage) -> None:
    await stage.press()
    name = stage.runner.state("lifecycle", SLOT).id
    answer = AnswerAlarm(slot=SLOT, alarm=name, answer="take", by="operator:bo", via="console")
    item = Item("lifecycle", SLOT, answer)
    first = Item("lifecycle", SLOT, replace(answer, by="operator:anna"))
    stage.journal.fails.append("before")
    with pytest.raises(CommitFailed):
        await stage.runner.run([first, item], NOON)
    assert item.answer is not None
    await stage.runner.run([item], NOON)
    assert item.answer is None
    assert stage.runner.state("lifecycle", SLOT).taken_by == "operator:bo"
