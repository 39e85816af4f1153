"""A real process whose every commit takes 200 ms, and more of everything than it can take.

Its memory stays bounded, a press comes first, whoever is told busy repeats, and in the end everything is kept.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Final, Self

import httpx
import mqtt5
import pytest

from alarmcore.adapters.mqtt_session.inbound import UNANSWERED_MAX
from tests.servers.mosquitto import Mosquitto
from tests.servers.serving import Serving, program
from tests.servers.town import town

WITHIN_S: Final = 180.0
COMMIT_S: Final = 0.2

SLOW: Final = f"""
import asyncio
from alarmcore.adapters.sqlite_journal import SqliteJournal
commit = SqliteJournal.commit
async def slow(self, batch):
    await asyncio.sleep({COMMIT_S})
    return await commit(self, batch)
SqliteJournal.commit = slow
from dashboard.cli import main
main()
"""
"""The program, with a disk that takes its time."""

GROWTH_MAX_MB: Final = 150
"""What a flood may add: the listener's room, a lane, bodies, and what Python makes of them."""


class Slow(Serving):
    """A service on a slow disk."""

    @property
    def line(self) -> list[str]:
        return [sys.executable, "-c", SLOW, *super().line[len(program()) :]]

    @property
    def rss_mb(self) -> float:
        """What it has in memory now."""
        return int(re.findall(r"VmRSS:\s+(\d+)", Path(f"/proc/{self.pid}/status").read_text())[0]) / 1024

    def metrics(self, name: str) -> dict[str, float]:
        """A metric's values by their labels."""
        text = httpx.get(self.url + "/metrics", trust_env=False, timeout=60).text
        return {labels: float(value) for labels, value in re.findall(rf"^{name}({{.*?}})? (\S+)$", text, re.MULTILINE)}


def slow(folder: Path, *arguments: str) -> Slow:
    """A started one with two municipalities. Without credentials: what is tested is what comes behind them."""
    sites = [town("loud", residents=40), town("quiet", residents=2)]
    service = Slow(folder, *sites, opened=True, arguments=arguments)
    service.start()
    return service


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Slow]:
    service = slow(tmp_path)
    yield service
    service.kill()


class Client:
    """An MQTT client that writes as fast as it is let, and counts what is acknowledged. Nothing is sent twice by itself."""

    def __init__(self, port: int, name: str) -> None:
        self.port = port
        self.name = name
        self.acknowledged: list[int] = []

    async def __aenter__(self) -> Self:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.writer.write(mqtt5.ConnectPacket(self.name, keep_alive=0).write())
        self.hearing = asyncio.create_task(self._hear())
        return self

    async def __aexit__(self, *_: object) -> None:
        self.hearing.cancel()
        self.writer.close()

    async def send(self, tenant: str, device: str, kind: str, packet_id: int, **fields: Any) -> None:
        topic = f"alarmcore/v1/{tenant}/{device}/{kind}"
        packet = mqtt5.PublishPacket(topic, json.dumps(fields).encode(), qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=packet_id)
        self.writer.write(packet.write())
        await self.writer.drain()

    async def _hear(self) -> None:
        rest = bytearray()
        while data := await self.reader.read(65536):
            rest += data
            while len(rest) >= 2 and len(rest) >= 2 + rest[1]:
                if rest[0] >> 4 == 4:
                    self.acknowledged.append(int.from_bytes(rest[2:4]))
                del rest[: 2 + rest[1]]


async def until(true: Any, what: str) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not true():
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.02)


async def test_mqtt_clients_that_send_too_much_are_held_back_and_a_press_comes_first(service: Slow) -> None:
    clients, each = 24, 600
    before_mb = service.rss_mb
    loud = [Client(service.mqtt_port, f"loud-{n}") for n in range(clients)]

    async def flood(client: Client, number: int) -> None:
        for n in range(each):
            name = f"{number}-{n}"
            await client.send("loud", f"gps-{number + 1}", "heartbeat", n + 1, id=name, pad="x" * 1000)

    async with asyncio.timeout(WITHIN_S):
        for client in loud:
            await client.__aenter__()
        flooding = [asyncio.create_task(flood(client, number)) for number, client in enumerate(loud)]
        await until(lambda: sum(len(client.acknowledged) for client in loud) > 0, "the flood has begun")
        async with Client(service.mqtt_port, "press") as press:
            await press.send("quiet", "pendant-1", "button", 1, id="press")
            await until(lambda: press.acknowledged == [1], "the press is acknowledged")
            telemetry_then = sum(len(client.acknowledged) for client in loud)
        top_mb = service.rss_mb
        await asyncio.gather(*flooding)
        await until(lambda: sum(len(client.acknowledged) for client in loud) == clients * each, "everything is acknowledged")
        for client in loud:
            assert client.acknowledged == list(range(1, each + 1)), "in order, and each once"
            await client.__aexit__()
    assert telemetry_then < clients * each - 2000, "the press waited for all that came before it"
    outcomes = service.metrics("alarmcore_readings_total")
    assert outcomes['{kind="heartbeat",outcome="kept"}'] == clients * each
    assert outcomes['{kind="button",outcome="kept"}'] == 1
    assert service.metrics("alarmcore_busy_total")['{limit="room"}'] > 0, "nobody was held back"
    assert not any("busy" in labels for labels in outcomes), "held back, and so never told busy"
    assert max(top_mb, service.rss_mb) - before_mb < GROWTH_MAX_MB
    assert len(re.findall('"event": "busy"', service.log)) < 10, "a flood must not become one of log lines"


