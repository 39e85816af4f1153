"""Which tables and columns an installation consists of, in the order in which they are read and written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

Row = Sequence[Any]

ROWS_MAX: Final = 1000
"""Rows handled together: a few hundred kilobytes, so that memory stays small and no row costs a round trip."""

LARGE_MAX: Final = 50
"""The same where a row may be as large as a reading may be (64 KB)."""

EVERY: Final = "*"
"""In the place of a partition's name: what is said of it holds of all. A file of one process has no partitions."""


class Table(msgspec.Struct, frozen=True):
    """`order`: the key by which rows are read, so that the same contents give the same bytes. `together`: rows at a time."""

    name: str
    columns: tuple[str, ...]
    order: str
    together: int = ROWS_MAX


# Sites come before what belongs to their tenants. One at a time, since a document may have tens of megabytes.
TABLES: Final = (
    Table("setting", ("name", "value"), "name"),
    Table("partition", ("name", "decided_at"), "name"),
    Table("counter", ("name", "last"), "name"),
    Table("site", ("tenant", "partition", "imported_at", "document"), "length(document) DESC, tenant", 1),
    Table("credential", ("digest", "tenant", "role", "subject", "created_at", "revoked_at"), "digest"),
    Table("state", ("machine", "key", "tenant", "wake_at", "data"), "machine, key"),
    Table("alarm", ("id", "tenant", "slot", "state", "raised_at", "data"), "id"),
    Table("event", ("seq", "tenant", "alarm", "data"), "seq"),
    Table("effect", ("place", "id", "data"), "place"),
    Table("identity", ("identity", "digest", "seen_at"), "identity"),
    Table(
        "quarantine",
        ("place", "received_at", "tenant", "device", "kind", "reason", "field", "payload"),
        "place",
        LARGE_MAX,
    ),
    Table("inbox", ("place", "tenant", "kind", "data", "stored_at", "answer"), "place", LARGE_MAX),
)

NAMED: Final = {table.name: table for table in TABLES}

LEFT_OUT: Final = {
    "worker": "signs of life of processes, which end within seconds",
    "lease": "who ought to own what for the next two seconds",
    "remembered": "whether those two have been emptied by a crash",
    "migration": "which tables there are, which is the target's own",
}
"""Tables of PostgreSQL that are of the moment only; each with its reason."""
