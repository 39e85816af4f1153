"""Tells a shrunk world as a short story: what struck, what concerns the broken promise, and how to see it again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from alarmcore.model.alarm import AlarmEvent
from alarmcore.ports import StoredState
from dispatch.binding import EFFECT_CODEC
from tests.simulation import history as seen
from tests.simulation.concern import Concern
from tests.simulation.faults import Weather
from tests.simulation.shrink import Shrunk, Struck, subject

OFTEN: Final = 3
"""What is said so often, in the same words, is said once."""

NUMBERS: Final = re.compile(r"\d+(?= s\b)|(?<=try )\d+")
"""What does not make a sentence another one: seconds, and the number of a try."""

OWNING: Final[dict[type, str]] = {
    seen.Claimed: "worker {worker} becomes the owner of {partition}",
    seen.Closed: "worker {worker} has ended {partition}",
    seen.NotOpened: "worker {worker} cannot load {partition}",
    seen.FencedOff: "the database refuses a commit of worker {worker}: {partition} is another's",
}
"""What becomes of a partition, where several workers share them."""

LIFE: Final[dict[type[seen.Record], str]] = {
    seen.Started: "a process is ready",
    seen.Died: "the process is gone",
    seen.Healed: "from here on nothing fails any more, and nobody answers",
    seen.Closing: "operators resolve every alarm",
}
"""What is said each time."""

LINES_MAX: Final = 60
"""Lines of a story, besides its first and last ones: two screens. Of a longer one the middle is left out, and how much."""

FAULTS: Final[dict[str, str]] = {
    "lose": "The network loses a message from or to {who}.",
    "double": "The network carries a message from or to {who} twice.",
    "delay_s": "The network is slow with a message from or to {who}.",
    "forget_every_s": "The broker is restarted and forgets every message that it kept.",
    "gap_every_s": "{who} loses its coverage for a while.",
    "commit_before": "The disk refuses what is to be stored, and says so.",
    "commit_during": "The disk does not answer: nothing is stored, and the service is told that nothing is known.",
    "commit_after": "The disk has stored it, but the service is told that nothing is known.",
    "blind": "The disk cannot be read.",
    "slow_s": "The disk is slow.",
    "full_every_s": "The disk is full for a while.",
    "die_every_s": "The process is killed.",
    "stop_every_s": "The process is asked to end, as for an update.",
    "pause_every_s": "A worker's machine stands still for a while.",
    "cut_store_every_s": "A worker loses sight of the store of leases.",
    "cut_database_every_s": "A worker loses the database.",
    "store_lost_every_s": "The store of leases forgets everything.",
    "store_hangs_every_s": "The store of leases answers nobody for a while.",
    "site_changes": "The process starts with a changed site file: everybody is reached in fewer ways.",
    "die_before_commit": "The process dies with a commit on its way; nothing of it is stored.",
    "die_after_commit": "The process dies after a commit, before anybody hears of it.",
    "die_telling": "The process dies as it hands a message to {who}.",
    "jump_every_s": "Somebody sets the service's clock.",
    "channel_fails": "The channel to {who} fails; it may work later.",
    "channel_permanent": "The channel to {who} fails for good.",
    "channel_hangs": "The channel to {who} hangs.",
    "channel_lies": "The channel to {who} delivers, and says that it failed.",
    "channel_twice": "The channel to {who} will give its answer a second time.",
    "page_open": "An operator's open page shows an alarm.",
    "clock": "The clock of {who} is wrong from now on.",
}
"""What a fault is called. `who` is whom it strikes; acts of devices and people have records of their own."""

DONE: Final[dict[str, str]] = {
    "alarm.repeated": "{alarm} is repeated",
    "alarm.condition_ended": "{alarm}: its condition has ended ({why})",
    "alarm.told": "{alarm} counts as told to {to} by {channel}",
    "alarm.telling_failed": "{to} could not be told of {alarm} by {channel} ({why})",
    "alarm.taken": "{alarm} is taken by {to}",
    "alarm.declined": "{alarm} is declined by {to}",
    "alarm.arrived": "{to} has arrived at {alarm}",
    "alarm.noted": "{to} notes something on {alarm}",
    "alarm.resolved": "{alarm} is resolved by {to}",
    "alarm.reopened": "{alarm} is open again ({why})",
    "alarm.escalated": "{alarm} goes on to the next link ({why})",
    "chain.skipped": "{alarm}: link {link} is skipped ({why})",
}
"""What a line of an alarm's timeline says, in words."""


STEPS: Final[dict[str, str]] = {"chain": "next step", "lifecycle": "follow-up", "watch": "next look"}
"""What it is that a machine waits for."""


ALWAYS: Final = frozenset(f"{text[:1].upper()}{text[1:]}." for text in LIFE.values())


