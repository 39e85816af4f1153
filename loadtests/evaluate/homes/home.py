"""What is judged: the readings of one person's home, and what was true meanwhile."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

RETURNED: Final = "returned"
UP: Final = "up_for_the_day"


class Sensed(NamedTuple):
    """One reading: when (aware, UTC), of which device, of which kind, with the fields of that kind."""

    at: datetime
    device: str
    kind: str
    fields: dict[str, Any]


class Leave(NamedTuple):
    """A true leaving of the bed: until when (None: not seen to come back), and whether it was for the night or for the day."""

    left_at: datetime
    back_at: datetime | None
    outcome: str


class Stretch(NamedTuple):
    """From when until when something was so."""

    from_at: datetime
    until_at: datetime


class Home(NamedTuple):
    """One person's home over weeks. All moments are aware and in UTC; `tz` says what the clock on the wall showed.

    `devices` are ids and kinds as in a site file. `readings` are in order of time. `sleeps` are stretches known as sleep whatever
    the mat said; `away` those in which nobody was at home. `leaves` are the true ones, in order of time.
    """

    name: str
    tz: ZoneInfo
    devices: tuple[tuple[str, str], ...]
    readings: tuple[Sensed, ...]
    leaves: tuple[Leave, ...]
    sleeps: tuple[Stretch, ...] = ()
    away: tuple[Stretch, ...] = ()
