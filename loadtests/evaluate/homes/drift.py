"""Whether nights that become worse are noticed over weeks, and how often a planner is told of a change where there is none.

Residents are lived through for months by the real machines; as each day ends it is asked what a planner would be told.
"""

from __future__ import annotations

import json
import math
import random
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from msgspec.structs import replace

from loadtests.evaluate.homes import residents
from loadtests.evaluate.homes.home import Home
from loadtests.evaluate.homes.lives import INACTIVITY, OUT_OF_BED, WHOLE, Life, Span
from loadtests.evaluate.homes.nights import told
from loadtests.evaluate.homes.replayed import readings, site
from loadtests.evaluate.homes.residents import parameters as p
from loadtests.evaluate.homes.residents.habits import Habits, Incident, drawn
from loadtests.evaluate.homes.residents.wall import Wall
from loadtests.evaluate.homes.rules import Asked
from loadtests.evaluate.page import ROOT
from loadtests.evaluate.replayed import NotReplayed
from loadtests.evaluate.report import table

EACH: Final = 30
"""Residents of the largest group, unless said otherwise: all groups then take less than three minutes of two free cores."""

CHANGE_DAY: Final = 90
"""From this day on something is worse, little by little or at once: by then it is known what was usual."""
YEAR_DAYS: Final = 365.25

CHANGED, SETTLED = "usual.changed", "usual.settled"
NIGHTS, DAYS = "up", "still"
"""The ways in which something may have changed, as notices name them."""

TOGETHER: Final = 6
"""Lives in one replay, a few seconds each."""
AT_ONCE: Final = 2
"""Replays beside each other: lives do not know of one another, and machines have two cores at least."""
WITHIN_S: Final = 1200.0
"""A replay that takes longer is given up."""

AFTER_DAYS: Final = 60
"""A notice that comes so long after an illness began is of that illness: what is recent has by then faded to a hundredth."""


class Group(NamedTuple):
    """Residents alike in what becomes of them: `share` of those asked for, through so many days, by what `way` may change.

    `made` takes a drawn person and their number. `steps` are days, and by what everything of that way is more from then on.
    """

    name: str
    share: float
    days: int
    way: str
    made: Callable[[Habits, int], Habits]
    steps: tuple[tuple[int, float], ...] = ()

    @property
    def kind(self) -> str:
        """Of the rule that learns it."""
        return OUT_OF_BED if self.way == NIGHTS else INACTIVITY

    def number(self, each: int) -> int:
        """How many residents."""
        return math.ceil(each * self.share)


def _as_drawn(habits: Habits, number: int) -> Habits:
    del number
    return replace(habits, worse=1.0, drift_h=0.0)


def _untroubled(habits: Habits, number: int) -> Habits:
    return replace(_as_drawn(habits, number), incidents=())


def _ill(habits: Habits, number: int) -> Habits:
    """For 3 to 10 days, one after the other, as the generator's illnesses are."""
    shortest, longest = (int(days) for days in p.ILL_DAYS)
    days = shortest + number % (longest - shortest + 1)
    return replace(_as_drawn(habits, number), incidents=(Incident("ill", CHANGE_DAY, days),))


_TWICE: Final = ((CHANGE_DAY, 2.0),)
_HALF: Final = ((CHANGE_DAY, 1.5),)
_FOURFOLD: Final = ((CHANGE_DAY, 4.0),)
_SLOWLY: Final = tuple((CHANGE_DAY + 15 * n, 1.0 + 0.25 * (n + 1)) for n in range(4))

GROUPS: Final = (
    Group("nights as they were, for 400 days", 1.0, 400, NIGHTS, _as_drawn),
    Group("nights as they were, but for an illness of 3 to 10 days", 1 / 3, 240, NIGHTS, _ill),
    Group("days as they were, for 400 days", 1 / 4, 400, DAYS, _as_drawn),
    Group("up twice as often and twice as long", 1 / 3, 240, NIGHTS, _untroubled, _TWICE),
    Group("the same, little by little within 45 days", 1 / 3, 240, NIGHTS, _untroubled, _SLOWLY),
    Group("up half as often again and half as long again", 1 / 3, 240, NIGHTS, _untroubled, _HALF),
    Group("by day, a quarter of the movements on a chair", 1 / 6, 240, DAYS, _untroubled, _FOURFOLD),
)


