"""What is replaced or deleted is not to be found in the database file any more."""

from __future__ import annotations

from pathlib import Path

import pytest

from alarmcore.adapters.sqlite_journal.database import Database

MARK = b"where somebody has been"


@pytest.mark.parametrize("after", [None, b"", b"here", b"x" * 20_000], ids=["deleted", "emptied", "shorter", "longer"])
@pytest.mark.parametrize("size", [1, 500], ids=["small", "on pages of its own"])
def test_what_was_stored_before_is_overwritten(tmp_path: Path, after: bytes | None, size: int) -> None:
    path = tmp_path / "alarms.db"
    database = Database(path)
    rows = [("track", f"t/r{n}", "t", MARK * size) for n in range(200)]
    database.writing.executemany("INSERT INTO state (machine, key, tenant, data) VALUES (?, ?, ?, ?)", rows)
    database.writing.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert path.read_bytes().count(MARK) > 150 * size, "some lie across two pages"
    if after is None:
        database.writing.execute("DELETE FROM state")
    else:
        database.writing.execute("UPDATE state SET data = ?", (after,))
    database.writing.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.reading.close()
    database.writing.close()
    database.writer.shutdown()
    assert path.read_bytes().count(MARK) == 0
    assert not path.with_name("alarms.db-wal").exists() or MARK not in path.with_name("alarms.db-wal").read_bytes()
