"""Readers of everybody around the residents: the tenant, its agreements, contacts, units, and the chains that reach them."""

from __future__ import annotations

import os
from typing import Any, Final, cast
from zoneinfo import ZoneInfo, available_timezones

from alarmcore.calendar import covers_week
from alarmcore.model.site import Agreement, Chain, Contact, Link, Tenant, Unit
from alarmcore.sitefile.ledger import Entry
from alarmcore.sitefile.surroundings import Surroundings, Uniqueness
from alarmcore.sitefile.values import PLACE, channels, moment, place, seconds

TENANT: Final = ("id", "name", "timezone", "language")
AGREEMENT: Final = ("with", "they_may", "we_may", "until")
CONTACT: Final = ("id", "name", "channels")
UNIT: Final = ("id", "name", "kind", "base", "channels", "duty")
CHAIN: Final = ("id", "links", "follow_up_s")
LINK: Final = ("tell", "wait_s")

RIGHTS: Final = ("receive", "respond")
UNIT_KINDS: Final = ("centre", "patrol")
LANGUAGES: Final = ("sv", "en")

ZONE_DEFAULT: Final = "Europe/Stockholm"

LINKS_MAX: Final = 50
"""Links of a chain: with more, the alarm centre at its end would hear of an alarm an hour late."""

WAIT_MAX_S: Final = 86400.0
"""A link that is waited for longer than a day is no part of an alarm."""

WAIT_LONG_S: Final = 3600.0
"""From here on a wait before anybody else is told deserves a second look."""

FOLLOW_UP_MAX_S: Final = 7 * 86400.0
"""An alarm that was taken a week ago and is not resolved has been forgotten."""


def read_tenant(root: Entry) -> tuple[Tenant, ZoneInfo]:
    """The tenant, and its time zone."""
    entry = root.entry("tenant", TENANT)
    if entry is None:
        if root.fields.get("tenant") is None:
            root.missing("tenant")
        return Tenant("", ""), ZoneInfo(ZONE_DEFAULT)
    zone = _zone(entry)
    language = entry.choice("language", LANGUAGES, "sv")
    return Tenant(entry.ident(), entry.text("name"), zone.key, cast("Any", language)), zone


def _zone(entry: Entry) -> ZoneInfo:
    """The time zone, by its name in the tz database."""
    if entry.fields.get("timezone") is None:
        return ZoneInfo(ZONE_DEFAULT)
    name = entry.text("timezone")
    try:
        # The database may stand in a folder, and a name must not lead out of it.
        if name and os.sep not in name[:1] and ".." not in name:
            return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        pass
    if name:
        guess = entry.ledger.suggestion(name, sorted(available_timezones()))
        entry.error("timezone", f"is no time zone{guess}; give a name such as {ZONE_DEFAULT}")
    return ZoneInfo(ZONE_DEFAULT)


def read_agreements(root: Entry, known: Surroundings) -> tuple[Agreement, ...]:
    """What other tenants and this one may do for each other."""
    once = Uniqueness("agreement")
    return tuple(_agreement(entry, known, once) for entry in root.entries("agreements", AGREEMENT))


def _agreement(entry: Entry, known: Surroundings, once: Uniqueness) -> Agreement:
    partner = entry.ident("with")
    once.check(entry, partner, "with")
    if partner and partner == known.tenant:
        entry.error("with", "is this tenant itself; name the other one")
    they, we = _rights(entry, "they_may"), _rights(entry, "we_may")
    if not entry.fields.get("they_may") and not entry.fields.get("we_may"):
        entry.error("", "nobody may do anything by it; give they_may or we_may with receive, respond or both")
    until = moment(entry, "until", known.tz, end=True)
    if until is not None and known.now is not None and until <= known.now:
        entry.warn("until", "this agreement has ended; renew it or take it out")
    return Agreement(partner=partner, they_may=they, we_may=we, until=until)


def _rights(entry: Entry, name: str) -> tuple[Any, ...]:
    found: list[str] = []
    for index, right in enumerate(entry.listed(name)):
        if isinstance(right, str) and right in RIGHTS:
            if right not in found:
                found.append(right)
        else:
            guess = entry.ledger.suggestion(right, RIGHTS)
            entry.error(name, f"is not known here{guess}; use receive or respond", index)
    return tuple(found)


