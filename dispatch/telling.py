"""Telling one recipient about one alarm: the first of their channels that hands over, tried again until one does. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import msgspec
from msgspec.structs import replace

from alarmcore.model.alarm import Alarm, Slot
from alarmcore.outcome import Decision, Effect
from dispatch.plan import Recipient

CONSOLE_S: Final = 5.0
"""How long the console may take to be looked at before the next channel is tried as well: a third of the 15 s in which
hand-over must work, so that two other channels still fit."""

RETRY_S: Final = (5.0, 10.0, 20.0, 40.0, 60.0)
"""Waits before the channels are tried from the first again; the last one repeats."""

TRIES_MAX: Final = 30
"""Tries of one telling before it is given up: about half an hour at the waits above, after which a chain with a follow-up of
the usual half hour has told others several times."""


class Telling(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """How far the telling of one recipient has come.

    `number` tells the tellings of the same recipient apart. `channel` is the place of the channel whose turn it is (`trying`: it
    has been asked), `dead` those for which repeating is useless. `next_at` is when something must be tried, `handed_at` when it
    worked.
    """

    ref: str
    link: int
    number: int
    why: str
    told_at: datetime
    channel: int = 0
    tries: int = 0
    rounds: int = 0
    trying: bool = False
    next_at: datetime | None = None
    dead: tuple[int, ...] = ()
    handed_at: datetime | None = None
    handed_by: str | None = None
    given_up: bool = False

    @property
    def pending(self) -> bool:
        """Whether it may still be handed over."""
        return self.handed_at is None and not self.given_up


class Tell(Effect, frozen=True, kw_only=True):
    """An effect: hand this alarm over to one recipient by one channel. `id` is one try, `telling` the same for all of them."""

    telling: str
    slot: Slot
    alarm: Alarm
    ref: str
    number: int
    link: int
    channel: str
    to: str | None


class Settle(Decision, frozen=True):
    """An effect is done with and need not be performed after a restart."""

    id: str


class Told(Decision, frozen=True, kw_only=True):
    """What became of a try: handed over, or failed (`permanent`: repeating it by this channel is useless)."""

    slot: Slot
    alarm: str
    id: str
    ref: str
    number: int
    channel: str
    ok: bool
    permanent: bool = False
    text: str | None = None


def attempt(telling: Telling, who: Recipient, alarm: Alarm, now: datetime) -> tuple[Telling, Tell]:
    """Try the telling's channel. The console is no hand-over until somebody looks: the next channel follows soon after."""
    # The site may have fewer channels than when the telling began.
    place = telling.channel if telling.channel < len(who.channels) else 0
    channel = who.channels[place]
    tried = replace(telling, channel=place, tries=telling.tries + 1, trying=True, next_at=None)
    if channel.kind == "console" and len(who.channels) > 1:
        tried = replace(tried, next_at=now + timedelta(seconds=CONSOLE_S))
    tell = Tell(
        id=try_id(tried, alarm.id),
        telling=f"{alarm.id}:{telling.ref}:{telling.number}",
        slot=alarm.slot,
        alarm=alarm,
        ref=telling.ref,
        number=telling.number,
        link=telling.link,
        channel=channel.kind,
        to=channel.to,
    )
    return tried, tell


def try_id(telling: Telling, alarm: str) -> str:
    """The name of a telling's latest try."""
    return f"{alarm}:{telling.ref}:{telling.number}:{telling.tries}"


def after_failure(telling: Telling, who: Recipient, *, permanent: bool, now: datetime) -> tuple[Telling, bool]:
    """The telling after its channel failed, and whether to try the (next) channel at once."""
    dead = (*telling.dead, telling.channel) if permanent else telling.dead
    left = [i for i in range(len(who.channels)) if i not in dead]
    if not left or telling.tries >= TRIES_MAX:
        return replace(telling, dead=dead, given_up=True, trying=False, next_at=None), False
    later = [i for i in left if i > telling.channel]
    if later:
        return replace(telling, dead=dead, channel=later[0], trying=False, next_at=None), True
    wait_s = RETRY_S[min(telling.rounds, len(RETRY_S) - 1)]
    next_at = now + timedelta(seconds=wait_s)
    rounds = telling.rounds + 1
    return replace(telling, dead=dead, channel=left[0], rounds=rounds, trying=False, next_at=next_at), False
