"""Whether a measured value has risen or fallen by so much within so long: a bounded past of it, and what that says.

A lone value is never believed: a change counts when two values agree that it was there before, and two that it has come. One of
each pair shows the whole change, the other at least half of it. The order in which values arrive makes no difference.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from alarmcore.model.reading import Measurement as Measured

Samples = tuple[tuple[str, datetime], ...]
"""Values by the time they were measured, each as text with its unit: what a rule's memory holds as sources."""

SLOTS_MAX: Final = 12
"""Parts of the span of which one value each is kept, its newest: a thermometer that speaks every second is no more to remember
than one that speaks every ten minutes. A change is then seen with at most a twelfth of the span's delay."""

UNIT_MAX: Final = 16
"""Characters kept of a unit; those of UCUM that are in use have fewer. They come from outside and are kept with every value."""

ROUNDING: Final = 2.0**-23
"""Of a value's size: so much may a change fall short and yet be whole. From 62.1 to 64.1 is not quite 2 in binary, and a device
that calculates in single precision says either number that much beside."""

VALUE: Final = "="
"""Begins each sample's name, so that it is told from other sources."""


class Change(NamedTuple):
    """The newest value, and the earlier one from which it has gone farthest."""

    value: float
    unit: str
    at: datetime
    from_value: float
    from_at: datetime


def sample(body: Measured) -> str:
    """A value as a sample's name."""
    return f"{VALUE}{body.value!r} {(body.unit or '')[:UNIT_MAX]}"


def value_of(name: str) -> float:
    """The value of a sample."""
    return float(name[1:].split(" ", 1)[0])


def unit_of(name: str) -> str:
    """The unit of a sample."""
    return name.split(" ", 1)[1]


def noted(samples: Samples, body: Measured, at: datetime, within_s: float) -> Samples:
    """The samples after one more value; the same object when it says nothing new.

    Of values in one slot the newest stays, of two at one instant the larger text, so that their order does not matter. Kept
    are those of the span before the newest, and the last one before that: it may agree with the first of them.
    """
    new = (sample(body), at)
    slot = _slot(at, within_s)
    for place, known in enumerate(samples):
        if _slot(known[1], within_s) == slot:
            if (new[1], new[0]) <= (known[1], known[0]):
                return samples
            return _pruned((*samples[:place], new, *samples[place + 1 :]), within_s)
    after = _pruned(tuple(sorted((*samples, new), key=_when)), within_s)
    return samples if after == samples else after


def changed(samples: Samples, by: float, within_s: float, sign: int, *, alone: bool = False) -> Change | None:
    """The change upwards (`sign` 1) or downwards (-1) that the newest value shows: at least `by`, with none that stands alone.

    `alone`: of the two values after it, the newest suffices.
    """
    unit = unit_of(samples[-1][0]) if samples else ""
    alike = [(sign * value_of(name), at) for name, at in samples if unit_of(name) == unit]
    if len(alike) < 2:
        return None
    newest, at = alike[-1]
    begins_at = at - timedelta(seconds=within_s)
    for low, low_at in sorted(one for one in alike if one[1] >= begins_at):
        middle, off = (low + newest) / 2, ROUNDING * max(abs(low), abs(newest))
        if newest - low < by - off:
            return None
        if (alone or alike[-2][0] >= middle - off) and sum(value <= middle + off for value, _ in alike) >= 2:
            return Change(sign * newest, unit, at, sign * low, low_at)
    return None


def _slot(at: datetime, within_s: float) -> int:
    return int(at.timestamp() * SLOTS_MAX // within_s)


def _when(one: tuple[str, datetime]) -> datetime:
    return one[1]


def _pruned(samples: Samples, within_s: float) -> Samples:
    """Without what is older than the span before the newest, but for the last of it."""
    begins_at = samples[-1][1] - timedelta(seconds=within_s)
    first = next(place for place, (_, at) in enumerate(samples) if at >= begins_at)
    return samples[max(first - 1, 0) :]
