"""Recorded readings through the real machines in virtual time: what happened, as JSON lines.

The runner, the intake and the machines are those of the service. Only the outside differs: the clock is that of the lines, the
journal forgets, and every channel hands over at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from alarmcore.adapters.memory_journal import MemoryJournal
from alarmcore.admission import registry_of
from alarmcore.codecs.native import Moment, Parsed, lenient, moment, parse
from alarmcore.errors import ReadingRejected
from alarmcore.intake import Raw, prepare
from alarmcore.model.alarm import AlarmEvent, AnswerAlarm, Slot
from alarmcore.model.outing import BeginOuting, EndOuting, local_moment
from alarmcore.model.reading import NEVER_REJECTED
from alarmcore.model.reasons import OUTCOMES
from alarmcore.model.site import Site
from alarmcore.ports import Batch
from alarmcore.runner import Committed, Item, Runner
from dashboard.machines import machines_for
from dashboard.views import stamp
from dispatch.binding import EFFECT_CODEC
from dispatch.teller import told
from dispatch.telling import Tell

CHUNK: Final = 512
"""Lines read ahead, so that their geofence arithmetic is one call: where vectorising stops gaining."""

CHUNK_SPAN: Final = timedelta(hours=1)
"""No chunk spans more time, so that identities are forgotten when their seven days are over and little later."""

ANSWERS: Final = ("take", "decline", "arrive", "resolve")
LINE_FIELDS: Final = ("alarm", "resident", "rule", "cause", "priority", "link", "to", "channel", "why", "late_s")
START: Final = datetime.fromtimestamp(0, UTC)
"""The clock before any line has said what time it is."""


class Head(msgspec.Struct, gc=False):
    """What a line says besides the reading itself. Anything may be missing or of the wrong type."""

    kind: Any = None
    device: Any = None
    tenant: Any = None
    at: Any = None
    received_at: Any = None
    resident: Any = None
    by: Any = None
    answer: Any = None
    outcome: Any = None
    until: Any = msgspec.UNSET
    company: Any = msgspec.field(name="with", default=None)


class Line(msgspec.Struct, gc=False):
    """One line with its time of receipt: a reading (`raw`), a rejection, an answer, an outing, or a tick (none of them)."""

    at: datetime
    raw: Raw | None = None
    rejected: str | None = None
    answer: Head | None = None
    outing: Item | None = None


class Replay:
    """One run. `write` gets each line of output, with its line feed."""

    def __init__(self, sites: list[Site], write: Callable[[bytes], object]) -> None:
        self.write = write
        self.sites = sites
        self.tenants = [site.tenant.id for site in sites]
        self.registry = registry_of(sites)
        self.journal = MemoryJournal(keep=False)
        self.pending: list[Tell] = []
        self.told: dict[tuple[str, str, str], dict[Slot, str | None]] = {}
        self.clock = START
        self.runner = Runner(
            machines_for(sites, self.registry, tracks=False), self.journal, self.pending.append, self.show, EFFECT_CODEC
        )
        self.head = msgspec.json.Decoder(Head).decode
        self.encode = msgspec.json.Encoder().encode

    async def run(self, lines: Iterable[bytes]) -> None:
        """Take every line in order of receipt."""
        chunk: list[Line] = []
        for text in lines:
            if not text.strip():
                continue
            line = self.line(text)
            if chunk and chunk[0].at == START < line.at:
                date(chunk, line.at)
            if chunk and (len(chunk) >= CHUNK or line.at - chunk[0].at > CHUNK_SPAN):
                await self.chunk(chunk)
                chunk = []
            chunk.append(line)
        await self.chunk(chunk)

    async def chunk(self, lines: list[Line]) -> None:
        """Prepare some lines together, then handle them one after the other."""
        raws = [line.raw for line in lines if line.raw is not None]
        if raws:
            prepared = await prepare(raws, self.registry, self.journal, lines[0].at)
            await self.journal.commit(Batch(lines[-1].at, identities=prepared.identities))
            judged = zip(prepared.items, prepared.verdicts, strict=True)
        for line in lines:
            await self.advance(line.at)
            if line.raw is not None:
                item, verdict = next(judged)
                if verdict.reason is not None:
                    self.reject(line.at, verdict.reason)
                if item is not None:
                    await self.handle(item, line.at)
            elif line.rejected is not None:
                self.reject(line.at, line.rejected)
            elif line.answer is not None:
                await self.answer(line.answer, line.at)
            elif line.outing is not None:
                await self.handle(line.outing, line.at)
                if line.outing.answer is not None:
                    self.reject(line.at, "bad_field")

    # -- reading lines ----------------------------------------------------------------------------------------------------

    def line(self, text: bytes) -> Line:
        """One line and its time of receipt, by which the clock moves on."""
        try:
            head = self.head(text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            saved = salvaged(text)
            if saved is None:
                return Line(self.clock, rejected="not_json")
            head = saved
        try:
            received_at = moment_of(head.received_at)
        except ReadingRejected:
            if not is_never_rejected(head):
                return Line(self.clock, rejected="bad_field")
            received_at = None
        if head.kind in ("tick", "answer", "outing"):  # not a set: what comes from outside may have no hash
            return self.act(head, received_at)
        return self.reading(head, text, received_at)

    def act(self, head: Head, received_at: datetime | None) -> Line:
        """A tick, an answer or an outing."""
        try:
            at = self.move(received_at or moment_of(head.at) or self.clock)
        except ReadingRejected:
            return Line(self.clock, rejected="bad_field")
        if head.kind == "tick":
            return Line(at)
        if head.kind == "outing":
            outing = self.outing(head, at)
            return Line(at, outing=outing) if outing is not None else Line(at, rejected="bad_field")
        given = isinstance(head.by, str) and isinstance(head.resident, str) and head.answer in ANSWERS
        if not given or not (head.outcome is None or head.outcome in OUTCOMES):
            return Line(at, rejected="bad_field")
        return Line(at, answer=head)

    def outing(self, head: Head, at: datetime) -> Item | None:
        """An outing that begins, or (`"until": null`) ends; None for one that cannot be read, or whose person is not known."""
        if not isinstance(head.resident, str) or head.until is msgspec.UNSET:
            return None
        given, _, resident = head.resident.rpartition("/")
        asked = given or head.tenant
        persons = [(one, resident) for one in ([asked] if isinstance(asked, str) else self.tenants)]
        persons = [person for person in persons if self.registry.plans.get(person) is not None]
        if len(persons) != 1:
            return None
        by = head.by if isinstance(head.by, str) else "replay"
        if head.until is None:
            return Item("watch", persons[0], EndOuting(by, "replay"))
        until = self.until(head.until, persons[0][0], at)
        company = head.company if isinstance(head.company, str) else ""
        return None if until is None else Item("watch", persons[0], BeginOuting(until, company, by, "replay"))

    def until(self, value: Any, tenant: str, now: datetime) -> datetime | None:
        """The end of an outing, as lines give it; a time without an offset is the tenant's."""
        if isinstance(value, str):
            tz = next(site.tenant.tz for site in self.sites if site.tenant.id == tenant)
            return local_moment(value, tz, now)
        try:
            return moment_of(value)
        except ReadingRejected:
            return None

    def reading(self, head: Head, text: bytes, received_at: datetime | None) -> Line:
        """A device's reading."""
        tenant = head.tenant
        if len(self.tenants) == 1 and (tenant is None or (is_never_rejected(head) and not isinstance(tenant, str))):
            tenant = self.tenants[0]
        if not (isinstance(tenant, str) and isinstance(head.device, str) and isinstance(head.kind, str)):
            return Line(self.move(received_at or time_of(head) or self.clock), rejected="bad_field")
        parsed: Parsed | None
        try:
            parsed = parse(head.kind, text)
            at = parsed.at
        except ReadingRejected:
            parsed = None  # judged, and answered, with the others
            at = time_of(head)
        at = self.move(received_at or at or self.clock)
        return Line(at, Raw(tenant, head.device, head.kind, text, at, parsed=parsed))

    def move(self, at: datetime) -> datetime:
        """The clock never goes back: lines stand in order of receipt."""
        self.clock = max(self.clock, at)
        return self.clock

    # -- virtual time -----------------------------------------------------------------------------------------------------

    async def advance(self, to: datetime) -> None:
        """Let every timer fire that is due strictly before `to`, each at its own moment."""
        while True:
            due_at = self.runner.next_wake_at()
            if due_at is None or due_at >= to:
                return
            for item in self.runner.due(due_at, 1):
                await self.handle(item, due_at)

    async def handle(self, item: Item, now: datetime) -> None:
        """Let the machines see one thing, and every channel hand over at once."""
        await self.runner.run((item,), now)
        while self.pending:
            tells, self.pending[:] = list(self.pending), []
            for tell in tells:
                await self.runner.run((Item("chain", tell.slot, told(tell, None)),), now)

    async def answer(self, head: Head, now: datetime) -> None:
        """A recipient answers about the open alarm of this resident that they were told of last."""
        given, _, resident = head.resident.rpartition("/")
        by = head.by.rpartition("/")[2]
        tenant = given or head.tenant
        for one in [tenant] if isinstance(tenant, str) else self.tenants:
            for slot, alarm_id in reversed(self.told.get((one, resident, by), {}).items()):
                alarm = self.runner.state("lifecycle", slot)
                if alarm is not None and alarm.state != "resolved" and alarm.id == alarm_id:
                    said = AnswerAlarm(slot=slot, alarm=alarm.id, answer=head.answer, by=by, via="replay", outcome=head.outcome)
                    await self.handle(Item("lifecycle", slot, said), now)
                    return

    # -- output -----------------------------------------------------------------------------------------------------------

    def show(self, committed: Committed) -> None:
        """Write what was decided."""
        for stored in committed.events:
            event = stored.event
            if event.event == "alarm.told" and event.resident is not None and event.to is not None and event.rule is not None:
                slots = self.told.setdefault((event.tenant, event.resident, event.to), {})
                slot = Slot(event.tenant, event.resident, event.rule)
                slots.pop(slot, None)
                slots[slot] = event.alarm
            self.write(self.encode(self.shown(event)) + b"\n")

    def shown(self, event: AlarmEvent) -> dict[str, Any]:
        """One line of output, its keys in the promised order."""
        line: dict[str, Any] = {"at": stamp(event.at), "event": event.event}
        for name in LINE_FIELDS:
            value = getattr(event, name)
            if value is not None:
                line[name] = value
        if len(self.tenants) > 1:
            for name in ("resident", "to"):
                if name in line:
                    line[name] = f"{event.tenant}/{line[name]}"
        return line

    def reject(self, at: datetime, why: str) -> None:
        """Write that a line could not be used."""
        self.write(self.encode({"at": stamp(at), "event": "reading.rejected", "why": why}) + b"\n")


