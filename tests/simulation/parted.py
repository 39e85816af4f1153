"""Each partition judged by the same checkers as a world of its own, and all of them together by who owns what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.simulation import history as seen
from tests.simulation.check_owners import Owners
from tests.simulation.checkers import BROKEN_MAX, Broken, Checkers
from tests.simulation.town import Expected

if TYPE_CHECKING:
    from tests.simulation.shared_world import SharedWorld

PARTS: Final = {"p00": ("grastorp",), "p01": ("tanum",), "p02": ("sotenas", "lysekil")}
"""Which municipalities lie in which partition."""

ALL: Final = (seen.Healed, seen.Closing, seen.Ended, seen.ClockSet)
"""What every partition's checkers are told."""


class Parted:
    """Takes each record to those whom it is about."""

    def __init__(self, world: SharedWorld, towns: dict[str, dict[str, Expected]]) -> None:
        self.world = world
        self.parts = {
            name: Checkers({tenant: towns[tenant] for tenant in tenants}, world.broke) for name, tenants in PARTS.items()
        }
        self.owners = Owners(world.scale.lease_s, {name: len(tenants) for name, tenants in PARTS.items()})
        self.mine: list[Broken] = []

    @property
    def broken(self) -> list[Broken]:
        """What anybody found, in order of time."""
        found = [one for part in self.parts.values() for one in part.broken]
        return sorted([*self.mine, *found], key=lambda one: one.t)[:BROKEN_MAX]

    def bound_s(self) -> float:
        """The longest of all."""
        return max(part.bound_s() for part in self.parts.values())

    def see(self, record: seen.Record) -> None:
        """A record that nobody has said whom it is about."""
        if isinstance(record, ALL):
            for part in self.parts.values():
                part.see(record)
        else:
            tenant = self.tenant_of(record)
            if tenant is not None:
                self.parts[self.world.home_of[tenant]].see(record)
        self.judge(record)

    def see_of(self, partition: str, record: seen.Record) -> None:
        """A record about one partition."""
        self.parts[partition].see(record)
        self.judge(record)

    def judge(self, record: seen.Record) -> None:
        """By who owns what."""
        if isinstance(record, self.owners.sees):
            for what in self.owners.see(record):
                self.add(record.t, what)

    def add(self, t: float, what: str) -> None:
        """A promise is broken."""
        if len(self.mine) < BROKEN_MAX:
            self.mine.append(Broken(t, what))
        self.world.broke()

    def tenant_of(self, record: Any) -> str | None:
        """Whose it is, by what it says or by its alarm."""
        if isinstance(record, seen.Begun):
            return record.message.tenant
        name = getattr(record, "alarm", None)
        if name is not None:
            alarm = self.world.disk.alarms.get(name)
            return None if alarm is None else alarm.slot.tenant
        return getattr(record, "tenant", None)
