"""Two faults at once: the broker and the service are killed together, in either order, and come back in either order."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.servers.mosquitto import DURABLE, PROGRAM, running
from tests.servers.receivers import receiving
from tests.servers.serving import Serving
from tests.servers.town import ladder
from tests.servers.ward import eventually, ward

pytestmark = pytest.mark.timeout(300)

DEVICES = 6
PER_S = 10
ROUNDS = 2
APART_S = 0.3
"""Between the two faults at most, and between the two starts."""


async def both(first: Callable[[], object], second: Callable[[], object], chance: random.Random) -> None:
    """Two things in either order, the second before the first is done with if that takes longer."""
    order = chance.sample([first, second], 2)
    begun = asyncio.create_task(asyncio.to_thread(order[0]))
    await asyncio.sleep(chance.uniform(0, APART_S))
    await asyncio.to_thread(order[1])
    await begun


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_service_killed_while_its_broker_is_down_loses_nothing_that_was_confirmed(
    need: Callable[[object, str], None], tmp_path: Path, seed: int
) -> None:
    need(PROGRAM, "mosquitto")
    chance = random.Random(seed)  # noqa: S311 - a seed replays orders and instants
    options: dict[str, Any] = chance.choice([{"extra": DURABLE}, {"persistent": False}])
    with receiving() as hooks, running(tmp_path / "broker", **options) as broker:
        site = ladder(hooks.url, residents=DEVICES, wait_s=600)
        service = Serving(tmp_path / "service", site, arguments=["--mqtt-broker", broker.url])
        try:
            await asyncio.to_thread(service.start)
            async with ward(service, lambda: broker.port, count=DEVICES, per_s=PER_S, seed=seed) as devices:
                devices.press_all()
                await devices.some_confirmed(DEVICES)
                for _ in range(ROUNDS):
                    devices.press_all()  # some of it is on its way when they die
                    await both(broker.kill, service.kill, chance)
                    await eventually(lambda: not devices.connected, 60, "the devices have noticed")
                    devices.press_all()
                    await both(broker.start, service.start, chance)
                    await eventually(service.ready, 60, "ready again")
                    await devices.some_confirmed(DEVICES)
                await devices.check_in_the_end()
        finally:
            service.kill()
