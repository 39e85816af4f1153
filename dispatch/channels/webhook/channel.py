"""The webhook channel: one signed POST per try; any answer from 200 to 299 means taken."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import ClassVar, Final

import httpx
import msgspec

from alarmcore.errors import HandoverFailed
from dispatch.channels.port import Message, Receipt
from dispatch.channels.webhook.body import body
from dispatch.channels.webhook.signature import signature, tenant_secret, webhook_id

TRY_S: Final = 5.0
"""One try: the chain waits 15 s for a hand-over, so two more fit in."""

PER_HOST_MAX: Final = 8
"""Tries of one tenant under way at one host: one that hangs must not use up the connections of all others. Several tenants may be
behind one gateway's host, and a path of one that hangs must not keep the others' alarms."""

REPLY_BYTES_MAX: Final = 16_384
"""What is read of an answer: enough for a reference, too little to fill our memory."""

REPLY_S: Final = 1.0
"""How long an answer's body may take once its status has said that the message was taken."""

REFERENCE_CHARS_MAX: Final = 128
"""A receiver's own id of the message is kept beside the telling; nobody's id is longer."""

PERMANENT: Final = frozenset({301, 302, 303, 307, 308, 400, 401, 403, 404, 410, 422})
"""Statuses that repeating does not change: wrong address, wrong secret, a body it does not understand, or a redirect.

A redirect is never followed: whoever can make a receiver redirect could otherwise send an alarm to a third party.
"""


class _Reply(msgspec.Struct):
    """What we look for in a receiver's answer; everything else in it is its own business."""

    reference: str | None = None


class WebhookChannel:
    """Hands messages over to receivers' HTTP servers; `Message.to` is the URL."""

    kind: ClassVar[str] = "webhook"

    def __init__(
        self, secret: bytes, now: Callable[[], datetime], *, try_s: float = TRY_S, verify: ssl.SSLContext | bool = True
    ) -> None:
        # httpx logs every URL at INFO, and a receiver's URL may carry its password.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        self._secret = secret
        self._now = now
        self._try_s = try_s
        # Bounded per host below; a common limit would let one dead receiver hold up the others.
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=50, keepalive_expiry=30)
        self._client = httpx.AsyncClient(
            follow_redirects=False, trust_env=False, verify=verify, limits=limits, timeout=httpx.Timeout(try_s)
        )
        self._places: defaultdict[tuple[str, str], _Places] = defaultdict(_Places)

    async def hand_over(self, message: Message) -> Receipt:
        """Post `message`; one try, at most `try_s` long. Waiting for a place at the host is no part of it.

        Raises:
            HandoverFailed: the receiver did not answer 200 to 299.
        """
        url = _url(message)
        async with AsyncExitStack() as held:
            await held.enter_async_context(self._place(message.tenant, url.host))
            response = await self._post(url, message, held)
            # From here on the receiver has answered: whatever becomes of the rest of its answer changes nothing.
            if response.is_success:
                return Receipt(await _reference(response))
            permanent = response.status_code in PERMANENT
            advice = "check its address and secret" if permanent else "it is tried again"
            raise HandoverFailed(f"webhook of {message.recipient} answered {response.status_code}; {advice}", permanent=permanent)

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def _post(self, url: httpx.URL, message: Message, held: AsyncExitStack) -> httpx.Response:
        """The receiver's answer up to its headers; `held` gives back its connection."""
        content = body(message)
        request = self._client.build_request("POST", url, content=content, headers=self._headers(message, content))
        try:
            # httpx's own time limits are per read, so headers that drip would never end.
            async with asyncio.timeout(self._try_s):
                response = await self._client.send(request, stream=True)
        except (TimeoutError, httpx.TimeoutException):
            raise HandoverFailed(
                f"webhook of {message.recipient} did not answer in {self._try_s:g} s; it is tried again"
            ) from None
        except (httpx.HTTPError, OSError) as error:
            # The cause is named by its type only: its text carries the URL.
            kind = type(error).__name__
            raise HandoverFailed(f"webhook of {message.recipient} could not be reached ({kind}); it is tried again") from None
        held.push_async_callback(response.aclose)
        return response

    def _headers(self, message: Message, content: bytes) -> dict[str, str]:
        id_ = webhook_id(message.key)
        timestamp = int(self._now().timestamp())
        return {
            "content-type": "application/json",
            "accept": "application/json",
            # A compressed answer could be small on the wire and huge in memory.
            "accept-encoding": "identity",
            "user-agent": "alarmcore-webhook/1",
            "webhook-id": id_,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(tenant_secret(self._secret, message.tenant), id_, timestamp, content),
        }

    @asynccontextmanager
    async def _place(self, tenant: str, host: str) -> AsyncIterator[None]:
        """One of a tenant's places at a host; the entry goes when nobody uses it, so that the table cannot grow."""
        places = self._places[tenant, host]
        places.users += 1
        try:
            async with places.free:
                yield
        finally:
            places.users -= 1
            if not places.users:
                self._places.pop((tenant, host), None)


class _Places:
    """How many tries of one tenant may be under way at one host, and how many want to be."""

    def __init__(self) -> None:
        self.free = asyncio.Semaphore(PER_HOST_MAX)
        self.users = 0


async def _reference(response: httpx.Response) -> str | None:
    """The receiver's own id of the message, if it gave one in time; the message is taken whatever stands here."""
    content = bytearray()
    try:
        async with asyncio.timeout(REPLY_S):
            async for chunk in response.aiter_raw():
                content += chunk
                if len(content) > REPLY_BYTES_MAX:
                    return None
        reference = msgspec.json.decode(bytes(content), type=_Reply).reference
    except (TimeoutError, httpx.HTTPError, httpx.StreamError, msgspec.MsgspecError, ValueError):
        return None
    return reference[:REFERENCE_CHARS_MAX] if reference else None


def _url(message: Message) -> httpx.URL:
    """The receiver's address.

    Raises:
        HandoverFailed: it is no http or https URL.
    """
    try:
        url = httpx.URL(message.to or "")
    except (httpx.InvalidURL, ValueError):
        url = httpx.URL("")
    if url.scheme not in {"http", "https"} or not url.host:
        raise HandoverFailed(
            f"webhook of {message.recipient} has no usable address; give it a URL that begins with https://", permanent=True
        )
    return url
