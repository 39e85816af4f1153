"""Reader of a resident's zones: circles, areas, corridors and whole municipalities, and what is to be said of each.

An error says what is wrong and a warning what deserves a second look; either carries what the file might say instead, where that
can be told. Nothing is repaired by itself: somebody who knows the place decides.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

import geofence
from alarmcore.model.site import Place, Zone
from alarmcore.sitefile.ledger import Entry, sort_of
from alarmcore.sitefile.municipalities import MunicipalityUnknown, municipality
from alarmcore.sitefile.surroundings import Uniqueness
from alarmcore.sitefile.values import Windows, are_swapped, degrees
from geofence import depth, repair

SHAPES: Final = ("circle", "area", "corridor", "municipality")
ZONE: Final = ("id", "name", *SHAPES, "active")
CIRCLE: Final = ("lat", "lon", "radius_m")
CORRIDOR: Final = ("line", "width_m")

RADIUS_SMALL_M: Final = 50.0
"""How far positions are often off, indoors and between houses: a zone that reaches no deeper raises false alarms, or none."""

NEAR_M: Final = 100_000.0
"""Within this distance of the home a zone is where somebody may have meant it, cottage and all."""

VERTICES_MANY: Final = 1_000
"""From this many vertices on it is said how few would do: each person's costs memory, and no receiver knows the difference."""

SIMPLER_M: Final = 2.0
"""How far a simpler border may lie from the drawn one; no receiver is better."""


def read_zones(resident: Entry, home: Place | None, windows: Windows) -> tuple[Zone, ...]:
    """The zones of a person who lives at `home`."""
    once = Uniqueness("zone of this person")
    found: list[Zone] = []
    for entry in resident.entries("zones", ZONE):
        ident = entry.ident()
        once.check(entry, ident)
        area, active, name = _area(entry, home), windows.read(entry, "active"), entry.text("name", required=False)
        if area is not None:
            found.append(Zone(ident, area, active, name or None))
    return tuple(found)


def _area(entry: Entry, home: Place | None) -> geofence.Area | None:
    given = [name for name in SHAPES if entry.fields.get(name) is not None]
    if len(given) != 1:
        which = f"has both {' and '.join(given)}" if given else "has neither circle nor area, corridor or municipality"
        entry.error("", f"this zone {which}; give one of them")
        return None
    if given == ["circle"]:
        return _circle(entry, home)
    if given == ["municipality"]:
        return _municipality(entry)
    return _corridor(entry, home) if given == ["corridor"] else _region(entry, home)


def _circle(zone: Entry, home: Place | None) -> geofence.Area | None:
    entry = zone.entry("circle", CIRCLE)
    if entry is None:
        return None
    (lat, lon), radius_m = degrees(entry), entry.number("radius_m")
    if radius_m is not None and radius_m <= 0:
        entry.error("radius_m", f"is {radius_m:g} and must be above 0; give metres")
        return None
    if radius_m is not None and radius_m < RADIUS_SMALL_M:
        text = f"is {radius_m:g}: positions are often that far off, so that it raises false alarms"
        entry.warn("radius_m", f"{text}; take {RADIUS_SMALL_M:g} or more")
    if lat is None or lon is None or radius_m is None:
        return None
    if not are_swapped(lat, lon) and _swapped_by_home(home, lat, lon):
        text = "lat and lon look swapped: exchanged, the point lies near the home; exchange them if it should"
        entry.warn("lat", text, proposal={"lat": lon, "lon": lat})
    try:
        return geofence.circle(lat, lon, radius_m)
    except geofence.AreaInvalid as problem:
        zone.error("circle", str(problem))
        return None


def _municipality(zone: Entry) -> geofence.Area | None:
    asked = zone.fields["municipality"]
    if not isinstance(asked, str):
        zone.error("municipality", f'is {sort_of(asked)}; give a name, or the four digits of a code in quotes, such as "1444"')
        return None
    try:
        return municipality(asked)
    except MunicipalityUnknown:
        zone.error("municipality", "is no Swedish municipality; give its name, such as Grästorp, or the four digits of its code")
        return None


