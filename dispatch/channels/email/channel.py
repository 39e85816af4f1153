"""The e-mail channel: one SMTP conversation per try; taken means that the server has answered 250 to the whole mail."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from datetime import datetime
from typing import ClassVar, Final

import aiosmtplib

from alarmcore.errors import HandoverFailed, OptionInvalid
from dispatch.channels.email.mail import address, mail
from dispatch.channels.email.server import Security, smtp_server
from dispatch.channels.port import Message, Receipt

TRY_S: Final = 10.0
"""One try: an SMTP server may greet slowly on purpose, and the chain waits 15 s for a hand-over."""

CONVERSATIONS_MAX: Final = 16
"""Conversations with the server at once: common mail servers refuse a client from 20 on."""

REFERENCE_CHARS_MAX: Final = 128
"""The server's own id of the mail (its queue id) is kept beside the telling; nobody's id is longer."""

FAREWELL_S: Final = 1.0
"""How long the server may take to say goodbye once the mail is its own."""

_STARTTLS: Final[dict[Security, bool | None]] = {"tls": False, "required": True, "offered": None, "off": False}

_QUEUED: Final = re.compile(r"queued as ([A-Za-z0-9._-]+)", re.IGNORECASE)


class EmailChannel:
    """Hands mails over to one SMTP server; `Message.to` is the recipient's address."""

    kind: ClassVar[str] = "email"
    at_once_max: ClassVar[int] = CONVERSATIONS_MAX

    def __init__(
        self,
        url: str,
        sender: str,
        now: Callable[[], datetime],
        *,
        try_s: float = TRY_S,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._server = smtp_server(url)
        from_ = address(sender, "Alarmcore")
        if from_ is None:
            raise OptionInvalid("the sender of mails is not a mail address; write one like larm@example.org")
        self._sender = from_
        self._now = now
        self._try_s = try_s
        self._tls = tls
        self._free = asyncio.Semaphore(CONVERSATIONS_MAX)

    async def hand_over(self, message: Message) -> Receipt:
        """Send `message` as a mail; one try, at most `try_s` long.

        Raises:
            HandoverFailed: the server did not take it; permanent when it said so with a 5xx answer.
        """
        to = address(message.to, message.recipient_name)
        if to is None:
            raise HandoverFailed(f"{message.recipient} has no usable mail address; correct it in the site file", permanent=True)
        made = mail(message, self._sender, to, self._now())
        smtp = self._conversation()
        async with AsyncExitStack() as held:
            held.callback(smtp.close)
            try:
                # Waiting for others is no part of the try.
                await held.enter_async_context(self._free)
                async with asyncio.timeout(self._try_s):
                    await smtp.connect()
                    _refused, answer = await smtp.send_message(made)
            except (aiosmtplib.SMTPException, OSError, ValueError) as error:
                # Only the kind of failure is said: a server's answer repeats the recipient's address.
                raise _failure(message.recipient, error, self._try_s) from None
            # From here on the server has taken the mail: a farewell that goes wrong changes nothing.
            with suppress(aiosmtplib.SMTPException, OSError):
                await smtp.quit(timeout=FAREWELL_S)
        queued = _QUEUED.search(answer)
        return Receipt(queued[1][:REFERENCE_CHARS_MAX] if queued else None)

    async def close(self) -> None:
        """Do nothing: no connection is kept between mails."""

    def _conversation(self) -> aiosmtplib.SMTP:
        server = self._server
        return aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user,
            password=server.password,
            # Asking the system for its full name may wait for a name server.
            local_hostname=self._sender.domain,
            use_tls=server.security == "tls",
            start_tls=_STARTTLS[server.security],
            tls_context=self._tls,
            timeout=self._try_s,
        )


def _failure(recipient: str, error: Exception, try_s: float) -> HandoverFailed:
    """What `error` means for the chain: a 5xx answer stays what it is, everything else may pass."""
    code = _code(error)
    if code is not None and code > 0:  # aiosmtplib calls an answer that is no SMTP -1.
        permanent = code >= 500
        advice = "check the address and the mail server's settings" if permanent else "it is tried again"
        return HandoverFailed(f"mail to {recipient} was answered {code}; {advice}", permanent=permanent)
    # aiosmtplib says that STARTTLS is missing with its root class itself.
    if isinstance(error, aiosmtplib.SMTPNotSupported) or type(error) is aiosmtplib.SMTPException:
        return HandoverFailed(
            f"mail to {recipient} needs something that the mail server does not offer (TLS, sign-in or UTF-8); change its URL",
            permanent=True,
        )
    if isinstance(error, TimeoutError):
        return HandoverFailed(f"mail to {recipient} was not taken in {try_s:g} s; it is tried again")
    return HandoverFailed(f"mail to {recipient} did not reach the server ({type(error).__name__}); it is tried again")


def _code(error: Exception) -> int | None:
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return max((refused.code for refused in error.recipients), default=None)
    return error.code if isinstance(error, aiosmtplib.SMTPResponseException) else None
