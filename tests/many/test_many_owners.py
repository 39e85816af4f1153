"""Owners that die, sleep, leave and join while devices press: real processes, and everything that was confirmed is kept, once."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from alarmcore.shared import LEASE_S
from tests.many.installation import TOWNS, WITHIN_S, Installation, at_work
from tests.many.screens import following
from tests.servers.cluster import Member
from tests.servers.postgres import PostgresServer
from tests.servers.ward import eventually

pytestmark = pytest.mark.timeout(600)

TURN_S = 4.0
"""The second link of the chains: told while nobody owns the alarm, were it not for the takeover."""


def of(installation: Installation, tenant: str) -> Member:
    """Who owns a town now."""
    owner = installation.cluster.owner(tenant)
    assert owner is not None
    return owner


async def test_a_killed_owners_alarms_go_on_with_another(tmp_path: Path, postgres: PostgresServer) -> None:
    async with at_work(tmp_path, "a", "b", wait_s=TURN_S, server=postgres) as installation:
        await installation.shared("a", "b")
        victim = await asyncio.to_thread(of, installation, TOWNS[0])
        await installation.all_told(TOWNS[0], "contact:eva")
        installation.press_all()
        victim.kill()
        killed_at = time.monotonic()
        await installation.owned_by_others(victim)
        print(f"takeover after kill -9: {time.monotonic() - killed_at:.2f} s")
        await installation.some_confirmed()
        await installation.all_told(TOWNS[0], "contact:bo")
        await installation.all_told(TOWNS[1], "contact:bo")
        await asyncio.to_thread(victim.start)
        await installation.shared("a", "b")
        await installation.ready()
        stored = (await installation.check_in_the_end())[TOWNS[0]]
        raised = {alarm.id: alarm.raised_at for alarm in stored.alarms}
        bo = [e.at - raised[e.alarm] for e in stored.events if e.event == "alarm.told" and e.to == "contact:bo" and e.alarm]
        print(f"second link told at the latest {max(bo).total_seconds():.2f} s after the press, chain says {TURN_S} s")
