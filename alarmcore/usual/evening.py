"""At which hour of the evening somebody goes to bed, and by which they always have: a bed that nobody enters says nothing."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Final

import msgspec
from msgspec.structs import replace

from alarmcore.usual.bounds import FOUND_WEIGHT, USUALLY
from alarmcore.usual.drift import night_of
from alarmcore.usual.habit import SHARE_MAX, SHARE_MIN
from alarmcore.usual.spread import Spread, Sums

BEDTIME: Final = Spread(mean=-1.0, worth=2.0, shape=2.5, variance=1.44)
"""The hour, from midnight on, at which people lie down: eleven, spread by 1.2 h, held loosely. Chosen."""

FROM_H, UNTIL_H = 18.0, 6.0
"""Hours (local) at which a night's rest begins: who lies down earlier takes a nap, and later has been up all night."""

REST_S: Final = 3600.0
"""Who has lain for so long has gone to bed, and did not only sit down on it."""

FORGET: Final = 0.975
"""What each night leaves of what was known of those before: half after four weeks."""

NIGHTS_MIN: Final = 2.8
"""Nights to be known before anybody is missed in bed: three, as they fade."""

SKIPPED_WORTH: Final = 5.0
SKIPPED: Final = 0.05
"""Share of the nights, with five of which nothing is known, in which somebody may not have gone to bed at all and is still missed
the next time; those that were found count a third. Who sleeps in a chair more often is not."""

MOVED_S: Final = 4.5 * 3600.0
"""Who moved about so lately, within half a night, dozes in a chair more often than that they lie on the floor. Measured: of 117
evenings of *aruba* two ended so."""

MOVED_STEP_S: Final = 300.0
"""How exactly it is known when that was, so that not each sign is written down."""

DOOR_S: Final = 60.0
"""A sign so soon after a door is of whoever went by it: they may have gone out."""


EPOCH: Final = date(1970, 1, 1).toordinal()
"""The day from which nights are counted."""


class Evening(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True, gc=False):
    """What is known of the hours at which somebody lies down: how many nights, the hours' sum and that of their squares.

    `night` (days since 1970) is the newest of those, `rest_at` is when the bed was entered last, but for turns of the sleeper.
    `awaited` is the night of which somebody was about in the evening and has not lain down, 0 if there is none; `door_at` is when
    a door was used, if nothing else since, and `moved_at` when something was set off about the hour of going to bed. `found`:
    they were missed in bed this night. `skipped` counts nights with no bed.
    """

    n: float = 0.0
    x: float = 0.0
    xx: float = 0.0
    night: int = 0
    rest_at: datetime | None = None
    awaited: int = 0
    door_at: datetime | None = None
    found: bool = False
    skipped: float = 0.0
    moved_at: datetime | None = None

    def is_known(self) -> bool:
        """Whether anybody may be missed in bed."""
        return self.n >= NIGHTS_MIN and self.skipped < SKIPPED * (self.n + self.skipped + SKIPPED_WORTH)

    def hour(self, share: float) -> float:
        """Hours from midnight on by which this person lies down, with the probability `share`."""
        return BEDTIME.given(Sums(self.n, self.x, self.xx)).reached(share)


def is_evening(hour: float) -> bool:
    """Whether a night's rest may begin at this hour."""
    return hour >= FROM_H or hour < UNTIL_H


def lain(evening: Evening, at: datetime, turned: bool, found: bool) -> Evening:
    """Somebody lies in bed: after a turn still, or now; `found` if they were missed there."""
    if turned and evening.rest_at is not None:
        return evening
    return replace(evening, rest_at=at, awaited=0, door_at=None, moved_at=None, found=found)


def risen(evening: Evening, at: datetime, hour: float) -> Evening:
    """They left it; `hour` (local) is that at which they lay down."""
    rest_at = evening.rest_at
    if rest_at is None or not is_evening(hour) or (at - rest_at).total_seconds() < REST_S:
        return evening
    night = night_of(rest_at, hour)
    if night <= evening.night:
        return evening
    weight, bedtime = FOUND_WEIGHT if evening.found else 1.0, hour if hour < UNTIL_H else hour - 24.0
    n, x, xx = FORGET * evening.n, FORGET * evening.x, FORGET * evening.xx
    return replace(
        evening,
        n=n + weight,
        x=x + weight * bedtime,
        xx=xx + weight * bedtime * bedtime,
        night=night,
        skipped=FORGET * evening.skipped,
        found=False,
    )


def about(evening: Evening, night: int, at: datetime, late_at: datetime, *, door: bool, found: bool) -> Evening:
    """Somebody is about that evening, or went by a door, and has not lain down yet, as they have by `late_at`.

    `found`: they were missed the last time.
    """
    if evening.awaited != night:
        # Whoever went out by a door may have slept in another bed.
        skipped = 0.0 if not evening.awaited or evening.door_at is not None else FOUND_WEIGHT if found else 1.0
        evening = replace(evening, awaited=night, door_at=None, moved_at=None, skipped=evening.skipped + skipped)
    if door:
        return evening if evening.door_at == at else replace(evening, door_at=at)
    if evening.door_at is not None and (at - evening.door_at).total_seconds() >= DOOR_S:
        evening = replace(evening, door_at=None)
    early = at + timedelta(seconds=MOVED_S) <= late_at
    if early or (evening.moved_at is not None and (at - evening.moved_at).total_seconds() < MOVED_STEP_S):
        return evening
    return replace(evening, moved_at=at)


def missed_at(evening: Evening, late_at: datetime) -> datetime:
    """When somebody is missed in bed: when they always lie in it, and have not moved for long."""
    return late_at if evening.moved_at is None else max(late_at, evening.moved_at + timedelta(seconds=MOVED_S))


def late_at(evening: Evening, night: int, once_in_days: float) -> datetime | None:
    """The moment of a night, by the clock on the wall, by which this person lies in bed; None if that is in the morning."""
    share = min(max(1.0 / once_in_days, SHARE_MIN), SHARE_MAX)
    minutes = round(60.0 * evening.hour(1.0 - share))
    midnight = datetime.combine(date.fromordinal(EPOCH + night + 1), time())
    return midnight + timedelta(minutes=minutes) if minutes < UNTIL_H * 60.0 else None


def usual_s(evening: Evening) -> int:
    """Seconds after midnight by which they lie in bed nine times in ten."""
    return 60 * round(60.0 * evening.hour(USUALLY)) % 86_400
