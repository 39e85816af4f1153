"""What devices were told against what the database holds: the books of a test that breaks things."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any, Final

import msgspec

from alarmcore.admission import identity_of
from alarmcore.codecs.native import parse
from alarmcore.model.alarm import Alarm, AlarmEvent


def identity(name: str, at: float, tenant: str = "grastorp") -> int:
    """What a press called `DEVICE-NUMBER` is known by."""
    payload = json.dumps({"id": name, "at": at}).encode()
    found = identity_of(parse("button", payload), tenant, name.rsplit("-", 1)[0])
    assert found is not None
    return found


Tables = Callable[[Sequence[str]], list[list[Any]]]
"""The rows that some queries give, all of one moment."""

QUERIES: Final = (
    "SELECT identity FROM identity",
    "SELECT data FROM event ORDER BY seq",
    "SELECT data FROM alarm",
    "SELECT machine, key FROM state WHERE machine IN ('chain', 'lifecycle') AND wake_at IS NOT NULL",
)


class Stored:
    """What the database holds of one tenant: identities (of all: they name none), events in order, alarms, what goes on."""

    def __init__(self, tables: Tables, tenant: str) -> None:
        identities, happened, alarms, due = tables(QUERIES)
        self.identities: set[int] = {row[0] for row in identities}
        decoded = (msgspec.msgpack.decode(row[0], type=AlarmEvent) for row in happened)
        self.events = [event for event in decoded if event.tenant == tenant]
        found = (msgspec.msgpack.decode(row[0], type=Alarm) for row in alarms)
        self.alarms = [alarm for alarm in found if alarm.slot.tenant == tenant]
        self.due = {(row[0], row[1]) for row in due}


def of_file(database: Path) -> Tables:
    """One snapshot of a running service's file."""

    def tables(queries: Sequence[str]) -> list[list[Any]]:
        connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True, isolation_level=None)
        connection.execute("BEGIN")
        try:
            return [connection.execute(query).fetchall() for query in queries]
        finally:
            connection.close()

    return tables


def check_books(
    database: Path | Tables,
    pressed_at: Mapping[str, float],
    confirmed: set[str],
    *,
    tenant: str = "grastorp",
    others: AbstractSet[int] = frozenset(),
) -> Stored:
    """Everything confirmed is stored, everything stored was pressed and had one effect, every open alarm has a next step.

    `others`: what was pressed in other towns of the same installation.
    """
    stored = Stored(of_file(database) if isinstance(database, Path) else database, tenant)
    identities = {name: identity(name, at, tenant) for name, at in pressed_at.items()}
    held = stored.identities - others
    lost = sorted(name for name in confirmed if identities[name] not in held)
    assert not lost, f"{len(lost)} presses were confirmed and lost, such as {lost[:3]}"
    assert held <= set(identities.values()), "something is stored that nobody sent"
    effects = sum(event.event in {"alarm.raised", "alarm.repeated"} for event in stored.events)
    assert effects == len(held), f"{len(held)} presses are stored and had {effects} effects"
    _check_alarms(stored, {name for name, known in identities.items() if known in held})
    return stored


def _check_alarms(stored: Stored, kept: set[str]) -> None:
    raised = Counter(event.alarm for event in stored.events if event.event == "alarm.raised")
    assert max(raised.values(), default=1) == 1, "an alarm was raised twice"
    assert {alarm.id for alarm in stored.alarms} == set(raised)
    still_open = [alarm for alarm in stored.alarms if alarm.state != "resolved"]
    assert len(still_open) == len({alarm.slot for alarm in still_open}), "two alarms are open in one place"
    # Nobody else is told of one that somebody has taken; whether it is resolved is asked later.
    steps = {("chain" if alarm.state == "open" else "lifecycle", "/".join(alarm.slot)) for alarm in still_open}
    assert steps <= stored.due, "an open alarm has no next step"
    assert {f"r{name.split('-')[1]}" for name in kept} == {a.slot.resident for a in stored.alarms}, "a press shows nowhere"
