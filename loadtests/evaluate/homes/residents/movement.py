"""Who moves about in which room when, whether or not a sensor sees it: the resident, who lives with them, visitors, a cat."""

from __future__ import annotations

import random
from bisect import bisect_right
from itertools import pairwise
from typing import NamedTuple

from loadtests.evaluate.homes.residents import parameters as p
from loadtests.evaluate.homes.residents.habits import Habits
from loadtests.evaluate.homes.residents.life import Life, Luck, Spell
from loadtests.evaluate.homes.residents.wall import Wall

Moved = dict[str, list[int]]
"""Of each room the moments at which somebody moved in it."""


class Opening(NamedTuple):
    """A door that stood open: `front` or `fridge`."""

    door: str
    from_s: int
    until_s: int


def nothing() -> Moved:
    """Every room, and nobody in it."""
    return {room: [] for room in p.ROOMS}


def moves(life: Life, still: float, rng: random.Random, moved: Moved) -> None:
    """Of one life: when a room is entered, when the hall is passed, and now and then meanwhile; add to `moved`."""
    room = ""
    for spell in life.spells:
        if spell.doing == p.OUT:
            moved["hall"] += (spell.from_s - 20, spell.until_s + 15)
            room = "hall"
            continue
        if spell.doing == p.BED:
            _turns_in_bed(spell, rng, moved["bedroom"])
            room = "bedroom"
            continue
        before, room = room, p.DOINGS[spell.doing].room
        if before == "bedroom" != room:
            moved["bedroom"].append(spell.from_s + 3)
        if before != room and rng.random() < p.THROUGH_HALL:
            moved["hall"].append(spell.from_s + 8)
        _stirs(spell, still if room == "living" else 1.0, rng, moved[room])


def _stirs(spell: Spell, still: float, rng: random.Random, there: list[int]) -> None:
    doing = p.DOINGS[spell.doing]
    median_s, longest_s, at_s = p.MIN_S * doing.gap_min * still, p.MIN_S * p.STILL_MAX_MIN, spell.from_s + 12.0
    while at_s < spell.until_s:
        there.append(int(at_s))
        at_s += min(longest_s, median_s * rng.lognormvariate(0.0, doing.gap_spread))


def _turns_in_bed(spell: Spell, rng: random.Random, bedroom: list[int]) -> None:
    bedroom.append(max(spell.from_s - 15, 0))
    at_s = spell.from_s + rng.expovariate(p.SEEN_TURNING / p.HOUR_S)
    while at_s < spell.until_s:
        bedroom.append(int(at_s))
        at_s += rng.expovariate(p.SEEN_TURNING / p.HOUR_S)


def fridge(life: Life, rng: random.Random) -> list[Opening]:
    """Opened while somebody is in the kitchen."""
    found = []
    for spell in life.spells:
        often = p.DOINGS[spell.doing].fridge if spell.doing in p.DOINGS else 0.0
        if not often:
            continue
        at_s = spell.from_s + 20.0 + rng.expovariate(often / p.HOUR_S)
        while at_s < spell.until_s:
            open_s = max(2, int(p.FRIDGE_S[0] * rng.lognormvariate(0, p.FRIDGE_S[1])))
            found.append(Opening("fridge", int(at_s), int(at_s) + open_s))
            at_s += open_s + 1 + rng.expovariate(often / p.HOUR_S)
    return found


def passages(spells: list[Spell], habits: Habits, rng: random.Random) -> list[Opening]:
    """Through the front door, going and coming; sometimes it stays ajar."""
    found = []
    for spell in spells:
        for at_s in (spell.from_s - 4, spell.until_s - 4):
            open_s = p.DOOR_S[0] * rng.lognormvariate(0, p.DOOR_S[1])
            if habits.ajar and rng.random() < habits.ajar:
                open_s = p.MIN_S * p.AJAR_MIN[0] * rng.lognormvariate(0, p.AJAR_MIN[1])
            found.append(Opening("front", at_s, at_s + max(2, int(open_s))))
    return found


def visits(habits: Habits, life: Life, wall: Wall, luck: Luck) -> list[Spell]:
    """When somebody comes to see the resident: at home, up, and not with somebody else already."""
    begins = [spell.from_s for spell in life.spells]
    found: list[Spell] = []
    for day in range(wall.days + 1):
        rng = luck(f"visits-{day}")
        for _ in range(_how_many(habits.visits, rng)):
            from_s = wall.at_s(day, rng.uniform(*p.VISIT_H))
            until_s = from_s + int(p.MIN_S * p.VISIT_MIN[0] * rng.lognormvariate(0, p.VISIT_MIN[1]))
            first, last = bisect_right(begins, from_s) - 1, bisect_right(begins, until_s)
            alone = not found or found[-1].until_s + p.MIN_S < from_s
            if first >= 0 and alone and not any(spell.doing in {p.OUT, p.BED} for spell in life.spells[first:last]):
                found.append(Spell(from_s, until_s, "talk"))
    return found


def _how_many(mean: float, rng: random.Random) -> int:
    whole = int(mean)
    return min(p.VISITS_MAX, whole + (rng.random() < mean - whole))


def visited(spells: list[Spell], rng: random.Random, moved: Moved) -> None:
    """A visitor moves more than the resident does, and often in another room; add to `moved`."""
    for spell in spells:
        moved["hall"] += (spell.from_s + 3, spell.until_s - 10)
        at_s = float(spell.from_s + 30)
        while at_s < spell.until_s - 30:
            room = rng.choice(("living", "living", "kitchen", "bathroom", "bedroom"))
            moved[room].append(int(at_s))
            at_s += p.MIN_S * 2.0 * rng.lognormvariate(0.0, 0.7)


def prowls(wall: Wall, gone: list[Spell], rng: random.Random, moved: Moved) -> None:
    """A cat, day and night, in any room; over days on which nobody is at home it is elsewhere. Add to `moved`."""
    at_s, later_s = float(wall.at_s(0, 8)), wall.ends_s
    absent = [spell for spell in gone if spell.until_s - spell.from_s > p.DAY_S]
    while at_s < later_s:
        at_s = next((float(spell.until_s) for spell in absent if spell.from_s <= at_s < spell.until_s), at_s)
        moved[rng.choice(p.ROOMS)].append(int(at_s))
        at_s += p.MIN_S * p.CAT_GAP_MIN[0] * rng.lognormvariate(0.0, p.CAT_GAP_MIN[1])


def both_out(lives: list[Life]) -> list[Spell]:
    """When nobody who lives there is at home."""
    gone = lives[0].out
    for life in lives[1:]:
        pairs = ((one, other) for one in gone for other in life.out)
        cut = (Spell(max(a.from_s, b.from_s), min(a.until_s, b.until_s), p.OUT) for a, b in pairs)
        gone = [spell for spell in cut if spell.from_s < spell.until_s]
    return gone


def shut(openings: list[Opening], door: str) -> list[tuple[int, bool]]:
    """What a contact says: open and closed in turn. A door that is used while it stands ajar is shut behind."""
    found: list[tuple[int, bool]] = []
    for one, other in pairwise([*sorted(o for o in openings if o.door == door), Opening(door, 2**62, 2**62)]):
        if found and one.from_s <= found[-1][0]:
            continue
        found += ((one.from_s, True), (min(one.until_s, max(one.from_s + 1, other.from_s - 1)), False))
    return found
