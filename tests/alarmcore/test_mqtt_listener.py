"""The listener from outside: real sockets, real clients, real processes."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import ssl
import struct
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, Self

import aiomqtt
import pytest
import uvloop
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from test_mqtt_listener_connection import ACK, PING, PONG, TOPIC, OwnTopicGate, RememberingIntake, puback
from test_mqtt_listener_packets import connect, publish, subscribe

from alarmcore.adapters.mqtt_listener import Limits, MqttListener, answers
from alarmcore.adapters.mqtt_listener.codes import Code

PATIENCE_S = 60
USER, SECRET = "t1/d1", "secret"
needs_mosquitto = pytest.mark.skipif(not shutil.which("mosquitto_pub"), reason="Debian's mosquitto-clients are not installed")


class AwaitedIntake(RememberingIntake):
    """Lets a test wait for what comes."""

    async def has_got(self, count: int) -> None:
        await until(lambda: len(self.came) >= count)


class ConfirmingIntake(RememberingIntake):
    """Says done at once, and confirms on the sender's ack topic, as the core does."""

    def __init__(self) -> None:
        super().__init__()
        self.at_once = True
        self.listener: MqttListener | None = None

    def accept(self, topic: str, payload: bytes, principal: str | None, done: Callable[[bool], None]) -> None:
        super().accept(topic, payload, principal, done)
        if self.listener is not None:
            self.listener.publish(f"alarmcore/ack/v1/{principal}", b"kept " + payload[:20])


@contextlib.asynccontextmanager
async def listening(
    intake: RememberingIntake | None = None, gate: OwnTopicGate | None = None, tls: ssl.SSLContext | None = None, **limits: int
) -> AsyncIterator[tuple[MqttListener, int]]:
    """A listener on a free port."""
    intake = intake or ConfirmingIntake()
    listener = MqttListener(intake, gate or OwnTopicGate(), limits=Limits(**limits), ssl_context=tls)
    if isinstance(intake, ConfirmingIntake):
        intake.listener = listener
    _, port = await listener.start("127.0.0.1", 0)
    try:
        yield listener, port
    finally:
        await listener.close()


async def until(truth: Callable[[], object]) -> None:
    """Let real clients act until `truth` holds."""
    async with asyncio.timeout(PATIENCE_S):
        while not truth():  # noqa: ASYNC110 - what is waited for happens in other threads and processes
            await asyncio.sleep(0.002)


class Raw:
    """A client of bare bytes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def open(cls, port: int, level: int = 4, tls: ssl.SSLContext | None = None, **fields: Any) -> Raw:
        raw = cls(*await asyncio.open_connection("127.0.0.1", port, ssl=tls))
        raw.writer.write(connect(level, **fields))
        head = await raw.hears(2)
        assert head[0] == 0x20
        assert (await raw.hears(head[1]))[1] == 0
        return raw

    async def hears(self, count: int) -> bytes:
        return await asyncio.wait_for(self.reader.readexactly(count), PATIENCE_S)

    async def hears_the_end(self) -> bytes:
        return await asyncio.wait_for(self.reader.read(), PATIENCE_S)


def on_both_loops(test: Callable[[], Awaitable[None]]) -> Callable[..., None]:
    """Run a story on asyncio's own loop and on uvloop, whose transports behave differently in places."""

    @pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
    def both(new_loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
        async def story() -> None:
            await test()

        with asyncio.Runner(loop_factory=new_loop) as runner:
            runner.run(story())

    both.__name__ = test.__name__
    both.__doc__ = test.__doc__
    return both


# Real clients


class Pahos:
    """A paho client in its own thread."""

    def __init__(self, port: int, version: MQTTProtocolVersion) -> None:
        self.client = paho.Client(CallbackAPIVersion.VERSION2, "paho", protocol=version)
        self.client.username_pw_set(USER, SECRET)
        self.heard: list[bytes] = []
        self.subscribed = threading.Event()
        self.codes: list[int] = []
        self.client.on_message = lambda client, userdata, message: self.heard.append(bytes(message.payload))
        self.client.on_subscribe = lambda *rest: self.subscribed.set()
        self.client.on_publish = lambda client, userdata, mid, code, properties: self.codes.append(int(code.value))
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *rest: object) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.mark.parametrize("qos", [0, 1, 2])
@pytest.mark.parametrize("version", [MQTTProtocolVersion.MQTTv31, MQTTProtocolVersion.MQTTv311, MQTTProtocolVersion.MQTTv5])
async def test_paho_publishes_and_hears(version: MQTTProtocolVersion, qos: int) -> None:
    intake = ConfirmingIntake()
    async with listening(intake) as (_, port):
        with await asyncio.to_thread(Pahos, port, version) as device:
            device.client.subscribe(ACK, 1)
            await until(device.subscribed.is_set)
            sent = [device.client.publish(TOPIC, b"%d" % number, qos) for number in range(50)]
            await until(lambda: len(device.heard) == 50 and all(info.is_published() for info in sent))
    assert [payload for _, payload, _ in intake.came] == [b"%d" % number for number in range(50)]
    assert device.heard == [b"kept %d" % number for number in range(50)]


