"""Readings and acts that arrive at one process and belong to another: by way of an inbox that the owner's commit answers."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import pytest
from flaky_journal import FlakyJournal
from service_bench import HandClock
from test_runner import NOON, SLOT, Stage

from alarmcore import front as front_module
from alarmcore.adapters.alone import AloneBell
from alarmcore.errors import AlarmClosed, CommitFailed, Fenced, TakenByOther, Unavailable
from alarmcore.front import Front, Remote
from alarmcore.inbox import decode_answer
from alarmcore.inbox_reader import InboxReader
from alarmcore.intake import Raw, Verdict
from alarmcore.model.alarm import Answer, AnswerAlarm
from alarmcore.ports import Batch
from alarmcore.runner import Item
from alarmcore.service import Service
from alarmcore.shared import InboxEntry
from dispatch.binding import decode_act, encode_act
from dispatch.chain import Shown

WITHIN_S = 20.0


class MemoryInbox:
    """An inbox that both processes of a test see. `fails` is how many times nothing can be put in."""

    def __init__(self) -> None:
        self.entries: dict[int, InboxEntry] = {}
        self.given: dict[int, bytes] = {}
        self.fails = 0
        self.put_in = 0

    async def put(self, entries: Sequence[tuple[str, str, bytes]]) -> list[int]:
        if self.fails:
            self.fails -= 1
            raise CommitFailed("the database does not answer")
        places = list(range(self.put_in + 1, self.put_in + len(entries) + 1))
        self.put_in += len(entries)
        self.entries |= {place: InboxEntry(place, *entry) for place, entry in zip(places, entries, strict=True)}
        return places

    async def waiting(self, partition: str, after: int, limit: int) -> list[InboxEntry]:
        assert partition == "p07"
        unanswered = (entry for place, entry in sorted(self.entries.items()) if place > after and place not in self.given)
        return list(unanswered)[:limit]

    async def answers(self, places: Sequence[int]) -> dict[int, bytes]:
        return {place: self.given[place] for place in places if place in self.given}

    async def sweep(self, before: datetime) -> int:
        raise NotImplementedError


class AnsweringJournal(FlakyJournal):
    """Its commits answer the inbox, all or nothing, and may be refused for good."""

    def __init__(self, inbox: MemoryInbox) -> None:
        super().__init__()
        self.inbox = inbox
        self.fenced = False

    async def commit(self, batch: Batch) -> int:
        if self.fenced:
            raise Fenced("p07")
        first = await super().commit(batch)
        self.inbox.given |= dict(batch.answered)
        return first


class Two:
    """A process whose doors are used, and the one that owns the tenant; `own` lets the latter begin."""

    def __init__(self) -> None:
        self.inbox, self.bell, self.clock = MemoryInbox(), AloneBell(), HandClock()
        self.journal = AnsweringJournal(self.inbox)
        self.stage = Stage(self.journal)
        self.remote = Remote(self.inbox, self.bell, self.stage.registry, lambda _tenant: "p07")
        self.front = Front(self.clock, encode_act, self.remote)
        self.service = Service(self.stage.runner, self.journal, self.clock, self.stage.registry)
        self.reader = InboxReader(self.service, self.inbox, "p07", self.bell, decode_act)
        self.remote.start()

    async def own(self) -> Two:
        await self.service.start()
        self.reader.start()
        return self

    async def close(self) -> None:
        await self.remote.close()
        await self.reader.close()
        await self.service.close()

    def press(self, device: str = "pendant-1", **fields: Any) -> Raw:
        return Raw("grastorp", device, "button", json.dumps(fields).encode(), self.clock.now())

    async def submit(self, *raws: Raw) -> list[Verdict]:
        async with asyncio.timeout(WITHIN_S):
            return await self.front.submit(list(raws))

    async def answer(self, word: Answer, by: str, **more: str) -> None:
        alarm = self.stage.runner.state("lifecycle", SLOT)
        async with asyncio.timeout(WITHIN_S):
            await self.front.answer(AnswerAlarm(slot=SLOT, alarm=alarm.id, answer=word, by=by, via="console", **more))

    async def until(self, what: Callable[[], object]) -> None:
        async with asyncio.timeout(WITHIN_S):
            while not what():  # noqa: ASYNC110 - two processes, and no event between them
                await asyncio.sleep(0.005)


@pytest.fixture
async def two() -> AsyncIterator[Two]:
    made = Two()
    yield made
    await made.close()


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long for an owner who is away."""
    monkeypatch.setattr(front_module, "ANSWER_S", 0.05)


