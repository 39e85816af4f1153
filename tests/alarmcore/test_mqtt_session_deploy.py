"""The broker configuration that we ship: a device speaks for itself only, and what waited for us survives a kill."""

from __future__ import annotations

import asyncio
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from alarmcore.adapters.mqtt_session import MqttSession
from tests.servers.mosquitto import PROGRAM, Mosquitto

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="mosquitto is not installed")

SHIPPED = Path(__file__).parents[2] / "deploy" / "mosquitto"
USERS = {"alarmcore.service": "s", "t1/d1": "d1", "t1/d2": "d2", "t2/d1": "x"}
WITHIN_S = 60.0


class Heard:
    """Keeps every message."""

    def __init__(self) -> None:
        self.topics: asyncio.Queue[str] = asyncio.Queue()

    def accept(self, topic: str, payload: bytes, principal: None, done: Callable[[bool], None]) -> None:
        assert payload
        self.topics.put_nowait(topic)
        done(True)

    async def until(self, last: str) -> list[str]:
        """Topics up to `last`."""
        seen = [""]
        async with asyncio.timeout(WITHIN_S):
            while seen[-1] != last:
                seen.append(await self.topics.get())
        return seen[1:]


class ShippedMosquitto(Mosquitto):
    """Runs the shipped files, with only port and paths replaced."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, users=USERS)
        text = (SHIPPED / "mosquitto.conf").read_text()
        text, ports = re.subn(r"^listener 1883 ", f"listener {self.port} ", text, flags=re.MULTILINE)
        text, paths = re.subn(r"/var/lib/mosquitto/|/etc/mosquitto/(?=passwords|access.acl)", f"{folder}/", text)
        assert (ports, paths) == (1, 5), "the shipped file has other ports or paths than this test replaces"
        (folder / "access.acl").write_text((SHIPPED / "access.acl").read_text())
        user = re.findall(r"^user .*$", (folder / "mosquitto.conf").read_text(), flags=re.MULTILINE)
        (folder / "mosquitto.conf").write_text(text.replace("log_dest syslog", "log_dest stderr") + "\n".join(user) + "\n")


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    made = ShippedMosquitto(tmp_path / "broker")
    made.start()
    yield made
    made.kill()


async def publish(broker: Mosquitto, user: str, topic: str, count: int = 1) -> None:
    """As `user`, whether it is allowed or not."""
    command = ["mosquitto_pub", "-V", "5", "-p", str(broker.port), "-q", "1", "-u", user, "-P", USERS[user], "-t", topic, "-l"]
    process = await asyncio.create_subprocess_exec(*command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
    await process.communicate(b"x\n" * count)


def session(broker: Mosquitto, user: str, filters: list[str], intake: Heard) -> MqttSession:
    url = f"mqtt://{user.replace('/', '%2F')}:{USERS[user]}@127.0.0.1:{broker.port}"
    return MqttSession(url, client_id=f"c-{user}", filters=filters, intake=intake, backoff=lambda _: 0.02)


async def test_a_device_may_publish_for_itself_only(broker: Mosquitto) -> None:
    heard = Heard()
    core = session(broker, "alarmcore.service", ["alarmcore/v1/#", "owntracks/#"], heard)
    await core.start()
    tried = [
        "alarmcore/v1/t1/d1/button",
        "alarmcore/v1/t1/d2/button",
        "alarmcore/v1/t2/d1/button",
        "owntracks/t1/d1",
        "owntracks/t1/d2",
    ]
    for topic in [*tried, "alarmcore/v1/t1/d1/status"]:
        await publish(broker, "t1/d1", topic)
    assert await heard.until("alarmcore/v1/t1/d1/status") == [
        "alarmcore/v1/t1/d1/button",
        "owntracks/t1/d1",
        "alarmcore/v1/t1/d1/status",
    ]
    await core.close()


async def test_a_device_hears_its_own_confirmations_only(broker: Mosquitto) -> None:
    heard = Heard()
    core = session(broker, "alarmcore.service", ["alarmcore/v1/#"], Heard())
    device = session(broker, "t1/d1", ["alarmcore/#"], heard)
    await core.start()
    await device.start()
    for topic in ("alarmcore/ack/v1/t1/d2", "alarmcore/ack/v1/t2/d1", "alarmcore/ack/v1/t1/d1"):
        core.publish(topic, b"{}")
    await publish(broker, "t1/d2", "alarmcore/v1/t1/d2/button")
    core.publish("alarmcore/ack/v1/t1/d1", b"{}")
    assert [await heard.topics.get() for _ in range(2)] == ["alarmcore/ack/v1/t1/d1"] * 2
    assert heard.topics.empty()
    await device.close()
    await core.close()


async def test_what_waited_for_us_survives_a_kill_but_for_the_last_of_it(broker: Mosquitto) -> None:
    topic = "alarmcore/v1/t1/d1/button"
    core = session(broker, "alarmcore.service", ["alarmcore/v1/#"], Heard())
    await core.start()
    await core.close()
    await publish(broker, "t1/d1", topic, 100)
    broker.kill()
    broker.start()
    heard = Heard()
    again = session(broker, "alarmcore.service", ["alarmcore/v1/#"], heard)
    await again.start()
    await publish(broker, "t1/d1", "alarmcore/v1/t1/d1/status")
    assert len(await heard.until("alarmcore/v1/t1/d1/status")) in (100, 101)
    await again.close()