async def test_paho_is_told_only_what_is_kept() -> None:
    intake = RememberingIntake()
    async with listening(intake) as (_, port):
        with await asyncio.to_thread(Pahos, port, MQTTProtocolVersion.MQTTv5) as device:
            first, second = (device.client.publish(TOPIC, payload, 1) for payload in (b"1", b"2"))
            await until(lambda: len(intake.came) == 2)
            assert not first.is_published()
            intake.dones[0](True)
            await until(first.is_published)
            assert not second.is_published()
            intake.dones[1](True)
            await until(second.is_published)
    assert device.codes == [0, 0]


@pytest.mark.parametrize("version", [MQTTProtocolVersion.MQTTv311, MQTTProtocolVersion.MQTTv5])
async def test_paho_repeats_what_could_not_be_kept(version: MQTTProtocolVersion) -> None:
    intake = RememberingIntake()
    async with listening(intake) as (_, port):
        with await asyncio.to_thread(Pahos, port, version) as device:
            sent = device.client.publish(TOPIC, b"press", 1)
            await until(lambda: intake.came)
            intake.dones[0](False)
            await until(lambda: len(intake.came) == 2)
            intake.dones[1](True)
            await until(sent.is_published)
    assert {payload for _, payload, _ in intake.came} == {b"press"}


@pytest.mark.parametrize("version", [aiomqtt.ProtocolVersion.V311, aiomqtt.ProtocolVersion.V5])
async def test_aiomqtt_publishes_and_hears(version: aiomqtt.ProtocolVersion) -> None:
    async with (
        listening() as (_, port),
        aiomqtt.Client("127.0.0.1", port, username=USER, password=SECRET, protocol=version) as device,
    ):
        await device.subscribe(ACK, 1)
        await device.publish(TOPIC, b"hello", 1)
        message = await asyncio.wait_for(anext(aiter(device.messages)), PATIENCE_S)
    assert message.payload == b"kept hello"


async def run(*command: str) -> tuple[int, str]:
    """A real process to its end: exit code and what it said."""
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
    out, _ = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    return process.returncode or 0, out.decode()


def mosquitto(name: str, port: int, version: str, *rest: str, secret: str = SECRET) -> list[str]:
    return [name, "-h", "127.0.0.1", "-p", str(port), "-V", version, "-u", USER, "-P", secret, "-i", name, *rest]


