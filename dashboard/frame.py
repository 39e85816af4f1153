"""What every process of an installation has, whatever it does: its options, sites, clock, channels, screens."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec

from alarmcore import metrics
from alarmcore.adapters.clock import SteadyClock
from alarmcore.model.alarm import Alarm, AlarmEvent
from alarmcore.ports import Clock
from alarmcore.runner import Committed
from dashboard.board import OwnBoard
from dashboard.credentials import CredentialStore
from dashboard.current_sites import CurrentSites
from dashboard.guard import Guard
from dashboard.hub import Hub
from dashboard.options import ServeOptions
from dispatch.teller import WAIT_S, Teller
from dispatch.telling import Tell


class Circumstances(msgspec.Struct, frozen=True):
    """What an owner of tenants needs of its process.

    `usable`: the channel kinds that are configured. `perform` begins a telling. `publish` is called after each commit that
    changed an alarm. `beat` is called whenever an auditor has found all well and `troubles`, of the whole process, is empty.
    """

    clock: Clock
    usable: frozenset[str]
    perform: Callable[[Tell], None]
    publish: Callable[..., None]
    troubles: Callable[[], list[str]]
    beat: Callable[[], None]


class Frame:
    """Built once; `teller` and `hub` are put in by the composition root."""

    teller: Teller
    hub: Hub
    troubles: Callable[[], list[str]]

    def __init__(
        self,
        options: ServeOptions,
        current: CurrentSites,
        secret: bytes,
        credentials: CredentialStore,
        clock: SteadyClock,
    ) -> None:
        self.options = options
        self.current = current
        self.sites = current.sites
        self.secret = secret
        self.credentials = credentials
        self.clock = clock
        self.usable = current.usable
        self.guard = Guard()
        self.mqtt_port = 0
        self.beat: Callable[[], None] = lambda: None
        self.decode_chain = current.decode_chain

    def around(self, perform: Callable[[Tell], None], publish: Callable[..., None]) -> Circumstances:
        """What an owner in this process needs."""
        return Circumstances(self.clock, self.usable, perform, publish, self._troubles, self._beat)

    def _troubles(self) -> list[str]:
        return self.troubles()

    def _beat(self) -> None:
        self.beat()

    def perform(self, tell: Tell) -> None:
        """Begin a telling in this process."""
        self.teller.perform(tell, WAIT_S)

    def measure(self, committed: Committed, board: OwnBoard) -> None:
        """How long people waited."""
        now = self.clock.now()
        for stored in committed.events:
            if stored.event.event in {"alarm.told", "alarm.taken"} and (alarm := board.alarm_of(stored.event)) is not None:
                waited(stored.event, alarm, now)


def waited(event: AlarmEvent, alarm: Alarm, now: datetime) -> None:
    """Measure how long it took to tell somebody first, or until somebody took it."""
    waited_s = (now - alarm.raised_at).total_seconds()
    if event.event == "alarm.taken":
        metrics.TO_TAKEN.labels(event.tenant).observe(waited_s)
    elif event.why == "chain_turn":
        metrics.TO_TOLD.observe(waited_s)
