"""How well each sensor of a home works, told from what it says beside the others: silent, stuck, chattering, or nothing wrong.

A fault needs the others as witnesses. Hours in which any of them noticed movement are counted (`lived`), since who is away
for a week has no faulty sensors. How long a sensor rests is learned: the longest pause, half of it forgotten in a fortnight;
before, the less is taken for granted the more often it was heard. One that hangs there and has never been heard is known too.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from msgspec.structs import replace

from alarmcore.model.reading import Bed, Door, Floor, Motion, Reading
from alarmcore.sensor import (
    HOUR_S,
    HOURS_MAX,
    NEVER,
    STEADY,
    STEADY_HOURS,
    WORD,
    Sensor,
    changes,
    counted,
    heard_again,
    hour_of,
    is_silent_yet,
    moved,
    named,
)

__all__ = ["NEVER", "STEADY", "STEADY_HOURS", "Sensor", "counted", "hour_of"]
# What others ask of the sensors is also what is known of one.

SENSORS_MAX: Final = 32
"""Sensors remembered of one person: more than any home has. Doors' names come from outside."""

NAME_MAX: Final = 130
"""Characters of a sensor's name: a device's id, its kind and sixty of a door's name, which comes from outside."""

DAILY: Final = frozenset({"bed", "motion", "radar", "camera"})
"""Kinds of device of which something is heard each day that somebody is at home."""

AWAITED: Final = DAILY | {"door"}
"""Kinds of device that are missed when they have never been heard: sensors that hang in a home. Not what is worn, or asked for
once a day; nor a sensor on the floor, which has something to say when somebody has fallen."""

RESTS: Final = 3.0
"""How many times as long as it ever rested a sensor must rest to be found; the longest of many is rarely exceeded twofold."""

SILENT_LIVED: Final = 24
"""Hours with movement that a sensor must have slept through to be silent: about two days at home."""

STUCK_LIVED: Final = 48
"""Hours with movement during which a sensor that still speaks says no change: about four days at home."""

SPEAKS_LIVED: Final = 12
"""Of so many last hours with movement it must have spoken in one: else it is silent, not stuck."""

BED_LIVED: Final = 0.4
"""Share of the hours since a bed was left or entered in which others must have noticed movement. Somebody who is up moves in
about fifteen of twenty-four; carers who come four times a day to somebody who lies, in six to eight."""

CHATTERS: Final = {"bed": 60, "door": 60, "floor": 60, "motion": 1200}
"""Times in an hour, by kind, above which no person is behind it: a door or a bed once a minute, a movement every three seconds.

On recorded homes (van Kasteren's second, Ordóñez' A and B) real doors opened at most 17 times in an hour and the busiest kitchen
gave 618 movements; healthy mats were left at most twice, and faulty ones up to 729 times."""

FEW_SENSORS: Final = 2
"""Of so many sensors one is witness enough, since there is no other. Of more, two must have noticed movement in the same hour:
in one recorded home the kitchen's sensor went on for five days, by sun or heating, with nobody there."""

CALM_S: Final = 86400.0
"""How long a sensor must not have chattered to be well again: mats chatter at night, when somebody lies on them."""


class Fault(msgspec.Struct, frozen=True, gc=False, array_like=True, omit_defaults=True):
    """What is wrong with a sensor: `why` of the vocabulary, and until when, for what passes by itself.

    `told`: an alarm was raised about it; `again` is how often one was before.
    """

    name: str
    why: str
    since_at: datetime
    count: int = 0
    until: datetime | None = None
    told: bool = False
    again: int = 0

    @property
    def device(self) -> str:
        """The device it is about."""
        return self.name.partition("/")[0]


class Health(msgspec.Struct, frozen=True, gc=False, array_like=True, omit_defaults=True):
    """The sensors of one home, what is wrong with them, and in how many hours so far movement was noticed, last in `hour`.

    `mover` is the device that noticed one in that hour as the first, and waits for a second; none once it counts. `finds` counts,
    by device and hour, what its readings raised.
    """

    sensors: tuple[Sensor, ...] = ()
    faults: tuple[Fault, ...] = ()
    hour: int = 0
    lived: int = 0
    mover: str = ""
    finds: tuple[tuple[str, int, int], ...] = ()


class Limits(msgspec.Struct, frozen=True, gc=False):
    """When something is wrong, as a rule has it."""

    stuck_s: float
    dead_s: float
    chatter_per_hour: float | None = None

    def chatter(self, kind: str) -> float:
        """How often in an hour a sensor of this kind may be set off."""
        return self.chatter_per_hour if self.chatter_per_hour is not None else CHATTERS.get(kind, float("inf"))


def hour_end(hour: int) -> datetime:
    """When an hour ends."""
    return datetime.fromtimestamp((hour + 1) * HOUR_S, UTC)