async def test_a_press_for_somebody_elses_tenant_is_answered_with_the_owners_own_verdict(two: Two) -> None:
    await two.own()
    verdicts = await two.submit(
        two.press(id="one"), two.press("nobodys", id="two"), Raw("grastorp", "gps-1", "position", b"{", NOON)
    )
    assert verdicts == [Verdict("one", "kept"), Verdict("two", "kept"), Verdict(None, "rejected", "not_json")]
    assert [alarm.slot.rule for alarm in two.journal.alarms.values()] == ["press", "unknown_device"]


async def test_what_is_answered_was_decided_in_the_same_commit(two: Two) -> None:
    two.journal.fails = deque(["before", "before"])
    await two.own()
    assert await two.submit(two.press(id="one")) == [Verdict("one", "kept")]
    (batch,) = [batch for batch in two.journal.batches if batch.alarms]
    assert [decode_answer(data).verdict for _, data in batch.answered] == [Verdict("one", "kept")]


@pytest.mark.usefixtures("hurried")
async def test_a_reading_is_kept_while_its_owner_is_away_and_decided_when_somebody_owns_it(two: Two) -> None:
    verdicts = await two.submit(two.press(id="one"), two.press("gps-1", id="two"), Raw("grastorp", "unknown", "bed", b"{}", NOON))
    assert verdicts[:2] == [Verdict("one", "kept"), Verdict("two", "kept")]
    assert verdicts[2].status == "rejected"
    assert not two.journal.alarms
    await two.own()
    await two.until(lambda: len(two.inbox.given) == 3)
    assert {alarm.slot.resident for alarm in two.journal.alarms.values()} == {"r1"}


async def test_the_time_of_receipt_is_the_first_processs(two: Two) -> None:
    late = two.press(id="one")
    late.received_at = NOON.replace(hour=11)
    await two.own()
    await two.submit(late)
    (alarm,) = two.journal.alarms.values()
    assert alarm.happened_at == NOON.replace(hour=11)


async def test_taking_elsewhere_is_refused_with_whoever_has_it(two: Two) -> None:
    await two.own()
    await two.submit(two.press())
    await two.answer("take", "operator:anna")
    await two.answer("take", "operator:anna")
    with pytest.raises(TakenByOther, match="operator:anna"):
        await two.answer("take", "operator:bo")
    await two.answer("resolve", "operator:anna", outcome="helped")
    with pytest.raises(AlarmClosed):
        await two.answer("note", "operator:anna", text="over")


async def test_an_act_is_done_once_though_its_commit_failed_first(two: Two) -> None:
    await two.own()
    await two.submit(two.press())
    two.journal.fails = deque(["before"])
    await two.answer("note", "operator:anna", text="only once")
    assert [event.event for event in two.journal.events].count("alarm.noted") == 1


@pytest.mark.usefixtures("hurried")
async def test_an_act_whose_owner_is_away_is_kept_and_says_that_its_end_is_not_known(two: Two) -> None:
    await two.own()
    await two.submit(two.press())
    await two.reader.close()
    with pytest.raises(Unavailable, match="is kept"):
        await two.answer("take", "operator:anna")
    two.reader.start()
    await two.until(lambda: two.stage.runner.state("lifecycle", SLOT).taken_by == "operator:anna")


async def test_an_act_at_which_a_step_always_fails_is_answered_and_not_tried_for_ever(two: Two) -> None:
    await two.own()
    await two.submit(two.press())
    machine = two.stage.runner.machines["lifecycle"]
    machine.step = lambda *_: 1 / 0  # type: ignore[method-assign,assignment]
    with pytest.raises(CommitFailed, match="something else"):
        await two.answer("take", "operator:anna")
    assert not await two.inbox.waiting("p07", 0, 10)


