"""Areas, distances and an accuracy-aware belief about inside and outside. Pure; the only importer of shapely."""

from geofence.area import Area, Circle, Region
from geofence.belief import Belief, Fix, step
from geofence.distance import distance_m, distances_m
from geofence.geojson import AreaInvalid, circle, region

__all__ = [
    "Area",
    "AreaInvalid",
    "Belief",
    "Circle",
    "Fix",
    "Region",
    "circle",
    "distance_m",
    "distances_m",
    "region",
    "step",
]
