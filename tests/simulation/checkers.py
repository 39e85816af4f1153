"""The promises, as plain specifications over a history: of the code they judge they know only what it says to the outside."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Final, Protocol

import msgspec

from tests.simulation.check_alarms import Alarms
from tests.simulation.check_answers import Answers
from tests.simulation.check_audit import Audit
from tests.simulation.check_chains import SLOW, Chains, bound_s
from tests.simulation.check_kept import Kept
from tests.simulation.check_messages import Messages
from tests.simulation.check_order import Order
from tests.simulation.check_replay import Replay
from tests.simulation.check_timers import Timers
from tests.simulation.check_zones import Zones
from tests.simulation.history import Record
from tests.simulation.town import Expected

BROKEN_MAX: Final = 20
"""Broken promises that are written down: what follows from the first ones says nothing new."""


class Broken(msgspec.Struct, frozen=True):
    """A promise that did not hold."""

    t: float
    what: str


class Check(Protocol):
    """One promise, or a few that need the same knowledge."""

    @property
    def sees(self) -> tuple[type[Record], ...]:
        """What it is told of."""

    def see(self, record: Record) -> Iterator[str]:
        """Take note of one thing that happened; say what it breaks."""


class Checkers:
    """All of them over one history. `broke` is called at the first broken promise."""

    def __init__(self, towns: dict[str, dict[str, Expected]], broke: Callable[[], None]) -> None:
        self.towns = towns
        self.broke = broke
        self.broken: list[Broken] = []
        plain: list[Check] = [Kept(), Alarms(), Answers(), Zones(), Audit(), Order(), Replay()]
        self.checks: list[Check] = [*plain, Timers(towns), Chains(towns), Messages(towns)]
        self.told: defaultdict[type[Record], list[Check]] = defaultdict(list)
        for check in self.checks:
            for kind in check.sees:
                self.told[kind].append(check)

    def see(self, record: Record) -> None:
        """One more thing happened. A checker that fails sees nothing any more: that breaks a promise too."""
        for check in self.told[type(record)]:
            try:
                for what in check.see(record):
                    self.add(record.t, what)
            except Exception as error:  # noqa: BLE001 - whoever told the history might take it for a fault of theirs, and hide it
                self.add(record.t, f"the checkers see: {type(check).__name__} fails at a {type(record).__name__}: {error!r}")

    def add(self, t: float, what: str) -> None:
        """A promise is broken."""
        if len(self.broken) < BROKEN_MAX:
            self.broken.append(Broken(t, what))
        self.broke()

    def bound_s(self) -> float:
        """How long a healthy world must go on until every promise of progress has fallen due."""
        known = [one for people in self.towns.values() for resident, one in people.items() if resident]
        return max(one.follow_up_s * SLOW + bound_s(one) for one in known) + max(one.bed_limit_s for one in known) * SLOW + 10.0
