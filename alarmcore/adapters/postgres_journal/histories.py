"""Which history a server goes on with: one that was failed over from and comes back still lets itself be written to.

A standby that takes over begins a new timeline, with a higher number. What is written to the server that it took over from is
lost, so nobody may be told that it is kept. `target_session_attrs` tells a standby from others, and nothing more.
"""

from __future__ import annotations

from typing import Any, Final

import asyncpg
import msgspec
import structlog

log = structlog.get_logger(__name__)

ASK: Final = """
    SELECT system_identifier, ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::bigint
    FROM pg_control_system()
"""
"""The first eight digits of the name of the file that it writes its changes to."""

SYSTEMS_MAX: Final = 8
"""Databases of different origin behind one address that are remembered: each was restored from a backup into a new server."""


class FormerPrimary(ConnectionError):
    """A server's history was left behind by a failover."""


class History(msgspec.Struct, frozen=True):
    """What has happened to a database: `system` is the same for all copies of it, `timeline` grows with each failover."""

    system: int
    timeline: int


async def history_of(connection: asyncpg.Connection[Any]) -> History | None:
    """What a server says; None: it does not say (one that is run by others may not know timelines)."""
    try:
        row = await connection.fetchrow(ASK)
    except (asyncpg.InsufficientPrivilegeError, asyncpg.UndefinedFunctionError, asyncpg.FeatureNotSupportedError):
        return None
    return None if row is None else History(*row)


class Histories:
    """The newest that this process has seen behind one address."""

    def __init__(self) -> None:
        self.newest: dict[int, int] = {}
        self.said: tuple[str, History] | None = None

    def newest_of(self, found: dict[int, History | None]) -> int:
        """Which of some servers, by their places, goes on with the newest history; of equals the first.

        Raises:
            FormerPrimary: this process has seen a newer one, which none of them has.
        """
        place = max(found, key=lambda place: _timeline(found[place], found))
        history = found[place]
        behind = [(other, one) for other, one in found.items() if one and _timeline(one, found) < _timeline(history, found)]
        if history is not None and history.timeline < self.newest.get(history.system, 0):
            self._say("only_a_former_primary_answers", place, history)
            raise FormerPrimary
        if history is not None:
            self._remember(history)
        for other, one in behind:
            self._say("former_primary_answers", other, one)
        if not behind:
            self.said = None
        return place

    def _remember(self, history: History) -> None:
        self.newest.pop(history.system, None)
        self.newest[history.system] = history.timeline
        if len(self.newest) > SYSTEMS_MAX:
            del self.newest[next(iter(self.newest))]

    def _say(self, what: str, place: int, history: History) -> None:
        """Once, until there is something else to say: somebody who waits tries twice a second."""
        if self.said != (what, history):
            self.said = (what, history)
            log.error(what, host=place, timeline=history.timeline, newest=self.newest.get(history.system))


def _timeline(history: History | None, found: dict[int, History | None]) -> int:
    """Timelines compare only within one system: of others the order in which they are named counts."""
    first = next((one for one in found.values() if one is not None), None)
    return history.timeline if history is not None and first is not None and history.system == first.system else 0
