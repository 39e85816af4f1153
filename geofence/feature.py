"""Areas as GeoJSON features and back: the geometry is there to be drawn, the properties say what the area really is.

A circle and a corridor are drawn as polygons, which only come near them; read back, they are the very same area again. What
others draw is read as well: a Point with a `radius_m`, a line with a `width_m`.
"""

from __future__ import annotations

from typing import Any, Final

from geofence.area import Area, Circle, Corridor
from geofence.geojson import AreaInvalid, circle, corridor, region

OWN: Final = ("shape", "centre", "radius_m", "line", "width_m")
"""Properties that are ours; all others belong to whoever gave them and come back as they were."""


def feature(area: Area, properties: dict[str, Any] | None = None) -> dict[str, Any]:
    """An area as a Feature with these properties and those that `area_of` needs (`OWN`)."""
    own: dict[str, Any] = {"shape": "region"}
    if isinstance(area, Circle):
        own = {"shape": "circle", "centre": [area.lon, area.lat], "radius_m": area.radius_m}
    elif isinstance(area, Corridor):
        own = {"shape": "corridor", "line": area.line(), "width_m": area.width_m}
    return {"type": "Feature", "properties": {**(properties or {}), **own}, "geometry": area.geojson()}


def area_of(given: dict[str, Any]) -> tuple[Area, dict[str, Any]]:
    """The area of a Feature, and the properties that are not ours.

    Raises:
        AreaInvalid: it is no Feature of an area.
    """
    if not isinstance(given, dict) or given.get("type") != "Feature":
        raise AreaInvalid("is not a GeoJSON Feature; give one with geometry and properties")
    found = given.get("properties")
    properties: dict[str, Any] = found if isinstance(found, dict) else {}
    geometry = given.get("geometry")
    return _area(geometry, properties), {name: value for name, value in properties.items() if name not in OWN}


def _area(geometry: Any, properties: dict[str, Any]) -> Area:
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    shape = properties.get("shape")
    if shape == "circle" or kind == "Point":
        centre = properties.get("centre") if shape == "circle" else geometry.get("coordinates")
        if not isinstance(centre, list | tuple) or len(centre) < 2:
            raise AreaInvalid("the centre is not a position; give [longitude, latitude]")
        return circle(centre[1], centre[0], properties.get("radius_m"))  # type: ignore[arg-type]
    if shape == "corridor" or kind in ("LineString", "MultiLineString"):
        line = properties.get("line") if shape == "corridor" else geometry
        return corridor(line, properties.get("width_m"))  # type: ignore[arg-type]
    return region(geometry)
