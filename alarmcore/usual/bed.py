"""What is believed of somebody's bed and of leaving it, from the mats and the home's other sensors.

A mat alone does not know whether somebody has left: it lets go when the sleeper turns, and some let go hundreds of times in a
night. Nor does it know whether somebody has got up for the day.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import msgspec
from msgspec.structs import replace

from alarmcore.usual import endings
from alarmcore.usual.bounds import FOUND_FACTOR, FOUND_WEIGHT, USUALLY, Usual
from alarmcore.usual.drift import Drift, counted, is_night, night_of
from alarmcore.usual.drops import Drops, dropped, far_s
from alarmcore.usual.endings import DAY, MORNING_S, NIGHT, STILL, STILL_UP, Places
from alarmcore.usual.evening import Evening
from alarmcore.usual.habit import Habit, rare
from alarmcore.usual.leave import Leave
from alarmcore.usual.mat import CHATTERS_S, FLIPS_MAX, FLIPS_S, faded
from alarmcore.usual.spread import LOG, Part, Spread, Sums, within
from alarmcore.usual.strays import COMPANY, Stray, is_stray, strayed

POPULATION: Final = Spread(mean=5.7, worth=2.0, shape=2.5, variance=0.5)
"""Leaves that end in bed again: five minutes (300 s) in the median, spread by a factor of 2.4, held loosely. Measured: *aruba*
3.2 min in the median of 94, and 12.9 for nineteen in twenty; the mats of *kasterenB* 3.7 of 158."""

MOVING: Final = Spread(mean=5.5, worth=2.0, shape=2.5, variance=0.6)
"""The longest pause between two signs of somebody who is up, until all is well: four minutes in the median, by a factor of 2.2;
chosen."""

MORNING_STEP_S: Final = 120.0
"""How exactly signs of such a morning are known, so that not each one is written down."""

DOOR: Final = "/door"
"""Ends the name of a door. Silence after it is of somebody who may have gone out: nothing is said of it, whichever door."""

DOOR_S: Final = 60.0
"""A sign so soon after a door is of whoever went by it."""

MORNING_UNTIL_H: Final = 12.0
"""The hour until which somebody who leaves the bed gets up; later it was a nap."""

OUT_S: Final = 1800.0
"""Silence of this length after a door was an outing, and that morning is not followed any longer."""

TURNING_S: Final = 60.0
"""A release shorter than this is a turn of the sleeper: nobody has been anywhere. Nor has anybody come back to bed who lies in it
for less."""

RETURN_S: Final = 3.0 * 3600.0
"""Who comes back to bed after longer than this had got up for the day, whatever the hour."""

STUCK_S: Final = 20.0 * 3600.0
"""A mat that has said *occupied* for so long beside another one that has not says nothing any more."""

HEARD_S: Final = 2.0 * 86_400.0
"""How long ago another sensor of the home may last have been heard, for its silence to mean something."""

HEARD_STEP_S: Final = 6.0 * 3600.0
"""How exactly that is known: written down a few times a day instead of at each movement."""

SEEN_MAX: Final = 16
"""Sensors remembered of one leave."""

CONFIRMED: Final = 2
"""Sensors elsewhere that must be set off before a mat that chatters is believed: one alone may be a ghost, or the cat."""

LEAVES: Final = 1.5
"""Leaves a day of somebody of whom nothing is known: the bathroom once, and getting up."""


class Past(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True, gc=False):
    """What is remembered of one person's bed.

    `habit` is how long leaves last until all is well: back in bed, or plainly up for the day. `seen` are the sensors set off
    since the bed was left, `sign_at` when the newest was, `still_s` the longest pause between two signs so far; `day_at` when it
    became plain. `other_at` is when another sensor was last heard. `flips` counts releases, fading within the hour before
    `flips_at`; `chatters_at` is when there were last too many. `drift` is what nights come to.

    Who is plainly up is followed for some hours: until then `sign_at` is the newest sign, and None afterwards; `rested_s` is the
    longest pause since, and `door` says whether the newest sign was of a door. `mornings` is what such longest pauses were.

    `drops` are releases that were none, `leave` is the one that has just ended, if that was an end. `evening` is when somebody
    goes to bed.
    """

    habit: Habit = Habit()
    places: Places = ()
    seen: tuple[str, ...] = ()
    day_at: datetime | None = None
    other_at: datetime | None = None
    flips: float = 0.0
    flips_at: datetime | None = None
    chatters_at: datetime | None = None
    strays: tuple[Stray, ...] = ()
    sign_at: datetime | None = None
    still_s: float = 0.0
    drift: Drift = Drift()
    rested_s: float = 0.0
    door: bool = False
    mornings: Sums = endings.NO_MORNINGS
    drops: Drops = Drops()
    leave: Leave | None = None
    evening: Evening = Evening()

    def chatters(self, at: datetime) -> bool:
        """Whether the mat's word is doubted."""
        return self.chatters_at is not None and at < self.chatters_at + timedelta(seconds=CHATTERS_S)

    def has_others(self, at: datetime) -> bool:
        """Whether the home has other sensors that speak."""
        return self.other_at is not None and at < self.other_at + timedelta(seconds=HEARD_S)

    def is_confirmed(self, left_at: datetime) -> bool:
        """Whether somebody has truly left the bed, as far as the home can tell."""
        if not (self.chatters(left_at) and self.has_others(left_at)):
            return True
        return len(self.seen) >= CONFIRMED or any(endings.is_visited(self.places, name) for name in self.seen)

    def has_company(self, left_at: datetime) -> bool:
        """Whether something else moved in the home while somebody lay in bed, shortly before it was left: a visitor, or a cat.

        One sensor alone is that of the bedroom, which sees the sleeper turn.
        """
        return sum(is_stray(self.strays, stray.name, left_at) for stray in self.strays) >= COMPANY

    def paused_s(self, left_at: datetime, at: datetime) -> float:
        """The longest pause between two signs of this leave, if the next is at `at`."""
        return max(self.still_s, (at - (self.sign_at or left_at)).total_seconds())


