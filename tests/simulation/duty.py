"""Who is on duty when, by the plain words of a site file: what checkers hold skipped links against."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from alarmcore.model.site import Site, Unit

CHANGE: Final = timedelta(hours=3)
"""This near to a change of the clocks a wall-clock time may mean two moments, or none."""


def on_duty(site: Site, ref: str, at: datetime) -> bool | None:
    """Whether a contact or unit is on duty; None near a change of the clocks."""
    who = site.recipient_by_ref[ref]
    if not isinstance(who, Unit) or not who.duty:
        return True
    zone = site.tenant.tz
    if (at - CHANGE).astimezone(zone).utcoffset() != (at + CHANGE).astimezone(zone).utcoffset():
        return None
    local = at.astimezone(zone)
    now, today = local.time(), local.weekday()
    for window in who.duty:
        if window.from_ < window.until:
            if today in window.days and window.from_ <= now < window.until:
                return True
        elif (today in window.days and now >= window.from_) or ((today - 1) % 7 in window.days and now < window.until):
            return True
    return False