def _region(zone: Entry, home: Place | None) -> geofence.Area | None:
    # A geometry may carry members of its own, as GeoJSON allows.
    entry = zone.entry("area", tuple(zone.fields["area"]) if isinstance(zone.fields["area"], dict) else ("type", "coordinates"))
    if entry is None:
        return None
    try:
        area = geofence.region(entry.fields)
    except geofence.AreaInvalid as problem:
        zone.error("area", str(problem), proposal=problem.repair and {"area": problem.repair})
        return None
    if not _warn_of_place(zone, "area", entry.fields, home):
        _warn_of_drawing(zone, area)
    return area


def _corridor(zone: Entry, home: Place | None) -> geofence.Area | None:
    entry = zone.entry("corridor", CORRIDOR)
    if entry is None:
        return None
    line, width_m = entry.fields.get("line"), entry.number("width_m")
    if line is None:
        entry.missing("line")
    if width_m is not None and not 0 < width_m <= geofence.WIDTH_MAX_M:
        text = f"is {width_m:g} and must be above 0 and at most {geofence.WIDTH_MAX_M:.0f}"
        entry.error("width_m", f"{text}; give the whole width in metres")
        width_m = None
    try:
        area = geofence.corridor(line, width_m or 1.0) if line is not None else None
    except geofence.AreaInvalid as problem:
        entry.error("line", str(problem), proposal=problem.repair and {"line": problem.repair})
        return None
    if area is None or line is None or width_m is None:
        return None
    if width_m < 2 * RADIUS_SMALL_M:
        text = f"is {width_m:g}: positions are often {RADIUS_SMALL_M:g} m off to either side, so that it raises false alarms"
        entry.warn("width_m", f"{text}; take {2 * RADIUS_SMALL_M:g} or more")
    _warn_of_place(entry, "line", line, home)
    return area


def _warn_of_place(entry: Entry, name: str, geometry: dict[str, Any], home: Place | None) -> bool:
    """Warn of a geometry that lies where nobody meant it; whether it was."""
    position = geometry["coordinates"]
    positions = [position[:2]]
    while isinstance(position[0], list | tuple):
        positions, position = position, position[0]
    lon, lat = position[:2]
    if are_swapped(lat, lon) or _swapped_by_home(home, lat, lon):
        where = "in Sweden" if are_swapped(lat, lon) else "near the home"
        text = f"lat and lon look swapped: GeoJSON has the longitude first; exchange them if it should lie {where}"
        entry.warn(name, text, proposal={name: repair.exchanged(geometry)})
        return True
    if any(isinstance(one, list | tuple) and tuple(one[:2]) == (0, 0) for one in positions):
        entry.warn(name, "a position lies in the sea off Africa, where both numbers are 0; give the real one, or leave it out")
        return True
    return False


def _swapped_by_home(home: Place | None, lat: float, lon: float) -> bool:
    """Whether a point lies far from the home, and near it if latitude and longitude were exchanged."""
    if home is None or abs(lon) > 90 or abs(home.lat - home.lon) < 1:
        return False
    far = geofence.ground_m(home.lat, home.lon, lat, lon) > NEAR_M
    return far and geofence.ground_m(home.lat, home.lon, lon, lat) <= NEAR_M


def _warn_of_drawing(zone: Entry, area: geofence.Area) -> None:
    """Warn of what can be used and could be drawn better."""
    drawn = area.geojson()
    tidy = repair.tidied(drawn)
    if tidy is not None:
        text = "its border runs out and straight back somewhere, which encloses nothing and does not count; leave the spike out"
        zone.warn("area", text, proposal={"area": tidy.geometry})
    _warn_of_many(zone, drawn)
    # A copy is asked: what an area prepares for itself would stay in memory, for every resident of a large file.
    reach = depth.depth_below_m(msgspec.structs.replace(area), RADIUS_SMALL_M)
    if reach is not None:
        text = f"its deepest point lies {reach:.0f} m from its border, and positions are often {RADIUS_SMALL_M:g} m off"
        zone.warn("area", f"{text}, so that it raises false alarms; draw it {2 * RADIUS_SMALL_M:g} m wide or more")


def _warn_of_many(zone: Entry, drawn: dict[str, Any]) -> None:
    vertices = geofence.vertices_of(drawn)
    simple = repair.thinned(drawn, SIMPLER_M) if vertices > VERTICES_MANY else None
    if simple is None or (fewer := geofence.vertices_of(simple.geometry)) > vertices / 2:
        return
    text = f"has {vertices} vertices, of which {fewer} draw the same border within {SIMPLER_M:g} m"
    zone.warn("area", f"{text}; take the simpler one that is proposed", proposal={"area": simple.geometry})
