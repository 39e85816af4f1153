"""From what truly happens in a home to what its sensors report of it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from loadtests.evaluate.homes.home import Sensed
from loadtests.evaluate.homes.residents import faults, mats, movement
from loadtests.evaluate.homes.residents import parameters as p
from loadtests.evaluate.homes.residents.habits import Habits
from loadtests.evaluate.homes.residents.life import Life, Luck, Spell
from loadtests.evaluate.homes.residents.wall import Wall, moment

MATS = ("bed-1", "bed-2")


def sense(habits: Habits, lives: list[Life], wall: Wall, luck: Luck) -> tuple[Sensed, ...]:
    """Every reading, in order of time. Readings that say the same share their fields: they are to be read only."""
    found: list[tuple[int, str, str, dict[str, Any]]] = []
    for device, kind, said in _heard(habits, lives, wall, luck):
        on, off = _fields(device, kind)
        motion = kind == "motion"
        came = faults.suffered(said, device, motion, habits.incidents, wall, luck(f"faults-{device}"))
        begins_s, ends_s = wall.begins_s, wall.ends_s
        found += [(at_s, device, kind, on if is_on else off) for at_s, is_on in came if begins_s <= at_s < ends_s]
    found.sort(key=lambda each: each[0])
    return tuple(Sensed(moment(at_s), device, kind, fields) for at_s, device, kind, fields in found)


def _fields(device: str, kind: str) -> tuple[dict[str, Any], dict[str, Any]]:
    name = device.partition("-")[2]
    if kind == "bed":
        return {"occupied": True}, {"occupied": False}
    if kind == "door":
        return {"open": True, "door": name}, {"open": False, "door": name}
    return {"room": name}, {"room": name}


def _heard(habits: Habits, lives: list[Life], wall: Wall, luck: Luck) -> Iterator[tuple[str, str, faults.Said]]:
    """What each device would say if nothing befell it."""
    for device, lying in zip(MATS, mats.felt(habits, lives, luck), strict=False):
        yield device, "bed", mats.said(lying, luck(f"said-{device}"), habits.twice)
    callers = movement.visits(habits, lives[0], wall, luck)
    moved = _moved(habits, lives, callers, wall, luck)
    for room in p.ROOMS:
        device = f"motion-{room}"
        yield device, "motion", _reported(_where(device, room, moved, habits, wall), habits.cooldown_s, luck(device))
    through = [spell for life in lives for spell in life.out] + callers
    yield "door-front", "door", movement.shut(movement.passages(through, habits, luck("front")), "front")
    openings = [opening for n, life in enumerate(lives) for opening in movement.fridge(life, luck(f"fridge-{n}"))]
    yield "door-fridge", "door", movement.shut(openings, "fridge")


def _moved(habits: Habits, lives: list[Life], callers: list[Spell], wall: Wall, luck: Luck) -> movement.Moved:
    moved = movement.nothing()
    for n, life in enumerate(lives):
        movement.moves(life, habits.still, luck(f"moves-{n}"), moved)
    movement.visited(callers, luck("visited"), moved)
    if habits.cat:
        movement.prowls(wall, movement.both_out(lives), luck("cat"), moved)
    for times in moved.values():
        times.sort()
    return moved


def _where(device: str, room: str, moved: movement.Moved, habits: Habits, wall: Wall) -> list[int]:
    """What goes on before the sensor: in its room, and from some day on, where it was moved to, in the other."""
    there = moved[room]
    for one in habits.incidents:
        if one.kind == "moved" and one.device == device:
            at_s = wall.at_s(one.day, 12)
            there = [t for t in there if t < at_s] + [t for t in moved[one.room] if t >= at_s]
    return there


def _reported(moved: list[int], cooldown_s: int, rng: random.Random) -> faults.Said:
    """Some movements are missed; after a report the sensor is silent for a while."""
    found: faults.Said = []
    ready_s = 0
    for at_s in moved:
        if at_s >= ready_s and rng.random() >= p.UNSEEN:
            found.append((at_s, True))
            ready_s = at_s + cooldown_s
    return found
