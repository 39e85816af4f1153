"""What one turn of the service covers: timers, people's acts, readings."""

from __future__ import annotations

import asyncio

import msgspec

from alarmcore.errors import AlarmClosed, AlarmUnknown, TakenByOther
from alarmcore.intake import Raw
from alarmcore.model.alarm import AnswerAlarm, Refuse
from alarmcore.runner import Item


class Act:
    """Something for one machine, and who waits for it (None: nobody; it is repeated until it is kept)."""

    __slots__ = ("answered", "inbox", "item")

    def __init__(self, item: Item, answered: asyncio.Future[Refuse | None] | None, inbox: int | None = None) -> None:
        self.item = item
        self.answered = answered
        self.inbox = inbox


class Work(msgspec.Struct):
    """What one commit is to cover: timers, acts and readings, handled in this order."""

    wakes: list[Item]
    acts: list[Act]
    raws: list[Raw]

    def __len__(self) -> int:
        return len(self.wakes) + len(self.acts) + len(self.raws)

    def halves(self) -> list[Work]:
        """Two parts, the first one first; at least two things are there."""
        first, second = Work([], [], []), Work([], [], [])
        middle = len(self) // 2
        for place, one in enumerate((*self.wakes, *self.acts, *self.raws)):
            part = first if place < middle else second
            (part.wakes if isinstance(one, Item) else part.acts if isinstance(one, Act) else part.raws).append(one)  # type: ignore[arg-type]
        return [first, second]


def raise_refused(answer: AnswerAlarm, refused: Refuse | None) -> None:
    """Say of an answer that a machine refused why it did not fit.

    Raises:
        AlarmUnknown, AlarmClosed, TakenByOther: it was refused.
    """
    if refused is None:
        return
    if refused.code == "taken_by_other":
        raise TakenByOther(answer.alarm, refused.by or "")
    raise AlarmClosed(answer.alarm) if refused.code == "alarm_closed" else AlarmUnknown(answer.alarm)
