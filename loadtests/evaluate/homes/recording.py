"""Recordings of homes as CSV files in a folder: sensors where there are any, else what was labelled, as readings of devices."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from loadtests.evaluate.homes import truth
from loadtests.evaluate.homes.home import RETURNED, Home, Leave, Sensed, Stretch
from loadtests.evaluate.homes.labels import (
    AWAY,
    BED,
    DOOR,
    ENTERED,
    FRONT,
    LEFT,
    PASSAGE,
    ROOMS,
    SLEEPS,
    door_of,
    plain,
    slug,
    sort_of,
)
from loadtests.evaluate.homes.rows import Activity, Episode, Interval, Say, activities, episodes, intervals
from loadtests.evaluate.recording import BadRecording

FOLDER: Final = "home_sensors"
"""Looked into if the given folder has no such files itself."""

EPISODES: Final = "out_of_bed_episodes.csv"
NAMED: Final = re.compile(r"(?P<home>.+?)_(?P<sort>activities|intervals)(_.*)?\.csv")
"""A file's name: the home's, then what it holds; what follows is for people."""

ZONE: Final = "Europe/Stockholm"

LONG_S: Final = 60.0
"""A sensor of people that was on for so long saw somebody at its end too."""


class _Files(NamedTuple):
    """What a folder has of one home."""

    activities: list[Activity]
    intervals: list[Interval]


def has(folder: Path) -> bool:
    """Whether a folder has recordings of homes."""
    return any(NAMED.fullmatch(path.name) for path in _place(folder).glob("*.csv"))


def read(folder: Path, say: Say, zone: str = ZONE) -> list[Home]:
    """A folder's homes.

    Raises:
        BadRecording: with all that is wrong.
    """
    mistakes: list[str] = []
    tz, place = ZoneInfo(zone), _place(folder)
    files: dict[str, _Files] = defaultdict(lambda: _Files([], []))
    for path in sorted(place.glob("*.csv")):
        named = NAMED.fullmatch(path.name)
        if named and named["sort"] == "activities":
            files[named["home"]].activities.extend(activities(path, tz, mistakes, say))
        elif named:
            files[named["home"]].intervals.extend(intervals(path, tz, mistakes, say))
    told = episodes(place / EPISODES, tz, mistakes) if (place / EPISODES).exists() else []
    if not mistakes and not files:
        mistakes.append(
            f"{place}: has no recording of a home; give the folder of files named HOME_activities.csv, HOME_intervals.csv"
        )
    mistakes += [f"{home}: has no line; give at least one below its header" for home, of in files.items() if not any(of)] * (
        not mistakes
    )
    if mistakes:
        raise BadRecording(mistakes)
    return [_home(home, files[home], _of(home, told), tz, say) for home in sorted(files)]


def _place(folder: Path) -> Path:
    inside = folder / FOLDER
    return inside if inside.is_dir() and not any(NAMED.fullmatch(path.name) for path in folder.glob("*.csv")) else folder


def _of(home: str, told: Iterable[Episode]) -> list[Leave]:
    """The leavings that a file tells of a home, whose name may there have something before it."""
    return [Leave(one.left_at, one.back_at, one.outcome) for one in told if one.home == home or one.home.endswith(f"_{home}")]


def _home(name: str, files: _Files, told: list[Leave], tz: ZoneInfo, say: Say) -> Home:
    labelled, sensed = sorted(files.activities), sorted(files.intervals)
    in_bed = [Stretch(one.from_at, one.until_at) for one in sensed if sort_of(*one[2:]) == BED]
    if not sensed:
        in_bed = truth.sleeps(labelled)
    derived = truth.leaves(in_bed, tz)
    if told:
        say(
            f"{name}: {truth.agreeing(derived, told)} of the {len(told)} leavings in {EPISODES} are derived likewise from the bed"
        )
    if not in_bed:
        say(f"{name}: no bed is among the sensors, nor sleep among the labels; whether somebody is out of it cannot be judged")
    readings = _of_sensors(sensed) if sensed else _of_labels(name, labelled, say)
    if labelled:  # beyond them nobody knows what was true
        first_at, last_at = labelled[0].from_at, max(one.until_at for one in labelled)
        readings = [one for one in readings if first_at <= one.at <= last_at]
    leaves = told or derived
    if not sensed:  # without a mat, the shortest cannot be seen
        leaves = [one for one in leaves if one.back_at is None or (one.back_at - one.left_at).total_seconds() >= truth.SAME_S]
    devices = tuple(sorted({(one.device, one.kind) for one in readings}))
    seen = {one.at for one in readings} and (readings[0].at, readings[-1].at)
    within = tuple(one for one in leaves if seen and seen[0] <= one.left_at <= seen[1])
    sleeps, away = tuple(truth.sleeps(labelled)), tuple(truth.away(labelled))
    return Home(name, tz, devices, tuple(readings), within, sleeps, away)


def true_leaves(home: Home) -> list[Leave]:
    """Returned leavings that do not lie wholly inside one labelled sleep: there a mat has let go of a sleeper."""
    return [one for one in home.leaves if one.outcome == RETURNED and not is_asleep(home, one)]


def is_asleep(home: Home, leave: Leave) -> bool:
    """Whether labels say that somebody slept all through what a mat took for a leaving."""
    back_at = leave.back_at
    return back_at is not None and any(one.from_at <= leave.left_at and back_at <= one.until_at for one in home.sleeps)


def _of_sensors(found: Sequence[Interval]) -> list[Sensed]:
    """Beds and doors are on or off and cannot be on twice; for all others it counts that somebody was there."""
    readings: list[Sensed] = []
    by_sensor: dict[tuple[str, str, str], list[Stretch]] = defaultdict(list)
    for one in found:
        by_sensor[one[2:]].append(Stretch(one.from_at, one.until_at))
    devices = _devices(by_sensor)
    for (sensor, place, kind), stretches in by_sensor.items():
        sort, device = sort_of(sensor, place, kind), devices[sensor, place, kind]
        if sort == BED:
            readings += _switched(stretches, device, "bed", {"occupied": True}, {"occupied": False})
        elif sort == DOOR:
            door = {"door": door_of(sensor, place)}
            readings += _switched(stretches, device, "door", {"open": True, **door}, {"open": False, **door})
        else:
            room = {"room": plain(place)} if plain(place) else {}
            for from_at, until_at in stretches:
                readings.append(Sensed(from_at, device, "motion", room))
                if sort != PASSAGE or (until_at - from_at).total_seconds() >= LONG_S:
                    readings.append(Sensed(until_at, device, "motion", room))
    return sorted(readings, key=_in_order)


def _devices(sensors: Iterable[tuple[str, str, str]]) -> dict[tuple[str, str, str], str]:
    """An id for each sensor: its name, with its place where another has the same name, with a number where that is not enough."""
    named = list(sensors)
    found: dict[tuple[str, str, str], str] = {}
    for one in named:
        alone = sum(slug(other[0]) == slug(one[0]) for other in named) == 1
        wanted = slug(one[0]) if alone else slug(f"{one[0]} {one[1]}")
        taken = sum(value.split("--")[0] == wanted for value in found.values())
        found[one] = f"{wanted}--{taken + 1}" if taken else wanted
    return found


def _switched(stretches: Iterable[Stretch], device: str, kind: str, on: dict[str, Any], off: dict[str, Any]) -> list[Sensed]:
    return [
        Sensed(at, device, kind, fields)
        for from_at, until_at in truth.joined(stretches)
        for at, fields in ((from_at, on), (until_at, off))
    ]


def _of_labels(name: str, found: Sequence[Activity], say: Say) -> list[Sensed]:
    """Where no sensor was recorded: the bed by labelled sleep, the front door by going and coming, motion by all else."""
    in_bed = truth.joined(truth.sleeps(found), truth.SAME_S)
    readings = _switched(in_bed, "bed", "bed", {"occupied": True}, {"occupied": False})
    unknown: set[str] = set()
    for one in found:
        label = plain(one.label)
        ends = (one.from_at, one.until_at)
        if label in AWAY | LEFT | ENTERED:
            for at in ends if label in AWAY else ends[:1]:
                readings += [Sensed(at, FRONT, "door", {"open": is_open, "door": FRONT}) for is_open in (True, False)]
        elif label not in SLEEPS:
            unknown |= set() if label in ROOMS else {one.label}
            room = ROOMS.get(label)
            readings += [Sensed(at, "motion", "motion", {"room": room} if room else {}) for at in ends]
    if unknown:
        say(f"{name}: in which room this is done is not known, and left out: {', '.join(sorted(unknown))}")
    return sorted(readings, key=_in_order)


def _in_order(one: Sensed) -> Any:
    """By time; at one moment a door opens before it closes, and a mat lets go before the other takes over."""
    return one.at, one.device, one.fields.get("open") is False, one.fields.get("occupied") is True
