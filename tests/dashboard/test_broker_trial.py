"""What `alarmcore check` finds out about a broker, tried with a real one, and with one that does what no sane one should."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import mqtt5
import pytest

from alarmcore.adapters.mqtt_session.address import parse
from alarmcore.adapters.mqtt_session.packets import Packets
from dashboard import broker_line, broker_trial
from dashboard.broker_trial import broker_findings
from dashboard.finding import Finding
from tests.deploy.programs import DEPLOY, certificates
from tests.servers.mosquitto import PROGRAM, Mosquitto, free_port, running

SERVICE = "alarmcore.service"


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here is about time."""
    monkeypatch.setattr(broker_line, "ANSWER_S", 60.0)
    monkeypatch.setattr(broker_trial, "TRIAL_S", 110.0)


@pytest.fixture
def broker(tmp_path: Path, need: Any) -> Iterator[Mosquitto]:
    need(PROGRAM, "Mosquitto (Debian's package mosquitto)")
    with running(tmp_path / "broker") as made:
        yield made


def levels(findings: list[Finding]) -> set[str]:
    return {finding.level for finding in findings}


def of(findings: list[Finding], word: str) -> Finding:
    (found,) = [finding for finding in findings if word in finding.text]
    return found


async def test_a_broker_that_keeps_messages_for_us_is_well_and_keeps_nothing_of_the_trial(
    broker: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("secrets.token_hex", lambda _: "fixed")
    found = await broker_findings(broker.url)
    assert of(found, "lets us in").level == "ok"
    assert of(found, "waited in it while we were away").level == "ok"
    assert [one.text for one in found if one.level != "ok"] == [broker_trial.OWN_WORD]
    async with broker_line.broker_line(parse(broker.url), None) as line:
        left = await line.greet("alarmcore-check-fixed", clean=False, expiry_s=0)
    assert not left.session_present


async def test_an_account_as_we_ship_it_may_do_what_it_needs_and_everything_is_tried(tmp_path: Path, need: Any) -> None:
    need(PROGRAM, "Mosquitto (Debian's package mosquitto)")
    rules = tmp_path / "access.acl"
    rules.write_text((DEPLOY / "mosquitto" / "access.acl").read_text())
    with running(tmp_path / "broker", users={SERVICE: "s", "t1/d1": "d"}, extra=f"acl_file {rules}") as broker:
        shipped = await broker_findings(f"mqtt://{SERVICE}:s@127.0.0.1:{broker.port}")
        device = await broker_findings(f"mqtt://t1%2Fd1:d@127.0.0.1:{broker.port}")
    assert [one.text for one in shipped if one.level != "ok"] == [broker_trial.OWN_WORD]
    assert of(shipped, "waited in it while we were away").level == "ok"
    assert of(device, "may not confirm readings").level == "error"


@pytest.mark.parametrize("sign_in", ["", "alarmcore.service:hemligt@"])
async def test_a_sign_in_that_is_refused_is_said_without_the_password(tmp_path: Path, need: Any, sign_in: str) -> None:
    need(PROGRAM, "Mosquitto (Debian's package mosquitto)")
    with running(tmp_path / "broker", users={SERVICE: "s"}) as broker:
        (found,) = await broker_findings(f"mqtt://{sign_in}127.0.0.1:{broker.port}")
    assert found.level == "error"
    assert "the user and the password" in found.text
    assert "hemligt" not in found.text


async def test_limits_of_a_broker_are_said_before_a_reading_meets_them(tmp_path: Path, need: Any) -> None:
    need(PROGRAM, "Mosquitto (Debian's package mosquitto)")
    with running(tmp_path / "small", extra="max_packet_size 10000") as broker:
        small = await broker_findings(broker.url)
    with running(tmp_path / "careless", extra="max_qos 0") as broker:
        careless = await broker_findings(broker.url)
    assert of(small, "10000 bytes").level == "warning"
    assert of(careless, "QoS 0 only").level == "error"


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("mqtt://127.0.0.1:{free}", "refused"),
        ("mqtt://localhost:{free}", "refused"),
        ("mqtt://nowhere.invalid", "nowhere.invalid"),
        ("http://x:hemligt@y", "scheme"),
        ("mqtts://127.0.0.1:{free}?ca=/nowhere.pem", "no such file"),
    ],
)
async def test_a_broker_that_cannot_be_reached_is_one_error_that_says_why(url: str, word: str) -> None:
    (found,) = await broker_findings(url.format(free=free_port()))
    assert found.level == "error"
    assert word in found.text
    assert "hemligt" not in found.text


