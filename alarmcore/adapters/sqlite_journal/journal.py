"""The journal port on SQLite, and the reads that pages and commands need."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

import msgspec

from alarmcore.adapters.sqlite_journal.database import Database, micros, moment
from alarmcore.bindings import slot_text
from alarmcore.model.alarm import Alarm, AlarmEvent
from alarmcore.ports import KEEPERS, REMEMBERED, Batch, OpenAlarm, Quarantined, StoredEvent, StoredState
from alarmcore.shared import News, ShownAlarm

QUARANTINE_MAX: Final = 10_000
"""Readings kept in quarantine; the oldest go. Too few to fill a disk (40 MB)."""

QUARANTINE_TENANT_MAX: Final = 500
"""Of one tenant: enough to see what is wrong, and no tenant's broken device pushes out what others must see."""

SLICES: Final = 4096
"""Parts in which the range of identities is swept: with one part a second it is all swept in about an hour."""

OPEN_ALARMS: Final = """
    SELECT data,
           (SELECT wake_at FROM state WHERE machine = ?1 AND key = slot),
           (SELECT wake_at FROM state WHERE machine = ?2 AND key = slot)
    FROM alarm WHERE state <> 'resolved' AND slot > ?3 ORDER BY slot LIMIT ?4
"""
"""One row for each open alarm. Its cost is that of the open ones, however many persons and old alarms there are."""

KNOWN: Final = """
    SELECT identity, digest FROM json_each(?1) AS asked CROSS JOIN identity ON identity = asked.value WHERE seen_at >= ?2
"""
"""Those of a list that are there: one statement, since one for each costs seven times as much. CROSS keeps the list in front."""

SHOWN: Final = """
    SELECT alarm.data, state.data FROM alarm LEFT JOIN state ON state.machine = 'chain' AND state.key = alarm.slot
"""
"""Alarms, each with the state of its chain."""

_encode = msgspec.msgpack.Encoder().encode
_alarm = msgspec.msgpack.Decoder(Alarm).decode
_event = msgspec.msgpack.Decoder(AlarmEvent).decode


class SqliteJournal:
    """The journal of the one process there is, and the books that its pages read. There is no inbox: nobody else receives."""

    keep = True

    def __init__(self, database: Database) -> None:
        self.database = database

    async def states(self) -> Iterable[StoredState]:
        """All stored states."""
        return map(_state, self.database.each("SELECT machine, key, tenant, wake_at, data FROM state"))

    async def reread(self, keys: list[tuple[str, str]]) -> list[StoredState]:
        """Some stored states."""
        found: list[StoredState] = []
        for key in keys:
            rows = self.database.read("SELECT machine, key, tenant, wake_at, data FROM state WHERE machine = ? AND key = ?", key)
            found += (_state(row) for row in rows)
        return found

    async def effects(self) -> list[tuple[str, bytes]]:
        """Effects that were not settled, oldest first."""
        return self.database.read("SELECT id, data FROM effect ORDER BY place")

    async def open_alarms(self, after: str, limit: int) -> list[OpenAlarm]:
        """Alarms that are not resolved, with the moments stored for their slots: by the index that holds only them."""
        rows = self.database.read(OPEN_ALARMS, (*KEEPERS, after, limit))
        return [OpenAlarm(_alarm(data), tuple(at if at is None else moment(at) for at in wakes)) for data, *wakes in rows]

    async def unsettled(self, limit: int) -> list[tuple[str, bytes]]:
        """The oldest effects that were not settled."""
        return self.database.read("SELECT id, data FROM effect ORDER BY place LIMIT ?", (limit,))

    async def known(self, identities: list[int], now: datetime) -> dict[int, int]:
        """Identities seen within seven days."""
        return dict(self.database.read(KNOWN, (msgspec.json.encode(identities).decode(), micros(now - REMEMBERED))))

    async def decided_at(self) -> datetime | None:
        """The latest moment of a stored batch."""
        rows = self.database.read("SELECT value FROM setting WHERE name = 'decided_at'")
        return moment(int(rows[0][0])) if rows else None

    async def commit(self, batch: Batch) -> int:
        """Store a batch durably."""
        return await self.database.write(lambda connection: store(connection, batch))

    async def sweep(self, part: int, now: datetime) -> None:
        """Forget identities older than seven days in one of `SLICES` parts of their range."""
        width = (1 << 64) // SLICES
        low = -(1 << 63) + (part % SLICES) * width
        before = micros(now - REMEMBERED)

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(
                "DELETE FROM identity WHERE identity BETWEEN ? AND ? AND seen_at < ?", (low, low + width - 1, before)
            )

        await self.database.write(work)

    # -- reads for pages --------------------------------------------------------------------------------------------------

    async def alarms(self, tenant: str | None, *, opened: bool, limit: int, before: str | None = None) -> list[Alarm]:
        """Alarms of one tenant (None: of all), the newest first: those that are open, or those that are resolved.

        `before` is the last alarm that the caller has; many may be of one moment, so the moment alone would not do.
        """
        rows = self.database.read(
            "SELECT data FROM alarm WHERE (?1 IS NULL OR tenant = ?1) AND (state <> 'resolved') = ?2"
            " AND (?3 IS NULL OR (raised_at, id) < (SELECT raised_at, id FROM alarm WHERE id = ?3))"
            " ORDER BY raised_at DESC, id DESC LIMIT ?4",
            (tenant, opened, before, limit),
        )
        return [_alarm(row[0]) for row in rows]

    async def alarm(self, alarm_id: str) -> ShownAlarm | None:
        """One alarm."""
        rows = self.database.read(SHOWN + " WHERE alarm.id = ?", (alarm_id,))
        return ShownAlarm(_alarm(rows[0][0]), rows[0][1]) if rows else None

    async def timeline(self, alarm_id: str) -> list[StoredEvent]:
        """An alarm's events, the oldest first."""
        rows = self.database.read("SELECT seq, data FROM event WHERE alarm = ? ORDER BY seq", (alarm_id,))
        return [StoredEvent(seq, _event(data)) for seq, data in rows]

    async def state(self, machine: str, key: str) -> bytes | None:
        """The stored state of a machine under a key."""
        rows = self.database.read("SELECT data FROM state WHERE machine = ? AND key = ?", (machine, key))
        return rows[0][0] if rows else None

    async def track(self, tenant: str, resident: str) -> bytes | None:
        """What is stored of a person's track."""
        rows = self.database.read("SELECT data FROM state WHERE machine = 'track' AND key = ?", (f"{tenant}/{resident}",))
        return rows[0][0] if rows else None

    async def news(self, after: int, limit: int) -> list[News]:
        """Events behind `after`, in order."""
        rows = self.database.read(
            "SELECT event.seq, event.data, alarm.data, state.data FROM event LEFT JOIN alarm ON alarm.id = event.alarm"
            " LEFT JOIN state ON state.machine = 'chain' AND state.key = alarm.slot"
            " WHERE event.seq > ? ORDER BY event.seq LIMIT ?",
            (after, limit),
        )
        return [
            News(StoredEvent(seq, _event(data)), None if alarm is None else ShownAlarm(_alarm(alarm), chain))
            for seq, data, alarm, chain in rows
        ]

    async def opened(self) -> tuple[int, list[ShownAlarm]]:
        """Every open alarm, and the place of the newest event."""
        rows = self.database.read(SHOWN + " WHERE alarm.state <> 'resolved'")
        return await self.last_seq(), [ShownAlarm(_alarm(alarm), chain) for alarm, chain in rows]

    async def last_seq(self) -> int:
        """The place of the newest event."""
        return int(self.database.read("SELECT coalesce(max(seq), 0) FROM event")[0][0])

    async def quarantined(self, tenant: str | None, limit: int) -> list[Quarantined]:
        """What is in quarantine, the newest first."""
        rows = self.database.read(
            "SELECT received_at, tenant, device, kind, reason, field, payload FROM quarantine"
            " WHERE ?1 IS NULL OR tenant = ?1 ORDER BY place DESC LIMIT ?2",
            (tenant, limit),
        )
        return [
            Quarantined(
                received_at=moment(at), tenant=whose, device=device, kind=kind, reason=reason, field=field, payload=payload
            )
            for at, whose, device, kind, reason, field, payload in rows
        ]