def date(lines: list[Line], at: datetime) -> None:
    """Let lines that came before anything said what time it is have come at `at`.

    Else an alarm of theirs would be told of again and again through all the years until then.
    """
    for line in lines:
        line.at = at
        if line.raw is not None:
            line.raw.received_at = at


def is_never_rejected(head: Head) -> bool:
    """Whether wrong fields are set aside; what they leave may still be rejected (a floor on which nobody lies)."""
    return isinstance(head.kind, str) and head.kind in NEVER_REJECTED


def salvaged(text: bytes) -> Head | None:
    """What can be read of a line that is not quite JSON, if it says that it is a press."""
    found = lenient(text)
    if not isinstance(found, dict):
        return None
    head = Head(**{name: found.get(name) for name in Head.__struct_fields__})
    return head if is_never_rejected(head) else None


def time_of(head: Head) -> datetime | None:
    """When a reading that cannot be used says it happened, if that can be read."""
    try:
        return moment_of(head.at)
    except ReadingRejected:
        return None


def moment_of(value: object) -> datetime | None:
    """A moment as lines give it, or None where they give none.

    Raises:
        ReadingRejected: `bad_field`.
    """
    if value is None:
        return None
    try:
        given = msgspec.convert(value, Moment)
    except msgspec.ValidationError:
        raise ReadingRejected("bad_field", "at") from None
    return None if given is None else moment(given)
