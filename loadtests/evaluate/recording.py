"""Recordings as CSV: the points of phones, and the places they stayed at, as scenarios."""

from __future__ import annotations

import csv
import math
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from loadtests.evaluate.scenario import (
    GOOD_M,
    MARGIN_S,
    RADIUS_M,
    ROUNDING_S,
    Fix,
    Scenario,
    distance_m,
    in_order_of_receipt,
)

POINTS: Final = "phone_points.csv"
SCENARIOS: Final = "phone_geofence_scenarios.csv"
FOLDER: Final = "gps"
"""Looked into if the given folder does not have the files itself."""

POINT_COLUMNS: Final = ("trace_id", "t_unix", "lat", "lon", "accuracy_m", "received_t_unix")
SCENARIO_COLUMNS: Final = ("trace_id", "fence_id", "center_lat", "center_lon", "inside_from_t", "leaves_at_t", "trip_end_t")
"""What a file must have. `speed_mps` and `clean_stay` are used where they are; else whether a stay is clean is worked out."""

YEAR_2100_S: Final = 4_102_444_800.0
"""No time lies behind it: one that does is in milliseconds."""

METRES_MAX: Final = 5e7
"""What a device claims beyond it (more than once around the earth) is no claim."""

MISTAKES_MAX: Final = 20
"""Mistakes that are said: more of them are one mistake, made often."""


class BadRecording(Exception):
    """A folder that cannot be judged: what is wrong, line by line."""

    def __init__(self, mistakes: list[str]) -> None:
        self.mistakes = mistakes
        more = len(mistakes) - MISTAKES_MAX
        shown = mistakes[:MISTAKES_MAX] + ([f"and {more} more"] if more > 0 else [])
        super().__init__("\n".join(shown))


class _Row:
    """One line of a file; what is wrong with it is gathered."""

    def __init__(self, values: Mapping[str, str | None], place: str, mistakes: list[str]) -> None:
        self._values, self._place, self._mistakes = values, place, mistakes
        self.good = True

    def wrong(self, what: str) -> None:
        """Remember a mistake of this line."""
        self.good = False
        self._mistakes.append(f"{self._place}: {what}")

    def text(self, name: str) -> str:
        """A value that must not be empty."""
        value = (self._values.get(name) or "").strip()
        if not value:
            self.wrong(f"{name} is empty; give it a value")
        return value

    def number(self, name: str, low: float = -math.inf, high: float = math.inf) -> float:
        """A finite number between two limits."""
        text = (self._values.get(name) or "").strip()
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not (math.isfinite(value) and low <= value <= high):
            bounds = f" from {low:.12g} to {high:.12g}" if math.isfinite(low) and math.isfinite(high) else ""
            self.wrong(f"{name} is {text!r}; give a number{bounds}")
            return 0.0
        return value

    def moment(self, name: str) -> float:
        """Epoch seconds."""
        return self.number(name, 0, YEAR_2100_S)

    def maybe(self, name: str, high: float = METRES_MAX) -> float | None:
        """A number of at least 0, or None where the device does not say or says something impossible."""
        text = (self._values.get(name) or "").strip()
        try:
            value = float(text)
        except ValueError:
            return None
        return value if 0 <= value <= high else None


class Recording(NamedTuple):
    """What a folder holds: the fixes of each trace, and the scenarios in the order of their file."""

    traces: Mapping[str, Sequence[Fix]]
    scenarios: Sequence[Scenario]


def read(folder: Path) -> Recording:
    """A folder's recording.

    Raises:
        BadRecording: with all that is wrong.
    """
    mistakes: list[str] = []
    place = folder if (folder / POINTS).exists() or not (folder / FOLDER).is_dir() else folder / FOLDER
    traces = _points(place / POINTS, mistakes)
    found = [one for row in _rows(place / SCENARIOS, SCENARIO_COLUMNS, mistakes) if (one := _scenario(row, traces)) is not None]
    if not mistakes and not found:
        mistakes.append(f"{place / SCENARIOS}: has no scenario; give at least one line below its header")
    names = [one.name for one in found]
    mistakes += [f"{SCENARIOS}: {name} stands twice; give every fence of a trace its own fence_id" for name in _twice(names)]
    if mistakes:
        raise BadRecording(mistakes)
    return Recording(traces, found)


