"""Fixes as seen from one set of zones, and what is believed after some of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from geofence import Belief, Fix, step

NOON = datetime(2026, 1, 14, 12, tzinfo=UTC)


def fix(at_s: float, distance_m: float, accuracy_m: float | None = 15.0) -> Fix:
    return Fix(NOON + timedelta(seconds=at_s), distance_m, accuracy_m)


def after(*fixes: Fix, start: Belief | None = None) -> Belief:
    belief = start or Belief()
    for one in fixes:
        belief = step(belief, one)
    return belief


INSIDE = after(fix(-120, -80), fix(-60, -81))
OUTSIDE = after(fix(-120, 80), fix(-60, 81))


def place(at_s: float, distance_m: float, north_m: float, east_m: float = 0.0, accuracy_m: float = 10.0) -> Fix:
    return Fix(NOON + timedelta(seconds=at_s), distance_m, accuracy_m, 58.0 + north_m / 111_400, 12.0 + east_m / 59_000)
