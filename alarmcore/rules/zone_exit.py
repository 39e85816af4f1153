"""Rule `zone_exit`: the person is believed to be outside all of the rule's zones."""

from __future__ import annotations

from typing import ClassVar

from alarmcore.rules.zone import ZoneRule


class ZoneExit(ZoneRule, frozen=True, kw_only=True):
    """Fires when belief becomes outside all zones, or is so when the rule's window begins."""

    kind: ClassVar[str] = "zone_exit"
    hears: ClassVar[frozenset[str]] = frozenset({"position"})
    why: ClassVar[str] = "outside_all_zones"
    ended: ClassVar[str] = "inside_a_zone"

    def side(self) -> str:
        """Being outside is the condition."""
        return "outside"
