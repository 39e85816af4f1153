"""What befalls sensors: new, dead, stuck, chattering, by a wrong clock, or behind a gateway that is dead."""

from __future__ import annotations

import random
from typing import Final

from loadtests.evaluate.homes.residents import parameters as p
from loadtests.evaluate.homes.residents.habits import Incident
from loadtests.evaluate.homes.residents.wall import Wall

Said = list[tuple[int, bool]]
"""When a sensor said what: on (occupied, open, moved) or not."""


def suffered(said: Said, device: str, motion: bool, incidents: tuple[Incident, ...], wall: Wall, rng: random.Random) -> Said:
    """What comes in of it in the end, in order of the times given."""
    for one in sorted(incidents, key=lambda incident: _ORDER.get(incident.kind, 0)):
        if one.device not in {"", device}:
            continue
        from_s, until_s = wall.at_s(one.day, 12), wall.at_s(one.day + one.days, 12)
        match one.kind:
            case "new":
                said = [each for each in said if each[0] >= from_s]
            case "dead":
                said = [each for each in said if each[0] < from_s]
            case "gap":
                said = [each for each in said if not from_s <= each[0] < until_s]
            case "stuck":
                said = _stuck(said, from_s, until_s)
            case "chatter":
                said = sorted(said + _chatter(said, from_s, until_s, motion, rng))
            case "clock":
                off_s = _off_s(from_s, wall)
                said = sorted((at_s + off_s if from_s <= at_s < until_s else at_s, on) for at_s, on in said)
            case _:
                pass
    return said


# A clock goes wrong last: by then all else has happened when it did.
_ORDER: Final = {"new": 1, "stuck": 2, "chatter": 3, "dead": 4, "gap": 5, "clock": 6}


def _stuck(said: Said, from_s: int, until_s: int) -> Said:
    """At on: the first time that it says so is the last it says anything until it is freed."""
    stuck_s = next((at_s for at_s, on in said if from_s <= at_s < until_s and on), until_s)
    return [each for each in said if not stuck_s < each[0] < until_s]


def _chatter(said: Said, from_s: int, until_s: int, motion: bool, rng: random.Random) -> Said:
    """Between what is true, over and over the contrary for a moment; a motion sensor only ever says that somebody moved."""
    per_day = rng.uniform(*p.CHATTER)
    apart_s = p.DAY_S / per_day * (1 if motion else 2)
    edges = [at_s for at_s, _ in said if from_s <= at_s < until_s] + [until_s]
    state = next((on for at_s, on in reversed(said) if at_s < from_s), False)
    states = dict(said)
    found: Said = []
    at_s = float(from_s)
    for edge_s in edges:
        while True:
            next_s = at_s + 1 + rng.expovariate(1 / apart_s)
            back_s = next_s + 1 + rng.random() * min(10.0, apart_s / 2)
            if int(back_s) >= edge_s:
                break
            found += [(int(next_s), True)] if motion else [(int(next_s), not state), (int(back_s), state)]
            at_s = next_s if motion else back_s
        at_s, state = float(edge_s), states.get(edge_s, state)
    return found


def _off_s(from_s: int, wall: Wall) -> int:
    """An hour ahead, as a clock is that was not put back in autumn; an hour behind if the wall's has just gone ahead."""
    ahead = wall.offset_s(from_s) <= wall.offset_s(from_s - p.DAY_S)
    return p.CLOCK_OFF_S if ahead else -p.CLOCK_OFF_S
