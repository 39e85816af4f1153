"""Every number the generated residents are made of, with where it comes from: the recordings, or our choice."""

from __future__ import annotations

from typing import Final, NamedTuple

from loadtests.evaluate.walks.parameters import CHOSEN, Parameter

ARUBA: Final = "CASAS aruba, 117 nights"
KASTEREN: Final = "van Kasteren kasterenB, 27 days"
ORDONEZ: Final = "Ordóñez ordonezA and ordonezB, 36 days"

MIN_S: Final = 60
HOUR_S: Final = 3600
DAY_S: Final = 86_400

SORTS: Final = {
    "two-mats": 0.06,
    "turner": 0.10,
    "partner": 0.06,
    "cat": 0.08,
    "visitors": 0.10,
    "sleepless": 0.08,
    "ajar": 0.05,
    "drift": 0.08,
    "worsening": 0.05,
    "ill": 0.10,
    "away": 0.10,
    "new": 0.05,
    "dead": 0.05,
    "stuck": 0.05,
    "chatter": 0.04,
    "moved": 0.04,
    "clock": 0.04,
    "gap": 0.05,
    "twice": 0.04,
}
"""What is out of the common, with the share of residents that have it, each by itself; who has none is `plain`. All chosen,
so that the mean resident has one or two, and three in ten have none."""

PARAMETERS: Final[list[Parameter]] = []
"""In the order in which they are defined; the page's table is made of it."""


def _given(name: str, value: float, unit: str, meaning: str, source: str) -> float:
    PARAMETERS.append(Parameter(name, value, unit, meaning, source))
    return value


def _pair(name: str, value: tuple[float, float], unit: str, meaning: str, source: str) -> tuple[float, float]:
    PARAMETERS.append(Parameter(name, value, unit, meaning, source))
    return value


# -- the night ------------------------------------------------------------------------------------------------------------

BED_H: Final = _pair(
    "bed_h", (22.9, 0.8), "h", "bedtime of a person, mean and standard deviation", f"chosen; {ARUBA}: median 24.1, tenth 22.6"
)
RISE_H: Final = _pair("rise_h", (7.2, 0.7), "h", "rising time of a person, likewise", f"chosen; {ARUBA}: median 7.8, tenth 6.0")
NIGHT_SPREAD_H: Final = _pair(
    "night_spread_h", (0.2, 0.7), "h", "by how much both vary from day to day", f"chosen; {ARUBA}: 1.0 for bedtime"
)
WEEKEND_H: Final = _pair("weekend_h", (0.0, 0.8), "h", "rising later at weekends", CHOSEN)
LEAVES: Final = _pair("leaves", (0.3, 2.6), "", "returned leaves per night in the mean", f"chosen around {ARUBA}: 0.8")
LEAVES_MAX: Final = 5
"""Returned leaves in one night: more is an illness, and limits there are what they are."""
LEAVES_WHEN_ILL_MAX: Final = 9
UP_MIN: Final = _pair(
    "up_min",
    (5.5, 0.45),
    "min",
    "median length of a leave of most persons, and standard deviation of its logarithm",
    f"chosen around {ARUBA}: 3.3, {KASTEREN}: 4.1",
)
LONG_UP: Final = _given("long_up", 0.12, "", "share of persons whose leaves are long", CHOSEN)
LONG_UP_MIN: Final = _pair("long_up_min", (20.0, 45.0), "min", "median length of theirs", CHOSEN)
UP_BOUNDS_MIN: Final = _pair("up_bounds_min", (2.0, 60.0), "min", "no person's median is outside", CHOSEN)
UP_SPREAD: Final = _pair(
    "up_spread",
    (0.35, 0.65),
    "",
    "standard deviation of the logarithm of one person's leaves",
    f"{ARUBA}: 0.56; {KASTEREN}, where the mat drops out: 1.2",
)
UP_EARLY: Final = _pair("up_early", (0.6, 1.0), "", "length before 01:00 by that of the deep night", f"{ARUBA}: 0.7")
UP_DAWN: Final = _pair("up_dawn", (1.0, 1.8), "", "length from 04:00 on by that of the deep night", f"{ARUBA}: 1.0 to 1.1")
EARLY_UNTIL_H: Final = 25.0
DAWN_FROM_H: Final = 28.0
UP_LONGEST_MIN: Final = _given("up_longest_min", 150.0, "min", "longest returned leave but for sleepless nights", CHOSEN)
APART_MIN: Final = _given("apart_min", 20.0, "min", "shortest time in bed between leaves, and before rising", CHOSEN)
SLEEPLESS: Final = _pair(
    "sleepless", (0.03, 0.08), "", "share of nights in which those who are sleepless are up for long", CHOSEN
)
SLEEPLESS_MIN: Final = _pair("sleepless_min", (60.0, 120.0), "min", "how long they are", CHOSEN)
ASLEEP_MIN: Final = _pair("asleep_min", (10.0, 0.6), "min", "from lying down to sleep, median and spread", CHOSEN)
NAPPERS: Final = _given("nappers", 0.4, "", "share of persons who lie down by day at all", CHOSEN)
NAP: Final = _pair("nap", (0.1, 0.9), "", "share of days on which they do", CHOSEN)
NAP_H: Final = _pair("nap_h", (12.8, 14.5), "h", "when they do", CHOSEN)
NAP_MIN: Final = _pair("nap_min", (50.0, 0.4), "min", "how long, median and spread", CHOSEN)

