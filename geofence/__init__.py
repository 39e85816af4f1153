"""Areas, distances and an accuracy-aware belief about inside and outside. Pure; the only importer of shapely."""

from geofence.area import Area, Circle, Corridor, Region
from geofence.belief import Belief, Fix, step
from geofence.distance import distance_m, distances_m
from geofence.earth import ground_m
from geofence.feature import area_of, feature
from geofence.geojson import WIDTH_MAX_M, AreaInvalid, circle, corridor, region
from geofence.repair import vertices_of

__all__ = [
    "WIDTH_MAX_M",
    "Area",
    "AreaInvalid",
    "Belief",
    "Circle",
    "Corridor",
    "Fix",
    "Region",
    "area_of",
    "circle",
    "corridor",
    "distance_m",
    "distances_m",
    "feature",
    "ground_m",
    "region",
    "step",
    "vertices_of",
]
