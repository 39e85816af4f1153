"""The lives of a municipality's residents as their devices report them: pure, seeded, endless.

Ordinary life raises nothing: people stay in, take short walks inside their zones, sleep at night with a visit to the bathroom.
Incidents come on top (`loadtests.fleet.incidents`).
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from math import exp, hypot
from typing import Any, Final
from zoneinfo import ZoneInfo

from loadtests.fleet.ground import moved
from loadtests.fleet.incidents import CYCLE_S, Cast, Incident

Said = tuple[float, str, dict[str, Any]]
"""Seconds since the start, kind of reading, its fields."""

FIX_S: Final = 20.0
WALKING_FIX_S: Final = 4.0
"""A bracelet that notices a walk measures more often."""

STROLL_M: Final = 55.0
"""How far ordinary walks lead: well inside the smallest zone, even with the receiver's error on top."""

HEARTBEAT_S: Final = 60.0
STATUS_S: Final = 600.0
BATTERY_FULL_H: Final = 90.0
ROOMS: Final = ("kitchen", "living_room", "bedroom", "hall", "bathroom")


def readings(town: dict[str, Any], seed: int, start_at: datetime) -> Iterator[tuple[datetime, str, str, dict[str, Any]]]:
    """What every device of a site document reports from `start_at` on, in order: when, device, kind, the whole reading.

    The same arguments give the same readings. Ids differ between starts, so that a restarted demo repeats none.
    """
    cast = Cast(town, seed)
    zone = ZoneInfo(town["tenant"].get("timezone", "Europe/Stockholm"))
    lives = [
        _Life(resident, device, cast, start_at.astimezone(zone)).says()
        for resident in town.get("residents", [])
        for device in resident.get("devices", [])
    ]
    counts: dict[str, int] = {}
    for at_s, device, kind, fields in heapq.merge(*lives, key=lambda said: said[0]):
        counts[device] = counts.get(device, 0) + 1
        due_at = start_at + timedelta(seconds=at_s)
        stamp = due_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        yield due_at, device, kind, {"at": stamp, "id": f"{start_at:%y%m%d%H%M%S}-{seed}-{counts[device]}", **fields}