@needs_mosquitto
@pytest.mark.parametrize("version", ["mqttv31", "mqttv311", "mqttv5"])
async def test_mosquittos_clients_publish_and_hear(version: str) -> None:
    intake = ConfirmingIntake()
    async with listening(intake) as (listener, port):
        hearing = asyncio.ensure_future(
            run(*mosquitto("mosquitto_sub", port, version, "-t", ACK, "-q", "1", "-C", "3", "-W", "50"))
        )
        await until(lambda: listener.publish("nobody", b"") == 0 and listener._house.subscriptions.matching(ACK))
        for qos in ("0", "1", "2"):
            assert await run(*mosquitto("mosquitto_pub", port, version, "-t", TOPIC, "-m", qos, "-q", qos)) == (0, "")
        code, heard = await hearing
    assert (code, heard.split("\n")) == (0, ["kept 0", "kept 1", "kept 2", ""])


@needs_mosquitto
@pytest.mark.parametrize("version", ["mqttv311", "mqttv5"])
async def test_a_wrong_password_is_refused(version: str) -> None:
    intake = RememberingIntake()
    async with listening(intake) as (listener, port):
        code, said = await run(*mosquitto("mosquitto_pub", port, version, "-t", TOPIC, "-m", "x", secret="guess"))
        assert listener.counts.refused == 1
    assert code != 0
    assert "refused" in said.lower() or "not authori" in said.lower() or "bad user" in said.lower()
    assert intake.came == []


@needs_mosquitto
async def test_another_devices_confirmations_cannot_be_heard() -> None:
    async with listening() as (listener, port):
        other = "alarmcore/ack/v1/t1/d2"
        _, said = await run(*mosquitto("mosquitto_sub", port, "mqttv5", "-t", other, "-W", "50"))
        assert listener.publish(other, b"x") == 0
    assert "denied" in said.lower()


# Bare bytes


@on_both_loops
async def test_every_byte_may_come_alone() -> None:
    intake = ConfirmingIntake()
    async with listening(intake) as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for byte in connect(5) + publish(TOPIC, b"press", v5=True) + PING:
            writer.write(bytes((byte,)))
            await asyncio.sleep(0)
        heard = await asyncio.wait_for(reader.readuntil(PONG), PATIENCE_S)
        writer.close()
    assert puback(1) in heard
    assert intake.came == [(TOPIC, b"press", USER)]


@on_both_loops
async def test_answers_to_many_messages_in_one_read_come_in_order() -> None:
    async with listening() as (_, port):
        client = await Raw.open(port)
        client.writer.write(b"".join(publish(TOPIC, b"x" * 100, packet_id=number) for number in range(1, 5001)))
        assert await client.hears(4 * 5000) == b"".join(puback(number) for number in range(1, 5001))
        client.writer.close()


@on_both_loops
async def test_broken_bytes_close_their_own_connection_and_no_other() -> None:
    async with listening() as (listener, port):
        good = await Raw.open(port, client_id="good")
        bad = await Raw.open(port, 5, client_id="bad")
        bad.writer.write(b"\x36\x04\x00\x01a\x00" + b"\xff" * 1000)
        assert await bad.hears_the_end() == b"\xe0\x01\x81"
        stranger = Raw(*await asyncio.open_connection("127.0.0.1", port))
        stranger.writer.write(b"GET / HTTP/1.1\r\n\r\n")
        assert await stranger.hears_the_end() == b""
        good.writer.write(PING)
        assert await good.hears(2) == PONG
        for raw in (good, bad, stranger):
            raw.writer.close()
        await until(lambda: listener.connections == 0)


@on_both_loops
async def test_why_it_was_hung_up_on_reaches_a_client_that_is_still_sending() -> None:
    """Closing with unread bytes resets the connection; the last words would be lost with it."""
    async with listening() as (listener, port):
        client = await Raw.open(port, 5)
        client.writer.write(publish(TOPIC, b"z" * 2_000_000, v5=True))
        assert await client.hears_the_end() == b"\xe0\x01\x95"
        client.writer.close()
        await until(lambda: listener.connections == 0)


