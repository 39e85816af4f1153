"""What must this screen be told? A pure machine with one state for each screen that is open.

A screen gets every change in order while it keeps up. One that does not is told nothing until its queue has drained, and then
gets the whole picture anew: it never holds up others, and never shows a list with holes.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec
from msgspec.structs import replace

from alarmcore.outcome import Decision, Outcome

WAITING_MAX: Final = 256
"""Frames that may wait for one screen: some seconds of the worst alarm flood, and far below what hurts memory."""

MISSED_MAX: Final = 1000
"""Changes that a screen which comes back is sent one by one; beyond that the whole picture is shorter."""


class Screen(msgspec.Struct, frozen=True):
    """`seq` is the last change this screen has been sent, `waiting` the frames that its socket has not taken yet."""

    seq: int = 0
    waiting: int = 0
    behind: bool = False


class Joined(msgspec.Struct, frozen=True):
    """The screen has come (back), and knows everything up to `since` (None: nothing).

    The newest change is `newest`, and `oldest` the oldest that can still be sent by itself.
    """

    since: int | None
    oldest: int
    newest: int


class Changed(msgspec.Struct, frozen=True):
    """Something happened that this screen may see."""

    seq: int


class Taken(msgspec.Struct, frozen=True):
    """The screen's socket has taken a frame and `left` still wait; the newest change is `newest`."""

    left: int
    newest: int


class SendSnapshot(Decision, frozen=True):
    """Send the whole picture as of `seq`."""

    seq: int


class SendChanges(Decision, frozen=True):
    """Send the changes after `after` up to and including `seq`."""

    after: int
    seq: int


def step(screen: Screen, event: Joined | Changed | Taken, now: datetime) -> Outcome[Screen]:
    """Let one fact decide what the screen is sent."""
    del now  # a screen is only ever told what has happened, whenever that was
    match event:
        case Joined():
            return _joined(screen, event)
        case Changed():
            return _changed(screen, event.seq)
        case Taken():
            return _taken(screen, event)


def _joined(screen: Screen, event: Joined) -> Outcome[Screen]:
    since = event.since
    known = since is not None and event.oldest - 1 <= since <= event.newest
    if since is None or not known or event.newest - since > MISSED_MAX:
        return _snapshot(screen, event.newest)
    if since == event.newest:
        return Outcome(replace(screen, seq=since))
    missed = replace(screen, seq=event.newest, waiting=screen.waiting + 1)
    return Outcome(missed, (SendChanges(since, event.newest),))


def _snapshot(screen: Screen, seq: int) -> Outcome[Screen]:
    return Outcome(replace(screen, seq=seq, waiting=screen.waiting + 1, behind=False), (SendSnapshot(seq),))


def _changed(screen: Screen, seq: int) -> Outcome[Screen]:
    if screen.behind or seq <= screen.seq:
        return Outcome(screen)
    if screen.waiting >= WAITING_MAX:
        return Outcome(replace(screen, behind=True))
    return Outcome(replace(screen, seq=seq, waiting=screen.waiting + 1), (SendChanges(screen.seq, seq),))


def _taken(screen: Screen, event: Taken) -> Outcome[Screen]:
    if screen.behind and event.left == 0:
        return _snapshot(replace(screen, waiting=0), event.newest)
    return Outcome(replace(screen, waiting=event.left))
