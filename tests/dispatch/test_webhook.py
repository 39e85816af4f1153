"""The webhook channel against a real HTTP server, and its documentation's receiver against the channel."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from channel_contract import NOW, PATIENCE_S, PRIVATE, TRY_S, ChannelContract, message

from alarmcore.errors import HandoverFailed
from dispatch.channels.webhook import WebhookChannel, signature, tenant_secret, webhook_id
from dispatch.channels.webhook.body import body
from dispatch.channels.webhook.channel import PER_HOST_MAX, REPLY_BYTES_MAX

SECRET = b"installation secret of the tests"
FIELDS = {
    "key",
    "tenant",
    "tenant_name",
    "alarm",
    "resident",
    "resident_name",
    "address",
    "rule",
    "cause",
    "priority",
    "why",
    "why_text",
    "reason",
    "raised_at",
    "late_s",
    "position",
    "recipient",
    "recipient_name",
    "link",
    "told_before",
    "answer_url",
    "language",
    "timezone",
    "test",
    "subject",
    "first_line",
    "text",
}
DOCS = Path(__file__).parents[2] / "docs" / "webhooks.md"


class Server(ThreadingHTTPServer):
    """With room for all tries at once; the standard library's own is five."""

    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that goes away is what the tests are about."""


class Receiver:
    """An HTTP server on a free port that behaves as told, per path."""

    def __init__(self) -> None:
        self.behaviour: dict[str, str] = {}
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.under_way = 0
        self.most_under_way = 0
        self.over = threading.Event()
        self.lock = threading.Lock()
        self.server = Server(("127.0.0.1", 0), self._handler())
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()

    @property
    def taken(self) -> list[str]:
        return [headers["webhook-id"] for _path, headers, _body in self.requests]

    def address(self, name: str) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/{name}"

    def close(self) -> None:
        self.over.set()
        if self.thread.is_alive():
            self.server.shutdown()
            self.server.server_close()
            self.thread.join(5)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                with receiver.lock:
                    receiver.under_way += 1
                    receiver.most_under_way = max(receiver.most_under_way, receiver.under_way)
                try:
                    with contextlib.suppress(OSError):
                        receiver.behave(self)
                finally:
                    with receiver.lock:
                        receiver.under_way -= 1

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the standard library's name
                pass

        return Handler

    def behave(self, handler: BaseHTTPRequestHandler) -> None:
        content = handler.rfile.read(int(handler.headers["content-length"]))
        behaviour = self.behaviour.get(self.address(handler.path[1:]), "take")
        if behaviour == "hang":
            self.over.wait(2 * PATIENCE_S)
        elif behaviour == "cut":
            handler.close_connection = True
        elif behaviour == "garbage":
            handler.wfile.write(b"\x00\xff no HTTP at all\r\n\r\n")
            handler.close_connection = True
        elif behaviour == "drip":
            for byte in b"HTTP/1.1 200 OK\r\nx-slow: " + b"a" * 2000:
                handler.wfile.write(bytes([byte]))
                if self.over.wait(0.05):
                    break
            handler.close_connection = True
        elif behaviour in {"busy", "refuse"} or behaviour.isdigit():
            self.reply(handler, {"busy": 503, "refuse": 410}.get(behaviour) or int(behaviour), b"geheim")
        else:
            self.take(handler, behaviour, content)

    def take(self, handler: BaseHTTPRequestHandler, behaviour: str, content: bytes) -> None:
        if behaviour == "slow":
            self.over.wait(0.2)
        self.requests.append((handler.path, {k.lower(): v for k, v in handler.headers.items()}, content))
        if behaviour == "hang_after":
            handler.send_response(200)
            handler.send_header("content-length", "100")
            handler.end_headers()
            self.over.wait(2 * PATIENCE_S)
        elif behaviour == "drip_after":
            handler.send_response(200)
            handler.send_header("content-length", "100000")
            handler.end_headers()
            while not self.over.wait(0.05):
                handler.wfile.write(b" ")
        elif behaviour == "huge":
            handler.send_response(200)
            handler.send_header("content-length", str(10**9))
            handler.end_headers()
            with contextlib.suppress(OSError):
                for _ in range(10**9 // 65536):
                    handler.wfile.write(b"x" * 65536)
        else:
            self.reply(handler, 200, behaviour[5:].encode() if behaviour.startswith("json:") else b"ok")

    def reply(self, handler: BaseHTTPRequestHandler, status: int, content: bytes) -> None:
        handler.send_response(status)
        handler.send_header("location", self.address("elsewhere"))
        handler.send_header("content-length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)


@pytest.fixture
def outside() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
async def channel() -> AsyncIterator[WebhookChannel]:
    channel = WebhookChannel(SECRET, lambda: NOW, try_s=PATIENCE_S)
    yield channel
    await channel.close()


@pytest.fixture
async def hasty() -> AsyncIterator[WebhookChannel]:
    channel = WebhookChannel(SECRET, lambda: NOW, try_s=TRY_S)
    yield channel
    await channel.close()


class TestContract(ChannelContract):
    """The webhook channel keeps what every channel promises."""


async def test_the_signature_verifies_with_the_tenants_secret_and_no_other(channel: WebhookChannel, outside: Receiver) -> None:
    await channel.hand_over(message(outside.address("hook")))
    _path, headers, content = outside.requests[0]
    assert headers["webhook-id"] == "t1:A1b2C3:0:contact:eva"
    assert headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    version, given = headers["webhook-signature"].split(",")
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + content

    def made_with(tenant: str) -> str:
        key = base64.b64decode(tenant_secret(SECRET, tenant).removeprefix("whsec_"))
        return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()

    assert version == "v1"
    assert given == made_with("grastorp")
    assert given != made_with("essunga")


def test_the_signature_is_the_one_of_the_scheme() -> None:
    """The worked example that the scheme's reference libraries test themselves with."""
    made = signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    )
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_key_that_could_break_the_signed_text_is_replaced_by_its_hash() -> None:
    assert webhook_id("t1:A1:0:contact:eva") == "t1:A1:0:contact:eva"
    for odd in ("a.b", "a b", "å", "a\r\nb", "", "x" * 201):
        assert re.fullmatch("[0-9a-f]{64}", webhook_id(odd))
    assert webhook_id("a.b") != webhook_id("a.c")


