"""A real service that stands still in the middle of alarms (a host that swaps, a virtual machine that is moved) and goes on.

It stands still for longer than a link's wait and than every MQTT keep-alive, so that everybody has hung up on it meanwhile.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.servers.mosquitto import PROGRAM, Mosquitto, running
from tests.servers.receivers import HookReceiver, receiving
from tests.servers.serving import Serving
from tests.servers.town import ladder
from tests.servers.ward import TENANT, Ward, eventually, ward

DEVICES = 6
PER_S = 10
WAIT_S = 15
"""Of the first link: long enough to come to a standstill before it, on a slow machine."""

LONG_S = 17
"""Standing still: longer than the link's wait and than the one and a half keep-alives after which devices are given up."""

AT_ONCE_S = 12.0
"""What counts as at once after standing still, on a slow machine: less than a wait that is begun anew."""


@asynccontextmanager
async def at_work(folder: Path, hooks: HookReceiver, broker: Mosquitto | None = None) -> AsyncIterator[tuple[Serving, Ward]]:
    """A service with a ward that presses, through a broker or not."""
    arguments = [] if broker is None else ["--mqtt-broker", broker.url]
    service = Serving(folder, ladder(hooks.url, residents=DEVICES, wait_s=WAIT_S), arguments=arguments)

    def port() -> int:
        return service.mqtt_port if broker is None else broker.port

    try:
        await asyncio.to_thread(service.start)
        async with ward(service, port, count=DEVICES, per_s=PER_S) as devices:
            yield service, devices
    finally:
        service.kill()


def told(hooks: HookReceiver, link: int) -> Counter[str]:
    """Times that each resident's alarm was handed over at a link."""
    return Counter(hook.data["resident"] for hook in list(hooks.hooks) if hook.data["link"] == link)


async def all_told_once(hooks: HookReceiver, link: int, within_s: float) -> None:
    """Everybody's alarm has been handed over at a link."""
    everybody = {f"r{number}": 1 for number in range(1, DEVICES + 1)}
    await eventually(lambda: told(hooks, link) == everybody, within_s, lambda: f"link {link}: {told(hooks, link)}")


def kept_tellings(service: Serving, operator: str) -> bool:
    """Whether every alarm's first hand-over is stored, so that none is under way."""
    with service.client(operator) as client:
        alarms = client.get("/api/v1/alarms").json()["items"]
        stories = [client.get(f"/api/v1/alarms/{alarm['id']}").json()["timeline"] for alarm in alarms]
    return len(stories) == DEVICES and all(any(e["event"] == "alarm.told" for e in story) for story in stories)


async def stands_still(service: Serving, devices: Ward, hooks: HookReceiver, noticed: Callable[[], bool]) -> None:
    """The story."""
    operator = service.token("operator", TENANT, "anna")
    devices.press_all()
    await all_told_once(hooks, 0, AT_ONCE_S)
    await eventually(lambda: kept_tellings(service, operator), AT_ONCE_S, "the hand-overs are kept")
    await devices.some_confirmed(PER_S)
    os.kill(service.pid, signal.SIGSTOP)
    stopped = time.monotonic()
    try:
        await eventually(lambda: time.monotonic() - stopped > LONG_S and noticed(), 60, "everybody has hung up")
    finally:
        os.kill(service.pid, signal.SIGCONT)
    await all_told_once(hooks, 1, AT_ONCE_S)
    await devices.some_confirmed(PER_S)
    await devices.check_in_the_end()
    assert told(hooks, 0) == told(hooks, 1), "somebody was told twice by the same turn"
    assert not told(hooks, 2), "a turn was taken whose time had not come"
    assert len({hook.headers["webhook-id"] for hook in hooks.hooks}) == len(hooks.hooks) == 2 * DEVICES


async def with_the_listener(folder: Path) -> None:
    """Devices at the service's own listener."""
    with receiving() as hooks:
        async with at_work(folder, hooks) as (service, devices):
            await stands_still(service, devices, hooks, lambda: True)


async def with_a_broker(folder: Path) -> None:
    """Devices at a broker, which gives the service's sessions up meanwhile."""
    with running(folder / "broker", extra="log_type notice\n") as broker, receiving() as hooks:
        log = folder / "broker" / "mosquitto.log"

        def given_up() -> bool:
            lines = log.read_text().splitlines()
            return sum("alarmcore-" in line and "exceeded timeout" in line for line in lines) == 2

        async with at_work(folder, hooks, broker) as (service, devices):
            await stands_still(service, devices, hooks, given_up)


@pytest.mark.timeout(300)
async def test_a_service_that_stood_still_goes_on_at_once_and_tells_nobody_twice(
    need: Callable[[object, str], None], tmp_path: Path
) -> None:
    need(PROGRAM, "mosquitto")
    async with asyncio.TaskGroup() as both:
        both.create_task(with_the_listener(tmp_path / "listener"))
        both.create_task(with_a_broker(tmp_path / "session"))
