"""Checks of a resident as a whole: what is allowed one by one and yet makes no sense together."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import msgspec

import geofence
from alarmcore.calendar import covers_week
from alarmcore.model.reading import BODIES
from alarmcore.model.site import Resident
from alarmcore.rules.base import Rule
from alarmcore.rules.zone import ZoneRule
from alarmcore.sitefile.home_sense import check_home_sense
from alarmcore.sitefile.ledger import Entry
from alarmcore.sitefile.municipalities import is_shared
from alarmcore.sitefile.surroundings import Surroundings

LAPSE_NOTICE: Final = timedelta(days=30)
"""How long before a consent ends somebody should be told: a visit and a new decision take some weeks."""

_WORN: Final = frozenset({"position", "button", "fall"})

GIVES: Final[dict[str, frozenset[str]]] = {
    "gps": _WORN,
    "bracelet": _WORN,
    "pendant": _WORN,
    "watch": _WORN,
    "phone": _WORN,
    "button": frozenset({"button", "fall"}),
    "fall": frozenset({"button", "fall"}),
    "bed": frozenset({"bed"}),
    "floor": frozenset({"floor", "fall"}),
    "motion": frozenset({"motion"}),
    "radar": frozenset({"motion", "fall", "floor", "bed"}),
    "camera": frozenset({"motion", "fall", "floor", "bed"}),
    "door": frozenset({"door"}),
    "medication": frozenset({"medication"}),
    "measurement": frozenset({"measurement"}),
    "smoke": frozenset({"measurement", "button"}),
    "sensor": frozenset(BODIES),
    "unit": frozenset(BODIES),
    "hub": frozenset(BODIES),
}
"""Kinds of device and the kinds of reading they can give. Every device may also tell of itself (`status`, `heartbeat`)."""

_MADE_FOR: Final = {"button": frozenset({"button", "pendant", "bracelet", "watch"}), "fall": frozenset({"fall"})}
"""Kinds of reading that must never go unheard, and the kinds of device that are worn or hung up to give them."""

_OF_ITSELF: Final = frozenset({"status", "heartbeat", "reset"})


def check_sense(entry: Entry, resident: Resident, known: Surroundings) -> None:
    """Note what does not fit together."""
    if not resident.rules and entry.fields.get("rules") in (None, []):
        entry.warn("rules", "this person has no rule, so that nothing ever raises an alarm; add one, such as of kind button")
    _check_technical(entry, resident)
    _check_devices(entry, resident)
    check_home_sense(entry, resident, GIVES)
    _check_unheard(entry, resident)
    _check_consent(entry, resident, known)
    _check_home(entry, resident)
    _check_hours(entry, resident)


def _check_technical(entry: Entry, resident: Resident) -> None:
    technical = [rule.id for rule in resident.rules if rule.priority == "technical" and rule.chain is None]
    if technical and entry.fields.get("technical_chain") is None:
        rules = ", ".join(technical)
        entry.warn(
            "technical_chain", f"is missing, so that technical alarms ({rules}) walk the usual chain; give the id of a chain"
        )


def _check_devices(entry: Entry, resident: Resident) -> None:
    """Warn of rules that no device of this person serves."""
    kinds = {device.kind for device in resident.devices}
    if kinds - GIVES.keys():
        return
    heard = frozenset[str]().union(*(GIVES[kind] | _OF_ITSELF for kind in kinds))
    places = {str(one.get("id")): index for index, one in enumerate(entry.listed("rules")) if isinstance(one, dict)}
    for rule in resident.rules:
        needs = frozenset({"position"}) if watches_position(rule) else rule.hears
        if rule.id and not needs & heard:
            readings = " or ".join(sorted(needs - _OF_ITSELF or needs))
            entry.warn(
                "rules",
                f"no device of this person gives {readings}, so that {rule.id} never fires; add the device",
                places.get(rule.id),
            )
    own = {device.id for device in resident.devices}
    for rule in resident.rules:
        strange = [device for device in getattr(rule, "devices", ()) if device not in own]
        if strange:
            text = f"{rule.id} looks at {', '.join(strange)}, no device of this person; add the device, or correct the name"
            entry.warn("rules", text, places.get(rule.id))


def _check_unheard(entry: Entry, resident: Resident) -> None:
    """Warn of devices that are there to be pressed, or to tell of a fall, when no rule hears them."""
    if len(resident.rules) < len(entry.listed("rules")):
        return  # a rule that cannot be read may be the one
    for reading, kinds in _MADE_FOR.items():
        devices = [device.id for device in resident.devices if device.kind in kinds]
        if devices and resident.rules and not any(rule.kind == reading for rule in resident.rules):
            entry.warn(
                "rules", f"{reading} readings of {', '.join(devices)} are kept and raise nothing; add a rule of kind {reading}"
            )


def watches_position(rule: Rule) -> bool:
    """Whether this rule is about where the person is."""
    return isinstance(rule, ZoneRule)


def _check_consent(entry: Entry, resident: Resident, known: Surroundings) -> None:
    if not any(watches_position(rule) for rule in resident.rules):
        return
    consent = resident.consent
    if consent is None:
        if entry.fields.get("consent") is None:
            entry.warn(
                "consent", "is missing, though rules watch this person's position; record who consented, when and on what basis"
            )
    elif known.now is not None and consent.until is not None:
        if consent.until <= known.now:
            entry.warn("consent", "has lapsed, so that the rules about position stand still; renew it")
        elif consent.until <= known.now + LAPSE_NOTICE:
            entry.warn("consent", "lapses within 30 days, and the rules about position then stand still; renew it")


def _check_home(entry: Entry, resident: Resident) -> None:
    home = resident.home
    if home is None or not resident.zones:
        return
    # A copy is asked: what an area prepares for itself would stay in memory, for every resident of a large file. What many
    # share is prepared once.
    away = {zone.id: geofence.distance_m(_copied(zone.area), home.lat, home.lon) for zone in resident.zones}
    nearest = min(away, key=away.__getitem__)
    if away[nearest] > 0:
        where = f"{_far(away[nearest])} outside {nearest}, the nearest"
        text = f"lies outside all of this person's zones ({where}); is one of the places wrong, or lat and lon exchanged?"
        entry.warn("home", text)
        return
    for rule in resident.rules:
        zones = [zone for zone in getattr(rule, "zones", ()) if zone in away]
        if rule.kind == "zone_exit" and zones and all(away[zone] > 0 for zone in zones):
            text = f"lies outside all zones of {rule.id}, so that it alarms while the person is at home"
            entry.warn("home", f"{text}; add the zone around the home")
        elif rule.kind == "zone_enter" and (around := [zone for zone in zones if away[zone] <= 0]):
            text = f"lies inside {', '.join(around)}, so that {rule.id} alarms while the person is at home"
            entry.warn("home", f"{text}; draw it elsewhere, or take it out of the rule")


def _check_hours(entry: Entry, resident: Resident) -> None:
    """Warn of hours of zones that leave a rule with nothing to watch, or that it does not heed."""
    hours = {zone.id: zone.active for zone in resident.zones if zone.active}
    places = {str(one.get("id")): index for index, one in enumerate(entry.listed("rules")) if isinstance(one, dict)}
    for rule in resident.rules if hours else ():
        zones: tuple[str, ...] = getattr(rule, "zones", ())
        timed = [zone for zone in zones if zone in hours]
        named = ", ".join(timed)
        if rule.kind == "zone_enter" and timed:
            text = f"{rule.id} watches {named} at all hours, though active is given there; give the rule active instead"
            entry.warn("rules", text, places.get(rule.id))
        elif timed and len(timed) == len(zones) and not covers_week(tuple(one for zone in timed for one in hours[zone])):
            text = f"outside the hours of {named}, {rule.id} raises nothing; add a zone that always counts, such as the home"
            entry.warn("rules", text, places.get(rule.id))


def _copied(area: geofence.Area) -> geofence.Area:
    return area if is_shared(area) else msgspec.structs.replace(area)


def _far(metres: float) -> str:
    return f"{metres / 1000.0:.0f} km" if metres >= 10_000 else f"{metres:.0f} m"
