"""How large a world is and how dense: a storm in a few homes, or the days and nights of two municipalities."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from tests.simulation.faults import Weather

NIGHTS: Final = (
    datetime(2026, 1, 14, 1, 30, tzinfo=UTC),
    datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
    datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
    datetime(2026, 7, 3, 0, 30, tzinfo=UTC),
)
"""When trouble ends: always at night, when beds are watched; two of the nights are those in which Sweden's clocks change."""


class Scale(msgspec.Struct, frozen=True, kw_only=True):
    """What worlds of one kind have in common. Choices are a seed's to make; times in seconds, chances per message or call."""

    name: str
    trouble_s: float
    residents: tuple[int, int]
    """Of each municipality."""
    faults: float
    """How much of a storm's faults there is."""
    waits: tuple[tuple[float, ...], ...]
    follow_ups: tuple[float, ...]
    bed_limits: tuple[float, ...]
    night: tuple[str, str] | None
    """When beds are watched; always if None."""
    limits: dict[str, float]
    """Of the other rules."""
    press_every_s: float
    floor_every_s: float
    walk_every_s: float
    """Mean times between, in seconds of life, which `speed` makes shorter."""
    far: float
    """How many walks lead too far."""
    speed: float
    """How much faster than in life everything but presses goes on in a home."""
    replayed_every: int
    """Every so many seeds a world's turns are kept whole, to be decided twice more."""

    workers: tuple[int, int] = (1, 1)
    """How many share the work. More than one: a world of partitions, leases and tokens."""
    lease_s: float = 0.0

    def mild(self, weather: Weather) -> Weather:
        """A storm's weather, as often as this kind of world has it."""
        changed = {}
        for name in Weather.__struct_fields__:
            value = getattr(weather, name)
            if name.endswith("_every_s"):
                changed[name] = value / self.faults
            elif name not in LASTING:
                changed[name] = value * self.faults
        return msgspec.structs.replace(weather, **changed)

    def begin_at(self, seed: int) -> datetime:
        """When a seed's world begins."""
        return NIGHTS[seed % len(NIGHTS)] - timedelta(seconds=self.trouble_s)


LASTING: Final = frozenset(
    {"delay_s", "gap_s", "wrong_clocks", "slow_s", "full_s", "site_changes", "jump_s", "silent_people", "page_open"}
)
"""How long, how far, whether at all: the same in every kind of world."""

STORM: Final = Scale(
    name="storm",
    trouble_s=1200.0,
    residents=(1, 3),
    faults=1.0,
    waits=((5.0, 20.0, 45.0), (10.0, 30.0), (20.0, 40.0, 60.0)),
    follow_ups=(60.0, 120.0, 240.0),
    bed_limits=(30.0, 60.0, 90.0),
    night=None,
    limits={"silent": 150.0, "inactivity": 200.0, "on_floor": 40.0, "door_open": 60.0, "again": 600.0},
    press_every_s=240.0,
    floor_every_s=24_000.0,
    walk_every_s=30_000.0,
    far=0.4,
    speed=60.0,
    replayed_every=5,
)
"""Twenty minutes in which everything goes wrong at once: several alarms, deaths and faults of each kind."""

LIVES: Final = Scale(
    name="lives",
    trouble_s=3.5 * 86_400.0,
    residents=(40, 80),
    faults=0.02,
    waits=((60.0, 120.0, 180.0), (120.0, 300.0), (180.0, 300.0)),
    follow_ups=(900.0, 1800.0),
    bed_limits=(900.0, 1800.0),
    night=("22:00", "07:00"),
    limits={"silent": 20 * 3600.0, "inactivity": 8 * 3600.0, "on_floor": 180.0, "door_open": 1800.0, "again": 3600.0},
    press_every_s=12 * 86_400.0,
    floor_every_s=40 * 86_400.0,
    walk_every_s=86_400.0,
    far=0.05,
    speed=1.0,
    replayed_every=20,
)
"""Days and nights as they are, with a fault among some hundred events."""

SHARED: Final = msgspec.structs.replace(
    STORM,
    name="shared",
    trouble_s=600.0,
    residents=(1, 1),
    faults=0.5,
    follow_ups=(60.0, 120.0),
    workers=(2, 3),
    lease_s=6.0,
)
"""Ten minutes in which two or three workers share four municipalities, and stores, workers and the lines between them fail."""

SCALES: Final = {scale.name: scale for scale in (STORM, LIVES, SHARED)}
