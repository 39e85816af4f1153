"""Two municipalities with people, devices and chains, whose waits are a seed's own; and what checkers know of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from alarmcore.model.site import Site
from alarmcore.sitefile import check_document, require
from tests.simulation.scale import Scale

TENANTS: Final = ("grastorp", "tanum")
PLACES: Final = {"grastorp": (58.33, 12.68), "tanum": (58.72, 11.32), "sotenas": (58.38, 11.25), "lysekil": (58.27, 11.44)}

ZONE_M: Final = 300.0
"""Radius of everybody's safety zone."""

HANDOVER_S: Final = 15.0
"""The front door's promise: hand-over that has not worked after this long does not hold the chain up."""

LOCAL: Final = ZoneInfo("Europe/Stockholm")


class Expected(msgspec.Struct, frozen=True):
    """What may and must happen to one resident's alarms: recipients' addresses and channels, and each link's wait."""

    links: tuple[tuple[str, ...], ...]
    waits: tuple[float, ...]
    addresses: dict[str, frozenset[tuple[str, str | None]]]
    follow_up_s: float
    bed_limit_s: float

    def centre_bound_s(self) -> float:
        """How long it may take at most until the last link, the centre, is told, once everything works."""
        return sum(HANDOVER_S + wait for wait in self.waits[:-1])


class Town(msgspec.Struct, frozen=True):
    """One municipality as the service is given it, and as checkers know it. Key of `residents` "" is for unknown devices.

    `changed` is the site after an update: everybody is reached in fewer ways, and some rules are gone or new.
    """

    site: Site
    changed: Site
    residents: dict[str, Expected]


def town(tenant: str, rng: Random, residents: int, scale: Scale, begin_at: datetime) -> Town:
    """A municipality."""
    waits = [rng.choice(choice) for choice in scale.waits]
    follow_up_s, bed_limit_s = rng.choice(scale.follow_ups), rng.choice(scale.bed_limits)
    soon = (begin_at + timedelta(minutes=10)).astimezone(LOCAL)
    later = (begin_at + timedelta(minutes=20)).astimezone(LOCAL)
    duties: list[dict[str, Any]] = [{}, {"duty": [{"from": f"{soon:%H:%M}", "to": f"{later:%H:%M}"}]}]
    duty = rng.choice([*duties, {"duty": [{"from": "12:00", "to": "13:00"}]}])
    document = {
        "version": 1,
        "tenant": {"id": tenant, "name": tenant.title(), "timezone": LOCAL.key, "language": "sv"},
        "contacts": [contact(tenant, number, rng) for number in range(residents)],
        "units": [
            {"id": "patrol", "name": "Patrol", "kind": "patrol", "channels": [way("webhook", tenant, "patrol")], **duty},
            {
                "id": "centre",
                "name": "Centre",
                "kind": "centre",
                "channels": [{"kind": "console"}, way("webhook", tenant, "centre"), way("email", tenant, "centre")],
            },
        ],
        "chains": [chain(number, waits, follow_up_s) for number in range(residents)],
        "residents": [resident(tenant, number, scale, bed_limit_s) for number in range(residents)],
    }
    site, changed = (require(check_document(one, "simulation")) for one in (document, after_an_update(document)))
    return Town(site, changed, expected_of(document, waits, follow_up_s, bed_limit_s))


def after_an_update(document: dict[str, Any]) -> dict[str, Any]:
    """The same municipality: everybody is reached by the last of their channels only, doors are watched no longer, cold is."""
    fewer = {part: [{**one, "channels": one["channels"][-1:]} for one in document[part]] for part in ("contacts", "units")}
    cold = {"id": "cold", "kind": "measurement", "quantity": "temperature", "below": 15.0, "clear": 16.0}
    people = []
    for one in document["residents"]:
        rules = [rule for rule in one["rules"] if rule["kind"] != "door_open"]
        people.append({**one, "rules": [*rules, {**cold, "chain": one["chain"]}]})
    return {**document, **fewer, "residents": people}


def way(kind: str, tenant: str, who: str) -> dict[str, Any]:
    """A channel with an address that nobody else has."""
    return {"kind": kind, "to": f"http://127.0.0.1:9/{tenant}/{who}" if kind == "webhook" else f"{who}@{tenant}.example"}


def contact(tenant: str, number: int, rng: Random) -> dict[str, Any]:
    """A relative of one resident."""
    kinds = rng.choice((("webhook",), ("email",), ("webhook", "email")))
    return {"id": f"eva{number}", "name": f"Eva {number}", "channels": [way(kind, tenant, f"eva{number}") for kind in kinds]}


