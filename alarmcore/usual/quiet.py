"""What is believed of silence at home: a pause, sleep, or nobody there; and how long it usually lasts."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

import msgspec
from msgspec.structs import replace

from alarmcore.usual import absence, mat
from alarmcore.usual.absence import Absence
from alarmcore.usual.bounds import KNOWN_MIN, USUALLY, Usual, taught
from alarmcore.usual.drift import Drift, counted, day_of, is_day, rests_on
from alarmcore.usual.habit import Habit, rare
from alarmcore.usual.mat import Mat
from alarmcore.usual.noise import Noise
from alarmcore.usual.rest import UP_S, Rest, Silence, rested, risen
from alarmcore.usual.spread import ROOT, Part, Spread, within

PAUSE, REST, AWAY, WHOLE = 0, 1, 2, 3
"""What lasts, and is over: a pause by day; a silence while somebody rests, in bed or at an hour at which people sleep; absence,
after a door that leads out; and a whole rest, with what interrupts it, from lying down until they stay up."""

PAUSE_S: Final = 600.0
"""A silence shorter than this is none: somebody sits down. So little is what sensors miss of people who move."""

PAUSES: Final = 16.0
"""Pauses a day of somebody of whom nothing is known: 10 to 21 of those longer than 10 min in four recorded homes (*aruba*,
*ordonezA*, *ordonezB*, *kasterenB*)."""

POPULATION: Final = Spread(mean=11.5, worth=4.0, shape=3.0, variance=16.0)
"""Pauses on the scale of cube roots: 25 min in the median, nine in ten within 96. Measured in the same homes: medians of 21 to 49
min, nine in ten within 53 to 201."""

SLEEP: Final = Spread(mean=30.0, worth=4.0, shape=3.0, variance=9.0)
"""Silence while resting: 7.5 h in the median, nine in ten within 12. Measured: nights of 265 to 614 min between two signs
(*aruba*, *ordonezA*, *ordonezB*)."""

WHOLES: Final = Spread(mean=30.0, worth=0.5, shape=3.0, variance=2.5)
"""A whole rest: 7.5 h in the median. People differ in it by hours, one person's nights that begin at the same hour by one (a
spread of 0.6 to 1.6 on this scale in *aruba*, *ordonezA* and *ordonezB*)."""

SLEEP_MIN_S: Final = 3.0 * 3600.0
"""A silence of somebody who does not lie in bed is sleep from this length on, if it ends well."""

AGAIN_S: Final = 1.5 * 3600.0
"""Of somebody who had rested until a few minutes ago, from this length on."""

BRIEF_S: Final = 1800.0
"""That few: a visit to the bathroom."""

REST_MAX_S: Final = 16.0 * 3600.0
"""Beyond this nobody is left asleep or away, whatever their habit."""

RESTING: Final = 0.12
"""The share of rest among the silences that begin about an hour from which on one may be rest. Of those of an evening one in four
is; of an afternoon with a nap now and then one in twenty, and those are found at the municipality's limit."""

ASLEEP: Final = 0.5
"""The share from which on an hour is one at which somebody sleeps: whoever is still then, and not in bed, may be asleep
elsewhere, and only the municipality's limit holds."""

ABSENCE: Final = Spread(mean=19.0, worth=2.0, shape=3.0, variance=36.0)
"""Nobody at home: 1.9 h in the median, nine in ten within 7; chosen."""

TRIP_S: Final = 4.0 * 86_400.0
"""Who is away for longer than a long weekend has moved, or lies in hospital, and that is no habit."""

RESTS: Final = 1.5
ABSENCES: Final = 1.0
"""Silences of those sorts a day of somebody of whom nothing is known."""

KNOWN: Final = 0.5
"""Rests about an hour, or absences, that must be known of somebody before one may be longer than the municipality's limit: two
nights that raised an alarm, or one that did not."""

PEOPLE_REST: Final = (0.3,) * 5 + (0.0,) * 16 + (0.3,) * 3
"""The chance, by hour, that a silence of somebody of whom nothing is known is sleep; worth one silence. Without it the first
nights of everybody whose bed has no mat would be alarms."""

NEW_MAX_S: Final = 12.0 * 3600.0
"""Of somebody whose rests are not known yet nobody is left asleep for longer: nine in ten nights are over by then."""

KNOWN_DAYS: Final = 3
"""Before so many days nobody's pauses are called usual, many as there may have been."""

STEPS: Final = 2
"""Steps in an hour by which a limit is told: what is usual does not change within half an hour, and working it out takes long."""


class Quiet(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True, gc=False):
    """What is remembered of one person's silences.

    `lies` says that the newest sign left somebody in a bed, `out` that it was a door that leads out. `limit_s` is the limit
    worked out for the half hour, state and bounds `limit_of`: no other is asked for until one changes or something was learned.
    `drift` is what days come to. `rest` is the newest, until it turns out to be over; `away` the absence that goes on.
    """

    habit: Habit = Habit()
    lies: bool = False
    out: bool = False
    limit_of: int = -1
    limit_s: float = 0.0
    drift: Drift = Drift()
    rest: Rest | None = None
    away: Absence | None = None
    mat: Mat = Mat()
    noise: Noise = Noise()