# -- the mat --------------------------------------------------------------------------------------------------------------

TURNS: Final = _pair("turns", (0.0, 0.8), "1/h", "releases of an ordinary mat under a sleeper", CHOSEN)
RELEASE_S: Final = _pair(
    "release_s", (3.0, 1.0), "s", "length of a release, median and spread", f"{KASTEREN}: median 3, three quarters under 7"
)
RELEASE_LONGEST_S: Final = _given("release_longest_s", 45.0, "s", "longest release of an ordinary mat", CHOSEN)
TURNER_TURNS: Final = _pair(
    "turner_turns", (8.0, 45.0), "1/h", "releases under a turner", f"{KASTEREN}: 37 of both mats, 12 and 32 of each"
)
TURNER_LONG: Final = _given(
    "turner_long", 0.06, "", "share of a turner's releases that are long", f"{KASTEREN}: 5 % over 145 s, 1 % over 1363 s"
)
TURNER_LONG_S: Final = _pair("turner_long_s", (120.0, 1.2), "s", "length of those, median and spread", f"chosen after {KASTEREN}")
TURNER_LONGEST_S: Final = _given("turner_longest_s", 3600.0, "s", "longest of them", CHOSEN)
ROLLS: Final = _given("rolls", 1.5, "1/h", "changes from one mat to the other, or to both, in a bed of two", CHOSEN)
MAT_LATE_S: Final = _pair("mat_late_s", (0, 4), "s", "how long after the fact a mat says it", CHOSEN)
SEEN_TURNING: Final = _given("seen_turning", 0.25, "1/h", "movements in bed that the bedroom's sensor sees", CHOSEN)

# -- the day --------------------------------------------------------------------------------------------------------------


class Doing(NamedTuple):
    """Something done by day: in which room, how long, how often one moves meanwhile, and how likely it is when."""

    room: str
    minutes: float
    spread: float
    gap_min: float
    gap_spread: float
    likely: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    """Before 11, until 14, until 17, later."""
    fridge: float = 0.0
    """How often the fridge is opened, per hour; ordonezB: five times a day."""


BED: Final = "bed"
OUT: Final = "out"
DOINGS: Final = {
    "cook": Doing("kitchen", 18, 0.6, 1.6, 0.8, (3.0, 4.0, 1.5, 2.5), 2.5),
    "sit": Doing("living", 25, 0.7, 6.0, 0.9, (2.5, 2.5, 3.5, 2.5)),
    "tv": Doing("living", 75, 0.5, 18.0, 0.9, (0.3, 0.5, 0.8, 4.0)),
    "doze": Doing("living", 50, 0.5, 30.0, 0.7, (0.3, 1.0, 1.2, 0.6)),
    "wash": Doing("bathroom", 7, 0.5, 2.0, 0.7, (1.8, 1.5, 1.5, 1.5)),
    "tidy": Doing("bedroom", 9, 0.6, 2.0, 0.8, (1.2, 0.6, 0.6, 0.8)),
    "pass": Doing("hall", 3, 0.5, 1.2, 0.6, (0.7, 0.5, 0.5, 0.4)),
    "toilet": Doing("bathroom", 4, 0.5, 1.5, 0.7),
    "up": Doing("kitchen", 15, 0.5, 4.0, 0.8, (0.0, 0.0, 0.0, 0.0), 2.0),
    "read": Doing("living", 15, 0.5, 9.0, 0.8),
    "weak": Doing("living", 25, 0.5, 12.0, 0.8),
    "talk": Doing("living", 30, 0.5, 2.0, 0.8),
}
"""What people do. Lengths, gaps and weights are chosen so that one person gives 100 to 300 readings a day."""

