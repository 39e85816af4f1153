"""A ward full of pendants: they press at a rate, come back by themselves, and repeat every press until it is confirmed.

One of them speaks HTTP, the others MQTT. They live in the event loop of the test; whatever is done to the service or the
broker meanwhile, they go on.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, Final

import httpx

from tests.servers.books import Stored, check_books, identity
from tests.servers.cluster import Cluster
from tests.servers.serving import Serving
from tests.servers.wire import Pendant

TENANT: Final = "grastorp"

BACK_S: Final = 0.1
"""Between two tries to come back: impatient, so that a test is short."""

REPEAT_S: Final = 1.0
"""How often a device says again what is open."""

REPEAT_MAX: Final = 10
"""Presses that a device says again at once, the oldest: devices are small, and a broker that saves every message is slow."""

REQUEST_S: Final = 3.0
"""How long the device that speaks HTTP waits for an answer."""

KEEPALIVE_S: Final = 4
"""Of the devices' MQTT: short, so that a service that stands still for seconds exceeds it."""


class Caller:
    """A pendant that speaks HTTP. What is not answered with 200 is posted again under its old id."""

    def __init__(self, tenant: str, name: str, password: str) -> None:
        self.tenant = tenant
        self.name = name
        self.password = password
        self.open: dict[str, bytes] = {}
        self.confirmed: set[str] = set()
        self.refused: list[str] = []
        self.statuses: list[int] = []
        self.pressed = 0

    def press(self, at: float) -> str:
        """Press the button; `run` posts it."""
        self.pressed += 1
        name = f"{self.name}-{self.pressed}"
        self.open[name] = json.dumps({"id": name, "at": at}).encode()
        return name

    async def run(self, url: Callable[[], str]) -> None:
        """Post what is open, for ever."""
        async with httpx.AsyncClient(
            headers={"authorization": f"Bearer {self.password}"}, timeout=REQUEST_S, trust_env=False
        ) as client:
            while True:
                for name, payload in list(self.open.items())[:20]:
                    with contextlib.suppress(httpx.HTTPError, ValueError):
                        await self._post(client, url(), name, payload)
                await asyncio.sleep(BACK_S)

    async def _post(self, client: httpx.AsyncClient, url: str, name: str, payload: bytes) -> None:
        sent = json.loads(payload) | {"tenant": self.tenant, "device": self.name, "kind": "button"}
        answer = await client.post(f"{url}/api/v1/readings", json=sent)
        self.statuses.append(answer.status_code)
        if answer.status_code != 200:
            return
        (verdict,) = answer.json()["readings"]
        if verdict["status"] != "kept":
            self.refused.append(name)
        self.confirmed.add(name)
        self.open.pop(name, None)