async def test_the_body_has_every_field_and_the_text_ready_to_read(channel: WebhookChannel, outside: Receiver) -> None:
    await channel.hand_over(message(outside.address("hook"), why="pressed set_aside:lat", late_s=7320))
    _path, headers, content = outside.requests[0]
    assert headers["content-type"] == "application/json"
    sent = json.loads(content)
    assert (sent["type"], sent["version"], sent["timestamp"]) == ("alarm.told", 1, "2026-01-14T02:12:00.000Z")
    data = sent["data"]
    assert set(data) == FIELDS
    assert data["position"] == {"lat": 58.3345, "lon": 12.6784, "accuracy_m": 20.0}
    assert data["why_text"] == "larmknappen trycktes; gick inte att använda: positionen"
    assert data["reason"] is None
    assert data["text"].startswith("LARM: Karin Svensson har tryckt på larmknappen")
    assert "Trycktes 01:10, nådde oss 03:12" in data["first_line"]
    assert (data["late_s"], data["link"], data["test"], data["resident"]) == (7320, 0, False, "r1")


def test_the_same_message_is_the_same_bytes_and_without_a_position_says_so() -> None:
    assert body(message("http://x/")) == body(message("http://x/"))
    assert json.loads(body(message("http://x/", lat=None)))["data"]["position"] is None


@pytest.mark.parametrize(
    ("status", "permanent"),
    [(status, True) for status in (301, 302, 303, 307, 308, 400, 401, 403, 404, 410, 422)]
    + [(status, False) for status in (402, 408, 409, 423, 425, 429, 500, 502, 503, 504, 599)],
)
async def test_a_status_says_whether_repeating_helps(
    channel: WebhookChannel, outside: Receiver, status: int, permanent: bool
) -> None:
    outside.behaviour[outside.address("geheim")] = str(status)
    with pytest.raises(HandoverFailed, match=str(status)) as failed:
        await channel.hand_over(message(outside.address("geheim")))
    assert failed.value.permanent is permanent


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_every_2xx_is_taken(channel: WebhookChannel, outside: Receiver, status: int) -> None:
    outside.behaviour[outside.address("hook")] = str(status)
    assert (await channel.hand_over(message(outside.address("hook")))).reference is None


async def test_a_redirect_is_not_followed(channel: WebhookChannel, outside: Receiver) -> None:
    outside.behaviour[outside.address("hook")] = "307"
    with pytest.raises(HandoverFailed):
        await channel.hand_over(message(outside.address("hook")))
    assert outside.taken == []


async def test_a_receivers_own_reference_is_kept_if_it_is_one(channel: WebhookChannel, outside: Receiver) -> None:
    to = outside.address("hook")
    for answer, reference in (
        ('{"reference": "ärende 7", "more": 1}', "ärende 7"),
        ('{"reference": 7}', None),
        ("[]", None),
        ("\udcff", None),
        (json.dumps({"reference": "x" * 500}), "x" * 128),
        (json.dumps({"reference": "x" * REPLY_BYTES_MAX}), None),
    ):
        outside.behaviour[to] = "json:" + answer.encode("utf-8", "replace").decode()
        assert (await channel.hand_over(message(to))).reference == reference


