"""A journal that forgets everything with its process: for replay, where it keeps only what decisions need, and for tests."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from alarmcore.model.alarm import Alarm, AlarmEvent, Slot
from alarmcore.ports import Batch, Quarantined, StoredState

REMEMBERED: Final = timedelta(days=7)
"""How long a reading's identity is remembered (the front door's promise)."""


class MemoryJournal:
    """Passes the journal's contract suite. With `keep=False` only identities are kept, so that memory stays flat."""

    def __init__(self, *, keep: bool = True) -> None:
        self.keep = keep
        self.stored: dict[tuple[str, str], StoredState] = {}
        self.alarms: dict[str, Alarm] = {}
        self.opened: dict[Slot, str] = {}
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
        """Store a batch.

        Raises:
            ValueError: two alarms would be open in one slot.
        """
        if self.keep:
            self._keep_alarms(batch)
        self.remember(batch.identities, batch.now)
        first = self.count + 1
        self.count += len(batch.events)
        if self.keep:
            self.stored.update({(s.machine, s.key): s for s in batch.states})
            self.events += batch.events
            self.quarantine += batch.quarantined
            self.pending.update(batch.effects)
            for effect in batch.settled:
                self.pending.pop(effect, None)
        return first

    def _keep_alarms(self, batch: Batch) -> None:
        """One alarm after the other, as the database checks them."""
        alarms, opened = dict(self.alarms), dict(self.opened)
        for alarm in batch.alarms:
            holder = opened.get(alarm.slot)
            if alarm.state == "resolved":
                if holder == alarm.id:
                    del opened[alarm.slot]
            elif holder not in {None, alarm.id}:
                raise ValueError(f"alarm {alarm.id} cannot be open beside {holder}; resolve that one first")
            else:
                opened[alarm.slot] = alarm.id
            alarms[alarm.id] = alarm
        self.alarms, self.opened = alarms, opened

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
