"""What a device reported: one `Reading`, whatever dialect it came in, with one body type per kind."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec


class Position(msgspec.Struct, frozen=True, gc=False):
    """A fix in WGS 84 degrees. `accuracy_m` absent means unknown, never perfect."""

    lat: float
    lon: float
    accuracy_m: float | None = None
    speed_mps: float | None = None
    battery_pct: float | None = None


class Press(msgspec.Struct, frozen=True, gc=False):
    """The alarm button (`button`) or the fall detector (`fall`), with the position where the device had one."""

    lat: float | None = None
    lon: float | None = None
    accuracy_m: float | None = None


class Bed(msgspec.Struct, frozen=True, gc=False):
    """Whether somebody lies in the bed."""

    occupied: bool


class Floor(msgspec.Struct, frozen=True, gc=False):
    """Whether somebody lies on the floor."""

    on_floor: bool


class Motion(msgspec.Struct, frozen=True, gc=False):
    """Somebody moved."""

    room: str | None = None


class Door(msgspec.Struct, frozen=True, gc=False):
    """Whether a door stands open."""

    open: bool
    door: str | None = None


class Status(msgspec.Struct, frozen=True, gc=False):
    """How the device itself is."""

    battery_pct: float | None = None
    charging: bool | None = None
    signal_dbm: float | None = None
    firmware: str | None = None
    worn: bool | None = None


class Measurement(msgspec.Struct, frozen=True, gc=False):
    """A measured quantity of the person or the home."""

    quantity: str
    value: float
    unit: str | None = None


class Medication(msgspec.Struct, frozen=True, gc=False):
    """Whether a dose was taken."""

    taken: bool


class Signal(msgspec.Struct, frozen=True, gc=False):
    """A `reset` (the device's alarm condition ended) or a `heartbeat`: no fields of its own."""


Body = Position | Press | Bed | Floor | Motion | Door | Status | Measurement | Medication | Signal

BODIES: Final[dict[str, type]] = {
    "position": Position,
    "button": Press,
    "fall": Press,
    "bed": Bed,
    "floor": Floor,
    "motion": Motion,
    "door": Door,
    "status": Status,
    "measurement": Measurement,
    "medication": Medication,
    "reset": Signal,
    "heartbeat": Signal,
}
"""Kind of reading to the type of its body."""

URGENT: Final = frozenset({"button", "fall"})
"""Kinds that overtake telemetry and whose reused ids count as new."""

NEVER_REJECTED: Final = frozenset({"button", "fall", "floor"})
"""Kinds of which a wrong field is set aside; a floor reading only when it says that somebody lies there."""


class Reading(msgspec.Struct, frozen=True, gc=False):
    """One thing that a device reported.

    `at` is when it happened, `received_at` when we got it; both aware UTC. `late_s` is their difference from 60 s on, else 0.
    `identity` (64 bits) is the same for a redelivery and None where a device gave neither id nor time; `digest` (64 bits) tells
    an id that was reused with other content. `set_aside` names fields that could not be used.
    """

    tenant: str
    device: str
    kind: str
    at: datetime
    received_at: datetime
    body: Body
    id: str | None = None
    identity: int | None = None
    digest: int = 0
    late_s: int = 0
    set_aside: tuple[str, ...] = ()
