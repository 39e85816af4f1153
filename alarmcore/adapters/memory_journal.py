"""A journal that forgets everything with its process: for replay, where it keeps only what decisions need, and for tests."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from alarmcore.adapters.seen import Seen
from alarmcore.bindings import slot_text
from alarmcore.model.alarm import Alarm, AlarmEvent, Slot
from alarmcore.ports import KEEPERS, Batch, OpenAlarm, Quarantined, StoredState


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
        self.seen = Seen()
        self.count = 0
        self.latest: datetime | None = None

    async def states(self) -> Iterable[StoredState]:
        """All stored states."""
        return list(self.stored.values())

    async def reread(self, keys: list[tuple[str, str]]) -> list[StoredState]:
        """Some stored states."""
        return [self.stored[key] for key in keys if key in self.stored]

    async def effects(self) -> list[tuple[str, bytes]]:
        """Effects that were not settled."""
        return list(self.pending.items())

    async def open_alarms(self, after: str, limit: int) -> list[OpenAlarm]:
        """Alarms that are not resolved, with the moments stored for their slots."""
        opened = {slot_text(slot): self.alarms[name] for slot, name in self.opened.items()}
        return [OpenAlarm(opened[key], self._wakes(key)) for key in sorted(opened) if key > after][:limit]

    def _wakes(self, key: str) -> tuple[datetime | None, ...]:
        found = (self.stored.get((machine, key)) for machine in KEEPERS)
        return tuple(state.wake_at if state is not None else None for state in found)

    async def unsettled(self, limit: int) -> list[tuple[str, bytes]]:
        """The oldest effects that were not settled."""
        return list(self.pending.items())[:limit]

    async def known(self, identities: list[int], now: datetime) -> dict[int, int]:
        """Identities seen within seven days."""
        return self.seen.known(identities, now)

    async def decided_at(self) -> datetime | None:
        """The latest moment of a batch."""
        return self.latest

    async def commit(self, batch: Batch) -> int:
        """Store a batch.

        Raises:
            ValueError: two alarms would be open in one slot.
        """
        if self.keep:
            self._keep_alarms(batch)
        self.latest = batch.now if self.latest is None else max(self.latest, batch.now)
        self.seen.add(batch.identities, batch.now)
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
