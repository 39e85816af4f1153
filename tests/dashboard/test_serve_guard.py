"""A whole installation in this process, one of whose tasks ends: readiness says which, and no more signs of life are given."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from alarmcore import auditor as auditor_module
from dashboard.options import Address, ServeOptions
from dashboard.runtime import Runtime
from dashboard.serve import Installation
from dashboard.stores.opening import open_stores
from tests.servers.town import town

ANYWHERE = Address("127.0.0.1", 0)


class Running:
    """An installation, where it listens, and how many signs of life it gives."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.url = ""
        self.beats = 0

    async def missing(self) -> list[str]:
        async with httpx.AsyncClient(base_url=self.url, timeout=20, trust_env=False) as client:
            answer = await client.get("/health/ready")
            assert (await client.get("/health/live")).status_code == 200
        found: list[str] = answer.json()["missing"]
        assert (answer.status_code == 503) == bool(found)
        return found

    @property
    def runtime(self) -> Runtime:
        (only,) = self.installation.share.runtimes
        return only

    def beat(self) -> None:
        self.beats += 1


@pytest.fixture
async def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Running]:
    monkeypatch.setattr(auditor_module, "LOOK_S", 0.05)
    site = tmp_path / "site.json"
    site.write_text(json.dumps(town()), "utf-8")
    options = ServeOptions(sites=(site,), data=tmp_path, http=ANYWHERE, mqtt=ANYWHERE, opened=True)
    async with open_stores(tmp_path, None) as opened:
        one = Running(Installation(options, opened))
        announced: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        serving = asyncio.create_task(one.installation.run(announced.set_result))
        try:
            async with asyncio.timeout(60):
                one.url = await announced
            one.installation.frame.beat = one.beat
            yield one
        finally:
            serving.cancel()
            await asyncio.wait([serving])


async def looked(running: Running, times: int = 3) -> None:
    """Wait until the auditor has looked some more times."""
    auditor = running.runtime.auditor
    seen: set[float] = set()
    async with asyncio.timeout(60):
        while len(seen) <= times:  # an auditor that is being tested offers no event
            seen.add(auditor.completed_at)
            await asyncio.sleep(0.01)


async def test_an_installation_that_is_well_is_ready_and_gives_signs_of_life(running: Running) -> None:
    await looked(running)
    assert await running.missing() == []
    assert running.beats >= 2


@pytest.mark.parametrize(
    ("prefix", "said"),
    [("alarmcore-service", "keeping alarms has stopped"), ("alarmcore-sweep", "forgetting old readings has stopped")],
)
async def test_a_task_that_ends_is_said_by_readiness_and_ends_the_signs_of_life(running: Running, prefix: str, said: str) -> None:
    (task,) = (task for task in asyncio.all_tasks() if task.get_name() == prefix)
    task.cancel()
    await asyncio.wait([task])
    assert said in "; ".join(await running.missing())
    before = running.beats
    await looked(running)
    assert running.beats == before


async def test_an_auditor_that_ends_is_said_by_readiness(running: Running) -> None:
    task = running.runtime.auditor.task
    assert task is not None
    task.cancel()
    await asyncio.wait([task])
    assert await running.missing() == ["the audit has stopped; start the service anew"]


async def test_a_timer_lost_in_a_running_installation_is_found_and_scheduled_again(running: Running) -> None:
    async with httpx.AsyncClient(base_url=running.url, timeout=20, trust_env=False) as client:
        press = {"kind": "button", "tenant": "grastorp", "device": "pendant-1", "id": "one"}
        assert (await client.post("/api/v1/readings", json=press)).json()["readings"][0]["status"] == "kept"
    runner = running.runtime.runner
    due_at = runner.next_wake_at()
    assert due_at is not None
    runner.wakes.clear()
    runner.heap.clear()
    async with asyncio.timeout(60):
        while runner.next_wake_at() is None:  # noqa: ASYNC110 - what is being looked for is that somebody else mends it
            await asyncio.sleep(0.01)
    await looked(running)
    assert await running.missing() == []
