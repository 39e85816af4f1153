"""An installation with something in every table, for the tests that copy installations; and its contents, for comparing."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from alarmcore.adapters.sqlite_journal import SqliteJournal
from alarmcore.model.alarm import Alarm, AlarmEvent, Slot
from alarmcore.ports import Batch, Quarantined, StoredState
from dashboard.contents import TABLES, Contents
from dashboard.credentials import Credential, digest
from dashboard.stores.opening import open_stores
from dispatch.binding import EFFECT_CODEC
from dispatch.telling import Tell
from tests.servers.town import town

NOW = datetime(2026, 1, 14, 2, 12, 30, 123_456, tzinfo=UTC)
TENANTS = {"grastorp": 3, "tanum": 1, "vara": 2}
"""Residents of each."""

Found = dict[str, list[tuple[Any, ...]]]


def batch(tenant: str, number: int) -> Batch:
    """A commit with one row of everything; states, identities and events are as many as there are commits."""
    slot = Slot(tenant, f"r{number}", "press")
    at = NOW + timedelta(seconds=number)
    alarm = Alarm(
        id=f"{tenant}-{number}",
        slot=slot,
        cause="button",
        priority="critical",
        chain="standard",
        why="pressed",
        raised_at=at,
        happened_at=at,
    )
    return Batch(
        at,
        states=[StoredState("chain", "/".join(slot), tenant, at + timedelta(seconds=60), b"\x00state\xff")],
        alarms=[alarm],
        events=[AlarmEvent(at=at, event="alarm.raised", tenant=tenant, alarm=alarm.id)],
        effects=[(f"e-{alarm.id}", EFFECT_CODEC[0](tell(alarm)))],
        identities=[(int.from_bytes(alarm.id.encode()[-8:], "big", signed=True), -number)],
        quarantined=[
            Quarantined(received_at=at, tenant=tenant, device="gps-1", kind="position", reason="bad_field", payload=b"\xff{")
        ],
    )


def tell(alarm: Alarm) -> Tell:
    """What is left to be told of an alarm."""
    return Tell(
        id=f"e-{alarm.id}",
        telling=alarm.id,
        slot=alarm.slot,
        alarm=alarm,
        ref="unit:centre",
        number=1,
        link=0,
        channel="webhook",
        to="http://127.0.0.1:9/hook",
    )


async def fill(data: Path) -> dict[str, str]:
    """An installation in a folder; its tenants' secrets."""
    secrets = {tenant: f"aco_{tenant}" for tenant in TENANTS}
    async with open_stores(data, None) as found:
        assert found.sqlite is not None
        journal = SqliteJournal(found.sqlite)
        await found.stores.secret()
        for tenant, residents in TENANTS.items():
            await found.stores.put(tenant, json.dumps(town(tenant, residents=residents), ensure_ascii=False), NOW)
            anna = Credential(
                tenant=tenant, role="operator", subject="operator:anna", digest=digest(secrets[tenant]), created_at=NOW
            )
            await found.stores.add(anna)
            await found.stores.add(replace(anna, digest=digest(f"old {tenant}"), revoked_at=NOW))
            for number in range(1, residents + 1):
                await journal.commit(batch(tenant, number))
    return secrets


async def everything(contents: Contents) -> Found:
    """All rows of all tables, sorted."""
    found: Found = {table.name: [] for table in TABLES}
    async for table, rows in contents.rows():
        found[table.name] += [tuple(row) for row in rows]
    return {name: sorted(rows, key=repr) for name, rows in found.items()}


def comparable(found: Found) -> Found:
    """What must be the same in either database: one has partitions and the other has not."""
    decided_at = max(at for _, at in found["partition"] if at is not None)
    sites = [(tenant, *rest) for tenant, _, *rest in found["site"]]
    return found | {"partition": [("*", decided_at)], "site": sites}
