"""What `serve` can be told, from the command line or `ALARMCORE_…` variables."""

from __future__ import annotations

from pathlib import Path

import msgspec

from alarmcore.errors import OptionInvalid

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


class ServeOptions(msgspec.Struct, frozen=True, kw_only=True):
    """`smtp_url` and `smtp_sender` together turn the e-mail channel on."""

    sites: tuple[Path, ...]
    data: Path
    http: Address
    mqtt: Address | None
    mqtt_broker: str | None = None
    opened: bool = False
    public_url: str | None = None
    smtp_url: str | None = None
    smtp_sender: str | None = None

    def check(self) -> None:
        """Refuse what must not be.

        Raises:
            OptionInvalid: credentials off where others could reach it, or half of the e-mail channel.
        """
        exposed = [a for a in (self.http, self.mqtt) if a is not None and not a.loopback]
        if self.opened and exposed:
            raise OptionInvalid(
                f"--open turns credentials off and {exposed[0].host} can be reached by others; use 127.0.0.1, or leave --open out"
            )
        if (self.smtp_url is None) != (self.smtp_sender is None):
            raise OptionInvalid("--smtp-url and --smtp-sender belong together; give both or neither")
