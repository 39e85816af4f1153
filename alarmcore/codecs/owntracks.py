"""OwnTracks (the phone app, and trackers that speak like it): its JSON messages as our readings.

Fields after OwnTracks' booklet, page "JSON". `acc` is left out by the app when it is zero and sent as -1 by some trackers: both
mean unknown. `vel` is in km/h. The app has no alarm button of its own, so nothing here is a press.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from alarmcore.codecs.native import PAYLOAD_MAX, Parsed, canonical, objects, parse
from alarmcore.errors import ReadingRejected

SIGNS_OF_LIFE: Final = frozenset({"status", "steps", "beacon", "waypoint", "waypoints", "card", "lwt", "dump"})
"""Messages that only say that the device is there. `lwt` is among them for its format; see `_time_of`."""

MESSAGES_MAX: Final = 1000
"""Messages in one HTTP body: the app sends its whole backlog after a gap, a day of fixes every other minute."""


def messages(payload: bytes) -> list[bytes]:
    """The messages of one HTTP body, which is one object or a list of them.

    Raises:
        ReadingRejected: `too_large` or `not_json`.
    """
    if len(payload) > PAYLOAD_MAX * 16:
        raise ReadingRejected("too_large")
    found = objects(payload)
    if found is None:
        raise ReadingRejected("not_json")
    if len(found) > MESSAGES_MAX:
        raise ReadingRejected("too_large")
    return found


def parse_owntracks(payload: bytes) -> Parsed:
    """Read one OwnTracks message.

    Raises:
        ReadingRejected: `not_json`, `unknown_kind` (a message that says nothing of the device) or `bad_field`.
    """
    if len(payload) > PAYLOAD_MAX:
        raise ReadingRejected("too_large")
    try:
        found = msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ReadingRejected("not_json") from None
    if not isinstance(found, dict):
        raise ReadingRejected("not_json")
    kind = found.get("_type")
    if not isinstance(kind, str):
        raise ReadingRejected("unknown_kind", "_type")
    if kind == "location" or (kind == "transition" and "lat" in found):
        return parse("position", canonical(_position(found)))
    if kind == "transition" or kind in SIGNS_OF_LIFE:
        return parse("heartbeat", canonical(_common(found, kind)))
    raise ReadingRejected("unknown_kind", "_type")


def _common(found: dict[str, Any], kind: str) -> dict[str, Any]:
    common: dict[str, Any] = {}
    # The time of a last will is when the app first connected, not when it was lost.
    if kind != "lwt" and "tst" in found:
        common["at"] = found["tst"]
    if isinstance(found.get("_id"), str):
        common["id"] = found["_id"][:64] or None
    return common


def _position(found: dict[str, Any]) -> dict[str, Any]:
    position = _common(found, "location")
    if "tst" not in found:
        raise ReadingRejected("bad_field", "tst")
    for name in ("lat", "lon"):
        if name in found:
            position[name] = found[name]
    accuracy = found.get("acc")
    if isinstance(accuracy, bool) or (accuracy is not None and not isinstance(accuracy, (int, float))):
        raise ReadingRejected("bad_field", "acc")
    if accuracy is not None and accuracy > 0:
        position["accuracy_m"] = accuracy
    battery = found.get("batt")
    if isinstance(battery, (int, float)) and not isinstance(battery, bool) and 0 <= battery <= 100:
        position["battery_pct"] = battery
    speed = found.get("vel")
    if isinstance(speed, (int, float)) and not isinstance(speed, bool) and speed >= 0:
        position["speed_mps"] = speed / 3.6
    return position
