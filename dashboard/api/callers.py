"""Who is calling: a bearer token, a page's session cookie, or (only without credentials, on the loopback) anybody."""

from __future__ import annotations

import asyncio
import base64
from typing import Final

import msgspec
from fastapi import Request, WebSocket
from starlette.requests import HTTPConnection

from alarmcore.busy import turned_away
from alarmcore.errors import NotAllowed, Unavailable
from dashboard.credentials import PEOPLE, Credential, CredentialStore, SessionCookies, signed_in

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Caller(msgspec.Struct, frozen=True):
    """`tenant` None sees all tenants, which only an open installation allows. `subject`: `operator:anna`, `device:gps-1`."""

    tenant: str | None
    role: str
    subject: str

    @property
    def name(self) -> str:
        """What people call them."""
        return self.subject.split(":", 1)[-1]


DEVICES_MAX: Final = 4
"""Devices over HTTP whose credentials are looked up at once. Where that is done in a database, the other half of the connections
to it is left for operators, and for what these readings need next."""

DEVICES_S: Final = 5.0
"""How long a device waits for that: as long as one read may take."""

OPEN = Caller(None, "operator", "operator:open")


class Callers:
    """Finds out who is calling."""

    def __init__(self, store: CredentialStore, cookies: SessionCookies, *, opened: bool) -> None:
        self.store = store
        self.cookies = cookies
        self.opened = opened
        self.devices = asyncio.Semaphore(DEVICES_MAX)

    async def of(self, connection: HTTPConnection) -> Caller:
        """The caller.

        Raises:
            NotAllowed: no credential, or one that opens nothing.
        """
        credential = await self.credential(connection)
        if credential is not None:
            return Caller(credential.tenant, credential.role, credential.subject)
        if self.opened:
            return OPEN
        raise NotAllowed("sign in, or send a token as `Authorization: Bearer …`")

    async def credential(self, connection: HTTPConnection) -> Credential | None:
        """The credential that was sent, if it opens something."""
        scheme, _, secret = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and secret:
            return await signed_in(self.store, secret.strip())
        if scheme.lower() == "basic":
            # Who speaks only HTTP Basic: devices (the OwnTracks app) as `tenant/device`, password as over MQTT; some brokers.
            return await basic(connection.headers["authorization"], self.store)
        value = connection.cookies.get(self.cookies.name)
        if value is None or not same_origin(connection):
            return None
        return await self.cookies.read(value, self.store)

    async def operator(self, request: Request) -> Caller:
        """A caller who may handle alarms."""
        return self._as_operator(await self.of(request))

    async def watcher(self, socket: WebSocket) -> Caller:
        """The same, for a screen."""
        return self._as_operator(await self.of(socket))

    def _as_operator(self, caller: Caller) -> Caller:
        if caller.role not in PEOPLE:
            raise NotAllowed(f"a {caller.role}'s token opens nothing here; use an operator's")
        return caller

    async def device(self, request: Request) -> str | None:
        """The device that is calling, as `tenant/device`; None where credentials are off.

        Raises:
            NotAllowed: somebody else, or nobody known, is calling.
            Unavailable: too many are calling at once.
        """
        try:
            async with asyncio.timeout(DEVICES_S), self.devices:
                credential = await self.credential(request)
        except TimeoutError:
            turned_away("sign_ins")
            raise Unavailable("too many devices are calling at once; repeat this") from None
        if credential is None and self.opened:
            return None
        if credential is None or credential.role != "device":
            raise NotAllowed("readings are sent with the device's own password as `Authorization: Bearer …`")
        return _name(credential)

    async def broker(self, request: Request) -> None:
        """Let only a broker ask.

        Raises:
            NotAllowed: somebody else, or nobody known, is calling.
        """
        credential = await self.credential(request)
        if (credential is None and not self.opened) or (credential is not None and credential.role != "broker"):
            raise NotAllowed("a broker asks with a token of its own (`alarmcore token broker`) as `Authorization: Bearer …`")


def _name(credential: Credential) -> str | None:
    """The user that belongs to a credential where one is asked for; None where none is."""
    if credential.role == "device":
        return f"{credential.tenant}/{credential.subject.split(':', 1)[1]}"
    return "broker" if credential.role == "broker" else None


def same_origin(connection: HTTPConnection) -> bool:
    """Whether a request with a cookie comes from our own pages: a browser says where a script or form was loaded."""
    site = connection.headers.get("sec-fetch-site")
    if site is not None and site not in {"same-origin", "none"}:
        return False
    origin = connection.headers.get("origin")
    if origin is None:
        return connection.scope.get("method", "GET") in SAFE or site == "same-origin" or connection.scope["type"] == "websocket"
    return origin.split("://", 1)[-1] == connection.headers.get("host")


async def basic(header: str, store: CredentialStore) -> Credential | None:
    """The device's or broker's credential from HTTP Basic, if user and password belong together."""
    try:
        user, _, secret = base64.b64decode(header.partition(" ")[2], validate=True).decode().partition(":")
    except ValueError:  # not ASCII, not base64, not UTF-8
        return None
    credential = await signed_in(store, secret)
    return credential if credential is not None and user == _name(credential) else None


async def device_signed_in(store: CredentialStore, user: str, secret: str) -> Credential | None:
    """The device's credential, if `user` (`tenant/device`) and its password belong together."""
    credential = await signed_in(store, secret)
    return credential if credential is not None and credential.role == "device" and user == _name(credential) else None
