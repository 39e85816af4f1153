"""What both files of the auditor's tests begin with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from audit_rounds import Rounds
from service_bench import Bench

from alarmcore import metrics


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """A service that is well: its task is there, only that the tests say when a turn is taken."""
    metrics._parts.clear()  # of auditors of other tests, until memory is swept
    bench = Bench()
    bench.service.task = asyncio.create_task(asyncio.Event().wait())  # type: ignore[arg-type]
    yield bench
    bench.service.task.cancel()


@pytest.fixture
async def rounds(bench: Bench) -> Rounds:
    """An auditor over one open alarm, pressed just now."""
    bench.send("button", "pendant-1")
    await bench.turn()
    return Rounds(bench)
