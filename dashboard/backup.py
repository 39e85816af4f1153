"""`alarmcore backup` and `alarmcore restore`: everything an installation keeps into one file, and out of it again."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO, Final

from alarmcore.errors import AlarmcoreError, OptionInvalid, Unavailable
from dashboard.contents import Progress, pour
from dashboard.contents.archive import ArchiveReader, ArchiveWriter
from dashboard.contents.opening import contents_of, empty_target
from dashboard.contents.pouring import summary
from dashboard.contents.tables import NAMED

MODE: Final = 0o600
"""A backup holds names, addresses and the secret that sessions are made of: nobody else on the machine may read it."""

Say = Callable[[str], object]


async def back_up(data: Path, database_url: str | None, file: Path, now: datetime, say: Say) -> None:
    """Write everything as it stands at one moment; a service may run meanwhile.

    Raises:
        OptionInvalid: there is nothing to back up, or the file is there already.
        Unavailable: the database does not answer, or the file cannot be written.
    """
    async with contents_of(data, database_url) as contents:
        with new_file(file) as out:
            archive = ArchiveWriter(out, program=version("alarmcore"), made_at=now, kind=contents.kind)
            counts = await pour(contents, archive, Progress(say, "backing up"))
            archive.finish()
    say(f"{file}: {summary(counts)}")


async def check_backup(file: Path, say: Say) -> None:
    """Read a backup to its end.

    Raises:
        ArchiveDamaged: it is none, or not a whole one.
        OptionInvalid: there is no such file.
    """
    with opened(file) as source:
        archive = ArchiveReader(source, str(file))
        progress = Progress(say, "checking")
        for frame in archive.frames():
            progress.add(NAMED[frame.table], len(frame.rows))
    header = archive.header
    say(f"{file}: whole; made at {header.made_at:%Y-%m-%d %H:%M:%S} UTC from {header.kind} by version {header.program}")
    say(f"{file}: {summary(progress.counts)}")


async def restore(data: Path, database_url: str | None, file: Path, say: Say) -> None:
    """Fill an empty database from a backup: with all of it, or with nothing.

    Raises:
        ArchiveDamaged: the backup is none, or not a whole one.
        OptionInvalid: the database is not empty, or a service runs on it.
        Unavailable: the database does not answer.
    """
    with opened(file) as source:
        archive = ArchiveReader(source, str(file))
        async with empty_target(data, database_url) as target:
            counts = await pour(archive, target, Progress(say, "restoring"))
            refuse_missing(counts, await target.counts())
            await target.finish()
    say(f"restored: {summary(counts)}")
    say("never start the installation that this was a backup of again: both would tell people of the same alarms")


def refuse_missing(counts: dict[str, int], found: dict[str, int]) -> None:
    """Counted once more where they are now.

    Raises:
        AlarmcoreError: the target has not got as many rows of a table as it was given.
    """
    wrong = [f"{name}: {found[name]} of {counts[name]}" for name in found if found[name] != counts[name]]
    if wrong:
        raise AlarmcoreError(f"rows were lost on the way ({', '.join(wrong)}); nothing was kept, try again and report this")


@contextmanager
def opened(file: Path) -> Iterator[BinaryIO]:
    """A backup for reading.

    Raises:
        OptionInvalid: it cannot be opened.
    """
    try:
        source = file.open("rb")
    except OSError as error:
        raise OptionInvalid(
            f"{file} cannot be read ({error.strerror}); give a file that `alarmcore backup` has written"
        ) from error
    with source:
        yield source


@contextmanager
def new_file(file: Path) -> Iterator[BinaryIO]:
    """A file that is there under its name only when it is whole and durable.

    Raises:
        OptionInvalid: it is there already.
        Unavailable: it cannot be written.
    """
    part = file.with_name(file.name + ".part")
    if file.exists():
        raise OptionInvalid(f"{file} is there already; give another name")
    try:
        number = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, MODE)
    except OSError as error:
        raise OptionInvalid(f"{part} cannot be written ({error.strerror}); give another place") from error
    try:
        with os.fdopen(number, "wb") as out:
            os.fchmod(number, MODE)
            yield out
            out.flush()
            os.fsync(number)
        part.rename(file)
        sync_folder(file.parent)
    except OSError as error:
        raise Unavailable(f"{part} cannot be written ({error.strerror or type(error).__name__}); make room") from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make a new name in a folder durable."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
