"""Devices and operators under Locust: `locust -f loadtests/locustfile.py`, then open the page it names.

Two things are measured besides what Locust's MQTT client counts itself:
- `press to kept`: from the press being handed to the broker to the service's own confirmation;
- `press to screen`: from there to an operator's open page being told of the alarm.

Settings, all by environment variables:

| variable | meaning | default |
|---|---|---|
| `LOAD_MQTT` | broker, HOST:PORT | 127.0.0.1:1883 |
| `LOAD_HTTP` | the service's address | http://127.0.0.1:8080 |
| `LOAD_SITE` | site file as JSON whose devices report | the demo municipality |
| `LOAD_SEED` | seed of the demo municipality | 1 |
| `LOAD_CREDENTIALS` | JSON file: device id to password | none: the service runs open |
| `LOAD_TOKEN` | an operator's bearer token | none: the service runs open |
| `LOAD_EVERY_S` | mean seconds between a device's readings | 10 |
| `LOAD_PRESSES_PCT` | how many of them are presses | 1 |

In a distributed run every worker needs operators of its own: a press and the screen that shows it are matched in one process.
Plan for 4,000 to 5,000 devices per worker and core. One user is one device; there are as many devices as the site has, and
further users share them under connection names of their own.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import socket
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import paho.mqtt.client as paho
from locust import User, constant, task
from locust.contrib.mqtt import MqttClient, MqttUser
from locust.env import Environment
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from loadtests.fleet.town import town

CONFIRM_MAX_S: Final = 10.0
"""A press that is not confirmed, or not shown, within this time counts as a failure."""

CONNECT_MAX_S: Final = 30.0
FRAME_MAX: Final = 64 * 2**20
"""A snapshot of many open alarms is one frame."""

HOST, PORT = os.environ.get("LOAD_MQTT", "127.0.0.1:1883").rsplit(":", 1)
HTTP: Final = os.environ.get("LOAD_HTTP", "http://127.0.0.1:8080").rstrip("/")
TOKEN: Final = os.environ.get("LOAD_TOKEN")
EVERY_S: Final = float(os.environ.get("LOAD_EVERY_S", "10"))
PRESSES: Final = float(os.environ.get("LOAD_PRESSES_PCT", "1")) / 100.0


def _json_file(variable: str, default: Any) -> Any:
    name = os.environ.get(variable)
    return json.loads(Path(name).read_text(encoding="utf-8")) if name else default


SITE: Final[dict[str, Any]] = _json_file("LOAD_SITE", None) or town(int(os.environ.get("LOAD_SEED", "1")))
CREDENTIALS: Final[dict[str, str]] = _json_file("LOAD_CREDENTIALS", {})
OWNERS: Final = [(device["id"], resident) for resident in SITE["residents"] for device in resident["devices"]]

_turns = itertools.count()
_pages: set[int] = set()
"""Operators whose page is open."""
_unseen: dict[str, float] = {}
"""Residents whose press has not been shown on a screen yet, and when it was made."""


class Client(MqttClient):
    """Locust's client, counting by kind of reading: by whole topic there would be a line for every device."""

    def _generate_event_name(self, event_type: str, qos: int, topic: str) -> str:
        del qos
        return f"{event_type} {topic.rsplit('/', 1)[1] if event_type == 'publish' else 'confirmations'}"


