"""What goes through the inbox: readings that another process received, and how they and people's acts are answered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from alarmcore.intake import Raw, Verdict
from alarmcore.model.alarm import Refuse
from alarmcore.model.reading import URGENT

READING, PRESS, ACT = "reading", "press", "act"
"""What an entry is: readings that overtake others are told apart, so that they need not be opened to be found."""


class StoredReading(msgspec.Struct, frozen=True, array_like=True):
    """A reading as a door received it, without those who wait for its verdict."""

    tenant: str
    device: str
    kind: str
    payload: bytes
    received_at: datetime
    principal: str | None
    dialect: str


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of an entry: a reading's verdict; of an act why it was refused, or that it can never be kept."""

    verdict: Verdict | None = None
    refused: Refuse | None = None
    failed: bool = False


_encode = msgspec.msgpack.Encoder().encode
_reading = msgspec.msgpack.Decoder(StoredReading).decode
decode_answer = msgspec.msgpack.Decoder(Answer).decode


def kind_of(raw: Raw) -> str:
    """What a reading is in the inbox."""
    return PRESS if raw.kind in URGENT else READING


def encode_reading(raw: Raw) -> bytes:
    """A reading as it is stored."""
    return _encode(StoredReading(raw.tenant, raw.device, raw.kind, raw.payload, raw.received_at, raw.principal, raw.dialect))


def decode_reading(data: bytes, place: int) -> Raw:
    """A stored reading, for the owner of its tenant."""
    s = _reading(data)
    return Raw(s.tenant, s.device, s.kind, s.payload, s.received_at, principal=s.principal, dialect=s.dialect, inbox=place)


def answers_of(
    raws: Sequence[Raw], verdicts: Sequence[Verdict], acts: Iterable[tuple[Refuse | None, int | None]]
) -> list[tuple[int, bytes]]:
    """The answers that a batch gives to entries of the inbox, by their places."""
    answers = [
        (raw.inbox, _encode(Answer(verdict))) for raw, verdict in zip(raws, verdicts, strict=True) if raw.inbox is not None
    ]
    return answers + [(place, _encode(Answer(refused=refused))) for refused, place in acts if place is not None]


def failed(place: int) -> list[tuple[int, bytes]]:
    """The answer to an act at which a step fails, and always will."""
    return [(place, _encode(Answer(failed=True)))]
