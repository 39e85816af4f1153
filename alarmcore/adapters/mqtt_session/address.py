"""Where a broker is and how to sign in to it, read from one URL."""

from __future__ import annotations

import ssl
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from alarmcore.errors import OptionInvalid

REMEDY: Final = "name the file with that authority's certificate as ?ca=FILE in the broker's URL, or let this machine trust it"

_PORTS: Final = {"mqtt": 1883, "mqtts": 8883}
_SAY: Final = "write it as mqtt://host:port or mqtts://user:password@host:port?ca=FILE"


class Address(msgspec.Struct, frozen=True):
    """A broker. `str()` of it is safe to log: it carries no credentials.

    `ca`: a file of certificates that may sign the broker's, instead of the system's.
    """

    host: str
    port: int
    tls: bool = False
    user: str | None = None
    password: bytes | None = None
    ca: str | None = None

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
    if parts.path not in {"", "/"} or parts.fragment:
        raise OptionInvalid(f"the broker URL has more than host and port; {_SAY}")
    return Address(
        host=parts.hostname,
        port=_PORTS[parts.scheme] if port is None else port,
        tls=parts.scheme == "mqtts",
        user=None if parts.username is None else unquote(parts.username),
        password=None if parts.password is None else unquote(parts.password).encode(),
        ca=_authority(parts.query, tls=parts.scheme == "mqtts"),
    )


def _authority(query: str, *, tls: bool) -> str | None:
    options = dict(parse_qsl(query, keep_blank_values=True))
    ca = options.pop("ca", None)
    if options or (query and ca is None):
        raise OptionInvalid(f"the broker URL has an option other than ca; {_SAY}")
    if ca is not None and not tls:
        raise OptionInvalid(f"the broker URL has an option that only TLS has; {_SAY}")
    return ca


def trust(address: Address) -> ssl.SSLContext | None:
    """What a connection to the broker trusts; None without TLS.

    Raises:
        OptionInvalid: the file with its authority cannot be read.
    """
    if not address.tls:
        return None
    try:
        return ssl.create_default_context(cafile=address.ca)
    except OSError as error:
        why = "no such file" if isinstance(error, FileNotFoundError) else "it holds no certificate that can be read"
        raise OptionInvalid(f"ca={address.ca} of the broker URL cannot be used ({why}); give a file in PEM") from error
