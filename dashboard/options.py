"""What `serve` can be told, from the command line or `ALARMCORE_…` variables."""

from __future__ import annotations

import os
import re
import secrets
import socket
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec

from alarmcore.errors import OptionInvalid
from alarmcore.shared import LEASE_S

SIGN_OF_LIFE_S: Final = 30.0
"""Between two signs of life, if nothing else is said: a watcher with the usual patience of a minute hears two."""

ROLES: Final = ("worker", "dispatcher", "web")
"""What a process may be: an owner of tenants' alarms, one who tells people, one who shows pages and takes readings over HTTP."""

WORKER_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,100}")
"""A worker's name stands in Redis keys, logs and the database."""

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Address(msgspec.Struct, frozen=True):
    """HOST:PORT; port 0 takes a free one."""

    host: str
    port: int

    @property
    def loopback(self) -> bool:
        """Whether only this machine reaches it."""
        return self.host in LOOPBACK or self.host.startswith("127.")

    def url(self, port: int) -> str:
        """As an HTTP URL."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{port}/"


def address(text: str, option: str) -> Address:
    """Read HOST:PORT (an IPv6 host in brackets).

    Raises:
        OptionInvalid: it is not one.
    """
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise OptionInvalid(f"{option} is {text!r}; write it as HOST:PORT, for example 127.0.0.1:8080")
    return Address(host, int(port))


def web_address(url: str, option: str) -> str:
    """The URL, if it is one that HTTP can be spoken to. It may be a secret, so a mistake in it is not repeated.

    Raises:
        OptionInvalid: it is not one.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not url.isprintable() or " " in url:
        raise OptionInvalid(f"{option} is no web address; give the whole URL, beginning with https:// or http://")
    return url


class ServeOptions(msgspec.Struct, frozen=True, kw_only=True):
    """`smtp_url` and `smtp_sender` together turn the e-mail channel on, `dead_man` the signs of life.

    Without `database` everything is kept in `data`, by this one process. `name` is this worker's among the others.
    """

    sites: tuple[Path, ...]
    data: Path
    http: Address
    mqtt: Address | None
    mqtt_broker: str | None = None
    opened: bool = False
    public_url: str | None = None
    smtp_url: str | None = None
    smtp_sender: str | None = None
    dead_man: str | None = None
    dead_man_every_s: float = SIGN_OF_LIFE_S
    database: str | None = None
    redis: str | None = None
    roles: frozenset[str] = frozenset(ROLES)
    name: str = ""
    lease_s: float = LEASE_S

    def check(self) -> None:
        """Refuse what must not be.

        Raises:
            OptionInvalid: credentials off where others could reach it, half of the e-mail channel, no URL for signs of life, or
                split roles without a database that several processes can share.
        """
        exposed = [a for a in (self.http, self.mqtt) if a is not None and not a.loopback]
        if self.opened and exposed:
            raise OptionInvalid(
                f"--open turns credentials off and {exposed[0].host} can be reached by others; use 127.0.0.1, or leave --open out"
            )
        if (self.smtp_url is None) != (self.smtp_sender is None):
            raise OptionInvalid("--smtp-url and --smtp-sender belong together; give both or neither")
        self._check_sharing()
        if self.dead_man is not None:
            web_address(self.dead_man, "--dead-man")

    def _check_sharing(self) -> None:
        if self.database is None and self.roles != frozenset(ROLES):
            raise OptionInvalid(
                f"--roles {','.join(sorted(self.roles))} splits the work between processes, and SQLite serves only one; "
                "give --database postgresql://…, or leave --roles out"
            )
        if self.database is None and self.redis is not None:
            raise OptionInvalid(
                "--redis joins several processes, and SQLite serves only one; give --database too, or leave it out"
            )
        if self.database is not None and not WORKER_NAME.fullmatch(self.name):
            raise OptionInvalid(f"--name is {self.name!r}; use letters, digits, dots, - and _, at most 100")


def roles(text: str) -> frozenset[str]:
    """Read `worker,dispatcher,web`.

    Raises:
        OptionInvalid: it names none, or one that does not exist.
    """
    found = frozenset(part.strip() for part in text.split(",") if part.strip())
    if not found or not found <= frozenset(ROLES):
        raise OptionInvalid(f"--roles is {text!r}; give one or more of {', '.join(ROLES)}, with commas between")
    return found


def worker_name() -> str:
    """A name that no other process has, for those who were given none."""
    return f"{socket.gethostname()[:60]}-{os.getpid()}-{secrets.token_hex(3)}"