async def test_an_answer_of_a_gigabyte_is_not_read(channel: WebhookChannel, outside: Receiver) -> None:
    outside.behaviour[outside.address("hook")] = "huge"
    async with asyncio.timeout(PATIENCE_S / 2):
        assert (await channel.hand_over(message(outside.address("hook")))).reference is None


async def test_a_body_that_drips_after_its_status_does_not_keep_us(channel: WebhookChannel, outside: Receiver) -> None:
    outside.behaviour[outside.address("hook")] = "drip_after"
    async with asyncio.timeout(PATIENCE_S / 2):
        assert (await channel.hand_over(message(outside.address("hook")))).reference is None


async def test_an_answer_that_drips_ends_with_the_try(hasty: WebhookChannel, outside: Receiver) -> None:
    outside.behaviour[outside.address("hook")] = "drip"
    async with asyncio.timeout(PATIENCE_S / 2):
        with pytest.raises(HandoverFailed, match="did not answer"):
            await hasty.hand_over(message(outside.address("hook")))


async def test_one_receiver_never_has_more_than_its_share_of_tries(outside: Receiver) -> None:
    # Tries that nothing ends: a receiver learns later than we do that a try was given up, and would count it with the next one.
    channel = WebhookChannel(SECRET, lambda: NOW, try_s=PATIENCE_S)
    other = Receiver()
    outside.behaviour[outside.address("hook")] = "hang"
    tries = [
        asyncio.create_task(channel.hand_over(message(outside.address("hook"), key=str(n)))) for n in range(PER_HOST_MAX * 3)
    ]
    try:
        async with asyncio.timeout(30):
            while outside.most_under_way < PER_HOST_MAX:  # noqa: ASYNC110 - the receiver is a thread
                await asyncio.sleep(0.01)
        # By name another host, so that its places are its own. Whatever else is on its way to the first one gets there meanwhile.
        for n in range(20):
            await channel.hand_over(message(other.address("hook").replace("127.0.0.1", "localhost"), key=str(n)))
        assert outside.most_under_way == PER_HOST_MAX
        assert len(other.taken) == 20
        assert [places.users for (_, host), places in channel._places.items() if host == "127.0.0.1"] == [len(tries)]
    finally:
        for one in tries:
            one.cancel()
        await asyncio.gather(*tries, return_exceptions=True)
        other.close()
        await channel.close()
    assert channel._places == {}


async def test_proxies_and_netrc_of_the_environment_are_not_used(outside: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    channel = WebhookChannel(SECRET, lambda: NOW, try_s=PATIENCE_S)
    await channel.hand_over(message(outside.address("hook")))
    await channel.close()
    assert len(outside.taken) == 1


async def test_nothing_private_is_logged(channel: WebhookChannel, outside: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    await channel.hand_over(message(outside.address("geheim")))
    assert not any(private in record.getMessage() for record in caplog.records for private in PRIVATE)


async def test_the_receiver_of_the_documentation_takes_what_we_send_and_nothing_else(channel: WebhookChannel) -> None:
    """The page's example is started as it stands there."""
    code = DOCS.read_text().split("```python\n")[1].split("```")[0]
    environment = {
        **os.environ,
        "WEBHOOK_SECRET": tenant_secret(SECRET, "grastorp"),
        "PORT": "0",
        "NOW": str(int(NOW.timestamp())),
    }
    process = subprocess.Popen(  # noqa: ASYNC220 - it says its port at once
        [sys.executable, "-u", "-c", code], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stdout is not None
        url = re.search(r"http://\S+", process.stdout.readline())
        assert url is not None
        await channel.hand_over(message(url[0]))
        await channel.hand_over(message(url[0]))
        assert process.stdout.readline().startswith("LARM: Karin Svensson")
        with pytest.raises(HandoverFailed) as failed:
            await channel.hand_over(message(url[0], tenant="essunga"))
        assert failed.value.permanent
        old = WebhookChannel(SECRET, lambda: NOW.replace(year=2025), try_s=PATIENCE_S)
        with pytest.raises(HandoverFailed):
            await old.hand_over(message(url[0]))
        await old.close()
        async with httpx.AsyncClient(timeout=20, trust_env=False) as client:
            assert (await client.post(url[0], content=b"{}")).status_code == 401
    finally:
        process.kill()
        rest = process.communicate(timeout=60)[0]
    # The second hand-over had the same id, so that nobody was told twice; the forgeries told nobody.
    assert "LARM" not in rest
