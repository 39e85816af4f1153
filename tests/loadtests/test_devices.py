"""Devices repeat until they are confirmed, keep what they could not say, and say urgent things first."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import aiomqtt
import pytest

from loadtests.fleet.devices import Device, Fleet, drive
from loadtests.fleet.outbox import PENDING_MAX, Letter, Outbox
from loadtests.fleet.town import town

WITHIN_S = 60.0


def letter(name: str, kind: str = "position") -> Letter:
    return Letter(name, kind, b"{}")


def test_a_reading_is_said_at_once_and_again_until_it_is_confirmed() -> None:
    box = Outbox(10.0)
    box.put(letter("a"))
    assert [one.id for one in box.due(0.0)] == ["a"]
    assert box.due(9.9) == []
    assert [one.id for one in box.due(10.0)] == ["a"]
    assert box.confirmed("a")
    assert box.due(1_000.0) == []
    assert not box.confirmed("a")


def test_after_a_lost_connection_everything_unconfirmed_is_said_again_in_order() -> None:
    box = Outbox(10.0)
    for name in "abc":
        box.put(letter(name))
    box.due(0.0)
    box.confirmed("b")
    box.disconnected()
    assert [one.id for one in box.due(0.1)] == ["a", "c"]


def test_urgent_things_overtake() -> None:
    box = Outbox(10.0)
    box.put(letter("walk"))
    box.put(letter("help", "button"))
    assert [one.id for one in box.due(0.0)] == ["help", "walk"]


def test_a_full_memory_forgets_its_oldest_fix_and_never_a_press() -> None:
    box = Outbox(10.0)
    box.put(letter("help", "button"))
    for n in range(PENDING_MAX):
        box.put(letter(str(n)))
    names = [one.id for one in box.due(0.0)]
    assert len(names) == PENDING_MAX
    assert names[:2] == ["help", "1"]
    assert box.dropped == 1


def mosquitto() -> ModuleType:
    """The private broker of the tests, which lies in a folder of its own."""
    path = Path(__file__).parent.parent / "servers" / "mosquitto.py"
    spec = importlib.util.spec_from_file_location("private_mosquitto_for_the_fleet", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def broker(tmp_path: Path) -> Any:
    servers = mosquitto()
    if servers.PROGRAM is None:
        pytest.skip("mosquitto is not installed; install Debian's package mosquitto")
    users = {"demo/pendant-01": "secret", "server": "secret"}
    with servers.running(tmp_path, users=users) as started:
        yield started


class Service:
    """A stand-in for the service: confirms what it is told to, and remembers everything it heard."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.heard: list[tuple[str, dict[str, Any]]] = []
        self.confirms = False
        self._news = asyncio.Event()
        self.ready = asyncio.Event()

    async def run(self) -> None:
        while True:
            # A broker that starts anew on its port may take the first connection with it.
            with contextlib.suppress(aiomqtt.MqttError):
                await self.served()

    async def served(self) -> None:
        """As long as one connection lasts."""
        async with aiomqtt.Client("127.0.0.1", self.port, username="server", password="secret") as client:
            await client.subscribe("alarmcore/v1/#", qos=1)
            self.ready.set()
            async for message in client.messages:
                reading = json.loads(bytes(message.payload))
                self.heard.append((str(message.topic), reading))
                self._news.set()
                if self.confirms:
                    _, _, _, tenant, device, _ = ("", *str(message.topic).split("/"))
                    answer = json.dumps({"id": reading["id"], "status": "kept"})
                    await client.publish(f"alarmcore/ack/v1/{tenant}/{device}", answer, qos=1)

    async def until_heard(self, count: int) -> None:
        while len(self.heard) < count:
            self._news.clear()
            await self._news.wait()


async def until(condition: Any) -> None:
    while not condition():  # noqa: ASYNC110 - a real broker and real time are waited for here
        await asyncio.sleep(0.01)


async def test_a_device_repeats_under_the_same_id_until_it_is_confirmed(broker: Any) -> None:
    service, fleet = Service(broker.port), Fleet()
    device = Device(broker.url, "demo", "pendant-01", "secret", fleet, repeat_s=0.2)
    async with asyncio.timeout(WITHIN_S):
        listening = asyncio.create_task(service.run())
        await service.ready.wait()
        living = asyncio.create_task(device.run())
        device.say("button", {"at": "2026-01-14T12:00:00Z", "id": "one"})
        await service.until_heard(2)
        assert {(topic, said["id"]) for topic, said in service.heard} == {("alarmcore/v1/demo/pendant-01/button", "one")}
        assert fleet.kept == 0
        service.confirms = True
        await until(lambda: len(device.outbox) == 0)
        assert fleet.kept == 1
        listening.cancel()
        living.cancel()
        await asyncio.gather(listening, living, return_exceptions=True)


async def test_what_happened_while_the_broker_was_away_is_said_afterwards(broker: Any) -> None:
    service, fleet = Service(broker.port), Fleet()
    service.confirms = True
    device = Device(broker.url, "demo", "pendant-01", "secret", fleet, repeat_s=0.5)
    async with asyncio.timeout(WITHIN_S):
        living = asyncio.create_task(device.run())
        await until(lambda: fleet.connects == 1)
        broker.kill()
        device.say("button", {"at": "2026-01-14T12:00:00Z", "id": "in the dark"})
        await asyncio.to_thread(broker.start)
        listening = asyncio.create_task(service.run())
        await until(lambda: fleet.kept == 1)
        assert {said["id"] for _, said in service.heard} == {"in the dark"}
        assert fleet.connects >= 2
        listening.cancel()
        living.cancel()
        await asyncio.gather(listening, living, return_exceptions=True)


async def test_a_driven_fleet_reports_and_ends_when_it_is_told_to(broker: Any) -> None:
    site = town(1)
    alone = {**site, "residents": [{**site["residents"][0], "devices": [{"id": "pendant-01", "kind": "pendant"}]}]}
    service, stop, fleet = Service(broker.port), asyncio.Event(), Fleet()
    service.confirms = True
    async with asyncio.timeout(WITHIN_S):
        listening = asyncio.create_task(service.run())
        await service.ready.wait()
        driving = asyncio.create_task(drive(broker.url, alone, {"pendant-01": "secret"}, speed=60.0, stop=stop, fleet=fleet))
        await until(lambda: any(topic.endswith("/button") for topic, _ in service.heard))
        stop.set()
        await driving
        assert fleet.rejected == 0
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
