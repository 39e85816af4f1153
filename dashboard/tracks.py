"""The track of a search as pages and the API show it: positions, the last confirmed one, which way the person went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
import numpy as np

from alarmcore.kept import Kept
from alarmcore.model.alarm import Alarm
from alarmcore.model.site import Site
from alarmcore.motion import motion
from alarmcore.rules.zone import ZoneRule
from alarmcore.rules.zone_exit import ZoneExit
from alarmcore.track import EMPTY, Track, confirmed, judged, of_device, seen
from alarmcore.watch import Plan, Watched, plan_for
from dashboard.views import stamp
from dispatch.wording import zone_names, zones_text
from geofence import distances_m, ground_m
from geofence.belief import ACCURACY_UNKNOWN_M, STALE_S

APART_M: Final = 100.0
"""Two devices that are farther apart, beyond what both may be off, are not in one place: one of them is not with the person."""

decode = msgspec.msgpack.Decoder(Track).decode


def track_of(data: bytes | None, alarm: Alarm) -> Track:
    """The person's track, judged by what is stored of it; an empty one where none is kept for this alarm."""
    track = EMPTY if data is None or alarm.state == "resolved" else decode(data)
    return judged(track) if any(one.alarm == alarm.id for one in track.opened) else EMPTY


def track_view(track: Track, alarm: Alarm, site: Site | None, now: datetime) -> dict[str, Any]:
    """A track. Speed and direction are None when the positions do not say them; `standing` where no rule says it.

    `seen` is where to go by what is known now, `last_confirmed` the same if others agree with it. `elsewhere` is what other
    devices of the person say that cannot be where `seen` is.
    """
    fixes = track.fixes()
    resident = site.resident_by_id.get(alarm.slot.resident) if site else None
    plan = plan_for(site, resident) if site and resident else None
    good, here = confirmed(track, alarm.device), seen(track, alarm.device)

    def shown(some: Sequence[Kept]) -> list[dict[str, Any]]:
        distances = _distances(some, alarm, plan)
        return [_fix(track, kept, distance) for kept, distance in zip(some, distances, strict=True)]

    def aged(kept: Kept | None) -> dict[str, Any] | None:
        return None if kept is None else shown([kept])[0] | {"age_s": max(0, int((now - kept.at).total_seconds()))}

    return {
        "alarm": alarm.id,
        "now": stamp(now),
        "fixes": shown(fixes),
        "last_confirmed": aged(good),
        "seen": aged(here),
        "elsewhere": [aged(kept) for kept in elsewhere(track, here)],
        **_standing(track, fixes, alarm, plan, now, zone_names(resident)),
        **_motion(of_device(track, alarm.device)),
    }


def _fix(track: Track, kept: Kept, distance: float | None) -> dict[str, Any]:
    device = track.device(kept)
    return {
        "at": stamp(kept.at),
        "lat": kept.lat,
        "lon": kept.lon,
        "accuracy_m": kept.accuracy_m,
        "good": kept.good,
        **({"device": device} if device else {}),
        **({} if distance is None else {"distance_m": round(distance)}),
    }


def elsewhere(track: Track, here: Kept | None) -> list[Kept]:
    """The newest good position of each other device that says, about then or later, that the person is in another place."""
    if here is None:
        return []
    newest = {kept.device: kept for kept in track.fixes() if kept.good}
    return [
        kept
        for device, kept in sorted(newest.items())
        if device not in {0, here.device} and kept.at_s >= here.at_s - STALE_S and _apart(kept, here)
    ]


def _apart(kept: Kept, here: Kept) -> bool:
    doubt_m = (kept.accuracy_m or ACCURACY_UNKNOWN_M) + (here.accuracy_m or ACCURACY_UNKNOWN_M)
    return ground_m(kept.lat, kept.lon, here.lat, here.lon) > doubt_m + APART_M


def _motion(fixes: Sequence[Kept]) -> dict[str, float | None]:
    found = motion([kept for kept in fixes if kept.good])
    names = ("speed_mps", "speed_error_mps", "direction_deg", "direction_error_deg")
    values = dict.fromkeys(names) if found is None else {name: getattr(found, name) for name in names}
    rounded = {name: None if value is None else round(value, 2) for name, value in values.items()}
    if rounded["direction_deg"] is not None:
        rounded["direction_deg"] %= 360.0
    return rounded


def _standing(
    track: Track, fixes: Sequence[Kept], alarm: Alarm, plan: Plan | None, now: datetime, names: Mapping[str, str]
) -> dict[str, Any]:
    """What may be said of the person, and of which zones, by the rule that stands above the map."""
    said = dict(track.standings)
    watched = None if plan is None else above(plan, alarm, said)
    if watched is None or not isinstance(watched.rule, ZoneRule):
        return {"standing": None}
    found = said.get(watched.rule.id)
    stale = bool(fixes) and (now - fixes[-1].at).total_seconds() >= STALE_S
    zones = watched.rule.named(watched.setting, fixes[-1].at if fixes else now)
    return {
        "standing": "uncertain" if found in {"inside", "outside"} and stale else found,
        "standing_zones": {"sv": zones_text(zones, "sv", names), "en": zones_text(zones, "en", names)},
    }


def above(plan: Plan, alarm: Alarm, said: Mapping[str, str]) -> Watched | None:
    """The rule whose belief stands above the map of an alarm: its own, or else one about zones that the person is to be in.

    That somebody is outside what is to be kept out of says nothing to whoever looks for them.
    """
    rules = [one for one in plan.watched if isinstance(one.rule, ZoneRule)]
    own = next((one for one in rules if one.slot == alarm.slot), None)
    exits = [one for one in rules if one.rule.kind == ZoneExit.kind and one.rule.id in said]
    known = [one for one in exits if said[one.rule.id] != "unknown"]
    return own or next(iter([*known, *exits]), None)


def _distances(fixes: Sequence[Kept], alarm: Alarm, plan: Plan | None) -> list[float | None]:
    """Metres from each position to the border of the zones that counted then, where the alarm's rule is about zones."""
    if plan is None or not fixes:
        return [None] * len(fixes)
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
