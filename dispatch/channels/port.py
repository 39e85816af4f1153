"""The port that every way to reach a person implements, and the message it carries.

An adapter lives in a folder of its own beside this file and hands one message over to the outside: a gateway, a server, a
screen. It decides nothing: retries, order of channels and time limits are the chain's. It raises `HandoverFailed`
(`permanent=True` when repeating is useless); any other exception counts as a failure that may be repeated. One whose gateway
takes fewer tries at once than `dispatch.places.AT_ONCE_MAX` says how many in `at_once_max`.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal, Protocol

import msgspec


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a channel needs to tell one recipient about one alarm.

    `key` is the same for every try of the same telling, so that a receiver can drop doubles. `answer_url` is the
    recipient's own link (only for contacts and units that may answer there). `reason` says a finding about zones in numbers.
    The position is the newest that can be relied on, measured at `position_at` and so old when the message was made.
    """

    key: str
    tenant: str
    tenant_name: str
    language: Literal["sv", "en"]
    timezone: str
    alarm: str
    resident: str | None
    resident_name: str | None
    address: str | None
    rule: str
    cause: str
    priority: str
    why: str
    raised_at: datetime
    late_s: int
    lat: float | None
    lon: float | None
    accuracy_m: float | None
    recipient: str
    recipient_name: str
    to: str | None
    link: int
    told_before: int
    answer_url: str | None
    test: bool = False
    reason: str | None = None
    position_at: datetime | None = None
    position_age_s: int | None = None


class Receipt(msgspec.Struct, frozen=True):
    """That the outside took the message; `reference` is its own name for it, if it gave one."""

    reference: str | None = None


class ChannelPort(Protocol):
    """One way to reach a person."""

    kind: ClassVar[str]

    async def hand_over(self, message: Message) -> Receipt:
        """Give `message` to the outside; return once it has truly been taken.

        Raises:
            HandoverFailed: it was not taken.
        """

    async def close(self) -> None:
        """Give back connections."""
