"""An alarm, what happens to it, and the events that its timeline, the screens and replay show."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NamedTuple

import msgspec

from alarmcore.outcome import Decision

State = Literal["open", "taken", "arrived", "resolved"]
Beyond = Literal["above", "below", "rises", "falls"]
Answer = Literal["take", "decline", "arrive", "note", "escalate", "resolve"]


class Slot(NamedTuple):
    """Where at most one alarm can be open: a resident's rule, or a device that nobody is known to carry.

    Sorts in the order in which timers of one instant are handled.
    """

    tenant: str
    resident: str
    rule: str
    device: str = ""


class Fix(msgspec.Struct, frozen=True, gc=False):
    """Where the person was last known to be, and when that was measured."""

    lat: float
    lon: float
    at: datetime
    accuracy_m: float | None = None


class Facts(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What a finding rests on, in numbers that can be said to a relative. What does not concern it is left out.

    About zones: `side` of `zones` (ids) is where the person is believed to be, `distance_m` from their border (None: the newest
    fix lay on the other side), by `fixes` that agree. By the clock the first of them is `for_s` old, the newest fix `age_s`
    (None: it was not kept). `accuracy_m` is how far off that is taken to be. `lost`: what was found is that no fix comes; then
    `side` and `distance_m` are those of the newest one, and `fixes` is 0 where nothing confirms it. `disputed`: another of the
    person's devices says the contrary. `at` is when that was found: the lifecycle puts it in.

    About being `lasting` up at night, or still: it has lasted `for_s`; what begins at this hour is usually over within `usual_s`,
    nine times in ten (None: that is longer than it has lasted, or not known). `bound`: too little is known of a person who is
    `new`, or it has lasted as long as the municipality lets anything last at `most`. In `company` something else moved in the
    home as well, so that its sensors say less; `out`: a door that leads out was used last. Who is `late` has not gone to bed,
    as nine times in ten they have by `usual_s` after midnight (modulo a day), and left it `for_s` ago.

    About a measured `quantity`: its newest `value` lies `beyond` a `limit`, or has risen or fallen from what it was `before`,
    within `for_s`. About a `door`: its name, or its device's. About a `dose`: the time of day at which it was to be taken. About
    a `device`: its `fault` (a word of the vocabulary), and a `count` where it did something too often.
    """

    side: Literal["inside", "outside"] | None = None
    zones: tuple[str, ...] = ()
    distance_m: int | None = None
    for_s: int = 0
    fixes: int = 0
    accuracy_m: int | None = None
    lasting: Literal["up", "late", "still"] | None = None
    usual_s: int | None = None
    bound: Literal["new", "most"] | None = None
    company: bool | None = None
    out: bool | None = None
    quantity: str | None = None
    value: float | None = None
    unit: str = ""
    beyond: Beyond | None = None
    limit: float | None = None
    before: float | None = None
    door: str | None = None
    dose: str | None = None
    device: str | None = None
    fault: str | None = None
    count: int | None = None
    age_s: int | None = None
    lost: bool = False
    disputed: bool = False
    at: datetime | None = None


