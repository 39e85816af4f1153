"""What is judged: a stay at a place and the trip that ends it, as the fixes of one device, and the fence around the place."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import msgspec

RADIUS_M: Final = 200.0
"""Every fence: the radius for which the reference results were made."""

MARGIN_S: Final = 60.0
"""Left out of a stay at both ends: the person may still be arriving, or already leaving."""

ROUNDING_S: Final = 0.05
"""Scenario files give a tenth of a second, points a thousandth: a fix this close to a border of time lies on it."""

GOOD_M: Final = 100.0
"""A stay is clean if no fix that claims this accuracy or a better one lies outside during it."""

FIRM: Final = 3
"""An exit is firm if so many of its fixes lie outside by more than their accuracy: there is no excuse for missing it."""

MAJOR_M: Final = 6378137.0
ECCENTRICITY2: Final = 0.0066943799901413165
"""WGS 84."""


class Fix(msgspec.Struct, frozen=True, gc=False):
    """One position: when it was measured and received (epoch seconds), where, and how well the device says it knows.

    `other`: it comes from the person's second device.
    """

    at_s: float
    received_s: float
    lat: float
    lon: float
    accuracy_m: float | None = None
    speed_mps: float | None = None
    other: bool = False


class Seen(msgspec.Struct, frozen=True, gc=False):
    """A fix as a fence sees it: metres outside the border (negative: inside)."""

    at_s: float
    received_s: float
    outside_m: float
    accuracy_m: float | None = None


class Scenario(msgspec.Struct, frozen=True):
    """One stay, from `inside_s` to `leaves_s`, and the trip after it, to `ends_s`; fixes in order of receipt.

    `group` is what hangs together: a recording, or all of one sort of generated walk. `crosses_s`: when the person truly crossed
    the border, which only a generator knows. `crosses_s` None and `exits` False: nobody left.
    """

    name: str
    group: str
    lat: float
    lon: float
    inside_s: float
    leaves_s: float
    ends_s: float
    clean: bool
    fixes: tuple[Fix, ...]
    exits: bool = True
    crosses_s: float | None = None

    @property
    def stay_s(self) -> float:
        """How long the stay is, margins included."""
        return self.leaves_s - self.inside_s

    def staying(self) -> tuple[Fix, ...]:
        """Fixes of the stay, without those near its ends."""
        first, last = self.inside_s + MARGIN_S - ROUNDING_S, self.leaves_s - MARGIN_S + ROUNDING_S
        return tuple(fix for fix in self.fixes if first <= fix.at_s <= last)

    def leaving(self) -> tuple[Fix, ...]:
        """Fixes of the trip; none where nobody left."""
        first, last = self.leaves_s - ROUNDING_S, self.ends_s + ROUNDING_S
        return tuple(fix for fix in self.fixes if self.exits and first <= fix.at_s <= last)

    def seen(self, fixes: Sequence[Fix]) -> tuple[Seen, ...]:
        """Those fixes, from this fence."""
        return tuple(
            Seen(fix.at_s, fix.received_s, distance_m(self.lat, self.lon, fix.lat, fix.lon) - RADIUS_M, fix.accuracy_m)
            for fix in fixes
        )


def distance_m(lat: float, lon: float, to_lat: float, to_lon: float) -> float:
    """Metres between two points by the ellipsoid's two radii of curvature halfway between them.

    Within a millimetre of the WGS 84 geodesic at 200 m, and 0.1 % at 50 km, up to 70 degrees of latitude.
    """
    middle = math.radians((lat + to_lat) / 2)
    shape = 1 - ECCENTRICITY2 * math.sin(middle) ** 2
    across = MAJOR_M / math.sqrt(shape)
    along = MAJOR_M * (1 - ECCENTRICITY2) / shape**1.5
    turn = (to_lon - lon + 180) % 360 - 180
    return math.hypot(math.radians(to_lat - lat) * along, math.radians(turn) * across * math.cos(middle))


def moved(lat: float, lon: float, east_m: float, north_m: float) -> tuple[float, float]:
    """Latitude and longitude so many metres away."""
    phi = math.radians(lat)
    shape = 1 - ECCENTRICITY2 * math.sin(phi) ** 2
    across = MAJOR_M / math.sqrt(shape) * math.cos(phi)
    along = MAJOR_M * (1 - ECCENTRICITY2) / shape**1.5
    return lat + math.degrees(north_m / along), lon + math.degrees(east_m / across)


def in_order_of_receipt(fixes: Sequence[Fix]) -> tuple[Fix, ...]:
    """Those fixes as a service gets them; what came at one instant, by when it was measured."""
    return tuple(sorted(fixes, key=lambda fix: (fix.received_s, fix.at_s)))


def in_order_of_measurement(fixes: Sequence[Fix]) -> tuple[Fix, ...]:
    """Those fixes as if each had been received when it was measured."""
    return tuple(msgspec.structs.replace(fix, received_s=fix.at_s) for fix in sorted(fixes, key=lambda fix: fix.at_s))


def is_firm(seen: Sequence[Seen]) -> bool:
    """Whether at least three fixes lie outside by more than their accuracy."""
    return sum(one.accuracy_m is not None and one.outside_m > one.accuracy_m for one in seen) >= FIRM


def first_outside(seen: Sequence[Seen]) -> Seen | None:
    """The fix that was measured first of those outside: no rule could have known earlier. A rule's delay counts from it."""
    return min((one for one in seen if one.outside_m > 0), key=lambda one: one.at_s, default=None)
