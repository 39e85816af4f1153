"""Whose is this reading, when did it happen, and may it be used? Pure: from what the bytes say to what the watch is told."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
import xxhash

from alarmcore.codecs.native import Parsed
from alarmcore.errors import ReadingRejected
from alarmcore.model.reading import NEVER_REJECTED, Floor, Reading
from alarmcore.model.roll import Roll, roll_of
from alarmcore.model.site import Resident, Site
from alarmcore.plan import Plan, plan_for
from alarmcore.recent import Recent
from alarmcore.rules.base import Span

BEFORE_ALL: Final = datetime.min.replace(tzinfo=UTC)

LATE_FROM_S: Final = 60.0
"""From this difference between happening and receipt on, what is raised is marked late."""

AHEAD_MAX: Final = timedelta(minutes=10)
"""A clock this far ahead is taken for the time of receipt; one further ahead is not believed."""

CLOCK_BEGINS: Final = datetime(2020, 1, 1, tzinfo=UTC)
"""A clock that shows an earlier time, while ours does not, has lost its power and begun anew (at 1970, 1980, 2000, or the
first day of its firmware): no device buffers for years."""

ID: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
"""What ids of tenants, residents and devices look like."""


WARM_MAX: Final = 5_000
"""Persons of a stored site who are kept unpacked, at least; twice as many at most (some 20 kB each, mostly prepared zones)."""

PEOPLE_MAX: Final = 64
"""Residents kept as they were unpacked: what is made of one, for a device and for the watch, is made at the same time."""

DEVICES_EACH: Final = 3
"""Devices of a person, for the room that is kept for whose they are: with more each, fewer persons have theirs ready."""


class Assignment(msgspec.Struct, frozen=True, gc=False):
    """One resident's having of a device, and when."""

    plan: Plan
    span: Span


class Registry:
    """All tenants' devices and whose they are. Replaced whole when a site changes.

    Of sites that came from storage only those persons are unpacked of whom something was heard lately. Every person has a row:
    a number below `persons`, by which others may keep what they know of everybody without a dictionary of their own.
    """

    def __init__(self, sites: Sequence[Site]) -> None:
        self.tenants = frozenset(site.tenant.id for site in sites)
        self._sites = {site.tenant.id: site for site in sites}
        self._rolls = {site.tenant.id: roll_of(site.residents) for site in sites}
        self._firsts: dict[str, int] = {}
        self.persons = 0
        for tenant, roll in self._rolls.items():
            self._firsts[tenant] = self.persons
            self.persons += len(roll)
        self._names, self._order = list(self._firsts), list(self._firsts.values())
        self._people: Recent[tuple[str, int], Resident] = Recent(self._resident, PEOPLE_MAX)
        held = sum(len(site.residents) for site in sites if not isinstance(site.residents, Roll))
        most = max(WARM_MAX, held)
        self.plans: Recent[tuple[str, str], Plan] = Recent(self._plan, most)
        self.having: Recent[tuple[str, str], tuple[Assignment, ...]] = Recent(self._having, DEVICES_EACH * most)

    def assignment(self, tenant: str, device: str, at: datetime) -> Assignment | None:
        """Who had the device at `at`; on a day of hand-over, the one it was handed to."""
        having = self.having.get((tenant, device)) or ()
        if len(having) == 1:
            return having[0] if having[0].span.holds(at) else None
        holding = [a for a in having if a.span.holds(at)]
        return max(holding, key=lambda a: a.span.from_ or BEFORE_ALL, default=None)

    def row(self, person: tuple[str, str]) -> int | None:
        """A person's row; None for somebody who is in no site."""
        roll = self._rolls.get(person[0])
        place = None if roll is None else roll.places.get(person[1])
        return None if place is None else self._firsts[person[0]] + place

    def person(self, row: int) -> tuple[str, str]:
        """Whose row it is."""
        at = bisect_right(self._order, row) - 1
        # A tenant without residents begins where the next one does, which stands behind it.
        tenant = self._names[at]
        return tenant, self._rolls[tenant].ids[row - self._order[at]]

    def _resident(self, place: tuple[str, int]) -> Resident:
        return self._rolls[place[0]][place[1]]

    def _plan(self, person: tuple[str, str]) -> Plan | None:
        roll = self._rolls.get(person[0])
        place = None if roll is None else roll.places.get(person[1])
        return None if place is None else plan_for(self._sites[person[0]], self._people[person[0], place])

    def _having(self, key: tuple[str, str]) -> tuple[Assignment, ...] | None:
        tenant, device = key
        roll = self._rolls.get(tenant)
        places = None if roll is None else roll.devices.get(device)
        if places is None:
            return None
        found: list[Assignment] = []
        for place in places if isinstance(places, tuple) else (places,):
            resident = self._people[tenant, place]
            plan = self.plans[tenant, resident.id]
            spans = (Span(one.from_, one.until) for one in resident.devices if one.id == device)
            found += (Assignment(plan, span) for span in spans)
        return tuple(found)


