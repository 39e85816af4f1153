"""Promise 3, 6: nobody is told of somebody else's alarm, of one that is not stored, of one that is over; "told" means told."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from alarmcore.model.alarm import Alarm
from tests.simulation.history import Begun, Committed, Delivered, Heard, Loaded, Record, Shown, said_in
from tests.simulation.town import Expected


class Messages:
    """Holds every message against what is set up, what devices said, and what is on the disk."""

    sees = (Loaded, Heard, Begun, Delivered, Shown, Committed)

    def __init__(self, towns: dict[str, dict[str, Expected]]) -> None:
        self.towns = towns
        self.alarms: dict[str, Alarm] = {}
        self.delivered: Counter[tuple[str, str]] = Counter()
        self.shown: Counter[str] = Counter()
        self.told: Counter[tuple[str, str, bool]] = Counter()
        self.owners: dict[tuple[str, str], str] = {}
        self.places: defaultdict[tuple[str, str], set[tuple[float, float]]] = defaultdict(set)

    def see(self, record: Record) -> Iterator[str]:
        """Follow messages and alarms."""
        match record:
            case Begun():
                yield from self.begun(record)
            case Delivered():
                self.delivered[(record.alarm, record.recipient)] += 1
            case Shown():
                self.shown[record.alarm] += 1
            case Committed():
                self.alarms.update((alarm.id, alarm) for alarm in record.batch.alarms)
                yield from self.tell(record)
            case Loaded():
                sites = record.sites.items()
                self.owners |= {(name, d.id): one.id for name, site in sites for one in site.residents for d in one.devices}
            case Heard():
                self.hear(record)

    def hear(self, record: Heard) -> None:
        """Where somebody says they are."""
        said = said_in(record.payload)
        if "lat" in said and "lon" in said:
            whose = self.owners.get((record.tenant, record.device), f"device {record.device}")
            self.places[(record.tenant, whose)].add((said["lat"], said["lon"]))

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
        whose = alarm.slot.resident or f"device {alarm.slot.device}"
        if m.lat is not None and (m.lat, m.lon) not in self.places[(alarm.slot.tenant, whose)]:
            yield f"nobody else's data: a message about alarm {m.alarm} shows a place where its person never was"
        ways = self.towns[alarm.slot.tenant][alarm.slot.resident].addresses.get(m.recipient)
        if ways is None or (record.channel, m.to) not in ways:
            yield f"nobody else's data: {m.recipient} is told of alarm {m.alarm} by a way that is not set up for it"

    def tell(self, record: Committed) -> Iterator[str]:
        """What is stored as told must have reached somebody, each time anew."""
        for event in record.batch.events:
            if event.event != "alarm.told" or event.alarm is None:
                continue
            by_page, to = event.channel == "console", event.to or ""
            self.told[(event.alarm, to, by_page)] += 1
            times = self.told[(event.alarm, to, by_page)]
            if by_page and times > self.shown[event.alarm]:
                yield f"told means told: alarm {event.alarm} was on no page"
            elif not by_page and times > self.delivered[(event.alarm, to)]:
                yield f"told means told: nothing about alarm {event.alarm} has reached {to}"
