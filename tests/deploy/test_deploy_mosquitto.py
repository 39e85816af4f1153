"""Mosquitto with TLS as we ship it: really started, tried with real clients, for what is allowed and what is not."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from alarmcore.adapters.mqtt_session import MqttSession
from alarmcore.errors import Unavailable
from tests.deploy.programs import DEPLOY, attempt, certificates, run
from tests.servers.mosquitto import PROGRAM, Mosquitto, accepts, free_port

SHIPPED = DEPLOY / "mosquitto"
SERVICE = "alarmcore.service"
WITHIN_S = 20.0

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="mosquitto is not installed")


class Heard:
    """Keeps every message."""

    def __init__(self) -> None:
        self.topics: asyncio.Queue[str] = asyncio.Queue()

    def accept(self, topic: str, payload: bytes, principal: None, done: Callable[[bool], None]) -> None:
        assert payload
        self.topics.put_nowait(topic)
        done(True)

    async def next(self) -> str:
        async with asyncio.timeout(WITHIN_S):
            return await self.topics.get()


class Shipped(Mosquitto):
    """The three shipped files, one behind the other; only ports, paths and the log are this test's."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        user = re.findall(r"^user .*$", self._config.read_text(), flags=re.MULTILINE)
        text = "".join((SHIPPED / name).read_text() for name in ("mosquitto.conf", "tls.conf", "certificates.conf"))
        self.of = {"1883 127.0.0.1": self.port, "8883": free_port(), "8884": free_port(), "8885": free_port()}
        for listener, port in self.of.items():
            where = f"listener {port} 127.0.0.1"
            text, found = re.subn(rf"^listener {listener}$", where, text, flags=re.MULTILINE)
            assert found == 1, f"the shipped files have no listener {listener}"
        text = text.replace("/etc/mosquitto/certs/devices-ca.crt", f"{folder}/certs/ca.crt")
        text = text.replace("/etc/mosquitto/certs/", f"{folder}/certs/").replace("/etc/mosquitto/", f"{folder}/")
        text = text.replace("/var/lib/mosquitto/", f"{folder}/").replace("log_dest syslog", "log_dest stderr")
        self._config.write_text(text + "\n".join(user) + "\n")
        (folder / "access.acl").write_text((SHIPPED / "access.acl").read_text())
        certificates(folder / "certs", "mosquitto", "t1/d1")
        self.passwords = folder / "passwords"
        self.passwords.touch(mode=0o600)
        for name in (SERVICE, "t1/d1", "t1/d2"):
            self.device("add", name, f"secret of {name}")

    def device(self, act: str, user: str, secret: str = "") -> None:
        run("sh", SHIPPED / "device.sh", act, self.passwords, user, given=secret + "\n")

    def reload(self) -> None:
        os.kill(self.pid, signal.SIGHUP)

    def tls(self, certificate: str | None = None) -> ssl.SSLContext:
        made = ssl.create_default_context(cafile=str(self.folder / "certs" / "ca.crt"))
        if certificate:
            made.load_cert_chain(self.folder / "certs" / f"{certificate}.crt", self.folder / "certs" / f"{certificate}.key")
        return made


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Shipped]:
    made = Shipped(tmp_path / "broker")
    made.start()
    deadline = time.monotonic() + WITHIN_S
    while not all(accepts(port) for port in made.of.values()):  # opened one after another
        assert time.monotonic() < deadline, "a listener is missing"
        time.sleep(0.01)
    yield made
    made.kill()


def session(
    broker: Shipped,
    listener: str,
    user: str,
    filters: list[str],
    *,
    intake: Heard | None = None,
    secret: str | None = None,
    client_id: str | None = None,
    certificate: str | None = None,
) -> MqttSession:
    """Somebody's, over TLS."""
    word = (secret or f"secret of {user}").replace(" ", "%20").replace("/", "%2F")
    name = "" if certificate else f"{user.replace('/', '%2F')}:{word}@"
    return MqttSession(
        f"mqtts://{name}127.0.0.1:{broker.of[listener]}",
        client_id=client_id or f"c-{user}",
        filters=filters,
        intake=intake or Heard(),
        tls=broker.tls(certificate),
        backoff=lambda _: 0.05,
        start_within_s=WITHIN_S,
    )


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not true():  # noqa: ASYNC110 - a session has flags, and no event
            await asyncio.sleep(0.01)


async def publish_all(device: MqttSession, topics: list[str]) -> None:
    for topic in topics:
        device.publish(topic, b"{}")
    await until(lambda: not device.unsent)


TRIED = [
    "alarmcore/v1/t1/d2/button",
    "alarmcore/v1/t2/d1/button",
    "alarmcore/ack/v1/t1/d1",
    "owntracks/t1/d2",
    "alarmcore/v1/t1/d1/button",
]


@pytest.mark.parametrize(("listener", "certificate"), [("8883", None), ("8884", "t1_d1")])
async def test_over_tls_a_device_speaks_for_itself_only(broker: Shipped, listener: str, certificate: str | None) -> None:
    heard = Heard()
    core = session(broker, "8885", SERVICE, ["alarmcore/v1/t1/+/+", "alarmcore/v1/t2/+/+", "owntracks/#"], intake=heard)
    device = session(broker, listener, "t1/d1", ["alarmcore/ack/v1/t1/d1"], certificate=certificate)
    await core.start()
    await device.start()
    await publish_all(device, [*TRIED, "alarmcore/v1/t1/d1/status"])
    assert [await heard.next(), await heard.next()] == ["alarmcore/v1/t1/d1/button", "alarmcore/v1/t1/d1/status"]
    await device.close()
    await core.close()


