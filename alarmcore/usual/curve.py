"""What has been learned of a person as a curve over the hours of the day: what is usual, and the limit that would hold. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal, NamedTuple

from msgspec.structs import replace

from alarmcore.usual import bed, endings, quiet
from alarmcore.usual.bed import Past
from alarmcore.usual.bounds import Usual
from alarmcore.usual.drift import rests_on
from alarmcore.usual.endings import DAY, NIGHT
from alarmcore.usual.habit import HOURS
from alarmcore.usual.quiet import AWAY, PAUSE, REST, WHOLE, Quiet
from alarmcore.usual.spread import LOG, ROOT, Part, within

HALF: Final = 0.5
MOST: Final = 0.9
"""What a sentence calls usual: nine times in ten."""

FIRST_H: Final = 18
"""The hour with which a curve begins: a night is not to be torn apart."""

KNOWN: Final = 1.0
"""Of an hour at which less than one has been seen, nothing is known but what neighbouring hours and other people say."""

State = Literal["watched", "perhaps_up", "up", "perhaps_resting", "resting", "away"]
"""How somebody counts who leaves the bed, or falls silent, at an hour. `up`: for the day, and nothing is watched; `perhaps_up`:
only the longest limit holds; `resting` silence may be sleep, `away` nobody may be at home."""


class Point(NamedTuple):
    """One hour of the day (`hour` to `hour` + 1): half are over within `half_s`, nine in ten within `most_s`.

    `limit_s` None: no limit holds. `seen` is how many are known of about this hour, older ones counting less.
    """

    hour: int
    half_s: float
    most_s: float
    limit_s: float | None
    seen: float
    state: State


class Curve(NamedTuple):
    """A day from `FIRST_H` on. It rests on so many nights or `days`; `seen` are remembered of all hours, older ones less."""

    points: tuple[Point, ...]
    days: int
    seen: float

    def busiest(self) -> Point:
        """The watched hour of which most is known; of nobody the deep night's."""
        watched = [point for point in self.points if point.state == "watched"] or list(self.points)
        best = max(watched, key=lambda point: point.seen)
        return best if best.seen >= KNOWN else next((point for point in watched if point.hour == 2), best)


def hours() -> tuple[int, ...]:
    """The hours of a curve, in its order."""
    return tuple((FIRST_H + place) % HOURS for place in range(HOURS))


def bed_curve(past: Past, usual: Usual, now: datetime) -> Curve:
    """How long leaving the bed lasts, by the hour at which it is left; and after how long it is an alarm.

    What the sensors say of one leave that lasts says nothing of all of them, and is left out.
    """
    past = replace(past, seen=(), sign_at=None, still_s=0.0, day_at=None)
    points = tuple(_bed_point(past, hour, now, usual) for hour in hours())
    seen = past.habit.all_day(NIGHT, now).n + past.habit.all_day(DAY, now).n
    return Curve(points, rests_on(past.drift), seen)


def _bed_point(past: Past, hour: int, now: datetime, usual: Usual) -> Point:
    at = hour + 0.5
    night = (Part(1.0, past.habit.spread(NIGHT, bed.POPULATION, at, now)),)
    unseen = endings.chances(past.habit, at, now).unseen
    limit_s = bed.limit_s(past, now, at, usual)
    state: State = "up" if limit_s is None else "perhaps_up" if unseen >= endings.POSSIBLE else "watched"
    seen = past.habit.about(NIGHT, at, now).n
    return Point(hour, within(HALF, LOG, night), within(MOST, LOG, night), limit_s, seen, state)


def quiet_curve(memory: Quiet, usual: Usual, now: datetime, *, lies: bool = False, out: bool = False) -> Curve:
    """How long silence lasts, by the hour at which it begins: of somebody up and about, who `lies` in bed, or who went `out`."""
    memory = replace(memory, lies=lies, out=out, rest=None, away=None)
    points = tuple(_quiet_point(memory, hour, now, usual) for hour in hours())
    ways = quiet.possible(memory, FIRST_H, now).ways if lies or out else (PAUSE, REST)
    return Curve(points, rests_on(memory.drift), sum(memory.habit.all_day(way, now).n for way in ways))


def _quiet_point(memory: Quiet, hour: int, now: datetime, usual: Usual) -> Point:
    at = hour + 0.5
    may = quiet.possible(memory, at, now)
    seen = sum(memory.habit.about(way, at, now).n for way in may.ways)
    limit_s = quiet.limit_s(memory, at, now, usual)
    return Point(hour, within(HALF, ROOT, may.parts), within(MOST, ROOT, may.parts), limit_s, seen, _STATES[may.ways])


_STATES: Final[dict[tuple[int, ...], State]] = {
    (AWAY,): "away",
    (REST,): "resting",
    (WHOLE,): "resting",
    (PAUSE,): "watched",
    (PAUSE, REST): "perhaps_resting",
    (PAUSE, WHOLE): "perhaps_resting",
}
