"""What a failure of the database says: that it passes, or that what was asked of it is itself wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

import asyncpg

from alarmcore.adapters.distrust import why_distrusted
from alarmcore.errors import Unavailable

WRONG: Final = ("21", "22", "23", "44", "P0")
"""Classes of SQLSTATE that speak of the data itself. All others (connection, resources, an operator's doing, the system, a
rollback, a lock, rights, a table that is not there) are mended without changing what was to be stored."""

SETTLED: Final = (*WRONG, "25", "28", "40", "42", "53", "55")
"""Classes after which the server has said that nothing was done, and goes on with the same connection."""

REFUSED: Final = ("28", "3D")
"""Classes by which a server says at the door that this user, password or database is wrong."""


TLS_PLEASE: Final = bytes.fromhex("0000000804d2162f")
"""What a client sends that wants TLS (SSLRequest; PostgreSQL's documentation, "Message Formats")."""

PORT: Final = 5432

ROOT: Final = "name the file with that authority's certificate as sslrootcert=FILE in the database's address"

NO_ROOT: Final = (
    "its sslmode wants the server's certificate verified and no authority is named; add sslrootcert=FILE to the database's "
    "address (/etc/ssl/certs/ca-certificates.crt are those that Debian trusts)"
)


def state_of(error: BaseException) -> str:
    """Its SQLSTATE; empty for what is not the server's word."""
    return str(getattr(error, "sqlstate", None) or "") if isinstance(error, asyncpg.PostgresError) else ""


def passes(error: Exception) -> bool:
    """Whether the same may work later."""
    if isinstance(error, asyncpg.PostgresError):
        return state_of(error)[:2] not in WRONG
    if isinstance(error, asyncpg.DataError):
        return False
    return isinstance(error, OSError | TimeoutError | asyncpg.InterfaceError | asyncpg.InternalClientError)


def ends_connection(error: BaseException) -> bool:
    """Whether it is unknown, after this, what became of what was sent, or what the server is still doing."""
    if isinstance(error, asyncpg.FatalPostgresError):
        return True
    return state_of(error)[:2] not in SETTLED


def text_of(error: BaseException) -> str:
    """What failed, without any value that was to be stored and without the address."""
    if notes := getattr(error, "__notes__", None):
        return str(notes[-1])
    state = state_of(error)
    if state:
        return f"{type(error).__name__}, SQLSTATE {state}"
    return "no answer in time" if isinstance(error, TimeoutError) else type(error).__name__


async def explain(error: Exception, url: str) -> None:
    """Leave a note for `text_of` with a failure to connect that has to do with certificates."""
    if isinstance(error, asyncpg.PostgresError):
        return
    parts = urlsplit(url)
    why = _without_root(error, parse_qs(parts.query))
    if why is None:
        why = await why_distrusted(error, parts.hostname or "", parts.port or PORT, ROOT, TLS_PLEASE)
    if why is not None:
        error.add_note(why)


def _without_root(error: Exception, query: dict[str, list[str]]) -> str | None:
    """What is wrong with the address itself: the authority's file is not there, or none is named."""
    root, mode = (query.get(name, [""])[-1] for name in ("sslrootcert", "sslmode"))
    if root and not Path(root).is_file():
        return f"sslrootcert={root} is no file that can be read; name the file with the certificate of the authority"
    if isinstance(error, asyncpg.ClientConfigurationError) and not root and mode.startswith("verify"):
        return NO_ROOT
    return None


@contextmanager
def unreadable() -> Iterator[None]:
    """What is tried inside is a read: a failure of it that passes is said as one.

    Raises:
        Unavailable: the database cannot be read now.
    """
    try:
        yield
    except Unavailable:
        raise
    except Exception as error:
        if not passes(error):
            raise
        raise Unavailable(f"the database cannot be read ({text_of(error)}); try again") from error
