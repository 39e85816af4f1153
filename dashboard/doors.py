"""MQTT as a door: topics become readings, verdicts become acknowledgements and confirmations."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final, Protocol

import msgspec
import structlog

from alarmcore import metrics
from alarmcore.errors import Unavailable
from alarmcore.intake import Raw, Verdict
from alarmcore.model.reading import URGENT
from alarmcore.ports import Clock
from dashboard.api.callers import device_signed_in
from dashboard.credentials import CredentialStore

log = structlog.get_logger(__name__)


class Topics(msgspec.Struct, frozen=True):
    """What an owner subscribes to at a broker: presses and falls by a session of their own, so that they overtake telemetry."""

    readings: tuple[str, ...]
    presses: tuple[str, ...]


def topics_of(tenants: Iterable[str]) -> Topics:
    """The topics of some tenants' devices; `+` stands for all tenants."""
    readings: list[str] = []
    presses: list[str] = []
    for tenant in tenants:
        readings += (f"alarmcore/v1/{tenant}/+/+", f"owntracks/{tenant}/+", f"owntracks/{tenant}/+/+")
        presses += (f"alarmcore/v1/{tenant}/+/{kind}" for kind in sorted(URGENT))
    return Topics(tuple(readings), tuple(presses))


OPEN: Final = "open"
"""The principal of everybody where credentials are off. It has no slash, so it is no device's."""

TOPIC_LEVEL: Final = re.compile(r"[^/+#\x00-\x1f\x7f]{1,128}")
"""A tenant or device that can stand in a topic."""

encode = msgspec.json.Encoder().encode


class Taker(Protocol):
    """Whoever decides about readings."""

    def accept(self, raw: Raw) -> None:
        """Take one; its `done` is called once.

        Raises:
            Unavailable: too much is waiting already.
        """


class MqttDoor:
    """Takes what MQTT clients publish, from the embedded listener or from a session at a broker.

    `skip` names kinds that another session of the same process takes.
    """

    def __init__(self, taker: Taker, clock: Clock, skip: frozenset[str] = frozenset()) -> None:
        self.taker = taker
        self.clock = clock
        self.skip = skip

    def accept(self, topic: str, payload: bytes, principal: str | None, done: Callable[[bool], None]) -> None:
        """Take one message; `done(True)` once it is kept or definitely answered."""
        raw = self.raw(topic, payload, None if principal == OPEN else principal)
        if raw is None or raw.kind in self.skip:
            if raw is None:
                metrics.READINGS.labels("unknown", "unknown_topic").inc()
            done(True)
            return
        raw.done = lambda verdict: done(verdict is not None)
        try:
            self.taker.accept(raw)
        except Unavailable:
            done(False)

    def raw(self, topic: str, payload: bytes, principal: str | None) -> Raw | None:
        """The reading of a topic, or None when the topic is none of ours."""
        parts = topic.split("/")
        if len(parts) == 5 and parts[0] == "alarmcore" and parts[1] == "v1":
            return Raw(parts[2], parts[3], parts[4], payload, self.clock.now(), principal=principal)
        if len(parts) in {3, 4} and parts[0] == "owntracks":
            now = self.clock.now()
            return Raw(parts[1], parts[2], "owntracks", payload, now, principal=principal, dialect="owntracks")
        return None


class Publisher(Protocol):
    """Whoever carries confirmations to devices."""

    def publish(self, topic: str, payload: bytes, qos: int = 1) -> object:
        """Publish one message."""


def confirming(publisher: Publisher) -> Callable[[str, str, Verdict], None]:
    """What tells a device of its readings' verdicts."""

    def confirm(tenant: str, device: str, verdict: Verdict) -> None:
        if not (TOPIC_LEVEL.fullmatch(tenant) and TOPIC_LEVEL.fullmatch(device)):
            return  # over HTTP without credentials anything can be said; no such topic could be heard
        try:
            publisher.publish(f"alarmcore/ack/v1/{tenant}/{device}", encode(verdict), 1)
        except Unavailable:
            # The device repeats until it is confirmed, and is answered the same then.
            log.warning("confirmation_dropped")

    return confirm


class DeviceGate:
    """Lets devices in by their password, to hear what is theirs."""

    def __init__(self, store: CredentialStore, *, opened: bool) -> None:
        self.store = store
        self.opened = opened

    async def sign_in(self, username: str | None, password: str | None, client_id: str) -> str | None:
        """The device (`tenant/device`), or None when it may not come in."""
        del client_id
        if username and password:
            credential = await device_signed_in(self.store, username, password)
            if credential is not None:
                return username
        return OPEN if self.opened else None

    def may_subscribe(self, principal: str, topic_filter: str) -> bool:
        """A device may hear its own confirmations."""
        return self.opened or topic_filter == f"alarmcore/ack/v1/{principal}"