def registry_of(sites: Sequence[Site]) -> Registry:
    """The registry of some checked sites."""
    return Registry(sites)


class Admitted(msgspec.Struct, frozen=True, gc=False):
    """A reading that will be kept, and whose it is: nobody's (`plan` None) only for a press of an unknown device.

    `positioned` False: it may not be used as a position, and is answered `not_consented`.
    """

    reading: Reading
    plan: Plan | None
    positioned: bool = True


def timed(parsed: Parsed, tenant: str, device: str, received_at: datetime) -> Reading:
    """The reading with the times that count. Of a clock that has begun anew the time of receipt counts, marked late.

    Raises:
        ReadingRejected: `from_future`; a press, a fall or somebody on the floor takes the time of receipt instead.
    """
    at, set_aside, late_s = parsed.at or received_at, parsed.set_aside, 0
    if at > received_at:
        if at - received_at > AHEAD_MAX:
            if not never_rejected(parsed):
                raise ReadingRejected("from_future", "at")
            set_aside = (*set_aside, "at")
        at = received_at
    else:
        late = (received_at - at).total_seconds()
        late_s = int(late) if late >= LATE_FROM_S else 0
        if at < CLOCK_BEGINS <= received_at:
            at, set_aside = received_at, (*set_aside, "at")
    return Reading(
        tenant,
        device,
        parsed.kind,
        at,
        received_at,
        parsed.body,
        parsed.id,
        identity_of(parsed, tenant, device),
        parsed.digest,
        late_s,
        set_aside,
    )


def never_rejected(parsed: Parsed | Reading) -> bool:
    """Whether this must be kept whatever is wrong with it."""
    if parsed.kind == "floor":
        return isinstance(parsed.body, Floor) and parsed.body.on_floor
    return parsed.kind in NEVER_REJECTED


def identity_of(parsed: Parsed, tenant: str, device: str) -> int | None:
    """64 bits (signed, as databases store them) that a redelivery has too.

    A press's identity includes its content: an id that a device uses again for another press must not hide that press.
    """
    if parsed.identity is None:
        return None
    content = parsed.digest if never_rejected(parsed) else ""
    name = f"{tenant}/{device}/{parsed.identity}/{content}"
    return xxhash.xxh3_64_intdigest(name.encode()) - (1 << 63)


def admit(registry: Registry, reading: Reading) -> Admitted:
    """Find whose reading it is.

    Raises:
        ReadingRejected: `unknown_tenant`; `unknown_device` unless it is a press, a fall or somebody on the floor.
    """
    if reading.tenant not in registry.tenants:
        raise ReadingRejected("unknown_tenant", "tenant")
    found = registry.assignment(reading.tenant, reading.device, reading.at)
    if found is None:
        # What was buffered before it was handed out comes from whoever has it now.
        found = registry.assignment(reading.tenant, reading.device, reading.received_at)
    if found is None:
        if never_rejected(reading):
            return Admitted(reading, None)
        raise ReadingRejected("unknown_device", "device")
    # A press is no position watch: its own position always counts.
    return Admitted(reading, found.plan, reading.kind != "position" or found.plan.consents(reading.received_at))
