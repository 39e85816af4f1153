"""Devices as they are: they repeat until they are confirmed, buffer what they cannot send, and lose track of time."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from tests.simulation import history as seen
from tests.simulation.network import Envelope

if TYPE_CHECKING:
    from tests.simulation.world import World

Style = Literal["id and time", "id", "time", "bare"]
STYLES: Final[tuple[Style, ...]] = ("id and time", "id and time", "id", "time", "bare")

encode = msgspec.json.Encoder().encode

REPEAT_MAX: Final = 50
"""Readings that a device sends again at once: what is left has its turn when these are confirmed."""

PRESS_IDS: Final = 50
"""A pendant's ids begin anew after so many presses, as small counters do: a press whose id was used before counts as new."""

IDS: Final = 10**9
"""Other ids are not used twice within the week in which they are remembered."""

REPEAT_S: Final = 30.0
"""The longest that a device waits before it repeats."""

TIMELESS: Final = ("heartbeat", "reset")
"""What a pendant says without a time, since its own may be one that only a press is excused for."""

TWICE: Final = (1, 1, 1, 2, 3)
"""How often somebody presses in a row."""


class Gateway:
    """Gathers what a home's sensors report and passes it on at whole multiples of `hold_s`; at once if that is 0."""

    def __init__(self, world: World, who: str, hold_s: float) -> None:
        self.world = world
        self.who = who
        self.hold_s = hold_s
        self.covered = True
        self.devices: list[Device] = []
        self.gathered: list[tuple[Device, Envelope]] = []

    def __str__(self) -> str:
        return self.who

    def cover(self) -> None:
        """The line is back."""
        self.covered = True
        for device in self.devices:
            device.cover()

    def take(self, device: Device, message: Envelope) -> None:
        """Pass on a message, in time."""
        if not self.hold_s:
            device.put(message)
            return
        if not self.gathered:
            now_s = self.world.t()
            self.world.later(self.hold_s - now_s % self.hold_s, self.flush)
        self.gathered.append((device, message))

    def flush(self) -> None:
        """Pass on what was gathered."""
        gathered, self.gathered = self.gathered, []
        for device, message in gathered:
            device.put(message)


class Device:
    """Something that reports. `style` says what it puts into a message besides the reading."""

    ids = IDS

    def __init__(self, world: World, tenant: str, name: str, style: Style, rng: Random, gateway: Gateway | None = None) -> None:
        self.world = world
        self.tenant = tenant
        self.name = name
        self.who = f"{tenant}/{name}"
        self.style = style
        self.rng = rng
        self.gateway = gateway
        self.outbox: list[Envelope] = []
        self.count = 0
        self.covered = True
        self.repeat_s = rng.uniform(8, REPEAT_S)
        self.repeating = False
        self.clock: str | float = 0.0
        world.broker.devices[self.who] = self
        if gateway is not None:
            gateway.devices.append(self)

    def __str__(self) -> str:
        return self.who

    def happens(self, what: str) -> bool:
        """Whether this device does something that it might as well leave."""
        return self.world.faults.happens(f"{what} {self.who}")

    def report(self, kind: str, **fields: Any) -> None:
        """Something new happened, unless it is left out of this world."""
        if not self.happens(kind):
            return
        said: dict[str, Any] = fields
        name = None
        if self.style.startswith("id"):
            self.count += 1
            name = said["id"] = f"{self.name}-{self.count % self.ids}"
        if self.style.endswith("time") and kind not in TIMELESS:
            said["at"] = self.time()
        self.say(Envelope(self.tenant, self.name, kind, encode(said), name))

    def say(self, message: Envelope) -> None:
        """On its way, from now on."""
        sent = seen.Sent(t=self.world.t(), tenant=self.tenant, device=self.name, kind=message.kind, payload=message.payload)
        self.world.add(sent)
        if self.gateway is not None:
            self.gateway.take(self, message)
        else:
            self.put(message)

    def time(self) -> Any:
        """What the device believes the time is: ahead or behind, since it lost power, or nothing that can be read."""
        if isinstance(self.clock, str):
            return self.clock
        return round(self.world.true_s() + self.clock, 3)

    def put(self, message: Envelope) -> None:
        """Keep it until it is answered for, and send it."""
        self.outbox.append(message)
        if self.connected():
            self.send(message)
            self.wait()

    def connected(self) -> bool:
        """Whether the device and its gateway have coverage."""
        return self.covered and (self.gateway is None or self.gateway.covered)

    def send(self, message: Envelope) -> None:
        """Over the air."""
        self.world.broker.carry(self.who, self.world.broker.publish, message)

    def wait(self) -> None:
        """For an answer."""
        if not self.repeating:
            self.repeating = True
            self.world.later(self.repeat_s, self.repeat)

    def repeat(self) -> None:
        """Send again what was not confirmed."""
        self.repeating = False
        if self.outbox and self.connected():
            for message in self.outbox[:REPEAT_MAX]:
                self.send(message)
            self.wait()

    def cover(self) -> None:
        """Coverage is back: whatever was buffered is sent."""
        self.covered = True
        if not self.repeating:
            self.repeat()

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
    known = True
    """Whether it is somebody's: of one that is nobody's only presses are taken."""

    def live(self) -> None:
        """Press now and then, at times twice in a row."""
        if self.world.faults.healed:
            return
        for number in range(self.rng.choice(TWICE)):
            self.world.later(number * self.rng.uniform(0.3, 3.0), self.press)
        if self.known and self.rng.random() < 0.3:
            self.world.later(self.rng.uniform(1.0, 60.0), self.report, "reset")
        self.world.later(self.rng.expovariate(1 / self.world.scale.press_every_s), self.live)

    def press(self) -> None:
        """One press, or a fall."""
        self.reset_clock()
        self.report(self.rng.choice(("button", "button", "button", "fall")))

    def reset_clock(self) -> None:
        """Some clocks begin anew, run ahead, or break."""
        if not self.world.faults.weather.wrong_clocks or self.rng.random() > 0.2:
            return
        start = self.world.true_s()
        clock = self.rng.choice((0.0, -start, 946684800.0 - start, 86400.0, -7200.0, 300.0, "noon", "0000-00-00"))
        if self.happens("clock"):
            self.clock = clock


class BedSensor(Device):
    """Says whether somebody lies in the bed. Its clock is right."""

    occupied = True

    def turn(self, occupied: bool | None = None) -> None:
        """Somebody gets up or lies down, or it says again what was so before."""
        self.occupied = occupied if occupied is not None else self.occupied ^ (self.rng.random() < 0.8)
        self.report("bed", occupied=self.occupied)

    def settle(self) -> None:
        """In the end: into bed, and out of it a moment later, for good."""
        self.turn(True)
        self.world.later(1.0, self.turn, False)


class Bracelet(Device):
    """A GPS bracelet, or a phone that speaks OwnTracks. Metres east and north of home; its clock is right."""

    speaks_owntracks = False
    place = (0.0, 0.0)

    def fix(self, lat: float, lon: float, accuracy_m: float) -> None:
        """Report where it believes to be."""
        if not self.speaks_owntracks:
            self.report("position", lat=lat, lon=lon, accuracy_m=accuracy_m)
        elif self.happens("position"):
            said = {"_type": "location", "lat": lat, "lon": lon, "acc": accuracy_m, "tst": round(self.world.true_s())}
            self.say(Envelope(self.tenant, self.name, "owntracks", encode(said), None))