def released(past: Past, at: datetime) -> Past:
    """The bed was left, or the mat says so."""
    return begun(_flipped(past, at))


def _flipped(past: Past, at: datetime) -> Past:
    flips = 1.0 + faded(past.flips, past.flips_at, at, FLIPS_S)
    past = replace(past, flips=flips, flips_at=at)
    if flips <= FLIPS_MAX:
        return past
    return replace(past, chatters_at=at, drops=past.drops if past.chatters(at) else replace(past.drops, since_at=at))


def laid(past: Past, leave: Leave, hour: float) -> Past:
    """Somebody seems to lie in bed again. That of a mat that is doubted, or after hours, is believed at once."""
    long = leave.found_s is None and (leave.lain_at - leave.at).total_seconds() > RETURN_S
    return over(past, leave, hour) if long or past.chatters(leave.lain_at) else replace(past, leave=leave)


def settled(past: Past, leave: Leave, at: datetime, hour: float) -> Past:
    """They still did at `at`: long enough to have come back? `hour` (local) is that at which the bed was left."""
    return past if (at - leave.lain_at).total_seconds() < TURNING_S else over(past, leave, hour)


def over(past: Past, leave: Leave, hour: float) -> Past:
    """They have come back."""
    return returned(replace(past, leave=None), leave.at, leave.lain_at, hour, leave.found_s)


def resumed(past: Past, at: datetime) -> Past:
    """They had not come back: what is known of the leave still is."""
    return replace(_flipped(past, at), leave=None)


def begun(past: Past) -> Past:
    """Nothing is known of a leave yet."""
    return replace(past, seen=(), sign_at=None, still_s=0.0, day_at=None, rested_s=0.0, door=False)


def set_off(past: Past, name: str, at: datetime, left_at: datetime | None, hour: float, limit_s: float | None = None) -> Past:
    """Another sensor was set off; `hour` (local) is that at which the bed was left, at `left_at` (None: somebody lies in it).

    `limit_s` is given if they had been found, and were out for longer than that.
    """
    past = _heard(past, at)
    if left_at is None:
        return replace(past, strays=strayed(past.strays, name, at))
    if is_stray(past.strays, name, left_at):
        return past
    if past.day_at is not None:
        return _followed(past, at, left_at, limit_s, door=name.endswith(DOOR))
    past = replace(past, sign_at=max(at, past.sign_at or at), still_s=past.paused_s(left_at, at))
    if name not in past.seen and len(past.seen) < SEEN_MAX:
        past = replace(past, seen=(*past.seen, name))
    if not past.is_confirmed(left_at):
        return past
    chance = 1.0 - endings.chances(past.habit, hour, at).night
    longer = past.habit.spread(NIGHT, POPULATION, hour, at).beyond(LOG.of(max((at - left_at).total_seconds(), 1.0)))
    if endings.up_for_the_day(chance, past.places, past.seen, longer) < endings.PLAIN:
        return past
    # Whoever was found has been looked after, and is not followed; nor is the day that goes on after a nap.
    followed = limit_s is None and hour < MORNING_UNTIL_H
    return replace(past, day_at=at, door=name.endswith(DOOR), sign_at=past.sign_at if followed else None)


