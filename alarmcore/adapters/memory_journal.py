"""A journal that forgets everything with its process: for replay, where it keeps only what decisions need, and for tests."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from alarmcore.model.alarm import Alarm, AlarmEvent
from alarmcore.ports import Batch, Quarantined, StoredState

REMEMBERED: Final = timedelta(days=7)
"""How long a reading's identity is remembered (the front door's promise)."""


class MemoryJournal:
    """Passes the journal's contract suite. With `keep=False` only identities are kept, so that memory stays flat."""

    def __init__(self, *, keep: bool = True) -> None:
        self.keep = keep
        self.stored: dict[tuple[str, str], StoredState] = {}
        self.alarms: dict[str, Alarm] = {}
        self.events: list[AlarmEvent] = []
        self.pending: dict[str, bytes] = {}
        self.quarantine: list[Quarantined] = []
        # One bucket a day of receipt: forgetting a day is dropping its bucket.
        self.days: dict[int, dict[int, tuple[int, float]]] = {}
        self.count = 0

    async def states(self) -> Iterable[StoredState]:
        """All stored states."""
        return list(self.stored.values())

    async def reread(self, keys: list[tuple[str, str]]) -> list[StoredState]:
        """Some stored states."""
        return [self.stored[key] for key in keys if key in self.stored]

    async def effects(self) -> list[tuple[str, bytes]]:
        """Effects that were not settled."""
        return list(self.pending.items())

    async def known(self, identities: list[int], now: datetime) -> dict[int, int]:
        """Identities seen within seven days."""
        since = (now - REMEMBERED).timestamp()
        found: dict[int, int] = {}
        for identity in identities:
            for day in self.days.values():
                seen = day.get(identity)
                if seen is not None and seen[1] >= since:
                    found[identity] = seen[0]
        return found

    async def commit(self, batch: Batch) -> int:
        """Store a batch."""
        self.remember(batch.identities, batch.now)
        first = self.count + 1
        self.count += len(batch.events)
        if self.keep:
            self.stored.update({(s.machine, s.key): s for s in batch.states})
            self.alarms.update({a.id: a for a in batch.alarms})
            self.events += batch.events
            self.quarantine += batch.quarantined
            self.pending.update(batch.effects)
            for effect in batch.settled:
                self.pending.pop(effect, None)
        return first

    def remember(self, identities: list[tuple[int, int]], now: datetime) -> None:
        """Note identities under today, and forget the days that are over."""
        if not identities:
            return
        seconds = now.timestamp()
        today = int(seconds // 86400)
        if today not in self.days:
            self.days[today] = {}
            for day in [d for d in self.days if d < today - REMEMBERED.days - 1]:
                del self.days[day]
        self.days[today].update({identity: (digest, seconds) for identity, digest in identities})
