"""A real broker that is killed under a real service and its devices: both come back by themselves, and confirmed is kept.

What the broker had acknowledged and not delivered is lost with it (Mosquitto loses it even if it saves every change). Devices
that repeat until *we* have confirmed lose nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.servers.mosquitto import DURABLE, PROGRAM, running
from tests.servers.receivers import receiving
from tests.servers.serving import Serving
from tests.servers.town import ladder
from tests.servers.ward import eventually, ward

pytestmark = pytest.mark.timeout(300)

DEVICES = 6
PER_S = 10
KILLS = 2


@pytest.mark.parametrize("persistent", [True, False], ids=["remembers", "forgets"])
async def test_a_broker_that_is_killed_loses_nothing_that_was_confirmed(
    need: Callable[[object, str], None], tmp_path: Path, *, persistent: bool
) -> None:
    need(PROGRAM, "mosquitto")
    options = {"extra": DURABLE} if persistent else {"persistent": False}
    with receiving() as hooks, running(tmp_path / "broker", **options) as broker:
        site = ladder(hooks.url, residents=DEVICES, wait_s=600)
        service = Serving(tmp_path / "service", site, arguments=["--mqtt-broker", broker.url])
        try:
            await asyncio.to_thread(service.start)
            async with ward(service, lambda: broker.port, count=DEVICES, per_s=PER_S) as devices:
                devices.press_all()
                await devices.some_confirmed(DEVICES)
                for _ in range(KILLS):
                    devices.press_all()  # some of it is on its way when the broker dies
                    broker.kill()
                    await eventually(lambda: not service.ready() and not devices.connected, 60, "everybody has noticed")
                    devices.press_all()
                    await asyncio.to_thread(broker.start)
                    await eventually(service.ready, 60, "ready again")
                    await eventually(lambda: devices.connected == DEVICES - 1, 60, "the devices are back")
                    await devices.some_confirmed(DEVICES)
                await devices.check_in_the_end()
        finally:
            service.kill()
