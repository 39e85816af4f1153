"""What happens to whom and when: a script that begins within seconds and goes round, so that an onlooker never waits long.

Who may play a part is read from the site document: residents with the rule, the device it listens to, and a limit short enough.
"""

from __future__ import annotations

import random
from math import cos, pi, sin
from typing import Any, Final, NamedTuple

from loadtests.fleet.ground import DEGREE_M, reach_m

CYCLE_S: Final = 900.0
"""The script begins anew after this long, with the next resident in each part."""

SCRIPT: Final = (
    (8.0, "button"),
    (14.0, "zone_exit"),
    (24.0, "fall"),
    (35.0, "out_of_bed"),
    (48.0, "button again"),
    (105.0, "on_floor"),
    (150.0, "door_open"),
    (215.0, "missed_medication"),
    (250.0, "silent"),
    (280.0, "battery_low"),
    (300.0, "inactivity"),
    (340.0, "measurement"),
    (420.0, "button"),
    (480.0, "zone_enter"),
    (560.0, "fall"),
    (640.0, "button"),
    (720.0, "fall"),
    (800.0, "button"),
)
"""Seconds into the round, and the kind of rule that is to fire."""

DEVICES: Final[dict[str, tuple[str, ...]]] = {
    "button": ("pendant", "button"),
    "fall": ("pendant", "button"),
    "zone_exit": ("gps",),
    "zone_enter": ("gps",),
    "out_of_bed": ("bed",),
    "on_floor": ("floor",),
    "door_open": ("door",),
    "inactivity": ("motion",),
    "silent": ("gps",),
    "battery_low": ("gps",),
    "measurement": ("measurement",),
    "missed_medication": ("medication",),
}
"""Kind of rule to the kinds of device that can make it fire."""

LIMIT_MAX_S: Final = 300.0
"""Limits longer than this would not fire while anybody watches, and their incident would outlast the round."""

REACH_MAX_M: Final = 600.0
"""A zone larger than this is not left on foot within half a minute, even by somebody in as much of a hurry as these."""

WALK_S: Final = 45.0
"""How long the way out and the way back take: a walk played too fast, so that nobody has to wait for it."""

AWAY_S: Final = 160.0
"""From leaving until being home again."""

BEYOND_M: Final = 120.0
"""How far past the border the walk goes."""


class Incident(NamedTuple):
    """One thing that happens. `end_s` is when it is over; `target` is where a walk leads, metres east and north of home."""

    start_s: float
    end_s: float
    kind: str
    resident: str
    device: str
    rule: dict[str, Any]
    target: tuple[float, float] = (0.0, 0.0)

    def way(self, at_s: float) -> tuple[float, float]:
        """Where the walk is at a moment: metres east and north of home."""
        out, back = (at_s - self.start_s) / WALK_S, (self.end_s - at_s) / WALK_S
        share = max(0.0, min(1.0, out, back))
        return self.target[0] * share, self.target[1] * share


class Cast:
    """Everybody who can play a part, and the incidents of any round."""

    def __init__(self, town: dict[str, Any], seed: int) -> None:
        self.seed = seed
        self.parts: dict[str, list[tuple[dict[str, Any], str, dict[str, Any]]]] = {}
        for resident in town.get("residents", []):
            for rule in resident.get("rules", []):
                device = _device(resident, rule)
                if device is not None:
                    self.parts.setdefault(rule["kind"], []).append((resident, device, rule))
        self.devices = {device for kind, parts in self.parts.items() for _, device, _ in parts if kind not in ("button", "fall")}
        """Devices that play in a condition: left to themselves, they must not start one."""

    def round(self, number: int) -> list[Incident]:
        """The incidents of one round, in order."""
        return [incident for n in range(len(SCRIPT)) if (incident := self._incident(number, n)) is not None]

    def _incident(self, number: int, n: int) -> Incident | None:
        offset_s, word = SCRIPT[n]
        kind = word.removesuffix(" again")
        parts = self.parts.get(kind)
        if not parts:
            return None
        if kind in ("button", "fall"):
            # A second press is of the person who pressed first.
            part = 0 if word != kind else n
            resident, device, rule = random.Random(f"{self.seed}/{number}/{part}").choice(parts)
        else:
            # Shifted by the part, so that nobody with two rules has both incidents in the same round.
            resident, device, rule = parts[(number + n) % len(parts)]
        start_s = number * CYCLE_S + offset_s
        chance = random.Random(f"{self.seed}/{number}/{n}/way")
        target = _target(resident, rule, chance.uniform(0, 2 * pi))
        return Incident(start_s, start_s + _lasts_s(rule), kind, resident["id"], device, rule, target)


def _device(resident: dict[str, Any], rule: dict[str, Any]) -> str | None:
    """The device of a resident that can make a rule fire for an onlooker; None when there is none."""
    if rule.get("active") or "usual" in rule or rule.get("limit_s", 0.0) > LIMIT_MAX_S:
        return None
    zones = [zone for zone in resident.get("zones", []) if zone["id"] in rule.get("zones", ())]
    home = resident.get("home")
    if rule.get("zones") and (home is None or any(reach_m(zone, home["lat"], home["lon"]) > REACH_MAX_M for zone in zones)):
        return None
    kinds = DEVICES.get(rule["kind"], ())
    return next((device["id"] for device in resident.get("devices", []) if device["kind"] in kinds), None)


def _lasts_s(rule: dict[str, Any]) -> float:
    """How long an incident goes on: long enough for its alarm, and then it ends by itself."""
    if rule["kind"] in ("zone_exit", "zone_enter"):
        return AWAY_S
    return float(rule.get("limit_s", 60.0)) * 1.5 + 20.0


def _target(resident: dict[str, Any], rule: dict[str, Any], bearing: float) -> tuple[float, float]:
    """Where a walk leads: beyond every zone that must be left, or into the middle of the one that must not be entered."""
    home = resident.get("home")
    zones = [zone for zone in resident.get("zones", []) if zone["id"] in rule.get("zones", ())]
    if not zones or home is None:
        return 0.0, 0.0
    if rule["kind"] == "zone_exit":
        far = max(reach_m(zone, home["lat"], home["lon"]) for zone in zones) + BEYOND_M
        return far * sin(bearing), far * cos(bearing)
    circle = zones[0].get("circle")
    lon, lat = (circle["lon"], circle["lat"]) if circle else _middle(zones[0]["area"])
    return (lon - home["lon"]) * DEGREE_M * cos(home["lat"] * pi / 180.0), (lat - home["lat"]) * DEGREE_M


def _middle(area: dict[str, Any]) -> tuple[float, float]:
    """The mean of a polygon's corners."""
    ring = area["coordinates"][0] if area["type"] == "Polygon" else area["coordinates"][0][0]
    corners = ring[:-1]
    return sum(c[0] for c in corners) / len(corners), sum(c[1] for c in corners) / len(corners)
