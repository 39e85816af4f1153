"""Two small municipalities with people, devices and chains, whose waits are a seed's own; and what checkers know of them."""

from __future__ import annotations

from random import Random
from typing import Any, Final

import msgspec

from alarmcore.model.site import Site
from alarmcore.sitefile import check_document, require

TENANTS: Final = ("grastorp", "tanum")

HANDOVER_S: Final = 15.0
"""The front door's promise: hand-over that has not worked after this long does not hold the chain up."""


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

    `changed` is the site after an update: everybody is reached in fewer ways.
    """

    site: Site
    changed: Site
    residents: dict[str, Expected]


def town(tenant: str, rng: Random, residents: int) -> Town:
    """A municipality."""
    waits = [rng.choice((5.0, 20.0, 45.0)), rng.choice((10.0, 30.0)), rng.choice((20.0, 40.0, 60.0))]
    follow_up_s = rng.choice((60.0, 120.0, 240.0))
    bed_limit_s = rng.choice((30.0, 60.0, 90.0))
    duty = rng.choice(({}, {"duty": [{"from": "12:10", "to": "12:20"}]}, {"duty": [{"from": "03:00", "to": "04:00"}]}))
    contacts = [contact(tenant, number, rng) for number in range(residents)]
    document = {
        "version": 1,
        "tenant": {"id": tenant, "name": tenant.title(), "timezone": "Europe/Stockholm", "language": "sv"},
        "contacts": contacts,
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
        "residents": [resident(number, bed_limit_s) for number in range(residents)],
    }
    site, changed = (require(check_document(one, "simulation")) for one in (document, with_fewer_ways(document)))
    return Town(site, changed, expected_of(document, waits, follow_up_s, bed_limit_s))


def with_fewer_ways(document: dict[str, Any]) -> dict[str, Any]:
    """The same municipality, where everybody is reached by the last of their channels only."""
    fewer = {part: [{**one, "channels": one["channels"][-1:]} for one in document[part]] for part in ("contacts", "units")}
    return {**document, **fewer}


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


def resident(number: int, bed_limit_s: float) -> dict[str, Any]:
    """Somebody with a pendant and a bed sensor."""
    return {
        "id": f"r{number}",
        "name": f"Karin {number}",
        "chain": f"chain{number}",
        "devices": [{"id": f"pendant{number}", "kind": "button"}, {"id": f"bed{number}", "kind": "bed"}],
        "rules": [
            {"id": "press", "kind": "button"},
            {"id": "fall", "kind": "fall"},
            {"id": "quiet", "kind": "silent", "limit_s": 150, "again_s": 300, "chain": f"chain{number}"},
            {"id": "night", "kind": "out_of_bed", "limit_s": bed_limit_s, "again_s": 600},
        ],
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
