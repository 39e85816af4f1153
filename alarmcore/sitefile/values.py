"""Readers of values with a meaning of their own: moments, durations, windows, places and addresses of channels."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from alarmcore.calendar import Window, instant
from alarmcore.model.site import Channel, Place
from alarmcore.sitefile.ledger import Entry, shown, sort_of

DURATION_MAX_S: Final = 366 * 86400.0
"""A year: a longer limit was given in another unit."""

YEARS: Final = range(1900, 9999)
"""Years that dates may have; outside, calculation with a zone's offset leaves the calendar."""

ADDRESS_MAX: Final = 2000
"""Characters of a channel's address; long web addresses stay below."""

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CHANNELS: Final = ("console", "webhook", "email", "sms", "voice", "push")
PLACE: Final = ("lat", "lon", "address")
WINDOW: Final = ("from", "to", "days")
CHANNEL: Final = ("kind", "to")

_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d.*")
_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_LOOSE_CLOCK: Final = re.compile(r"([01]?\d|2[0-3])[.:]?([0-5]\d)")
_PHONE: Final = re.compile(r"\+[1-9]\d{6,14}")
_EMAIL: Final = re.compile(r"[^@\s<>,;]{1,64}@[^@\s<>,;]{1,190}")


def moment(entry: Entry, name: str, tz: ZoneInfo, *, end: bool = False, required: bool = False) -> datetime | None:
    """A date or a date-time with offset, as an aware UTC moment.

    A date is the first instant of that day in `tz`; with `end`, the first instant of the day after, so that the day is included.
    """
    value = entry.fields.get(name)
    if value is None:
        if required:
            entry.missing(name)
        return None
    if not isinstance(value, str):
        entry.error(name, f"is {sort_of(value)}; give a date such as 2026-01-31")
        return None
    try:
        return _moment(value, tz, end)
    except ValueError as problem:
        entry.error(name, f"{shown(value)} {problem}")
        return None


@lru_cache(maxsize=4096)
def _moment(text: str, tz: ZoneInfo, end: bool) -> datetime:
    advice = "give a date such as 2026-01-31, or a time with its offset such as 2026-01-31T12:00:00+01:00"
    is_date = _DATE.fullmatch(text) is not None
    if not is_date and not _MOMENT.fullmatch(text):
        raise ValueError(f"is no date; {advice}")
    if int(text[:4]) not in YEARS:
        raise ValueError("is too far away; give a year from 1900 on, and leave the field out where there is no end")
    try:
        if is_date:
            day = date.fromisoformat(text) + timedelta(days=1 if end else 0)
            return instant(tz, datetime.combine(day, time()))
        found = datetime.fromisoformat(text.upper())
    except ValueError:
        raise ValueError(f"is no date of the calendar; {advice}") from None
    if found.tzinfo is None:
        raise ValueError(f"has no offset, so that it is not known which instant it means; {advice}")
    return found.astimezone(UTC)


def seconds(entry: Entry, name: str, *, required: bool = True, longest_s: float = DURATION_MAX_S) -> float | None:
    """A duration above 0."""
    found = entry.number(name, required=required)
    if found is None:
        return None
    if found <= 0:
        entry.error(name, f"is {found:g} and must be above 0; give seconds")
        return None
    if found > longest_s:
        entry.error(name, f"is {found:g} and may be at most {longest_s:g}; give seconds")
        return None
    return found


def percent(entry: Entry, name: str, default: float) -> float:
    """A share from 0 to 100."""
    found = entry.number(name, required=False)
    if found is not None and not 0 <= found <= 100:
        entry.error(name, f"is {found:g} and must lie between 0 and 100; give per cent")
        return default
    return default if found is None else found


class Windows:
    """Reads recurring windows; equal ones become one object, since people share a few of them."""

    def __init__(self) -> None:
        self._shared: dict[tuple[Window, ...], tuple[Window, ...]] = {}

    def read(self, entry: Entry, name: str) -> tuple[Window, ...]:
        """The windows of a list; none when it is left out."""
        if entry.fields.get(name) is None:
            return ()
        found = tuple(_window(one) for one in entry.entries(name, WINDOW))
        if not found and entry.fields[name] == []:
            entry.error(name, "is an empty list; give a window, or leave the field out for always")
        return self._shared.setdefault(found, found)


def _window(entry: Entry) -> Window:
    start, end = _clock(entry, "from"), _clock(entry, "to")
    return Window(start, end, _days(entry))