class Sign(NamedTuple):
    """The newest sign: when, the local hour of it, the sensor (none of a button), and how it left somebody.

    `mat` is what a mat said: True that somebody lies in it, None where another sensor spoke.
    """

    at: datetime
    hour: float
    sensor: str
    lies: bool = False
    out: bool = False
    mat: bool | None = None


def signed(quiet: Quiet, silence: Silence, at: datetime) -> Quiet:
    """There was a sign after silence, and what that was is learned."""
    since_at, hour, found_s = silence
    lasted_s = (at - since_at).total_seconds()
    rests = not quiet.out and lasted_s >= PAUSE_S and (quiet.lies or lasted_s >= _sleep_min_s(quiet, since_at))
    quiet = _rested(quiet, silence, at, rests=rests and (quiet.lies or not quiet.mat.tells(at)))
    if quiet.out or not PAUSE_S <= lasted_s <= REST_MAX_S:
        return quiet  # nobody's habit: nothing, or a week away
    lasted_s, weight = taught(lasted_s, found_s)
    habit = quiet.habit.observed(REST if rests else PAUSE, hour, ROOT.of(lasted_s), at, weight)
    if rests and not quiet.lies and quiet.mat.tells(at):
        habit = habit.unseen(hour, at, weight)
    counts = is_day(hour)
    drift = counted(quiet.drift, day_of(since_at, hour), lasted_s if counts else 0.0, int(counts))
    return replace(quiet, habit=habit, limit_of=-1, drift=drift)


def _sleep_min_s(quiet: Quiet, since_at: datetime) -> float:
    """From how long on a silence of somebody who does not lie in bed is sleep."""
    again = quiet.rest is not None and (since_at - quiet.rest.over_at).total_seconds() <= BRIEF_S
    return AGAIN_S if again else SLEEP_MIN_S


def _rested(quiet: Quiet, silence: Silence, at: datetime, *, rests: bool) -> Quiet:
    """A rest that will not go on is learned; and another begins, or the same goes on until now."""
    rest = quiet.rest
    # Who is soon in bed again goes on resting, also where a mat that drops out leaves no silence that would be one.
    lain = quiet.lies and not (quiet.out or quiet.mat.is_doubted(at))
    rests = rests or (lain and rest is not None and not rest.is_over(silence.since_at))
    if rest is not None and rest.is_over(silence.since_at if rests else at):
        habit = quiet.habit
        if PAUSE_S <= rest.lasted_s <= REST_MAX_S:
            habit = habit.observed(WHOLE, rest.hour, ROOT.of(rest.lasted_s), at, rest.weight)
        quiet, rest = replace(quiet, habit=habit, rest=None, limit_of=-1), None
    return replace(quiet, rest=rested(rest, silence, at)) if rests else quiet


def left(quiet: Quiet, sign: Sign, found_s: float | None = None) -> Quiet:
    """How the newest sign left somebody; `found_s` is the limit if the silence before it had been found."""
    if sign.mat is not None:
        quiet = replace(quiet, mat=mat.told(quiet.mat, sign.at, occupied=sign.mat))
    elif quiet.rest is not None:
        quiet = replace(quiet, rest=risen(quiet.rest, sign.at))
    away, ended = quiet.away, not sign.out
    if sign.out:
        away, ended = absence.passed(away, sign.sensor, sign.at, sign.hour)
    elif away is not None and (sign.mat is None or quiet.mat.is_doubted(sign.at)) and not away.ends(sign.sensor, sign.at):
        return replace(quiet, away=away.stirred(sign.sensor, sign.at, found_s), lies=sign.lies)
    if ended and quiet.away is not None:
        quiet = _returned(quiet, quiet.away, sign.at, found_s)
    # A mat lets go when the sleeper turns: until something else is set off, they lie there still.
    lies = sign.lies or (sign.mat is False and quiet.lies)
    return replace(quiet, lies=lies, out=sign.out, away=away if sign.out else None)


def _returned(quiet: Quiet, away: Absence, at: datetime, found_s: float | None) -> Quiet:
    """An absence is over, and learned."""
    lasted_s = (at - away.at).total_seconds()
    if not PAUSE_S <= lasted_s <= TRIP_S:
        return quiet
    lasted_s, weight = taught(min(lasted_s, REST_MAX_S), found_s if away.found_s is None else away.found_s)
    return replace(quiet, habit=quiet.habit.observed(AWAY, away.hour, ROOT.of(lasted_s), at, weight), limit_of=-1)


def timed(quiet: Quiet, since_at: datetime, hour: float, usual: Usual) -> Quiet:
    """With the limit of a silence that begins at `since_at`, about `hour`."""
    step = int(hour * STEPS)
    since = quiet.away if quiet.out else quiet.rest
    of = hash((step, quiet.lies, quiet.out, since.at.timestamp() if since is not None else 0.0, *usual.key()))
    if quiet.limit_of == of:
        return quiet
    return replace(quiet, limit_of=of, limit_s=limit_s(quiet, (step + 0.5) / STEPS, since_at, usual))


