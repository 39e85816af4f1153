"""Where alarms arrive outside: an HTTP receiver of webhooks and a mail server, each on a free port, that behave as told."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller

from tests.servers.mosquitto import free_port


class Hook:
    """One webhook that was received."""

    def __init__(self, path: str, headers: dict[str, str], body: bytes) -> None:
        self.path = path
        self.headers = headers
        self.body = body

    @property
    def data(self) -> dict[str, Any]:
        """What it says."""
        said: dict[str, Any] = json.loads(self.body)["data"]
        return said


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: senders that are killed are what the tests are about."""


class HookReceiver:
    """Takes webhooks; with `status` other than 200 it refuses them. `port` 0 takes a free one."""

    def __init__(self, port: int = 0) -> None:
        self.status = 200
        self.hooks: list[Hook] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers.get("content-length", 0))
                body = self.rfile.read(length)
                if len(body) < length:
                    return  # its sender was killed in the middle of it: nothing was handed over
                if receiver.status == 200:
                    receiver.hooks.append(Hook(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                with contextlib.suppress(OSError):
                    self.send_response(receiver.status)
                    self.send_header("content-length", "0")
                    self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the standard library's name
                pass

        self.server = _Server(("127.0.0.1", port), Handler)
        self.port = int(self.server.server_address[1])
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        """Where it takes webhooks."""
        return f"http://127.0.0.1:{self.port}/hook"

    def close(self) -> None:
        """Stop listening."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(5)


class MailReceiver:
    """Takes mails."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.controller = Controller(self, hostname="127.0.0.1", port=free_port())
        self.controller.start()

    @property
    def url(self) -> str:
        """Where it takes mails."""
        return f"smtp://127.0.0.1:{self.controller.port}"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Take one mail."""
        del server, session
        made = message_from_bytes(envelope.content, policy=SMTP_POLICY)
        assert isinstance(made, EmailMessage)
        self.mails.append(made)
        return "250 OK"

    def close(self) -> None:
        """Stop listening."""
        self.controller.stop()


@contextlib.contextmanager
def receiving(port: int = 0) -> Iterator[HookReceiver]:
    """A receiver that is gone afterwards."""
    receiver = HookReceiver(port)
    try:
        yield receiver
    finally:
        receiver.close()


@contextlib.contextmanager
def mail_receiving() -> Iterator[MailReceiver]:
    """A mail server that is gone afterwards."""
    receiver = MailReceiver()
    try:
        yield receiver
    finally:
        receiver.close()
