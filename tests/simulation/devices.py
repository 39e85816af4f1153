"""Devices as they are: they repeat until they are confirmed, buffer what they cannot send, and lose track of time."""

from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING, Any, Final, Literal

from tests.simulation import history as seen
from tests.simulation.network import Envelope

if TYPE_CHECKING:
    from tests.simulation.world import World

Style = Literal["id and time", "id", "time", "bare"]
STYLES: Final[tuple[Style, ...]] = ("id and time", "id and time", "id", "time", "bare")

REPEAT_MAX: Final = 50
"""Readings that a device sends again at once: what is left has its turn when these are confirmed."""

PRESS_IDS: Final = 50
"""A pendant's ids begin anew after so many presses, as small counters do: a press whose id was used before counts as new."""

IDS: Final = 10**9
"""Other ids are not used twice within the week in which they are remembered."""


class Device:
    """Something that reports. `style` says what it puts into a message besides the reading."""

    ids = IDS

    def __init__(self, world: World, tenant: str, name: str, style: Style, rng: Random) -> None:
        self.world = world
        self.tenant = tenant
        self.name = name
        self.style = style
        self.rng = rng
        self.outbox: list[Envelope] = []
        self.count = 0
        self.covered = True
        self.repeat_s = rng.uniform(8, 30)
        self.clock: str | float = 0.0
        world.broker.devices[f"{tenant}/{name}"] = self
        world.later(self.repeat_s, self.repeat)

    def report(self, kind: str, **fields: Any) -> None:
        """Something new happened."""
        said: dict[str, Any] = dict(fields)
        name = None
        if self.style.startswith("id"):
            self.count += 1
            name = said["id"] = f"{self.name}-{self.count % self.ids}"
        if self.style.endswith("time"):
            said["at"] = self.time()
        message = Envelope(self.tenant, self.name, kind, json.dumps(said).encode(), name)
        self.world.add(seen.Sent(t=self.world.t(), tenant=self.tenant, device=self.name, kind=kind, payload=message.payload))
        self.outbox.append(message)
        self.send(message)

    def time(self) -> Any:
        """What the device believes the time is: ahead or behind, since it lost power, or nothing that can be read."""
        if isinstance(self.clock, str):
            return self.clock
        return round(self.world.true_now().timestamp() + self.clock, 3)

    def send(self, message: Envelope) -> None:
        """Try to send; without coverage it waits."""
        if self.covered:
            self.world.broker.carry(lambda: self.world.broker.publish(message))

    def repeat(self) -> None:
        """Send again what was not confirmed."""
        for message in self.outbox[:REPEAT_MAX]:
            self.send(message)
        self.world.later(self.repeat_s, self.repeat)

    def acknowledged(self, message: Envelope) -> None:
        """The other end has it. A device that puts ids into its readings waits for more than that."""
        if message.id is None and message in self.outbox:
            self.outbox.remove(message)

    def answered(self, message: Envelope) -> None:
        """The service has it, and says so by the same way."""
        if message in self.outbox:
            self.outbox.remove(message)

    def confirmed(self, name: str) -> None:
        """The service has it."""
        self.outbox = [message for message in self.outbox if message.id != name]


class Pendant(Device):
    """A button, and something that feels a fall."""

    ids = PRESS_IDS

    def live(self) -> None:
        """Press now and then, at times twice in a row."""
        if self.world.faults.healed:
            return
        for number in range(self.rng.choice((1, 1, 1, 2, 3))):
            self.world.later(number * self.rng.uniform(0.3, 3.0), self.press)
        self.world.later(self.rng.expovariate(1 / 240), self.live)

    def press(self) -> None:
        """One press, or a fall."""
        self.reset_clock()
        self.report(self.rng.choice(("button", "button", "button", "fall")))

    def reset_clock(self) -> None:
        """Some clocks begin anew, run ahead, or break."""
        if not self.world.faults.weather.wrong_clocks or self.rng.random() > 0.2:
            return
        start = self.world.true_now().timestamp()
        self.clock = self.rng.choice((0.0, -start, 946684800.0 - start, 86400.0, -7200.0, 300.0, "noon", "0000-00-00"))


class BedSensor(Device):
    """Says whether somebody lies in the bed. Its clock is right."""

    occupied = True

    def live(self) -> None:
        """Get up and lie down."""
        if self.world.faults.healed:
            return
        self.occupied = not self.occupied if self.rng.random() < 0.8 else self.occupied
        self.report("bed", occupied=self.occupied)
        self.world.later(self.rng.expovariate(1 / 70), self.live)

    def settle(self) -> None:
        """In the end: into bed, and out of it a moment later, for good."""
        self.report("bed", occupied=True)
        self.world.later(1.0, lambda: self.report("bed", occupied=False))