ROOMS: Final = ("bedroom", "hall", "bathroom", "kitchen", "living")
STILL_MAX_MIN: Final = _given(
    "still_max_min",
    90.0,
    "min",
    "longest time on a chair without a movement",
    CHOSEN,
)
STILL: Final = _pair(
    "still",
    (1.4, 0.6),
    "",
    "by what the time without a movement on a chair differs between persons, median and spread",
    f"chosen; awake at home, the 90th percentile of gaps over 2 min: {KASTEREN}: 20 min, {ORDONEZ}: 153 and 52",
)
STILL_BOUNDS: Final = _pair("still_bounds", (0.5, 4.0), "", "no person differs by more", CHOSEN)
THROUGH_HALL: Final = _given("through_hall", 0.6, "", "share of changes of room that the hall's sensor could see", CHOSEN)
UNSEEN: Final = _given("unseen", 0.15, "", "share of movements that a sensor misses", CHOSEN)
COOLDOWN_S: Final = _pair("cooldown_s", (60, 180), "s", "a motion sensor's silence after a report", CHOSEN)
FRIDGE_S: Final = _pair("fridge_s", (6.0, 0.9), "s", "how long the fridge stands open, median and spread", f"{ORDONEZ}: 6")
DOOR_S: Final = _pair("door_s", (6.0, 0.5), "s", "how long the front door does", f"{ORDONEZ}: 6; {KASTEREN}: 4")
OUTINGS: Final = _pair(
    "outings", (0.15, 1.6), "", "outings per day of a person", f"chosen; {ARUBA}: 2.1, {ORDONEZ}: 1.2 and 2.0, {KASTEREN}: 1.7"
)
OUTINGS_MAX: Final = 4
"""In one day: there is no time for more."""
OUTING_H: Final = _pair("outing_h", (9.5, 17.0), "h", "between when they begin", CHOSEN)
OUTING_MIN: Final = _pair(
    "outing_min", (90.0, 0.8), "min", "length, median and spread", f"{ARUBA}: 93 (and many of a minute), {ORDONEZ}: 20 and 131"
)
OUTING_BOUNDS_MIN: Final = _pair("outing_bounds_min", (20.0, 360.0), "min", "none is shorter or longer", CHOSEN)
AJAR: Final = _given("ajar", 0.1, "", "share of passages after which the door stays open, where doors do", CHOSEN)
AJAR_MIN: Final = _pair("ajar_min", (40.0, 1.0), "min", "how long, median and spread", CHOSEN)

# -- company --------------------------------------------------------------------------------------------------------------

VISITS: Final = _pair("visits", (0.2, 2.0), "", "visits per day where there are visitors", CHOSEN)
VISITS_MAX: Final = 5
"""In one day, as home care comes."""
VISIT_H: Final = _pair("visit_h", (8.5, 19.5), "h", "between when they come", CHOSEN)
VISIT_MIN: Final = _pair("visit_min", (30.0, 0.6), "min", "how long they stay, median and spread", CHOSEN)
CAT_GAP_MIN: Final = _pair("cat_gap_min", (12.0, 1.0), "min", "between two movements of a cat, median and spread", CHOSEN)

# -- over weeks -----------------------------------------------------------------------------------------------------------

DRIFT_H: Final = _pair("drift_h", (0.4, 1.0), "h", "by how much bedtime and rising are later after 90 days of drift", CHOSEN)
WORSE: Final = _pair("worse", (1.8, 3.0), "", "by what leaves are more frequent and longer after 90 days of worsening", CHOSEN)
PER_DAYS: Final = 90.0
ILL_DAYS: Final = _pair("ill_days", (3, 10), "days", "length of an illness", CHOSEN)
ILL_LEAVES: Final = _given("ill_leaves", 2.0, "", "by what leaves are more frequent in illness", CHOSEN)
ILL_UP: Final = _given("ill_up", 1.8, "", "by what they are longer", CHOSEN)
ILL_REST_MIN: Final = _pair("ill_rest_min", (110.0, 0.5), "min", "lying down by day in illness, median and spread", CHOSEN)
AWAY_DAYS: Final = _pair("away_days", (5, 9), "days", "length of a stay at a hospital or a relative's", CHOSEN)
AWAY_H: Final = _pair("away_h", (11.0, 15.0), "h", "when one leaves for it, and when one comes back", CHOSEN)
STUCK_DAYS: Final = _pair("stuck_days", (2, 7), "days", "how long a sensor is stuck", CHOSEN)
CHATTER_DAYS: Final = _pair("chatter_days", (2, 7), "days", "how long one chatters", CHOSEN)
CHATTER: Final = _pair("chatter", (1500, 4000), "1/day", "readings of one that chatters", CHOSEN)
CLOCK_DAYS: Final = _given("clock_days", 7, "days", "how long a device's clock is an hour off after the change", CHOSEN)
CLOCK_OFF_S: Final = 3600
GAP_DAYS: Final = _pair("gap_days", (5, 8), "days", "how long a gateway is dead", CHOSEN)
TWICE: Final = _given(
    "twice", 0.06, "", "share of leaves of which such a mat says nothing, so that it says occupied twice", CHOSEN
)
QUIET_DAYS: Final = _given(
    "quiet_days", 3, "days", "nothing out of the common begins before, or ends later than before the end", CHOSEN
)
