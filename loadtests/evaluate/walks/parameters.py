"""Every number the generated walks are made of, with where it comes from: a paper, the recordings, or our choice."""

from __future__ import annotations

from typing import Final, NamedTuple

CHOSEN: Final = "chosen"
MEASURED: Final = "measured on the recordings"
ZANDBERGEN: Final = "Zandbergen, Transactions in GIS 13(s1), 2009"
DIGGELEN: Final = "van Diggelen and Enge, ION GNSS+ 2015: 4.9 m under open sky"
STUDENSKI: Final = "Studenski et al., JAMA 305(1), 2011: gait speed of older adults, mean 0.92 m/s"
ANDROID: Final = "Android's definition of a location's accuracy: a radius of 68 % confidence"


class Parameter(NamedTuple):
    """One number, or several of a kind."""

    name: str
    value: float | tuple[float, ...]
    unit: str
    meaning: str
    source: str


class Surroundings(NamedTuple):
    """What a receiver has to bear in one sort of place."""

    sigma_m: float
    """Standard deviation of the slow error, on each axis."""
    tau_s: float
    """Its time of correlation: fixes closer together than this are wrong in the same direction."""
    satellites: float
    wifi: float
    """Shares of fixes from satellites and from known Wi-Fi networks; the rest are from cell towers."""
    lost: float
    """Share of fixes that do not come about at all."""
    jumps_per_h: float
    """Reflections taken for the direct signal, or a hot spot in the wrong place: how often the position jumps."""
    jump_m: float
    jump_s: float
    """Median length, and mean duration, of a jump."""


PLACES: Final = {
    "open": Surroundings(3.5, 100, 0.99, 0.0, 0.01, 0.0, 0.0, 1.0),
    "street": Surroundings(6.0, 60, 0.95, 0.03, 0.02, 0.5, 40.0, 45.0),
    "canyon": Surroundings(18.0, 40, 0.82, 0.12, 0.05, 8.0, 60.0, 60.0),
    "house": Surroundings(12.0, 200, 0.60, 0.37, 0.05, 0.3, 150.0, 90.0),
    "concrete": Surroundings(25.0, 300, 0.25, 0.50, 0.15, 0.8, 250.0, 120.0),
    "underground": Surroundings(30.0, 60, 0.0, 0.10, 0.90, 0.0, 0.0, 1.0),
}
"""Sources: `sigma_m` of `open` from van Diggelen and Enge (2015; a radius of 4.9 m is 3.5 m on each axis); the rest chosen."""

PARAMETERS: Final[list[Parameter]] = []
"""In the order in which they are defined; the page's table is made of it."""


def _given(name: str, value: float, unit: str, meaning: str, source: str) -> float:
    PARAMETERS.append(Parameter(name, value, unit, meaning, source))
    return value


def _several(name: str, value: tuple[float, ...], unit: str, meaning: str, source: str) -> tuple[float, ...]:
    PARAMETERS.append(Parameter(name, value, unit, meaning, source))
    return value


