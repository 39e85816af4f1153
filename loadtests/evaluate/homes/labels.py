"""What names of sensors and of activities mean, whatever the data set: a bed, a door, somebody who moves in some room."""

from __future__ import annotations

import re
from typing import Final

BED: Final = "bed"
DOOR: Final = "door"
PASSAGE: Final = "motion"
"""A sensor that sees people: what it reports is motion, from beginning to end."""
TOUCHED: Final = "touched"
"""Whatever people sit on, open, flush or switch on: somebody did it, when it began and when it ended."""

FRONT: Final = "front"
"""The name of the door that leads out of the home."""

_BED: Final = re.compile(r"\b(bed(?!room|side)|mattress)")
_SEES: Final = re.compile(r"\b(pir|motion)\b")
_DOOR: Final = re.compile(r"door\b")
_OUT: Final = re.compile(r"\b(front|main|entrance|outside|outdoor|exit)")

SLEEPS: Final = frozenset({"sleeping", "sleep", "go_to_bed"})
AWAY: Final = frozenset({"leaving", "leave_house"})
"""Activities that last as long as nobody is at home."""
LEFT: Final = frozenset({"leave_home"})
ENTERED: Final = frozenset({"enter_home"})
"""Activities at the door, where being away has no label of its own."""

ROOMS: Final[dict[str, str | None]] = {
    "bed_to_toilet": "bathroom",
    "toileting": "bathroom",
    "use_toilet": "bathroom",
    "personal_hygiene": "bathroom",
    "grooming": "bathroom",
    "brush_teeth": "bathroom",
    "showering": "bathroom",
    "take_shower": "bathroom",
    "bathing": "bathroom",
    "meal_preparation": "kitchen",
    "wash_dishes": "kitchen",
    "cook": "kitchen",
    "prep_breakfast": "kitchen",
    "prep_lunch": "kitchen",
    "prep_dinner": "kitchen",
    "get_drink": "kitchen",
    "get_snack": "kitchen",
    "breakfast": "kitchen",
    "lunch": "kitchen",
    "dinner": "kitchen",
    "snack": "kitchen",
    "eating": "dining",
    "eat": "dining",
    "relax": "living",
    "spare_time_tv": "living",
    "watch_tv": "living",
    "work": "office",
    "dress": "bedroom",
    "housekeeping": None,
    "respirate": None,
    "read": None,
}
"""Where somebody is who does this; None where it may be anywhere."""

ID_MAX: Final = 40
"""Of a device's name: the id of a resident is put before it, and 63 characters are allowed."""


def plain(text: str) -> str:
    """A label or a name in small letters, with one `_` for all that is neither letter nor digit."""
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")


def slug(text: str) -> str:
    """The same as an id."""
    return plain(text).replace("_", "-")[:ID_MAX].strip("-") or "unnamed"


def sort_of(sensor: str, place: str, kind: str) -> str:
    """What a sensor is, by its name, its place and its type, the type first; a place where people sleep is not yet a bed."""
    name, where, what = (plain(text).replace("_", " ") for text in (sensor, place, kind))
    if _SEES.search(what) or (not what and _SEES.search(name)):
        return PASSAGE
    if what != "magnetic" and not _DOOR.search(name) and (_BED.search(name) or _BED.search(where) or _BED.search(what)):
        return BED
    if what == "magnetic" or _DOOR.search(name):
        return DOOR
    return TOUCHED


def door_of(sensor: str, place: str) -> str:
    """The name of a door; the one out of the home is called the same everywhere."""
    name, where = (plain(text).replace("_", " ") for text in (sensor, place))
    return FRONT if _OUT.search(name) or _OUT.search(where) else slug(sensor)