class Noticed(msgspec.Struct, frozen=True):
    """One notice: on which day of whose life it was first to be seen, and for how many days (None: to the end)."""

    home: str
    day: int
    lasted: int | None
    ratio: float
    ill: bool
    """Whether it came within two months after an illness."""


class Found(msgspec.Struct, frozen=True):
    """What came of one group."""

    group: str
    way: str
    residents: int
    days: int
    changes: bool
    noticed: tuple[Noticed, ...]


class _Line(msgspec.Struct):
    at: datetime
    event: str
    resident: str
    way: str
    ratio: float = 0.0


class _Lived(NamedTuple):
    life: Life
    habits: Habits


def judge(groups: Sequence[Group], rules: Sequence[Asked], seed: int, each: int, folder: Path) -> list[Found]:
    """What of all groups is noticed. Files stay in `folder` only while they are needed.

    Raises:
        NotReplayed: if the machines do not do what they should.
    """
    with ThreadPoolExecutor(AT_ONCE) as beside:
        parts = [(group, numbers) for group in groups for numbers in _together(group.number(each))]
        places = (folder / str(number) for number in range(len(parts)))
        found = beside.map(lambda part, place: _noticed(part[0], part[1], rules, seed, place), parts, places)
        pairs = list(zip(parts, found, strict=True))
    return [
        Found(
            group.name,
            group.way,
            group.number(each),
            group.days,
            bool(group.steps),
            tuple(one for (of, _), noticed in pairs if of is group for one in noticed),
        )
        for group in groups
    ]


def _together(number: int) -> Iterator[range]:
    for first in range(0, number, TOGETHER):
        yield range(first, min(first + TOGETHER, number))


def home(group: Group, seed: int, number: int) -> tuple[Home, Habits]:
    """A resident who from some days on is another: what is up to chance stays, so that the same nights are only worse."""
    habits = group.made(drawn(random.Random(f"drift-{seed}-{number}"), group.days), number)
    first = residents.resident(seed, number, group.days, habits)
    wall = Wall(residents.FIRST_DAY, group.days, first.tz)
    kept = list(first.readings)
    for day, factor in group.steps:
        after, at_s = residents.resident(seed, number, group.days, worse(habits, group.way, factor)), wall.at_s(day, 12)
        kept = [one for one in kept if one.at.timestamp() < at_s]
        kept += [one for one in after.readings if one.at.timestamp() >= at_s]
    return first._replace(readings=tuple(kept)), habits


def worse(habits: Habits, way: str, factor: float) -> Habits:
    """Up so many times as often and as long; or without a movement for so many times as long."""
    if way == DAYS:
        return replace(habits, still=habits.still * factor)
    return replace(habits, leaves=habits.leaves * factor, up_min=habits.up_min * factor)


def _lived(group: Group, seed: int, number: int) -> _Lived:
    made, habits = home(group, seed, number)
    present = [told(one) for one in made.readings]
    return _Lived(Life(made, present, (Span(WHOLE, (group.kind,), present[0].at_s, present[-1].at_s),)), habits)


def _noticed(group: Group, numbers: range, rules: Sequence[Asked], seed: int, folder: Path) -> list[Noticed]:
    """One replay, whose files lie in a folder of its own."""
    lived = [_lived(group, seed, number) for number in numbers]
    lives = [one.life for one in lived]
    folder.mkdir(parents=True, exist_ok=True)
    place, events = folder / "site.json", folder / "events.jsonl"
    place.write_text(json.dumps(site(lives, rules), ensure_ascii=False))
    encode = msgspec.json.Encoder().encode
    with events.open("wb") as out:
        out.writelines(encode(reading) + b"\n" for reading in readings(lives))
    try:
        said = _run(place, events)
    finally:
        events.unlink()
    return list(_read(said, lived, group.way))


