"""Where a broker is and how to sign in to it, read from one URL."""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote, urlsplit

import msgspec

from alarmcore.errors import OptionInvalid

_PORTS: Final = {"mqtt": 1883, "mqtts": 8883}
_SAY: Final = "write it as mqtt://host:port or mqtts://user:password@host:port"


class Address(msgspec.Struct, frozen=True):
    """A broker. `str()` of it is safe to log: it carries no credentials."""

    host: str
    port: int
    tls: bool = False
    user: str | None = None
    password: bytes | None = None

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    def __repr__(self) -> str:
        return f"Address({self}, tls={self.tls})"


def parse(url: str) -> Address:
    """Read `mqtt://` (plain) or `mqtts://` (TLS); user and password percent-encoded where they need it.

    Raises:
        OptionInvalid: the URL cannot be used. The text never repeats the URL, which may carry a password.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise OptionInvalid(f"the broker URL cannot be read; {_SAY}") from None
    if parts.scheme not in _PORTS:
        raise OptionInvalid(f"the broker URL has the scheme {parts.scheme or 'none'!r}; {_SAY}")
    if not parts.hostname:
        raise OptionInvalid(f"the broker URL names no host; {_SAY}")
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise OptionInvalid(f"the broker URL has more than host and port; {_SAY}")
    return Address(
        host=parts.hostname,
        port=_PORTS[parts.scheme] if port is None else port,
        tls=parts.scheme == "mqtts",
        user=None if parts.username is None else unquote(parts.username),
        password=None if parts.password is None else unquote(parts.password).encode(),
    )