class Alarm(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One alarm as it stands. `happened_at` is what the device says, `raised_at` when it was decided.

    `wake_at` is the follow-up: when a taken alarm that nobody resolved is opened again.
    """

    id: str
    slot: Slot
    cause: str
    priority: str
    chain: str
    why: str
    raised_at: datetime
    happened_at: datetime
    device: str = ""
    late_s: int = 0
    state: State = "open"
    fix: Fix | None = None
    repeats: int = 0
    last_repeat_at: datetime | None = None
    ended_at: datetime | None = None
    taken_by: str | None = None
    taken_at: datetime | None = None
    taken_via: str | None = None
    outcome: str | None = None
    resolved_at: datetime | None = None
    follow_up_s: float = 1800.0
    wake_at: datetime | None = None
    facts: Facts | None = None


class AlarmEvent(Decision, frozen=True, kw_only=True, omit_defaults=True):
    """One line of an alarm's timeline; `at` is the moment of the decision, `to` who was told or who answered."""

    at: datetime
    event: str
    tenant: str
    alarm: str | None = None
    resident: str | None = None
    rule: str | None = None
    cause: str | None = None
    priority: str | None = None
    link: int | None = None
    to: str | None = None
    channel: str | None = None
    why: str | None = None
    late_s: int | None = None
    via: str | None = None
    text: str | None = None
    outcome: str | None = None
    device: str | None = None
    until: datetime | None = None
    facts: Facts | None = None


# What one machine asks of another. Each carries the slot it is about; the runner takes it to the machine that hears it.


class RaiseAlarm(Decision, frozen=True, kw_only=True):
    """A rule's finding, for the alarm's lifecycle: raise it, or add it to the one that is open."""

    slot: Slot
    cause: str
    priority: str
    chain: str
    follow_up_s: float
    why: str
    reading: int
    device: str
    happened_at: datetime
    late_s: int = 0
    again: int = 0
    fix: Fix | None = None
    facts: Facts | None = None


class EndCondition(Decision, frozen=True):
    """What was found no longer holds. `device` limits it to an alarm that this device began (its reset)."""

    slot: Slot
    why: str
    device: str | None = None


class AnswerAlarm(Decision, frozen=True, kw_only=True):
    """A person's act. `by` is `contact:eva`, `unit:centre` or `operator:anna`; `via` is the channel they answered by."""

    slot: Slot
    alarm: str
    answer: Answer
    by: str
    via: str
    text: str | None = None
    outcome: str | None = None


class ForgiveRule(Decision, frozen=True):
    """The alarm was resolved: a rule whose condition persists may raise it again after its `again_s`."""

    slot: Slot


class StartChain(Decision, frozen=True):
    """Tell the first link of `alarm.chain`."""

    slot: Slot
    alarm: Alarm


class StopChain(Decision, frozen=True):
    """Tell nobody more: somebody has taken the alarm (`final`: it is resolved)."""

    slot: Slot
    final: bool = False


class ContinueChain(Decision, frozen=True):
    """Go on with the next link at once: `why` from the vocabulary."""

    slot: Slot
    why: str


class NoteOuting(Decision, frozen=True, kw_only=True):
    """An outing of the person has begun or is over: a line for the timeline of the slot's alarm, if one is open."""

    slot: Slot
    event: str
    to: str | None = None
    via: str | None = None
    text: str | None = None
    until: datetime | None = None


class OpenTrack(Decision, frozen=True):
    """From now on the person's positions are kept for this alarm."""

    slot: Slot
    alarm: str


class CloseTrack(Decision, frozen=True):
    """The alarm is resolved: positions are kept for it no longer."""

    slot: Slot
    alarm: str


class FollowPerson(Decision, frozen=True):
    """Say where the person is known to be, and of each position that comes until they are followed no longer."""

    slot: Slot
    follow: bool


class KeepFix(Decision, frozen=True, kw_only=True):
    """A position of a person who is followed, and the device that it is of, where that is known.

    `known`: it was known before anybody followed them. `agrees`: it lies where the person is believed to be. `standings`: what
    may be said of the person by each rule about zones.
    """

    slot: Slot
    fix: Fix
    agrees: bool
    standings: tuple[tuple[str, str], ...] = ()
    device: str = ""
    known: bool = False


class DeclineLink(Decision, frozen=True):
    """This recipient cannot help."""

    slot: Slot
    by: str


class Overlooked(Decision, frozen=True):
    """An auditor found that nothing comes of this open alarm any more, or that it is stored otherwise than it is remembered."""

    slot: Slot
    alarm: Alarm


class RescueChain(Decision, frozen=True):
    """See to it that this open alarm, which nobody has in hand, is told again and again; store that anew."""

    slot: Slot
    alarm: Alarm


class Refuse(Decision, frozen=True):
    """A command that does not fit: `code` is the reason of an error in `alarmcore.errors`; `by` who has the alarm."""

    code: str
    by: str | None = None


def described(alarm: Alarm, event: str, now: datetime, **more: object) -> AlarmEvent:
    """The event `event` of `alarm` with everything that the alarm itself says filled in."""
    return AlarmEvent(
        at=now,
        event=event,
        tenant=alarm.slot.tenant,
        alarm=alarm.id,
        resident=alarm.slot.resident or None,
        rule=alarm.slot.rule,
        cause=alarm.cause,
        priority=alarm.priority,
        **more,  # type: ignore[arg-type]
    )
