"""The session against a real Mosquitto that is stopped, killed and started again."""

from __future__ import annotations

import asyncio
import shutil
import signal
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from os import kill as send_signal
from pathlib import Path
from typing import Any

import mqtt5
import pytest

from alarmcore.adapters.mqtt_session import MqttSession
from alarmcore.adapters.mqtt_session.packets import PAYLOAD_MAX
from alarmcore.errors import Unavailable
from tests.servers.mosquitto import DURABLE, PROGRAM, Mosquitto, free_port, running

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="mosquitto is not installed")

WITHIN_S = 60.0
"""No expectation waits longer; each is over as soon as it is met."""

TOPIC = "alarmcore/v1/a/b/button"


class QueueIntake:
    """Hands messages to the test; `answer` None leaves the `done` to it."""

    def __init__(self, answer: bool | None = True) -> None:
        self.answer = answer
        self.arrived: asyncio.Queue[tuple[str, Callable[[bool], None]]] = asyncio.Queue()

    def accept(self, topic: str, payload: bytes, principal: None, done: Callable[[bool], None]) -> None:
        assert topic.startswith(("alarmcore/", "owntracks/"))
        self.arrived.put_nowait((payload.decode(), done))
        if self.answer is not None:
            done(self.answer)

    async def next(self) -> tuple[str, Callable[[bool], None]]:
        async with asyncio.timeout(WITHIN_S):
            return await self.arrived.get()

    async def texts(self, count: int) -> list[str]:
        return [(await self.next())[0] for _ in range(count)]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with running(tmp_path / "broker", extra=DURABLE) as started:
        yield started


@asynccontextmanager
async def session(broker: Mosquitto, intake: Any, **options: Any) -> AsyncIterator[MqttSession]:
    """A started session that is closed afterwards."""
    wanted: dict[str, Any] = {"url": broker.url, "client_id": "core", "filters": ["alarmcore/v1/#"], "backoff": lambda _: 0.02}
    made = MqttSession(intake=intake, **(wanted | options))
    await made.start()
    try:
        yield made
    finally:
        await made.close()


async def publish(broker: Mosquitto, *texts: str, topic: str = TOPIC, qos: int = 1) -> None:
    """Publish one message per text and return once the broker has acknowledged all."""
    command = ["mosquitto_pub", "-V", "5", "-p", str(broker.port), "-q", str(qos), "-t", topic, "-l"]
    process = await asyncio.create_subprocess_exec(*command, stdin=subprocess.PIPE)
    await process.communicate("".join(f"{t}\n" for t in texts).encode())
    assert process.returncode == 0


def stored(broker: Mosquitto) -> bytes:
    """What the broker has on its disk."""
    return b"".join(kept.read_bytes() for kept in broker.folder.glob("mosquitto.db"))


async def until(condition: Callable[[], bool]) -> None:
    """Give the loop turns until `condition` holds."""
    async with asyncio.timeout(WITHIN_S):
        while not condition():  # noqa: ASYNC110 - conditions of another process set no event here
            await asyncio.sleep(0.005)


def numbers(count: int) -> list[str]:
    return [str(i) for i in range(count)]


async def test_what_was_not_done_comes_again_to_the_next_session_and_what_was_done_does_not(broker: Mosquitto) -> None:
    holding = QueueIntake(answer=None)
    async with session(broker, holding) as first:
        assert first.session_present is False
        await publish(broker, "0", "1", "2")
        done = [(await holding.next())[1] for _ in range(3)]
        done[0](True)
        done[2](True)  # behind one that is open: it may not be acknowledged, whatever it is
    again = QueueIntake()
    async with session(broker, again) as second:
        assert second.session_present is True
        assert await again.texts(2) == ["1", "2"]
    fence = QueueIntake()
    async with session(broker, fence):
        await publish(broker, "fence")
        assert await fence.texts(1) == ["fence"]


async def test_a_message_that_could_not_be_kept_comes_again_by_itself_and_in_order(broker: Mosquitto) -> None:
    intake = QueueIntake(answer=False)
    async with session(broker, intake) as made:
        await publish(broker, *numbers(5))
        assert await intake.texts(1) == ["0"]
        await until(lambda: made.losses >= 2)
        intake.answer = True
        while not intake.arrived.empty():
            intake.arrived.get_nowait()
        assert list(dict.fromkeys(await intake.texts(5))) == numbers(5)
        await until(lambda: made.connected)


async def test_the_longer_nothing_can_be_kept_the_longer_it_waits(broker: Mosquitto) -> None:
    waits: list[int] = []
    intake = QueueIntake(answer=False)

    def backoff(failures: int) -> float:
        waits.append(failures)
        if failures == 3:
            intake.answer = True
        return 0.01

    async with session(broker, intake, backoff=backoff):
        await publish(broker, "0")
        await until(lambda: intake.answer is True)
        await until(lambda: intake.arrived.qsize() == 4)
        intake.answer = False
        await publish(broker, "1")
        await until(lambda: len(waits) > 4)
    assert waits[:5] == [1, 2, 3, 1, 2]