async def test_facts_reach_the_owner_in_their_order_though_they_could_not_be_stored_at_first(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(front_module, "AGAIN_S", 0.01)
    await two.own()
    await two.submit(two.press())
    alarm = two.stage.runner.state("lifecycle", SLOT)
    two.inbox.fails = 3
    for name in ("anna", "bo"):
        two.front.tell("grastorp", Item("chain", SLOT, Shown(SLOT, alarm.id, f"operator:{name}", NOON)))
    await two.until(lambda: len(two.inbox.given) == 3)
    by = [decode_act(entry.data).event.by for _, entry in sorted(two.inbox.entries.items()) if entry.kind == "act"]
    assert by == ["operator:anna", "operator:bo"]


async def test_what_could_not_be_put_in_is_not_answered_as_kept(two: Two) -> None:
    await two.own()
    two.inbox.fails = 2
    with pytest.raises(Unavailable):
        await two.submit(two.press())
    heard: list[Verdict | None] = []
    raw = two.press()
    raw.done = heard.append
    two.front.accept(raw)
    await two.until(lambda: heard)
    assert heard == [None]


async def test_a_device_that_is_connected_here_is_confirmed_here(two: Two) -> None:
    await two.own()
    confirmed: list[tuple[str, str, Verdict]] = []
    two.front.confirm = lambda *told: confirmed.append(told)
    two.front.accept(two.press(id="one"))
    await two.until(lambda: confirmed)
    assert confirmed == [("grastorp", "pendant-1", Verdict("one", "kept"))]


async def test_an_entry_of_a_newer_version_is_left_to_whoever_can_read_it_and_holds_up_nobody(two: Two) -> None:
    await two.inbox.put([("grastorp", "act", b"\xc1 what is this"), ("grastorp", "reading", b"\xc1")])
    await two.own()
    assert await two.submit(two.press(id="one")) == [Verdict("one", "kept")]
    assert sorted(two.inbox.entries.keys() - two.inbox.given.keys()) == [1, 2]


async def test_an_act_that_is_answered_while_the_inbox_is_read_is_not_done_again(two: Two) -> None:
    await two.own()
    await two.submit(two.press())
    read, stale = two.inbox.waiting, asyncio.Event()

    async def slowly(partition: str, after: int, limit: int) -> list[InboxEntry]:
        found = await read(partition, after, limit)
        if found:
            await stale.wait()
        return found

    two.inbox.waiting = slowly  # type: ignore[method-assign]
    noted = asyncio.create_task(two.answer("note", "operator:anna", text="only once"))
    await two.until(lambda: len(two.inbox.entries) == 2)
    # The reader's own look hangs with what it has found; meanwhile the entry is handed in and answered.
    (entry,) = await read("p07", 0, 10)
    await asyncio.sleep(0.1)
    two.reader._hand_in(entry)
    await noted
    stale.set()
    await two.submit(two.press(id="after"))
    assert [event.event for event in two.journal.events].count("alarm.noted") == 1


async def test_what_this_process_owns_itself_takes_no_way_round(two: Two) -> None:
    await two.own()
    two.front.owners["grastorp"] = two.service
    assert await two.submit(two.press(id="one")) == [Verdict("one", "kept")]
    await two.answer("take", "operator:anna")
    assert not two.inbox.entries


async def test_a_service_that_is_fenced_ends_and_what_it_had_not_kept_is_somebody_elses(two: Two) -> None:
    await two.own()
    ended: list[None] = []
    two.service.on_fenced = partial(ended.append, None)
    two.front.owners["grastorp"] = two.service
    two.journal.fenced = True
    shown = Item("chain", SLOT, Shown(SLOT, "a1", "operator:anna", NOON))
    two.front.tell("grastorp", shown)
    heard: list[Verdict | None] = []
    raw = two.press()
    raw.done = heard.append
    two.front.accept(raw)
    await two.until(lambda: ended)
    assert two.front.owner("grastorp") is None
    assert heard == [None]
    assert two.service.left() == [shown]
    assert two.service.task is not None
    assert two.service.task.done()


async def test_an_installation_of_one_process_has_nobody_else_to_ask() -> None:
    front = Front(HandClock(), encode_act)
    with pytest.raises(Unavailable):
        await front.submit([Raw("grastorp", "pendant-1", "button", b"{}", NOON)])
    with pytest.raises(Unavailable):
        front.accept(Raw("grastorp", "pendant-1", "button", b"{}", NOON))
