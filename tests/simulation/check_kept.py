"""Promise 1, 5: what is acknowledged or confirmed is on the disk, every press shows, and none shows twice."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Final

from tests.simulation.history import Acknowledged, Committed, Confirmed, Ended, Heard, Record

PRESSES: Final = ("button", "fall")
RULES: Final = ("press", "fall", "unknown_device")
"""Under which rules a press shows."""

SHOWN: Final = ("alarm.raised", "alarm.repeated")

Press = tuple[str, bytes]
Who = tuple[str, str]


def told_apart(payload: bytes) -> bool:
    """Whether a redelivery can be told from another press: it has an id, or a time that can be read."""
    said = json.loads(payload)
    return "id" in said or isinstance(said.get("at"), float | int)


class Kept:
    """Counts, per device, presses that were handed in, acknowledged, and shown."""

    def __init__(self) -> None:
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
            case Heard():
                self.hear(record)
            case Committed():
                yield from self.commit(record)
            case Acknowledged(kept=True):
                yield from self.kept((record.tenant, record.device), record.kind, record.payload)
            case Confirmed(status="kept"):
                who = (record.tenant, record.device)
                yield from self.kept(who, *self.named[(who, record.id)])
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
        name = json.loads(record.payload).get("id")
        if name is not None:
            self.named[(who, name)] = (record.kind, record.payload)
        if record.kind in PRESSES:
            self.heard[who].add((record.kind, record.payload))
            if not told_apart(record.payload):
                self.blurred.add(who)

    def commit(self, record: Committed) -> Iterator[str]:
        """Something is on the disk."""
        self.identities.update(identity for identity, _ in record.batch.identities)
        for event in record.batch.events:
            if event.event in SHOWN and event.device and event.rule in RULES:
                who = (event.tenant, event.device)
                self.shown[who] += 1
                if who not in self.blurred and self.shown[who] > len(self.heard[who]):
                    yield f"nothing is raised twice: {event.device} shows {self.shown[who]} of {len(self.heard[who])} presses"

    def kept(self, who: Who, kind: str, payload: bytes) -> Iterator[str]:
        """The service says that something is kept."""
        if told_apart(payload):
            self.all_acknowledged.add((who, kind, payload))
            if len(self.all_acknowledged) > len(self.identities):
                yield f"confirmed means kept: a {kind} of {who[1]} is acknowledged and not on the disk"
        if kind in PRESSES:
            acknowledged = self.acknowledged[who]
            acknowledged.add((kind, payload))
            if self.shown[who] < len(acknowledged):
                yield f"every press shows: {who[1]} shows {self.shown[who]} of the {len(acknowledged)} that were acknowledged"
