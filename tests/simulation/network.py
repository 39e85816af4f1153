"""The way from devices to the service and back: messages are lost, doubled, late, out of order; brokers forget."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from alarmcore.intake import Raw
from tests.simulation import history as seen

if TYPE_CHECKING:
    from tests.simulation.devices import Device
    from tests.simulation.process import Process
    from tests.simulation.world import World

HOP_S: Final = 0.02
"""What a message takes when all is well."""

RECONNECT_S: Final = 1.0
"""After this long a session that hung up is there again, and hears what it had not acknowledged."""

QUEUE_MAX: Final = 20_000
"""Messages that a broker keeps: far more than a world sends, so that what is lost is lost by a fault that is counted."""

Kind = Literal["listener", "broker", "http"]


class Envelope(msgspec.Struct, frozen=True):
    """One message of a device."""

    tenant: str
    device: str
    kind: str
    payload: bytes
    id: str | None

    @property
    def who(self) -> str:
        """Whose it is."""
        return f"{self.tenant}/{self.device}"

    @property
    def topic(self) -> str:
        """Where it is published."""
        if self.kind == "owntracks":
            return f"owntracks/{self.tenant}/{self.device}"
        return f"alarmcore/v1/{self.tenant}/{self.device}/{self.kind}"


class Broker:
    """What devices are connected to: the service's own listener, or a broker that acknowledges by itself and keeps a queue."""

    def __init__(self, world: World, kind: Kind) -> None:
        self.world = world
        self.kind = kind
        self.queue: dict[int, Envelope] = {}
        self.count = 0
        self.devices: dict[str, Device] = {}

    def carry(self, who: str, arrive: Callable[..., None], *what: Any) -> None:
        """Over the air, to or from a device."""
        faults = self.world.faults
        if faults.strikes("lose", who):
            return
        for _ in range(2 if faults.strikes("double", who) else 1):
            self.world.later(faults.delay("delay_s", HOP_S, who), arrive, *what)

    # -- from devices -----------------------------------------------------------------------------------------------------

    def publish(self, message: Envelope) -> None:
        """A device's message has arrived here."""
        if self.kind == "listener":
            self.hand_in(message, message.who, self.answered_by_listener)
        elif self.kind == "http":
            self.post(message)
        elif len(self.queue) < QUEUE_MAX:
            self.count += 1
            self.queue[self.count] = message
            self.carry(message.who, self.devices[message.who].acknowledged, message)
            self.forward(self.count)

    def hand_in(self, message: Envelope, principal: str | None, answered: Callable[[Envelope, bool], None]) -> None:
        """Give a message to the service, if there is one."""
        process = self.world.session_of(message.tenant)
        if process is not None and process.ready:
            process.when_it_runs(self.handed_in, process, message, principal, answered)

    def handed_in(
        self, process: Process, message: Envelope, principal: str | None, answered: Callable[[Envelope, bool], None]
    ) -> None:
        """A process takes a message from its session."""
        if not process.ready:
            return
        said = {"tenant": message.tenant, "device": message.device, "kind": message.kind, "payload": message.payload}
        if process.current():
            self.world.add(seen.Heard(t=self.world.t(), **said))  # type: ignore[arg-type]

        def done(kept: bool) -> None:
            if process.alive:
                self.world.add(seen.Acknowledged(t=self.world.t(), kept=kept, **said))  # type: ignore[arg-type]
                if process is self.world.session_of(message.tenant):
                    answered(message, kept)

        process.door.accept(message.topic, message.payload, principal, done)

    def answered_by_listener(self, message: Envelope, kept: bool) -> None:
        """The listener acknowledges what is kept; of the rest the device hears nothing, and repeats."""
        if kept:
            self.carry(message.who, self.devices[message.who].acknowledged, message)

    def post(self, message: Envelope) -> None:
        """Over HTTP a device hears at once what became of its reading, if the way back holds."""
        process = self.world.process_of(message.tenant)
        if process is not None and process.ready:
            process.when_it_runs(self.posted, process, message)

    def posted(self, process: Process, message: Envelope) -> None:
        """A process takes a message from its socket."""
        if not process.ready:
            return
        said = {"tenant": message.tenant, "device": message.device, "kind": message.kind, "payload": message.payload}
        if process.current():
            self.world.add(seen.Heard(t=self.world.t(), **said))  # type: ignore[arg-type]
        now = process.clock.now()
        dialect = "owntracks" if message.kind == "owntracks" else "native"
        raw = Raw(message.tenant, message.device, message.kind, message.payload, now, principal=message.who, dialect=dialect)

        def answered() -> None:
            self.world.add(seen.Acknowledged(t=self.world.t(), kept=True, **said))  # type: ignore[arg-type]
            self.carry(message.who, self.devices[message.who].answered, message)

        process.submit(raw, answered)

    # -- a broker's queue -------------------------------------------------------------------------------------------------

    def forward(self, number: int) -> None:
        """Give a queued message to the service: soon, or late, or twice."""
        faults = self.world.faults
        who = self.queue[number].who
        for _ in range(2 if faults.strikes("double", who) else 1):
            self.world.later(faults.delay("delay_s", HOP_S, who), self.deliver, number)

    def deliver(self, number: int) -> None:
        """A queued message's turn."""
        message = self.queue.get(number)
        if message is None:
            return

        def answered(_: Envelope, kept: bool) -> None:
            if kept:
                self.queue.pop(number, None)
            else:
                self.world.later(RECONNECT_S, self.deliver, number)

        self.hand_in(message, None, answered)

    def connected(self, process: Process) -> None:
        """A new process is there: it hears everything that was not acknowledged."""
        for number, message in self.queue.items():
            if message.tenant in process.sites:
                self.forward(number)

    def forget(self) -> None:
        """The broker was restarted, and had kept everything in memory only."""
        self.queue.clear()

    # -- to devices -------------------------------------------------------------------------------------------------------

    def confirm(self, topic: str, payload: bytes) -> None:
        """The service tells a device what became of a reading."""
        tenant, device = topic.split("/")[3:]
        said = msgspec.json.decode(payload)
        self.world.add(
            seen.Confirmed(
                t=self.world.t(), tenant=tenant, device=device, id=said["id"], status=said["status"], reason=said.get("reason")
            )
        )
        who = f"{tenant}/{device}"
        self.carry(who, self.devices[who].confirmed, said["id"])
