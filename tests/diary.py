"""One rule driven through weeks of one person's life: readings in order, and its timer asked whenever it is due."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import json

from alarmcore.model.reading import Bed, Body, Door, Motion, Press, Reading
from alarmcore.rules.base import BLANK, End, Find, Memory, Observed, Resolved, Rule, Setting, Woke
from alarmcore.usual.bounds import Usual
from alarmcore.usual.quiet import Quiet, Sign, left, signed, timed
from alarmcore.usual.rest import Silence

TZ: Final = ZoneInfo("Europe/Stockholm")
FIRST: Final = datetime(2026, 1, 12, tzinfo=TZ)


class Diary:
    """Moments are given as days since a Monday in January and the time on the wall: `at(3, "02:15")`."""

    def __init__(self, rule: Rule, setting: Setting | None = None) -> None:
        self.rule = rule
        self.setting = setting or Setting(TZ)
        self.memory: Memory = BLANK
        self.now = FIRST.astimezone(UTC)
        self.found: list[tuple[datetime, Find]] = []
        self.ended: list[tuple[datetime, End]] = []

    @staticmethod
    def at(day: int, clock: str) -> datetime:
        """A moment of a day, by the clock on the wall."""
        hours, minutes = clock.split(":")
        local = (FIRST.replace(tzinfo=None) + timedelta(days=day, hours=int(hours), minutes=int(minutes))).replace(tzinfo=TZ)
        return local.astimezone(UTC)

    def bed(self, day: int, clock: str, *, occupied: bool, device: str = "bed-1") -> None:
        """A mat speaks."""
        self.read(self.at(day, clock), device, "bed", Bed(occupied))

    def motion(self, day: int, clock: str, room: str) -> None:
        """Somebody moves in a room."""
        self.read(self.at(day, clock), f"pir-{room}", "motion", Motion(room))

    def door(self, day: int, clock: str, door: str, *, is_open: bool) -> None:
        """A door is opened or closed."""
        self.read(self.at(day, clock), "doors", "door", Door(is_open, door))

    def goes(self, day: int, clock: str, door: str = "front") -> None:
        """By a door, which is closed a minute later."""
        at = self.at(day, clock)
        self.read(at, "doors", "door", Door(True, door))
        self.read(at + timedelta(minutes=1), "doors", "door", Door(False, door))

    def comes(self, day: int, clock: str, door: str = "front") -> None:
        """The same, and then something in the hall is set off."""
        self.goes(day, clock, door)
        self.read(self.at(day, clock) + timedelta(minutes=2), "pir-hall", "motion", Motion("hall"))

    def press(self, day: int, clock: str) -> None:
        """The alarm button."""
        self.read(self.at(day, clock), "pendant", "button", Press())

    def read(self, at: datetime, device: str, kind: str, body: Body, *, received_at: datetime | None = None) -> None:
        """Any reading, received when it happened or later."""
        received_at = received_at or at
        self.pass_until(received_at)
        late_s = int((received_at - at).total_seconds())
        self._step(Observed(Reading("t", device, kind, at, received_at, body, late_s=late_s)), received_at)

    def resolve(self) -> None:
        """A person ends the open alarm."""
        self._step(Resolved(), self.now)

    def pass_until(self, at: datetime) -> None:
        """Let time pass; what is due strictly before happens."""
        while self.memory.due_at is not None and self.memory.due_at < at:
            due_at = max(self.memory.due_at, self.now)
            self._step(Woke(), due_at)
        self.now = max(self.now, at)

    def days(self) -> list[int]:
        """On which days something was found."""
        return [(at.astimezone(TZ).date() - FIRST.date()).days for at, _ in self.found]

    def _step(self, event: Observed | Woke | Resolved, now: datetime) -> None:
        self.now = max(self.now, now)
        outcome = self.rule.step(self.memory, event, self.setting, self.now)
        self.memory = outcome.state
        for decision in outcome.decisions:
            if isinstance(decision, Find):
                self.found.append((self.now, decision))
            elif isinstance(decision, End):
                self.ended.append((self.now, decision))


def luck(seed: int) -> random.Random:
    """The same every time."""
    return random.Random(seed)  # noqa: S311 - a made-up life


def night(diary: Diary, day: int, *leaves: tuple[str, float], rises: str = "07:30", beds: str = "22:30") -> None:
    """To bed, up for so many minutes at those times, and up for the day: bathroom at night, more rooms in the morning."""
    diary.bed(day, beds, occupied=True)
    for clock, minutes in leaves:
        left_at = diary.at(day + 1, clock)
        diary.read(left_at, "bed-1", "bed", Bed(False))
        diary.read(left_at + timedelta(seconds=40), "pir-bathroom", "motion", Motion("bathroom"))
        diary.read(left_at + timedelta(minutes=minutes), "bed-1", "bed", Bed(True))
    rose_at = diary.at(day + 1, rises)
    diary.read(rose_at, "bed-1", "bed", Bed(False))
    for later, room in ((2, "bathroom"), (6, "kitchen"), (9, "living")):
        diary.read(rose_at + timedelta(minutes=later), f"pir-{room}", "motion", Motion(room))


class Stillness:
    """What is believed of somebody's silences, sign by sign, at seconds since nine in the morning (UTC, as on their wall)."""

    SINCE: Final = datetime(2026, 1, 14, 9, 0, tzinfo=UTC)

    def __init__(self, quiet: Quiet | None = None) -> None:
        self.quiet = quiet or Quiet()
        self.seconds: float | None = None

    @classmethod
    def at(cls, seconds: float) -> datetime:
        """A moment."""
        return cls.SINCE + timedelta(seconds=seconds)

    @staticmethod
    def hour(seconds: float) -> float:
        """The hour of that."""
        return (9.0 + seconds / 3600.0) % 24.0

    def sign(
        self,
        seconds: float,
        sensor: str = "pir",
        *,
        lies: bool = False,
        out: bool = False,
        mat: bool | None = None,
        found_s: float | None = None,
    ) -> None:
        """The next one; the silence before it may have been found."""
        at = self.at(seconds)
        if self.seconds is not None:
            silence = Silence(self.at(self.seconds), self.hour(self.seconds), found_s)
            self.quiet = signed(self.quiet, silence, at)
        self.quiet = left(self.quiet, Sign(at, self.hour(seconds), sensor, lies, out, mat), found_s)
        self.seconds = seconds

    def mat(self, seconds: float, *, occupied: bool, found_s: float | None = None) -> None:
        """A mat speaks."""
        self.sign(seconds, "bed-1/bed", lies=occupied, mat=occupied, found_s=found_s)

    def known(self, way: int) -> tuple[float, float]:
        """How many silences of a sort are known by now, and how long they are."""
        n, x, _ = self.quiet.habit.all_day(way, self.at(self.seconds or 0.0))
        return n, (x / n) ** 3 if n else 0.0


def worked_out() -> str:
    """What is believed after two days of somebody, with the limits of a sleeper and of one who went out, as it is stored."""
    life = Stillness()
    bounds = Usual(600.0, 7200.0)
    for hour in range(2 * 24):
        life.sign(hour * 3600.0, "front" if hour % 12 == 5 else "pir", out=hour % 12 == 5)
        life.mat(hour * 3600.0 + 1800.0, occupied=hour % 24 > 12)
        life.quiet = timed(life.quiet, life.at(life.seconds or 0.0), life.hour(life.seconds or 0.0), bounds)
    return json.encode(life.quiet).decode()
