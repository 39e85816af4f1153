"""How long a mat that lets go of a sleeper does so: what a release that nothing confirms may still be."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Final

import msgspec

from alarmcore.usual.habit import HALF_LIFE_S
from alarmcore.usual.spread import LOG, Part, Spread, Sums, within

DROPS: Final = Spread(mean=4.1, worth=2.0, shape=2.5, variance=1.0)
"""A minute in the median, by a factor of 2.7, held loosely: of a mat of which nothing is known nearly anything is believed.
Chosen; measured: half of the 4,350 drop-outs of *kasterenB* were over in two seconds, one in a hundred lasted 16 minutes."""

FAR: Final = 0.9998
"""All but one in five thousand: mats that let go do so hundreds of times in a night."""


LONGER: Final = 3.0
"""How many times as long as the longest one the next may be: few are long, and they are like no others. That of *kasterenB* was
2.4 times as long as any before."""

NIGHT_S: Final = 12 * 3600.0
"""For so long, a night, what a mat's drop-outs are like is not known when it has begun to let go."""


class Drops(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True, gc=False):
    """Releases that ended in bed and that no other sensor confirmed, as logarithms: how many, their sum, that of their squares.

    As worth at `at`; what was four weeks ago counts half, also of the `longest_s`. `since_at` is when there began to be too many.
    """

    n: float = 0.0
    x: float = 0.0
    xx: float = 0.0
    at: datetime | None = None
    longest_s: float = 0.0
    since_at: datetime | None = None

    def worth(self, now: datetime) -> Sums:
        """What they are worth by now."""
        kept = self.kept(now)
        return Sums(kept * self.n, kept * self.x, kept * self.xx)

    def kept(self, now: datetime) -> float:
        """How much of it still counts."""
        return 1.0 if self.at is None else math.pow(0.5, max((now - self.at).total_seconds(), 0.0) / HALF_LIFE_S)


def dropped(drops: Drops, lasted_s: float, now: datetime) -> Drops:
    """With one more."""
    value = LOG.of(max(lasted_s, 1.0))
    n, x, xx = drops.worth(now)
    longest_s = max(lasted_s, drops.kept(now) * drops.longest_s)
    at = now if drops.at is None else max(now, drops.at)
    return Drops(n + 1.0, x + value, xx + value * value, at, longest_s, drops.since_at)


def far_s(drops: Drops, now: datetime) -> float | None:
    """Seconds within which nearly all of them are over; None where they have not been known for a night."""
    if drops.since_at is None or (now - drops.since_at).total_seconds() < NIGHT_S:
        return None
    fitted_s = within(FAR, LOG, (Part(1.0, DROPS.given(drops.worth(now))),))
    return max(fitted_s, LONGER * drops.kept(now) * drops.longest_s)
