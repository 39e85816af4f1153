"""Where mail goes out: an SMTP server as one URL, `smtp://user:password@host:587?starttls=required`."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Final, Literal
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

from alarmcore.errors import OptionInvalid

Security = Literal["tls", "required", "offered", "off"]

_STARTTLS: Final[dict[str, Security]] = {
    "required": "required",
    "true": "required",
    "offered": "offered",
    "off": "off",
    "false": "off",
}
_FORM: Final = "write smtp://user:password@host:port?starttls=required|offered|off or smtps://user:password@host:port"


class SmtpServer(msgspec.Struct, frozen=True):
    """An SMTP server: `tls` from the first byte, or STARTTLS `required`, used when `offered`, or `off`."""

    host: str
    port: int
    security: Security
    user: str | None = None
    password: str | None = None

    def __repr__(self) -> str:
        """Without the password, so that it cannot end up in a log."""
        return f"SmtpServer({self.host}:{self.port}, {self.security})"


def smtp_server(url: str) -> SmtpServer:
    """Read `url`; without `starttls=`, STARTTLS is required, except on the loopback address where it is used when offered.

    Raises:
        OptionInvalid: it cannot be used; the message never repeats the URL, which holds a password.
    """
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError:
        raise OptionInvalid(f"the mail server's URL has a port or host that cannot be used; {_FORM}") from None
    if parts.scheme not in {"smtp", "smtps"} or not host:
        raise OptionInvalid(f"the mail server's URL is not an SMTP one; {_FORM}")
    security = _security(parts.scheme, parts.query, host)
    if parts.username and security in {"offered", "off"} and not _is_loopback(host):
        raise OptionInvalid("the mail server's password would go over the network unencrypted; use starttls=required or smtps://")
    return SmtpServer(
        host=host,
        port=port or {"tls": 465, "required": 587}.get(security, 25),
        security=security,
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )


def _security(scheme: str, query: str, host: str) -> Security:
    options = parse_qs(query, keep_blank_values=True)
    unknown = sorted(set(options) - {"starttls"})
    if unknown:
        raise OptionInvalid(f"the mail server's URL has an unknown option {unknown[0]!r}; only starttls is known")
    if scheme == "smtps":
        if options:
            raise OptionInvalid("smtps:// is encrypted from the first byte and takes no starttls; leave it out")
        return "tls"
    if not options:
        return "offered" if _is_loopback(host) else "required"
    word = options["starttls"][-1].lower()
    if word not in _STARTTLS:
        raise OptionInvalid(f"the mail server's URL says starttls={word!r}; {_FORM}")
    return _STARTTLS[word]


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
