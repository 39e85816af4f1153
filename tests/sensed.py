"""A home whose sensors speak through days and weeks, and what the rule `sensor_fault` says of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from alarmcore.model.reading import Bed, Body, Door, Motion, Reading
from alarmcore.model.site import Site
from alarmcore.rules.base import BLANK, End, Find, Memory, Observed
from alarmcore.watch import WOKE, plan_for
from tests.stories import town

START = datetime(2026, 1, 5, tzinfo=UTC)
DEVICES = (
    "devices: ["
    + ", ".join(f"{{id: {kind}-{number}, kind: sensor}}" for kind in ("motion", "bed", "door", "floor") for number in (1, 2))
    + "]"
)
"""Of a kind of which nothing is awaited: most days and tests do without some of them."""

SITE = town("[{id: sensors, kind: sensor_fault}]", DEVICES)


class Home:
    """One home whose sensors speak, and what the rule says of them. Times are hours since the start."""

    def __init__(self, site: Site = SITE) -> None:
        watched = plan_for(site, site.residents[0]).watched[0]
        self.rule, self.setting = watched.rule, watched.setting
        self.memory: Memory = BLANK
        self.said: list[tuple[float, Any]] = []

    def says(self, hour: float, device: str, kind: str, body: Body, *, received: float | None = None) -> None:
        at = START + timedelta(hours=hour)
        received_at = at if received is None else START + timedelta(hours=received)
        self.tell(Observed(Reading("grastorp", device, kind, at, received_at, body)), received_at)

    def tell(self, event: Any, now: datetime) -> None:
        while self.memory.due_at is not None and self.memory.due_at < now and event is not WOKE:
            self.tell(WOKE, self.memory.due_at)
        outcome = self.rule.step(self.memory, event, self.setting, now)
        self.memory = outcome.state
        self.said += [((now - START).total_seconds() / 3600, decision) for decision in outcome.decisions]

    def wake(self, hour: float) -> None:
        self.tell(WOKE, START + timedelta(hours=hour))

    def moves(self, hour: float, device: str = "motion-1") -> None:
        self.says(hour, device, "motion", Motion())

    def lives(self, days: Iterable[int], *, bed: bool = True, door: bool = True) -> None:
        """Days from 7 to 22 with movement in two rooms each hour, an outing at noon, and nights in bed."""
        for day in days:
            for hour in range(7, 22):
                if hour == 7 and bed:
                    self.says(day * 24 + hour, "bed-1", "bed", Bed(False))
                self.moves(day * 24 + hour + 0.2)
                self.moves(day * 24 + hour + 0.7, "motion-2")
                if door and hour in {12, 13}:
                    self.says(day * 24 + hour + 0.3, "door-1", "door", Door(True))
                    self.says(day * 24 + hour + 0.31, "door-1", "door", Door(False))
            if bed:
                self.says(day * 24 + 22, "bed-1", "bed", Bed(True))

    def faults(self) -> list[tuple[str, str]]:
        return [(one.device, one.why) for _, one in self.said if isinstance(one, Find)]

    def ends(self) -> int:
        return sum(isinstance(one, End) for _, one in self.said)
