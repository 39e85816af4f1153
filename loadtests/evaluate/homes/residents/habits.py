"""What one person is like and what befalls them and their sensors: chosen, or drawn from the population."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

import msgspec

from loadtests.evaluate.homes.residents import parameters as p

DEVICES: Final = (
    ("bed-1", "bed"),
    *((f"motion-{room}", "motion") for room in p.ROOMS),
    ("door-front", "door"),
    ("door-fridge", "door"),
)
"""What hangs in every home."""
SECOND_MAT: Final = ("bed-2", "bed")


class Incident(msgspec.Struct, frozen=True):
    """Something that lasts for `days` from noon of day `day` on (counted from 0).

    Of the person: `ill`, `away`. Of one `device`: `new` (silent before), `dead` (silent from then on), `stuck` (at occupied or
    open), `chatter`, `moved` (into `room`, still calling itself by its old one), `clock` (an hour ahead or behind). Of the whole
    home: `gap` (nothing comes through). `days` counts for nothing of `new`, `dead`, `moved`.
    """

    kind: str
    day: int
    days: int = 0
    device: str = ""
    room: str = ""

    def on(self, day: int) -> bool:
        """Whether it lasts on that day."""
        return self.day <= day < self.day + self.days


class Habits(msgspec.Struct, frozen=True, kw_only=True):
    """One person. Hours are of the clock on the wall and go on past 24; unless said, lengths are medians of log-normals.

    `nap`, `sleepless`, `ajar`, `twice` are shares of days, nights, passages, leaves; `leaves`, `outings`, `visits` are means per
    night or day, `turns` per hour in bed. `up_early` and `up_dawn` multiply `up_min`; `still` multiplies the time on a chair
    without a movement; `drift_h` and `worse` are what 90 days bring. A plain person sleeps alone on one good mat, and nothing
    befalls them.
    """

    bed_h: float = 22.9
    rise_h: float = 7.2
    night_spread_h: float = 0.4
    weekend_h: float = 0.4
    leaves: float = 1.4
    up_min: float = 5.5
    up_spread: float = 0.5
    up_early: float = 0.8
    up_dawn: float = 1.4
    sleepless: float = 0.0
    nap: float = 0.0
    turns: float = 0.4
    turner: bool = False
    mats: int = 1
    partner: bool = False
    cooldown_s: int = 120
    still: float = 1.0
    outings: float = 0.7
    ajar: float = 0.0
    visits: float = 0.0
    cat: bool = False
    drift_h: float = 0.0
    worse: float = 1.0
    twice: float = 0.0
    incidents: tuple[Incident, ...] = ()

    def has(self, kind: str, day: int) -> bool:
        """Whether such an incident lasts on that day."""
        return any(one.kind == kind and one.on(day) for one in self.incidents)

    def sorts(self) -> tuple[str, ...]:
        """What is out of the common, in the order of the table; `plain` if nothing is."""
        has = {
            "two-mats": self.mats > 1,
            "turner": self.turner,
            "partner": self.partner,
            "cat": self.cat,
            "visitors": self.visits > 0,
            "sleepless": self.sleepless > 0,
            "ajar": self.ajar > 0,
            "drift": self.drift_h != 0,
            "worsening": self.worse != 1,
            "twice": self.twice > 0,
        }
        befallen = {one.kind for one in self.incidents}
        return tuple(sort for sort in p.SORTS if has.get(sort, sort in befallen)) or ("plain",)

    def devices(self) -> tuple[tuple[str, str], ...]:
        """Ids and kinds, as in a site file."""
        return (DEVICES[0], SECOND_MAT, *DEVICES[1:]) if self.mats > 1 else DEVICES


def drawn(rng: random.Random, days: int, change_day: int | None = None) -> Habits:
    """A person of the population, who lives for so many days; on `change_day` the clocks are changed.

    Incidents that do not fit into so few days do not happen.
    """
    habits = _ordinary(rng)
    sorts = [sort for sort, share in p.SORTS.items() if rng.random() < share]
    incidents = (_incident(sort, rng, days, habits, change_day) for sort in sorts if sort in _INCIDENTS)
    traits = {field: value for sort in sorts if sort in _TRAITS for field, value in _TRAITS[sort](rng).items()}
    return msgspec.structs.replace(habits, **traits, incidents=tuple(one for one in incidents if one is not None))


def _ordinary(rng: random.Random) -> Habits:
    up = rng.uniform(*p.LONG_UP_MIN) if rng.random() < p.LONG_UP else p.UP_MIN[0] * rng.lognormvariate(0, p.UP_MIN[1])
    return Habits(
        bed_h=min(25.5, max(20.0, rng.gauss(*p.BED_H))),
        rise_h=min(9.5, max(5.0, rng.gauss(*p.RISE_H))),
        night_spread_h=rng.uniform(*p.NIGHT_SPREAD_H),
        weekend_h=rng.uniform(*p.WEEKEND_H),
        leaves=rng.uniform(*p.LEAVES),
        up_min=min(p.UP_BOUNDS_MIN[1], max(p.UP_BOUNDS_MIN[0], up)),
        up_spread=rng.uniform(*p.UP_SPREAD),
        up_early=rng.uniform(*p.UP_EARLY),
        up_dawn=rng.uniform(*p.UP_DAWN),
        nap=rng.uniform(*p.NAP) if rng.random() < p.NAPPERS else 0.0,
        turns=rng.uniform(*p.TURNS),
        cooldown_s=rng.randint(int(p.COOLDOWN_S[0]), int(p.COOLDOWN_S[1])),
        still=min(p.STILL_BOUNDS[1], max(p.STILL_BOUNDS[0], p.STILL[0] * rng.lognormvariate(0, p.STILL[1]))),
        outings=rng.uniform(*p.OUTINGS),
    )


_TRAITS: Final[dict[str, Callable[[random.Random], dict[str, object]]]] = {
    "two-mats": lambda rng: {"mats": 2},
    "turner": lambda rng: {"turner": True, "turns": rng.uniform(*p.TURNER_TURNS)},
    "partner": lambda rng: {"partner": True},
    "cat": lambda rng: {"cat": True},
    "visitors": lambda rng: {"visits": rng.uniform(*p.VISITS)},
    "sleepless": lambda rng: {"sleepless": rng.uniform(*p.SLEEPLESS)},
    "ajar": lambda rng: {"ajar": p.AJAR},
    "drift": lambda rng: {"drift_h": rng.uniform(*p.DRIFT_H)},
    "worsening": lambda rng: {"worse": rng.uniform(*p.WORSE)},
    "twice": lambda rng: {"twice": p.TWICE},
}

_FOR_GOOD: Final = (0, 0)
_INCIDENTS: Final[dict[str, tuple[float, float]]] = {
    "ill": p.ILL_DAYS,
    "away": p.AWAY_DAYS,
    "new": _FOR_GOOD,
    "dead": _FOR_GOOD,
    "stuck": p.STUCK_DAYS,
    "chatter": p.CHATTER_DAYS,
    "moved": _FOR_GOOD,
    "clock": (p.CLOCK_DAYS, p.CLOCK_DAYS),
    "gap": p.GAP_DAYS,
}


def _incident(kind: str, rng: random.Random, days: int, habits: Habits, change_day: int | None) -> Incident | None:
    length = rng.randint(int(_INCIDENTS[kind][0]), int(_INCIDENTS[kind][1]))
    first, last = int(p.QUIET_DAYS), days - int(p.QUIET_DAYS) - length
    if last < first:
        return None
    day = rng.randint(first, last)
    if kind == "clock" and change_day is not None:
        day = change_day
    device, room = _hit(kind, rng, habits)
    return Incident(kind, day, length, device, room)


def _hit(kind: str, rng: random.Random, habits: Habits) -> tuple[str, str]:
    """Which device it befalls, and for one that is moved, where to."""
    if kind == "moved":
        here, there = rng.sample(p.ROOMS, 2)
        return f"motion-{here}", there
    switches = [device for device, of in habits.devices() if of != "motion"]
    if kind == "stuck":
        return rng.choice(switches), ""
    if kind in {"new", "dead", "chatter", "clock"}:
        # The mat matters most, and is hit as often as all others together.
        return ("bed-1" if rng.random() < 0.5 else rng.choice([device for device, _ in habits.devices()])), ""
    return "", ""