WIFI_M: Final = _given(
    "wifi_m",
    30.0,
    "m",
    "median error of a position from Wi-Fi",
    f"chosen between 74 m ({ZANDBERGEN}) and the recordings' 9 m (claims of 25 to 50 m)",
)
CELL_M: Final = _given("cell_m", 600.0, "m", "median error of a position from a cell tower", ZANDBERGEN)
SPREAD: Final = _given("spread", 0.7, "", "standard deviation of the logarithm of both", CHOSEN)
WIFI_CLAIM_M: Final = _several("wifi_claim_m", (20, 60), "m", "what positions from Wi-Fi claim", CHOSEN)
CELL_CLAIM_M: Final = _several(
    "cell_claim_m",
    (500, 2000),
    "m",
    "what positions from towers claim; a tenth of the recorded fixes claims over 1,100 m",
    CHOSEN,
)
CELL_REACH_M: Final = _given(
    "cell_reach_m", 500.0, "m", "towers and hot spots stay the same while one moves less than this", CHOSEN
)
WIFI_REACH_M: Final = _given("wifi_reach_m", 60.0, "m", "the same of a set of Wi-Fi networks", CHOSEN)
SOURCE_KEPT: Final = _given("source_kept", 0.7, "", "share of fixes from the same source as the one before", CHOSEN)
CLAIM_LOG: Final = _given("claim_log", 0.5, "", "standard deviation of the logarithm of claim by true error", CHOSEN)
CLAIM_SCALE: Final = _given("claim_scale", 1.515, "", "claim by sigma on each axis: the radius that holds 68 %", ANDROID)
BOASTS: Final = _given("boasts", 0.05, "", "share of fixes whose claim is a fifth of what it should be", CHOSEN)
MODEST: Final = _given("modest", 0.05, "", "share of fixes whose claim is ten times what it should be", CHOSEN)
CLAIM_MIN_M: Final = _given("claim_min_m", 3.8, "m", "the best claim", MEASURED)
JUMP_ADMITTED: Final = _given("jump_admitted", 0.5, "", "share of jumps whose claim grows with them", CHOSEN)
HELD: Final = _given("held", 0.5, "", "share of a still receiver's fixes that repeat the one before to the last digit", MEASURED)
COLD_M: Final = _given("cold_m", 120.0, "m", "error on each axis after a cold start", CHOSEN)
COLD_S: Final = _given("cold_s", 45.0, "s", "time in which that falls to a third", CHOSEN)
INTERVALS_S: Final = _several(
    "intervals_s", (10, 30, 60, 120, 300, 600), "s", "time between fixes; the recordings' median is 30", CHOSEN
)
SLOWER_STILL: Final = _given(
    "slower_still", 5.0, "", "half of the devices report so many times less often when nobody moves", CHOSEN
)
JITTER: Final = _given("jitter", 0.1, "", "by which an interval varies", CHOSEN)
LATENCY_S: Final = _several("latency_s", (0.4, 13.8), "s", "receipt after measurement, median and 95th percentile", MEASURED)
CLOCK_S: Final = _several("clock_s", (-1.0, 3.5), "s", "how far a device's clock is ahead; recorded: up to 3.5", CHOSEN)
GAP_S: Final = _several(
    "gap_s",
    (300, 3600),
    "s",
    "without coverage: fixes are kept and sent at its end",
    "chosen; the recordings' 99th percentile is an hour",
)
NEWEST_FIRST: Final = _given("newest_first", 0.2, "", "share of devices that then send the newest first", CHOSEN)
FREEZE_S: Final = _several(
    "freeze_s", (300, 2700), "s", "a frozen receiver goes on saying its last position with the time of now", CHOSEN
)
PACE_MPS: Final = _several("pace_mps", (0.92, 0.27), "m/s", "walking speed, mean and standard deviation", STUDENSKI)
PACE_MIN_MPS: Final = _given("pace_min_mps", 0.3, "m/s", "nobody who leaves is slower", CHOSEN)
RIDE_MPS: Final = _several("ride_mps", (6, 16), "m/s", "a bus or a car in a town", CHOSEN)
STAY_S: Final = _several("stay_s", (3600, 14_400), "s", "how long somebody stays before leaving", CHOSEN)
TRIP_S: Final = _given("trip_s", 2400.0, "s", "how long a trip is followed", CHOSEN)
REACH_M: Final = _several("reach_m", (400, 2500), "m", "how far a trip on foot goes", CHOSEN)
NEAR_M: Final = _several("near_m", (250, 320), "m", "how far those go who turn back soon", CHOSEN)
RIM_M: Final = _several("rim_m", (60, 185), "m", "how far walks go that stay inside", CHOSEN)
BORDER_M: Final = _several("border_m", (165, 190), "m", "how far from the middle those live who live at the border", CHOSEN)
GLITCHES_PER_H: Final = _given(
    "glitches_per_h", 4.0, "1/h", "bursts of a fix a second, all far off, from a device that glitches", CHOSEN
)
GLITCH_S: Final = _several("glitch_s", (1, 5), "s", "how long such a burst lasts", CHOSEN)
GLITCH_M: Final = _several("glitch_m", (300, 50_000), "m", "how far off it is", CHOSEN)
TURN: Final = _given("turn", 0.35, "rad", "standard deviation of a turn, every eighty metres", CHOSEN)
