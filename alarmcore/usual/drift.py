"""Whether somebody is up more at night, or still for longer by day, than some weeks ago: a notice to a planner, and no alarm.

What one night (or day) adds up to is told apart only by how long ago it was. A night counts for what is recent first; as it fades
there it counts for what lies between, and as it fades there for what was earlier, where it fades once more. So the first and the
last hardly speak of the same nights, and what is kept is fifteen numbers however long a life is. Nights of which nothing was
learned (a week away, a gateway that is dead) do not count.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from struct import Struct
from typing import Final, Literal, NamedTuple

import msgspec

RECENT_DAYS: Final = 14.0
"""Nights that what is recent is worth: two weeks. With one week it is chance that decides, and small changes are missed."""

BETWEEN_DAYS: Final = 14.0
"""Nights that count for neither: what comes on within months would else stand on both sides."""

EARLIER_DAYS: Final = 45.0
"""Nights that what was earlier is worth. With those above it speaks of about two months ago."""

NEEDED: Final = 20.0
"""Earlier nights below which nothing is said: so many are together eight weeks after the first."""

FULL: Final = 35.0
"""Earlier nights from which on (after a hundred in all) they lie about two months back; before that about one."""

RATIO: Final = 1.3
"""Below this a planner would do nothing about it."""

LEAST_S: Final = 300.0
"""Nor for less than five minutes a night."""

MUCH_S: Final = 2700.0
"""From three quarters of an hour on it need not be a third more: somebody still for half the day has no room for that."""

PLAIN: Final = 1.0
"""Standard errors beyond which it is more than chance; they are reckoned as if each fading night were a whole one, so that it is
more like one and a half. What comes of all limits here is measured in `docs/homes.md`: how often there is a notice of nothing,
and which changes are noticed after how many days."""

LASTS_DAYS: Final = 21
"""Days for which it must have been plain. A week of illness is plain for nearly so long, most of it after it is over: with two
weeks here such weeks were told of, and with four small changes that stay were not."""

STAYS: Final = 0.5
"""What is told stays until less than half of each limit is left: else it would be gone, as some were, after two days in which no
planner looked."""

STALE_DAYS: Final = 30
"""Of somebody of whom nothing was learned for so long nothing is said: that was then."""

PRIOR_DAYS: Final = 5.0
PRIOR_VARIANCE: Final = 9.0
"""How much one person's nights differ (square roots of minutes: a spread of three), and what that is worth, until it is known."""

NIGHT_FROM_H, NIGHT_TO_H = 21.0, 7.0
DAY_FROM_H, DAY_TO_H = 8.0, 20.0
"""Hours (local) at which what counts for a night, or for a day, begins. What lies between is the morning's and the evening's."""

_PACKED: Final = Struct("<15f")
_NOTHING: Final = (0.0,) * 15

Way = Literal["up", "still"]


class Side(NamedTuple):
    """What is recent, or what was earlier: nights, and of all of them together how often, how long, and the same as roots."""

    nights: float
    times: float
    seconds: float
    x: float
    xx: float

    @property
    def mean(self) -> float:
        """Square roots of the minutes of a night."""
        return self.x / self.nights


class Drift(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True, gc=False):
    """What is remembered of a person's nights, or days.

    `sums` holds three stages packed (60 bytes). `day` is the one being counted, as days since 1970, with what it has come to so
    far. `since` is the day from which on it has been plainly more; 0 if it is not.
    """

    sums: bytes = b""
    day: int = 0
    times: int = 0
    seconds: int = 0
    since: int = 0

    def stages(self) -> tuple[Side, Side, Side]:
        """What is recent, what lies between, and what was earlier."""
        values = _PACKED.unpack(self.sums) if self.sums else _NOTHING
        return Side(*values[:5]), Side(*values[5:10]), Side(*values[10:])

    def sides(self) -> tuple[Side, Side]:
        """What is recent, and what was earlier."""
        recent, _, earlier = self.stages()
        return recent, earlier


class Notice(NamedTuple):
    """Somebody is `up` more at night, or `still` for longer by day: per night or day, recently and earlier."""

    way: Way
    recent_s: float
    earlier_s: float
    recent_times: float
    earlier_times: float
    months: int
    since: int

    @property
    def ratio(self) -> float:
        """How many times as long as earlier."""
        return self.recent_s / max(self.earlier_s, 1.0)


