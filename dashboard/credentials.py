"""Credentials: high-entropy secrets and their digests, roles, session cookies, and the limit on failed sign-ins."""

from __future__ import annotations

import hashlib
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import OrderedDict
from collections.abc import Callable, Collection
from datetime import datetime
from ipaddress import IPv6Address, ip_address
from typing import Any, Final, Literal, Protocol

import msgspec
from itsdangerous import BadSignature, TimestampSigner

Role = Literal["operator", "administrator", "device", "broker"]

PREFIXES: Final[dict[Role, str]] = {"operator": "aco_", "administrator": "aca_", "device": "acd_", "broker": "acb_"}
"""What a secret begins with, so that one found in a log or a repository tells what it opens."""

SECRET_BYTES: Final = 32
"""256 random bits: nobody guesses them, however fast the digest is."""

SESSION_S: Final = 12 * 3600
"""A long shift; nobody is asked to sign in again in the middle of an alarm."""


INSTALLATION: Final = "-"
"""What stands in the place of a tenant for those who belong to none: brokers. No tenant can be called so."""

PEOPLE: Final[frozenset[Role]] = frozenset({"operator", "administrator"})
"""Who may see and handle a tenant's alarms. Whoever is not named here may not, whatever roles there will be."""


class Credential(msgspec.Struct, frozen=True, kw_only=True):
    """Who may do what in one tenant; `subject` is `operator:anna` or `device:gps-1`. The secret itself is nowhere."""

    tenant: str
    role: Role
    subject: str
    digest: bytes
    created_at: datetime
    revoked_at: datetime | None = None


class CredentialStore(Protocol):
    """Where credentials are kept; each adapter passes the suite of this port."""

    async def add(self, credential: Credential) -> None:
        """Keep `credential`; it is on durable storage when this returns.

        Raises:
            ValueError: its digest is kept already.
        """

    async def by_digest(self, digest: bytes) -> Credential | None:
        """The credential with this digest, revoked ones too."""

    async def revoke(self, digest: bytes, at: datetime) -> bool:
        """Say that it opens nothing from `at` on; False when there is none. The first moment stands."""

    async def shut(self, digests: Collection[bytes]) -> set[bytes]:
        """Those of some digests that open nothing (any more)."""


class MemoryCredentials:
    """Credentials in memory, for tests and for `serve --open`."""

    def __init__(self) -> None:
        self._by_digest: dict[bytes, Credential] = {}

    async def add(self, credential: Credential) -> None:
        """Keep `credential`."""
        if credential.digest in self._by_digest:
            raise ValueError("a credential with this digest is kept already; make a new secret")
        self._by_digest[credential.digest] = credential

    async def by_digest(self, digest: bytes) -> Credential | None:
        """The credential with this digest, revoked ones too."""
        return self._by_digest.get(digest)

    async def revoke(self, digest: bytes, at: datetime) -> bool:
        """Say that it opens nothing from `at` on; False when there is none."""
        kept = self._by_digest.get(digest)
        if kept is None:
            return False
        if kept.revoked_at is None:
            self._by_digest[digest] = msgspec.structs.replace(kept, revoked_at=at)
        return True

    async def shut(self, digests: Collection[bytes]) -> set[bytes]:
        """Those of some digests that open nothing (any more)."""
        return {one for one in digests if _unrevoked(self._by_digest.get(one)) is None}


def new_secret(role: Role = "operator") -> str:
    """A new secret: its kind and 256 random bits, fit for a URL, a header and an MQTT password."""
    return PREFIXES[role] + secrets.token_urlsafe(SECRET_BYTES)


def digest(secret: str) -> bytes:
    """What is stored of a secret.

    A plain SHA-256: slow hashes make guessing a person's password dear, but nobody guesses 256 random bits, and thousands of
    devices that sign in again after an outage would pay for it. Looking up by digest also tells nothing through its timing.
    """
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


async def signed_in(store: CredentialStore, secret: str) -> Credential | None:
    """Whom `secret` belongs to, unless it was revoked."""
    return _unrevoked(await store.by_digest(digest(secret)))