def heard(health: Health, reading: Reading, limits: Limits) -> Health:
    """Health after one reading of a home's sensor."""
    kind = reading.kind
    if kind in {"status", "heartbeat"}:
        return _spoken(health, reading)
    name, on = _said(reading)
    place = _place(health.sensors, name)
    if place < 0:
        lived = health.lived
        return _joined(health, Sensor(name, reading.received_at, reading.at, on, heard_lived=lived, changed_lived=lived))
    known = health.sensors[place]
    at = reading.at
    changed = on is not None and changes(known, on, kind, at)
    sensor = moved(known, reading, on is True, health.lived) if changed else heard_again(known, reading, health.lived)
    sensors = (*health.sensors[:place], sensor, *health.sensors[place + 1 :])
    faults = _eased(health.faults, name, changed=changed) if health.faults else ()
    if not changed:
        return Health(sensors, faults, health.hour, health.lived, health.mover, health.finds)
    if on:
        faults = _chattering(faults, sensor, limits.chatter(kind), hour_of(reading.received_at))
    return _witnessed(Health(sensors, faults, health.hour, health.lived, health.mover, health.finds), reading)


def _witnessed(health: Health, reading: Reading) -> Health:
    """Health after a movement: the hour counts once two sensors have noticed one in it, of few sensors once one has.

    By receipt: a week that a gateway had kept, and sends one device after the other, is no week in which others were silent.
    """
    hour, device = hour_of(reading.received_at), reading.device
    if hour < health.hour or (hour == health.hour and health.mover in {"", device}):
        return health
    if any(one.device == device and one.why == "sensor_chatters" for one in health.faults):
        return health
    if hour > health.hour and sum(not is_silent_yet(one) for one in health.sensors) > FEW_SENSORS:
        return Health(health.sensors, health.faults, hour, health.lived, device, health.finds)
    return Health(health.sensors, health.faults, hour, health.lived + 1, "", health.finds)


def _place(sensors: tuple[Sensor, ...], name: str) -> int:
    for place, one in enumerate(sensors):
        if one.name == name:
            return place
    return -1


def _said(reading: Reading) -> tuple[str, bool | None]:
    """The sensor's name, and whether it was set off or not; None for what tells values only."""
    name = f"{reading.device}/{reading.kind}"
    match reading.body:
        case Motion():
            return name, True
        case Bed(occupied=on) | Floor(on_floor=on):
            return name, on
        case Door(open=on, door=door):
            return f"{name}/{door or ''}"[:NAME_MAX], on
    return name, None


def _spoken(health: Health, reading: Reading) -> Health:
    """Health after a device has told of itself: all its sensors are heard."""
    prefix = f"{reading.device}/"
    of = [one.name for one in health.sensors if one.name.startswith(prefix)]
    if not of:
        return health
    lived = health.lived
    sensors = tuple(named(heard_again(one, reading, lived)) if one.name.startswith(prefix) else one for one in health.sensors)
    faults = tuple(one for one in health.faults if one.name not in of or one.why != "sensor_silent")
    return replace(health, sensors=sensors, faults=faults)


def _joined(health: Health, sensor: Sensor) -> Health:
    """Health with one more sensor, in place of the one that has not spoken for longest where there are too many."""
    device = sensor.name.partition("/")[0]
    waited = {f"{device}/{NEVER}", f"{device}/{WORD}"}
    sensors = tuple(one for one in health.sensors if one.name not in waited)
    if len(sensors) < len(health.sensors):
        health = replace(health, faults=tuple(one for one in health.faults if one.name not in waited))
    if len(sensors) >= SENSORS_MAX:
        oldest = min(sensors, key=lambda one: one.heard_at).name
        sensors = tuple(one for one in sensors if one.name != oldest)
        health = replace(health, faults=tuple(one for one in health.faults if one.name != oldest))
    return replace(health, sensors=(*sensors, sensor))


def _eased(faults: tuple[Fault, ...], name: str, *, changed: bool) -> tuple[Fault, ...]:
    """Faults that are left after a sensor has been heard: it is not silent, and if it has changed, not stuck."""
    over = {"sensor_silent", "sensor_stuck"} if changed else {"sensor_silent"}
    return tuple(one for one in faults if one.name != name or one.why not in over)


