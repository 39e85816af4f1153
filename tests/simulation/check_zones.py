"""Safety zones: nobody who stayed near home raises an alarm for leaving, and whoever has truly gone is found."""

from __future__ import annotations

from collections.abc import Iterator

from tests.simulation.history import Closing, Committed, Gone, Left, Record

Who = tuple[str, str]

RAISING = ("alarm.raised", "alarm.repeated")


class Zones:
    """Who truly left, who was truly gone at the end, and of whom it was said."""

    sees = (Left, Gone, Committed, Closing)

    def __init__(self) -> None:
        self.left: set[Who] = set()
        self.gone: set[Who] = set()
        self.found: set[Who] = set()

    def see(self, record: Record) -> Iterator[str]:
        """Compare."""
        match record:
            case Left():
                self.left.add((record.tenant, record.resident))
            case Gone():
                self.gone.add((record.tenant, record.resident))
            case Committed():
                yield from self.commit(record)
            case Closing():
                yield from (
                    f"who is gone is found: not {tenant}/{resident}" for tenant, resident in sorted(self.gone - self.found)
                )

    def commit(self, record: Committed) -> Iterator[str]:
        """What was raised of leaving home, and of coming to the lake, which is far off."""
        for event in record.batch.events:
            if event.rule not in {"wander", "shore"} or event.event not in RAISING:
                continue
            who = (event.tenant, event.resident or "")
            if event.rule == "wander":
                self.found.add(who)
            if who not in self.left:
                yield f"nobody at home has left: {event.event} of {who[0]}/{who[1]} ({event.rule}), who never did"
