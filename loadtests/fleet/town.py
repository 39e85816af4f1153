"""The demo municipality: a site document of forty invented residents around Grästorp, with everything a municipality sets up.

Sixteen of them live under limits of seconds rather than minutes, so that whoever looks on sees every rule fire within a
quarter of an hour; the others live under ordinary limits, so that ordinary life raises nothing.
"""

from __future__ import annotations

import random
from math import cos, pi, sin
from typing import Any, Final

from loadtests.fleet.ground import moved
from loadtests.fleet.people import FIRST, LAST, STREETS

Document = dict[str, Any]

CENTRE: Final = (58.3325, 12.6810)
TOWN_M: Final = 1_400.0
"""Homes lie within this distance of the middle."""

HOOK: Final = "http://127.0.0.1:9999/hook"

DAY: Final = [{"from": "08:00", "to": "20:00"}]
NIGHT: Final = [{"from": "22:00", "to": "06:00"}]

Rules = list[Document]
Equipment = tuple[tuple[str, ...], Rules]

ORDINARY: Final[tuple[Equipment, ...]] = (
    (
        ("gps",),
        [
            {"id": "wander", "kind": "zone_exit", "zones": ["home", "village"], "priority": "high"},
            {"id": "quiet", "kind": "silent", "limit_s": 3600},
            {"id": "battery", "kind": "battery_low"},
        ],
    ),
    (
        ("bed", "motion"),
        [
            {"id": "night", "kind": "out_of_bed", "usual": {"min_s": 600, "max_s": 3600}, "active": NIGHT},
            {"id": "still", "kind": "inactivity", "limit_s": 10800, "active": DAY},
            {"id": "sensors", "kind": "sensor_fault"},
        ],
    ),
    (
        ("door", "motion"),
        [
            {"id": "door", "kind": "door_open", "limit_s": 900, "active": NIGHT},
            {"id": "still", "kind": "inactivity", "usual": {"min_s": 7200, "max_s": 21600}, "active": DAY},
        ],
    ),
    (("bed", "floor"), [{"id": "floor", "kind": "on_floor", "limit_s": 30}, {"id": "quiet", "kind": "silent", "limit_s": 3600}]),
)
"""Devices and rules of residents with ordinary limits, dealt out in turn."""

SHORT: Final[tuple[Equipment, ...]] = (
    (("gps",), [{"id": "wander", "kind": "zone_exit", "zones": ["home"], "priority": "high"}]),
    (("gps",), [{"id": "stream", "kind": "zone_enter", "zones": ["stream"], "priority": "high"}]),
    (("bed",), [{"id": "night", "kind": "out_of_bed", "limit_s": 40}]),
    (("floor",), [{"id": "floor", "kind": "on_floor", "limit_s": 15}]),
    (("door",), [{"id": "door", "kind": "door_open", "limit_s": 45}]),
    (("motion",), [{"id": "still", "kind": "inactivity", "limit_s": 150, "priority": "normal"}]),
    (("gps",), [{"id": "quiet", "kind": "silent", "limit_s": 150}, {"id": "battery", "kind": "battery_low"}]),
    (
        ("measurement", "medication"),
        [
            {"id": "cold", "kind": "measurement", "quantity": "temperature_c", "below": 16, "clear": 17, "priority": "normal"},
            {"id": "dose", "kind": "missed_medication", "priority": "normal"},
        ],
    ),
)
"""Devices and rules of the residents to whom things happen; each kind twice."""

RESIDENTS: Final = 40
SHORT_TIMES: Final = 2


