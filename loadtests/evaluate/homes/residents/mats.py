"""What the mats of a bed say of those who lie in it: seconds late, and dropping out while a sleeper turns."""

from __future__ import annotations

import random
from collections.abc import Iterable
from itertools import pairwise
from typing import Final

from loadtests.evaluate.homes.residents import parameters as p
from loadtests.evaluate.homes.residents.habits import Habits
from loadtests.evaluate.homes.residents.life import Life, Luck

Lying = list[tuple[int, int]]
"""From when until when there is weight on a mat: in order of time and apart."""

MIDDLE: Final = ("left", "right", "both")


def felt(habits: Habits, lives: list[Life], luck: Luck) -> list[Lying]:
    """For each mat when it feels somebody. Of two persons each has a mat to themselves, or both share the one."""
    if habits.mats == 1:
        rng = luck("mat-1")
        return [united(_pressed(life, habits, rng) for life in lives)]
    if len(lives) > 1:
        return [_pressed(life, habits, luck(f"mat-{n}")) for n, life in enumerate(lives, 1)]
    return _rolling(lives[0], habits, luck)


def said(lying: Lying, rng: random.Random, twice: float = 0.0) -> list[tuple[int, bool]]:
    """Occupied or not, some seconds after the fact. Of the share `twice` of leaves nothing is said."""
    found = []
    for (from_s, until_s), after in pairwise([*lying, (2**62, 0)]):
        room_s = min(until_s - from_s, after[0] - until_s)
        late_s = min(rng.randint(int(p.MAT_LATE_S[0]), int(p.MAT_LATE_S[1])), max(0, room_s - 1))
        found.append((from_s + min(late_s, 2), True))
        if not (twice and until_s - from_s > p.HOUR_S // 4 and rng.random() < twice):
            found.append((until_s + late_s, False))
    return sorted(found)


def united(several: Iterable[Lying]) -> Lying:
    """When at least one is there."""
    whole: Lying = []
    for from_s, until_s in sorted(stretch for one in several for stretch in one):
        if whole and from_s <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(whole[-1][1], until_s))
        else:
            whole.append((from_s, until_s))
    return whole


def _pressed(life: Life, habits: Habits, rng: random.Random) -> Lying:
    """Lying down without the moments in which the mat lets go."""
    return [part for spell in life.in_bed for part in _dropping(spell.from_s, spell.until_s, habits, rng)]


def _dropping(from_s: int, until_s: int, habits: Habits, rng: random.Random) -> Lying:
    found, at_s = [], from_s
    while habits.turns:
        turn_s = at_s + 2 + int(rng.expovariate(habits.turns / p.HOUR_S))
        release_s = _release_s(habits, rng)
        if turn_s + release_s >= until_s - 2:
            break
        found.append((at_s, turn_s))
        at_s = turn_s + release_s
    return [*found, (at_s, until_s)]


def _release_s(habits: Habits, rng: random.Random) -> int:
    if not habits.turner:
        return int(min(p.RELEASE_LONGEST_S, max(1.0, p.RELEASE_S[0] * rng.lognormvariate(0, p.RELEASE_S[1]))))
    median, spread = p.TURNER_LONG_S if rng.random() < p.TURNER_LONG else p.RELEASE_S
    return int(min(p.TURNER_LONGEST_S, max(1.0, median * rng.lognormvariate(0, spread))))


def _rolling(life: Life, habits: Habits, luck: Luck) -> list[Lying]:
    """One sleeper on two mats: now on the one, now on the other, now on both, with a moment on both in between."""
    rng = luck("mat-rolls")
    left: Lying = []
    right: Lying = []
    for spell in life.in_bed:
        at_s, place = spell.from_s, rng.choice(MIDDLE)
        while at_s < spell.until_s:
            until_s = min(spell.until_s, at_s + 60 + int(rng.expovariate(p.ROLLS / p.HOUR_S)))
            if place != "right":
                left += _dropping(at_s, until_s, habits, rng)
            if place != "left":
                right += _dropping(at_s, until_s, habits, rng)
            at_s = max(at_s + 1, until_s - rng.randint(2, 8)) if until_s < spell.until_s else until_s
            place = rng.choice(MIDDLE)
    return [united([left]), united([right])]
