"""Bugs that the simulation found too seldom to be planted: each as the short story that it was."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from random import Random
from typing import NoReturn

from alarmcore.adapters.memory_journal import MemoryJournal
from alarmcore.admission import registry_of
from alarmcore.errors import Unavailable
from alarmcore.intake import Raw
from alarmcore.ports import Batch
from alarmcore.runner import Runner
from alarmcore.service import Service
from dashboard.machines import machines_for
from dispatch.binding import EFFECT_CODEC
from tests.simulation.scale import STORM
from tests.simulation.town import town

NOW = datetime(2026, 1, 14, 11, 0, tzinfo=UTC)


class Noon:
    def now(self) -> datetime:
        return NOW

    def begin_at(self, at: datetime) -> None:
        assert at <= NOW


class BrokenDisk(MemoryJournal):
    """Commits never end, and nothing can be read meanwhile."""

    asked = False

    async def commit(self, batch: Batch) -> int:
        self.asked = True
        await asyncio.Event().wait()
        return await super().commit(batch)

    async def reread(self, keys: list[tuple[str, str]]) -> NoReturn:
        raise Unavailable("the disk cannot be read")


async def test_a_service_that_is_told_to_stop_in_the_middle_of_a_commit_stops_though_the_disk_is_broken() -> None:
    site = town("grastorp", Random(1), 1, STORM, NOW).site  # noqa: S311 - any town will do
    registry, journal = registry_of([site]), BrokenDisk()
    runner = Runner(machines_for([site], registry), journal, lambda _: None, lambda _: None, EFFECT_CODEC)
    service = Service(runner, journal, Noon(), registry)
    await service.start()
    service.accept(Raw("grastorp", "pendant0", "button", b"{}", NOW))
    for _ in range(100):
        await asyncio.sleep(0)
    assert journal.asked
    await asyncio.wait_for(service.close(), 1.0)
    assert service.task is not None
    assert service.task.cancelled()
