"""Site documents for tests of the running service. Every name in them is one that no log may hold."""

from __future__ import annotations

from typing import Any

PRIVATE = ("Karin", "Svensson", "Storgatan", "Andersson", "58.3345", "12.6784", "eva@", "+4670", "Klintberg", "Hemlig")
"""What a log must never hold: names, address, coordinates, numbers."""


def town(
    tenant: str = "grastorp", *, hook: str = "http://127.0.0.1:9/hook", residents: int = 2, **changes: Any
) -> dict[str, Any]:
    """A municipality with `residents` persons `r1`… with the pendants `pendant-1`…, told by mail (eva), then webhook (centre)."""
    site: dict[str, Any] = {
        "version": 1,
        "tenant": {"id": tenant, "name": f"{tenant} kommun", "timezone": "Europe/Stockholm", "language": "sv"},
        "contacts": [
            {"id": "eva", "name": "Eva Andersson", "channels": [{"kind": "email", "to": f"eva@{tenant}.example"}]},
        ],
        "units": [
            {
                "id": "centre",
                "name": "Larmcentralen",
                "kind": "centre",
                "channels": [{"kind": "webhook", "to": hook}],
            },
        ],
        "chains": [
            {
                "id": "standard",
                "links": [{"tell": ["contact:eva"], "wait_s": 60}, {"tell": ["unit:centre"], "wait_s": 60}],
                "follow_up_s": 1800,
            },
            {"id": "centre", "links": [{"tell": ["unit:centre"], "wait_s": 60}], "follow_up_s": 1800},
        ],
        "residents": [
            {
                "id": f"r{number}",
                "name": f"Karin Svensson {number}",
                "home": {"lat": 58.3345, "lon": 12.6784, "address": f"Storgatan {number}"},
                "chain": "centre",
                "devices": [{"id": f"pendant-{number}", "kind": "button"}, {"id": f"gps-{number}", "kind": "gps"}],
                "zones": [{"id": "home", "circle": {"lat": 58.3345, "lon": 12.6784, "radius_m": 150}}],
                "rules": [
                    {"id": "press", "kind": "button", "priority": "critical"},
                    {"id": "wander", "kind": "zone_exit", "zones": ["home"], "priority": "high"},
                ],
            }
            for number in range(1, residents + 1)
        ],
    }
    return site | changes


def ladder(hook: str, *, residents: int, wait_s: float, then_s: float = 600, **changes: Any) -> dict[str, Any]:
    """The town where everybody's chain tells eva, `wait_s` later bo, `then_s` later the centre, by webhook; then long nobody."""
    site = town(hook=hook, residents=residents, **changes)
    channels = [{"kind": "webhook", "to": hook}]
    site["contacts"] = [{"id": name, "name": f"{name.title()} Andersson", "channels": channels} for name in ("eva", "bo")]
    turns = [("contact:eva", wait_s), ("contact:bo", then_s), ("unit:centre", 3600)]
    links = [{"tell": [who], "wait_s": seconds} for who, seconds in turns]
    site["chains"] = [{"id": name, "links": links, "follow_up_s": 7200} for name in ("standard", "centre")]
    return site
