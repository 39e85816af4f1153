"""A fault of our own costs a connection, never the session: nobody would hear another press."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from test_mqtt_session import QueueIntake, until

from alarmcore.adapters.mqtt_session import MqttSession
from tests.servers.mosquitto import running


async def test_after_a_fault_of_ours_the_session_connects_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    serve = MqttSession._serve
    served: list[Any] = []

    async def faulty(self: MqttSession, connection: Any) -> Any:
        served.append(connection)
        if len(served) == 1:
            raise ZeroDivisionError
        return await serve(self, connection)

    monkeypatch.setattr(MqttSession, "_serve", faulty)
    with running(tmp_path) as broker:
        made = MqttSession(broker.url, client_id="core", filters=["a/#"], intake=QueueIntake(), backoff=lambda _: 0.01)
        await made.start()
        await until(lambda: made.connected)
        assert made.losses == 1
        await made.close()
