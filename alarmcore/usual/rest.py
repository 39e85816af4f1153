"""A whole rest, with what interrupts it: from lying down until somebody stays up."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

import msgspec
from msgspec.structs import replace

from alarmcore.usual.bounds import taught

UP_S: Final = 3600.0
"""Who has been up for so long after a rest stays up."""


class Rest(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Began at `at`, about `hour` of the local day, and seemed to be over at `over_at`.

    Plainly so if another sensor than the bed's was set off then (`up`). Then it teaches `lasted_s`, and weighs so much.
    """

    at: datetime
    hour: float
    over_at: datetime
    lasted_s: float
    weight: float
    up: bool = False

    def is_over(self, at: datetime) -> bool:
        """Whether it will not go on, if there is no rest until then."""
        return self.up and (at - self.over_at).total_seconds() > UP_S


class Silence(NamedTuple):
    """What a sign ended: since when, the local hour of that, and the limit if it had been found."""

    since_at: datetime
    hour: float
    found_s: float | None = None


def rested(rest: Rest | None, silence: Silence, at: datetime) -> Rest:
    """Somebody rested until now: in a new rest, or still in that one."""
    since_at, hour, found_s = silence
    lasted_s, weight = taught((at - since_at).total_seconds(), found_s)
    if rest is None:
        return Rest(since_at, hour, at, lasted_s, weight)
    # Not from its beginning on: what was found before counts only as long as it teaches.
    up_s = (since_at - rest.over_at).total_seconds()
    return Rest(rest.at, rest.hour, at, rest.lasted_s + up_s + lasted_s, min(weight, rest.weight))


def risen(rest: Rest, at: datetime) -> Rest:
    """Something else than the bed noticed somebody: they are up since then, if they do not lie down again."""
    return rest if rest.up else replace(rest, over_at=at, lasted_s=rest.lasted_s + (at - rest.over_at).total_seconds(), up=True)
