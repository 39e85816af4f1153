"""Moments and durations as people say them, in the tenant's zone; an hour that comes twice says which one it was."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Final, Literal

Language = Literal["sv", "en"]

_DAYS: Final = {
    "sv": ("måndag", "tisdag", "onsdag", "torsdag", "fredag", "lördag", "söndag"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
_MONTHS: Final = {
    "sv": (
        "januari",
        "februari",
        "mars",
        "april",
        "maj",
        "juni",
        "juli",
        "augusti",
        "september",
        "oktober",
        "november",
        "december",
    ),
    "en": (
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ),
}
_UNITS: Final = {"sv": ("dygn", "tim", "min", "s"), "en": ("d", "h", "min", "s")}
_SEASON: Final = {"sv": ("sommartid", "normaltid"), "en": ("summer time", "standard time")}
_UNIT_S: Final = (86400, 3600, 60, 1)


def clock_text(moment: datetime, tz: tzinfo, language: Language) -> str:
    """The wall clock at `moment`, as `03:12`; in an hour that comes twice also whether it is summer time."""
    local = moment.astimezone(tz)
    text = f"{local:%H:%M}"
    # When the clocks go back, 02:30 happens twice an hour apart, and a reader must not have to guess which one.
    if local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset():
        text += f" {_SEASON[language][0 if local.dst() else 1]}"
    return text


def day_text(moment: datetime, tz: tzinfo, language: Language) -> str:
    """The local day of `moment`, as `onsdag 14 januari 2026`."""
    local = moment.astimezone(tz)
    return f"{_DAYS[language][local.weekday()]} {local.day} {_MONTHS[language][local.month - 1]} {local.year}"


def clock_beside(moment: datetime, other: datetime, tz: tzinfo, language: Language) -> str:
    """The wall clock at `moment`, with its date where that differs from the local date of `other`."""
    local = moment.astimezone(tz)
    clock = clock_text(moment, tz, language)
    if local.date() == other.astimezone(tz).date():
        return clock
    return f"{local.day} {_MONTHS[language][local.month - 1][:3]} {clock}"


def duration_text(seconds: float, language: Language) -> str:
    """A duration in its two largest units, as `2 tim 2 min`; less than a second is `0 s`."""
    left = max(0, int(seconds))
    parts: list[str] = []
    for size, name in zip(_UNIT_S, _UNITS[language], strict=True):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {name}")
        elif parts:
            break
        if len(parts) == 2:
            break
    return " ".join(parts) or f"0 {_UNITS[language][-1]}"
