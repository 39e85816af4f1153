"""Moving about on the ground: metres to the east and north, added to degrees. Right as far as a walk goes."""

from __future__ import annotations

from math import cos, hypot, radians
from typing import Any, Final

DEGREE_M: Final = 111_320.0
"""Metres in a degree of latitude."""


def moved(lat: float, lon: float, east_m: float, north_m: float) -> tuple[float, float]:
    """The point so many metres to the east and north, rounded to a centimetre as devices do."""
    return round(lat + north_m / DEGREE_M, 7), round(lon + east_m / (DEGREE_M * cos(radians(lat))), 7)


def apart_m(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Metres between two points."""
    return hypot((lat2 - lat1) * DEGREE_M, (lon2 - lon1) * DEGREE_M * cos(radians(lat1)))


def reach_m(zone: dict[str, Any], lat: float, lon: float) -> float:
    """Metres from a point beyond which one is surely outside a zone of a site file."""
    circle = zone.get("circle")
    if circle:
        return apart_m(lat, lon, circle["lat"], circle["lon"]) + float(circle["radius_m"])
    rings = zone["area"]["coordinates"]
    if zone["area"]["type"] == "MultiPolygon":
        rings = [ring for polygon in rings for ring in polygon]
    return max(apart_m(lat, lon, position[1], position[0]) for ring in rings for position in ring)