def town(seed: int, hook: str = HOOK) -> Document:
    """The whole municipality as a site document; the same seed gives the same one. Webhooks go to `hook`."""
    chance = random.Random(f"town/{seed}")
    short = list(SHORT) * SHORT_TIMES
    equipment = [*short, *(ORDINARY[n % len(ORDINARY)] for n in range(RESIDENTS - len(short)))]
    names = _names(chance)
    contacts = [_contact(n, chance, names, hook) for n in range(RESIDENTS // 2)]
    return {
        "version": 1,
        "tenant": {"id": "demo", "name": "Demokommunen", "timezone": "Europe/Stockholm", "language": "sv"},
        "contacts": contacts,
        "units": _units(hook),
        "chains": _chains(contacts),
        "residents": [_resident(n, names[n], equipped, contacts, chance) for n, equipped in enumerate(equipment)],
    }


def _names(chance: random.Random) -> list[str]:
    """A name each for residents and contacts, none twice."""
    every = [f"{first} {last}" for first in FIRST for last in LAST]
    return chance.sample(every, 2 * RESIDENTS)


def _contact(n: int, chance: random.Random, names: list[str], hook: str) -> Document:
    """A relative of two residents. Phone numbers are of the range that Sweden keeps free for fiction."""
    mail = {"kind": "email", "to": f"contact{n + 1}@example.org"}
    text = {"kind": "sms", "to": f"+467017406{5 + n // 10}{n % 10}"}
    web = {"kind": "webhook", "to": hook}
    channels = chance.choice([[text, mail], [mail, text], [web, mail], [mail]])
    return {"id": f"contact-{n + 1}", "name": names[RESIDENTS + n], "channels": channels}


def _units(hook: str) -> list[Document]:
    """Who goes out, and the alarm centre that is always there."""
    lat, lon = CENTRE
    web = [{"kind": "webhook", "to": hook}]
    return [
        {
            "id": "night-patrol",
            "name": "Nattpatrullen",
            "kind": "patrol",
            "base": {"lat": lat, "lon": lon},
            "channels": web,
            "duty": [{"from": "21:00", "to": "07:00"}],
        },
        {
            "id": "home-care",
            "name": "Hemtjänstpatrullen",
            "kind": "patrol",
            "base": {"lat": lat + 0.004, "lon": lon - 0.006},
            "channels": web,
            "duty": [{"from": "07:00", "to": "21:00"}],
        },
        {"id": "centre", "name": "Larmcentralen", "kind": "centre", "channels": [{"kind": "console"}, *web]},
    ]


def _chains(contacts: list[Document]) -> list[Document]:
    """`standard` and `technical`, and one for each contact, who is asked first."""
    patrols = {"tell": ["unit:night-patrol", "unit:home-care"], "wait_s": 120}
    last = {"tell": ["unit:centre"], "wait_s": 60}
    own = [
        {"id": f"by-{c['id']}", "links": [{"tell": [f"contact:{c['id']}"], "wait_s": 60}, patrols, last], "follow_up_s": 1800}
        for c in contacts
    ]
    return [
        {"id": "standard", "links": [last, patrols, last], "follow_up_s": 1800},
        {"id": "technical", "links": [{"tell": ["unit:centre"], "wait_s": 600}]},
        *own,
    ]


def _resident(n: int, name: str, equipped: Equipment, contacts: list[Document], chance: random.Random) -> Document:
    """One resident: a home, a pendant, and what else this kind of resident has."""
    kinds, rules = equipped
    angle, far = chance.uniform(0, 2 * pi), TOWN_M * chance.uniform(0.15, 1.0) ** 0.5
    lat, lon = moved(*CENTRE, far * cos(angle), far * sin(angle))
    number = f"{n + 1:02d}"
    resident: Document = {
        "id": f"r{number}",
        "name": name,
        "home": {"lat": lat, "lon": lon, "address": f"{chance.choice(STREETS)} {chance.randint(1, 40)}, Grästorp"},
        "consent": {"given": "2026-01-10", "by": "resident", "basis": chance.choice(["sol", "sol", "hsl", "lss"])},
        "responsible": {"reception": "unit:centre", "search": "unit:home-care"},
        "chain": "standard" if n < len(SHORT) * SHORT_TIMES else f"by-{contacts[n % len(contacts)]['id']}",
        "technical_chain": "technical",
        "devices": [{"id": f"{kind}-{number}", "kind": kind} for kind in ("pendant", *kinds)],
        "rules": [{"id": "press", "kind": "button"}, {"id": "fall", "kind": "fall"}, *rules],
    }
    named = {zone for rule in rules for zone in rule.get("zones", ())}
    # Whoever has zones has one around the home, so that the map shows where they belong.
    zones = [_zone(zone, lat, lon) for zone in sorted(named | {"home"} if named else named)]
    return resident | ({"zones": zones} if zones else {})


def _zone(zone: str, lat: float, lon: float) -> Document:
    """One of the three zones a resident of the demo can have."""
    if zone == "home":
        return {"id": "home", "circle": {"lat": lat, "lon": lon, "radius_m": 150}}
    if zone == "stream":
        bank_lat, bank_lon = moved(lat, lon, 260.0, 60.0)
        return {"id": "stream", "circle": {"lat": bank_lat, "lon": bank_lon, "radius_m": 80}}
    # Around everybody's home, its twelve corners a little uneven, as somebody draws it by hand.
    reach = [TOWN_M + 300.0 + 90.0 * (n * 7 % 5) for n in range(12)]
    ring = [moved(*CENTRE, r * cos(2 * pi * n / 12), r * sin(2 * pi * n / 12)) for n, r in enumerate(reach)]
    corners = [[corner[1], corner[0]] for corner in ring]
    return {"id": "village", "area": {"type": "Polygon", "coordinates": [[*corners, corners[0]]]}}
