"""What is stored, as pages and commands of any process read it."""

from __future__ import annotations

from typing import Any, Final

from alarmcore.adapters.postgres_journal.database import PostgresDatabase, moment
from alarmcore.adapters.postgres_journal.rows import alarm_of, event_of
from alarmcore.model.alarm import Alarm
from alarmcore.ports import Quarantined, StoredEvent
from alarmcore.shared import News, ShownAlarm

ALARMS: Final = """
    SELECT data FROM alarm
    WHERE ($1::text IS NULL OR tenant = $1) AND (state <> 'resolved') = $2
      AND ($3::text IS NULL OR (raised_at, id) < (SELECT raised_at, id FROM alarm WHERE id = $3))
    ORDER BY raised_at DESC, id DESC LIMIT $4
"""

CHAIN: Final = "LEFT JOIN state AS s ON s.machine = 'chain' AND s.key = a.slot"

ALARM: Final = f"SELECT a.data, s.data FROM alarm AS a {CHAIN} WHERE a.id = $1"  # noqa: S608 - a text of ours

TIMELINE: Final = "SELECT seq, data FROM event WHERE alarm = $1 ORDER BY seq"

STATE: Final = "SELECT data FROM state WHERE machine = $1 AND key = $2"

TRACK: Final = "SELECT data FROM state WHERE machine = 'track' AND key = $1"

QUARANTINED: Final = """
    SELECT received_at, tenant, device, kind, reason, field, payload FROM quarantine
    WHERE $1::text IS NULL OR tenant = $1 ORDER BY place DESC LIMIT $2
"""

LAST: Final = "SELECT last FROM counter WHERE name = 'event'"

NEWS: Final = f"""
    SELECT e.seq, e.data, a.data, s.data FROM event AS e LEFT JOIN alarm AS a ON a.id = e.alarm {CHAIN}
    WHERE e.seq > $1 ORDER BY e.seq LIMIT $2
"""  # noqa: S608 - a text of ours

OPENED: Final = f"""
    SELECT c.last, a.data, s.data FROM counter AS c LEFT JOIN alarm AS a ON a.state <> 'resolved' {CHAIN}
    WHERE c.name = 'event' ORDER BY a.raised_at, a.id
"""  # noqa: S608 - a text of ours
"""One statement sees one moment: whoever has these alarms and asks for the news behind that place misses nothing."""


class PostgresBooks:
    """The port `Books`."""

    def __init__(self, database: PostgresDatabase) -> None:
        self.database = database

    async def alarms(self, tenant: str | None, *, opened: bool, limit: int, before: str | None = None) -> list[Alarm]:
        """Alarms, the newest first: those that are open, or those that are resolved."""
        return [alarm_of(row[0]) for row in await self.database.read(ALARMS, tenant, opened, before, limit)]

    async def alarm(self, alarm_id: str) -> ShownAlarm | None:
        """One alarm."""
        rows = await self.database.read(ALARM, alarm_id)
        return _shown(*rows[0]) if rows else None

    async def timeline(self, alarm_id: str) -> list[StoredEvent]:
        """An alarm's events, the oldest first."""
        return [StoredEvent(seq, event_of(data)) for seq, data in await self.database.read(TIMELINE, alarm_id)]

    async def state(self, machine: str, key: str) -> bytes | None:
        """The stored state of a machine under a key."""
        rows = await self.database.read(STATE, machine, key)
        return rows[0][0] if rows else None

    async def track(self, tenant: str, resident: str) -> bytes | None:
        """What is stored of a person's track."""
        rows = await self.database.read(TRACK, f"{tenant}/{resident}")
        return bytes(rows[0][0]) if rows else None

    async def quarantined(self, tenant: str | None, limit: int) -> list[Quarantined]:
        """What is in quarantine, the newest first."""
        return [_wrong(row) for row in await self.database.read(QUARANTINED, tenant, limit)]

    async def last_seq(self) -> int:
        """The place of the newest event; 0 if there is none."""
        return int((await self.database.read(LAST))[0][0])

    async def news(self, after: int, limit: int) -> list[News]:
        """Events behind a place, in order."""
        rows = await self.database.read(NEWS, after, limit)
        return [News(StoredEvent(seq, event_of(event)), _shown(alarm, chain)) for seq, event, alarm, chain in rows]

    async def opened(self) -> tuple[int, list[ShownAlarm]]:
        """Every open alarm, the oldest first, and the place of the newest event, of one moment."""
        rows = await self.database.read(OPENED)
        shown = (_shown(alarm, chain) for _, alarm, chain in rows)
        return rows[0][0], [one for one in shown if one is not None]


def _shown(alarm: bytes | None, chain: bytes | None) -> ShownAlarm | None:
    return None if alarm is None else ShownAlarm(alarm_of(alarm), chain)


def _wrong(row: Any) -> Quarantined:
    at, tenant, device, kind, reason, field, payload = row
    return Quarantined(
        received_at=moment(at), tenant=tenant, device=device, kind=kind, reason=reason, field=field, payload=payload
    )
