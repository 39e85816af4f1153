"""From a press on a device to the operator's screen, against what the parts underneath take by themselves.

One press at a time, each from another resident, so that each raises an alarm. After every press come one bare round trip
through Mosquitto (publish to subscriber, QoS 1) and one SQLite commit (WAL, synchronous=FULL) on the same disk: the least
that a system with a broker and a durable store could need.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import mqtt5
import msgspec
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as open_socket

from loadtests.bench.servers import NotStarted, Served, alarmcore, free_port, mosquitto
from loadtests.bench.wire import Client, connect, encode
from loadtests.site import bench_site, device_id, person_id

WARM_UP: Final = 20
"""Presses that are not counted: caches fill, connections open."""

SCREEN_WITHIN_S: Final = 10.0
"""An alarm that takes longer has not arrived."""

ROW: Final = b"x" * 300
"""About what one alarm's event takes in a journal."""


class Sample(msgspec.Struct, frozen=True):
    """Milliseconds of one turn: press to screen, bare round trip, bare commit."""

    screen_ms: float
    broker_ms: float
    commit_ms: float


class Screen:
    """An operator's page: when the alarm of each resident was first seen."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._seen: dict[str, asyncio.Future[float]] = {}

    def expect(self, resident: str) -> asyncio.Future[float]:
        """The moment that this resident's alarm comes to the screen."""
        self._seen[resident] = asyncio.get_running_loop().create_future()
        return self._seen[resident]

    async def watch(self) -> None:
        """Read for ever."""
        async for frame in self._socket:
            now = time.perf_counter()
            message = msgspec.json.decode(frame)
            for alarm in [message["alarm"]] if message.get("type") == "change" else message.get("alarms", []):
                waiting = self._seen.pop(alarm.get("resident"), None)
                if waiting is not None:
                    waiting.set_result(now)


class BareBroker:
    """Publish to subscriber through a broker that nobody else uses now."""

    def __init__(self, publisher: Client) -> None:
        self._publisher = publisher
        self._heard: asyncio.Future[float] | None = None

    @classmethod
    async def connect(cls, port: int) -> BareBroker:
        """Two connections to it."""
        made = cls(await connect(port, "bare-publisher"))
        subscriber = await connect(port, "bare-subscriber", made._arrived)
        await subscriber.subscribe("bare/#")
        return made

    async def round_trip_ms(self, payload: bytes) -> float:
        """One message."""
        self._heard = asyncio.get_running_loop().create_future()
        began = time.perf_counter()
        acknowledged = asyncio.ensure_future(self._publisher.publish([encode("bare/device/button", payload, 0)]))
        heard = await asyncio.wait_for(self._heard, SCREEN_WITHIN_S)
        await acknowledged
        return (heard - began) * 1000

    def _arrived(self, _packet: mqtt5.PublishPacket) -> None:
        if self._heard is not None and not self._heard.done():
            self._heard.set_result(time.perf_counter())


class BareStore:
    """One row, one durable commit."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=FULL")
        self._database.execute("CREATE TABLE event (id INTEGER PRIMARY KEY, body BLOB)")

    def commit_ms(self) -> float:
        """One commit."""
        began = time.perf_counter()
        self._database.execute("BEGIN IMMEDIATE")
        self._database.execute("INSERT INTO event (body) VALUES (?)", (ROW,))
        self._database.execute("COMMIT")
        return (time.perf_counter() - began) * 1000

    def close(self) -> None:
        """Give the file back."""
        self._database.close()


async def bare(folder: Path, samples: int) -> list[Sample]:
    """The parts alone, without any service (its `screen_ms` is 0): what this machine can do at all."""
    with mosquitto(folder / "broker") as port, contextlib.closing(BareStore(folder / "bare.sqlite")) as store:
        broker = await BareBroker.connect(port)
        return [Sample(0.0, await broker.round_trip_ms(_press(n)), store.commit_ms()) for n in range(samples)]


async def pressed(folder: Path, presses: int, *, embedded: bool) -> list[Sample]:
    """All the way, through Mosquitto or through the service's own listener."""
    persons = presses + WARM_UP
    with contextlib.ExitStack() as stack:
        served, device_port, bare_port = stack.enter_context(_serving(folder, persons, embedded=embedded))
        store = stack.enter_context(contextlib.closing(BareStore(folder / "bare.sqlite")))
        broker = await BareBroker.connect(bare_port)
        device = await connect(device_port, "bench-device")
        async with open_socket(served.url.rstrip("/").replace("http", "ws", 1) + "/api/v1/live", max_size=None) as socket:
            screen = Screen(socket)
            watching = asyncio.create_task(screen.watch())
            samples = [await _turn(n, screen, device, broker, store) for n in range(persons)]
            watching.cancel()
    return samples[WARM_UP:]


