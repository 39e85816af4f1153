"""The rules: one module each, and the list of them by the kind that site files use."""

from __future__ import annotations

from typing import Final

from alarmcore.rules.base import Rule
from alarmcore.rules.battery_low import BatteryLow
from alarmcore.rules.button import Button
from alarmcore.rules.door_open import DoorOpen
from alarmcore.rules.fall import Fall
from alarmcore.rules.inactivity import Inactivity
from alarmcore.rules.measurement import Measurement
from alarmcore.rules.missed_medication import MissedMedication
from alarmcore.rules.on_floor import OnFloor
from alarmcore.rules.out_of_bed import OutOfBed
from alarmcore.rules.sensor_fault import SensorFault
from alarmcore.rules.silent import Silent
from alarmcore.rules.zone_enter import ZoneEnter
from alarmcore.rules.zone_exit import ZoneExit

RULES: Final[dict[str, type[Rule]]] = {
    rule.kind: rule
    for rule in (
        Button,
        Fall,
        ZoneExit,
        ZoneEnter,
        OutOfBed,
        OnFloor,
        DoorOpen,
        Inactivity,
        Silent,
        BatteryLow,
        Measurement,
        MissedMedication,
        SensorFault,
    )
}
"""Kind of rule, as site files name it, to its class."""

__all__ = ["RULES"]
