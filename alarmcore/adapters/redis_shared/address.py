"""Where a Redis is and how to sign in to it, read from one URL."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from alarmcore.errors import OptionInvalid

PORT: Final = 6379

NODES_MAX: Final = 16
"""Nodes of a cluster that a URL may name: any one of them that answers tells the others."""

_SCHEMES: Final = ("redis", "rediss", "redis+cluster", "rediss+cluster")
_SAY: Final = (
    "write it as redis://host:port/0, rediss://user:password@host:port/0?ca=FILE (TLS) or redis+cluster://host:port,host2:port "
    "(rediss+cluster:// with TLS)"
)


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """A Redis. `str()` of it is safe to log: it carries no credentials.

    `ca`: a file of certificates that may sign the server's, instead of the system's; `cert` and `key`: ours, if it asks for one.
    """

    nodes: tuple[tuple[str, int], ...]
    cluster: bool = False
    tls: bool = False
    number: int = 0
    user: str | None = None
    password: str | None = None
    ca: str | None = None
    cert: str | None = None
    key: str | None = None

    def __str__(self) -> str:
        return ",".join(f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in self.nodes)

    def __repr__(self) -> str:
        return f"Address({self}, cluster={self.cluster}, tls={self.tls}, number={self.number})"


def parse(url: str) -> Address:
    """Read the URL of a Redis; user and password percent-encoded where they need it.

    Raises:
        OptionInvalid: it cannot be used. The text never repeats the URL, which may carry a password.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        raise _wrong("cannot be read") from None
    if parts.scheme not in _SCHEMES:
        raise _wrong(f"has the scheme {parts.scheme or 'none'!r}")
    credentials, _, hosts = parts.netloc.rpartition("@")
    user, _, password = credentials.partition(":")
    cluster, tls = parts.scheme.endswith("+cluster"), parts.scheme.startswith("rediss")
    nodes = tuple(_node(host) for host in hosts.split(","))
    if len(nodes) > (NODES_MAX if cluster else 1):
        raise _wrong(f"names {len(nodes)} hosts" + ("" if cluster else " and is not that of a cluster"))
    return Address(
        nodes=nodes,
        cluster=cluster,
        tls=tls,
        number=_number(parts.path.strip("/"), cluster=cluster),
        user=unquote(user) or None,
        password=unquote(password) or None,
        **_files(parts.query, tls=tls),
    )


def _wrong(what: str) -> OptionInvalid:
    return OptionInvalid(f"the Redis URL {what}; {_SAY}")


def _node(host_and_port: str) -> tuple[str, int]:
    try:
        parts = urlsplit("//" + host_and_port)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise _wrong("has a host or port that cannot be read") from None
    if not host:
        raise _wrong("names no host")
    return host, PORT if port is None else port


def _number(path: str, *, cluster: bool) -> int:
    if not path:
        return 0
    if not path.isdecimal() or len(path) > 4 or (cluster and int(path)):
        raise _wrong("has a database that is not a number" if not path.isdecimal() else "names a database that there is not")
    return int(path)


def _files(query: str, *, tls: bool) -> dict[str, str]:
    files = dict(parse_qsl(query, keep_blank_values=True))
    if files and not tls:
        raise _wrong("has options that only TLS has")
    # Nothing else is let through: an option of the library's could turn the checking of certificates off.
    if files.keys() - {"ca", "cert", "key"}:
        raise _wrong("has an option other than ca, cert and key")
    return files
