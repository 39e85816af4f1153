"""The simulated disk, as long as nothing strikes, is a journal like the others; and what strikes it leaves all or nothing."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from journal_contract import NOW, STATE, JournalContract

from alarmcore.errors import CommitFailed
from alarmcore.model.alarm import Alarm, AlarmEvent
from alarmcore.ports import Batch, Journal, Quarantined
from tests.simulation.faults import Faults, Weather
from tests.simulation.storage import Disk, FaultyJournal


class Nobody:
    alive = True

    def die(self) -> None:
        self.alive = False


def journal_in(weather: Weather) -> FaultyJournal:
    return FaultyJournal(Disk(lambda _: None, lambda _: None), Nobody(), Faults(weather, Random(1)))  # noqa: S311 - nothing strikes by chance here


class TestFaultyJournal(JournalContract):
    @pytest.fixture
    def journal(self) -> FaultyJournal:
        return journal_in(Weather())

    async def again(self, journal: Any) -> Journal:
        return FaultyJournal(journal.disk, Nobody(), journal.faults)

    async def alarms_of(self, journal: Any) -> dict[str, Alarm]:
        return dict(journal.disk.alarms)

    async def events_of(self, journal: Any) -> list[AlarmEvent]:
        return list(journal.disk.events)

    async def quarantine_of(self, journal: Any) -> list[Quarantined]:
        return list(journal.disk.quarantine)


@pytest.mark.parametrize(
    ("weather", "stored"),
    [(Weather(commit_before=1.0), []), (Weather(commit_during=1.0), []), (Weather(commit_after=1.0), [STATE])],
    ids=["before", "during", "after"],
)
async def test_a_commit_that_fails_stores_nothing_or_all_of_it(weather: Weather, stored: list[Any]) -> None:
    journal = journal_in(weather)
    with pytest.raises(CommitFailed):
        await journal.commit(Batch(NOW, states=[STATE]))
    assert list(await journal.disk.states()) == stored
