"""The file of a backup: what is in it, writing it, and reading it without believing it.

It is a gzip stream (RFC 1952) of frames; each is its length in four bytes, the highest first, and so many bytes of MessagePack.
Every frame is an array that begins with its kind:

- `["header", format, program, made_at, kind, tables]`: first. `format` is 1; `program` the version that wrote it; `made_at` the
  moment (RFC 3339); `kind` the database it comes from (`sqlite` or `postgresql`); `tables` a map from each table to its columns.
- `["rows", table, rows]`: any number, tables in the order of the header; each row an array with a value for each column. Values
  are nil, integers, text and binary; moments are microseconds since 1970-01-01 UTC.
- `["end", counts, digest]`: last. `counts` maps each table to its number of rows; `digest` is the SHA-256 of all frames before
  this one, with their lengths. A file without it was cut off.

What the columns mean stands in the schemas of the two databases.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import datetime
from typing import Any, BinaryIO, Final

import msgspec

from alarmcore.errors import InputError
from dashboard.contents.tables import NAMED, TABLES, Row, Table

FORMAT: Final = 1

FRAME_MAX: Final = 1 << 30
"""Bytes of one frame: a site document of a million residents fits; a length beyond it is damage and must not fill the memory."""

LEVEL: Final = 1
"""Of gzip: the higher ones take several times as long for some per cent, and a backup is made beside a running service."""


class Header(msgspec.Struct, frozen=True, array_like=True, tag="header"):
    """The first frame."""

    format: int
    program: str
    made_at: datetime
    kind: str
    tables: dict[str, list[str]]


class Rows(msgspec.Struct, frozen=True, array_like=True, tag="rows"):
    """Some rows of a table."""

    table: str
    rows: list[list[Any]]


class End(msgspec.Struct, frozen=True, array_like=True, tag="end"):
    """The last frame."""

    counts: dict[str, int]
    digest: bytes


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Header | Rows | End).decode


class ArchiveDamaged(InputError):
    """A file is no archive of ours, or not a whole one."""

    reason = "archive_damaged"


class ArchiveWriter:
    """Takes rows into a file. Without `finish` it is not a whole archive."""

    def __init__(self, file: BinaryIO, *, program: str, made_at: datetime, kind: str) -> None:
        self._stream = gzip.GzipFile(filename="", mode="wb", compresslevel=LEVEL, fileobj=file, mtime=0)
        self._digest = hashlib.sha256()
        self._counts = {table.name: 0 for table in TABLES}
        tables = {table.name: list(table.columns) for table in TABLES}
        self._frame(Header(FORMAT, program, made_at, kind, tables))

    async def take(self, table: Table, rows: Sequence[Row]) -> None:
        """Write some rows."""
        self._counts[table.name] += len(rows)
        self._frame(Rows(table.name, [list(row) for row in rows]))

    def finish(self) -> None:
        """Write the end."""
        self._frame(End(self._counts, self._digest.digest()))
        self._stream.close()

    def _frame(self, frame: Header | Rows | End) -> None:
        data = _encode(frame)
        framed = len(data).to_bytes(4, "big") + data
        self._digest.update(framed)
        self._stream.write(framed)


class ArchiveReader:
    """An archive's contents. What was read counts only once `rows` has come to its end without an error.

    Raises:
        ArchiveDamaged: here and while reading: it is none, a newer one, cut off, or not what was written.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._stream = gzip.GzipFile(fileobj=file, mode="rb")
        self._name = name
        self._digest = hashlib.sha256()
        self._counts = {table.name: 0 for table in TABLES}
        header = self._next()
        if not isinstance(header, Header):
            raise self._damaged("it does not begin with a header")
        if header.format != FORMAT:
            raise self._damaged(f"it has format {header.format} and this program knows {FORMAT}; use the program that wrote it")
        if header.tables != {table.name: list(table.columns) for table in TABLES}:
            raise self._damaged(f"it has other tables than this program knows; use version {header.program}, which wrote it")
        self.header = header

    async def rows(self) -> AsyncIterator[tuple[Table, Sequence[Row]]]:
        """All rows, checked as far as they have come; the end says whether they were right."""
        for frame in self.frames():
            yield NAMED[frame.table], frame.rows

    def frames(self) -> Iterator[Rows]:
        """The frames with rows."""
        while not isinstance(frame := self._checked(), End):
            yield frame
        # Reading on to the end is also what makes gzip compare its own checksum.
        if self._read(1):
            raise self._damaged("something follows its end")

    def _checked(self) -> Rows | End:
        before = self._digest.digest()
        frame = self._next()
        if isinstance(frame, Header) or (isinstance(frame, Rows) and not self._fits(frame)):
            raise self._damaged("a frame is not what can stand there")
        if isinstance(frame, Rows):
            self._counts[frame.table] += len(frame.rows)
        elif frame.digest != before or frame.counts != self._counts:
            raise self._damaged("its checksum or its counts are wrong")
        return frame

    def _fits(self, frame: Rows) -> bool:
        table = NAMED.get(frame.table)
        return table is not None and all(len(row) == len(table.columns) for row in frame.rows)

    def _next(self) -> Header | Rows | End:
        prefix = self._exactly(4)
        size = int.from_bytes(prefix, "big")
        if size > FRAME_MAX:
            raise self._damaged("a frame is longer than any can be")
        data = self._exactly(size)
        self._digest.update(prefix + data)
        try:
            frame: Header | Rows | End = _decode(data)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise self._damaged("a frame cannot be read") from error
        return frame

    def _exactly(self, size: int) -> bytes:
        data = self._read(size)
        if len(data) < size:
            raise self._damaged("it was cut off")
        return data

    def _read(self, size: int) -> bytes:
        try:
            return self._stream.read(size)
        except EOFError as error:
            raise self._damaged("it was cut off") from error
        except (OSError, zlib.error) as error:
            strerror = getattr(error, "strerror", None)
            why = f"it cannot be read ({strerror})" if strerror else "it is no backup, or its bytes have changed"
            raise self._damaged(why) from error

    def _damaged(self, why: str) -> ArchiveDamaged:
        return ArchiveDamaged(f"{self._name} cannot be used: {why}; take another backup")
