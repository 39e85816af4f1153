"""A batch as the values that the function `store_batch` takes: one array for each column."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from alarmcore.adapters.postgres_journal.database import micros, moment
from alarmcore.bindings import slot_text
from alarmcore.model.alarm import Alarm, AlarmEvent
from alarmcore.ports import Batch, Quarantined, StoredState

QUARANTINE_MAX: Final = 100_000
"""Readings kept in quarantine, of a whole installation; the oldest go. Too few to fill a disk (400 MB)."""

QUARANTINE_TENANT_MAX: Final = 500
"""Of one tenant: enough to see what is wrong, and no tenant's broken device pushes out what others must see."""

STORE: Final = f"SELECT store_batch({', '.join(f'${place}' for place in range(1, 35))})"
"""The call. A test compares it with what `values_of` gives."""

encode = msgspec.msgpack.Encoder().encode
alarm_of = msgspec.msgpack.Decoder(Alarm).decode
event_of = msgspec.msgpack.Decoder(AlarmEvent).decode


def state_of(row: Any) -> StoredState:
    """A stored state from its (machine, key, tenant, wake_at, data)."""
    machine, key, tenant, wake_at, data = row
    return StoredState(machine, key, tenant, None if wake_at is None else moment(wake_at), data)


def values_of(batch: Batch, partition: str, token: int, *, performs: bool) -> list[Any]:
    """The values of `STORE`, in order."""
    # Of one that comes twice the last one counts, as if they were stored one after the other.
    identities, effects = dict(batch.identities), dict(batch.effects)
    return [
        partition,
        token,
        micros(batch.now),
        list(identities),
        list(identities.values()),
        *_states(batch.states),
        *_alarms(batch.alarms),
        list(effects),
        list(effects.values()),
        performs,
        batch.settled,
        *_quarantined(batch.quarantined),
        [place for place, _ in batch.answered],
        [answer for _, answer in batch.answered],
        [event.tenant for event in batch.events],
        [event.alarm for event in batch.events],
        [encode(event) for event in batch.events],
    ]


def _states(states: list[StoredState]) -> list[list[Any]]:
    return [
        [state.machine for state in states],
        [state.key for state in states],
        [state.tenant for state in states],
        [state.wake_at and micros(state.wake_at) for state in states],
        [state.data for state in states],
    ]


def _alarms(alarms: list[Alarm]) -> list[list[Any]]:
    return [
        [alarm.id for alarm in alarms],
        [alarm.slot.tenant for alarm in alarms],
        [slot_text(alarm.slot) for alarm in alarms],
        [alarm.state for alarm in alarms],
        [micros(alarm.raised_at) for alarm in alarms],
        [encode(alarm) for alarm in alarms],
    ]


def _quarantined(wrong: list[Quarantined]) -> list[Any]:
    return [
        [micros(one.received_at) for one in wrong],
        [storable(one.tenant) for one in wrong],
        [storable(one.device) for one in wrong],
        [storable(one.kind) for one in wrong],
        [one.reason for one in wrong],
        [None if one.field is None else storable(one.field) for one in wrong],
        [one.payload for one in wrong],
        QUARANTINE_TENANT_MAX,
        QUARANTINE_MAX,
    ]


def storable(text: str) -> str:
    """A text that somebody sent, without what PostgreSQL keeps in no text: NUL, and halves of characters."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode() if not text.isprintable() else text
