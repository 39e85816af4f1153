"""A service on a journal that may fail, with a clock that is set by hand and no task: tests say when a turn is taken."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from flaky_journal import FlakyJournal
from test_runner import NOON, Stage

from alarmcore.intake import Raw, Verdict
from alarmcore.service import Service


class HandClock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> datetime:
        return self.at

    def begin_at(self, at: datetime) -> None:
        self.at = max(self.at, at)


class Bench:
    """A service without its task: the tests say when a turn is taken."""

    def __init__(self) -> None:
        self.stage = Stage()
        self.journal: FlakyJournal = self.stage.journal
        self.runner = self.stage.runner
        self.clock = HandClock()
        self.service = Service(self.runner, self.journal, self.clock, self.stage.registry)
        self.service.confirm = lambda tenant, device, verdict: self.heard.append((tenant, device, verdict))
        self.heard: list[tuple[str, str, Verdict]] = []
        self.answers: dict[str, Verdict | None] = {}

    def send(self, kind: str, device: str, tenant: str = "grastorp", **fields: Any) -> None:
        name = fields.get("id", f"{kind}-{device}")

        def done(verdict: Verdict | None) -> None:
            assert name not in self.answers, "answered twice"
            self.answers[name] = verdict
            self.journal.done.append(f"answer {name}")

        raw = Raw(tenant, device, kind, json.dumps(fields).encode(), self.clock.now(), done)
        self.service.accept(raw)

    async def turn(self) -> None:
        await self.service.turn()

    def open(self) -> dict[str, str]:
        """Slots with an open alarm (`resident/rule`), and why."""
        alarms = [alarm for alarm in self.runner.cache["lifecycle"].values() if alarm.state != "resolved"]
        return {f"{alarm.slot.resident}/{alarm.slot.rule}": alarm.why for alarm in alarms}

    def breaks(self, machine: str, when: Callable[[Any], bool]) -> None:
        """Let a machine's step fail at some events."""
        real = self.runner.machines[machine].step

        def step(state: Any, event: Any, now: datetime) -> Any:
            if when(event):
                raise ZeroDivisionError("58.3345 is nobody's business")
            return real(state, event, now)

        self.runner.machines[machine].step = step  # type: ignore[method-assign]

    def breaks_at(self, device: str) -> None:
        """Let the watch fail at the readings of one device."""
        self.breaks("watch", lambda event: getattr(getattr(event, "reading", None), "device", None) == device)
