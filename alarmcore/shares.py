"""Which worker ought to have which partition: shares by weight, and the one move that would make them fairer. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from alarmcore.shared import Partition

UNEVEN: Final = 0.1
"""A difference below this part of the mean share is left as it is: a move stops its persons' alarms while they are loaded."""


class Move(msgspec.Struct, frozen=True):
    """A partition that its owner ought to give up, so that somebody who has less can take it."""

    partition: str
    giver: str


def weight_of(partition: Partition) -> int:
    """What a partition counts: its tenants, since what they send is not known beforehand."""
    return max(1, len(partition.tenants))


def loads(partitions: Iterable[Partition], holders: Mapping[str, str], workers: Iterable[str]) -> dict[str, int]:
    """What each worker holds, by weight."""
    found = dict.fromkeys(sorted(workers), 0)
    for one in partitions:
        holder = holders.get(one.name)
        if holder in found:
            found[holder] += weight_of(one)
    return found


def assigned(free: Iterable[Partition], held: Mapping[str, int]) -> dict[str, str]:
    """Who ought to take each free partition: the heaviest first, each to whoever has least by then.

    Everybody who sees the same comes to the same, so that those who take do not run into each other.
    """
    load = dict(held)
    found: dict[str, str] = {}
    for one in sorted(free, key=lambda one: (-weight_of(one), one.name)):
        if not load:
            break
        taker = min(load, key=lambda name: (load[name], name))
        found[one.name] = taker
        load[taker] += weight_of(one)
    return found


def move(partitions: Iterable[Partition], holders: Mapping[str, str], workers: Iterable[str]) -> Move | None:
    """The one move that is worth it now: to whoever has least, from whoever has most of those who have something that fits.

    None when no move would bring two shares nearer to each other. Each move makes the sum of all shares' squares smaller, so that
    moves come to an end; only one is named, so that they come one after the other.
    """
    known = list(partitions)
    load = loads(known, holders, workers)
    least = min(load.values(), default=0)
    worth = UNEVEN * sum(load.values()) / max(1, len(load))
    for giver in sorted(load, key=lambda name: (-load[name], name)):
        apart = load[giver] - least
        fitting = [one for one in known if holders.get(one.name) == giver and weight_of(one) < apart]
        if fitting and apart > worth:
            # About half of what is between them, so that few moves are needed.
            best = min(fitting, key=lambda one: (abs(2 * weight_of(one) - apart), one.name))
            return Move(best.name, giver)
    return None
