"""`alarmcore move`: an installation out of its folder into PostgreSQL, with all of it or not at all.

The folder stays as it was, with a note beside the file that keeps services and commands away from it. The note is written before
the other database commits, and both hold the move's number: so a move that was cut off at any moment can simply be begun again.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from datetime import datetime
from pathlib import Path
from typing import Final

from alarmcore.adapters.postgres_journal.database import PostgresDatabase
from alarmcore.adapters.sqlite_journal import Database
from alarmcore.errors import OptionInvalid, Unavailable
from dashboard.backup import refuse_missing, sync_folder
from dashboard.contents import Progress, pour
from dashboard.contents.postgres import CommitUnknown, PostgresTarget
from dashboard.contents.pouring import summary
from dashboard.contents.sqlite import SqliteContents
from dashboard.stores.opening import DATABASE, MOVED
from dashboard.stores.server import alone, open_server

SETTING: Final = "moved"
"""Under which the new database keeps the move's number."""

FIRST: Final = "move "
"""How the note's first line begins; the number follows."""

Say = Callable[[str], object]


async def move(data: Path, database_url: str, now: datetime, say: Say) -> None:
    """Bring everything from a folder into an empty PostgreSQL database.

    Raises:
        OptionInvalid: a service runs on the folder, there is nothing in it, or the target is not empty.
        Unavailable: one of the two does not answer; the same command may be given again.
    """
    with owned(data) as database:
        async with open_server(database_url, prepare=True) as server:
            number = noted(data)
            if number is not None and await _arrived(server, number):
                say(f"{data} was moved to {server.shown} already")
                return
            async with alone(server) as connection:
                target = PostgresTarget(connection)
                await target.begin()
                async with _note(data, server.shown, now) as number:
                    # Nobody writes to the old file from here on, not even a command beside us.
                    database.writing.execute("BEGIN IMMEDIATE")
                    counts = await _fill(data / DATABASE, target, say)
                    await target.note(SETTING, number.encode())
                    await target.finish()
            say(f"moved to {server.shown}: {summary(counts)}")
            say(f"start the service with --database; {data} is as it was, and nothing starts on it while {data / MOVED} is there")


async def _fill(path: Path, target: PostgresTarget, say: Say) -> dict[str, int]:
    with closing(SqliteContents(path)) as contents:
        counts = await pour(contents, target, Progress(say, "moving"))
    refuse_missing(counts, await target.counts())
    return counts


def owned(data: Path) -> closing[Database]:
    """The folder's file, with no service on it.

    Raises:
        OptionInvalid: there is none, or a service runs on it.
    """
    path = data / DATABASE
    if not path.is_file():
        raise OptionInvalid(f"there is no database {path}; give the --data of an installation")
    database = Database(path)
    try:
        database.own()
    except BaseException:
        database.close()
        raise
    return closing(database)


def noted(data: Path) -> str | None:
    """The number of a move that was begun on this folder."""
    try:
        first = (data / MOVED).read_text("utf-8").splitlines()[0]
    except (FileNotFoundError, IndexError):
        return None
    return first.removeprefix(FIRST)


async def _arrived(server: PostgresDatabase, number: str) -> bool:
    return bool(await server.read("SELECT 1 FROM setting WHERE name = $1 AND value = $2", SETTING, number.encode()))


@asynccontextmanager
async def _note(data: Path, where: str, now: datetime) -> AsyncIterator[str]:
    """The note, with its number. It goes again if nothing was committed, and stays if that is not known."""
    number = secrets.token_hex(8)
    path = data / MOVED
    text = (
        f"{FIRST}{number}\n"
        f"What this folder holds was moved to {where}, begun at {now:%Y-%m-%d %H:%M:%S} UTC.\n"
        "Start the service with --database and that address. No service starts on this folder while this file is here.\n"
        "If the move was cut off, give the command `alarmcore move` again: it finds out how far it came.\n"
    )
    try:
        with path.open("w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        sync_folder(data)
    except OSError as error:
        raise Unavailable(f"{path} cannot be written ({error.strerror}); make room or make the folder writable") from error
    try:
        yield number
    except CommitUnknown:
        raise
    except BaseException:
        path.unlink()
        raise
