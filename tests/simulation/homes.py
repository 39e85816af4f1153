"""What goes on in a home: nights and mornings, rooms, doors, walks; now and then something that ought to raise an alarm."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from math import cos, pi, radians, sin
from random import Random
from typing import TYPE_CHECKING, Any, Final

from tests.simulation import history as seen
from tests.simulation.devices import STYLES, BedSensor, Bracelet, Device, Gateway, Pendant, Style
from tests.simulation.town import LOCAL, ZONE_M, home_of

if TYPE_CHECKING:
    from tests.simulation.world import World

HOLDS: Final = (0.0, 300.0, 300.0, 300.0, 900.0)
"""How long gateways of the field hold readings back, in seconds of life."""

SENSORS: Final[tuple[Style, ...]] = ("id and time", "time", "time")
"""What sensors put into their messages."""

ROOMS: Final = ("hall", "kitchen", "bath", "bedroom")

STATUS_S: Final = 28_800.0
"""The longest that a device says nothing of itself, in seconds of life."""

CHARGED: Final = (90.0, 60.0, 45.0) * 500 + (15.0,)
WARMTHS: Final = (20.5, 21.0, 22.0, 21.5) * 150 + (29.0, 12.0)
"""What devices measure: mostly nothing to be told of."""

DEGREE_M: Final = 111_195.0
"""A degree of latitude."""

AWAY_M: Final = 3 * ZONE_M
"""How far from home somebody who wanders gets, at least."""

GOOD_MIN: Final = 5
"""Good fixes between two wild ones: two in a row would be taken for somebody who has left, and rightly."""

FIX_EVERY_S: Final = 20.0
"""Between a walk's fixes at its end, once the world is well."""