def _state(row: tuple[str, str, str, int | None, bytes]) -> StoredState:
    machine, key, tenant, wake_at, data = row
    return StoredState(machine, key, tenant, None if wake_at is None else moment(wake_at), data)


def store(connection: sqlite3.Connection, batch: Batch) -> int:
    """Write a batch inside the transaction that is open; return the place of its first event."""
    now = micros(batch.now)
    many: Any = connection.executemany
    if batch.identities:
        many(
            "INSERT OR REPLACE INTO identity (identity, digest, seen_at) VALUES (?, ?, ?)",
            [(identity, digest, now) for identity, digest in batch.identities],
        )
    if batch.states:
        many(
            "INSERT INTO state (machine, key, tenant, wake_at, data) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET wake_at = excluded.wake_at, data = excluded.data",
            [(s.machine, s.key, s.tenant, s.wake_at and micros(s.wake_at), s.data) for s in batch.states],
        )
    if batch.alarms:
        many(
            "INSERT INTO alarm (id, tenant, slot, state, raised_at, data) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET state = excluded.state, data = excluded.data",
            [(a.id, a.slot.tenant, slot_text(a.slot), a.state, micros(a.raised_at), _encode(a)) for a in batch.alarms],
        )
    if batch.effects:
        many("INSERT OR REPLACE INTO effect (id, data) VALUES (?, ?)", batch.effects)
    if batch.settled:
        many("DELETE FROM effect WHERE id = ?", [(effect,) for effect in batch.settled])
    if batch.quarantined:
        _store_quarantined(connection, batch.quarantined)
    # Written even when nothing else is: whether anything can be stored is a question that only writing answers.
    connection.execute(
        "INSERT INTO setting (name, value) VALUES ('decided_at', ?1) ON CONFLICT DO UPDATE SET value = max(value, ?1)", (now,)
    )
    return _store_events(connection, batch.events)


def _store_quarantined(connection: sqlite3.Connection, quarantined: list[Quarantined]) -> None:
    """Keep what could not be used, and let the oldest go: of each tenant concerned, and of all."""
    connection.executemany(
        "INSERT INTO quarantine (received_at, tenant, device, kind, reason, field, payload) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(micros(q.received_at), q.tenant, q.device, q.kind, q.reason, q.field, q.payload) for q in quarantined],
    )
    connection.executemany(
        "DELETE FROM quarantine WHERE tenant = ?1 AND place <="
        " (SELECT place FROM quarantine WHERE tenant = ?1 ORDER BY place DESC LIMIT 1 OFFSET ?2)",
        [(tenant, QUARANTINE_TENANT_MAX) for tenant in {q.tenant for q in quarantined}],
    )
    connection.execute("DELETE FROM quarantine WHERE place <= (SELECT max(place) FROM quarantine) - ?", (QUARANTINE_MAX,))


def _store_events(connection: sqlite3.Connection, events: list[AlarmEvent]) -> int:
    first = 0
    for place, event in enumerate(events):
        cursor = connection.execute(
            "INSERT INTO event (tenant, alarm, data) VALUES (?, ?, ?)", (event.tenant, event.alarm, _encode(event))
        )
        if place == 0:
            first = cursor.lastrowid or 0
    return first