class DeviceUser(MqttUser):
    """One device: reports its position, and now and then somebody presses its button."""

    host = HOST
    port = int(PORT)
    use_loop_selectors = True  # without it a process cannot hold more than a few hundred connections
    client_cls = Client
    weight = 50

    def __init__(self, environment: Environment) -> None:
        turn = next(_turns)
        self.device, self.resident = OWNERS[turn % len(OWNERS)]
        self.tenant = SITE["tenant"]["id"]
        # The parent declares these three as None.
        self.username = f"{self.tenant}/{self.device}"  # type: ignore[assignment]
        self.password = CREDENTIALS.get(self.device)  # type: ignore[assignment]
        self.client_id = f"{self.tenant}/{self.device}/{os.getpid()}-{turn}"  # type: ignore[assignment]
        self.name = f"{os.getpid()}-{turn}"
        self.count = 0
        self.unconfirmed: dict[str, float] = {}
        super().__init__(environment)
        self.client.on_message = self._hear
        self.client.on_socket_open = _without_delay

    def wait_time(self) -> float:
        """Readings at random moments, so that devices do not fall into step."""
        return random.expovariate(1.0 / EVERY_S)

    def on_start(self) -> None:
        """Wait for the connection, then listen for confirmations."""
        give_up = time.perf_counter() + CONNECT_MAX_S
        while not self.client.is_connected() and time.perf_counter() < give_up:
            time.sleep(0.05)  # Locust has made this a pause of this user alone
        self.client.subscribe(f"alarmcore/ack/v1/{self.tenant}/{self.device}", qos=1)

    @task
    def report(self) -> None:
        """A press, or else a position."""
        self._give_up()
        home = self.resident.get("home") or {"lat": 58.3325, "lon": 12.681}
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        place = {"lat": home["lat"], "lon": home["lon"], "accuracy_m": 12.0}
        if random.random() >= PRESSES:
            self._say("position", {"at": at, **place})
            return
        self.count += 1
        name = f"{self.name}-{self.count}-{time.time_ns()}"
        now = time.perf_counter()
        self.unconfirmed[name] = now
        _unseen.setdefault(self.resident["id"], now)
        self._say("button", {"at": at, "id": name})

    def _say(self, kind: str, reading: dict[str, Any]) -> None:
        self.client.publish(f"alarmcore/v1/{self.tenant}/{self.device}/{kind}", json.dumps(reading), qos=1)

    def _hear(self, client: paho.Client, userdata: Any, message: paho.MQTTMessage) -> None:
        del client, userdata
        answer = json.loads(message.payload)
        pressed = self.unconfirmed.pop(answer.get("id"), None)
        if pressed is not None:
            wrong = None if answer.get("status") == "kept" else RuntimeError(f"rejected: {answer.get('reason')}")
            _measured(self.environment, "press to kept", pressed, wrong)

    def _give_up(self) -> None:
        """Count presses that nobody confirmed, or no open page showed, in time."""
        now = time.perf_counter()
        for name in [name for name, pressed in self.unconfirmed.items() if now - pressed > CONFIRM_MAX_S]:
            _measured(self.environment, "press to kept", self.unconfirmed.pop(name), TimeoutError("not confirmed in time"))
        pressed = _unseen.get(self.resident["id"])
        if _pages and pressed is not None and now - pressed > CONFIRM_MAX_S:
            del _unseen[self.resident["id"]]
            _measured(self.environment, "press to screen", pressed, TimeoutError("not shown in time"))


class OperatorUser(User):
    """One operator's open page: hears of every change over the WebSocket."""

    wait_time = constant(1)
    weight = 1

    @task
    def watch(self) -> None:
        """Stay connected and note how soon presses are shown; a lost connection is counted and made again."""
        headers = {"Authorization": f"Bearer {TOKEN}"} if TOKEN else {}
        began = time.perf_counter()
        try:
            address = "ws" + HTTP.removeprefix("http") + "/api/v1/live"
            with connect(address, additional_headers=headers, max_size=FRAME_MAX, open_timeout=CONNECT_MAX_S) as page:
                _measured(self.environment, "page opened", began)
                _pages.add(id(self))
                for frame in page:
                    self._show(json.loads(frame))
        except (OSError, ConnectionClosed, TimeoutError) as problem:
            _measured(self.environment, "page lost", began, problem)
        finally:
            _pages.discard(id(self))

    def _show(self, frame: dict[str, Any]) -> None:
        if frame.get("type") != "change" or frame.get("event", {}).get("event") not in ("alarm.raised", "alarm.repeated"):
            return
        pressed = _unseen.pop(frame["alarm"].get("resident"), None)
        if pressed is None:
            return
        late = time.perf_counter() - pressed > CONFIRM_MAX_S
        _measured(self.environment, "press to screen", pressed, TimeoutError("not shown in time") if late else None)


def _measured(environment: Environment, name: str, began: float, wrong: BaseException | None = None) -> None:
    """Tell Locust of one measured time."""
    environment.events.request.fire(  # type: ignore[no-untyped-call]
        request_type="ALARM",
        name=name,
        response_time=(time.perf_counter() - began) * 1000.0,
        response_length=0,
        exception=wrong,
        context={},
    )


def _without_delay(client: paho.Client, userdata: Any, opened: Any) -> None:
    """Without this the kernel holds small packets back for up to 40 ms."""
    del client, userdata
    if isinstance(opened, socket.socket):
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