class Home:
    """One resident's day, as chance of its own has it."""

    def __init__(self, world: World, tenant: str, number: int) -> None:
        self.world = world
        self.rng = rng = world.dice(f"{tenant} {number}")
        self.speed = world.scale.speed
        self.resident = (tenant, f"r{number}")
        self.lat, self.lon = home_of(tenant, number)
        self.gateway = Gateway(world, f"{tenant}/gateway{number}", rng.choice(HOLDS) / self.speed)

        def sensor(kind: type[Any], name: str) -> Any:
            chance = world.dice(f"{tenant} {name}{number}")
            return kind(world, tenant, f"{name}{number}", rng.choice(SENSORS), chance, self.gateway)

        self.pendant = Pendant(world, tenant, f"pendant{number}", rng.choice(STYLES), world.dice(f"{tenant} pendant{number}"))
        self.bed: BedSensor = sensor(BedSensor, "bed")
        self.bed.style = "id and time"
        self.motion, self.door, self.floor, self.box, self.thermo = (
            sensor(Device, name) for name in ("motion", "door", "floor", "box", "thermo")
        )
        self.gps = Bracelet(world, tenant, f"gps{number}", "id and time", world.dice(f"{tenant} gps{number}"))
        self.gps.speaks_owntracks = rng.random() < 0.4
        self.carries = rng.random() < 0.4 or self.speed > 1
        self.away = False
        self.good_fixes = 0

    @property
    def devices(self) -> list[Device]:
        """All of them."""
        return [self.pendant, self.bed, self.gps, self.motion, self.door, self.floor, self.box, self.thermo]

    @property
    def coverage(self) -> list[Device | Gateway]:
        """What can lose its connection by itself."""
        return [self.pendant, self.gps, self.gateway]

    # -- time -------------------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Everything that goes on, each at its own pace (seconds of life)."""
        self.world.later(self.rng.expovariate(1 / self.world.scale.press_every_s), self.pendant.live)
        self.now_and_then(7_200, self.stir)
        self.world.later(self.rng.uniform(0, STATUS_S) / self.speed, self.if_ill, self.tell_status)
        self.now_and_then(21_600, self.measure)
        self.now_and_then(43_200, self.take_pills)
        self.now_and_then(self.world.scale.floor_every_s, self.fall_down)
        if self.carries:
            self.now_and_then(7_200, self.locate)
            self.now_and_then(self.world.scale.walk_every_s, self.walk)
        if self.speed > 1:
            self.now_and_then(4_200, self.bed.turn)
        else:
            self.next_night()

    def now_and_then(self, mean_s: float, act: Callable[[], None]) -> None:
        """Again and again, until the world is well."""

        def once() -> None:
            if not self.world.faults.healed:
                act()
                self.world.later(self.rng.expovariate(self.speed / mean_s), once)

        self.world.later(self.rng.expovariate(self.speed / mean_s), once)

    def soon(self, low_s: float, high_s: float, act: Callable[..., None], *given: Any) -> None:
        """Once, after some seconds of life."""
        self.world.later(self.rng.uniform(low_s, high_s) / self.speed, self.if_ill, act, *given)

    def if_ill(self, act: Callable[..., None], *given: Any) -> None:
        """Nothing more is begun in a world that is well."""
        if not self.world.faults.healed:
            act(*given)

    def asleep(self) -> bool:
        """Whether it is night, in life as it is."""
        return self.speed == 1 and not 7 <= self.world.true_now().astimezone(LOCAL).hour < 22

    # -- in the house -----------------------------------------------------------------------------------------------------

    def next_night(self) -> None:
        """To bed in the evening, up in the morning, and once or twice in between, at times for too long."""
        now = self.world.true_now()
        evening = now.astimezone(LOCAL).replace(hour=21, minute=self.rng.randrange(60))
        to_bed_s = ((evening - now) / timedelta(seconds=1)) % 86_400
        self.world.later(to_bed_s, self.if_ill, self.bed.turn, True)
        for _ in range(self.rng.choice((1, 1, 2))):
            up_s = to_bed_s + self.rng.uniform(2, 7) * 3600
            long = self.rng.random() < 0.02
            self.world.later(up_s, self.if_ill, self.bed.turn, False)
            self.world.later(up_s + (2_700 if long else self.rng.uniform(120, 800)), self.if_ill, self.bed.turn, True)
        self.world.later(to_bed_s + 10 * 3600, self.if_ill, self.bed.turn, False)
        self.world.later(to_bed_s + 12 * 3600, self.if_ill, self.next_night)

    def stir(self) -> None:
        """Move about for a while."""
        if self.asleep() or self.away:
            return
        for number in range(self.rng.choice((2, 3, 3, 4, 5))):
            self.soon(number * 20, number * 20 + 20, self.move)
        if self.rng.random() < 0.3:
            self.soon(0, 60, self.turn_door, True)
            left_open = self.rng.random() < 0.02
            self.soon(*((3_600, 7_200) if left_open else (60, 300)), self.turn_door, False)

    def move(self) -> None:
        """Into another room."""
        self.motion.report("motion", room=self.rng.choice(ROOMS))

    def turn_door(self, opened: bool) -> None:
        """The outer door."""
        self.door.report("door", open=opened)

    def fall_down(self) -> None:
        """On the floor, for a moment or for long."""
        self.floor.report("floor", on_floor=True)
        self.soon(*self.rng.choice(((60, 170), (300, 5_400))), self.get_up)

    def get_up(self) -> None:
        """On one's feet again."""
        self.floor.report("floor", on_floor=False)

    def take_pills(self) -> None:
        """Or not."""
        self.box.report("medication", taken=self.rng.random() < 0.98)

    def measure(self) -> None:
        """How warm it is."""
        self.thermo.report("measurement", quantity="temperature", value=self.rng.choice(WARMTHS))

    def tell_status(self) -> None:
        """What is asked for seldom says how it is."""
        for device in (self.floor, self.door, self.box, self.thermo, *([self.gps] if self.carries else [])):
            device.report("status", battery_pct=self.rng.choice(CHARGED))
        self.pendant.report("heartbeat")
        self.soon(0.9 * STATUS_S, STATUS_S, self.tell_status)

    # -- outside ----------------------------------------------------------------------------------------------------------

    def locate(self) -> None:
        """Where somebody is who is at home; once in a long while the receiver is far off, with much confidence."""
        if self.away:
            return
        self.good_fixes += 1
        if self.rng.random() < 0.01 and self.good_fixes > GOOD_MIN:
            self.good_fixes = 0
            self.fix(4_000.0, self.rng.uniform(0, 2 * pi))
        else:
            self.fix(0.0, 0.0)

    def walk(self) -> None:
        """A round near home; one of several leads too far."""
        if self.away or self.asleep():
            return
        self.away = True
        far = self.rng.random() < self.world.scale.far
        course, steps = self.rng.uniform(0, 2 * pi), self.rng.randint(6, 12)
        for step in range(steps):
            way_m = (AWAY_M * 2 if far else 0.5 * ZONE_M) * min(step, steps - 1 - step) / (steps // 2)
            self.world.later(step * 300 / self.speed, self.if_ill, self.fix, way_m, course)
        self.world.later((steps - 1) * 300 / self.speed + 1, self.come_home)

    def come_home(self) -> None:
        """The round is over."""
        self.away = False

    def fix(self, way_m: float, course: float) -> None:
        """Report a place, some metres wrong."""
        if way_m > ZONE_M / 2 and way_m < 4_000:
            self.world.add(seen.Left(t=self.world.t(), tenant=self.resident[0], resident=self.resident[1]))
        east_m = way_m * cos(course) + self.rng.gauss(0, 5)
        north_m = way_m * sin(course) + self.rng.gauss(0, 5)
        lat = self.lat + north_m / DEGREE_M
        lon = self.lon + east_m / (DEGREE_M * cos(radians(self.lat)))
        self.gps.fix(round(lat, 6), round(lon, 6), 12.0)

    # -- the end ----------------------------------------------------------------------------------------------------------

    def settle(self) -> None:
        """In the end, when all is well: out of bed for good; home for a while, and then far away for good."""
        self.bed.settle()
        if not self.carries:
            return
        for step in range(5):
            self.world.later(step * FIX_EVERY_S, self.fix, 0.0, 0.0)
            self.world.later((6 + step) * FIX_EVERY_S, self.fix, AWAY_M, 1.0)
        gone_s = 10 * FIX_EVERY_S + 0.5
        tenant, resident = self.resident
        self.world.later(gone_s, self.world.add, seen.Gone(t=self.world.t() + gone_s, tenant=tenant, resident=resident))


def stranger(world: World, tenant: str) -> Pendant:
    """A pendant that is nobody's."""
    rng = Random(f"{world.seed} stranger")  # noqa: S311 - a world must be repeatable
    pendant = Pendant(world, tenant, "stranger", rng.choice(STYLES), rng)
    pendant.known = False
    return pendant