def _chattering(faults: tuple[Fault, ...], sensor: Sensor, limit: float, hour: int) -> tuple[Fault, ...]:
    """Faults after a sensor was set off; one that chatters already goes on with half as much. Hours long past begin none."""
    is_steady = sensor.steady >= STEADY_HOURS
    if sensor.changed_at is None or (2 * sensor.count < limit and not is_steady):
        return faults
    until = hour_end(sensor.hour) + timedelta(seconds=CALM_S)
    for place, known in enumerate(faults):
        if known.name == sensor.name and known.why == "sensor_chatters":
            again = replace(known, until=until, count=max(known.count, sensor.count))
            return (*faults[:place], again, *faults[place + 1 :])
    if (sensor.count <= limit and not is_steady) or sensor.hour < hour - 1:
        return faults
    if sensor.count > limit:
        return (*faults, Fault(sensor.name, "sensor_chatters", sensor.changed_at, sensor.count, until))
    since_at = sensor.changed_at - timedelta(hours=sensor.steady)
    return (*faults, Fault(sensor.name, "sensor_chatters", since_at, 0, until))


def judged(health: Health, limits: Limits, now: datetime) -> Health:
    """Health once all sensors are looked at: to be asked when one more hour was lived."""
    known = {one.name for one in health.faults}
    new = [
        Fault(one.name, why, one.heard_at if why == "sensor_silent" else one.changed_at or one.heard_at)
        for one in health.sensors
        if one.name not in known and (why := _wrong(health, one, limits, now)) is not None
    ]
    return replace(health, faults=(*health.faults, *new)) if new else health


def _wrong(health: Health, sensor: Sensor, limits: Limits, now: datetime) -> str | None:
    """What is wrong with one sensor, but for chattering. Somebody on the floor is never a fault."""
    if sensor.name.split("/", 2)[1] != "floor" and _is_stuck(health, sensor, limits, now):
        return "sensor_stuck"
    silent_s = (now - sensor.heard_at).total_seconds()
    slept = health.lived - sensor.heard_lived
    return "sensor_silent" if silent_s >= max(limits.dead_s, RESTS * sensor.may_rest_s) and slept >= SILENT_LIVED else None


def _is_stuck(health: Health, sensor: Sensor, limits: Limits, now: datetime) -> bool:
    if sensor.changed_at is None or sensor.on is None:
        return False
    still_s = (now - sensor.changed_at).total_seconds()
    lived = health.lived - sensor.changed_lived
    if sensor.on and sensor.name.split("/", 2)[1] == "bed":
        return still_s >= limits.stuck_s and lived * HOUR_S >= BED_LIVED * still_s
    speaks = health.lived - sensor.heard_lived <= SPEAKS_LIVED
    return speaks and lived >= STUCK_LIVED and still_s >= max(limits.stuck_s, RESTS * sensor.rest_s)


def passed(health: Health, now: datetime) -> Health:
    """Health without the faults that have passed by themselves."""
    faults = tuple(one for one in health.faults if one.until is None or one.until > now)
    return health if len(faults) == len(health.faults) else replace(health, faults=faults)


def owned(health: Health, devices: frozenset[str]) -> Health:
    """Health without the sensors of devices that are no longer the person's."""
    if all(one.name.partition("/")[0] in devices for one in health.sensors) and all(
        one.device in devices for one in health.faults
    ):
        return health
    sensors = tuple(one for one in health.sensors if one.name.partition("/")[0] in devices)
    return replace(health, sensors=sensors, faults=tuple(one for one in health.faults if one.device in devices))


def awaited(health: Health, devices: Mapping[str, str], now: datetime) -> Health:
    """Health that knows of the devices (their kinds by id) from which something is to be heard, and nothing has been yet.

    A door may rest longer than what notices everybody each day: nobody may have opened it yet.
    """
    known = {one.name.partition("/")[0] for one in health.sensors}
    missed = [device for device, kind in devices.items() if kind in AWAITED and device not in known]
    if not missed:
        return health
    new = [
        Sensor(f"{one}/{NEVER}", now, heard_lived=health.lived, hours=HOURS_MAX if devices[one] in DAILY else 0) for one in missed
    ]
    return replace(health, sensors=(*health.sensors, *new)[:SENSORS_MAX])


def found(health: Health, device: str, most: int, now: datetime) -> tuple[Health, datetime | None]:
    """Health after a device's reading has raised something, and until when more of that waits, where it was too often."""
    hour = hour_of(now)
    count = 1 + next((times for name, at, times in health.finds if (name, at) == (device, hour)), 0)
    finds = (*(one for one in health.finds if one[0] != device and one[1] == hour), (device, hour, count))
    health = replace(health, finds=finds[-SENSORS_MAX:])
    if count <= most:
        return health, None
    until = hour_end(hour)
    known = next((one for one in health.faults if one.name == device), None)
    others = tuple(one for one in health.faults if one.name != device)
    # In each hour it is a fault of its own, so that nothing is ever held back without an alarm that says so.
    fault = Fault(device, "alarms_folded", now, count, until + timedelta(seconds=HOUR_S))
    if known is not None and hour_of(known.since_at) == hour:
        fault = replace(known, count=count)
    return replace(health, faults=(*others, fault)), until