def _followed(past: Past, at: datetime, left_at: datetime, limit_s: float | None, *, door: bool) -> Past:
    """One more sign of somebody who is up for the day."""
    sign_at = past.sign_at
    if sign_at is None or at < sign_at:
        return past
    ends_at = left_at + timedelta(seconds=MORNING_S)
    pause_s = (min(at, ends_at) - sign_at).total_seconds()
    door = door or (past.door and pause_s < DOOR_S)
    if at < ends_at and pause_s < MORNING_STEP_S and door == past.door:
        return past
    if past.door and pause_s >= OUT_S:
        return replace(past, sign_at=None)
    if not past.door:
        past = replace(past, rested_s=max(past.rested_s, pause_s))
    if limit_s is not None:
        return _morning(past, limit_s - (sign_at - left_at).total_seconds())
    return _morning(past) if at >= ends_at else replace(past, sign_at=at, door=door)


def _morning(past: Past, limit_s: float | None = None) -> Past:
    """What a morning teaches that was followed to its end; `limit_s` is that pause after which somebody was found."""
    weight, most_s = (1.0, MORNING_S) if limit_s is None else (FOUND_WEIGHT, FOUND_FACTOR * limit_s)
    rested_s = max(min(past.rested_s, most_s), MORNING_STEP_S)
    return replace(past, sign_at=None, mornings=endings.lived(past.mornings, rested_s, weight))


def returned(past: Past, left_at: datetime, at: datetime, hour: float, limit_s: float | None) -> Past:
    """Somebody lies in bed again; `limit_s` is given if they had been found, and had been out for longer than that."""
    lasted_s = (at - left_at).total_seconds()
    if past.day_at is not None and lasted_s > RETURN_S:
        past = _followed(past, max(at, left_at + timedelta(seconds=MORNING_S)), left_at, limit_s, door=False)
    confirmed = past.is_confirmed(left_at)
    if not (past.seen and confirmed) and endings.hardly_up(hour) and lasted_s <= RETURN_S:
        past = replace(past, drops=dropped(past.drops, lasted_s, at))
    after = begun(past)
    if lasted_s < TURNING_S:
        return after
    if not confirmed:
        # No mat lets go of a sleeper for so long: it was a morning.
        return after if lasted_s <= RETURN_S else replace(after, habit=past.habit.unseen(hour, at))
    after = replace(after, drift=_up(past, left_at, lasted_s, hour, limit_s))
    habit = _resolved(past, left_at, at, hour, limit_s)
    if limit_s is not None or not past.seen:
        return replace(after, habit=habit)
    return replace(after, habit=habit, places=endings.taught(past.places, past.seen, day=lasted_s > RETURN_S))


def _up(past: Past, left_at: datetime, lasted_s: float, hour: float, limit_s: float | None) -> Drift:
    """What nights come to, with this leave if it was one of a night. That in which somebody lies down again has begun."""
    drift, night = past.drift, night_of(left_at, hour)
    if past.day_at is None and lasted_s <= RETURN_S and is_night(hour):
        up_s = lasted_s if limit_s is None else min(lasted_s, FOUND_FACTOR * limit_s)
        drift = counted(drift, night, up_s, 1)
    return counted(drift, night_of(left_at, hour, lasted_s), 0.0, 0)


def _resolved(past: Past, left_at: datetime, at: datetime, hour: float, limit_s: float | None) -> Habit:
    """What a leave teaches of how long it takes until all is well."""
    lasted_s = (at - left_at).total_seconds()
    if past.day_at is None and lasted_s > RETURN_S:
        # At hours at which people get up in full: mornings come every day and incidents hardly ever, and one that was found
        # looks like the other.
        incident = limit_s is not None and endings.hardly_up(hour)
        return past.habit.unseen(hour, at, FOUND_WEIGHT if incident else 1.0)
    way, over_s = (NIGHT, lasted_s) if past.day_at is None else (DAY, (past.day_at - left_at).total_seconds())
    paused_s = past.still_s if past.day_at is not None else past.paused_s(left_at, at)
    weight, most_s = (1.0, lasted_s) if limit_s is None else (FOUND_WEIGHT, FOUND_FACTOR * limit_s)
    habit = past.habit.observed(way, hour, LOG.of(max(min(over_s, most_s), TURNING_S)), at, weight)
    return habit.observed(STILL, hour, LOG.of(max(min(paused_s, most_s), TURNING_S)), at, weight)


def _heard(past: Past, at: datetime) -> Past:
    if past.other_at is not None and at < past.other_at + timedelta(seconds=HEARD_STEP_S):
        return past
    return replace(past, other_at=at)


