"""Reader of the residents: home, consent, devices, zones, stays, and their rules."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any, Final, cast

import msgspec

from alarmcore.calendar import instant
from alarmcore.model.site import Consent, Device, Resident, Responsible, Stay
from alarmcore.sitefile.ledger import ID, Entry, shown
from alarmcore.sitefile.rules import read_rules, with_hours
from alarmcore.sitefile.sense import GIVES, check_sense
from alarmcore.sitefile.surroundings import Surroundings, Uniqueness, declared
from alarmcore.sitefile.values import PLACE, moment, place
from alarmcore.sitefile.zones import read_zones

RESIDENT: Final = (
    "id", "name", "home", "consent", "responsible", "chain", "technical_chain", "devices", "zones", "stays", "rules",
)  # fmt: skip
CONSENT: Final = ("given", "by", "basis", "until")
RESPONSIBLE: Final = ("reception", "search")
DEVICE: Final = ("id", "kind", "from", "until")
STAY: Final = ("from", "until", "zones", "chain", "host")

BASES: Final = ("sol", "hsl", "lss")


class Belonging(msgspec.Struct):
    """That a device belongs to a resident for a time, and where that stands."""

    device: Device
    entry: Entry
    resident: str


def read_residents(root: Entry, known: Surroundings) -> tuple[Resident, ...]:
    """All residents, and what must hold between them."""
    once = Uniqueness("resident")
    belongings: dict[str, list[Belonging]] = {}
    found = [_resident(entry, known, once, belongings) for entry in root.entries("residents", RESIDENT)]
    for several in belongings.values():
        if len(several) > 1:
            _check_hand_over(several, known)
    return tuple(found)


def _resident(entry: Entry, known: Surroundings, once: Uniqueness, belongings: dict[str, list[Belonging]]) -> Resident:
    ident = entry.ident()
    once.check(entry, ident)
    if entry.fields.get("chain") is None:
        entry.error("chain", "is missing; give the id of the chain that this person's alarms walk")
    named, home = declared(entry, "zones"), place(entry.entry("home", PLACE))
    zones = read_zones(entry, home, known.windows)
    resident = Resident(
        id=ident,
        name=entry.text("name"),
        home=home,
        consent=read_consent(entry, known),
        responsible=read_responsible(entry, known),
        chain=known.chain(entry, "chain") or "",
        technical_chain=known.chain(entry, "technical_chain"),
        devices=_devices(entry, known, ident, belongings),
        zones=zones,
        stays=read_stays(entry, known, named),
        rules=with_hours(read_rules(entry, known, named), zones),
    )
    check_sense(entry, resident, known)
    return resident


def read_consent(resident: Entry, known: Surroundings) -> Consent | None:
    """On what ground this person's position may be watched."""
    entry = resident.entry("consent", CONSENT)
    if entry is None:
        return None
    given = moment(entry, "given", known.tz, required=True)
    until = moment(entry, "until", known.tz, end=True)
    by, basis = entry.text("by"), entry.choice("basis", BASES)
    if given is None:
        return None
    _check_order(entry, given, until, "given")
    return Consent(given=given, by=by, basis=cast("Any", basis), until=until)


def _check_order(entry: Entry, start: datetime | None, end: datetime | None, name: str = "from") -> bool:
    if start is None or end is None or start < end:
        return True
    entry.error("until", f"lies before {name}; exchange them or correct the year")
    return False


def read_responsible(resident: Entry, known: Surroundings) -> Responsible:
    """The units that this person's alarms go to."""
    entry = resident.entry("responsible", RESPONSIBLE)
    return Responsible() if entry is None else Responsible(known.unit(entry, "reception"), known.unit(entry, "search"))


def _devices(resident: Entry, known: Surroundings, ident: str, belongings: dict[str, list[Belonging]]) -> tuple[Device, ...]:
    found: list[Device] = []
    for entry in resident.entries("devices", DEVICE):
        start, end = moment(entry, "from", known.tz), moment(entry, "until", known.tz, end=True)
        device = Device(id=entry.ident(), kind=entry.ident("kind"), from_=start, until=end)
        if device.kind and device.kind not in GIVES:
            guess = entry.ledger.suggestion(device.kind, GIVES)
            entry.warn(
                "kind", f"{device.kind} is not known here{guess}; correct it, or see for yourself that it serves the rules"
            )
        if _check_order(entry, start, end) and device.id:
            belongings.setdefault(device.id, []).append(Belonging(device, entry, ident))
        found.append(device)
    return tuple(found)


