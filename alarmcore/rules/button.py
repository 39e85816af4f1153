"""Rule `button`: somebody pressed the alarm button."""

from __future__ import annotations

from typing import ClassVar

from alarmcore.rules.base import MomentRule


class Button(MomentRule, frozen=True, kw_only=True):
    """Fires at every press."""

    kind: ClassVar[str] = "button"
    hears: ClassVar[frozenset[str]] = frozenset({"button"})
    why: ClassVar[str] = "pressed"

    priority: str = "critical"
