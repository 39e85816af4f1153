"""What is believed of silence at home: a pause, sleep, or nobody there; and how long it usually lasts."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec
from msgspec.structs import replace

from alarmcore.usual.bounds import FOUND_FACTOR, FOUND_WEIGHT, USUALLY, Usual
from alarmcore.usual.drift import Drift, counted, day_of, is_day
from alarmcore.usual.habit import Habit, rare
from alarmcore.usual.spread import ROOT, Part, Spread, within

PAUSE, REST, AWAY = 0, 1, 2
"""What a silence was: a pause by day; rest, in bed or at an hour at which people sleep; or nobody at home, after a door that
leads out. Somebody else may have gone by that door, so that silence after it has its usual length like any other."""

PAUSE_S: Final = 600.0
"""A silence shorter than this is none: somebody sits down. So little is what sensors miss of people who move."""

PAUSES: Final = 16.0
"""Pauses a day of somebody of whom nothing is known: 10 to 21 of those longer than 10 min in four recorded homes (*aruba*,
*ordonezA*, *ordonezB*, *kasterenB*)."""

POPULATION: Final = Spread(mean=11.5, worth=4.0, shape=3.0, variance=16.0)
"""Pauses on the scale of cube roots: 25 min in the median, nine in ten within 77. Measured in the same homes: medians of 21 to 49
min, nine in ten within 53 to 201."""

SLEEP: Final = Spread(mean=30.0, worth=4.0, shape=3.0, variance=9.0)
"""Rest: 7.5 h in the median, nine in ten within 11. Measured: nights of 265 to 614 min between two signs (*aruba*, *ordonezA*,
*ordonezB*)."""

SLEEP_MIN_S: Final = 3.0 * 3600.0
"""A silence of somebody who does not lie in bed is sleep from this length on, if it ends well."""

REST_MAX_S: Final = 16.0 * 3600.0
"""Beyond this nobody is left asleep or away, whatever their habit."""

RESTING: Final = 0.12
"""The share of rest among the silences that begin about an hour from which on one may be rest. Of those of an evening one in four
is; of an afternoon with a nap now and then one in twenty, and those are found at the municipality's limit."""

ABSENCE: Final = Spread(mean=19.0, worth=2.0, shape=3.0, variance=36.0)
"""Nobody at home: 1.9 h in the median, nine in ten within 5; chosen."""

RESTS: Final = 1.5
ABSENCES: Final = 1.0
"""Silences of those sorts a day of somebody of whom nothing is known."""

KNOWN: Final = 0.5
"""Rests about an hour, or absences, that must be known of somebody before one may be longer than the municipality's limit: two
nights that raised an alarm, or one that did not."""

STEPS: Final = 2
"""Steps in an hour by which a limit is told: what is usual does not change within half an hour, and working it out takes long."""


class Quiet(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True, gc=False):
    """What is remembered of one person's silences.

    `lies` says that the newest sign left somebody in a bed, `out` that it was a door that leads out. `limit_s` is the limit
    worked out for the half hour, state and bounds `limit_of`: no other is asked for until one changes or something was learned.
    `drift` is what days come to.
    """

    habit: Habit = Habit()
    lies: bool = False
    out: bool = False
    limit_of: int = -1
    limit_s: float = 0.0
    drift: Drift = Drift()


def signed(quiet: Quiet, since_at: datetime, at: datetime, hour: float, found_s: float | None) -> Quiet:
    """There was a sign after silence since `since_at`; `found_s` is the limit if that silence had been found."""
    lasted_s = (at - since_at).total_seconds()
    if not PAUSE_S <= lasted_s <= REST_MAX_S:
        return quiet  # nobody's habit: nothing, or a week away
    way = AWAY if quiet.out else REST if quiet.lies or lasted_s >= SLEEP_MIN_S else PAUSE
    weight = 1.0
    if found_s is not None:
        weight, lasted_s = FOUND_WEIGHT, min(lasted_s, FOUND_FACTOR * found_s)
    counts = way != AWAY and is_day(hour)
    drift = counted(quiet.drift, day_of(since_at, hour), lasted_s if counts else 0.0, int(counts))
    return replace(quiet, habit=quiet.habit.observed(way, hour, ROOT.of(lasted_s), at, weight), limit_of=-1, drift=drift)


def left(quiet: Quiet, *, lies: bool, out: bool) -> Quiet:
    """How the newest sign left somebody."""
    return quiet if quiet.lies == lies and quiet.out == out else replace(quiet, lies=lies, out=out)


def timed(quiet: Quiet, since_at: datetime, hour: float, usual: Usual) -> Quiet:
    """With the limit of a silence that begins at `since_at`, about `hour`."""
    step = int(hour * STEPS)
    of = hash((step, quiet.lies, quiet.out, usual.min_s, usual.max_s, usual.once_in_days))
    if quiet.limit_of == of:
        return quiet
    return replace(quiet, limit_of=of, limit_s=limit_s(quiet, (step + 0.5) / STEPS, since_at, usual))


def limit_s(quiet: Quiet, hour: float, now: datetime, usual: Usual) -> float:
    """Seconds after which a silence that begins at `hour` is longer than usual.

    By day within the municipality's bounds. Sleep, and absence of somebody who is known to go out, are longer than any limit for
    the day, and have their own.
    """
    parts, ways, a_day = possible(quiet, hour, now)
    share = 1.0 - rare(quiet.habit, ways, usual.once_in_days, a_day, now)
    is_pause = ways == (PAUSE,) or (ways == (AWAY,) and quiet.habit.all_day(AWAY, now).n < KNOWN)
    most_s = usual.max_s if is_pause else max(usual.max_s, REST_MAX_S)
    return usual.bounded(within(share, ROOT, parts), most_s)


def usual_s(quiet: Quiet, hour: float, now: datetime) -> float:
    """Seconds within which nine in ten silences that begin at `hour` are over."""
    parts, _, _ = possible(quiet, hour, now)
    return within(USUALLY, ROOT, parts)


def possible(quiet: Quiet, hour: float, now: datetime) -> tuple[tuple[Part, ...], tuple[int, ...], float]:
    """What a silence that begins at `hour` may be, which ways those are, and how many such come a day of anybody."""
    if quiet.out:
        return (Part(1.0, quiet.habit.spread(AWAY, ABSENCE, hour, now)),), (AWAY,), ABSENCES
    rest = 1.0 if quiet.lies else _resting(quiet, hour, now)
    if rest == 1.0:
        return (Part(1.0, quiet.habit.spread(REST, SLEEP, hour, now)),), (REST,), RESTS
    pause = quiet.habit.spread(PAUSE, POPULATION, hour, now)
    if rest < RESTING:
        return (Part(1.0, pause),), (PAUSE,), PAUSES
    return (Part(1.0 - rest, pause), Part(rest, quiet.habit.spread(REST, SLEEP, hour, now))), (PAUSE, REST), PAUSES + RESTS


def _resting(quiet: Quiet, hour: float, now: datetime) -> float:
    """How likely a silence that begins at `hour` is rest."""
    rests, pauses = quiet.habit.about(REST, hour, now).n, quiet.habit.about(PAUSE, hour, now).n
    return rests / (rests + pauses) if rests >= KNOWN else 0.0
