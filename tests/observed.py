"""What the watch sees of a reading, by the way that every reading goes."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from typing import Any

from alarmcore.adapters.memory_journal import MemoryJournal
from alarmcore.admission import registry_of
from alarmcore.intake import Raw, prepare
from alarmcore.model.site import Site
from alarmcore.rules.base import Observed


def observed(site: Site, kind: str, fields: dict[str, Any], received_at: datetime) -> Observed | None:
    """What the watch sees of a reading, or None if it is rejected."""
    raw = Raw("grastorp", fields.get("device", "gps-1"), kind, json.dumps(fields).encode(), received_at)
    prepared = asyncio.run(prepare([raw], registry_of([site]), MemoryJournal(), received_at))
    item = prepared.items[0]
    return item.event if item is not None and item.machine == "watch" else None