class SessionCookies:
    """Sessions as signed cookies that name a credential by its digest.

    Signed instead of stored: any web process can read them, none is lost when one restarts, and because the credential is
    looked up each time, revoking it ends its sessions at once.
    """

    def __init__(self, installation_secret: bytes, now: Callable[[], datetime], *, https: bool) -> None:
        self._signer = _Signer(installation_secret, now)
        self._https = https

    @property
    def name(self) -> str:
        """The cookie's name; over https no other host or path can set one of this name."""
        return "__Host-alarmcore" if self._https else "alarmcore"

    @property
    def attributes(self) -> dict[str, Any]:
        """What Starlette's `set_cookie` wants beside name and value."""
        return {"max_age": SESSION_S, "path": "/", "secure": self._https, "httponly": True, "samesite": "lax"}

    def issue(self, credential: Credential) -> str:
        """A cookie's value for somebody who has just signed in."""
        return self._signer.sign(urlsafe_b64encode(credential.digest)).decode()

    async def read(self, value: str, store: CredentialStore) -> Credential | None:
        """Whose session this is; None when it is wrong, older than `SESSION_S`, or its credential was revoked."""
        try:
            named = urlsafe_b64decode(self._signer.unsign(value, max_age=SESSION_S))
        except (BadSignature, ValueError):
            return None
        return _unrevoked(await store.by_digest(named))


class _Signer(TimestampSigner):
    """itsdangerous' own, with SHA-256 and our clock."""

    def __init__(self, secret: bytes, now: Callable[[], datetime]) -> None:
        super().__init__(secret, salt=b"alarmcore session", key_derivation="hmac", digest_method=hashlib.sha256)
        self._now = now

    def get_timestamp(self) -> int:
        return int(self._now().timestamp())


class Bucket(msgspec.Struct, frozen=True):
    """A token bucket at rest: how many tokens it held at `at` (seconds of any steady clock)."""

    tokens: float
    at: float


class Rate(msgspec.Struct, frozen=True):
    """So many at once, and then one every `every_s`."""

    burst: int
    every_s: float

    def level(self, bucket: Bucket | None, now: float) -> Bucket:
        """The bucket as it stands at `now`; a new one is full, and a clock that went back fills nothing."""
        if bucket is None:
            return Bucket(float(self.burst), now)
        return Bucket(min(self.burst, bucket.tokens + max(0.0, now - bucket.at) / self.every_s), now)

    def wait_s(self, bucket: Bucket) -> float:
        """How long until there is a token."""
        return max(0.0, (1.0 - bucket.tokens) * self.every_s)


FAILED_PER_ADDRESS_MAX: Final = Rate(burst=10, every_s=30)
"""Wrong secrets from one address: ten slips of the hand, then two a minute. An alarm centre may share one address."""

FAILED_OVERALL_MAX: Final = Rate(burst=1000, every_s=0.05)
"""Wrong secrets from everywhere: 20 a second cost us nothing, and nobody alone can use them up and lock others out."""

ADDRESSES_MAX: Final = 10_000
"""Addresses remembered; beyond it the one that was quiet longest is forgotten, and the overall limit still holds."""


class SignInLimit:
    """How many sign-ins may fail. Those that succeed cost nothing, so that a change of shift never waits.

    `one` says what counts as one address, for those who have something else than addresses.
    """

    def __init__(self, one: Callable[[str], str] | None = None) -> None:
        self._one = one or _network
        self._by_address: OrderedDict[str, Bucket] = OrderedDict()
        self._overall: Bucket | None = None

    def wait_s(self, address: str, now: float) -> float:
        """0.0 when this address may try now, else how long it must wait (`Retry-After`). Ask before looking at the secret."""
        mine = FAILED_PER_ADDRESS_MAX.level(self._by_address.get(self._one(address)), now)
        overall = FAILED_OVERALL_MAX.level(self._overall, now)
        return max(FAILED_PER_ADDRESS_MAX.wait_s(mine), FAILED_OVERALL_MAX.wait_s(overall))

    def failed(self, address: str, now: float) -> None:
        """Count a sign-in that failed."""
        network = self._one(address)
        mine = FAILED_PER_ADDRESS_MAX.level(self._by_address.pop(network, None), now)
        self._by_address[network] = Bucket(max(0.0, mine.tokens - 1), now)
        if len(self._by_address) > ADDRESSES_MAX:
            self._by_address.popitem(last=False)
        overall = FAILED_OVERALL_MAX.level(self._overall, now)
        self._overall = Bucket(max(0.0, overall.tokens - 1), now)


def _network(address: str) -> str:
    """What counts as one address: of IPv6 the /64, since whoever has one address has them all."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return parsed.exploded[:19]
    return str(parsed)


def _unrevoked(credential: Credential | None) -> Credential | None:
    return None if credential is None or credential.revoked_at is not None else credential
