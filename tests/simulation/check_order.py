"""Promise of order: one person's readings are decided in the order in which they came, and the newest word of a device counts."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Final

import msgspec

from alarmcore.model.alarm import Alarm, Fix
from alarmcore.model.reading import Reading
from alarmcore.model.site import Site
from tests.simulation.history import Committed, Died, Fed, Heard, Loaded, Record, Started, said_in

PRESSES: Final = ("button", "fall")

CONDITIONS: Final = {"out_of_bed": ("bed", "occupied", False), "on_floor": ("floor", "on_floor", True)}
"""Causes that follow from one device's newest word: its kind, the field, and what it must say."""

SAME_TIME: Final = timedelta(milliseconds=2)
"""Devices write their times with a thousandth of a second."""

HANDED_MAX: Final = 20_000
"""Readings of one person in one lane of which nothing was decided yet: more than any backlog of one process."""

Person = tuple[str, str]


OWNTRACKS: Final = {"tst": "at", "lat": "lat", "lon": "lon", "acc": "accuracy_m"}
"""What OwnTracks calls the fields of a position."""


def handed(place: int, record: Heard) -> Handed:
    """A record of something handed in, in our own words whatever the dialect."""
    said = said_in(record.payload)
    if record.kind != "owntracks":
        return Handed(place, record.device, record.kind, said)
    return Handed(place, record.device, "position", {ours: said[name] for name, ours in OWNTRACKS.items() if name in said})


class Handed(msgspec.Struct):
    """A reading as it was handed in, and its place among all."""

    place: int
    device: str
    kind: str
    said: dict[str, Any]

    def matches(self, reading: Reading) -> bool:
        """Whether this may be the reading that was decided. What the service may have set right is not held against it."""
        if (self.device, self.kind, self.said.get("id")) != (reading.device, reading.kind, reading.id):
            return False
        at: Any = self.said.get("at")
        believed = isinstance(at, int | float) and reading.at != reading.received_at
        if believed and abs(reading.at - datetime.fromtimestamp(at, UTC)) > SAME_TIME:
            return False
        return all(self.said.get(name, value) == value for name, value in fields(reading))


def fields(reading: Reading) -> Iterator[tuple[str, Any]]:
    """What a reading says besides when."""
    if reading.set_aside:
        return
    for name in reading.body.__struct_fields__:
        if name not in {"at", "id"}:
            yield name, getattr(reading.body, name)


class Lanes:
    """One person's readings in one life of the service: those handed in, urgent ones apart, and how far each lane has come."""

    def __init__(self) -> None:
        self.handed: tuple[deque[Handed], deque[Handed]] = (deque(maxlen=HANDED_MAX), deque(maxlen=HANDED_MAX))
        self.telemetry_at = -1

    def hand(self, one: Handed) -> None:
        """One more is handed in."""
        self.handed[one.kind in PRESSES].append(one)

    def decide(self, reading: Reading) -> str | None:
        """One is decided; say what it breaks. Those of its lane that came before it and were not decided never may be.

        Of several that may be it the first counts: if any choice keeps the order, this one does.
        """
        urgent = reading.kind in PRESSES
        lane = self.handed[urgent]
        # A press may overtake telemetry; what came after a press may not have been decided before it.
        after = self.telemetry_at if urgent else -1
        found = next((n for n, one in enumerate(lane) if one.place > after and one.matches(reading)), None)
        if found is None:
            return "came after others of its person that were decided before it"
        place = lane[found].place
        for _ in range(found + 1):
            lane.popleft()
        if not urgent:
            self.telemetry_at = place
        return None


class Newest:
    """One person's newest fix and newest word of each kind of sensor, by the devices' own times; of two of one time the later."""

    def __init__(self) -> None:
        self.fix: Fix | None = None
        self.words: dict[str, Reading] = {}

    def take(self, reading: Reading) -> None:
        """One more is decided."""
        before = self.words.get(reading.kind)
        if before is None or reading.at >= before.at:
            self.words[reading.kind] = reading
        body: Any = reading.body
        lat, lon = getattr(body, "lat", None), getattr(body, "lon", None)
        if lat is not None and lon is not None and (self.fix is None or reading.at >= self.fix.at):
            self.fix = Fix(lat, lon, reading.at, body.accuracy_m)


