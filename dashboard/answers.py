"""A recipient's own link to one alarm (`/a/{token}`, signed: neither guessed nor changed), and what stands behind it."""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import datetime
from typing import Final, Literal, Protocol

import msgspec
from itsdangerous import BadSignature, Signer
from itsdangerous.signer import SigningAlgorithm

from alarmcore.model.alarm import Facts
from dispatch.wording.moments import Language

SIGNATURE_BYTES: Final = 16
"""128 bits of HMAC-SHA256: beyond guessing, and short enough for the link to fit in an SMS."""

TOKEN_CHARS_MAX: Final = 256
"""The longest token we make (tenant 63, alarm 32, recipient 63 and the rest) with room to spare."""

_ID: Final = r"[a-z0-9][a-z0-9_-]{0,62}"
_KEY: Final = re.compile(rf"({_ID})\.([A-Za-z0-9_-]{{1,32}})\.([cu])\.({_ID})")
_LETTERS: Final = {"contact": "c", "unit": "u"}
_KINDS: Final = {"c": "contact", "u": "unit"}


class AnswerKey(msgspec.Struct, frozen=True):
    """Whose link to what: `recipient` is `contact:eva` or `unit:night-patrol`."""

    tenant: str
    alarm: str
    recipient: str


class KnownPosition(msgspec.Struct, frozen=True):
    """Where the person was last known to be, in WGS 84 degrees; `accuracy_m` absent means unknown."""

    lat: float
    lon: float
    accuracy_m: float | None = None
    at: datetime | None = None


class AnswerView(msgspec.Struct, frozen=True, kw_only=True):
    """What a recipient may see of one alarm. `taken_by` is a reference like `recipient`; `answered` the reader's last answer.

    `now` is when this was looked at; `outing_until` is there while the person is out with somebody, `outing_mine` if the reader
    has begun that.
    """

    alarm: str
    recipient: str
    recipient_name: str
    tenant_name: str
    language: Language
    timezone: str
    state: Literal["open", "taken", "arrived", "resolved"]
    cause: str
    why: str
    raised_at: datetime
    late_s: int = 0
    resident_name: str | None = None
    address: str | None = None
    position: KnownPosition | None = None
    taken_by: str | None = None
    taken_by_name: str | None = None
    taken_at: datetime | None = None
    arrived_at: datetime | None = None
    outcome: str | None = None
    resolved_at: datetime | None = None
    resolved_by_name: str | None = None
    facts: Facts | None = None
    zone_names: dict[str, str] = {}
    repeats: int = 0
    repeated_at: datetime | None = None
    answered: str | None = None
    test: bool = False
    resident: str = ""
    now: datetime | None = None
    outing_until: datetime | None = None
    outing_with: str | None = None
    outing_mine: bool = False


class AnswerPort(Protocol):
    """What the page needs of the service behind it."""

    async def view(self, tenant: str, alarm: str, recipient: str) -> AnswerView | None:
        """The alarm as `recipient` may see it, or None when there is none or they were never told of it.

        It changes nothing; that somebody looked at a position is for the port to log.

        Raises:
            Unavailable: it cannot be read just now.
        """

    async def answer(self, tenant: str, alarm: str, recipient: str, answer: str, outcome: str | None) -> None:
        """Store the answer `take`, `decline`, `arrive` or `resolve`; it is on durable storage when this returns.

        Raises:
            TakenByOther: somebody else has taken it.
            AlarmClosed: it is resolved.
            AlarmUnknown: there is no such alarm for this recipient.
            Unavailable: nothing was stored; the same call may work later.
        """

    async def accompany(self, tenant: str, alarm: str, recipient: str, until: datetime) -> None:
        """Store that the recipient has the alarm and is out with the person until then. What is stored is so when this returns.

        Raises:
            TakenByOther, AlarmClosed, AlarmUnknown: as `answer` says; no outing was begun.
            CommandRefused: it is no alarm about where the person is; nothing was stored.
            OutingRefused: it cannot last until then; nothing was stored.
            Unavailable: not all of it is known to be stored; the same call may work later, and does nothing twice.
        """

    async def bring_back(self, tenant: str, alarm: str, recipient: str) -> None:
        """Store that the outing which the recipient has begun is over, be the alarm resolved or not; without one do nothing.

        Raises:
            AlarmUnknown: there is no such alarm for this recipient.
            CommandRefused: the person is out with somebody else by now; nothing was stored.
            Unavailable: it is not known to be stored; the same call may work later, and does nothing twice.
        """


class AnswerLinks:
    """Makes and reads the links' tokens; `base_url` is where recipients reach this installation.

    The link lives as long as the alarm is open, so there is no time in it. Whoever holds it may answer as that recipient:
    it is a secret, and pages and logs must treat it as one.
    """

    def __init__(self, installation_secret: bytes, base_url: str = "") -> None:
        self._base_url = base_url.rstrip("/")
        self._signer = Signer(
            installation_secret,
            salt=b"alarmcore answer",
            key_derivation="hmac",
            digest_method=hashlib.sha256,
            algorithm=_ShortHmac(),
        )

    @property
    def base_url(self) -> str:
        """Where recipients reach this installation, without a slash at its end."""
        return self._base_url

    def token(self, key: AnswerKey) -> str:
        """The token of `key`, made of letters, digits, `-`, `_` and full stops only.

        Raises:
            ValueError: one of its ids could not be read back.
        """
        kind, _, id_ = key.recipient.partition(":")
        value = f"{key.tenant}.{key.alarm}.{_LETTERS.get(kind, '?')}.{id_}"
        if not _KEY.fullmatch(value):
            raise ValueError(f"no link can be made for {key.recipient} and alarm {key.alarm}; its ids are not as the site file's")
        return self._signer.sign(value).decode()

    def url(self, key: AnswerKey) -> str:
        """The link that is sent to the recipient."""
        return f"{self._base_url}/a/{self.token(key)}"

    def read(self, token: str) -> AnswerKey | None:
        """Whose link this is, or None when we did not make it; compared in constant time."""
        if len(token) > TOKEN_CHARS_MAX or not token.isascii():
            return None
        try:
            value = self._signer.unsign(token).decode()
        except (BadSignature, ValueError):
            return None
        # Base64 can be written in several ways; only the one that we write is a link, so that no changed one works.
        if not hmac.compare_digest(self._signer.sign(value), token.encode()):
            return None
        match = _KEY.fullmatch(value)
        return AnswerKey(match[1], match[2], f"{_KINDS[match[3]]}:{match[4]}") if match else None


class _ShortHmac(SigningAlgorithm):
    """HMAC-SHA256 cut to `SIGNATURE_BYTES`; itsdangerous compares it in constant time."""

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        return hmac.new(key, value, hashlib.sha256).digest()[:SIGNATURE_BYTES]
