"""An auditor over a service whose turns and looks are taken by hand, and ways to lose what it looks after."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from msgspec.structs import replace
from service_bench import Bench
from structlog.testing import capture_logs
from test_runner import SLOT

from alarmcore.auditor import LOOK_S, Auditor
from alarmcore.runner import Item
from dispatch.telling import Told

CHAIN = ("chain", "grastorp/r1/press/")
LIFECYCLE = ("lifecycle", "grastorp/r1/press/")


class Rounds:
    """An auditor whose time is the bench's, looked through by hand."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.beats = 0
        self.auditor = Auditor(bench.service, bench.journal, patient=lambda tell: tell.channel == "console", beat=self._beat)
        self.auditor.time = self._time
        self.auditor.completed_at = self.auditor.probed_at = self.auditor.time()
        self.log: list[Any] = []

    def _time(self) -> float:
        return self.bench.clock.at.timestamp()

    def _beat(self) -> None:
        self.beats += 1

    async def look(self, times: int = 1, every_s: float = LOOK_S) -> None:
        """Look some times, and let the service take its turn after each."""
        for _ in range(times):
            with capture_logs() as logs:
                await self.auditor.audit()
            self.log += logs
            self.bench.clock.at += timedelta(seconds=every_s)
            await self.bench.turn()

    @property
    def troubles(self) -> str:
        return "; ".join(self.auditor.troubles())

    @property
    def said(self) -> list[tuple[str, str]]:
        return [(line["finding"], line["about"]) for line in self.log if line["event"] == "audit_finding"]


def gauge(metric: Any) -> float:
    value: float = metric._value.get()
    return value


def told(bench: Bench, place: int = -1) -> None:
    tell = bench.stage.performed[place]
    done = Told(slot=SLOT, alarm=tell.alarm.id, id=tell.id, ref=tell.ref, number=tell.number, channel=tell.channel, ok=True)
    bench.service.tell(Item("chain", SLOT, done))


def erase(bench: Bench, name: tuple[str, str]) -> None:
    """Lose a stored moment, and nothing else of the state."""
    bench.journal.stored[name] = replace(bench.journal.stored[name], wake_at=None)


def forget(bench: Bench, machine: str) -> None:
    bench.runner.cache[machine].pop(SLOT)
    bench.runner.wakes.pop((bench.runner.rank[machine], SLOT), None)


def reasons(bench: Bench) -> list[str]:
    return [event.why for event in bench.journal.events if event.event == "alarm.reopened" and event.why]
