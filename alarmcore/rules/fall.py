"""Rule `fall`: a fall detector says that the person fell."""

from __future__ import annotations

from typing import ClassVar

from alarmcore.rules.base import MomentRule


class Fall(MomentRule, frozen=True, kw_only=True):
    """Fires at every reported fall."""

    kind: ClassVar[str] = "fall"
    hears: ClassVar[frozenset[str]] = frozenset({"fall"})
    why: ClassVar[str] = "fell"

    priority: str = "critical"