def limit_s(past: Past, left_at: datetime, hour: float, usual: Usual) -> float | None:
    """Seconds after which a leaving of the bed at `left_at`, about `hour`, is longer than usual; None where people are then up.

    The quantile at which so many nights bring so many leaves that about one in `once_in_days` days is longer and yet nothing.
    """
    if past.is_confirmed(left_at):
        return _believed_s(past, left_at, hour, usual)
    return _doubted_s(past, left_at, hour, usual)


def _believed_s(past: Past, left_at: datetime, hour: float, usual: Usual) -> float | None:
    """The limit of somebody who has truly left the bed."""
    chances = endings.chances(past.habit, hour, left_at)
    if chances.unseen >= endings.POSSIBLE and endings.hardly_up(hour):
        return usual.bounded(RETURN_S, usual.max_s)
    if chances.unseen >= endings.LIKELY:
        return None
    if chances.unseen >= endings.POSSIBLE:
        # By then people are up: an alarm in the forenoon for each morning that began early would soon be read by nobody.
        # Nor is a doubted mat believed then, whatever else moves.
        then = endings.chances(past.habit, (hour + usual.max_s / 3600.0) % 24.0, left_at)
        return None if then.unseen >= endings.LIKELY or past.chatters(left_at) else usual.max_s
    share = rare(past.habit, (NIGHT, DAY), usual.once_in_days, LEAVES, left_at)
    longest_s = within(1.0 - share, LOG, _ways(past, left_at, hour, chances))
    if chances.night > 1.0 - endings.POSSIBLE:
        longest_s = min(longest_s, RETURN_S)  # who comes back later had got up for the day, and this is no hour for that
    return usual.bounded(longest_s, usual.max_s)


def followed_s(past: Past, left_at: datetime, usual: Usual) -> float | None:
    """The limit of somebody who is up for the day: counted from the newest sign, and None after a door."""
    if past.sign_at is None or past.door:
        return None
    share = rare(past.habit, (NIGHT, DAY), usual.once_in_days, LEAVES, left_at)
    pause_s = max(within(1.0 - share, LOG, (Part(1.0, STILL_UP.given(past.mornings)),)), usual.min_s, MORNING_STEP_S)
    limit_s = float(round((past.sign_at - left_at).total_seconds() + pause_s))
    return limit_s if limit_s <= MORNING_S else None


def _doubted_s(past: Past, left_at: datetime, hour: float, usual: Usual) -> float | None:
    """The limit of a release that nothing confirms. Doubt has an end, but not on what may as well be a morning.

    Recorded mats let go of a sleeper for up to 160 min (*kasterenB*), others for seconds; whoever fell beside the bed is to be
    found as soon as it lasts longer than this one does.
    """
    believed_s = _believed_s(past, left_at, hour, usual)
    most_s, drops_s = max(usual.max_s, RETURN_S), far_s(past.drops, left_at)
    if believed_s is not None and drops_s is not None:
        most_s = min(max(believed_s, float(round(drops_s))), most_s)
    hours = (hour, (hour + most_s / 3600.0) % 24.0)
    mornings = (endings.chances(past.habit, at, left_at).unseen for at in hours if not endings.hardly_up(at))
    return None if max(mornings, default=0.0) >= endings.POSSIBLE else most_s


def _ways(past: Past, left_at: datetime, hour: float, chances: endings.Chances) -> tuple[Part, ...]:
    """In bed again after a while; or it is the morning, and as long as there are signs nobody lies anywhere."""
    night = past.habit.spread(NIGHT, POPULATION, hour, left_at)
    if chances.day <= 0.0:
        return (Part(1.0, night),)
    day = endings.up_for_the_day(chances.day / (chances.night + chances.day), past.places, past.seen)
    signed_s = (past.sign_at - left_at).total_seconds() if past.sign_at is not None else 0.0
    return (Part(1.0 - day, night), Part(day, past.habit.spread(STILL, MOVING, hour, left_at), signed_s))


def still_s(past: Past) -> float:
    """Seconds which nine in ten mornings hold no longer pause than."""
    return within(USUALLY, LOG, (Part(1.0, STILL_UP.given(past.mornings)),))


def known(past: Past, now: datetime) -> float:
    """How many leaves of this person are known, older ones counting less."""
    return past.habit.all_day(NIGHT, now).n + past.habit.all_day(DAY, now).n


def usual_s(past: Past, hour: float, now: datetime) -> float:
    """Seconds within which nine in ten are back that leave the bed at `hour` and do not stay up."""
    return within(USUALLY, LOG, (Part(1.0, past.habit.spread(NIGHT, POPULATION, hour, now)),))
