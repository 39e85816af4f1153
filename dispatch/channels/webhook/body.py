"""The JSON body of a webhook: every field a receiver needs, and the text ready to be read by a person."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import msgspec

from dispatch.channels.port import Message
from dispatch.wording import first_line, subject, text, why_text

TYPE: Final = "alarm.told"
VERSION: Final = 1
"""Raised when a field changes its meaning; new fields are added without it."""


class Place(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where the person was seen last, in WGS 84 degrees; `accuracy_m` absent means unknown. `age_s`: when this was said."""

    lat: float
    lon: float
    accuracy_m: float | None = None
    at: str | None = None
    age_s: int | None = None


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One telling of one alarm to one recipient."""

    key: str
    tenant: str
    tenant_name: str
    alarm: str
    resident: str | None
    resident_name: str | None
    address: str | None
    rule: str
    cause: str
    priority: str
    why: str
    why_text: str
    reason: str | None
    raised_at: str
    late_s: int
    position: Place | None
    recipient: str
    recipient_name: str
    link: int
    told_before: int
    answer_url: str | None
    language: str
    timezone: str
    test: bool
    subject: str
    first_line: str
    text: str


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """The whole body; `timestamp` is when the alarm was raised, the time of the try stands in the headers."""

    type: str
    version: int
    timestamp: str
    data: Told


def body(message: Message) -> bytes:
    """`message` as the bytes that are signed and sent; the same message gives the same bytes."""
    place = None
    if message.lat is not None and message.lon is not None:
        at = None if message.position_at is None else _stamp(message.position_at)
        place = Place(message.lat, message.lon, message.accuracy_m, at, message.position_age_s)
    raised = _stamp(message.raised_at)
    same = {name: getattr(message, name) for name in Told.__struct_fields__ if name in Message.__struct_fields__}
    told = Told(
        **{**same, "raised_at": raised},
        position=place,
        why_text=why_text(message.why, message.language),
        subject=subject(message),
        first_line=first_line(message),
        text=text(message),
    )
    return msgspec.json.encode(Body(type=TYPE, version=VERSION, timestamp=raised, data=told))


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
