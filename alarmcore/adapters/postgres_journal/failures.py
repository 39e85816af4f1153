"""What a failure of the database says: that it passes, or that what was asked of it is itself wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import asyncpg

from alarmcore.errors import Unavailable

WRONG: Final = ("21", "22", "23", "44", "P0")
"""Classes of SQLSTATE that speak of the data itself. All others (connection, resources, an operator's doing, the system, a
rollback, a lock, rights, a table that is not there) are mended without changing what was to be stored."""

SETTLED: Final = (*WRONG, "25", "28", "40", "42", "53", "55")
"""Classes after which the server has said that nothing was done, and goes on with the same connection."""

REFUSED: Final = ("28", "3D")
"""Classes by which a server says at the door that this user, password or database is wrong."""


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
    state = state_of(error)
    if state:
        return f"{type(error).__name__}, SQLSTATE {state}"
    return "no answer in time" if isinstance(error, TimeoutError) else type(error).__name__


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