@on_both_loops
async def test_a_client_that_dies_in_the_middle_of_a_message_leaves_its_will_and_nothing_else() -> None:
    intake = RememberingIntake()
    async with listening(intake) as (listener, port):
        client = await Raw.open(port, will=("alarmcore/v1/t1/d1/status", b"gone"))
        client.writer.write(publish(TOPIC, b"kept") + publish(TOPIC, b"half" * 50, packet_id=2)[:60])
        await until(lambda: intake.came)
        sock = client.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.writer.transport.abort()
        await until(lambda: listener.connections == 0)
        assert [payload for _, payload, _ in intake.came] == [b"kept", b"gone"]
        for done in intake.dones:
            done(True)
        assert listener.pending == 0


@on_both_loops
async def test_a_flood_is_held_back_and_nothing_of_it_dropped() -> None:
    intake = AwaitedIntake()
    async with listening(intake, receive_max=10) as (listener, port):
        client, other = await Raw.open(port), await Raw.open(port, client_id="c2")
        client.writer.write(b"".join(publish(TOPIC, b"%d" % number, packet_id=number) for number in range(1, 1001)))
        for number in range(1000):
            await intake.has_got(number + 1)
            assert listener.pending <= 10
            intake.dones[number](True)
        assert await client.hears(4000) == b"".join(puback(number) for number in range(1, 1001))
        assert [payload for _, payload, _ in intake.came] == [b"%d" % number for number in range(1, 1001)]
        other.writer.write(PING)
        assert await other.hears(2) == PONG
        client.writer.close()
        other.writer.close()


@on_both_loops
async def test_a_client_that_never_reads_is_hung_up_on_and_others_hear_on() -> None:
    async with listening() as (listener, port):
        slow, quick = await Raw.open(port, client_id="slow"), await Raw.open(port, client_id="quick")
        for client in (slow, quick):
            client.writer.write(subscribe(ACK, 0))
            assert (await client.hears(5))[0] == 0x90
        slow.writer.transport.pause_reading()  # type: ignore[attr-defined]
        heard = 0
        while not listener.counts.too_slow:
            assert listener.publish(ACK, b"x" * 60_000, 0) == 2
            heard += len(await quick.hears(60_000 + len(ACK) + 2 + 4))
        assert listener.publish(ACK, b"bye", 0) == 1
        assert (await quick.hears(3 + 2 + len(ACK) + 2))[-3:] == b"bye"
        assert heard > 1_000_000
        slow.writer.transport.abort()
        quick.writer.close()


@on_both_loops
async def test_closing_answers_what_was_taken_and_says_why() -> None:
    intake = RememberingIntake()
    async with listening(intake) as (listener, port):
        client = await Raw.open(port, 5, will=("t", b"gone"))
        client.writer.write(publish(TOPIC, b"1", v5=True))
        await until(lambda: intake.came)
        closing = asyncio.ensure_future(listener.close())
        await asyncio.sleep(0)
        client.writer.write(publish(TOPIC, b"2", packet_id=2, v5=True))
        intake.dones[0](True)
        assert await client.hears_the_end() == puback(1) + b"\xe0\x01\x8b"
        client.writer.close()
        await closing
        assert len(intake.came) == 1
        assert listener.connections == 0
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)


async def test_too_many_clients_are_turned_away_and_those_who_are_in_stay() -> None:
    async with listening(connections_max=2) as (listener, port):
        first, second = await Raw.open(port), await Raw.open(port, client_id="c2")
        third = Raw(*await asyncio.open_connection("127.0.0.1", port))
        with contextlib.suppress(ConnectionResetError):
            assert await third.hears_the_end() == b""
        assert listener.counts.turned_away == 1
        first.writer.write(PING)
        assert await first.hears(2) == PONG
        second.writer.close()
        await until(lambda: listener.connections == 1)
        fourth = await Raw.open(port, client_id="c4")
        for client in (first, third, fourth):
            client.writer.close()


