"""Promise 3, 6: nobody is told of somebody else's alarm, of one that is not stored, of one that is over; "told" means told."""

from __future__ import annotations

from collections.abc import Iterator

from alarmcore.model.alarm import Alarm
from tests.simulation.history import Begun, Committed, Delivered, Record, Shown
from tests.simulation.town import Expected


class Messages:
    """Holds every message against what is set up, and what is on the disk."""

    def __init__(self, towns: dict[str, dict[str, Expected]]) -> None:
        self.towns = towns
        self.alarms: dict[str, Alarm] = {}
        self.delivered: set[tuple[str, str]] = set()
        self.shown: set[str] = set()

    def see(self, record: Record) -> Iterator[str]:
        """Follow messages and alarms."""
        match record:
            case Begun():
                yield from self.begun(record)
            case Delivered():
                self.delivered.add((record.alarm, record.recipient))
            case Shown():
                self.shown.add(record.alarm)
            case Committed():
                self.alarms.update((alarm.id, alarm) for alarm in record.batch.alarms)
                yield from self.told(record)

    def begun(self, record: Begun) -> Iterator[str]:
        """A message is about to go out."""
        m = record.message
        alarm = self.alarms.get(m.alarm)
        if alarm is None:
            yield f"nobody is told before it is stored: {m.recipient} of alarm {m.alarm}"
            return
        if alarm.state == "resolved":
            yield f"nobody is told when it is over: {m.recipient} of alarm {m.alarm}"
        elif alarm.state != "open":
            yield f"nobody is told while somebody has it: {m.recipient} of alarm {m.alarm}"
        if (m.tenant, m.resident or "", m.rule) != alarm.slot[:3]:
            yield f"nobody else's data: a message about alarm {m.alarm} speaks of somebody else"
        ways = self.towns[alarm.slot.tenant][alarm.slot.resident].addresses.get(m.recipient)
        if ways is None or (record.channel, m.to) not in ways:
            yield f"nobody else's data: {m.recipient} is told of alarm {m.alarm} by a way that is not set up for it"

    def told(self, record: Committed) -> Iterator[str]:
        """What is stored as told must have reached somebody."""
        for event in record.batch.events:
            if event.event != "alarm.told" or event.alarm is None:
                continue
            if event.channel == "console":
                if event.alarm not in self.shown:
                    yield f"told means told: alarm {event.alarm} was on no page"
            elif (event.alarm, event.to) not in self.delivered:
                yield f"told means told: nothing about alarm {event.alarm} has reached {event.to}"
