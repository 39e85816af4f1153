"""Who is calling: a bearer token, a page's session cookie, or (only without credentials, on the loopback) anybody."""

from __future__ import annotations

import base64

import msgspec
from fastapi import Request, WebSocket
from starlette.requests import HTTPConnection

from alarmcore.errors import NotAllowed
from dashboard.credentials import Credential, CredentialStore, SessionCookies, signed_in

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


OPEN = Caller(None, "operator", "operator:open")


class Callers:
    """Finds out who is calling."""

    def __init__(self, store: CredentialStore, cookies: SessionCookies, *, opened: bool) -> None:
        self.store = store
        self.cookies = cookies
        self.opened = opened

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
            # Devices that only speak HTTP Basic (the OwnTracks app): user `tenant/device`, password as over MQTT.
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
        if caller.role not in {"operator", "administrator"}:
            raise NotAllowed("a device's token opens only its own readings; use an operator's")
        return caller

    async def device(self, request: Request) -> str | None:
        """The device that is calling, as `tenant/device`; None where credentials are off.

        Raises:
            NotAllowed: somebody else, or nobody known, is calling.
        """
        credential = await self.credential(request)
        if credential is None and self.opened:
            return None
        if credential is None or credential.role != "device":
            raise NotAllowed("readings are sent with the device's own password as `Authorization: Bearer …`")
        return f"{credential.tenant}/{credential.subject.split(':', 1)[1]}"


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
    """The device's credential from HTTP Basic, if user and password belong together."""
    try:
        user, _, secret = base64.b64decode(header.partition(" ")[2], validate=True).decode().partition(":")
    except ValueError:  # not ASCII, not base64, not UTF-8
        return None
    return await device_signed_in(store, user, secret)


async def device_signed_in(store: CredentialStore, user: str, secret: str) -> Credential | None:
    """The device's credential, if `user` (`tenant/device`) and its password belong together."""
    credential = await signed_in(store, secret)
    if credential is None or credential.role != "device":
        return None
    return credential if user == f"{credential.tenant}/{credential.subject.split(':', 1)[1]}" else None
