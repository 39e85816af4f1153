"""The journal in memory passes the contract; without keeping it holds identities only."""

from __future__ import annotations

from typing import Any

import pytest
from journal_contract import ALARM, NOW, STATE, AuditedJournalContract, event

from alarmcore.adapters.memory_journal import MemoryJournal
from alarmcore.model.alarm import Alarm, AlarmEvent
from alarmcore.ports import Batch, Journal, Quarantined


class TestMemoryJournal(AuditedJournalContract):
    @pytest.fixture
    def journal(self) -> MemoryJournal:
        return MemoryJournal()

    async def again(self, journal: Any) -> Journal:
        found: Journal = journal
        return found

    async def alarms_of(self, journal: Any) -> dict[str, Alarm]:
        return dict(journal.alarms)

    async def events_of(self, journal: Any) -> list[AlarmEvent]:
        return list(journal.events)

    async def quarantine_of(self, journal: Any) -> list[Quarantined]:
        return list(journal.quarantine)


async def test_without_keeping_it_holds_identities_and_nothing_else() -> None:
    journal = MemoryJournal(keep=False)
    first = await journal.commit(Batch(NOW, states=[STATE], alarms=[ALARM], events=[event("alarm.raised")], identities=[(1, 2)]))
    assert await journal.commit(Batch(NOW, events=[event("alarm.told")])) == first + 1
    assert await journal.known([1], NOW) == {1: 2}
    assert list(await journal.states()) == []
    assert journal.alarms == {}
    assert journal.events == []
