"""Promise 2: the service's own auditor finds nothing, whatever the weather, but that it is behind while nothing can be stored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tests.simulation.history import Audited, Healed, Record

NEVER: Final = frozenset({"no_next_step", "timer_lost"})
"""What is a fault of ours at any time. The others only say that the disk does not answer, and go when it does."""

CATCHES_UP_S: Final = 90.0
"""Within this time after all is well, what was waiting for the disk is done, and the auditor has seen that it is."""


class Audit:
    """Listens to the auditor."""

    sees = (Audited, Healed)

    def __init__(self) -> None:
        self.healed_t: float | None = None

    def see(self, record: Record) -> Iterator[str]:
        """What it says must not be so."""
        match record:
            case Healed():
                self.healed_t = record.t
            case Audited():
                well = self.healed_t is not None and record.t > self.healed_t + CATCHES_UP_S
                yield from (f"the auditor finds nothing: {slip}" for slip in record.slips if well or slip in NEVER)
