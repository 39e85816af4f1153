"""A real service whose machine's clock is set by an hour in the middle of an alarm: no chain stalls, and every press is kept."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from tests.servers.receivers import HookReceiver, receiving
from tests.servers.serving import Serving
from tests.servers.town import ladder
from tests.servers.ward import Ward, eventually, ward
from tests.servers.wrongclock import LIBRARY, WrongClock

pytestmark = pytest.mark.timeout(300)

DEVICES = 6
PER_S = 20
HOUR_S = 3600

AT_ONCE_S = 60.0
"""What counts as at once, on the slowest of machines: a chain that stalled would wait for ten minutes or an hour."""


@asynccontextmanager
async def at_work(folder: Path, hooks: HookReceiver, wait_s: float) -> AsyncIterator[tuple[Serving, Ward, WrongClock]]:
    """A service with a clock of its own and a ward that presses."""
    clock = WrongClock(folder)
    service = Serving(folder, ladder(hooks.url, residents=DEVICES, wait_s=wait_s, then_s=wait_s), env=clock.env)
    try:
        await asyncio.to_thread(service.start)
        async with ward(service, lambda: service.mqtt_port, count=DEVICES, per_s=PER_S) as devices:
            yield service, devices, clock
    finally:
        service.kill()


def told(hooks: HookReceiver, link: int) -> set[str]:
    """Whose alarms were handed over at a link."""
    return {hook.data["resident"] for hook in list(hooks.hooks) if hook.data["link"] == link}


EVERYBODY = {f"r{number}" for number in range(1, DEVICES + 1)}


def service_time(service: Serving) -> float:
    """Seconds since 1970, as the service's process reads its machine's clock."""
    return parsedate_to_datetime(service.look("/health/live")[1]["date"]).timestamp()


async def test_a_clock_set_forward_brings_the_next_turn_at_once(need: Callable[[object, str], None], tmp_path: Path) -> None:
    need(LIBRARY, "faketime")
    with receiving() as hooks:
        async with at_work(tmp_path, hooks, 600) as (service, devices, clock):
            devices.press_all()
            await eventually(lambda: told(hooks, 0) == EVERYBODY, AT_ONCE_S, "the first link")
            await devices.some_confirmed(PER_S)
            await devices.all_confirmed()  # and it is quiet: no press shall make the service look at its clock
            assert not told(hooks, 1)
            clock.set(HOUR_S)
            await eventually(lambda: told(hooks, 1) == EVERYBODY, AT_ONCE_S, "the second link, whose turn has come")
            await eventually(lambda: service_time(service) > time.time() + HOUR_S - 60, AT_ONCE_S, "its clock is set forward")
            devices.pressing = True
            await devices.some_confirmed(PER_S)
            await devices.check_in_the_end()
            assert len(hooks.hooks) == 2 * DEVICES, "somebody was told twice by the same turn"


async def test_a_clock_set_back_holds_up_no_chain_not_even_across_a_crash(
    need: Callable[[object, str], None], tmp_path: Path
) -> None:
    need(LIBRARY, "faketime")
    wait_s = 4
    with receiving() as hooks:
        async with at_work(tmp_path, hooks, wait_s) as (service, devices, clock):
            pressed_at = time.monotonic()
            devices.press_all()
            await eventually(lambda: told(hooks, 0) == EVERYBODY, AT_ONCE_S, "the first link")
            clock.set(-HOUR_S)
            await eventually(lambda: service_time(service) < time.time() - HOUR_S + 60, AT_ONCE_S, "its clock is set back")
            await devices.some_confirmed(PER_S)
            await eventually(lambda: told(hooks, 1) == EVERYBODY, wait_s + AT_ONCE_S, "the second link's turn")
            # From before the presses: whatever holds us up makes this longer, never shorter.
            assert time.monotonic() - pressed_at > wait_s / 2, "a turn came before its time"
            service.kill()
            await asyncio.to_thread(service.start)
            await eventually(lambda: told(hooks, 2) == EVERYBODY, wait_s + AT_ONCE_S, "the third link's turn")
            await devices.some_confirmed(PER_S)
            await devices.check_in_the_end()
