"""Rules about zones and what is said to them: fixes and statuses, when they come, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from alarmcore.model.reading import Position, Reading, Status
from alarmcore.rules.base import BLANK, Memory, Observed, Setting, Span, Woke
from alarmcore.rules.zone import ZoneRule
from alarmcore.rules.zone_enter import ZoneEnter
from alarmcore.rules.zone_exit import ZoneExit

METRE: Final = 1 / 111_400
"""Of latitude, in degrees, roughly."""

NOON: Final = datetime(2026, 1, 14, 12, tzinfo=UTC)
HELD: Final = Span(NOON - timedelta(days=1), NOON + timedelta(days=1))
SETTING: Final = Setting(ZoneInfo("Europe/Stockholm"), zones=(0, 1), devices=(("gps-1", HELD), ("phone", HELD)))
PLAIN: Final = ZoneExit(id="wander", zones=("home", "village"))
LOST: Final = ZoneExit(id="wander", zones=("home", "village"), lost_s=900.0)
WATER: Final = ZoneEnter(id="water", zones=("lake", "railway"))
RULES: Final = (PLAIN, LOST, WATER)

WAKES_MAX: Final = 50
"""Times that a rule may want to be asked between two readings, far more than it ever should."""

Delivery = tuple[Observed, datetime]


def fix(at_s: float, distance_m: float, accuracy_m: float | None = 10.0, device: str = "gps-1") -> Delivery:
    """A fix so far outside of the nearest of two zones, and when it comes: at once."""
    return told_by(Position(distance_m * METRE, 0.0, accuracy_m), "position", device, at_s, (distance_m, distance_m + 5.0))


def status(at_s: float, device: str = "gps-1", **said: Any) -> Delivery:
    return told_by(Status(**said), "status", device, at_s, ())


def told_by(body: Any, kind: str, device: str, at_s: float, distances: tuple[float, ...]) -> Delivery:
    at = NOON + timedelta(seconds=at_s)
    return Observed(Reading("t", device, kind, at, at, body, identity=int(at_s * 1000)), distances), at


def late(delivery: Delivery, came_at: datetime) -> Delivery:
    """The same reading, when it comes at another time."""
    event = delivery[0]
    wait_s = int((came_at - event.reading.at).total_seconds())
    reading = replace(event.reading, received_at=came_at, late_s=wait_s if wait_s >= 60 else 0)
    return replace(event, reading=reading), came_at


def played(
    rule: ZoneRule, deliveries: Iterable[Delivery], memory: Memory = BLANK, until_s: float = 0.0, setting: Setting = SETTING
) -> tuple[Memory, list[Any]]:
    """The memory after some deliveries and what was decided; every timer is asked when it is due."""
    said: list[Any] = []

    def asked(memory: Memory, until: datetime) -> Memory:
        for _ in range(WAKES_MAX):
            due_at = memory.due_at
            if due_at is None or due_at >= until:
                return memory
            outcome = rule.step(memory, Woke(), setting, due_at)
            memory = outcome.state
            said.extend(outcome.decisions)
        raise AssertionError("the rule wants to be asked for ever")

    for event, now in deliveries:
        memory = asked(memory, now)
        outcome = rule.step(memory, event, setting, now)
        memory = outcome.state
        said.extend(outcome.decisions)
    return asked(memory, NOON + timedelta(seconds=until_s)), said


def reasons(said: Sequence[Any]) -> list[str]:
    return [one.why for one in said]
