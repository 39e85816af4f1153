"""What a municipality sets up, as it stands in its site file once every mistake has been ruled out.

`alarmcore.sitefile` builds these from JSON or YAML. References between them are ids; `Site` has the look-ups. Dates of the
file have become aware UTC moments here: a `from` date is the first instant of that day in the tenant's time zone, an `until`
date is the first instant of the day after it (the named day is included).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec

from alarmcore.calendar import Window
from alarmcore.model.roll import Roll
from alarmcore.rules.base import Rule
from geofence import Area

Language = Literal["sv", "en"]
Priority = Literal["critical", "high", "normal", "technical"]
PRIORITIES: tuple[Priority, ...] = ("critical", "high", "normal", "technical")


class Tenant(msgspec.Struct, frozen=True):
    """A municipality or region: the owner of everything else in its file."""

    id: str
    name: str
    timezone: str = "Europe/Stockholm"
    language: Language = "sv"

    @property
    def tz(self) -> ZoneInfo:
        """The zone in which this tenant's wall-clock times are meant."""
        return ZoneInfo(self.timezone)


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """What another tenant may do for us (`they_may`), or we for them (`we_may`), until when."""

    partner: str
    they_may: tuple[Literal["receive", "respond"], ...] = ()
    we_may: tuple[Literal["receive", "respond"], ...] = ()
    until: datetime | None = None


class Channel(msgspec.Struct, frozen=True):
    """One way to reach somebody. `kind` names a folder of `dispatch.channels`; `to` is its address there."""

    kind: str
    to: str | None = None


class Contact(msgspec.Struct, frozen=True):
    """A relative or other person who is told; `channels` in order of preference."""

    id: str
    name: str
    channels: tuple[Channel, ...]


class Place(msgspec.Struct, frozen=True, gc=False):
    """A point in WGS 84 degrees and, for a home, its address."""

    lat: float
    lon: float
    address: str | None = None


class Unit(msgspec.Struct, frozen=True, kw_only=True):
    """A response unit. A `centre` is a staffed alarm centre; `duty` empty means always on duty."""

    id: str
    name: str
    kind: Literal["patrol", "centre"]
    channels: tuple[Channel, ...]
    base: Place | None = None
    duty: tuple[Window, ...] = ()


class Link(msgspec.Struct, frozen=True):
    """Recipients (`contact:ID` or `unit:ID`) that are told at once, and how long they have to answer."""

    tell: tuple[str, ...]
    wait_s: float


class Chain(msgspec.Struct, frozen=True):
    """Links in order; `follow_up_s` after it was taken, an unresolved alarm is opened again."""

    id: str
    links: tuple[Link, ...]
    follow_up_s: float = 1800.0


class Consent(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """On what ground, from when and until when this person's position may be watched."""

    given: datetime
    by: str
    basis: Literal["sol", "hsl", "lss"]
    until: datetime | None = None


class Device(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A device and when it belonged to this resident; a bracelet that is reused stands with several."""

    id: str
    kind: str
    from_: datetime | None = None
    until: datetime | None = None


class Zone(msgspec.Struct, frozen=True, gc=False):
    """A named area of one resident. `active` are the hours in which it counts as a place to be; empty means always.

    `name` is what people call it, where somebody has said so.
    """

    id: str
    area: Area
    active: tuple[Window, ...] = ()
    name: str | None = None


class Stay(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Away from home for a while: other zones, another chain, a host municipality."""

    from_: datetime
    until: datetime
    zones: tuple[str, ...] = ()
    chain: str | None = None
    host: str | None = None


class Responsible(msgspec.Struct, frozen=True, gc=False):
    """Which unit receives this person's alarms, and which goes out to search."""

    reception: str | None = None
    search: str | None = None


class Resident(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A person who is watched over."""

    id: str
    name: str
    chain: str
    technical_chain: str | None = None
    home: Place | None = None
    consent: Consent | None = None
    responsible: Responsible = Responsible()
    devices: tuple[Device, ...] = ()
    zones: tuple[Zone, ...] = ()
    stays: tuple[Stay, ...] = ()
    rules: tuple[Rule, ...] = ()


class Site(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One municipality: the whole of one site file.

    `source` is the file as read, for export and comparison. A site from storage has none (`alarmcore.sitefile.stored`), and its
    residents are a roll that unpacks each when it is asked for.
    """

    version: int
    tenant: Tenant
    agreements: tuple[Agreement, ...] = ()
    contacts: tuple[Contact, ...] = ()
    units: tuple[Unit, ...] = ()
    chains: tuple[Chain, ...] = ()
    residents: Sequence[Resident] = ()
    source: dict[str, Any] = {}

    @cached_property
    def chain_by_id(self) -> dict[str, Chain]:
        """Chains by id."""
        return {c.id: c for c in self.chains}

    @cached_property
    def resident_by_id(self) -> Mapping[str, Resident]:
        """Residents by id."""
        return self.residents.by_id if isinstance(self.residents, Roll) else {r.id: r for r in self.residents}

    @cached_property
    def recipient_by_ref(self) -> dict[str, Contact | Unit]:
        """Contacts and units by the reference that links use (`contact:eva`, `unit:centre`)."""
        found: dict[str, Contact | Unit] = {f"contact:{c.id}": c for c in self.contacts}
        found.update({f"unit:{u.id}": u for u in self.units})
        return found