async def test_after_the_broker_was_killed_its_queue_and_whatever_is_published_next_arrive(broker: Mosquitto) -> None:
    async with session(broker, QueueIntake()):
        pass
    await publish(broker, *numbers(50))
    # Mosquitto writes a little after it has acknowledged: one killed in between has lost the last message, whoever listens.
    await until(lambda: stored(broker).count(TOPIC.encode()) >= 50)
    broker.kill()
    broker.start()
    intake = QueueIntake()
    async with session(broker, intake) as made:
        assert made.session_present
        assert await intake.texts(50) == numbers(50)
        broker.kill()
        await until(lambda: not made.connected)
        broker.start()
        await publish(broker, "after")
        while (await intake.texts(1)) != ["after"]:  # the kill may have lost the broker our last acknowledgements
            assert made.ended is None


async def test_messages_published_while_we_were_away_are_there_when_we_come_back(broker: Mosquitto) -> None:
    async with session(broker, QueueIntake()):
        pass
    await publish(broker, *numbers(1500))
    intake = QueueIntake()
    async with session(broker, intake):
        assert await intake.texts(1500) == numbers(1500)


@pytest.mark.parametrize("qos", [0, 1, 2])
async def test_whatever_qos_a_device_uses_its_message_arrives_once(broker: Mosquitto, qos: int) -> None:
    intake = QueueIntake()
    async with session(broker, intake):
        await publish(broker, *numbers(30), qos=qos)
        await publish(broker, "fence")
        assert await intake.texts(31) == [*numbers(30), "fence"]


async def test_an_older_subscription_at_qos_2_is_served_too(broker: Mosquitto) -> None:
    """Somebody used this client id with another client before; its subscription is still in the session."""
    older = [
        "mosquitto_sub",
        "-V",
        "5",
        "-p",
        str(broker.port),
        "-i",
        "core",
        "-c",
        "-x",
        "600",
        "-q",
        "2",
        "-t",
        "owntracks/#",
        "-E",
    ]
    assert await (await asyncio.create_subprocess_exec(*older)).wait() == 0
    intake = QueueIntake()
    async with session(broker, intake):
        await publish(broker, *numbers(3), topic="owntracks/a/b", qos=2)
        assert await intake.texts(3) == numbers(3)
    fence = QueueIntake()
    async with session(broker, fence):
        await publish(broker, "fence", topic="owntracks/a/b", qos=2)
        assert await fence.texts(1) == ["fence"]


async def test_a_reading_of_a_megabyte_is_not_split_into_two_nor_lost(broker: Mosquitto) -> None:
    intake = QueueIntake()
    async with session(broker, intake):
        await publish(broker, "x" * 1_000_000, "after")
        # It comes cut, as from the listener: long enough to be answered `too_large`.
        assert [len(t) for t in await intake.texts(2)] == [PAYLOAD_MAX + 1, 5]


async def test_what_is_published_while_the_broker_is_away_arrives_when_it_is_back(broker: Mosquitto) -> None:
    heard = QueueIntake()
    async with (
        session(broker, QueueIntake()) as made,
        session(broker, heard, client_id="device", filters=["alarmcore/ack/#"]) as device,
    ):
        made.publish("alarmcore/ack/v1/a/b", b"0")
        assert await heard.texts(1) == ["0"]
        broker.stop()
        await until(lambda: not made.connected and not device.connected)
        for i in range(1, 40):
            made.publish("alarmcore/ack/v1/a/b", b"%d" % i)
        assert made.unsent == 39
        broker.start()
        while (first := (await heard.texts(1))[0]) == "0":  # its acknowledgement may have come too late for the broker
            assert device.ended is None
        assert [first, *(await heard.texts(38))] == [str(i) for i in range(1, 40)]
        await until(lambda: made.unsent == 0)


async def test_a_broker_that_starts_after_us_is_waited_for(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path)
    intake = QueueIntake()
    made = MqttSession(broker.url, client_id="core", filters=["alarmcore/#"], intake=intake, backoff=lambda _: 0.02)
    starting = asyncio.create_task(made.start())
    await asyncio.sleep(0)
    assert not starting.done()
    try:
        broker.start()
        await asyncio.wait_for(starting, WITHIN_S)
        await publish(broker, "x")
        assert await intake.texts(1) == ["x"]
    finally:
        await made.close()
        broker.kill()


async def test_a_broker_that_is_not_there_is_said_with_its_address_and_without_the_password() -> None:
    port = free_port()
    made = MqttSession(
        f"mqtt://core:secret@127.0.0.1:{port}", client_id="core", filters=["a/#"], intake=QueueIntake(), start_within_s=0.3
    )
    with pytest.raises(Unavailable) as why:
        await made.start()
    assert f"127.0.0.1:{port}" in str(why.value)
    assert "secret" not in str(why.value)
    assert not made.connected


