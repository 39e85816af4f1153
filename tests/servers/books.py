"""What devices were told against what the database holds: the books of a test that breaks things."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

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


def check_books(database: Path, pressed_at: Mapping[str, float], confirmed: set[str]) -> None:
    """Everything confirmed is stored, everything stored was pressed and had one effect, every open alarm has a next step.

    One snapshot of a running service's database.
    """
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True, isolation_level=None)
    connection.execute("BEGIN")
    try:
        _check_kept(connection, pressed_at, confirmed)
        _check_alarms(connection, pressed_at)
    finally:
        connection.close()


def _check_kept(connection: sqlite3.Connection, pressed_at: Mapping[str, float], confirmed: set[str]) -> None:
    held = {row[0] for row in connection.execute("SELECT identity FROM identity")}
    lost = sorted(name for name in confirmed if identity(name, pressed_at[name]) not in held)
    assert not lost, f"{len(lost)} presses were confirmed and lost, such as {lost[:3]}"
    assert held <= {identity(name, at) for name, at in pressed_at.items()}, "something is stored that nobody sent"
    effects = sum(event.event in {"alarm.raised", "alarm.repeated"} for event in events(connection))
    assert effects == len(held), f"{len(held)} presses are stored and had {effects} effects"


def _check_alarms(connection: sqlite3.Connection, pressed_at: Mapping[str, float]) -> None:
    raised = Counter(event.alarm for event in events(connection) if event.event == "alarm.raised")
    assert max(raised.values(), default=1) == 1, "an alarm was raised twice"
    alarms = [msgspec.msgpack.decode(row[0], type=Alarm) for row in connection.execute("SELECT data FROM alarm")]
    assert {alarm.id for alarm in alarms} == set(raised)
    still_open = [alarm.slot for alarm in alarms if alarm.state != "resolved"]
    assert len(still_open) == len(set(still_open)), "two alarms are open in one place"
    keys = {row[0] for row in connection.execute("SELECT key FROM state WHERE machine = 'chain' AND wake_at IS NOT NULL")}
    assert {"/".join(slot) for slot in still_open} <= keys, "an open alarm has no next step"
    held = {row[0] for row in connection.execute("SELECT identity FROM identity")}
    heard = {name.split("-")[1] for name, at in pressed_at.items() if identity(name, at) in held}
    assert {f"r{number}" for number in heard} == {alarm.slot.resident for alarm in alarms}, "a press shows nowhere"


def events(connection: sqlite3.Connection) -> list[AlarmEvent]:
    """Everything that has happened, in order."""
    rows = connection.execute("SELECT data FROM event ORDER BY seq")
    return [msgspec.msgpack.decode(row[0], type=AlarmEvent) for row in rows]