@contextlib.contextmanager
def _serving(folder: Path, persons: int, *, embedded: bool) -> Iterator[tuple[Served, int, int]]:
    """The service, the port that devices speak to, and that of the bare broker."""
    folder.mkdir(parents=True, exist_ok=True)
    site = folder / "site.json"
    site.write_text(json.dumps(bench_site(persons)))
    with mosquitto(folder / "broker") as port:
        if embedded:
            own = free_port()
            with alarmcore(folder / "service", site, mqtt=own) as served:
                yield served, own, port
        else:
            with alarmcore(folder / "service", site, broker=port) as served:
                yield served, port, port


async def _turn(number: int, screen: Screen, device: Client, broker: BareBroker, store: BareStore) -> Sample:
    seen = screen.expect(person_id(number))
    packet = encode(f"alarmcore/v1/bench/{device_id('gps', number)}/button", _press(number), number)
    began = time.perf_counter()
    acknowledged = asyncio.ensure_future(device.publish([packet]))
    try:
        at = await asyncio.wait_for(seen, SCREEN_WITHIN_S)
    except TimeoutError:
        raise NotStarted(f"press {number} came to no screen within {SCREEN_WITHIN_S:g} s; see the service's log") from None
    await acknowledged
    return Sample((at - began) * 1000, await broker.round_trip_ms(_press(number)), store.commit_ms())


def _press(number: int) -> bytes:
    return msgspec.json.encode({"at": datetime.now(UTC), "id": f"press-{number}"})


def summary(samples: list[Sample]) -> dict[str, Any]:
    """p50, p99 and max of each, and how many times the bare parts' p50 the whole takes."""
    found: dict[str, Any] = {}
    for name in ("screen_ms", "broker_ms", "commit_ms"):
        ordered = sorted(getattr(s, name) for s in samples)
        found[name] = {"p50": statistics.median(ordered), "p99": ordered[int(0.99 * (len(ordered) - 1))], "max": ordered[-1]}
    found["ratio_p50"] = found["screen_ms"]["p50"] / (found["broker_ms"]["p50"] + found["commit_ms"]["p50"])
    return found


def table(results: dict[str, dict[str, Any]]) -> list[list[str]]:
    """One line per measured thing."""
    rows = [["", "p50 ms", "p99 ms", "max ms", "of the bare parts (goal: at most 4)"]]
    names: list[tuple[str, str, Callable[[dict[str, Any]], str]]] = [
        ("press to screen", "screen_ms", lambda r: f"{r['ratio_p50']:.2f}"),
        ("bare broker", "broker_ms", lambda _: ""),
        ("bare commit", "commit_ms", lambda _: ""),
    ]
    for door, result in results.items():
        for label, key, ratio in names:
            figures = result[key]
            if figures["max"] == 0:  # the service was left out
                continue
            rows.append([f"{label}, {door}", *(f"{figures[k]:.2f}" for k in ("p50", "p99", "max")), ratio(result)])
    return rows
