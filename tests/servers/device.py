"""A device that speaks MQTT through paho: publishes readings and hears its confirmations."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

WITHIN_S = 60.0


class Device:
    """One signed-in device. `heard` are its confirmations."""

    def __init__(
        self, port: int, tenant: str, device: str, password: str | None, version: int = 4, user: str | None = None
    ) -> None:
        self.tenant = tenant
        self.device = device
        self.heard: list[dict[str, Any]] = []
        self.granted = threading.Event()
        self.gone = threading.Event()
        self.answered = threading.Event()
        self.code: Any = None
        self.listening = False
        self.client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=f"{tenant}-{device}-{version}", protocol=MQTTProtocolVersion(version)
        )
        if password is not None:
            self.client.username_pw_set(user or f"{tenant}/{device}", password)
        self.client.on_connect = self._connected
        self.client.on_subscribe = lambda *_: self.granted.set()
        self.client.on_disconnect = lambda *_: self.gone.set()
        self.client.on_message = lambda _client, _data, message: self.heard.append(json.loads(message.payload))
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()

    def _connected(self, client: Any, data: Any, flags: Any, code: Any, properties: Any) -> None:
        del client, data, flags, properties
        self.code = code
        if self.listening and not code.is_failure:
            self._subscribe()
        self.answered.set()

    @property
    def let_in(self) -> bool:
        """Whether the sign-in was accepted."""
        assert self.answered.wait(WITHIN_S), "no CONNACK"
        return not self.code.is_failure

    def listen(self) -> Device:
        """Hear the confirmations."""
        assert self.let_in, self.code
        self.listening = True
        self._subscribe()
        assert self.granted.wait(WITHIN_S)
        return self

    def _subscribe(self) -> None:
        """Also after every return: the session is as new as the connection."""
        self.client.subscribe(f"alarmcore/ack/v1/{self.tenant}/{self.device}", qos=1)

    def send(self, kind: str, topic: str | None = None, **fields: Any) -> paho.MQTTMessageInfo:
        """Publish one reading."""
        return self.client.publish(topic or f"alarmcore/v1/{self.tenant}/{self.device}/{kind}", json.dumps(fields), qos=1)

    def say(self, topic: str, payload: bytes) -> paho.MQTTMessageInfo:
        """Publish any bytes."""
        return self.client.publish(topic, payload, qos=1)

    def confirmed(self, reading_id: str) -> dict[str, Any]:
        """Wait for the confirmation of a reading."""
        deadline = time.monotonic() + WITHIN_S
        while time.monotonic() < deadline:
            for said in self.heard:
                if said["id"] == reading_id:
                    return said
            time.sleep(0.01)
        raise AssertionError(f"no confirmation of {reading_id} within {WITHIN_S} s")

    def close(self) -> None:
        """Leave."""
        self.client.disconnect()
        self.client.loop_stop()


@contextlib.contextmanager
def device(port: int, tenant: str, name: str, password: str | None, version: int = 4, **options: Any) -> Iterator[Device]:
    """A device that is gone afterwards."""
    one = Device(port, tenant, name, password, version, **options)
    try:
        yield one
    finally:
        one.close()
