"""One alarm and what people say about it, for the tests of the machines."""

from __future__ import annotations

from datetime import UTC, datetime

from alarmcore import lifecycle
from alarmcore.model.alarm import Alarm, AnswerAlarm, RaiseAlarm, Slot

NOW = datetime(2026, 1, 14, 12, tzinfo=UTC)
SLOT = Slot("grastorp", "r1", "press")


def raised(**more: object) -> RaiseAlarm:
    given = {
        "slot": SLOT,
        "cause": "button",
        "priority": "critical",
        "chain": "standard",
        "follow_up_s": 600.0,
        "why": "pressed",
        "reading": 7,
        "device": "gps-1",
        "happened_at": NOW,
    }
    return RaiseAlarm(**{**given, **more})  # type: ignore[arg-type]


def opened() -> Alarm:
    alarm = lifecycle.step(None, raised(), NOW).state
    assert alarm is not None
    return alarm


def answer(alarm: Alarm, word: str, by: str = "contact:eva", **more: str) -> AnswerAlarm:
    return AnswerAlarm(slot=SLOT, alarm=alarm.id, answer=word, by=by, via="link", **more)  # type: ignore[arg-type]


def after(alarm: Alarm, *words: str) -> Alarm:
    for word in words:
        found = lifecycle.step(alarm, answer(alarm, word), NOW).state
        assert found is not None
        alarm = found
    return alarm