def has(folder: Path) -> bool:
    """Whether a folder has recordings of phones."""
    return any((place / POINTS).exists() for place in (folder, folder / FOLDER))


def _twice(names: list[str]) -> list[str]:
    return sorted(name for name, times in Counter(names).items() if times > 1)


def _rows(path: Path, columns: tuple[str, ...], mistakes: list[str]) -> Iterator[_Row]:
    """The lines of a CSV file that has those columns."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as lines:
            rows = csv.DictReader(lines)
            missing = [name for name in columns if name not in (rows.fieldnames or ())]
            if missing:
                mistakes.append(f"{path}: has no column {', '.join(missing)}; its first line must name {', '.join(columns)}")
                return
            for values in rows:
                yield _Row(values, f"{path.name}:{rows.line_num}", mistakes)
    except FileNotFoundError:
        mistakes.append(f"{path}: is not there; give the folder that has {POINTS} and {SCENARIOS}")
    except (OSError, UnicodeDecodeError, csv.Error) as why:
        mistakes.append(f"{path}: cannot be read as CSV in UTF-8: {why}")


def _points(path: Path, mistakes: list[str]) -> dict[str, list[Fix]]:
    traces: dict[str, list[Fix]] = defaultdict(list)
    for row in _rows(path, POINT_COLUMNS, mistakes):
        at_s = row.moment("t_unix")
        lat, lon = row.number("lat", -90, 90), row.number("lon", -180, 180)
        received_s = row.maybe("received_t_unix", YEAR_2100_S)
        fix = Fix(at_s, at_s if received_s is None else received_s, lat, lon, row.maybe("accuracy_m"), row.maybe("speed_mps"))
        trace = row.text("trace_id")
        if row.good:
            traces[trace].append(fix)
    for fixes in traces.values():
        fixes.sort(key=measured_at)
    return traces


def measured_at(fix: Fix) -> float:
    """By what the fixes of a trace are sorted."""
    return fix.at_s


def _scenario(row: _Row, traces: Mapping[str, list[Fix]]) -> Scenario | None:
    trace, fence = row.text("trace_id"), row.text("fence_id")
    lat, lon = row.number("center_lat", -90, 90), row.number("center_lon", -180, 180)
    inside_s, leaves_s, ends_s = row.moment("inside_from_t"), row.moment("leaves_at_t"), row.moment("trip_end_t")
    if row.good and not inside_s <= leaves_s <= ends_s:
        row.wrong("inside_from_t, leaves_at_t and trip_end_t do not follow each other; put them in order of time")
    if row.good and trace not in traces:
        row.wrong(f"trace_id {trace!r} has no points; add them to {POINTS}")
    if not row.good:
        return None
    first = bisect_left(traces[trace], inside_s - ROUNDING_S, key=measured_at)
    fixes = in_order_of_receipt(traces[trace][first : bisect_right(traces[trace], ends_s + ROUNDING_S, key=measured_at)])
    said = row.maybe("clean_stay")
    clean = is_clean(fixes, lat, lon, inside_s, leaves_s) if said is None else said > 0
    return Scenario(f"{trace}/{fence}", trace, lat, lon, inside_s, leaves_s, ends_s, clean, fixes)


def is_clean(fixes: tuple[Fix, ...], lat: float, lon: float, inside_s: float, leaves_s: float) -> bool:
    """Whether no good fix of the stay, its ends left out, lies outside: the definition of the reference results."""
    first, last = inside_s + MARGIN_S - ROUNDING_S, leaves_s - MARGIN_S + ROUNDING_S
    return all(
        distance_m(lat, lon, fix.lat, fix.lon) <= RADIUS_M
        for fix in fixes
        if first <= fix.at_s <= last and fix.accuracy_m is not None and fix.accuracy_m <= GOOD_M
    )
