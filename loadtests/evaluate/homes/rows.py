"""Files of a home's sensors and activities as typed rows, and all that is wrong with them, line by line."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from loadtests.evaluate.homes.home import RETURNED, UP

INTERVALS: Final = ("start_local", "end_local", "sensor", "place", "type")
ACTIVITIES: Final = ("start_local", "end_local", "activity")
EPISODES: Final = ("home", "left_bed_local", "back_in_bed_local", "outcome")
"""What a file must have; other columns are not looked at."""

YEARS: Final = (1990, 2100)
"""A time outside of these was not read as it was meant."""


Say = Callable[[str], None]


class Interval(NamedTuple):
    """A sensor that was on."""

    from_at: datetime
    until_at: datetime
    sensor: str
    place: str
    kind: str


class Activity(NamedTuple):
    """What somebody was said to be doing."""

    from_at: datetime
    until_at: datetime
    label: str


Timed = TypeVar("Timed", Interval, Activity)


class Episode(NamedTuple):
    """A leaving of the bed as a file has it."""

    home: str
    left_at: datetime
    back_at: datetime | None
    outcome: str


class _Row:
    """One line of a file; what is wrong with it is gathered."""

    def __init__(self, values: Mapping[str, str | None], place: str, tz: ZoneInfo, mistakes: list[str]) -> None:
        self._values, self.place, self._tz, self._mistakes = values, place, tz, mistakes
        self.good = True

    def wrong(self, what: str) -> None:
        """Remember a mistake of this line."""
        self.good = False
        self._mistakes.append(f"{self.place}: {what}")

    def maybe(self, name: str) -> str:
        """A value that may be empty."""
        return (self._values.get(name) or "").strip()

    def text(self, name: str) -> str:
        """A value that must not be empty."""
        value = self.maybe(name)
        if not value:
            self.wrong(f"{name} is empty; give it a value")
        return value

    def moment(self, name: str) -> datetime:
        """A time of the wall clock, or one with an offset, in UTC."""
        text = self.maybe(name)
        try:
            at: datetime | None = datetime.fromisoformat(text)
        except ValueError:
            at = None
        if at is None or not YEARS[0] <= at.year < YEARS[1]:
            self.wrong(f"{name} is {text!r}; give a date and a time like 2026-01-14T03:12:00, from {YEARS[0]} to {YEARS[1] - 1}")
            return datetime(YEARS[0], 1, 1, tzinfo=UTC)
        return on_the_wall(at, self._tz) if at.tzinfo is None else at.astimezone(UTC)

    def stretch(self) -> tuple[datetime, datetime]:
        """From when until when."""
        return self.moment("start_local"), self.moment("end_local")


def on_the_wall(at: datetime, tz: ZoneInfo) -> datetime:
    """What the wall clock showed, in UTC: the first time of two, and a time that was left out as much later as was left out."""
    return at.replace(tzinfo=tz, fold=0).astimezone(UTC)


def intervals(path: Path, tz: ZoneInfo, mistakes: list[str], say: Say) -> list[Interval]:
    """A file of sensors."""
    found = []
    for row in _rows(path, INTERVALS, tz, mistakes):
        stretch, sensor = row.stretch(), row.text("sensor")
        if row.good:
            found.append((row.place, Interval(*stretch, sensor, row.maybe("place"), row.maybe("type"))))
    return _forwards(found, say)


def activities(path: Path, tz: ZoneInfo, mistakes: list[str], say: Say) -> list[Activity]:
    """A file of labels."""
    found = []
    for row in _rows(path, ACTIVITIES, tz, mistakes):
        stretch, label = row.stretch(), row.text("activity")
        if row.good:
            found.append((row.place, Activity(*stretch, label)))
    return _forwards(found, say)


def _forwards(found: list[tuple[str, Timed]], say: Say) -> list[Timed]:
    """Without those that end before they begin: real files have some, of which nobody knows which end is wrong."""
    wrong = [place for place, one in found if one.until_at < one.from_at]
    if wrong:
        say(f"left out, for ending before beginning: {', '.join(wrong)}")
    return sorted(one for _, one in found if one.until_at >= one.from_at)


def episodes(path: Path, tz: ZoneInfo, mistakes: list[str]) -> list[Episode]:
    """A file of leavings, of many homes."""
    found = []
    for row in _rows(path, EPISODES, tz, mistakes):
        home, outcome, left_at = row.text("home"), row.text("outcome"), row.moment("left_bed_local")
        back_at = row.moment("back_in_bed_local") if row.maybe("back_in_bed_local") else None
        if row.good and back_at is not None and back_at < left_at:
            row.wrong("back_in_bed_local lies before left_bed_local; exchange them")
        if row.good and outcome not in (RETURNED, UP):
            row.wrong(f"outcome is {outcome!r}; give {RETURNED} or {UP}")
        if row.good and back_at is None and outcome == RETURNED:
            row.wrong(f"outcome is {RETURNED} and back_in_bed_local is empty; give the time of the return")
        if row.good:
            found.append(Episode(home, left_at, back_at, outcome))
    return sorted(found, key=lambda one: (one.home, one.left_at))


def _rows(path: Path, columns: tuple[str, ...], tz: ZoneInfo, mistakes: list[str]) -> Iterator[_Row]:
    """The lines of a CSV file that has those columns."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as lines:
            rows = csv.DictReader(lines)
            missing = [name for name in columns if name not in (rows.fieldnames or ())]
            if missing:
                mistakes.append(f"{path.name}: has no column {', '.join(missing)}; its first line must name {', '.join(columns)}")
                return
            for values in rows:
                yield _Row(values, f"{path.name}:{rows.line_num}", tz, mistakes)
    except (OSError, UnicodeDecodeError, csv.Error) as why:
        mistakes.append(f"{path.name}: cannot be read as CSV in UTF-8: {why}")
