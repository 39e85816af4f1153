"""Devices as they really connect: each with its own MQTT connection and password, each repeating until it is confirmed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import socket
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

import aiomqtt

from loadtests.fleet.lives import readings
from loadtests.fleet.outbox import Letter, Outbox

REPEAT_S: Final = 10.0
"""A reading that is not confirmed is said again after this long."""

RECONNECT_MIN_S: Final = 0.5
RECONNECT_MAX_S: Final = 30.0
"""Waiting time between attempts to connect doubles up to this; devices have batteries."""

STEADY_S: Final = 5.0
"""A connection that held this long was a good one; after a shorter one the next wait is longer."""

SPREAD_S: Final = 2.0
"""Devices do not all connect in the same instant."""


class Fleet:
    """Counters over all devices, for the demo's log and for tests."""

    def __init__(self) -> None:
        self.said = self.kept = self.rejected = self.connects = 0
        self.reasons: dict[str, int] = {}
        self.trouble = ""
        """What ended the latest connection that ended badly."""


class Device:
    """One device: readings go into its outbox, and a connection that comes and goes empties it."""

    def __init__(self, url: str, tenant: str, name: str, password: str | None, fleet: Fleet, repeat_s: float = REPEAT_S) -> None:
        self._url = urlsplit(url)
        self._topic = f"alarmcore/v1/{tenant}/{name}"
        self._ack_topic = f"alarmcore/ack/v1/{tenant}/{name}"
        self._username = f"{tenant}/{name}"
        self._password = password
        self._fleet = fleet
        self._repeat_s = repeat_s
        self._wake = asyncio.Event()
        self.outbox = Outbox(repeat_s)

    def say(self, kind: str, reading: dict[str, Any]) -> None:
        """Report something, now or as soon as there is a connection."""
        self.outbox.put(Letter(reading["id"], kind, json.dumps(reading).encode()))
        self._fleet.said += 1
        self._wake.set()

    async def run(self) -> None:
        """Connect, and connect again, until cancelled."""
        wait_s = RECONNECT_MIN_S
        while True:
            began_s = time.monotonic()
            try:
                async with self._client() as client:
                    self._fleet.connects += 1
                    await self._talk(client)
            except* (aiomqtt.MqttError, OSError) as problems:
                self._fleet.trouble = str(problems.exceptions[0])
            if time.monotonic() - began_s > STEADY_S:
                wait_s = RECONNECT_MIN_S
            self.outbox.disconnected()
            await asyncio.sleep(wait_s * random.uniform(0.5, 1.0))
            wait_s = min(wait_s * 2.0, RECONNECT_MAX_S)

    def _client(self) -> aiomqtt.Client:
        secure = self._url.scheme in ("mqtts", "ssl")
        return aiomqtt.Client(
            self._url.hostname or "127.0.0.1",
            self._url.port or (8883 if secure else 1883),
            username=self._username if self._password is not None else None,
            password=self._password,
            identifier=self._username,
            tls_context=ssl.create_default_context() if secure else None,
            # Without it the kernel holds small packets back for up to 40 ms.
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        )

    async def _talk(self, client: aiomqtt.Client) -> None:
        await client.subscribe(self._ack_topic, qos=1)
        async with asyncio.TaskGroup() as both:
            both.create_task(self._hear(client))
            both.create_task(self._empty(client))

    async def _hear(self, client: aiomqtt.Client) -> None:
        """Take confirmations; both "kept" and "rejected" end the repeating."""
        async for message in client.messages:
            answer = _answer(message.payload)
            if answer is None or not self.outbox.confirmed(str(answer.get("id"))):
                continue
            if answer.get("status") == "kept":
                self._fleet.kept += 1
            else:
                self._fleet.rejected += 1
                reason = str(answer.get("reason"))
                self._fleet.reasons[reason] = self._fleet.reasons.get(reason, 0) + 1

    async def _empty(self, client: aiomqtt.Client) -> None:
        """Say what is due, then wait for something new or for the time to repeat."""
        while True:
            self._wake.clear()
            for letter in self.outbox.due(time.monotonic()):
                await client.publish(f"{self._topic}/{letter.kind}", letter.payload, qos=1)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), self._repeat_s / 2.0 if len(self.outbox) else None)


async def drive(  # noqa: PLR0913 - a fleet has that many settings; all but three have a default
    url: str,
    site: dict[str, Any],
    credentials: dict[str, str] | None,
    *,
    seed: int = 1,
    speed: float = 1.0,
    stop: asyncio.Event,
    fleet: Fleet | None = None,
    repeat_s: float = REPEAT_S,
) -> None:
    """Let every device of a site document live and report to a broker until `stop` is set.

    `credentials` holds a password for each device id; None where the service runs open. `speed` above 1 makes life faster;
    readings are still stamped with the moment at which they are made, as a device does.
    """
    fleet = fleet or Fleet()
    tenant = site["tenant"]["id"]
    names = [device["id"] for resident in site.get("residents", []) for device in resident.get("devices", [])]
    passwords = credentials or {}
    devices = {name: Device(url, tenant, name, passwords.get(name), fleet, repeat_s) for name in names}
    tasks = [asyncio.create_task(_started(device, n * SPREAD_S / len(names))) for n, device in enumerate(devices.values())]
    tasks.append(asyncio.create_task(_live(devices, readings(site, seed, datetime.now(UTC)), speed)))
    stopped = asyncio.create_task(stop.wait())
    try:
        done, _ = await asyncio.wait([*tasks, stopped], return_when=asyncio.FIRST_COMPLETED)
        # A device or the clock of lives never ends by itself: if one did, its error is said here.
        for task in done:
            task.result()
    finally:
        for task in [*tasks, stopped]:
            task.cancel()
        await asyncio.gather(*tasks, stopped, return_exceptions=True)


async def _started(device: Device, wait_s: float) -> None:
    await asyncio.sleep(wait_s)
    await device.run()


async def _live(devices: dict[str, Device], life: Iterator[tuple[datetime, str, str, dict[str, Any]]], speed: float) -> None:
    """Hand every reading to its device when its time has come."""
    began = time.monotonic()
    start_at = None
    for due_at, name, kind, reading in life:
        start_at = start_at or due_at
        wait_s = (due_at - start_at).total_seconds() / speed - (time.monotonic() - began)
        if wait_s > 0.0:
            await asyncio.sleep(wait_s)
        stamp = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        devices[name].say(kind, {**reading, "at": stamp})


def _answer(payload: Any) -> dict[str, Any] | None:
    try:
        answer = json.loads(payload)
    except (TypeError, ValueError):
        return None
    return answer if isinstance(answer, dict) else None
