"""Everything that is set up for one person, ready for the watch: rules, what they must know, and where their alarms go. Pure."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

import msgspec
import xxhash
from msgspec.structs import replace

from alarmcore.model.alarm import EndCondition, Fix, RaiseAlarm, Slot
from alarmcore.model.reading import BODIES
from alarmcore.model.site import Resident, Site
from alarmcore.rules.base import Away, End, Find, Rule, Setting, Span, combined
from alarmcore.rules.sensor_fault import SensorFault
from geofence import Area, circle

HOME_M = 200.0
"""Radius, in metres, around the home address within which somebody counts as at home: a block, plus GPS error indoors."""

HEARINGS_MAX = 4096
"""Different sets of rules for which it is kept who hears what: far more than municipalities have templates."""


class Path(msgspec.Struct, frozen=True, gc=False):
    """Where alarms go, and after how long, in seconds, a taken one is followed up."""

    chain: str
    follow_up_s: float


class Watched(msgspec.Struct, frozen=True, gc=False):
    """One rule as it applies to one person: what it must know of the person, and where its alarms go.

    `elsewhere` are the paths of the stays that have a chain of their own, for a rule that walks the person's usual one.
    """

    rule: Rule
    slot: Slot
    setting: Setting
    path: Path
    elsewhere: tuple[tuple[Span, Path], ...] = ()

    def path_at(self, now: datetime) -> Path:
        """Where an alarm raised now goes."""
        return next((path for span, path in self.elsewhere if span.holds(now)), self.path)


class Plan(msgspec.Struct, frozen=True, gc=False):
    """Everything that is set up for one person, ready for `step`.

    `areas` are the zones, and the home itself last where a rule needs it; an observation brings one distance for each.
    `hearing` says which rules (by place) want to see a kind of reading. `consent`: when positions may be used (None: always).
    `mark` is another one where rules are others, or devices: what was timed by those of before is to be asked anew.
    """

    tenant: str
    resident: str
    watched: tuple[Watched, ...]
    areas: tuple[Area, ...]
    hearing: dict[str, tuple[int, ...]]
    consent: Span | None = None
    mark: int = 0

    def consents(self, now: datetime) -> bool:
        """Whether positions may be used."""
        return self.consent is None or self.consent.holds(now)


def plan_for(site: Site, resident: Resident) -> Plan:
    """The plan of one resident of a checked site."""
    areas = [zone.area for zone in resident.zones]
    place = {zone.id: i for i, zone in enumerate(resident.zones)}
    home = None
    if resident.home is not None and any(rule.kind == "inactivity" for rule in resident.rules):
        home = len(areas)
        areas.append(circle(resident.home.lat, resident.home.lon, HOME_M))
    devices = tuple((d.id, Span(d.from_, d.until)) for d in resident.devices)
    tenant, tz = site.tenant.id, site.tenant.tz
    # Most rules have no zones and see the stays alike: they share what they must know of the person.
    guarded = any(isinstance(rule, SensorFault) for rule in resident.rules)
    kinds = tuple(device.kind for device in resident.devices)
    usual = Setting(tz, (), home, devices, _stays(resident, place, own=False), guarded=guarded, kinds=kinds)
    marks = tuple(area.mark() for area in areas)
    watched = tuple(
        Watched(
            rule,
            Slot(tenant, resident.id, rule.id),
            usual if not hasattr(rule, "zones") else _zoned(usual, resident, rule, place, marks),
            _path(site, _chain_of(resident, rule)),
            _elsewhere(site, resident, rule) if resident.stays else (),
        )
        for rule in resident.rules
    )
    consent = None if resident.consent is None else Span(resident.consent.given, resident.consent.until)
    hearing = _hearing(tuple(rule.hearing() for rule in resident.rules))
    return Plan(site.tenant.id, resident.id, watched, tuple(areas), hearing, consent, _mark(resident, usual))


def _mark(resident: Resident, setting: Setting) -> int:
    """The same in every process for the same rules, devices and stays; never 0.

    Of two different ones one in four thousand million is taken for the other: then a timer stays what it was, once.
    """
    stays = [(stay.from_, stay.until) for stay in setting.stays]
    rules = [(rule.kind, rule) for rule in resident.rules]
    return xxhash.xxh32_intdigest(_encode((setting.tz.key, setting.devices, stays, rules))) or 1


_encode = msgspec.msgpack.Encoder().encode


@lru_cache(maxsize=HEARINGS_MAX)
def _hearing(rules: tuple[frozenset[str], ...]) -> dict[str, tuple[int, ...]]:
    """Which rules, by place, want to see a kind of reading; one for all persons with rules that hear alike. Not to be changed."""
    return {kind: tuple(i for i, hears in enumerate(rules) if kind in hears) for kind in BODIES}


def _chain_of(resident: Resident, rule: Rule) -> str:
    if rule.chain:
        return rule.chain
    technical = rule.priority == "technical" and resident.technical_chain
    return technical or resident.chain


def _path(site: Site, chain: str) -> Path:
    return Path(chain, site.chain_by_id[chain].follow_up_s)


def _zoned(usual: Setting, resident: Resident, rule: Rule, place: dict[str, int], marks: tuple[int, ...]) -> Setting:
    zones = tuple(place[zone] for zone in getattr(rule, "zones", ()))
    stays = _stays(resident, place, own=True) if rule.kind == "zone_exit" else usual.stays
    mark = combined([marks[one] for one in zones])
    return replace(usual, zones=zones, stays=stays, marks=marks, mark=mark)


def _stays(resident: Resident, place: dict[str, int], *, own: bool) -> tuple[Away, ...]:
    """The stays, with zones of their `own`: they say where the person may be; what is to be kept out of stays so."""
    return tuple(
        Away(s.from_, s.until, tuple(place[z] for z in s.zones), s.zones) if own else Away(s.from_, s.until)
        for s in resident.stays
    )


def _elsewhere(site: Site, resident: Resident, rule: Rule) -> tuple[tuple[Span, Path], ...]:
    """The paths of stays for alarms that walk the person's usual chain; technical ones and a rule's own chain are not that."""
    if rule.chain or rule.priority == "technical":
        return ()
    return tuple((Span(s.from_, s.until), _path(site, s.chain or resident.chain)) for s in resident.stays)


def addressed(decision: Find | End, watched: Watched, fix: Fix | None, now: datetime) -> RaiseAlarm | EndCondition:
    """A rule's decision, addressed to the alarm of its slot."""
    if isinstance(decision, End):
        return EndCondition(watched.slot, decision.why)
    path = watched.path_at(now)
    return RaiseAlarm(
        slot=watched.slot,
        cause=watched.rule.kind,
        priority=watched.rule.priority,
        chain=path.chain,
        follow_up_s=path.follow_up_s,
        why=decision.why,
        reading=decision.cause,
        device=decision.device,
        happened_at=decision.happened_at,
        late_s=decision.late_s,
        again=decision.again,
        fix=fix,
        facts=decision.facts,
    )
