"""What must never be found of an open alarm: what is remembered, scheduled and stored of it, compared. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, Literal

import msgspec

from alarmcore.bindings import slot_text
from alarmcore.model.alarm import Slot

OVERDUE_S: Final = 10.0
"""A step later than this is lost, or the service is behind: timers are asked within milliseconds, and a hand-over has 15 s."""

Slip = Literal["no_next_step", "not_stored", "timer_lost", "overdue", "unsettled"]

WORDS: Final[dict[Slip, str]] = {
    "no_next_step": "open alarms without a next step",
    "not_stored": "open alarms that are stored otherwise than they are remembered",
    "timer_lost": "timers that were lost in memory",
    "overdue": "steps that are overdue",
    "unsettled": "messages of which nothing was heard",
}
"""What each is called where people read how the service stands."""


class Finding(msgspec.Struct, frozen=True):
    """One thing that is not as it must be. `about` is a slot's key, a timer's machine and key, or an effect's id.

    `seen` is what exactly was seen, where something that moves could be taken for something that stands.
    """

    slip: Slip
    about: str
    seen: tuple[Any, ...] = ()


class Keeper(msgspec.Struct, frozen=True):
    """A machine's part in keeping an alarm going: the moment its state asks for, the runner's timer, what is stored."""

    machine: str
    wants_at: datetime | None
    timer_at: datetime | None
    stored_at: datetime | None


class Case(msgspec.Struct, frozen=True):
    """What is known of one slot: the alarm that is open by the journal, the one that is open by memory (ids), its keepers."""

    slot: Slot
    stored: str | None
    remembered: str | None
    keepers: tuple[Keeper, ...]


def findings(case: Case, now: datetime) -> list[Finding]:
    """Everything that is wrong with one slot. A turn that is under way is ahead of the journal: look twice."""
    about = slot_text(case.slot)
    found = [
        Finding("timer_lost", f"{keeper.machine} {about}")
        for keeper in case.keepers
        if keeper.wants_at is not None and keeper.timer_at is None
    ]
    if stands_still(case):
        found.append(Finding("no_next_step", about))
    elif (differs := difference(case)) is not None:
        found.append(Finding("not_stored", about, differs))
    moments = [at for keeper in case.keepers for at in (keeper.wants_at, keeper.stored_at) if at is not None]
    if moments and overdue(min(moments), now):
        found.append(Finding("overdue", about, (min(moments),)))
    return found


def stands_still(case: Case) -> bool:
    """Whether nothing is to happen with an open alarm, by memory or by what is stored: either would be the end of it."""
    remembered = case.remembered is not None and all(keeper.wants_at is None for keeper in case.keepers)
    stored = case.stored is not None and all(keeper.stored_at is None for keeper in case.keepers)
    return stored or remembered


def difference(case: Case) -> tuple[Any, ...] | None:
    """How memory and journal differ; None if they do not."""
    moments = tuple((keeper.wants_at, keeper.stored_at) for keeper in case.keepers)
    same = case.stored == case.remembered and all(wants_at == stored_at for wants_at, stored_at in moments)
    return None if same else (case.stored, case.remembered, *moments)


def overdue(at: datetime, now: datetime) -> bool:
    """Whether a moment is past for longer than can be."""
    return now - at > timedelta(seconds=OVERDUE_S)