def told(shrunk: Shrunk) -> Iterator[str]:
    """The story, line by line."""
    records = [one for one in shrunk.life.records if one.t <= shrunk.broken.t]
    story = Story(Concern(shrunk.life.world.towns, records, shrunk.broken), records)
    began = shrunk.life.world.true_now() - timedelta(seconds=shrunk.life.world.t())
    needed = f"{len(shrunk.only)} of {shrunk.met} faults and acts are needed"
    yield f"Seed {shrunk.seed}: {needed}. 00:00:00.0 is {began:%H:%M:%S} UTC."
    yield from shortened(folded(story.lines(shrunk.life.struck)))
    yield f"{clock(shrunk.broken.t)}  A promise is broken: {story.named(shrunk.broken.what)}."
    yield f"Again: {shrunk.again()}"


def clock(t: float) -> str:
    """Seconds as hours, minutes, seconds."""
    tenths = round(t * 10)
    return f"{tenths // 36000:02}:{tenths // 600 % 60:02}:{tenths // 10 % 60:02}.{tenths % 10}"


def folded(lines: Iterable[tuple[float, str]]) -> Iterator[str]:
    """What happened again and again, but for numbers, is said once, with how often and until when; deaths each time."""
    all_lines = list(lines)
    times: dict[str, list[float]] = {}
    for t, text in all_lines:
        times.setdefault(NUMBERS.sub("", text), []).append(t)
    for t, text in all_lines:
        at = times[NUMBERS.sub("", text)]
        if len(at) < OFTEN or text in ALWAYS:
            yield f"{clock(t)}  {text}"
        elif t == at[0]:
            yield f"{clock(t)}  {text} ({len(at)} times like this until {clock(at[-1])})"
            at[0] = -1.0


def shortened(lines: Iterable[str]) -> list[str]:
    """Not more than can be read: how it began, and what came just before the end."""
    kept = list(lines)
    left_out = len(kept) - LINES_MAX
    if left_out <= 0:
        return kept
    half = LINES_MAX // 2
    return [*kept[:half], f"...         {left_out} lines are left out here", *kept[-half:]]