async def test_the_service_confirms_to_the_device_that_reported(broker: Shipped) -> None:
    heard, other = Heard(), Heard()
    core = session(broker, "8885", SERVICE, ["alarmcore/v1/#"])
    device = session(broker, "8883", "t1/d1", ["alarmcore/ack/v1/t1/d1"], intake=heard)
    nosy = session(broker, "8883", "t1/d2", ["alarmcore/ack/v1/#"], intake=other)
    for one in (core, device, nosy):
        await one.start()
    await publish_all(core, ["alarmcore/ack/v1/t1/d1", "alarmcore/ack/v1/t1/d2"])
    assert await heard.next() == "alarmcore/ack/v1/t1/d1"
    assert await other.next() == "alarmcore/ack/v1/t1/d2"
    assert other.topics.empty()
    for one in (core, device, nosy):
        await one.close()


async def test_a_device_cannot_take_the_session_of_the_service_over(broker: Shipped) -> None:
    """Whoever has its client id has its queue: presses that wait would be gone."""
    heard = Heard()
    name = "alarmcore-0123abcd-p00-presses"
    core = session(broker, "8885", SERVICE, ["alarmcore/v1/t1/+/button"], client_id=name)
    await core.start()
    await core.close()
    thief = session(broker, "8883", "t1/d2", ["alarmcore/ack/v1/t1/d2"], client_id=name)
    device = session(broker, "8883", "t1/d1", ["alarmcore/ack/v1/t1/d1"])
    await device.start()
    await publish_all(device, ["alarmcore/v1/t1/d1/button"])
    await thief.start()
    assert not thief.session_present
    await thief.close()
    again = session(broker, "8885", SERVICE, ["alarmcore/v1/t1/+/button"], client_id=name, intake=heard)
    await again.start()
    assert again.session_present
    assert await heard.next() == "alarmcore/v1/t1/d1/button"
    await again.close()
    await device.close()


@pytest.mark.parametrize(("user", "secret"), [("t1/d1", "guessed"), ("t1/d3", "secret of t1/d1"), (SERVICE, "secret of t1/d1")])
async def test_a_wrong_password_lets_nobody_in(broker: Shipped, user: str, secret: str) -> None:
    stranger = session(broker, "8883", user, ["alarmcore/ack/v1/t1/d1"], secret=secret)
    with pytest.raises(Unavailable, match=r"cannot be used"):
        await stranger.start()


def test_a_certificate_is_needed_where_certificates_count(broker: Shipped) -> None:
    """TLS 1.2 says so in the handshake; 1.3 only with the first answer."""
    for certificate, let_in in ((None, False), ("t1_d1", True)):
        tls = broker.tls(certificate)
        tls.maximum_version = ssl.TLSVersion.TLSv1_2
        with socket.create_connection(("127.0.0.1", broker.of["8884"]), timeout=WITHIN_S) as connection:
            if let_in:
                tls.wrap_socket(connection, server_hostname="127.0.0.1").close()
                continue
            with pytest.raises(ssl.SSLError, match="HANDSHAKE_FAILURE"):
                tls.wrap_socket(connection, server_hostname="127.0.0.1")


async def test_a_device_that_is_removed_is_cut_off_and_stays_out(broker: Shipped) -> None:
    stays = session(broker, "8883", "t1/d2", ["alarmcore/ack/v1/t1/d2"])
    lost = session(broker, "8883", "t1/d1", ["alarmcore/ack/v1/t1/d1"])
    await stays.start()
    await lost.start()
    broker.device("remove", "t1/d1")
    broker.reload()
    await until(lambda: lost.losses >= 2 and not lost.connected)  # cut off, and refused when it came back
    assert (stays.connected, stays.losses) == (True, 0)
    await lost.close()
    await stays.close()


async def test_a_device_that_is_added_gets_in_without_a_restart(broker: Shipped) -> None:
    broker.device("add", "t2/d9", "fresh")
    broker.reload()
    fresh = session(broker, "8883", "t2/d9", ["alarmcore/ack/v1/t2/d9"], secret="fresh")
    async with asyncio.timeout(WITHIN_S):
        while True:
            try:
                await fresh.start()
                break
            except Unavailable:  # the signal has not been seen yet
                fresh = session(broker, "8883", "t2/d9", ["alarmcore/ack/v1/t2/d9"], secret="fresh")
    assert fresh.connected
    await fresh.close()


@pytest.mark.parametrize("name", ["t1", "t1/d1/x", "t1/+", "/d1", "t1/", "T1/d1", "t1/d 1"])
def test_no_user_is_made_that_could_speak_for_others(tmp_path: Path, name: str) -> None:
    passwords = tmp_path / "passwords"
    passwords.touch()
    done = attempt("sh", SHIPPED / "device.sh", "add", passwords, name, given="secret\n")
    assert done.returncode == 2
    assert f"{name} is no TENANT/DEVICE" in done.stderr
    assert passwords.read_text() == ""


def test_a_new_password_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    passwords = tmp_path / "passwords"
    passwords.touch(mode=0o640)
    for user, secret in (("t1/d1", "one"), ("t1/d2", "two"), ("t1/d1", "three")):
        run("sh", SHIPPED / "device.sh", "add", passwords, user, given=secret)
    lines = passwords.read_text().splitlines()
    assert [line.split(":")[0] for line in lines] == ["t1/d2", "t1/d1"]
    assert not any(secret in passwords.read_text() for secret in ("one", "two", "three"))
    assert passwords.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["passwords"]


def test_adding_nobody_says_so(tmp_path: Path) -> None:
    (tmp_path / "passwords").write_text("t1/d1:old\n")
    done = attempt("sh", SHIPPED / "device.sh", "add", tmp_path / "passwords", "t1/d1")
    assert (done.returncode, (tmp_path / "passwords").read_text()) == (2, "t1/d1:old\n")
