"""The address of a database: what is wrong with one, its hosts one by one, and how it is shown."""

from __future__ import annotations

from typing import Final
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from alarmcore.adapters.postgres_journal.histories import Histories
from alarmcore.errors import OptionInvalid

SCHEMES: Final = ("postgresql", "postgres")

MODES: Final = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
"""Of `sslmode`, as PostgreSQL's own programs know them."""

HOSTS_MAX: Final = 8
"""Each is tried in turn: with more, a reconnection would take longer than anybody waits."""


class Address:
    """`postgresql://user:password@host[:port][,host2[:port]]/database[?sslmode=...]`. `shown` has no password.

    `histories`: what this process has seen of the servers behind it.

    Raises:
        OptionInvalid: it cannot be one.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        try:
            parts = urlsplit(url)
        except ValueError:
            raise OptionInvalid("the database's address cannot be read; give postgresql://user:password@host/database") from None
        if parts.scheme not in SCHEMES:
            raise OptionInvalid("the database's address does not begin with postgresql://; give postgresql://user@host/database")
        self.sign_in, _, netloc = parts.netloc.rpartition("@")
        self.hosts = netloc.split(",") if netloc else []
        user = unquote(self.sign_in.partition(":")[0])
        self.shown = f"postgresql://{user + '@' if user else ''}{netloc}{parts.path}"
        self._check(parts)
        self.parts = parts
        self.histories = Histories()

    def _check(self, parts: SplitResult) -> None:
        query = parse_qs(parts.query)
        wrong = []
        if not parts.path.strip("/") and not {"dbname", "database"} & query.keys():
            wrong.append("names no database")
        if not self.hosts and "host" not in query:
            wrong.append("names no host")
        if len(self.hosts) > HOSTS_MAX:
            wrong.append(f"names {len(self.hosts)} hosts, at most {HOSTS_MAX} are tried")
        wrong += [f"has the host {host!r}, which is none" for host in self.hosts if not _is_host(host)]
        wrong += [f"has sslmode={mode}, which is none of {', '.join(MODES)}" for mode in _unknown_modes(query)]
        if wrong:
            raise OptionInvalid(f"{self.shown} {'; it '.join(wrong)}; give postgresql://user:password@host/database")

    def each(self) -> list[str]:
        """One address for each host, so that one that does not answer takes no time from the next."""
        if len(self.hosts) < 2:
            return [self.url]
        sign_in = f"{self.sign_in}@" if self.sign_in else ""
        return [self.parts._replace(netloc=sign_in + host).geturl() for host in self.hosts]


def _is_host(host: str) -> bool:
    try:
        parts = urlsplit(f"//{host}")
        return bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def _unknown_modes(query: dict[str, list[str]]) -> list[str]:
    return [mode for mode in query.get("sslmode", []) if mode not in MODES]
