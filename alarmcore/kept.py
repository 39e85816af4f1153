"""One position of a track as it is kept, and many of them as bytes."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from alarmcore.model.alarm import Fix
from geofence.belief import ROUGH_M

PACKED: Final = struct.Struct("<IiiHB")
UNKNOWN: Final = 0xFFFF
DEGREE: Final = 1_000_000
"""Degrees are kept in millionths: a tenth of a metre. Moments are kept in whole seconds."""

GOOD, ROUGH, DOUBTED, DEVICE = 1, 2, 4, 3
"""The last byte of a packed position: three marks, and from the fourth bit on the place of its device. Those stored before there
were more than the first say no device."""

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MOMENT_MAX: Final = 0xFFFFFFFF


class Kept(msgspec.Struct, frozen=True, array_like=True, gc=False, order=True):
    """One position. `good`: others of its device agree with it, in place and in time.

    `device` is its place in the track's `devices`, 0 where it is not known whose position it was. `rough`: a network's guess,
    which is never good; `doubted`: it lay on the other side of a border than the person was believed to be when it came.
    """

    at_s: int
    lat_e6: int
    lon_e6: int
    accuracy_m: int | None
    good: bool
    device: int = 0
    rough: bool = False
    doubted: bool = False

    @property
    def at(self) -> datetime:
        """When it was measured."""
        return EPOCH + timedelta(seconds=self.at_s)

    @property
    def lat(self) -> float:
        """Degrees north."""
        return self.lat_e6 / DEGREE

    @property
    def lon(self) -> float:
        """Degrees east."""
        return self.lon_e6 / DEGREE


def by_time(kept: Kept) -> int:
    """When it was measured."""
    return kept.at_s


def rough(fix: Fix) -> bool:
    """Whether a position is a network's guess rather than a receiver's own."""
    return fix.accuracy_m is not None and not fix.accuracy_m <= ROUGH_M


def seconds(at: datetime) -> int:
    """Whole seconds since 1970, as far as four bytes reach."""
    return min(max(0, (at - EPOCH) // timedelta(seconds=1)), MOMENT_MAX)


def packed(fixes: Iterable[Kept]) -> bytes:
    """Positions as bytes."""
    return b"".join(
        PACKED.pack(k.at_s, k.lat_e6, k.lon_e6, UNKNOWN if k.accuracy_m is None else k.accuracy_m, _marks(k)) for k in fixes
    )


def _marks(kept: Kept) -> int:
    return kept.good * GOOD | kept.rough * ROUGH | kept.doubted * DOUBTED | kept.device << DEVICE


def unpacked(data: bytes) -> list[Kept]:
    """Positions from bytes."""
    return [
        Kept(
            at_s,
            lat_e6,
            lon_e6,
            None if accuracy_m == UNKNOWN else accuracy_m,
            bool(marks & GOOD),
            marks >> DEVICE,
            bool(marks & ROUGH),
            bool(marks & DOUBTED),
        )
        for at_s, lat_e6, lon_e6, accuracy_m, marks in PACKED.iter_unpack(data)
    ]
