"""Promise 1, 5: what is acknowledged or confirmed is on the disk; a press shows, none shows twice, an old one is marked late."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Final

from alarmcore.model.alarm import AlarmEvent
from alarmcore.model.reading import Reading
from alarmcore.model.site import Resident
from tests.simulation.history import Acknowledged, Committed, Confirmed, Ended, Fed, Heard, Loaded, Record, said_in

PRESSES: Final = ("button", "fall")
RULES: Final = ("press", "fall", "unknown_device")
"""Under which rules a press shows."""

SHOWN: Final = ("alarm.raised", "alarm.repeated")

LATE_FROM_S: Final = 60
"""The front door's promise: from this difference on what is raised says by how much it is late."""

Press = tuple[str, bytes]
Who = tuple[str, str]


def told_apart(payload: bytes) -> bool:
    """Whether a redelivery can be told from another press: it has an id, or a time that can be read."""
    said = said_in(payload)
    return "id" in said or isinstance(said.get("at"), float | int)


class Kept:
    """Counts, per device, presses that were handed in, acknowledged, and shown; knows by name what is on the disk."""

    sees = (Loaded, Heard, Fed, Committed, Acknowledged, Confirmed, Ended)

    def __init__(self) -> None:
        self.owners: dict[Who, Resident] = {}
        self.fed: Fed | None = None
        self.decided: set[tuple[Who, str, str]] = set()
        self.refused: set[tuple[Who, bytes]] = set()
        self.handed: Counter[Who] = Counter()
        self.heard: defaultdict[Who, set[Press]] = defaultdict(set)
        self.acknowledged: defaultdict[Who, set[Press]] = defaultdict(set)
        self.all_acknowledged: set[tuple[Who, str, bytes]] = set()
        self.identities: set[int] = set()
        self.named: dict[tuple[Who, str], Press] = {}
        self.shown: Counter[Who] = Counter()
        self.blurred: set[Who] = set()
        """Devices of which some presses cannot be told apart: a redelivery of theirs may add a repeat."""

    def see(self, record: Record) -> Iterator[str]:
        """Keep count."""
        match record:
            case Loaded():
                sites = record.sites.items()
                self.owners |= {(name, d.id): one for name, site in sites for one in site.residents for d in one.devices}
            case Heard():
                self.hear(record)
            case Fed():
                self.fed = record
            case Committed():
                yield from self.commit(record)
            case Acknowledged(kept=True):
                yield from self.kept((record.tenant, record.device), record.kind, record.payload)
            case Confirmed(status="kept"):
                who = (record.tenant, record.device)
                reading = self.named.get((who, record.id))
                if reading is None:
                    yield f"confirmed means kept: {record.device} is told of reading {record.id}, which it never sent"
                else:
                    yield from self.kept(who, *reading)
            case Confirmed(status="rejected"):
                yield f"confirmed means kept: a good reading of {record.device} was rejected as {record.reason}"
            case Ended():
                yield from self.end(record)

    def end(self, record: Ended) -> Iterator[str]:
        """All has been well for long, and everything was resolved."""
        if record.unconfirmed:
            yield f"progress: {record.unconfirmed} readings were never answered for though all was well"
        if record.open:
            yield f"progress: {record.open} alarms are open though everything was resolved"
        if record.effects:
            yield f"progress: {record.effects} messages are stored as still to be sent though no alarm is open"

    def hear(self, record: Heard) -> None:
        """Something was handed in."""
        who = (record.tenant, record.device)
        name = said_in(record.payload).get("id")
        if name is not None:
            self.named[(who, name)] = (record.kind, record.payload)
        if record.kind in PRESSES:
            self.handed[who] += 1
            self.heard[who].add((record.kind, record.payload))
            if not told_apart(record.payload):
                self.blurred.add(who)

    def commit(self, record: Committed) -> Iterator[str]:
        """Something is on the disk."""
        fed, self.fed = self.fed, None
        if fed is not None:
            self.decided.update(((r.tenant, r.device), r.kind, r.id) for r in fed.observed if r.id is not None)
            yield from self.shows(fed.observed, record)
        self.refused.update(((q.tenant, q.device), q.payload) for q in record.batch.quarantined)
        self.identities.update(identity for identity, _ in record.batch.identities)
        for event in record.batch.events:
            if event.event in SHOWN and event.device and event.rule in RULES:
                who = (event.tenant, event.device)
                self.shown[who] += 1
                # Where presses cannot be told apart, one that is handed in twice may be shown twice; no other may.
                most = self.handed[who] if who in self.blurred else len(self.heard[who])
                if self.shown[who] > most:
                    yield f"nothing is raised twice: {event.device} shows {self.shown[who]} of {most} presses"

    def shows(self, observed: list[Reading], record: Committed) -> Iterator[str]:
        """Each press that this turn decided shows in this commit, in its order, and says how late it is."""
        shown = [one for one in record.batch.events if one.event in SHOWN and one.cause in PRESSES and one.device]
        pressed = [one for one in observed if one.kind in PRESSES]
        if not shown and not pressed:
            return
        presses: defaultdict[tuple[Who, str], list[Reading]] = defaultdict(list)
        events: defaultdict[tuple[Who, str], list[AlarmEvent]] = defaultdict(list)
        for reading in pressed:
            presses[((reading.tenant, reading.device), reading.kind)].append(reading)
        for event in shown:
            events[((event.tenant, event.device or ""), event.cause or "")].append(event)
        for who, kind in presses.keys() | events.keys():
            owner = self.owners.get(who)
            rules = [rule for rule in owner.rules if rule.kind == kind] if owner else []
            if len(rules) == 1 and not rules[0].active:
                yield from alike(who[1], presses[who, kind], events[who, kind])

    def kept(self, who: Who, kind: str, payload: bytes) -> Iterator[str]:
        """The service says that something is kept."""
        name = said_in(payload).get("id")
        if (
            name is not None
            and who in self.owners
            and (who, kind, name) not in self.decided
            and (who, payload) not in self.refused
        ):
            yield f"confirmed means kept: {kind} {name} of {who[1]} is acknowledged, and nothing was decided of it"
        if told_apart(payload):
            self.all_acknowledged.add((who, kind, payload))
            if len(self.all_acknowledged) > len(self.identities):
                yield f"confirmed means kept: a {kind} of {who[1]} is acknowledged and not on the disk"
        if kind in PRESSES:
            acknowledged = self.acknowledged[who]
            acknowledged.add((kind, payload))
            if self.shown[who] < len(acknowledged):
                yield f"every press shows: {who[1]} shows {self.shown[who]} of the {len(acknowledged)} that were acknowledged"


def alike(device: str, presses: list[Reading], events: list[AlarmEvent]) -> Iterator[str]:
    """One event for each press, each with its delay."""
    if len(presses) != len(events):
        yield f"every press shows: of {len(presses)} that were decided together {device} shows {len(events)}"
        return
    for press, event in zip(presses, events, strict=True):
        late_s = int((press.received_at - press.at).total_seconds())
        if "at" not in press.set_aside and (event.late_s or 0) != (late_s if late_s >= LATE_FROM_S else 0):
            yield f"an old press is marked late: one of {device} was {late_s} s old, and its alarm says {event.late_s or 0}"