class Ward:
    """The devices of one service: `pendant-1` (HTTP), `pendant-2`… (MQTT), each of the resident of its number."""

    def __init__(
        self,
        service: Serving | Cluster,
        port: Callable[[], int],
        *,
        count: int,
        per_s: float,
        seed: int = 1,
        tenant: str = TENANT,
    ) -> None:
        self.service = service
        self.tenant = tenant
        self.port = port
        self.per_s = per_s
        self.random = random.Random(seed)  # noqa: S311 - a seed replays who presses
        names = [f"pendant-{number}" for number in range(1, count + 1)]
        secrets = [service.token("device", tenant, name) for name in names]
        self.caller = Caller(tenant, names[0], secrets[0])
        self.pendants = [Pendant(tenant, n, s, KEEPALIVE_S) for n, s in zip(names[1:], secrets[1:], strict=True)]
        self.pressed_at: dict[str, float] = {}
        self.pressing = True

    @property
    def devices(self) -> list[Pendant | Caller]:
        """All of them."""
        return [self.caller, *self.pendants]

    @property
    def confirmed(self) -> set[str]:
        """Presses that the devices were told are kept."""
        return set().union(*(device.confirmed for device in self.devices))

    @property
    def open(self) -> set[str]:
        """Presses that the devices go on repeating."""
        return set().union(*(device.open for device in self.devices))

    @property
    def connected(self) -> int:
        """How many of the MQTT devices are let in now."""
        return sum(pendant.greeted.is_set() for pendant in self.pendants)

    def press(self, device: Pendant | Caller) -> str:
        """One press, now."""
        at = round(time.time(), 3)
        name = device.press(at)
        self.pressed_at[name] = at
        return name

    def press_all(self) -> set[str]:
        """Everybody presses."""
        return {self.press(device) for device in self.devices}

    async def stream(self) -> None:
        """Presses at the rate, whatever happens, except while `pressing` is off."""
        began, made = time.monotonic(), 0
        while True:
            await asyncio.sleep(0.01)
            due = int((time.monotonic() - began) * self.per_s)
            for _ in range(due - made if self.pressing else 0):
                self.press(self.random.choice(self.devices))
            made = due

    async def keep(self, pendant: Pendant) -> None:
        """Come back whenever the connection is gone; say again what is open."""
        while True:
            try:
                await pendant.connect(self.port())
            except OSError:
                await asyncio.sleep(BACK_S)
                continue
            while not pendant.ended.is_set():
                # Not `wait_for`: in Python 3.11 it loses a cancellation that comes together with what it waits for.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(REPEAT_S):
                        await pendant.ended.wait()
                pendant.repeat(REPEAT_MAX)
            await asyncio.sleep(BACK_S)

    async def all_confirmed(self, within_s: float = 60.0) -> None:
        """Nobody presses any more, and every press that was ever made is confirmed."""
        self.pressing = False
        await eventually(lambda: not self.open, within_s, lambda: f"{len(self.open)} presses are not confirmed")
        assert self.confirmed == set(self.pressed_at)
        assert not any(device.refused for device in self.devices)

    @property
    def identities(self) -> set[int]:
        """What all presses are known by."""
        return {identity(name, at, self.tenant) for name, at in self.pressed_at.items()}

    async def check_in_the_end(self, *others: Ward) -> Stored:
        """Confirmed and kept are the same, nothing is doubled, and an operator sees every press. `others`: of other towns."""
        await self.all_confirmed()
        elsewhere: set[int] = set().union(*(other.identities for other in others))
        database = self.service.tables if isinstance(self.service, Cluster) else self.service.database
        stored = check_books(database, self.pressed_at, self.confirmed, tenant=self.tenant, others=elsewhere)
        await asyncio.to_thread(self._check_shown)
        return stored

    def _check_shown(self) -> None:
        with self.service.client(self.service.token("operator", self.tenant, "anna")) as client:
            alarms = client.get("/api/v1/alarms").json()["items"]
            alarms += client.get("/api/v1/alarms", params={"state": "resolved", "limit": 500}).json()["items"]
            assert "alarmcore_alarms_without_next_step 0.0" in client.get("/metrics").text
        assert sum(1 + alarm["repeats"] for alarm in alarms) == len(self.pressed_at)

    async def some_confirmed(self, count: int, within_s: float = 60.0) -> None:
        """So many more presses are confirmed than now."""
        enough = len(self.confirmed) + count
        await eventually(lambda: len(self.confirmed) >= enough, within_s, lambda: f"{len(self.confirmed)} < {enough} confirmed")


@contextlib.asynccontextmanager
async def ward(service: Serving | Cluster, port: Callable[[], int], **options: Any) -> AsyncIterator[Ward]:
    """A ward at work, gone afterwards."""
    made = Ward(service, port, **options)
    jobs: list[Coroutine[Any, Any, None]] = [made.stream(), made.caller.run(lambda: service.url)]
    jobs += [made.keep(pendant) for pendant in made.pendants]
    tasks = [asyncio.create_task(job) for job in jobs]
    try:
        yield made
        for task in tasks:
            if task.done() and not task.cancelled():
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for pendant in made.pendants:
            pendant.leave()


async def eventually(done: Callable[[], Any], within_s: float, what: Callable[[], str] | str) -> Any:
    """What `done` gives once it gives something true: other processes set no event of ours."""
    deadline = time.monotonic() + within_s
    while True:
        found = done()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within_s:g} s: {what if isinstance(what, str) else what()}")
        await asyncio.sleep(0.02)
