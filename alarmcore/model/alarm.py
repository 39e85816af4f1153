"""An alarm, what happens to it, and the events that its timeline, the screens and replay show."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NamedTuple

import msgspec

from alarmcore.outcome import Decision

State = Literal["open", "taken", "arrived", "resolved"]
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
    """What a finding about zones rests on, in numbers that can be said to a relative.

    `side` of `zones` (ids) is where the person is believed to be, `distance_m` from their border (None: the newest fix lay on
    the other side), by `fixes` that agree, the first of them `for_s` seconds before the newest. `accuracy_m` is how far off the
    newest is taken to be.
    """

    side: Literal["inside", "outside"]
    zones: tuple[str, ...] = ()
    distance_m: int | None = None
    for_s: int = 0
    fixes: int = 0
    accuracy_m: int | None = None


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
    """A position of a person who is followed.

    `agrees`: nothing that is believed of the person contradicts it. `standings`: what may be said of the person by each rule
    about zones.
    """

    slot: Slot
    fix: Fix
    agrees: bool
    standings: tuple[tuple[str, str], ...] = ()


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