def limit_s(quiet: Quiet, hour: float, now: datetime, usual: Usual) -> float:
    """Seconds after which a silence that begins at `hour` is longer than usual.

    By day within the municipality's bounds. Sleep, and absence of somebody who is known to go out, are longer than any limit for
    the day, and have their own.
    """
    may = possible(quiet, hour, now)
    if may.asleep:
        return usual.bounded(usual.max_s, usual.max_s)
    share = 1.0 - rare(quiet.habit, may.ways, usual.once_in_days, may.a_day, now)
    long_s = within(share, ROOT, may.parts)
    if may.ways == (PAUSE,) or (may.ways == (AWAY,) and quiet.habit.all_day(AWAY, now).n < KNOWN):
        return usual.bounded(long_s, usual.max_s)
    most_s = REST_MAX_S
    if may.ways == (AWAY,):
        long_s = max(long_s, usual.max_s)
    elif quiet.habit.all_day(WHOLE, now).n < KNOWN_MIN and quiet.habit.all_day(REST, now).n < KNOWN_MIN:
        most_s = NEW_MAX_S
    return usual.bounded(long_s, max(usual.max_s, most_s - may.already_s))


def usual_s(quiet: Quiet, hour: float, now: datetime) -> float:
    """Seconds within which nine in ten silences that begin at `hour` are over."""
    return within(USUALLY, ROOT, possible(quiet, hour, now).parts)


def seen(quiet: Quiet, hour: float, now: datetime) -> float:
    """How many are known of what a silence that begins at `hour` may be, older ones counting less; 0 in somebody's first days."""
    if rests_on(quiet.drift) < KNOWN_DAYS:
        return 0.0
    return sum(quiet.habit.all_day(way, now).n for way in possible(quiet, hour, now).ways)


class Possible(NamedTuple):
    """What a silence may be: which ways, how many such come a day of anybody, and for how long it has gone on before it began.

    `asleep`: people sleep at that hour, though not here.
    """

    parts: tuple[Part, ...]
    ways: tuple[int, ...]
    a_day: float
    already_s: float = 0.0
    asleep: bool = False


def possible(quiet: Quiet, hour: float, now: datetime) -> Possible:
    """What a silence that begins at `hour` may be."""
    if quiet.out:
        away = quiet.away or Absence(now, hour)
        already_s = (now - away.at).total_seconds()
        part = Part(1.0, quiet.habit.spread(AWAY, ABSENCE, away.hour, now), -already_s)
        return Possible((part,), (AWAY,), ABSENCES, already_s)
    rest = 1.0 if quiet.lies else _resting(quiet, hour, now)
    pause = Part(1.0 - rest, quiet.habit.spread(PAUSE, POPULATION, hour, now)) if rest < 1.0 else None
    if pause is not None and rest < RESTING:
        return Possible((pause._replace(likely=1.0),), (PAUSE,), PAUSES, asleep=_sleeps(quiet, hour, now))
    spread, already_s, way = _rest(quiet, hour, now)
    part = Part(rest, spread, -already_s)
    if pause is None:
        return Possible((part,), (way,), RESTS, already_s)
    return Possible((pause, part), (PAUSE, way), PAUSES + RESTS, already_s)


def _rest(quiet: Quiet, hour: float, now: datetime) -> tuple[Spread, float, int]:
    """How long rest lasts, for how long it has gone on, and which way that is.

    Of somebody who never gets up (home care comes to the bed) no whole rest is known, and silences are taken one by one.
    """
    rest = quiet.rest
    goes_on = rest is not None and (quiet.lies or (now - rest.over_at).total_seconds() <= UP_S)
    at, began = (rest.at, rest.hour) if rest is not None and goes_on else (now, hour)
    already_s = (now - at).total_seconds()
    if already_s >= REST_MAX_S or quiet.habit.all_day(WHOLE, now).n < KNOWN:
        return quiet.habit.spread(REST, SLEEP, hour, now), 0.0, REST
    return quiet.habit.spread(WHOLE, WHOLES, began, now), already_s, WHOLE


def _resting(quiet: Quiet, hour: float, now: datetime) -> float:
    """How likely a silence that begins at `hour` is rest, of somebody who does not lie in a bed that would say so."""
    pauses = quiet.habit.about(PAUSE, hour, now).n
    if quiet.mat.tells(now):
        rests = quiet.habit.unseen_about(hour, now)
        return rests / (rests + pauses) if rests >= KNOWN else 0.0
    rests, people = quiet.habit.about(REST, hour, now).n, PEOPLE_REST[int(hour) % 24]
    return (rests + people) / (rests + pauses + 1.0) if people or rests >= KNOWN else 0.0


def _sleeps(quiet: Quiet, hour: float, now: datetime) -> bool:
    """Whether somebody who is still, and not in bed, at `hour` may be asleep elsewhere."""
    rests = quiet.habit.about(REST, hour, now).n
    return rests >= KNOWN and rests >= ASLEEP * (rests + quiet.habit.about(PAUSE, hour, now).n)