class _Life:
    """One device in somebody's life."""

    def __init__(self, resident: dict[str, Any], device: dict[str, Any], cast: Cast, start: datetime) -> None:
        self.resident = resident
        self.device: str = device["id"]
        self.kind: str = device["kind"]
        self.cast = cast
        self.start = start
        self.acts = self.device in cast.devices
        self.chance = random.Random(f"{cast.seed}/{self.device}")
        self.charge_pct = self.chance.uniform(60.0, 100.0)
        self.rounds: dict[int, list[Incident]] = {}

    def says(self) -> Iterator[tuple[float, str, str, dict[str, Any]]]:
        """Everything this device reports, in order, with its id."""
        streams: list[Iterator[Said]] = [
            self._every(HEARTBEAT_S, "heartbeat"),
            self._every(STATUS_S, "status"),
            self._incidents(),
        ]
        own = {
            "gps": self._gps,
            "bed": self._bed,
            "motion": self._motion,
            "door": self._door,
            "floor": self._floor,
            "measurement": self._climate,
        }.get(self.kind)
        if own is not None:
            streams.append(own())
        for at_s, kind, fields in heapq.merge(*streams, key=lambda said: said[0]):
            if self._now("silent", at_s) is None:
                yield at_s, self.device, kind, fields

    def _round(self, number: int) -> list[Incident]:
        if number not in self.rounds:
            # Two rounds are enough: an incident reaches into the next one at most.
            kept = {n: one for n, one in self.rounds.items() if n >= number - 1}
            self.rounds = kept | {number: [one for one in self.cast.round(number) if one.device == self.device]}
        return self.rounds[number]

    def _now(self, kind: str, at_s: float) -> Incident | None:
        """The incident of a kind that this device is in at a moment."""
        number = int(at_s // CYCLE_S)
        both = [*self._round(number - 1), *self._round(number)] if number else self._round(0)
        return next((one for one in both if one.kind == kind and one.start_s <= at_s < one.end_s), None)

    def _hour(self, at_s: float) -> float:
        local = self.start + timedelta(seconds=at_s)
        return local.hour + local.minute / 60.0

    def _asleep(self, at_s: float) -> bool:
        return not 7.0 <= self._hour(at_s) < 22.0

    def _every(self, period_s: float, kind: str) -> Iterator[Said]:
        """Heartbeats, or how the device is; spread out, so that they do not all come at once."""
        at_s = self.chance.uniform(0.0, min(period_s, 30.0))
        while True:
            fields: dict[str, Any] = {}
            if kind == "status":
                fields = {"battery_pct": self._battery(at_s), "signal_dbm": self.chance.randint(-105, -70), "worn": True}
            yield at_s, kind, fields
            at_s += period_s

    def _battery(self, at_s: float) -> float:
        """Per cent left; charged at night, and run down where an incident says so."""
        if self._now("battery_low", at_s) is not None:
            return 17.0
        if self.acts:
            return 80.0
        hours = (self._hour(at_s) - 7.0) % 24.0
        return round(max(35.0, self.charge_pct - 100.0 * hours / BATTERY_FULL_H), 1)

    def _incidents(self) -> Iterator[Said]:
        """What an incident makes this device report, round after round."""
        number = 0
        while True:
            for one in self._round(number):
                yield from sorted(_reports(one), key=lambda said: said[0])
            number += 1
            # Keeps the merge going where nothing happens to this device in a whole round.
            yield number * CYCLE_S, "heartbeat", {}

    def _gps(self) -> Iterator[Said]:
        """Fixes: a slow stroll around home, the receiver's error, and the walks that incidents tell of."""
        home = self.resident.get("home") or {"lat": 58.3325, "lon": 12.681}
        place = {"lat": float(home["lat"]), "lon": float(home["lon"])}
        east = north = 0.0
        at_s = self.chance.uniform(0.0, 5.0)
        while True:
            walk = self._now("zone_exit", at_s) or self._now("zone_enter", at_s)
            step_s = WALKING_FIX_S if walk else FIX_S
            if walk:
                east, north = walk.way(at_s)
            else:
                east, north = self._strolled(east, north, step_s, indoors=self._asleep(at_s))
            yield at_s, "position", self._fix(place, east, north, at_s, walking=walk is not None)
            at_s += step_s

    def _strolled(self, east: float, north: float, step_s: float, *, indoors: bool) -> tuple[float, float]:
        """A little further on a walk that always leads back home."""
        keep = exp(-step_s / 300.0)
        sway = 1.0 if indoors else 7.0
        east = east * keep + self.chance.gauss(0.0, sway)
        north = north * keep + self.chance.gauss(0.0, sway)
        far = hypot(east, north)
        return (east * STROLL_M / far, north * STROLL_M / far) if far > STROLL_M else (east, north)

    def _fix(self, place: dict[str, float], east: float, north: float, at_s: float, *, walking: bool) -> dict[str, Any]:
        """One fix: better out of doors, worse between walls, and now and then without a claim of accuracy."""
        accuracy = self.chance.uniform(4.0, 10.0) if walking else min(45.0, 8.0 * exp(self.chance.gauss(0.4, 0.5)))
        # A claim is roughly the radius that holds two thirds of all errors.
        lat, lon = moved(
            place["lat"],
            place["lon"],
            east + self.chance.gauss(0.0, accuracy * 0.66),
            north + self.chance.gauss(0.0, accuracy * 0.66),
        )
        fields = {"lat": lat, "lon": lon, "battery_pct": self._battery(at_s)}
        if not walking and self.chance.random() < 0.05:
            return fields
        return {**fields, "accuracy_m": round(accuracy, 1)}

    def _bed(self) -> Iterator[Said]:
        """In bed at night but for a visit or two to the bathroom; up by day. A bed that plays a part is occupied otherwise."""
        occupied = self.acts or self._asleep(0.0)
        yield self.chance.uniform(0.0, 5.0), "bed", {"occupied": occupied}
        at_s = 0.0
        while not self.acts:
            at_s += self.chance.uniform(1200.0, 2400.0)
            if self._asleep(at_s) and occupied and self.chance.random() < 0.2:
                yield at_s, "bed", {"occupied": False}
                at_s += self.chance.uniform(180.0, 600.0)
                yield at_s, "bed", {"occupied": True}
            elif self._asleep(at_s) != occupied:
                occupied = not occupied
                yield at_s, "bed", {"occupied": occupied}

    def _motion(self) -> Iterator[Said]:
        """Movements by day, rarely at night; none while an incident says so."""
        at_s = self.chance.uniform(0.0, 10.0)
        while True:
            if self._now("inactivity", at_s) is None:
                yield at_s, "motion", {"room": self.chance.choice(ROOMS)}
            night = self._asleep(at_s) and not self.acts
            at_s += 30.0 if self.acts else self.chance.expovariate(1 / (3600.0 if night else 240.0))

    def _door(self) -> Iterator[Said]:
        """Opened and closed a few times a day."""
        at_s = self.chance.uniform(0.0, 5.0)
        yield at_s, "door", {"open": False, "door": "entrance"}
        while not self.acts:
            at_s += self.chance.uniform(3600.0, 10800.0)
            if self._asleep(at_s):
                continue
            yield at_s, "door", {"open": True, "door": "entrance"}
            at_s += self.chance.uniform(10.0, 60.0)
            yield at_s, "door", {"open": False, "door": "entrance"}

    def _floor(self) -> Iterator[Said]:
        """Nobody lies there, unless an incident says so."""
        yield self.chance.uniform(0.0, 5.0), "floor", {"on_floor": False}

    def _climate(self) -> Iterator[Said]:
        """The temperature indoors, which falls where an incident says so."""
        at_s = self.chance.uniform(0.0, 30.0)
        while True:
            cold = self._now("measurement", at_s) is not None
            value = 14.5 if cold else round(self.chance.uniform(20.0, 22.5), 1)
            yield at_s, "measurement", {"quantity": "temperature_c", "value": value, "unit": "°C"}
            at_s += 30.0


def _reports(incident: Incident) -> list[Said]:
    """What the device says at the beginning and at the end of an incident; walks, silence and stillness say nothing extra."""
    start_s, end_s = incident.start_s, incident.end_s
    door = {"door": "entrance"}
    said: dict[str, list[Said]] = {
        "button": [(start_s, "button", {})],
        "fall": [(start_s, "fall", {})],
        "out_of_bed": [(start_s, "bed", {"occupied": False}), (end_s, "bed", {"occupied": True})],
        "on_floor": [(start_s, "floor", {"on_floor": True}), (end_s, "floor", {"on_floor": False})],
        "door_open": [(start_s, "door", {"open": True, **door}), (end_s, "door", {"open": False, **door})],
        "missed_medication": [(start_s, "medication", {"taken": False})],
        "battery_low": [(start_s, "status", {"battery_pct": 17.0}), (end_s, "status", {"battery_pct": 80.0})],
    }
    return said.get(incident.kind, [])
