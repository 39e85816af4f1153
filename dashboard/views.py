"""Alarms and events as pages and the API show them: plain dictionaries with names beside ids and times as text."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from alarmcore.model.alarm import Alarm, Facts, Fix
from alarmcore.model.site import Resident, Site
from alarmcore.ports import StoredEvent
from dispatch.chain import ChainState
from dispatch.wording import facts_text, zone_names


def stamp(at: datetime) -> str:
    """`2026-01-14T12:00:00.000Z`."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def _at(at: datetime | None) -> str | None:
    return None if at is None else stamp(at)


def fix_view(fix: Fix | None) -> dict[str, Any] | None:
    """A position."""
    if fix is None:
        return None
    return {"lat": fix.lat, "lon": fix.lon, "accuracy_m": fix.accuracy_m, "at": stamp(fix.at)}


def facts_view(facts: Facts | None) -> dict[str, Any] | None:
    """What a finding about zones rests on, in numbers."""
    return None if facts is None else msgspec.to_builtins(facts)


def reason_view(facts: Facts | None, resident: Resident | None, site: Site | None = None) -> dict[str, str] | None:
    """The same as a relative understands it, by language."""
    if facts is None:
        return None
    names = zone_names(resident)
    tz = site.tenant.tz if site else None
    return {"sv": facts_text(facts, "sv", names, tz), "en": facts_text(facts, "en", names, tz)}


def next_step_at(alarm: Alarm, chain: ChainState | None) -> datetime | None:
    """The stored moment at which something happens with an open alarm; None means that a promise is broken."""
    moments = [at for at in (alarm.wake_at, chain.wake_at if chain is not None else None) if at is not None]
    return min(moments, default=None) if alarm.state != "resolved" else None


def alarm_view(alarm: Alarm, chain: ChainState | None, site: Site | None) -> dict[str, Any]:
    """One alarm as it stands in lists."""
    resident = site.resident_by_id.get(alarm.slot.resident) if site else None
    if chain is not None and (chain.alarm is None or chain.alarm.id != alarm.id):
        chain = None
    return {
        "id": alarm.id,
        "tenant": alarm.slot.tenant,
        "resident": alarm.slot.resident or None,
        "rule": alarm.slot.rule,
        "cause": alarm.cause,
        "priority": alarm.priority,
        "state": alarm.state,
        "raised_at": stamp(alarm.raised_at),
        "taken_by": alarm.taken_by,
        "position": fix_view(alarm.fix),
        "why": alarm.why,
        "late_s": alarm.late_s or None,
        "facts": facts_view(alarm.facts),
        "reason": reason_view(alarm.facts, resident, site),
        "resident_name": resident.name if resident else None,
        "address": resident.home.address if resident and resident.home else None,
        "device": alarm.device or None,
        "happened_at": stamp(alarm.happened_at),
        "taken_by_name": name_of(alarm.taken_by, site),
        "taken_at": _at(alarm.taken_at),
        "taken_via": alarm.taken_via,
        "repeats": alarm.repeats,
        "last_repeat_at": _at(alarm.last_repeat_at),
        "ended_at": _at(alarm.ended_at),
        "follow_up_at": _at(alarm.wake_at),
        "next_step_at": _at(next_step_at(alarm, chain)),
        "outcome": alarm.outcome,
        "resolved_at": _at(alarm.resolved_at),
        "link": chain.link if chain else None,
        "told": told_view(chain, site),
    }


def told_view(chain: ChainState | None, site: Site | None) -> list[dict[str, Any]]:
    """Who has been told last, by which channel, and when."""
    handed = [t for t in chain.tellings if t.handed_at is not None] if chain else []
    return [{"to": t.ref, "name": name_of(t.ref, site), "channel": t.handed_by, "at": _at(t.handed_at)} for t in handed]


def name_of(ref: str | None, site: Site | None) -> str | None:
    """What people call a recipient or an operator."""
    if ref is None:
        return None
    who = site.recipient_by_ref.get(ref) if site else None
    return who.name if who else ref.split(":", 1)[-1]


def event_view(stored: StoredEvent, site: Site | None) -> dict[str, Any]:
    """One line of a timeline; what is absent is left out."""
    event = stored.event
    view: dict[str, Any] = {"seq": stored.seq, "at": stamp(event.at), "event": event.event}
    names = ("alarm", "resident", "rule", "cause", "priority", "link", "to", "channel", "why", "late_s", "via", "text", "outcome")
    view |= {name: value for name in names if (value := getattr(event, name)) is not None}
    if event.facts is not None:
        resident = site.resident_by_id.get(event.resident or "") if site else None
        view |= {"facts": facts_view(event.facts), "reason": reason_view(event.facts, resident, site)}
    if event.to is not None:
        view["to_name"] = name_of(event.to, site)
    if event.event.startswith("alarm.outing_"):
        # Whom somebody is out with is no note that somebody has written.
        company = view.pop("text", None)
        view |= {"with": company, "with_name": company_name(company, site), "until": _at(event.until)}
    return view


def company_name(company: str | None, site: Site | None) -> str | None:
    """Whom somebody is out with: a recipient's name, or what was written."""
    return name_of(company, site) if site is not None and company in site.recipient_by_ref else company


def detail_view(alarm: Alarm, chain: ChainState | None, site: Site | None, timeline: list[StoredEvent]) -> dict[str, Any]:
    """One alarm with its timeline, map and chain."""
    resident = site.resident_by_id.get(alarm.slot.resident) if site else None
    return alarm_view(alarm, chain, site) | {
        "timeline": [event_view(stored, site) for stored in timeline],
        "zones": zones_view(resident),
        "home": _home(resident),
        "chain": _links(alarm, chain, site),
        "responsible": {
            "reception": _responsible(resident.responsible.reception if resident else None, site),
            "search": _responsible(resident.responsible.search if resident else None, site),
        },
    }


def zones_view(resident: Resident | None) -> dict[str, Any]:
    """A resident's zones as GeoJSON."""
    zones = resident.zones if resident else ()
    features = [
        {"type": "Feature", "properties": {"id": z.id, "name": z.name or z.id}, "geometry": z.area.geojson()} for z in zones
    ]
    return {"type": "FeatureCollection", "features": features}


def _home(resident: Resident | None) -> dict[str, Any] | None:
    home = resident.home if resident else None
    return {"lat": home.lat, "lon": home.lon, "address": home.address} if home else None


def _responsible(ref: str | None, site: Site | None) -> dict[str, Any] | None:
    return {"to": ref, "name": name_of(ref, site)} if ref else None


def _links(alarm: Alarm, chain: ChainState | None, site: Site | None) -> list[dict[str, Any]]:
    if chain is None:
        return []
    return [
        {
            "link": place,
            "tell": [{"to": r.ref, "name": name_of(r.ref, site)} for r in link.recipients],
            "wait_s": link.wait_s,
        }
        for place, link in enumerate(chain.book.chain(alarm.chain).links)
    ]
