"""A real service without room for its data: nothing is confirmed, it says so, it lives, and goes on by itself."""

from __future__ import annotations

import asyncio
import random
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.servers.books import check_books
from tests.servers.receivers import receiving
from tests.servers.room import KINDS, Disk, Room, room
from tests.servers.serving import START_WITHIN_S, Serving
from tests.servers.town import ladder
from tests.servers.ward import TENANT, Ward, eventually, ward

pytestmark = pytest.mark.timeout(300)

DEVICES = 8
PER_S = 40
REFUSALS = 3
"""Times that a device is told 503 before we believe that nothing is kept: each is a turn of the service that failed."""


@asynccontextmanager
async def at_work(folder: Path, where: Room) -> AsyncIterator[tuple[Serving, Ward]]:
    """A service with its data in that room, and a ward that presses."""
    with receiving() as hooks:
        service = Serving(folder, ladder(hooks.url, residents=DEVICES, wait_s=600), data=where.data)
        if isinstance(where, Disk):
            service.log_path = where.folder / "log"
        try:
            await asyncio.to_thread(service.start)
            async with ward(service, lambda: service.mqtt_port, count=DEVICES, per_s=PER_S) as devices:
                yield service, devices
        finally:
            service.kill()


def check_that_it_lives(service: Serving, operator: str, alarms: int) -> None:
    """Pages answer, and show what is known."""
    assert service.process is not None
    assert service.process.poll() is None
    with service.client(operator) as client:
        assert client.get("/health/live").status_code == 200
        assert client.get("/").status_code == 200
        assert "alarmcore_alarms_without_next_step 0.0" in client.get("/metrics").text
        assert len(client.get("/api/v1/alarms").json()["items"]) == alarms


def check_that_nothing_is_taken(service: Serving, operator: str) -> None:
    """Nor is a person told that something was kept."""
    with service.client(operator) as client:
        alarm = client.get("/api/v1/alarms").json()["items"][0]["id"]
        answer = client.post(f"/api/v1/alarms/{alarm}/take")
        assert answer.status_code == 503, "somebody was told that they have taken an alarm, and it is not kept"
        assert "retry-after" in answer.headers
        assert client.get(f"/api/v1/alarms/{alarm}").json()["state"] == "open"


async def refused(devices: Ward, times: int) -> None:
    """The device that speaks HTTP is told so many times more that nothing is kept."""
    said = len(devices.caller.statuses)
    await eventually(lambda: devices.caller.statuses[said:].count(503) >= times, 60, "503 over HTTP")


@pytest.mark.parametrize("kind", KINDS)
async def test_without_room_nothing_is_confirmed_and_with_room_it_goes_on_by_itself(kind: str, tmp_path: Path) -> None:
    with room(kind, tmp_path) as where:
        async with at_work(tmp_path, where) as (service, devices):
            operator = service.token("operator", TENANT, "anna")
            devices.press_all()
            await devices.some_confirmed(2 * DEVICES)
            where.take(service)
            await eventually(lambda: not service.ready(), 60, "not ready")
            await refused(devices, 1)  # meanwhile the devices have heard all that was confirmed before
            known = devices.confirmed
            devices.press_all()
            await refused(devices, REFUSALS)
            check_books(service.database, devices.pressed_at, devices.confirmed)
            await asyncio.to_thread(check_that_it_lives, service, operator, DEVICES)
            if kind == "limit":  # on a disk, a small batch still fits where a large one has broken off
                assert devices.confirmed == known, "something was confirmed that cannot be on the disk"
                await asyncio.to_thread(check_that_nothing_is_taken, service, operator)
            await eventually(lambda: not service.ready(), 60, "still not ready")
            where.give(service)
            await eventually(service.ready, 60, "ready again")
            await devices.some_confirmed(DEVICES)
            await devices.check_in_the_end()


@pytest.mark.parametrize(("seed", "kind"), list(enumerate(KINDS)))
async def test_a_service_killed_without_room_says_so_at_its_start_and_goes_on_with_room(
    seed: int, kind: str, tmp_path: Path
) -> None:
    chance = random.Random(seed)  # noqa: S311 - a seed replays the instants
    with room(kind, tmp_path) as where:
        async with at_work(tmp_path, where) as (service, devices):
            devices.press_all()
            await devices.some_confirmed(DEVICES)
            where.take(service)
            devices.press_all()
            await asyncio.sleep(chance.uniform(0, 1.2))  # before, in and after the first turns that fail
            service.kill()
            in_vain = await asyncio.to_thread(start_in_vain, service)
            assert in_vain.returncode == 1
            assert "make room" in in_vain.stderr
            assert "Traceback" not in in_vain.stderr
            where.give(service)
            await asyncio.to_thread(service.start)
            await devices.some_confirmed(DEVICES)
            await devices.check_in_the_end()


def start_in_vain(service: Serving) -> subprocess.CompletedProcess[str]:
    """A start without room."""
    return subprocess.run(service.line, capture_output=True, text=True, timeout=START_WITHIN_S, check=False)