async def test_a_server_that_never_answers_is_given_up(tmp_path: Path) -> None:
    server = await asyncio.start_server(lambda _r, _w: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    made = MqttSession(f"mqtt://127.0.0.1:{port}", client_id="core", filters=["a/#"], intake=QueueIntake(), start_within_s=0.3)
    with pytest.raises(Unavailable, match="could not be used within"):
        await made.start()
    server.close()


async def test_a_wrong_password_is_said_at_once(tmp_path: Path) -> None:
    with running(tmp_path, users={"core": "right"}) as broker:
        made = MqttSession(
            f"mqtt://core:wrong@127.0.0.1:{broker.port}",
            client_id="core",
            filters=["a/#"],
            intake=QueueIntake(),
            start_within_s=600,
        )
        with pytest.raises(Unavailable, match="refused our sign-in"):
            await asyncio.wait_for(made.start(), WITHIN_S)
        async with session(broker, QueueIntake(), url=f"mqtt://core:right@127.0.0.1:{broker.port}") as good:
            assert good.connected


async def test_a_refused_subscription_is_said_at_once(tmp_path: Path) -> None:
    """Mosquitto grants any subscription and filters later, so the broker is played here."""

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(b"\x20\x03\x00\x00\x00")
        await reader.readuntil(b"a/#")
        writer.write(b"\x90\x04\x00\x01\x00\x87")
        await reader.read()
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    made = MqttSession(f"mqtt://127.0.0.1:{port}", client_id="core", filters=["a/#"], intake=QueueIntake(), start_within_s=600)
    with pytest.raises(Unavailable, match=r"refused the subscription to a/# \(NOT_AUTHORIZED\)"):
        await asyncio.wait_for(made.start(), WITHIN_S)
    server.close()


async def test_two_processes_with_one_client_id_push_each_other_out_ever_more_slowly(broker: Mosquitto) -> None:
    """Mosquitto 2.0 does not say that a session was taken over, so that neither knows; but neither may storm the broker."""
    waits: list[int] = []

    def backoff(failures: int) -> float:
        waits.append(failures)
        return 0.001 if failures < 4 else WITHIN_S

    intake = QueueIntake()
    async with session(broker, intake, backoff=backoff), session(broker, intake, backoff=backoff):
        await publish(broker, "x")
        assert (await intake.texts(1))[0] == "x"
        await until(lambda: 4 in waits)


async def test_a_connection_of_use_that_is_closed_without_a_word_still_makes_the_next_wait_longer() -> None:
    """What two processes with one client id look like when both get and acknowledge messages between being pushed out."""
    waits: list[int] = []

    async def push_out(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"a/#")
        writer.write(mqtt5.PublishPacket("owntracks/a/b", b"x", qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=9).write())
        await reader.readuntil(mqtt5.PubAckPacket(9).write())
        writer.close()

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(
            mqtt5.ConnAckPacket().write() + mqtt5.SubAckPacket(1, [mqtt5.SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE]).write()
        )
        await push_out(reader, writer)

    def backoff(failures: int) -> float:
        waits.append(failures)
        return 0.001

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    url = f"mqtt://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    made = MqttSession(url, client_id="core", filters=["a/#"], intake=QueueIntake(), backoff=backoff)
    await made.start()
    await until(lambda: len(waits) >= 3)
    await made.close()
    server.close()
    assert waits[:3] == [1, 2, 3]


async def test_a_broker_that_goes_silent_without_closing_is_noticed(broker: Mosquitto) -> None:
    intake = QueueIntake()
    async with session(broker, intake, keepalive_s=1) as made:
        send_signal(broker.pid, signal.SIGSTOP)
        try:
            await until(lambda: not made.connected)
        finally:
            send_signal(broker.pid, signal.SIGCONT)
        await publish(broker, "x")
        assert await intake.texts(1) == ["x"]


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
async def test_over_tls_the_certificate_is_checked(tmp_path: Path) -> None:
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(cert)]
    command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    assert await (await asyncio.create_subprocess_exec(*command, stderr=subprocess.DEVNULL)).wait() == 0
    port = free_port()
    listener = f"listener {port} 127.0.0.1\ncertfile {cert}\nkeyfile {key}\nallow_anonymous true"
    with running(tmp_path / "broker", extra=listener) as broker:
        url = f"mqtts://127.0.0.1:{port}"
        intake = QueueIntake()
        async with session(broker, intake, url=url, tls=ssl.create_default_context(cafile=str(cert))):
            await publish(broker, "x")
            assert await intake.texts(1) == ["x"]
        stranger = MqttSession(url, client_id="core", filters=["a/#"], intake=QueueIntake(), start_within_s=3)
        with pytest.raises(Unavailable, match="certificate"):
            await stranger.start()