@on_both_loops
async def test_answers_are_not_held_back_by_the_sockets_own_batching() -> None:
    async with listening() as (listener, port):
        client = await Raw.open(port)
        (server_side,) = listener._sockets
        assert server_side._transport is not None
        sock = server_side._transport.get_extra_info("socket")
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        client.writer.close()


@pytest.mark.parametrize(("said", "granted", "first"), [(1, 1, 0x32), (0, 1, 0x30), (1, 0, 0x30), (2, 2, 0x32)])
async def test_a_message_comes_at_the_lower_of_what_was_said_and_what_was_asked(said: int, granted: int, first: int) -> None:
    async with listening() as (listener, port):
        client = await Raw.open(port)
        client.writer.write(subscribe(ACK, granted))
        await client.hears(5)
        assert listener.publish(ACK, b"x", said) == 1
        assert (await client.hears(1))[0] == first
        client.writer.close()


class BrokenGate(OwnTopicGate):
    async def sign_in(self, username: str | None, password: str | None, client_id: str) -> str | None:
        raise RuntimeError("no database")


class AbsentGate(OwnTopicGate):
    """Never answers."""

    def __init__(self) -> None:
        self.cancelled = 0

    async def sign_in(self, username: str | None, password: str | None, client_id: str) -> str | None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self.cancelled += 1
        return None


async def test_a_gate_that_fails_is_not_the_clients_fault() -> None:
    async with listening(gate=BrokenGate()) as (listener, port):
        for level, words in ((4, b"\x20\x02\x00\x03"), (5, b"\x20\x03\x00\x88\x00")):
            client = Raw(*await asyncio.open_connection("127.0.0.1", port))
            client.writer.write(connect(level))
            assert await client.hears_the_end() == words
            client.writer.close()
        assert listener.counts.failures == 2


async def test_a_password_that_is_no_text_is_a_wrong_one() -> None:
    async with listening() as (_, port):
        client = Raw(*await asyncio.open_connection("127.0.0.1", port))
        client.writer.write(connect(4, password=b"\xff\xfe"))
        assert await client.hears_the_end() == b"\x20\x02\x00\x04"
        client.writer.close()


async def test_a_gate_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alarmcore.adapters.mqtt_listener.listener.SIGN_IN_S_MAX", 0.01)
    gate = AbsentGate()
    async with listening(gate=gate) as (listener, port):
        client = Raw(*await asyncio.open_connection("127.0.0.1", port))
        client.writer.write(connect(4))
        assert await client.hears_the_end() == b"\x20\x02\x00\x03"
        client.writer.close()
        await until(lambda: listener.connections == 0)
    assert gate.cancelled == 1


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
async def test_everything_works_encrypted(tmp_path: Path) -> None:
    key, certificate = str(tmp_path / "key.pem"), str(tmp_path / "certificate.pem")
    made = await run(
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
        "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate,
    )  # fmt: skip
    assert made[0] == 0
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(certificate, key)
    trust = ssl.create_default_context(cafile=certificate)
    intake = ConfirmingIntake()
    async with listening(intake, tls=server, receive_max=5) as (_, port):
        client = await Raw.open(port, 5, tls=trust)
        client.writer.write(b"".join(publish(TOPIC, b"x" * 500, packet_id=number, v5=True) for number in range(1, 301)))
        assert await client.hears(1200) == b"".join(puback(number) for number in range(1, 301))
        client.writer.write(b"\x00\x00")
        assert await client.hears(3) == b"\xe0\x01\x81"
        client.writer.close()


def test_paho_reads_the_properties_of_our_connack() -> None:
    """A second opinion on the property list, beside the codec's tests."""
    raw = answers.connack(Code.SUCCESS, v5=True, receive_max=7, packet_max=99)
    read: Any = Properties(2)  # type: ignore[no-untyped-call]
    read.unpack(raw[4:])
    assert (read.ReceiveMaximum, read.MaximumPacketSize, read.RetainAvailable) == (7, 99, 0)
