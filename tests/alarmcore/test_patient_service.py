"""A service that stops does so between two turns, and what was handed in before has been decided by then."""

from __future__ import annotations

import asyncio

import pytest
from service_bench import Bench

from alarmcore import patient_service as patient_module
from alarmcore.errors import CommitFailed
from alarmcore.intake import Verdict
from alarmcore.patient_service import PatientService
from alarmcore.ports import Batch

WITHIN_S = 20.0


class Slow(Bench):
    """A bench whose journal takes its time: each commit waits until it may be stored."""

    def __init__(self) -> None:
        super().__init__()
        self.may_store, self.storing = asyncio.Event(), asyncio.Event()
        self.patient = self.service = PatientService(self.runner, self.journal, self.clock, self.stage.registry)
        store = self.journal.commit

        async def commit(batch: Batch) -> int:
            self.storing.set()
            await self.may_store.wait()
            return await store(batch)

        self.journal.commit = commit  # type: ignore[method-assign]

    async def begin(self) -> None:
        await self.service.start()
        self.send("button", "pendant-1", id="one")
        async with asyncio.timeout(WITHIN_S):
            await self.storing.wait()


async def test_a_turn_under_way_is_finished_and_answered_before_the_end() -> None:
    slow = Slow()
    await slow.begin()
    ending = asyncio.create_task(slow.service.close())
    await asyncio.sleep(0)
    slow.may_store.set()
    async with asyncio.timeout(WITHIN_S):
        await ending
    assert slow.answers == {"one": Verdict("one", "kept")}
    assert slow.service.left() == []
    assert not slow.service.healthy()


async def test_what_was_handed_in_is_decided_before_it_is_said_to_be() -> None:
    slow = Slow()
    await slow.begin()
    slow.send("button", "pendant-2", id="two")
    deciding = asyncio.create_task(slow.patient.decided())
    await asyncio.sleep(0)
    assert not deciding.done()
    slow.may_store.set()
    async with asyncio.timeout(WITHIN_S):
        await deciding
        await slow.service.close()
    assert slow.answers == {name: Verdict(name, "kept") for name in ("one", "two")}


async def test_a_journal_that_does_not_answer_holds_the_end_up_for_a_bounded_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patient_module, "STOP_S", 0.05)
    slow = Slow()
    await slow.begin()
    slow.send("button", "pendant-2", id="two")
    async with asyncio.timeout(WITHIN_S):
        await slow.patient.decided()
        await slow.service.close()
    slow.service.left()
    assert slow.answers == {"one": None, "two": None}


async def test_a_service_that_can_keep_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patient_module, "STOP_S", 1e6)
    slow = Slow()
    slow.may_store.set()
    slow.send("button", "pendant-1", id="one")
    slow.journal.fails.append("before")
    with pytest.raises(CommitFailed):
        await slow.service.turn()
    slow.send("button", "pendant-2", id="two")
    async with asyncio.timeout(WITHIN_S):
        await slow.patient.decided()
