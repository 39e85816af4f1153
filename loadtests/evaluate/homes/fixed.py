"""The references in plain Python: one fixed limit for everybody, on the bed or on all signs of life, for every limit at once."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from loadtests.evaluate.homes.labels import FRONT
from loadtests.evaluate.homes.lives import OUT_OF_BED, Life, Span
from loadtests.evaluate.homes.nights import Told, wall
from loadtests.evaluate.homes.rules import ALWAYS, NIGHTLY

PLAIN: Final = "fixed limit"
JOINED: Final = "fixed limit, gaps under a minute joined"
LEAVING: Final = "fixed limit, joined, only of leavings while it watches"
AT_HOME: Final = "fixed limit, not after the front door"

GAP_S: Final = 60.0

LIMITS_S: Final = {
    OUT_OF_BED: tuple(60.0 * minutes for minutes in range(5, 241)),
    "inactivity": tuple(900.0 * quarters for quarters in range(4, 49)),
}
"""Every minute from 5 to 240; every quarter of an hour from 1 to 12 h."""

SHORTEST_S: Final = min(min(limits) for limits in LIMITS_S.values())

Stretch = tuple[float, float]


class Piece(NamedTuple):
    """Part of a condition in which a limit can pass: counted from, and it must have passed before; of which stretch."""

    from_s: float
    before_s: float
    stretch: int


def families(kind: str, hours: str) -> tuple[str, ...]:
    """The references for a kind of rule."""
    if kind != OUT_OF_BED:
        return PLAIN, AT_HOME
    return (PLAIN, JOINED, LEAVING) if hours == NIGHTLY else (PLAIN, JOINED)


def stretches(life: Life, kind: str, family: str) -> list[Stretch]:
    """How long the condition held in a life, again and again."""
    if kind == OUT_OF_BED:
        return out_of_bed(life.readings) if family == PLAIN else joined_out_of_bed(life.readings)
    return inactive(life.readings, after_front=family == PLAIN)


def pieces(found: Sequence[Stretch], span: Span, family: str, window: tuple[str, str] | None, tz: ZoneInfo) -> list[Piece]:
    """Where limits can pass, as far as it matters to what counts."""
    lasting = [(off, on) for off, on in found if on > span.from_s and on - off > SHORTEST_S and off < span.until_s]
    parts = []
    for number, (off, on) in enumerate(lasting):
        hours = [(-math.inf, math.inf)] if window is None else windows(off, min(on, span.until_s), window, tz)
        for from_s, until_s in hours:
            if family == LEAVING and off < from_s:
                continue
            parts.append(Piece(max(off, from_s), min(on, until_s, span.until_s), number))
    return parts


class Raised(NamedTuple):
    """When a rule alarmed in what counts of a life; `holds`: its alarm about what was going on had begun before."""

    times: list[float]
    holds: bool


def raised(parts: Iterable[Piece], limit_s: float, counts_s: float) -> Raised:
    """Each stretch alarms once, in the first piece that is long enough."""
    times, holds, done = [], False, -1
    for piece in parts:
        at_s = piece.from_s + limit_s
        if piece.stretch == done or at_s >= piece.before_s:
            continue
        done = piece.stretch
        if at_s > counts_s:
            times.append(at_s)
        else:
            holds = True  # those that had ended by then are no pieces
    return Raised(times, holds)


def out_of_bed(readings: Sequence[Told]) -> list[Stretch]:
    """From when until when the newest word of any mat was that it is empty."""
    found, off = [], None
    for one in readings:
        if one.kind != "bed":
            continue
        if not one.fields["occupied"]:
            off = one.at_s if off is None else off
        elif off is not None:
            found.append((off, one.at_s))
            off = None
    return found if off is None else [*found, (off, math.inf)]


def joined_out_of_bed(readings: Sequence[Told]) -> list[Stretch]:
    """From when until when all mats were empty, what was shorter than a minute left out."""
    on: dict[str, bool] = {}
    found: list[Stretch] = []
    off: float | None = None
    for one in readings:
        if one.kind != "bed":
            continue
        on[one.device] = bool(one.fields["occupied"])
        if not any(on.values()):
            off = one.at_s if off is None else off
        elif off is not None:
            if one.at_s - off >= GAP_S:
                found.append((off, one.at_s))
            off = None
    return found if off is None else [*found, (off, math.inf)]


def inactive(readings: Sequence[Told], *, after_front: bool) -> list[Stretch]:
    """Between signs of life: motion, and whatever switch changed. Those that begin at the front door only if wanted."""
    signs: list[tuple[float, bool]] = []
    switches: dict[tuple[str, object], object] = defaultdict(lambda: None)
    for one in readings:
        if one.kind != "motion":
            key, value = (one.device, one.fields.get("door")), one.fields.get("occupied", one.fields.get("open"))
            if switches[key] == value:
                continue
            switches[key] = value
        signs.append((one.at_s, one.fields.get("door") == FRONT))
    between = itertools.pairwise([*signs, (math.inf, False)])
    return [(at_s, next_s) for (at_s, front), (next_s, _) in between if after_front or not front]


def windows(from_s: float, until_s: float, window: tuple[str, str], tz: ZoneInfo) -> list[Stretch]:
    """The hours in which a rule watches, those that touch this stretch."""
    start, end = (time.fromisoformat(text) for text in window)
    day, found = _day(from_s, tz) - timedelta(days=1), []
    while (begins := wall(day, start, tz)) < until_s:
        ends = wall(day if start < end else day + timedelta(days=1), end, tz)
        if ends > from_s:
            found.append((begins, ends))
        day += timedelta(days=1)
    return found


def _day(at_s: float, tz: ZoneInfo) -> date:
    return datetime.fromtimestamp(at_s, UTC).astimezone(tz).date()


HOURS: Final = (NIGHTLY, ALWAYS)
