"""Which readings are signs that somebody moves about the home, and which sensor gave them."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from msgspec.structs import replace

from alarmcore.model.reading import Door, Motion, Reading
from alarmcore.rules.base import Memory, Observed, Setting
from alarmcore.usual import clocks

NAME_MAX: Final = 48
"""Characters kept of a sensor's name: it comes from outside, and is only compared."""


def sign_of(reading: Reading) -> str | None:
    """The sensor that was set off: its room or door where it says one, since one device may stand for several; or the device."""
    match reading.body:
        case Motion(room=room):
            return (room or reading.device)[:NAME_MAX]
        case Door(door=door):
            return f"{door or reading.device}/door"[:NAME_MAX]
    return None


def sensor_of(reading: Reading) -> str:
    """What tells the sensor from others of the home: the device, and the room or door where one device stands for several."""
    return f"{reading.device}/{sign_of(reading) or reading.kind}"[: 2 * NAME_MAX]


def hour_of(at: datetime, setting: Setting) -> float:
    """The hour of the local day, with its minutes as a fraction."""
    local = at.astimezone(setting.tz)
    return local.hour + local.minute / 60.0


def is_hers(device: str, setting: Setting, at: datetime) -> bool:
    """Whether a device is the person's at that moment, so that its last word counts; one from before devices had names is."""
    return not device or not setting.devices or any(one == device and span.holds(at) for one, span in setting.devices)


def clocked(memory: Memory, event: Observed, setting: Setting) -> tuple[Memory, Observed]:
    """Memory that knows how late the reading's device is, and the reading as received where it is the clock that is wrong."""
    reading = event.reading
    doubted = clocks.told(memory.clocks, reading.device, reading.late_s, reading.received_at)
    if doubted is not memory.clocks:
        memory = replace(memory, clocks=doubted)
    if not doubted or not clocks.is_wrong(doubted, reading.device, reading.received_at, setting.tz):
        return memory, event
    return memory, replace(event, reading=replace(reading, at=reading.received_at, late_s=0))