async def test_http_senders_are_told_busy_repeat_and_all_is_kept_in_the_end(service: Slow) -> None:
    before_mb, senders, pad = service.rss_mb, 14, "x" * 60_000
    answers: list[int] = []
    waits: set[str | None] = set()

    async def sender(client: httpx.AsyncClient, number: int) -> None:
        device = {"tenant": "loud", "device": f"gps-{number + 1}", "kind": "heartbeat", "pad": pad}
        body = json.dumps([device | {"id": f"{number}-{n}"} for n in range(110)])
        while True:
            answer = await client.post("/api/v1/readings", content=body)
            answers.append(answer.status_code)
            if answer.status_code == 200:
                assert {one["status"] for one in answer.json()["readings"]} == {"kept"}
                return
            waits.add(answer.headers.get("retry-after"))
            await asyncio.sleep(0.3)

    async with asyncio.timeout(WITHIN_S), client_of(service) as client:
        sending = [asyncio.create_task(sender(client, number)) for number in range(senders)]
        await until(lambda: 503 in answers or len(answers) >= senders, "somebody is told busy")
        press = {"tenant": "quiet", "device": "pendant-1", "kind": "button", "id": "press"}
        pressed = await client.post("/api/v1/readings", json=press)
        assert pressed.json() == {"readings": [{"id": "press", "status": "kept"}]}
        assert (await client.get("/health/ready")).status_code == 200
        await asyncio.gather(*sending)
    assert set(answers) == {200, 503}
    assert waits == {"2"}
    outcomes = service.metrics("alarmcore_readings_total")
    assert outcomes['{kind="heartbeat",outcome="kept"}'] >= senders * 110
    assert service.rss_mb - before_mb < 2 * GROWTH_MAX_MB


def client_of(service: Slow) -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=None)
    return httpx.AsyncClient(base_url=service.url, timeout=WITHIN_S, trust_env=False, limits=limits)


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Mosquitto]:
    broker = Mosquitto(tmp_path / "broker")
    broker.start()
    yield broker
    broker.kill()


async def test_a_broker_keeps_what_a_slow_process_cannot_take_yet_and_a_press_comes_first(
    tmp_path: Path, broker: Mosquitto
) -> None:
    service = slow(tmp_path / "service", "--mqtt-broker", broker.url)
    readings = 6000
    try:
        before_mb = service.rss_mb
        async with asyncio.timeout(WITHIN_S), Client(broker.port, "loud") as loud:
            for n in range(readings):
                await loud.send("loud", f"gps-{n % 40 + 1}", "heartbeat", n % 60_000 + 1, id=f"{n}", pad="x" * 2000)
            await until(lambda: len(loud.acknowledged) == readings, "the broker has them")
            async with Client(broker.port, "press") as press:
                await press.send("quiet", "pendant-1", "button", 1, id="press")
                outcomes: dict[str, float] = {}
                while '{kind="button",outcome="kept"}' not in outcomes:
                    await asyncio.sleep(0.02)
                    outcomes = await asyncio.to_thread(service.metrics, "alarmcore_readings_total")
            telemetry_then = outcomes.get('{kind="heartbeat",outcome="kept"}', 0)
            backlog = (await asyncio.to_thread(service.metrics, "alarmcore_lane_backlog"))[""]
            while outcomes['{kind="heartbeat",outcome="kept"}'] < readings:
                await asyncio.sleep(0.1)
                outcomes = await asyncio.to_thread(service.metrics, "alarmcore_readings_total")
        assert telemetry_then < readings, "the press waited for all that came before it"
        # Beside what a session lets wait, what one read of its socket brings at most.
        assert backlog <= UNANSWERED_MAX + 200, "the broker keeps the others"
        assert outcomes['{kind="heartbeat",outcome="kept"}'] == readings
        assert service.rss_mb - before_mb < GROWTH_MAX_MB
    finally:
        service.kill()