class Story:
    """Puts records into words. Alarms are called A, B, C in the order in which they are spoken of."""

    def __init__(self, concern: Concern, records: list[seen.Record]) -> None:
        self.concern = concern
        self.records = records
        self.names = {alarm: f"alarm {name_of(place)}" for place, alarm in enumerate(concern.alarms)}
        self.healed = False
        self.heard: set[tuple[str, str, bytes]] = set()
        self.wakes: dict[tuple[str, str], datetime | None] = {}

    def named(self, text: str) -> str:
        """A text in which alarms have their short names beside their ids."""
        for alarm, name in self.names.items():
            text = text.replace(alarm, f"{name} ({alarm})").replace("alarm alarm", "alarm")
        return text

    def lines(self, struck: list[Struck]) -> Iterator[tuple[float, str]]:
        """Faults and records in the order in which they came."""
        faults: dict[int, list[Struck]] = {}
        for one in struck:
            faults.setdefault(one.place, []).append(one)
        for place, record in enumerate([*self.records, None]):
            for fault in faults.get(place, []):
                yield from ((fault.t, text) for text in self.fault(fault.label))
            if record is not None:
                yield from ((record.t, sentence(text)) for text in self.record(record) if text)

    def fault(self, label: str) -> Iterator[str]:
        """What struck. What devices and people did has records of its own."""
        name, _, who = subject(label).partition(" ")
        if name in FAULTS:
            yield " ".join(FAULTS[name].format(who=who).split()).replace(" .", ".")
        elif name in Weather.__struct_fields__:
            yield f"A fault strikes: {label}."

    def record(self, record: seen.Record) -> Iterator[str]:
        """What somebody outside could have seen, as far as it concerns the promise."""
        match record:
            case seen.Sent() | seen.Heard() | seen.Acknowledged() | seen.Confirmed():
                yield from self.reading(record)
            case seen.Committed():
                said = list(self.stored(record))
                yield f"stored: {'; '.join(said)}" if said else ""
            case seen.Begun() | seen.Delivered() | seen.Shown() | seen.Asked() | seen.Acted():
                yield from self.message(record)
            case seen.Left() | seen.Gone() if (record.tenant, record.resident) in self.concern.people:
                far = "leaves" if isinstance(record, seen.Left) else "is far outside"
                yield f"{record.resident} in {record.tenant} {far} the safety zone"
            case seen.ClockSet() if record.ahead_s or not self.healed:
                yield f"the service's clock is now {record.ahead_s:+.0f} s off" if record.ahead_s else ""
            case seen.Healed() | seen.Died() | seen.Started() | seen.Closing():
                self.healed |= isinstance(record, seen.Healed)
                yield LIFE[type(record)]
            case seen.Claimed() | seen.Closed() | seen.NotOpened() | seen.FencedOff():
                yield OWNING[type(record)].format(worker=record.worker, partition=record.partition)
            case seen.Refused():
                yield f"the disk refuses a batch that contradicts what it holds: {self.named(record.why)}"

    def reading(self, record: seen.Sent | seen.Heard | seen.Acknowledged | seen.Confirmed) -> Iterator[str]:
        """On its way from a device, and what the device is told. Of devices beside the point only what they report in trouble."""
        who = (record.tenant, record.device)
        close = who in self.concern.devices
        match record:
            case seen.Sent() if close or not self.healed:
                yield f"{self.concern.device(*who)} reports: {self.reading_name(record, told=True)}"
            case seen.Heard() if close:
                key = (*who, record.payload)
                yield f"the service hears of {self.reading_name(record)}{' again' if key in self.heard else ''}"
                self.heard.add(key)
            case seen.Acknowledged() if close and not record.kept:
                yield f"the service cannot keep {self.reading_name(record)} now, and does not acknowledge it"
            case seen.Acknowledged() if close:
                yield f"the service acknowledges {self.reading_name(record)}"
            case seen.Confirmed() if close:
                why = f" ({record.reason})" if record.reason else ""
                yield f"the service tells {record.device} that {record.id} is {record.status}{why}"

    def reading_name(self, record: seen.Sent | seen.Heard | seen.Acknowledged, *, told: bool = False) -> str:
        """A reading by its kind, what a sensor says, and its id; coordinates and measurements stay out of stories."""
        said = json.loads(record.payload)
        name = said.get("id", f"{record.kind} of {record.device}")
        if not told:
            return str(name)
        flags = [name if value else f"not {name}" for name, value in said.items() if isinstance(value, bool)]
        detail = ", ".join([*flags, *([said["id"]] if "id" in said else [])])
        return f"{record.kind} ({detail})" if detail else record.kind

    def message(self, record: seen.Begun | seen.Delivered | seen.Shown | seen.Asked | seen.Acted) -> Iterator[str]:
        """To people, and what they answer."""
        alarm = record.message.alarm if isinstance(record, seen.Begun) else record.alarm
        if alarm not in self.names:
            return
        name = self.names[alarm]
        match record:
            case seen.Begun():
                m = record.message
                yield f"a message about {name} goes out to {m.recipient} by {record.channel} (link {m.link})"
            case seen.Delivered():
                yield f"{record.recipient} gets it by {record.channel}: {name}"
            case seen.Shown():
                yield f"a page shows {name}"
            case seen.Asked():
                yield f"{record.by} says about {name}: {record.answer}"
            case seen.Acted():
                yield f"{record.by} hears about {record.answer} of {name}: {record.result}"

    # -- what is stored ---------------------------------------------------------------------------------------------------

    def stored(self, record: seen.Committed) -> Iterator[str]:
        """Of a batch, what concerns the promise."""
        for event in record.batch.events:
            if event.alarm in self.names:
                yield self.event(event)
        for name, data in record.batch.effects:
            tell = EFFECT_CODEC[1](data)
            if tell.alarm.id in self.names:
                yield f"{tell.ref} is to be told of {self.names[tell.alarm.id]} by {tell.channel} (try {name.rpartition(':')[2]})"
        for state in record.batch.states:
            yield from self.state(state, record)

    def event(self, event: AlarmEvent) -> str:
        """One line of an alarm's timeline."""
        alarm = self.names[event.alarm or ""]
        if event.event == "alarm.raised":
            whose = f"{event.resident} in {event.tenant}" if event.resident else f"a device that nobody has in {event.tenant}"
            return f"{alarm} of {whose} is raised by rule {event.rule} ({event.why})"
        if event.event in DONE:
            return DONE[event.event].format(alarm=alarm, to=event.to, channel=event.channel, why=event.why, link=event.link)
        return f"{event.event} of {alarm} ({event.why})"

    def state(self, state: StoredState, record: seen.Committed) -> Iterator[str]:
        """The moment at which a machine wants to be asked again, where that is another than before."""
        key = (state.machine, state.key)
        if not self.concern.state(*key):
            return
        if state.machine == "watch":
            yield f"what is known of {state.key}"
        if self.wakes.get(key) == state.wake_at:
            return
        self.wakes[key] = state.wake_at
        step = STEPS.get(state.machine, state.machine)
        whose = f" of {state.key.rstrip('/')}" if len(self.concern.alarms) != 1 else ""
        due = "never" if state.wake_at is None else f"in {(state.wake_at - record.now).total_seconds():.0f} s"
        yield f"{step}{whose} {due}"


def sentence(text: str) -> str:
    """With a full stop, and a capital unless it begins with somebody's id."""
    first, _, _ = text.partition(" ")
    return f"{text[:1].upper() if first.rstrip(':').isalpha() else text[:1]}{text[1:]}."


def name_of(place: int) -> str:
    """A, B, C, ..., Z, A1, B1, ..."""
    more, letter = divmod(place, 26)
    return chr(ord("A") + letter) + (str(more) if more else "")
