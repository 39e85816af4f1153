"""What is known of one sensor of a home: when it was heard, when it last changed, how long it rests, how often it is set off."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from alarmcore.model.reading import Reading

WEEK_S: Final = 7 * 86400.0
"""How long a new sensor may rest before it is known better: doors of guest rooms and cupboards do."""

HALF_HOURS: Final = {"bed": 8, "motion": 24}
OTHERS_HALF_HOURS: Final = 72
"""In so many different hours a sensor must have been heard, by its kind, for half of that week to be taken for granted no more:
three or four nights in a bed, two or three days in a room that is lived in, three days of something that tells of itself each
hour. A front door is heard in three or four hours of the days on which somebody goes out, and may then rest for a week all the
same; so may what is in a guest room after a visit."""

HOURS_MAX: Final = 1000
"""Hours in which a sensor was heard are counted up to here: by then nothing is left of the week."""

NEVER: Final = "never"
WORD: Final = "status"
"""In the place of its kind: a device that hangs there and was never heard, or has only told of itself so far."""

FADE_S: Final = 20 * 86400.0
"""In so long a learned pause would have faded to a third, and in fourteen days to a half: habits change with the season."""

TAUGHT: Final = 2.0
"""How many times as long as known a pause can teach: a dead month is not to make the next one usual."""

STEADY: Final = 20
STEADY_HOURS: Final = 20
"""Times in an hour, and hours on end, beyond which no person is behind it either, but a sensor that is stuck and tells so each
minute. Everybody sits or sleeps at some time of the day; somebody in bed turns, and carers come, less often."""

HOUR_S: Final = 3600


class Sensor(msgspec.Struct, frozen=True, gc=False, array_like=True, omit_defaults=True):
    """What is known of one sensor: when it last spoke (by receipt) and last changed, and how long it rests from either.

    `on` is what it said last, None where it only tells of movements or values. The counts of `lived` are those of when it last
    spoke and changed. `count` are the times it was set off in hour `hour`; in so many hours on end before it was `steady`. It was
    heard in so many other `hours` after its first, with pauses of `longest_s` at most. Of one that was never heard `heard_at` is
    since when it is waited for.
    """

    name: str
    heard_at: datetime
    changed_at: datetime | None = None
    on: bool | None = None
    pause_s: float = WEEK_S
    rest_s: float = WEEK_S
    heard_lived: int = 0
    changed_lived: int = 0
    hour: int = 0
    count: int = 0
    steady: int = 0
    hours: int = 0
    longest_s: float = 0.0

    @property
    def may_rest_s(self) -> float:
        """The longest pause that it is known to make, or that is taken for granted of one that is not known."""
        half = HALF_HOURS.get(self.name.split("/", 2)[1], OTHERS_HALF_HOURS)
        return min(self.pause_s, max(self.longest_s, WEEK_S * float(2.0 ** (-self.hours / half))))


def hour_of(at: datetime) -> int:
    """Hours since 1970."""
    return int(at.timestamp()) // HOUR_S


def is_silent_yet(sensor: Sensor) -> bool:
    """Whether a device has said nothing yet of what it is there for."""
    return sensor.name.endswith((f"/{NEVER}", f"/{WORD}"))


def changes(known: Sensor, on: bool, kind: str, at: datetime) -> bool:
    """Whether a reading is news: a movement that is newer, or another state that is not older."""
    if known.changed_at is None or at < known.changed_at:
        return False
    return at > known.changed_at if kind == "motion" else on is not known.on


def named(sensor: Sensor) -> Sensor:
    """A sensor that was never heard, once its device has told of itself."""
    if not sensor.name.endswith(f"/{NEVER}"):
        return sensor
    return Sensor(f"{sensor.name.removesuffix(NEVER)}{WORD}", sensor.heard_at, heard_lived=sensor.heard_lived)


def heard_again(sensor: Sensor, reading: Reading, lived: int) -> Sensor:
    """A sensor that has spoken once more."""
    received_at = reading.received_at
    pause_s = (received_at - sensor.heard_at).total_seconds()
    if pause_s <= 0.0:
        return sensor
    name, _, changed_at, on, known_s, rest_s, _, changed_lived, hour, count, steady, *_ = msgspec.structs.astuple(sensor)
    of = (hour, count, steady, *paused(sensor, received_at, pause_s))
    return Sensor(name, received_at, changed_at, on, learned(known_s, pause_s), rest_s, lived, changed_lived, *of)


def moved(sensor: Sensor, reading: Reading, on: bool, lived: int) -> Sensor:
    """A sensor that has changed; each time it is set off is counted."""
    at, received_at = reading.at, reading.received_at
    rest_s = (at - sensor.changed_at).total_seconds() if sensor.changed_at is not None else 0.0
    pause_s = (received_at - sensor.heard_at).total_seconds()
    hour = hour_of(at)
    count, steady = counted(sensor.count, sensor.steady, sensor.hour, hour)
    return Sensor(
        sensor.name,
        max(received_at, sensor.heard_at),
        at,
        on,
        learned(sensor.pause_s, pause_s) if pause_s > 0.0 else sensor.pause_s,
        learned(sensor.rest_s, rest_s),
        lived,
        lived,
        hour,
        count + on,
        steady,
        *paused(sensor, received_at, pause_s),
    )


def counted(count: int, steady: int, of: int, hour: int) -> tuple[int, int]:
    """How often a sensor was set off in `hour` so far, and for how many hours on end before it was steady, known in hour `of`."""
    if hour == of:
        return count, steady
    return 0, steady + 1 if count >= STEADY and hour == of + 1 else 0


def paused(sensor: Sensor, received_at: datetime, pause_s: float) -> tuple[int, float]:
    """In how many hours a sensor was heard, and its longest pause so far, after one more, faded as any; within bounds.

    Nothing of that is known better within the hour: most readings are a movement that follows another one.
    """
    if pause_s <= 0.0 or (pause_s < HOUR_S and received_at.hour == sensor.heard_at.hour):
        return sensor.hours, sensor.longest_s
    longest_s = sensor.longest_s * max(1.0 - max(pause_s, HOUR_S) / FADE_S, 0.0)
    taught_s = pause_s if pause_s <= longest_s else min(pause_s, TAUGHT * sensor.may_rest_s)
    return min(sensor.hours + 1, HOURS_MAX), max(longest_s, taught_s)


def learned(known_s: float, pause_s: float) -> float:
    """The longest pause, faded by the time that has passed since, and after one that was longer that one, within bounds."""
    if pause_s > known_s:
        return min(pause_s, TAUGHT * known_s)
    return max(known_s * (1.0 - pause_s / FADE_S), pause_s)