class Order:
    """Follows what is handed to each life of the service, and what it decides of it.

    Promised, for each person and each life of the process: what is decided of their telemetry is a part of what was handed in, in
    the same order; so it is of their presses and falls; and no telemetry is decided before a press that was handed in before
    it. What is missing in between was given back to its sender, seen before, or rejected. Devices whose person is not known
    have one lane each: they are nobody's, so that there is nothing to be ordered by. What is believed follows the devices' own
    times: where somebody is, whether they lie in bed or on the floor, is what their newest word says, in whatever order it came.
    """

    sees = (Loaded, Heard, Fed, Committed, Died, Started)

    def __init__(self) -> None:
        self.owners: dict[tuple[str, str], Person] = {}
        self.lanes: defaultdict[Person, Lanes] = defaultdict(Lanes)
        self.newest: defaultdict[Person, Newest] = defaultdict(Newest)
        self.places = count()
        self.fed: Fed | None = None

    def see(self, record: Record) -> Iterator[str]:
        """Follow."""
        match record:
            case Heard():
                self.lanes[self.owner(record.tenant, record.device)].hand(handed(next(self.places), record))
            case Loaded():
                self.settle(record.sites)
            case Fed():
                self.fed = record
            case Committed():
                fed, self.fed = self.fed, None
                if fed is not None:
                    yield from self.commit(fed, record)
            case Died() | Started():
                self.lanes.clear()

    def settle(self, sites: dict[str, Site]) -> None:
        """Whose devices are whose."""
        for tenant, site in sites.items():
            self.owners |= {(tenant, device.id): (tenant, one.id) for one in site.residents for device in one.devices}

    def owner(self, tenant: str, device: str) -> Person:
        """Whose lane a device's readings have."""
        return self.owners.get((tenant, device), (tenant, f"device {device}"))

    def commit(self, fed: Fed, record: Committed) -> Iterator[str]:
        """A turn is on the disk: what it decided, in its order."""
        before: dict[Person, list[Newest]] = {}
        for reading in fed.observed:
            who = self.owner(reading.tenant, reading.device)
            broken = self.lanes[who].decide(reading)
            if broken:
                yield f"order per person: a {reading.kind} of {reading.tenant}/{reading.device} {broken}"
            newest = self.newest[who]
            if record.batch.alarms:
                before.setdefault(who, [copied(newest)])
            newest.take(reading)
            if record.batch.alarms:
                before[who].append(copied(newest))
        for alarm in record.batch.alarms:
            if record.now in {alarm.raised_at, alarm.last_repeat_at}:
                who = (alarm.slot.tenant, alarm.slot.resident)
                known = before.get(who) or [self.newest[who]]
                yield from believed(alarm, known, raised=alarm.raised_at == record.now)


def copied(newest: Newest) -> Newest:
    """As it is now."""
    one = Newest()
    one.fix, one.words = newest.fix, dict(newest.words)
    return one


def believed(alarm: Alarm, known: Iterable[Newest], *, raised: bool) -> Iterator[str]:
    """What an alarm says of its person, against what their devices had said by any moment of its turn."""
    if alarm.slot.resident and alarm.fix is not None and all(one.fix != alarm.fix for one in known):
        yield f"the newest word counts: alarm {alarm.id} shows its person where they are known not to have been last"
    kind, field, value = CONDITIONS.get(alarm.cause, ("", "", None))
    words = [one.words[kind] for one in known if kind in one.words]
    if raised and words and all(getattr(word.body, field) is not value for word in words):
        yield f"the newest word counts: alarm {alarm.id} is about a {kind} that had said otherwise since"
