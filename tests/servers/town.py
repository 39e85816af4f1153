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
