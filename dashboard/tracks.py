"""The track of a search as pages and the API show it: positions, the last confirmed one, which way the person went."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
import numpy as np

from alarmcore.model.alarm import Alarm
from alarmcore.model.site import Resident, Site
from alarmcore.motion import motion
from alarmcore.rules.zone import ZoneRule
from alarmcore.track import EMPTY, Kept, Track
from alarmcore.watch import Plan, Watched, plan_for
from dashboard.views import stamp
from geofence import distances_m
from geofence.belief import STALE_S

decode = msgspec.msgpack.Decoder(Track).decode


def track_of(data: bytes | None, alarm: Alarm) -> Track:
    """The person's track as it was stored; an empty one where none is kept for this alarm."""
    track = EMPTY if data is None or alarm.state == "resolved" else decode(data)
    return track if any(one.alarm == alarm.id for one in track.opened) else EMPTY


def track_view(track: Track, alarm: Alarm, site: Site | None, now: datetime) -> dict[str, Any]:
    """A track. Speed and direction are None when the positions do not say them; `standing` where no rule is about zones."""
    fixes = track.fixes()
    resident = site.resident_by_id.get(alarm.slot.resident) if site else None
    confirmed = None if track.last is None else _fixes([track.last], _distances([track.last], alarm, site, resident))[0]
    return {
        "alarm": alarm.id,
        "now": stamp(now),
        "fixes": _fixes(fixes, _distances(fixes, alarm, site, resident)),
        "last_confirmed": None
        if confirmed is None or track.last is None
        else confirmed | {"age_s": max(0, int((now - track.last.at).total_seconds()))},
        "standing": _standing(track, fixes, alarm, now),
        **_motion(fixes),
    }


def _fixes(fixes: Sequence[Kept], distances: Sequence[float | None]) -> list[dict[str, Any]]:
    return [
        {
            "at": stamp(kept.at),
            "lat": kept.lat,
            "lon": kept.lon,
            "accuracy_m": kept.accuracy_m,
            "good": kept.good,
            **({} if distance is None else {"distance_m": round(distance)}),
        }
        for kept, distance in zip(fixes, distances, strict=True)
    ]


def _motion(fixes: Sequence[Kept]) -> dict[str, float | None]:
    found = motion([kept for kept in fixes if kept.good])
    names = ("speed_mps", "speed_error_mps", "direction_deg", "direction_error_deg")
    values = dict.fromkeys(names) if found is None else {name: getattr(found, name) for name in names}
    return {name: None if value is None else round(value, 2) for name, value in values.items()}


def _standing(track: Track, fixes: Sequence[Kept], alarm: Alarm, now: datetime) -> str | None:
    """What may be said of the person by the alarm's own rule, else by the first rule about zones."""
    said = dict(track.standings)
    found = said.get(alarm.slot.rule, next(iter(said.values()), None))
    stale = bool(fixes) and (now - fixes[-1].at).total_seconds() >= STALE_S
    return "uncertain" if found in {"inside", "outside"} and stale else found


def _distances(fixes: Sequence[Kept], alarm: Alarm, site: Site | None, resident: Resident | None) -> list[float | None]:
    """Metres from each position to the border of the zones that counted then, where the alarm's rule is about zones."""
    if site is None or resident is None or not fixes:
        return [None] * len(fixes)
    plan = plan_for(site, resident)
    watched = next((one for one in plan.watched if one.slot == alarm.slot), None)
    if watched is None or not isinstance(watched.rule, ZoneRule):
        return [None] * len(fixes)
    return _to_zones(fixes, plan, watched, watched.rule)


def _to_zones(fixes: Sequence[Kept], plan: Plan, watched: Watched, rule: ZoneRule) -> list[float | None]:
    counted = [rule.counting(watched.setting, kept.at) for kept in fixes]
    pairs = [(kept, plan.areas[place]) for kept, places in zip(fixes, counted, strict=True) for place in places]
    if not pairs:
        return [None] * len(fixes)
    lats, lons = np.array([kept.lat for kept, _ in pairs]), np.array([kept.lon for kept, _ in pairs])
    found = iter(distances_m([area for _, area in pairs], lats, lons).tolist())
    return [min([next(found) for _ in places], default=None) for places in counted]