def _run(place: Path, events: Path) -> bytes:
    """In the process of the machines, as `alarmcore replay` is one: nothing of them is known here but what they say."""
    line = [sys.executable, "-m", "dashboard.usual_notices", str(place), str(events)]
    try:
        done = subprocess.run(line, cwd=ROOT, capture_output=True, timeout=WITHIN_S, check=False)
    except subprocess.TimeoutExpired:
        raise NotReplayed(f"notices of {TOGETHER} lives took more than {WITHIN_S:g} s; ask for fewer residents") from None
    if done.returncode != 0:
        raise NotReplayed(f"dashboard.usual_notices ended with {done.returncode}: {done.stderr.decode(errors='replace')[-1000:]}")
    return done.stdout


def _read(said: bytes, lived: Sequence[_Lived], way: str) -> Iterator[Noticed]:
    decode = msgspec.json.Decoder(_Line).decode
    lines = [line for line in map(decode, said.splitlines()) if line.way == way]
    for place, line in enumerate(lines):
        if line.event != CHANGED:
            continue
        life, habits = lived[int(line.resident[1:])]
        day = _day(life, line.at)
        over = next((one for one in lines[place:] if one.resident == line.resident and one.event == SETTLED), None)
        lasted = None if over is None else _day(life, over.at) - day
        ills = [one.day for one in habits.incidents if one.kind == "ill"]
        yield Noticed(life.home.name, day, lasted, line.ratio, any(0 <= day - ill <= AFTER_DAYS for ill in ills))


def _day(life: Life, at: datetime) -> int:
    """Of a life, counted from 0."""
    return round((at.timestamp() - life.spans[0].from_s) / 86_400.0)


def as_markdown(found: Sequence[Found]) -> str:
    """Those who stay as they were, and those who change."""
    steady = [_steady(one) for one in found if not one.changes]
    header = ["nothing has changed", "residents", "years lived", "notices", "after an illness", "a year", "days on which"]
    changed = [_changed(one) for one in found if one.changes]
    heads = [f"from day {CHANGE_DAY} on", "residents", "noticed", "days later: first / median / last", "shown, days", "before"]
    return "\n\n".join(table(head, rows) for head, rows in ((header, steady), (heads, changed)) if rows)


def _steady(one: Found) -> list[str]:
    years = one.residents * one.days / YEAR_DAYS
    ill = sum(notice.ill for notice in one.noticed)
    days = ", ".join(str(notice.day) for notice in sorted(one.noticed, key=lambda notice: notice.day))
    rate = f"{len(one.noticed) / years:.2f}"
    return [one.group, str(one.residents), f"{years:.0f}", str(len(one.noticed)), str(ill), rate, days or "–"]


def _changed(one: Found) -> list[str]:
    first = firsts(one)
    days = sorted(notice.day - CHANGE_DAY for notice in first)
    late = f"{days[0]} / {_middle(days)} / {days[-1]}" if days else "–"
    shown = sorted(one.days - notice.day if notice.lasted is None else notice.lasted for notice in first)
    before = sum(notice.day < CHANGE_DAY for notice in one.noticed)
    return [one.group, str(one.residents), f"{len(first)} of {one.residents}", late, _middle(shown), str(before)]


def _middle(days: Sequence[int]) -> str:
    return str(days[len(days) // 2]) if days else "–"


def firsts(one: Found) -> list[Noticed]:
    """Of each resident the first notice after the change."""
    found: dict[str, Noticed] = {}
    for notice in sorted(one.noticed, key=lambda notice: notice.day):
        if notice.day >= CHANGE_DAY:
            found.setdefault(notice.home, notice)
    return list(found.values())
