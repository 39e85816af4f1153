"""Rule `zone_enter`: the person is believed to be inside one of the rule's zones, which are to be kept out of."""

from __future__ import annotations

from typing import ClassVar

from alarmcore.rules.zone import ZoneRule


class ZoneEnter(ZoneRule, frozen=True, kw_only=True):
    """Fires when belief becomes inside any zone, or is so when the rule's window begins.

    Hours of zones do not count here: what is to be kept out of is so by night as well, unless the rule itself has windows.
    """

    kind: ClassVar[str] = "zone_enter"
    why: ClassVar[str] = "inside_zone"
    ended: ClassVar[str] = "outside_zone"

    def side(self) -> str:
        """Being inside is the condition."""
        return "inside"
