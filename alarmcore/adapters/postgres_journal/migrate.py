"""Changes of the database's tables, forward and back, and which versions of this program can work with which tables."""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any, Final

import asyncpg
import msgspec

from alarmcore.adapters.postgres_journal.database import PostgresDatabase
from alarmcore.adapters.postgres_journal.failures import state_of
from alarmcore.errors import CommitFailed, OptionInvalid

OLDEST: Final = 2
"""The oldest schema that this program can work with: the one with the function that stores a batch."""

NEWEST: Final = 4
"""The schema that this program was written for. It works with newer ones whose migrations say so."""

LOCK: Final = 0x616C61726D
"""Held while migrating, so that two who do it at once do it one after the other ("alarm" in bytes; any number would do)."""

LOCK_S: Final = 3
"""How long a migration waits for a table that a running service uses; commits wait behind it, so not for long."""

MIGRATE_S: Final = 600.0
"""How long a single migration may take: an index over a year of events."""

TABLE: Final = """
    CREATE TABLE IF NOT EXISTS migration (
        number          integer PRIMARY KEY,
        name            text NOT NULL,
        compatible_with integer NOT NULL,
        applied_at      timestamptz NOT NULL DEFAULT now()
    )
"""


NO_RIGHT: Final = ("42501", "3F000")
"""What the server says to whom it lets make nothing: the right is missing, or there is no schema that this account may use."""

MAKERS: Final = """
    SELECT current_user AS account, pg_get_userbyid(datdba) AS owner,
           coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS may
    FROM pg_database WHERE datname = current_database()
"""


class Makers(msgspec.Struct, frozen=True):
    """Who signed in, who owns the database, and whether the first may make tables in it."""

    account: str
    owner: str
    may: bool

    def refusal(self, shown: str) -> str:
        """What to do when `account` may not."""
        return (
            f"{shown} lacks tables that this program needs, and {self.account} may not make any: run `alarmcore migrate` once "
            f"with the sign-in of the database's owner ({self.owner}) in --database, then go on as {self.account}"
        )


class Migration(msgspec.Struct, frozen=True):
    """One step. Programs that know `compatible_with`, or anything newer, work with the tables it leaves."""

    number: int
    name: str
    compatible_with: int
    up: str
    down: str


class Applied(msgspec.Struct, frozen=True):
    """A step that the database has taken."""

    number: int
    name: str
    compatible_with: int
    applied_at: datetime


@cache
def migrations() -> dict[int, Migration]:
    """All that this program brings along, by number, in order."""
    folder = files(__package__) / "migrations"
    found = {}
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        match = re.fullmatch(r"(\d{4})_(\w+)\.up\.sql", file.name)
        if match is None:
            continue
        number, name, up = int(match[1]), match[2], file.read_text("utf-8")
        header = re.match(r"-- compatible with (\d+)\n", up)
        down = (folder / f"{match[1]}_{name}.down.sql").read_text("utf-8")
        found[number] = Migration(number, name, int(header[1]) if header else number, up, down)
    return found


async def applied(database: PostgresDatabase) -> list[Applied]:
    """What the database has been through, in order; nothing in an empty one.

    Raises:
        Unavailable: it cannot be read now.
    """
    return await database.ask(_applied)


async def _applied(connection: asyncpg.Connection[Any]) -> list[Applied]:
    if await connection.fetchval("SELECT to_regclass('migration')") is None:
        return []
    rows = await connection.fetch("SELECT number, name, compatible_with, applied_at FROM migration ORDER BY number")
    return [Applied(*row) for row in rows]


async def makers(database: PostgresDatabase) -> Makers:
    """Who may make its tables.

    Raises:
        Unavailable: it cannot be read now.
    """
    (row,) = await database.read(MAKERS)
    return Makers(*row)


def unfit(steps: list[Applied], oldest: int = OLDEST, newest: int = NEWEST) -> str | None:
    """Why a program for the schemas from `oldest` to `newest` cannot work with a database; None: it can."""
    version = steps[-1].number if steps else 0
    if version < oldest:
        return f"has schema {version}, this program needs at least {oldest}; migrate it"
    needs = max((step.compatible_with for step in steps if step.number > newest), default=0)
    if needs > newest:
        return f"has schema {version}, made for programs that know schema {needs}, this one knows {newest}; use a newer version"
    return None


async def fit(database: PostgresDatabase) -> None:
    """Make sure that this program can work with the database.

    Raises:
        OptionInvalid: it cannot; the text says what to do.
        Unavailable: it cannot be read now.
    """
    reason = unfit(await applied(database))
    if reason is not None:
        raise OptionInvalid(f"{database.shown} {reason}")


async def migrate(database: PostgresDatabase, to: int = NEWEST) -> list[str]:
    """Bring the tables forward or back to a version, one transaction for each step; return the steps taken.

    Going back below a step that made a table deletes what is in it.

    Raises:
        OptionInvalid: there is no such version, the database has steps that this program does not know, or this account may make
            no tables.
        CommitFailed: a step could not be taken now; those before it are taken.
    """
    known = migrations()
    if to != 0 and to not in known:
        raise OptionInvalid(f"there is no schema {to}; the newest is {max(known)}")
    taken: list[str] = []
    for _ in range(len(known) + 1):
        try:
            step = await database.write(lambda connection: _step(connection, to, database.shown), MIGRATE_S)
        except CommitFailed as error:
            if error.__cause__ is None or state_of(error.__cause__) not in NO_RIGHT:
                raise
            raise OptionInvalid((await makers(database)).refusal(database.shown)) from error
        if step is None:
            break
        taken.append(step)
    return taken


async def _step(connection: asyncpg.Connection[Any], to: int, shown: str) -> str | None:
    """The next step towards `to`, decided while nobody else migrates."""
    await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
    await connection.execute(f"SET LOCAL lock_timeout = '{LOCK_S}s'; SET LOCAL statement_timeout = '{MIGRATE_S:.0f}s'")
    await connection.execute(TABLE)
    steps, known = await _applied(connection), migrations()
    version = steps[-1].number if steps else 0
    if version < to:
        step = known[version + 1]
        await connection.execute(step.up)
        await connection.execute(
            "INSERT INTO migration (number, name, compatible_with) VALUES ($1, $2, $3)",
            step.number,
            step.name,
            step.compatible_with,
        )
        return f"{step.number:04} {step.name}"
    if version > to:
        if version not in known:
            raise OptionInvalid(f"{shown} has schema {version}, unknown to this program; go back with a version that knows it")
        await connection.execute(known[version].down)
        await connection.execute("DELETE FROM migration WHERE number = $1", version)
        return f"{version:04} {known[version].name} taken back"
    return None
