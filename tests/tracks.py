"""A track and positions for the tests of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from alarmcore import track
from alarmcore.model.alarm import Fix, KeepFix, OpenTrack, Slot
from alarmcore.track import EMPTY, Track

NOW = datetime(2026, 1, 14, 12, tzinfo=UTC)
SLOT = Slot("grastorp", "r1", "wander")
WHO = Slot("grastorp", "r1", "")
OPENED = track.step(EMPTY, OpenTrack(SLOT, "a1"), NOW).state


def at(second: float, lat: float = 58.0, lon: float = 12.0, accuracy_m: float | None = 10.0, **more: Any) -> KeepFix:
    given = {"agrees": True, **more}
    return KeepFix(slot=WHO, fix=Fix(lat, lon, NOW + timedelta(seconds=second), accuracy_m), **given)


def told(state: Track, *events: Any) -> Track:
    """The track after that, as whoever searches is to see it."""
    for event in events:
        state = track.step(state, event, NOW).state
    return track.judged(state)


def seconds(state: Track) -> list[int]:
    return [round((kept.at - NOW).total_seconds()) for kept in state.fixes()]


def metres(far: float) -> float:
    return 58.0 + far / 111_363
