"""The journal of one process: SQLite with a write-ahead log, synchronous FULL, group commit by one writer thread."""

from alarmcore.adapters.sqlite_journal.database import Database
from alarmcore.adapters.sqlite_journal.journal import SqliteJournal

__all__ = ["Database", "SqliteJournal"]
