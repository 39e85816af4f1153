"""A long recording of one busy person."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.stories import town

BUSY = town(
    "[{id: press, kind: button, chain: quiet}, {id: wander, kind: zone_exit, zones: [home, lake], chain: quiet},"
    " {id: up, kind: out_of_bed, limit_s: 30}, {id: still, kind: inactivity, limit_s: 300},"
    " {id: lost, kind: silent, limit_s: 400}]"
)


def crowd(count: int, *, with_ids: bool = True) -> Iterator[bytes]:
    """Readings of one person's many devices, one a minute, and now and then a press that is resolved."""
    began = datetime(2026, 1, 14, tzinfo=UTC)
    for number in range(count):
        at = (began + timedelta(minutes=number)).isoformat()
        said: dict[str, Any] = {"at": at, "device": "bed-1", "kind": "bed", "occupied": number % 7 > 0}
        if number % 100 == 50:
            said = {"at": at, "device": "gps-1", "kind": "button"}
        elif number % 100 == 60:
            said = {"at": at, "kind": "answer", "resident": "r1", "by": "unit:centre", "answer": "resolve"}
        elif number % 3 == 0:
            said = {"at": at, "device": "gps-1", "kind": "position", "lat": 58.3345 + (number % 50) / 1000, "lon": 12.6784}
        if with_ids:
            said["id"] = str(number)
        yield json.dumps(said).encode() + b"\n"
