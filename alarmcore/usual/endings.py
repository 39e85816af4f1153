"""How what begins at an hour of the day ends: by itself and soon, for the day, or unseen. Counted per person, by hour.

Getting up at seven is not being up in the night, and no limit learned of nights may speak of it. So each leaving of the bed is
one of two: of those that end in bed again, or for the day. The hour says much, and the sensors that are set off meanwhile say the
rest. Of who is up for the day it is kept for how long they sit still.
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from alarmcore.usual.habit import Habit
from alarmcore.usual.spread import LOG, Spread, Sums

NIGHT, DAY, STILL = 0, 1, 2
"""Ways in which leaving the bed is over: in bed again, or plainly up for the day (the third is up for the day, and unseen).
Beside them, the longest pause between signs of whoever is up."""

HOUR_WORTH: Final = 2.0
"""Leaves that the population's chance of an hour is worth: two mornings of somebody's own weigh as much."""

CHANCES: Final = (0.02,) * 4 + (0.05, 0.15) + (0.4,) * 14 + (0.2,) * 2 + (0.02,) * 2
"""The chance, by hour, that somebody of whom nothing is known and who leaves the bed is up for the day. Chosen with caution: at
no hour is it likelier than not, so that a person's first morning is still watched. Of the *aruba* recording (117 nights) 0 of 41
leaves from 00 to 05 were, 12 of 44 from 05 to 06, 27 of 35 from 06 to 07."""

HARDLY: Final = 0.1
"""The chance below which people hardly ever get up for the day at an hour. Then there is always a limit, and who was found and
came back after hours was found rightly: turned day and night is not one's mornings."""

PLACES_MAX: Final = 24
"""Sensors of one home of which it is kept what they say; more than a flat has doors and rooms."""

PLACE_WORTH: Final = 2.0
PLACE_NIGHT, PLACE_DAY = 0.2, 0.6
"""What is taken of a sensor of which nothing is known: the share of nightly and of final leaves that set it off, worth two of
each."""

EVIDENCE_MAX: Final = 4.0
"""Log odds that all sensors together may add. They hang together, and at two in the night no kitchen makes it a morning: from a
chance below one in seven nobody is plainly up for the day."""

LONGER_MIN: Final = 1e-6

PLAIN: Final = 0.9
"""The chance from which on somebody counts as up for the day."""

POSSIBLE, LIKELY = 0.25, 0.6
"""The chance of being up unseen from which on only the municipality's longest limit is held to; and from which on none is, since
an alarm every other morning is one that nobody reads."""

VISITED, VISITED_MIN = 0.5, 4.0
"""A sensor that was set off in half of a person's nightly leaves, and there were as many as four, vouches for the next one
alone."""

FORGET: Final = 0.97
"""What each leave leaves of what was known of the sensors: they are moved, and what counts is the last month or two."""

STILL_UP: Final = Spread(mean=8.0, worth=2.0, shape=2.5, variance=0.3)
"""The longest pause between two signs in the `MORNING_S` of somebody who is up for the day: 50 minutes in the median, by a factor
of 1.7, held loosely. Measured: *aruba* 63 min in the median of 39 mornings, 118 for nineteen in twenty."""

MORNING_S: Final = 4.0 * 3600.0
"""How long after leaving the bed somebody who is up for the day is followed: until then they may have lain down again where
nobody sees, and fallen; later it is a day like any other, and the rule about silence is there for it."""

MORNING_FORGET: Final = 0.975
"""What each morning leaves of what was known of those before: half after four weeks."""


class Place(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One sensor: in how many leaves that ended in bed it was set off, and in how many for the day."""

    name: str
    night: float
    day: float


Places = tuple[Place, ...]
"""The first, with no name, counts all leaves."""


NO_MORNINGS: Final = Sums(0.0, 0.0, 0.0)


class Chances(NamedTuple):
    """How likely a leaving of the bed ends in each way."""

    night: float
    day: float
    unseen: float


def chances(habit: Habit, hour: float, now: datetime) -> Chances:
    """How likely a leaving at `hour` ends in each way. Where no sensor is known to tell of mornings, none will."""
    prior = CHANCES[int(hour) % 24] * HOUR_WORTH
    night, day = habit.about(NIGHT, hour, now).n, habit.about(DAY, hour, now).n
    unseen = habit.unseen_about(hour, now)
    total = HOUR_WORTH + night + day + unseen
    return Chances((HOUR_WORTH - prior + night) / total, day / total, (prior + unseen) / total)


def hardly_up(hour: float) -> bool:
    """Whether people hardly ever get up for the day at that hour."""
    return CHANCES[int(hour) % 24] < HARDLY


def up_for_the_day(prior: float, places: Places, seen: tuple[str, ...], longer: float = 1.0) -> float:
    """How likely somebody is up for the day who set off those sensors; `longer`: the share of nightly ones that last so long."""
    known = {place.name: place for place in places}
    total = known.get("", Place("", 0.0, 0.0))
    evidence = sum(_weight(known.get(name), total) for name in seen) - math.log(max(longer, LONGER_MIN))
    odds = math.log(prior / (1.0 - prior)) + max(-EVIDENCE_MAX, min(EVIDENCE_MAX, evidence))
    return 1.0 / (1.0 + math.exp(-odds))


def _weight(place: Place | None, total: Place) -> float:
    night, day = (place.night, place.day) if place else (0.0, 0.0)
    in_night = (night + PLACE_NIGHT * PLACE_WORTH) / (total.night + PLACE_WORTH)
    in_day = (day + PLACE_DAY * PLACE_WORTH) / (total.day + PLACE_WORTH)
    return math.log(in_day / in_night)


def is_visited(places: Places, name: str) -> bool:
    """Whether a sensor is known to be set off in most leaves of nights."""
    total = next((place.night for place in places if not place.name), 0.0)
    return total >= VISITED_MIN and any(place.name == name and place.night >= VISITED * total for place in places)


def taught(places: Places, seen: tuple[str, ...], *, day: bool) -> Places:
    """What the sensors say, after one more leave; those that have not been set off for longest are forgotten first."""
    counted = {place.name: (place.night * FORGET, place.day * FORGET) for place in places}
    for name in ("", *seen):
        night, for_day = counted.pop(name, (0.0, 0.0))
        counted[name] = (night + (not day), for_day + day)
    all_night, all_day = counted.pop("")
    kept = list(counted.items())[-PLACES_MAX + 1 :]
    return (Place("", all_night, all_day), *(Place(name, night, for_day) for name, (night, for_day) in kept))


def lived(mornings: Sums, rested_s: float, weight: float) -> Sums:
    """What is known of the longest pauses of mornings, as logarithms, after one more."""
    value = LOG.of(rested_s)
    n, x, xx = (MORNING_FORGET * amount for amount in mornings)
    return Sums(n + weight, x + weight * value, xx + weight * value * value)
