"""What a broken promise is about: its alarms, whose they are, and their devices, so that a story leaves out all the others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from alarmcore.model.alarm import Slot
from tests.simulation import history as seen
from tests.simulation.checkers import Broken
from tests.simulation.town import Town

WORD: Final = re.compile(r"[\w/-]+")

Who = tuple[str, str]
"""A tenant, and a device or a resident of it."""


class Known(NamedTuple):
    """An alarm: where it is open, and the device that it came from."""

    slot: Slot
    device: str


class Concern:
    """Read from the sentence in which the promise was broken, and from the last thing that happened before."""

    def __init__(self, towns: Mapping[str, Town], records: list[seen.Record], broken: Broken) -> None:
        self.carriers = carriers(towns)
        self.known = alarms_of(records)
        words = {word.strip("/") for word in WORD.findall(broken.what)}
        slots = {f"{tenant}/{resident}" for tenant, resident in self.carriers.values()}
        people = {(tenant, resident) for tenant, resident in self.carriers.values() if f"{tenant}/{resident}" in words}
        tenants = tenants_of(records[-1]) if records else set()
        self.slots = {word for word in words if word.rpartition("/")[0] in slots}
        self.devices = {who for who in seen_devices(records) if who[1] in words and (not tenants or who[0] in tenants)}
        self.people = people | {self.carriers[who] for who in self.devices if who in self.carriers}
        named = {name for name in self.known if name in words} or set(example(records, broken))
        if not named:
            named = {name for name, alarm in self.known.items() if self.about(alarm)}
        self.alarms = [name for name in self.known if name in named]
        self.gather()

    def about(self, alarm: Known) -> bool:
        """Whether an alarm is about those whom the sentence names, or about anybody where it names nobody."""
        slot = alarm.slot
        if self.slots:
            return f"{slot.tenant}/{slot.resident}/{slot.rule}" in self.slots
        if self.devices:
            return (slot.tenant, alarm.device) in self.devices
        return not self.people or (slot.tenant, slot.resident) in self.people

    def gather(self) -> None:
        """The people and devices behind the alarms."""
        for name in self.alarms:
            alarm = self.known[name]
            self.people.add((alarm.slot.tenant, alarm.slot.resident))
            if alarm.device:
                self.devices.add((alarm.slot.tenant, alarm.device))
        if not self.devices:
            self.devices = {device for device, person in self.carriers.items() if person in self.people}

    def device(self, tenant: str, device: str) -> str:
        """A device, and whose it is."""
        person = self.carriers.get((tenant, device))
        return f"{device} of {person[1]} in {tenant}" if person else f"{device}, which nobody has, in {tenant}"

    def state(self, machine: str, key: str) -> bool:
        """Whether a stored state is about this."""
        tenant, resident, *more = key.split("/")
        if machine == "watch":
            return (tenant, resident) in self.people
        return any(self.known[name].slot == (tenant, resident, *more) for name in self.alarms)


def carriers(towns: Mapping[str, Town]) -> dict[Who, Who]:
    """Whose each device is."""
    return {
        (tenant, device.id): (tenant, resident.id)
        for tenant, town in towns.items()
        for resident in town.site.residents
        for device in resident.devices
    }


def alarms_of(records: list[seen.Record]) -> dict[str, Known]:
    """Every alarm that was stored or spoken of, in the order in which they came."""
    found: dict[str, Known] = {}
    for record in records:
        match record:
            case seen.Committed():
                for alarm in record.batch.alarms:
                    found.setdefault(alarm.id, Known(alarm.slot, alarm.device or alarm.slot.device))
            case seen.Begun():
                message = record.message
                found.setdefault(message.alarm, Known(Slot(message.tenant, message.resident or "", message.rule), ""))
    return found


def seen_devices(records: list[seen.Record]) -> set[Who]:
    """Every device that reported something."""
    return {(record.tenant, record.device) for record in records if isinstance(record, seen.Sent)}


def tenants_of(record: seen.Record) -> set[str]:
    """Whom a record is about."""
    match record:
        case seen.Sent() | seen.Heard() | seen.Acknowledged() | seen.Confirmed():
            return {record.tenant}
        case seen.Committed():
            return {event.tenant for event in record.batch.events}
    return set()


def example(records: list[seen.Record], broken: Broken) -> Iterator[str]:
    """Where a promise of progress was broken many times, the alarm of the first message or alarm that was left over."""
    if not broken.what.startswith("progress"):
        return
    effects: dict[str, None] = {}
    states: dict[str, str] = {}
    for record in records:
        if isinstance(record, seen.Committed):
            effects.update((name, None) for name, _ in record.batch.effects)
            for name in record.batch.settled:
                effects.pop(name, None)
            states.update((alarm.id, alarm.state) for alarm in record.batch.alarms)
    left = [name.partition(":")[0] for name in effects] if "messages" in broken.what else []
    left += [name for name, state in states.items() if state != "resolved"] if "alarms" in broken.what else []
    yield from left[:1]