def _check_hand_over(several: list[Belonging], known: Surroundings) -> None:
    """Refuse a device that belongs to two at once. On the day it is handed over both may name it, and should say when."""
    far = datetime.max.replace(tzinfo=known.tz)
    ordered = sorted(several, key=lambda one: one.device.from_.timestamp() if one.device.from_ else float("-inf"))
    before = ordered[0]
    for after in ordered[1:]:
        end, start = before.device.until, after.device.from_
        if end is None or start is None or not _handed_over(start, end, known):
            whose = "the same resident" if before.resident == after.resident else f"resident {before.resident}"
            text = f"{after.device.id} belongs to {whose} at the same time ({before.entry.path()})"
            after.entry.error("id", f"{text}; give until there and from here, on the day it is handed over")
        elif start < end and start == _midnight(start, known):
            text = (
                f"{after.device.id} is of two that day ({before.entry.path()}), so that all of it counts here, from midnight on"
            )
            after.entry.warn("from", f"{text}; give the moment both there and here, with its offset: 2026-01-31T12:00:00+01:00")
        if (after.device.until or far) > (before.device.until or far):
            before = after


def _midnight(at: datetime, known: Surroundings) -> datetime:
    """The first instant of a day, which is what a date without a time is."""
    return instant(known.tz, datetime.combine(at.astimezone(known.tz).date(), time()))


def _handed_over(start: datetime, end: datetime, known: Surroundings) -> bool:
    """Whether a beginning lies on the last day before an end, or later; by the calendar, since a day may have 25 hours."""
    last = (end - timedelta(microseconds=1)).astimezone(known.tz).date()
    return start.astimezone(known.tz).date() >= last


def read_stays(resident: Entry, known: Surroundings, zones: dict[str, None]) -> tuple[Stay, ...]:
    """Stays away from home."""
    found: list[tuple[Stay, Entry]] = []
    for entry in resident.entries("stays", STAY):
        start = moment(entry, "from", known.tz, required=True)
        end = moment(entry, "until", known.tz, end=True, required=True)
        stay_zones, chain, host = _stay_zones(entry, zones), _stay_chain(entry, known), _host(entry, known)
        if start is None or end is None or not _check_order(entry, start, end):
            continue
        stay = Stay(from_=start, until=end, zones=stay_zones, chain=chain, host=host)
        if any(stay.from_ < other.until and other.from_ < stay.until for other, _ in found):
            entry.warn("from", "overlaps another stay, so that it is not clear which one counts; end one before the other begins")
        found.append((stay, entry))
    return tuple(stay for stay, _ in found)


def _stay_zones(entry: Entry, zones: dict[str, None]) -> tuple[str, ...]:
    """Zones of a stay. One that is not there yet is left out: fewer zones mean an earlier alarm, never a later one."""
    found: list[str] = []
    for index, value in enumerate(entry.listed("zones")):
        if isinstance(value, str) and value in zones:
            found.append(value)
        elif isinstance(value, str) and ID.fullmatch(value):
            guess = entry.ledger.suggestion(value, zones)
            entry.warn("zones", f"{shown(value)} is no zone of this person{guess} and is left out; add it before the stay", index)
        else:
            entry.error("zones", "is no id; give the id of a zone of this person", index)
    return tuple(dict.fromkeys(found))


def _stay_chain(entry: Entry, known: Surroundings) -> str | None:
    """The chain of a stay. While it is not there, the person's own chain is walked, which reaches somebody in any case."""
    value = entry.fields.get("chain")
    if isinstance(value, str) and ID.fullmatch(value) and value not in known.chains:
        guess = entry.ledger.suggestion(value, known.chains)
        entry.warn("chain", f"there is no chain {value} in this file{guess}; until it is added, the person's own chain is walked")
        return None
    return known.chain(entry, "chain")


def _host(entry: Entry, known: Surroundings) -> str | None:
    if entry.fields.get("host") is None:
        return None
    host = entry.ident("host")
    if host and host not in known.partners:
        entry.warn("host", f"there is no agreement with {host}; add one, or its units may neither see nor answer these alarms")
    elif host and host not in known.receiving:
        entry.warn("host", f"the agreement with {host} lets nobody there see these alarms; give it they_may: [receive]")
    return host or None