def rests_on(drift: Drift) -> int:
    """How many nights, or days, something is known of; older ones count less, and no more than about seventy do."""
    return round(sum(side.nights for side in drift.stages())) + (drift.times > 0)


def night_of(left_at: datetime, hour: float, later_s: float = 0.0) -> int:
    """The night of a moment `later_s` after `left_at`, whose local hour is `hour`: the day, since 1970, on which it began."""
    midnight = round((left_at.timestamp() - hour * 3600.0) / 86_400.0)
    return midnight - 1 + int((hour + later_s / 3600.0 + 12.0) // 24.0)


def day_of(at: datetime, hour: float) -> int:
    """The local day of a moment, whose local hour is `hour`."""
    return round((at.timestamp() - hour * 3600.0) / 86_400.0)


def is_night(hour: float) -> bool:
    """Whether what begins at that hour counts for the night."""
    return hour >= NIGHT_FROM_H or hour < NIGHT_TO_H


def is_day(hour: float) -> bool:
    """Whether what begins at that hour counts for the day."""
    return DAY_FROM_H <= hour < DAY_TO_H


def counted(drift: Drift, day: int, seconds: float, times: int) -> Drift:
    """With so much more of a night or day. What comes late, of one that is over, joins the one being counted."""
    if day > drift.day:
        drift = _closed(drift, day) if drift.day else Drift(day=day)
    if not times:
        return drift
    return Drift(drift.sums, drift.day, drift.times + times, drift.seconds + int(seconds), drift.since)


def _closed(drift: Drift, day: int) -> Drift:
    """The night that was counted is over: it joins the recent ones, and these move on a little."""
    passed: Sequence[float] = _side(drift)
    values: list[float] = []
    for stage, worth in zip(drift.stages(), (RECENT_DAYS, BETWEEN_DAYS, EARLIER_DAYS), strict=True):
        kept = math.exp(-1.0 / worth)
        values += (kept * old + new for old, new in zip(stage, passed, strict=True))
        passed = [(1.0 - kept) * old for old in stage]
    after = Drift(_PACKED.pack(*values), day)
    return msgspec.structs.replace(after, since=drift.since or day) if _is_plain(after, _is_told(drift)) else after


def _is_told(drift: Drift) -> bool:
    return bool(drift.since) and drift.day - drift.since >= LASTS_DAYS


def _side(drift: Drift) -> Side:
    minutes = drift.seconds / 60.0
    return Side(1.0, float(drift.times), float(drift.seconds), math.sqrt(minutes), minutes)


def _is_plain(drift: Drift, told: bool) -> bool:
    part = STAYS if told else 1.0
    recent, earlier = drift.sides()
    if earlier.nights < NEEDED:
        return False
    recent_s, earlier_s = recent.seconds / recent.nights, earlier.seconds / earlier.nights
    more_s = recent_s - earlier_s
    by_share = more_s >= part * LEAST_S and more_s >= part * (RATIO - 1.0) * earlier_s
    return (by_share or more_s >= part * MUCH_S) and apart(recent, earlier) >= part * PLAIN


def apart(recent: Side, earlier: Side) -> float:
    """By how many standard errors what is recent is more (Welch's t, each side's spread held to the person's own)."""
    error2 = _variance(recent) / recent.nights + _variance(earlier) / earlier.nights
    return (recent.mean - earlier.mean) / math.sqrt(error2)


def _variance(side: Side) -> float:
    within = max(side.xx - side.nights * side.mean**2, 0.0)
    return (within + PRIOR_DAYS * PRIOR_VARIANCE) / (side.nights + PRIOR_DAYS)


def notice(drift: Drift, way: Way, now: datetime) -> Notice | None:
    """What a planner should know of, if it has been plain for long enough."""
    stale = now.timestamp() / 86_400.0 - drift.day > STALE_DAYS
    if stale or not _is_told(drift):
        return None
    recent, earlier = drift.sides()
    return Notice(
        way,
        recent.seconds / recent.nights,
        earlier.seconds / earlier.nights,
        recent.times / recent.nights,
        earlier.times / earlier.nights,
        2 if earlier.nights >= FULL else 1,
        drift.since,
    )
