"""Everything that a simulated world did that somebody outside could have seen, in order: what checkers judge."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec

from alarmcore.model.reading import Reading
from alarmcore.model.site import Site
from alarmcore.ports import Batch, Quarantined
from dispatch.channels.port import Message


@lru_cache(maxsize=8192)
def said_in(payload: bytes) -> dict[str, Any]:
    """What a device's payload says. Several checkers ask, of a reading that is handed in again and again."""
    said: dict[str, Any] = msgspec.json.decode(payload)
    return said


class Record(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One thing that happened, `t` seconds after the world began."""

    t: float

    def text(self) -> str:
        """One line, the same for the same record."""
        fields = (f"{name}={getattr(self, name)}" for name in self.__struct_fields__ if name != "t")
        return f"{self.t:.6f} {type(self).__name__} {' '.join(fields)}"


class Sent(Record, frozen=True, kw_only=True, gc=False):
    """A device has something new to report; `payload` tells it from everything else that the device ever reports."""

    tenant: str
    device: str
    kind: str
    payload: bytes
    at: float | None = None


class Heard(Record, frozen=True, kw_only=True, gc=False):
    """The service was handed a message."""

    tenant: str
    device: str
    kind: str
    payload: bytes


class Acknowledged(Record, frozen=True, kw_only=True, gc=False):
    """The service has acknowledged a message (`kept`), or said that it could not keep it."""

    tenant: str
    device: str
    kind: str
    payload: bytes
    kept: bool


class Confirmed(Record, frozen=True, kw_only=True, gc=False):
    """The service has told a device what became of its reading."""

    tenant: str
    device: str
    id: str
    status: str
    reason: str | None = None


class Whole(msgspec.Struct, frozen=True):
    """All that a turn was given: (machine, key, event) of each item, and what was to be stored with what follows."""

    items: tuple[tuple[str, Any, Any], ...]
    identities: tuple[tuple[int, int], ...]
    quarantined: tuple[Quarantined, ...]


class Loaded(Record, frozen=True, kw_only=True, gc=False):
    """A new process begins to read what is stored; its machines are built from these `sites`."""

    sites: dict[str, Site]

    def text(self) -> str:
        """Which sites, by how much is set up in them."""
        return f"{self.t:.6f} Loaded {[f'{one.tenant.id}:{len(one.residents)}' for one in self.sites.values()]}"


class Fed(Record, frozen=True, kw_only=True, gc=False):
    """A turn begins, and `count` items are fed to the machines of the process that was loaded last.

    The turn is on the disk if a `Committed` follows before the next of these. `observed` are the readings that the watch was
    asked about, in that order: it is filled while the turn is decided. `whole` is there where the turn is to be decided again.
    """

    now: datetime
    count: int
    observed: list[Reading]
    whole: Whole | None = None

    def text(self) -> str:
        """When, and how much."""
        return f"{self.t:.6f} Fed now={self.now} count={self.count} observed={len(self.observed)}"


class Committed(Record, frozen=True, kw_only=True, gc=False):
    """A batch is on the disk. `now` is what the service's clock showed when it decided."""

    now: datetime
    batch: Batch

    def text(self) -> str:
        """The batch's content: states by their checksums."""
        b = self.batch
        states = [f"{s.machine}:{s.key}@{s.wake_at}#{zlib.crc32(s.data)}" for s in b.states]
        events = [f"{e.event}:{e.alarm}:{e.rule}:{e.to}:{e.channel}:{e.why}" for e in b.events]
        effects = [name for name, _ in b.effects]
        counts = f"identities={b.identities} quarantined={len(b.quarantined)}"
        return f"{self.t:.6f} Committed now={self.now} {events} {effects} settled={b.settled} {states} {counts}"


class Refused(Record, frozen=True, kw_only=True, gc=False):
    """The disk has refused a batch as contradicting what it holds."""

    why: str


class Begun(Record, frozen=True, kw_only=True, gc=False):
    """A message was handed to a channel."""

    message: Message
    channel: str

    def text(self) -> str:
        """Who is told of what."""
        m = self.message
        return f"{self.t:.6f} Begun {m.key} {m.tenant} {m.resident} {m.rule} {m.alarm} {m.recipient} {self.channel} {m.to}"


class Delivered(Record, frozen=True, kw_only=True, gc=False):
    """A message has reached its recipient, whatever the channel then said."""

    alarm: str
    recipient: str
    channel: str


class Shown(Record, frozen=True, kw_only=True, gc=False):
    """An operator's page has shown an alarm."""

    alarm: str


class Asked(Record, frozen=True, kw_only=True, gc=False):
    """A person answers."""

    alarm: str
    by: str
    answer: str


class Acted(Record, frozen=True, kw_only=True, gc=False):
    """A person's answer came to an end: `done`, or why not."""

    alarm: str
    by: str
    answer: str
    result: str


class Left(Record, frozen=True, kw_only=True, gc=False):
    """A resident is truly on the way out of their safety zone."""

    tenant: str
    resident: str


class Gone(Record, frozen=True, kw_only=True, gc=False):
    """A resident has been far outside their safety zone for several fixes, in a world that is well."""

    tenant: str
    resident: str


class Audited(Record, frozen=True, kw_only=True, gc=False):
    """The service's own auditor has found something: which kinds of slip."""

    slips: tuple[str, ...]


class Died(Record, frozen=True, kw_only=True, gc=False):
    """The process is gone."""


class Started(Record, frozen=True, kw_only=True, gc=False):
    """A new process has read what is stored and goes on."""


class BegunLate(Record, frozen=True, kw_only=True, gc=False):
    """A worker hands a message to a channel although the partition is another's by now: it was stored before, or it must not."""

    message: Message
    worker: str

    def text(self) -> str:
        """Who is told of what, and by whom."""
        return f"{self.t:.6f} BegunLate {self.message.key} {self.worker}"


class NotOpened(Record, frozen=True, kw_only=True, gc=False):
    """A worker could not load a partition."""

    partition: str
    worker: str


class Claimed(Record, frozen=True, kw_only=True, gc=False):
    """A worker has become a partition's owner, by the database's word, or has got the next token for what it owns."""

    partition: str
    worker: str
    token: int


class StoredUnder(Record, frozen=True, kw_only=True, gc=False):
    """A commit of a partition is stored, and this token came with it."""

    partition: str
    token: int


class Closed(Record, frozen=True, kw_only=True, gc=False):
    """A worker has ended a partition in good order, or after being fenced."""

    partition: str
    worker: str


class FencedOff(Record, frozen=True, kw_only=True, gc=False):
    """The database has refused a commit under an old token."""

    partition: str
    worker: str


class Post(msgspec.Struct, frozen=True):
    """One worker, as a look finds it. `well`: it runs, reaches both stores, and is not asked to end."""

    worker: str
    well: bool
    runs: tuple[str, ...]
    """The partitions that are loaded here, by whatever token."""


class Roll(Record, frozen=True, kw_only=True, gc=False):
    """A look at all workers: who is there, which partitions are served under the newest token, whether the store answers."""

    posts: tuple[Post, ...]
    served: tuple[str, ...]
    store: bool

    def text(self) -> str:
        """In short."""
        return f"{self.t:.6f} Roll {[(p.worker, p.well, p.runs) for p in self.posts]} {self.served} {self.store}"


class ClockSet(Record, frozen=True, kw_only=True, gc=False):
    """The service's clock is now `ahead_s` ahead of the true time."""

    ahead_s: float


class Healed(Record, frozen=True, kw_only=True, gc=False):
    """From here on nothing fails any more; nobody answers."""


class Looked(Record, frozen=True, kw_only=True, gc=False):
    """Somebody looked at what is stored, in a world that is well."""

    now: datetime


class Closing(Record, frozen=True, kw_only=True, gc=False):
    """From here on operators resolve every alarm."""


class Ended(Record, frozen=True, kw_only=True, gc=False):
    """The world has ended: readings never answered for, alarms still open, effects still stored."""

    now: datetime
    unconfirmed: int
    open: int
    effects: int


class History:
    """Records in order; `watch` sees each as it comes."""

    def __init__(self, watch: Callable[[Record], None]) -> None:
        self.records: list[Record] = []
        self.watch = watch

    def add(self, record: Record) -> None:
        """One more thing happened."""
        self.records.append(record)
        self.watch(record)

    def lines(self) -> Iterator[str]:
        """The whole story."""
        return (record.text() for record in self.records)

    def digest(self) -> str:
        """The same for the same story, byte for byte."""
        told = hashlib.blake2b(digest_size=12)
        for line in self.lines():
            told.update(line.encode() + b"\n")
        return told.hexdigest()

    def last(self, kind: type[Any]) -> Any:
        """The latest record of a kind, or None."""
        return next((record for record in reversed(self.records) if isinstance(record, kind)), None)