def read_contacts(root: Entry) -> tuple[Contact, ...]:
    """Relatives and others who are told."""
    once = Uniqueness("contact")
    return tuple(_contact(entry, once) for entry in root.entries("contacts", CONTACT))


def _contact(entry: Entry, once: Uniqueness) -> Contact:
    contact = Contact(entry.ident(), entry.text("name"), channels(entry))
    once.check(entry, contact.id)
    if contact.channels and all(channel.kind == "console" for channel in contact.channels):
        entry.warn("channels", "a contact sees no console, so that nothing would reach them; give a phone or an e-mail address")
    return contact


def read_units(root: Entry, known: Surroundings) -> tuple[Unit, ...]:
    """Response units and alarm centres."""
    once = Uniqueness("unit")
    return tuple(_unit(entry, known, once) for entry in root.entries("units", UNIT))


def _unit(entry: Entry, known: Surroundings, once: Uniqueness) -> Unit:
    unit = Unit(
        id=entry.ident(),
        name=entry.text("name"),
        kind=cast("Any", entry.choice("kind", UNIT_KINDS)),
        base=place(entry.entry("base", PLACE)),
        channels=channels(entry),
        duty=known.windows.read(entry, "duty"),
    )
    once.check(entry, unit.id)
    if is_console_only(unit):
        entry.warn(
            "channels",
            "the console is this centre's only channel, and a page that nobody has open tells nobody; "
            "add a phone, e-mail or web address (alarmcore serve refuses it without)",
        )
    return unit


def is_console_only(unit: Unit) -> bool:
    """Whether this is a centre that can be reached by its page only."""
    return unit.kind == "centre" and bool(unit.channels) and all(channel.kind == "console" for channel in unit.channels)


def read_chains(root: Entry, known: Surroundings, units: tuple[Unit, ...]) -> tuple[Chain, ...]:
    """The chains; each must end where somebody always is."""
    once = Uniqueness("chain")
    by_ref = {f"unit:{unit.id}": unit for unit in units}
    return tuple(_chain(entry, known, by_ref, once) for entry in root.entries("chains", CHAIN))


def _chain(entry: Entry, known: Surroundings, by_ref: dict[str, Unit], once: Uniqueness) -> Chain:
    ident = entry.ident()
    once.check(entry, ident)
    links = tuple(_link(one, known) for one in entry.entries("links", LINK))
    if not links and entry.fields.get("links") in (None, []):
        entry.error("links", "has no link, so that nobody would be told; give at least one, the last with an alarm centre")
    elif len(links) > LINKS_MAX:
        entry.error("links", f"has {len(links)} links and may have {LINKS_MAX}; take some together")
    if links and links[-1].tell:
        _check_end(entry, links, by_ref)
    follow_up_s = seconds(entry, "follow_up_s", required=False, longest_s=FOLLOW_UP_MAX_S)
    return Chain(ident, links) if follow_up_s is None else Chain(ident, links, follow_up_s)


def _link(entry: Entry, known: Surroundings) -> Link:
    tell: list[str] = []
    for index, value in enumerate(entry.listed("tell")):
        found = known.recipient(entry, "tell", index, value)
        if found is None:
            continue
        if found in tell:
            entry.warn("tell", f"{found} stands twice in this link; keep one", index)
        else:
            tell.append(found)
    if entry.fields.get("tell") in (None, []):
        entry.error("tell", "names nobody; give a list of contact:ID and unit:ID")
    wait_s = seconds(entry, "wait_s", longest_s=WAIT_MAX_S)
    if wait_s is not None and wait_s > WAIT_LONG_S:
        entry.warn("wait_s", f"is {wait_s:g}: for longer than an hour nobody else would be told; is it in seconds?")
    return Link(tuple(tell), wait_s or 0.0)


def _check_end(entry: Entry, links: tuple[Link, ...], by_ref: dict[str, Unit]) -> None:
    """Refuse a chain that can end with nobody."""
    last = len(entry.listed("links")) - 1
    centres = [by_ref[ref] for ref in links[-1].tell if ref in by_ref and by_ref[ref].kind == "centre"]
    if any(not centre.duty or covers_week(centre.duty) for centre in centres):
        return
    if not centres:
        entry.error("links", "the last link reaches no alarm centre; add a link that tells a unit of kind centre", last)
    else:
        names = ", ".join(centre.id for centre in centres)
        entry.error(
            "links", f"the last link reaches {names}, not always on duty; end with a centre whose duty covers the week", last
        )
