"""A running service with two municipalities, a webhook receiver and a mail server: what most tests from outside begin with."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from tests.servers.device import Device, device
from tests.servers.receivers import Hook, HookReceiver, MailReceiver, mail_receiving, receiving
from tests.servers.serving import Serving, serving, until
from tests.servers.town import town


class Scene:
    """`home` is grastorp's operator, `away` tanum's. Pendants are used in turn, so that tests do not disturb each other."""

    def __init__(self, service: Serving, hooks: HookReceiver, mails: MailReceiver) -> None:
        self.service = service
        self.hooks = hooks
        self.mails = mails
        self._numbers = (number for number in itertools.count(1) if number % 10)
        self._passwords: dict[str, str] = {}
        self.home_secret = service.token("operator", "grastorp", "anna")
        self.colleague_secret = service.token("operator", "grastorp", "bo")
        self.away_secret = service.token("operator", "tanum", "cilla")
        self.home = service.client(self.home_secret)
        self.colleague = service.client(self.colleague_secret)
        self.away = service.client(self.away_secret)

    def number(self) -> int:
        """A resident whom no test has used yet."""
        return next(self._numbers)

    def password(self, tenant: str, name: str) -> str:
        """A device's."""
        key = f"{tenant}/{name}"
        if key not in self._passwords:
            self._passwords[key] = self.service.token("device", tenant, name)
        return self._passwords[key]

    def device_client(self, name: str, tenant: str = "grastorp") -> httpx.Client:
        """HTTP as a device."""
        return self.service.client(self.password(tenant, name))

    @contextlib.contextmanager
    def device(self, name: str, tenant: str = "grastorp", version: int = 4) -> Iterator[Device]:
        """MQTT as a device."""
        with device(self.service.mqtt_port, tenant, name, self.password(tenant, name), version) as one:
            yield one.listen()

    def press(self, number: int | None = None, tenant: str = "grastorp", **fields: Any) -> dict[str, Any]:
        """Press a resident's button over HTTP; the alarm."""
        number = number or self.number()
        with self.device_client(f"pendant-{number}", tenant) as client:
            sent = {"kind": "button", "id": f"press-{time.time_ns()}", "at": time.time()} | fields
            answer = client.post("/api/v1/readings", json=sent)
        assert answer.status_code == 200, answer.text
        assert answer.json()["readings"][0]["status"] == "kept", answer.text
        return self.alarm_of(f"r{number}", tenant)

    def alarm_of(self, resident: str, tenant: str = "grastorp") -> dict[str, Any]:
        """A resident's open alarm."""
        client = self.home if tenant == "grastorp" else self.away
        found = [a for a in client.get("/api/v1/alarms?state=open").json()["items"] if a["resident"] == resident]
        assert len(found) == 1, f"{resident} has {len(found)} open alarms"
        alarm: dict[str, Any] = found[0]
        return alarm

    def hook_of(self, alarm: str) -> Hook:
        """The first webhook about an alarm."""
        found: Hook = until(
            lambda: next((h for h in list(self.hooks.hooks) if h.data["alarm"] == alarm), None), f"webhook of {alarm}"
        )
        return found

    def metrics(self) -> str:
        """All of them."""
        with self.service.client() as client:
            return client.get("/metrics").text


@contextlib.contextmanager
def scene(folder: Path, residents: int = 60, shared: str | None = None, **changes: Any) -> Iterator[Scene]:
    """Everything started, and gone afterwards. A resident's chain is the centre's alone; the chain `standard` mails eva first."""
    with receiving() as hooks, mail_receiving() as mails:
        sites = [town(tenant, hook=hooks.url, residents=residents, **changes) for tenant in ("grastorp", "tanum")]
        # Every tenth resident's relatives are told first.
        for site in sites:
            for resident in site["residents"][9::10]:
                resident["chain"] = "standard"
        arguments = ["--smtp-url", mails.url, "--smtp-sender", "larm@example.org"]
        with serving(folder, *sites, arguments=arguments, shared=shared) as service:
            yield Scene(service, hooks, mails)
