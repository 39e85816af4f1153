"""Nights by the clock on the wall, from noon to noon, and a past that is moved by whole days so that it ends before one."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from loadtests.evaluate.homes.home import Home, Sensed
from loadtests.evaluate.homes.rows import on_the_wall

NOON: Final = time(12)
SIX: Final = time(6)
"""From here on until noon the judged day is lived as it was, and not judged: who went out early is not at home at noon."""
COVERED: Final = (time(21), time(6))
"""A night is judged if the recording has all of it between these hours of the wall clock."""


class Night(NamedTuple):
    """From one noon to the next, or to the end of the recording. Epoch seconds."""

    day: date
    from_s: float
    until_s: float
    covered: bool


class Told(NamedTuple):
    """A reading at the moment at which somebody lives it, in epoch seconds."""

    at_s: float
    device: str
    kind: str
    fields: dict[str, object]


def wall(day: date, at: time, tz: ZoneInfo) -> float:
    """That moment in epoch seconds."""
    return on_the_wall(datetime.combine(day, at), tz).timestamp()


def nights(home: Home) -> list[Night]:
    """All nights of a home that its readings touch."""
    if not home.readings:
        return []
    first_at, last_at = home.readings[0].at, home.readings[-1].at
    day, last_day = (_day(at, home.tz) for at in (first_at, last_at))
    found = []
    while day <= last_day:
        after = day + timedelta(days=1)
        from_s, until_s = wall(day, NOON, home.tz), wall(after, NOON, home.tz)
        covered = first_at.timestamp() <= wall(day, COVERED[0], home.tz) and last_at.timestamp() >= wall(
            after, COVERED[1], home.tz
        )
        found.append(Night(day, from_s, min(until_s, last_at.timestamp()), covered))
        day = after
    return found


def _day(at: datetime, tz: ZoneInfo) -> date:
    return (at.astimezone(tz).replace(tzinfo=None) - timedelta(hours=NOON.hour)).date()


def halves(home: Home) -> tuple[list[Night], list[Night]]:
    """The nights that teach and, of the others, those that are judged."""
    found = nights(home)
    middle = len(found) // 2
    return found[:middle], [one for one in found[middle:] if one.covered]


def six(night: Night, tz: ZoneInfo) -> float:
    """Six o'clock on the day on which a night begins."""
    return wall(night.day, SIX, tz)


class Past:
    """The readings of a home before a six o'clock, to be lived again some days later at the same hours of the wall clock."""

    def __init__(self, home: Home, until: Night) -> None:
        self._tz, self._ends = home.tz, until.day
        until_s = six(until, home.tz)
        before = [one for one in home.readings if one.at.timestamp() < until_s]
        self._walls = [(one.at.astimezone(home.tz).replace(tzinfo=None), one) for one in before]
        self._moved: dict[int, list[Told]] = {}

    def before(self, night: Night) -> list[Told]:
        """It, ending at six on the day on which this night begins."""
        days = (night.day - self._ends).days
        if days not in self._moved:
            self._moved = {days: self._by(timedelta(days=days))}  # one night's lives are asked for together
        return self._moved[days]

    def _by(self, days: timedelta) -> list[Told]:
        found, clock_s = [], 0.0
        for at, one in self._walls:
            # An hour that the clock shows twice is lived once: its second time is pressed together at its end.
            clock_s = max(clock_s, on_the_wall(at + days, self._tz).timestamp())
            found.append(Told(clock_s, one.device, one.kind, one.fields))
        return found


def told(one: Sensed) -> Told:
    """A reading where it was."""
    return Told(one.at.timestamp(), one.device, one.kind, one.fields)