def chain(number: int, waits: list[float], follow_up_s: float) -> dict[str, Any]:
    """A resident's own chain: their relative, the patrol, the centre."""
    told = ([f"contact:eva{number}"], ["unit:patrol"], ["unit:centre"])
    links = [{"tell": who, "wait_s": wait} for who, wait in zip(told, waits, strict=True)]
    return {"id": f"chain{number}", "links": links, "follow_up_s": follow_up_s}


def home_of(tenant: str, number: int) -> tuple[float, float]:
    """Where a resident lives: latitude and longitude, some kilometres from the next one."""
    lat, lon = PLACES[tenant]
    return lat + 0.03 * (number % 10), lon + 0.03 * (number // 10)


def resident(tenant: str, number: int, scale: Scale, bed_limit_s: float) -> dict[str, Any]:
    """Somebody with a home full of devices, and every kind of rule."""
    lat, lon = home_of(tenant, number)
    limits, walked = scale.limits, f"chain{number}"
    lasting = {"again_s": limits["again"]}
    night = {} if scale.night is None else {"active": [{"from": scale.night[0], "to": scale.night[1]}]}
    day = {} if scale.night is None else {"active": [{"from": "08:00", "to": "21:00"}]}
    return {
        "id": f"r{number}",
        "name": f"Karin {number}",
        "chain": walked,
        "home": {"lat": lat, "lon": lon},
        "devices": [{"id": f"{name}{number}", "kind": kind} for name, kind in DEVICES.items()],
        "zones": [
            {"id": "home", "circle": {"lat": lat, "lon": lon, "radius_m": ZONE_M}},
            {"id": "lake", "circle": {"lat": lat - 0.012, "lon": lon, "radius_m": ZONE_M}},
        ],
        "rules": [
            {"id": "press", "kind": "button"},
            {"id": "fall", "kind": "fall"},
            {"id": "quiet", "kind": "silent", "limit_s": limits["silent"], "chain": walked, **lasting},
            {"id": "night", "kind": "out_of_bed", "limit_s": bed_limit_s, **lasting, **night},
            {"id": "wander", "kind": "zone_exit", "zones": ["home"], **lasting},
            {"id": "shore", "kind": "zone_enter", "zones": ["lake"], "priority": "critical"},
            {"id": "lying", "kind": "on_floor", "limit_s": limits["on_floor"], **lasting},
            {"id": "still", "kind": "inactivity", **known(number, limits["inactivity"]), **lasting, **day},
            {"id": "up", "kind": "out_of_bed", "usual": learned(2.0 * bed_limit_s), "priority": "normal", **lasting, **night},
            {"id": "door", "kind": "door_open", "limit_s": limits["door_open"], "priority": "normal", **lasting},
            {"id": "flat", "kind": "battery_low", "chain": walked},
            {"id": "hot", "kind": "measurement", "quantity": "temperature", "above": 28.0, "clear": 27.0, "priority": "normal"},
            {"id": "pills", "kind": "missed_medication"},
        ],
    }


def known(number: int, limit_s: float) -> dict[str, Any]:
    """Of every other person a limit that is learned."""
    return {"usual": learned(limit_s)} if number % 2 else {"limit_s": limit_s}


def learned(most_s: float) -> dict[str, float]:
    """Bounds of a learned limit."""
    return {"min_s": most_s / 4.0, "max_s": most_s}


DEVICES: Final = {
    "pendant": "button",
    "bed": "bed",
    "gps": "gps",
    "motion": "motion",
    "door": "door",
    "floor": "floor",
    "box": "medication",
    "thermo": "measurement",
}


def expected_of(document: dict[str, Any], waits: list[float], follow_up_s: float, bed_limit_s: float) -> dict[str, Expected]:
    """What checkers hold every message and every moment against, straight from the document."""
    people = {f"contact:{one['id']}": one for one in document["contacts"]}
    people |= {f"unit:{one['id']}": one for one in document["units"]}
    ways = {ref: frozenset((way["kind"], way.get("to")) for way in one["channels"]) for ref, one in people.items()}
    found: dict[str, Expected] = {}
    for one, walked in zip(document["residents"], document["chains"], strict=True):
        links = tuple(tuple(link["tell"]) for link in walked["links"])
        mine = {ref: ways[ref] for link in links for ref in link}
        found[one["id"]] = Expected(links, tuple(waits), mine, follow_up_s, bed_limit_s)
    centre = "unit:centre"
    found[""] = Expected(((centre,),), (60.0,), {centre: ways[centre]}, 1800.0, bed_limit_s)
    return found