def _clock(entry: Entry, name: str) -> time:
    """A wall-clock time; `to` may be 24:00, which is the midnight at the end of the day."""
    value = entry.fields.get(name)
    if isinstance(value, str) and _CLOCK.fullmatch(value):
        return time(int(value[:2]), int(value[3:]))
    if value == "24:00" and name == "to":
        return time()
    if value is None:
        entry.missing(name)
    elif not isinstance(value, str):
        entry.error(name, f'is {sort_of(value)}; give a time of day in quotes, such as "22:00"')
    else:
        loose = _LOOSE_CLOCK.fullmatch(value)
        guess = f" (did you mean {int(loose[1]):02d}:{loose[2]}?)" if loose else ""
        entry.error(name, f"is no time of day{guess}; give hours and minutes from 00:00 to 23:59")
    return time()


def _days(entry: Entry) -> frozenset[int]:
    if entry.fields.get("days") is None:
        return frozenset(range(7))
    days = entry.listed("days")
    if days == [] and isinstance(entry.fields["days"], list):
        entry.error("days", "is an empty list; name a day, or leave the field out for every day")
    found = set()
    for index, day in enumerate(days):
        if isinstance(day, str) and day in DAYS:
            if DAYS.index(day) in found:
                entry.warn("days", f"{day} stands twice; keep one", index)
            found.add(DAYS.index(day))
        else:
            guess = entry.ledger.suggestion(day, DAYS)
            entry.error("days", f"is no day{guess}; use mon, tue, wed, thu, fri, sat or sun", index)
    return frozenset(found) or frozenset(range(7))


def place(entry: Entry | None) -> Place | None:
    """A point with its address, if there is one."""
    if entry is None:
        return None
    address = entry.text("address", required=False) or None
    lat, lon = degrees(entry)
    return None if lat is None or lon is None else Place(lat, lon, address)


def degrees(entry: Entry) -> tuple[float | None, float | None]:
    """Latitude and longitude in range, each None when it is missing or wrong."""
    lat, lon = _degree(entry, "lat", 90), _degree(entry, "lon", 180)
    if lat is not None and lon is not None:
        if are_swapped(lat, lon):
            entry.warn(
                "lat",
                "lat and lon look swapped: exchanged, the point lies in Sweden; exchange them if it should",
                proposal={"lat": lon, "lon": lat},
            )
        elif lat == 0 and lon == 0:
            entry.warn("lat", "the point lies in the sea off Africa, where both numbers are 0; give the real one")
    return lat, lon


def are_swapped(lat: float, lon: float) -> bool:
    """Whether a point would lie in Sweden's bounding box if latitude and longitude were exchanged."""
    return 55 <= lon <= 69.5 and 10.5 <= lat <= 24.5


def _degree(entry: Entry, name: str, most: int) -> float | None:
    found = entry.number(name)
    if found is not None and abs(found) > most:
        entry.error(name, f"lies outside -{most} to {most}; give degrees of WGS 84")
        return None
    return found


def channels(entry: Entry) -> tuple[Channel, ...]:
    """The ways to reach a contact or unit, in order of preference."""
    if entry.fields.get("channels") is None:
        entry.missing("channels")
        return ()
    if entry.fields["channels"] == []:
        entry.error("channels", "is an empty list, so that nobody could be told; give at least one channel")
    found: list[Channel] = []
    for one in entry.entries("channels", CHANNEL):
        channel = Channel(one.choice("kind", CHANNELS), _address(one))
        if one.fields.get("kind") not in CHANNELS:
            continue
        if channel in found:
            one.warn("", "the same channel stands there before; take one out")
        found.append(channel)
    return tuple(found)


def _web_address(text: str) -> bool:
    """Whether this could be the address of a web hook."""
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and not re.search(r"\s", text)
    except ValueError:
        return False


_ADDRESSES: Final[dict[str, tuple[Any, str]]] = {
    "sms": (_PHONE.fullmatch, "is no international phone number; give + and the country code, then digits only"),
    "voice": (_PHONE.fullmatch, "is no international phone number; give + and the country code, then digits only"),
    "email": (_EMAIL.fullmatch, "is no e-mail address; give one such as name@example.org"),
    "webhook": (_web_address, "is no web address; give one that begins with https:// or http://"),
    "push": (lambda text: not any(c.isspace() for c in text), "holds blanks; give the address as the app shows it"),
}
"""Kind of channel to what its address must be, and what to say when it is not."""


def _address(entry: Entry) -> str | None:
    kind, value = entry.fields.get("kind"), entry.fields.get("to")
    if kind == "console":
        if value is not None:
            entry.warn("to", "the console needs no address; take it out")
        return None
    if value is None:
        entry.error("to", f"is missing; give the address at which {shown(kind)} reaches them")
        return None
    if not isinstance(value, str):
        entry.error("to", f"is {sort_of(value)}; give the address in quotes, or its leading + and zeros are lost")
        return None
    if not value.strip() or len(value) > ADDRESS_MAX or not value.isprintable():
        entry.error("to", "is empty, too long or holds characters that no address has; give the address")
        return None
    if isinstance(kind, str) and kind in _ADDRESSES:
        check, text = _ADDRESSES[kind]
        if not check(value):
            entry.error("to", text)
    return value