async def test_a_certificate_that_is_not_trusted_names_its_authority_and_the_option(tmp_path: Path, need: Any) -> None:
    need(PROGRAM, "Mosquitto (Debian's package mosquitto)")
    need(shutil.which("openssl"), "openssl")
    certificates(tmp_path, "broker")
    port = free_port()
    tls = f"listener {port} 127.0.0.1\ncertfile {tmp_path}/broker.crt\nkeyfile {tmp_path}/broker.key\nallow_anonymous true"
    with running(tmp_path / "broker", extra=tls) as broker:
        (stranger,) = await broker_findings(f"mqtts://127.0.0.1:{port}")
        known = await broker_findings(f"mqtts://127.0.0.1:{port}?ca={tmp_path}/ca.crt")
        (plain,) = await broker_findings(f"mqtts://127.0.0.1:{broker.port}?ca={tmp_path}/ca.crt")
    assert stranger.level == "error"
    assert "'alarmcore trial authority'" in stranger.text
    assert "?ca=FILE" in stranger.text
    assert of(known, "lets us in over TLS").level == "ok"
    assert "TLS" in plain.text


class Fake:
    """A broker that says what it is told to say. `keeps`: sessions; `queues`: what comes for who is away."""

    def __init__(
        self, *, keeps: bool = True, queues: bool = True, refuses: frozenset[str] = frozenset(), **greeting: Any
    ) -> None:
        self.keeps, self.queues, self.refuses, self.greeting = keeps, queues, refuses, greeting
        self.sessions: dict[str, list[str]] = {}
        self.here: dict[str, asyncio.StreamWriter] = {}
        self.waiting: dict[str, list[mqtt5.PublishPacket]] = {}
        self.ended = asyncio.Event()
        """The trial has said goodbye to its session for good."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        packets, client = Packets(), ""
        while data := await reader.read(65_536):
            for packet in packets.feed(data):
                if isinstance(packet, mqtt5.ConnectPacket):
                    client = packet.client_id
                    self.here[client] = writer
                    self.greet(packet, writer)
                elif isinstance(packet, mqtt5.DisconnectPacket):
                    if packet.session_expiry_interval == 0 and not client.endswith("-sender"):
                        self.ended.set()
                    del self.here[client]
                    writer.close()
                else:
                    self.take(packet, client, writer)

    def greet(self, packet: mqtt5.ConnectPacket, writer: asyncio.StreamWriter) -> None:
        present = self.keeps and not packet.clean_start and packet.client_id in self.sessions
        writer.write(mqtt5.ConnAckPacket(session_present=present, **self.greeting).write())
        if not present:
            self.sessions[packet.client_id] = []
        for kept in self.waiting.pop(packet.client_id, []):
            writer.write(kept.write())

    def take(self, packet: mqtt5.Packet, client: str, writer: asyncio.StreamWriter) -> None:
        if isinstance(packet, mqtt5.SubscribePacket):
            wanted = [one.pattern for one in packet.topic_filters]
            self.sessions[client] += wanted
            codes = {True: mqtt5.SubAckReasonCode.NOT_AUTHORIZED, False: mqtt5.SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE}
            answers = [codes[any(word in one for word in self.refuses)] for one in wanted]
            writer.write(mqtt5.SubAckPacket(packet.packet_id, answers).write())
        elif isinstance(packet, mqtt5.PublishPacket):
            assert packet.packet_id is not None
            writer.write(mqtt5.PubAckPacket(packet.packet_id).write())
            for name in (name for name, filters in self.sessions.items() if packet.topic in filters):
                if name in self.here:
                    self.here[name].write(packet.write())
                elif self.queues:
                    self.waiting.setdefault(name, []).append(packet)


@asynccontextmanager
async def listening(serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]) -> AsyncIterator[str]:
    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield f"mqtt://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize(
    ("fake", "level", "word"),
    [
        (Fake(), "ok", "waited in it while we were away"),
        (Fake(keeps=False), "error", "forgotten our session"),
        (Fake(queues=False), "error", "threw away"),
        (Fake(session_expiry_interval=3600), "warning", "3600 s"),
        (Fake(session_expiry_interval=0), "error", "for 0 s"),
        (Fake(wildcard_subscription_available=False), "error", "wildcards"),
        (Fake(max_qos=mqtt5.QoS.AT_MOST_ONCE), "error", "QoS 0 only"),
        (Fake(refuses=frozenset({"button"})), "error", "may not hear alarmcore/v1/alarmcore.check/+/button;"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_broker_that_would_lose_readings_is_found_out(
    fake: Fake, level: str, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not fake.queues:
        monkeypatch.setattr(broker_line, "ANSWER_S", 3.0)  # what never comes is waited for this long
    async with listening(fake.serve) as url:
        found = await broker_findings(url)
        async with asyncio.timeout(60):  # until the session of the trial is ended, which would stay behind otherwise
            await fake.ended.wait()
    assert of(found, word).level == level


async def test_what_is_no_broker_at_all_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    async def web(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1000):
            pass
        writer.close()

    async with listening(web) as url:
        (found,) = await broker_findings(url)
    assert "closed the connection" in found.text
    monkeypatch.setattr(broker_line, "ANSWER_S", 0.2)
    async with listening(silent) as url:
        (found,) = await broker_findings(url)
    assert "did not answer" in found.text
