"""The clock on the wall: from days and hours of it to seconds since 1970."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


class Wall:
    """The days from `first_day` on. A day's hours go on past 24 into the next one's."""

    def __init__(self, first_day: date, days: int, tz: ZoneInfo) -> None:
        self._midnight = datetime.combine(first_day, time())
        self.days, self.tz = days, tz
        self.begins_s, self.ends_s = self.at_s(0, 12), self.at_s(days, 12)

    def at_s(self, day: int, hour: float) -> int:
        """When the clock shows that hour; of an hour that comes twice the first, one that is left out moved on by what is."""
        shown = self._midnight + timedelta(days=day, seconds=round(hour * 3600))
        return int(shown.replace(tzinfo=self.tz).timestamp())

    def hour(self, at_s: int) -> float:
        """What the clock shows, from 0 to 24."""
        shown = datetime.fromtimestamp(at_s, self.tz)
        return shown.hour + shown.minute / 60

    def offset_s(self, at_s: int) -> int:
        """By how much the clock is ahead of UTC."""
        ahead = datetime.fromtimestamp(at_s, self.tz).utcoffset()
        return 0 if ahead is None else int(ahead.total_seconds())

    def weekend(self, day: int) -> bool:
        """Whether the morning of that day is one on which one may lie longer."""
        return (self._midnight + timedelta(days=day)).weekday() >= 5

    def change_day(self) -> int | None:
        """The first day before whose noon, and after whose eve's, the clocks are changed; None without one."""
        for day in range(1, self.days + 1):
            if self.at_s(day, 12) - self.at_s(day - 1, 12) != 86_400:
                return day
        return None


def moment(at_s: float) -> datetime:
    """Aware, in UTC."""
    return datetime.fromtimestamp(at_s, UTC)
