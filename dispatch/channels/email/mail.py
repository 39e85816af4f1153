"""A message as a mail: headers that cannot be broken into, plain text first and the same in HTML."""

from __future__ import annotations

import hashlib
import html
import re
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

from dispatch.channels.port import Message
from dispatch.wording import subject, text
from dispatch.wording.telling import NAME_CHARS_MAX, plain

ADDRESS_CHARS_MAX: Final = 254
"""The longest address that fits in an SMTP command (RFC 5321, 4.5.3.1.3, less its angle brackets)."""

_ADDRESS: Final = re.compile(r"([^\s\x00-\x1f\x7f-\x9f<>\"(),:;\[\]\\@]{1,64})@([^\W_](?:[\w.-]*[^\W_])?)")


def address(to: str | None, name: str = "") -> Address | None:
    """`to` as one mail address with `name` beside it, or None when it is not exactly one address."""
    match = _ADDRESS.fullmatch(to or "")
    if not match or len(match[0]) > ADDRESS_CHARS_MAX or ".." in match[0]:
        return None
    try:
        domain = match[2] if match[2].isascii() else match[2].encode("idna").decode()
        return Address(display_name=plain(name, NAME_CHARS_MAX), username=match[1], domain=domain)
    except ValueError:  # The standard library is stricter than our pattern in a few corners.
        return None


def mail(message: Message, sender: Address, to: Address, now: datetime) -> EmailMessage:
    """The mail of `message`; the same `message.key` always has the same Message-ID, so that doubles can be dropped."""
    made = EmailMessage(policy=SMTP)
    made["Subject"] = subject(message)
    made["From"] = sender
    made["To"] = to
    made["Date"] = format_datetime(now)
    made["Message-ID"] = _message_id(message.key, sender)
    # One thread per alarm in the reader's mailbox, reminders included.
    made["References"] = _message_id(f"{message.tenant}/{message.alarm}", sender)
    # So that a holiday answer does not come back to us, and nobody mistakes silence for an answer (RFC 3834).
    made["Auto-Submitted"] = "auto-generated"
    made["X-Auto-Response-Suppress"] = "All"
    made["Content-Language"] = message.language
    if message.priority in {"critical", "high"} and not message.test:
        made["Importance"] = "high"
        made["X-Priority"] = "1"
    said = text(message)
    made.set_content(said)
    made.add_alternative(_html(said, message), subtype="html")
    return made


def _message_id(key: str, sender: Address) -> str:
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:40]}@{sender.domain}>"


def _html(said: str, message: Message) -> str:
    """The plain text's lines as HTML, the first one large and the link as a button; every word is escaped."""
    first, *rest = said.split("\n")
    lines = [f'<p style="font-size:1.3em;font-weight:bold">{html.escape(first)}</p>']
    if message.answer_url:
        label = "Svara på larmet" if message.language == "sv" else "Answer the alarm"
        style = "display:inline-block;padding:14px 24px;background:#0b4f8a;color:#ffffff;font-size:1.2em;border-radius:6px"
        lines.append(f'<p><a href="{html.escape(message.answer_url)}" style="{style}">{label}</a></p>')
    lines += [f"<p>{html.escape(line)}</p>" for line in rest if line]
    content = "\n".join(lines)
    return (
        f'<!doctype html>\n<html lang="{message.language}">\n<body style="font-family:sans-serif">\n{content}\n</body>\n</html>\n'
    )
