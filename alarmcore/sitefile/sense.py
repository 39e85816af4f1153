"""Checks of a resident as a whole: what is allowed one by one and yet makes no sense together."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import msgspec

import geofence
from alarmcore.model.reading import BODIES
from alarmcore.model.site import Resident
from alarmcore.rules.base import Rule
from alarmcore.sitefile.ledger import Entry
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
    _check_unheard(entry, resident)
    _check_consent(entry, resident, known)
    _check_home(entry, resident)


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
        if rule.id and not rule.hears & heard:
            readings = " or ".join(sorted(rule.hears - _OF_ITSELF or rule.hears))
            entry.warn(
                "rules",
                f"no device of this person gives {readings}, so that {rule.id} never fires; add the device",
                places.get(rule.id),
            )


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
    return rule.hears == {"position"}


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
    # A copy is asked: what an area prepares for itself would stay in memory, for every resident of a large file.
    if all(geofence.distance_m(msgspec.structs.replace(zone.area), home.lat, home.lon) > 0 for zone in resident.zones):
        entry.warn("home", "lies outside all of this person's zones; is one of the places wrong, or lat and lon exchanged?")
